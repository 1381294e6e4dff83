"""Google Takeout's JSON files: their names in exports, and their metadata."""

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.sidecars.sidecar import FolderNames
from mfkit.scan.sidecars.takeout import MAX_STEM, is_json_of, read_json

# Name of the media file, name of its JSON: as reported from real exports.
EXPORTS = [
    ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    ("IMG_1.jpg", "IMG_1.jpg.json"),
    ("Screenshot_2017-07-05-10-05-26.png", "Screenshot_2017-07-05-10-05-26.png.supplementa.json"),
    ("Screenshot_20241227_105539_Edge.jpg", "Screenshot_20241227_105539_Edge.jpg.supplement.json"),
    ("D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg", "D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg.supp.json"),
    (
        "Screenshot_20220207_102421_com.snapchat.android.jpg",
        "Screenshot_20220207_102421_com.snapchat.androi.json",
    ),
    (
        "Urlaub in Knaufspesch in der Schneifel (38).JPG",
        "Urlaub in Knaufspesch in der Schneifel (38).JP.json",
    ),
    (
        "20240-15-abcdefghi-1234-5678-xyz98765.jpg",
        "20240-15-abcdefghi-1234-5678-xyz98765.jpg.supplemental-metadata.json",
    ),
    ("0123456789012345678901234567890123456789a.jpg", "0123456789012345678901234567890123456789a.jpg..json"),
    ("IMG_1(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
    ("IMG_1(1).jpg", "IMG_1.jpg(1).json"),
    ("IMG_1(1).jpg", "IMG_1(1).jpg.json"),
    ("Holiday in the far north of Nor(18).jpg", "Holiday in the far north of Nor(18).jpg.supple(18).json"),
    ("Screenshot_2017-07-05-10-05-26(2).png", "Screenshot_2017-07-05-10-05-26.png.supplementa(2).json"),
    ("IMG_1-edited.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    ("IMG_1-edited(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
    ("IMG_1-bearbeitet.jpg", "IMG_1.jpg.json"),
    ("IMG_1-modifie\u0301.jpg", "IMG_1.jpg.json"),
    ("IMG_1.MP4", "IMG_1.HEIC.supplemental-metadata.json"),
    ("IMG_1.MOV", "IMG_1.HEIC.json"),
    ("IMG_1.m4v", "IMG_1.jpg.json"),
    ("IMG_1.jpg", "IMG_1.json"),
    ("IMG_1(1).jpg", "IMG_1.jpg(1).supplemental-metadata.json"),
    ("IMG_1.jpg", "IMG_1.jpg.suppl.json"),
    ("IMG_1(2).jpg", "IMG_1.jpg.s(2).json"),
    ("PXL_20210102_221126856.MP", "PXL_20210102_221126856.MP.jpg.json"),
    ("PXL_20210102_221126856.MP~2", "PXL_20210102_221126856.MP~2.jpg.supplemental-metada.json"),
    ("MVIMG_20180418_113218", "MVIMG_20180418_113218.jpg.supplemental-metadata.json"),
    ("IMG_1-EFFECTS-edited.jpg", "IMG_1.jpg.json"),
    ("IMG_1-edited.MP4", "IMG_1.HEIC.json"),
    (
        "Scan of the letter from the summer of 1962-edi.jpg",
        "Scan of the letter from the summer of 1962.jpg.json",
    ),
    ("2013-12-23(1).jpg", "2013-12-23.supplemental-metadata(1).json"),
    (f"{'😀' * 24}.jpg", f"{'😀' * 23}.json"),
    (f"{'é' * 47}.jpg", f"{'é' * 47}.json"),
]


@pytest.mark.parametrize(
    "mark",
    [
        "edited", "bearbeitet", "edytowane", "bewerkt", "modifié", "modificato", "ha editado", "editado",
        "editada", "editat", "отредактировано", "изменено", "відредаговано", "düzenlendi", "diedit",
        "đã chỉnh sửa", "編集済み", "已编辑", "编辑", "已編輯", "편집됨", "수정됨", "แก้ไขแล้ว", "संपादित",
        "تم التعديل", "επεξεργασμένο", "redigerad", "redigeret", "redigert", "muokattu", "upraveno",
        "upravené", "נערך",
        "szerkesztett", "uređeno", "urejeno", "редактирано", "redaguota", "rediģēts", "muudetud", "na-edit",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_edited_copy_uses_the_json_of_its_original(mark: str, form: str) -> None:
    """The mark is localised, and macOS decomposes it."""
    media = unicodedata.normalize(form, f"IMG_1-{mark.upper()}.jpg")
    sidecar = "IMG_1.jpg.supplemental-metadata.json"
    assert FolderNames([media, sidecar]).sidecars_of(media).takeout == (sidecar,)
    assert is_json_of(sidecar, None, media)


def test_unlisted_mark_needs_the_original_and_its_title() -> None:
    """Other names have a hyphen and a word too."""
    media, sidecar = "IMG_1-xogaarsan.jpg", "IMG_1.jpg.json"
    assert FolderNames([media, sidecar]).sidecars_of(media).takeout == ()
    assert FolderNames([media, "IMG_1.JPG", sidecar]).sidecars_of(media).takeout == (sidecar,)
    assert is_json_of(sidecar, "IMG_1.jpg", media) and not is_json_of(sidecar, "IMG_2.jpg", media)
    numbered = "IMG-20190101.jpg"
    assert FolderNames([numbered, "IMG.jpg", "IMG.jpg.json"]).sidecars_of(numbered).takeout == ()


def test_title_has_entities() -> None:
    """Some exports escape the title as HTML."""
    assert is_json_of("a_b.json", "a&amp;b.jpg", "a_b.jpg")


@pytest.mark.parametrize(("media", "sidecar"), EXPORTS)
def test_json_is_found_by_name(media: str, sidecar: str) -> None:
    """It is found among files that belong to other media."""
    names = [media, sidecar, "metadata.json", "IMG_2.jpg", "IMG_2.jpg.json", "IMG_11.jpg.json"]
    assert sidecar in list(FolderNames(names).sidecars_of(media).takeout)
    assert media in FolderNames(names).media_of(sidecar)


@pytest.mark.parametrize(
    ("media", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_11.jpg.json"),
        ("IMG_1.jpg", "IMG_1.png.json"),
        ("IMG_1.jpg", "metadata.json"),
        ("IMG_1.jpg", "IMG_1-edited.jpg.json"),
        ("IMG_1.json", "IMG_1.json"),
    ],
)
def test_json_of_another_file_is_ignored(media: str, sidecar: str) -> None:
    """Similar names do not match."""
    assert sidecar not in FolderNames([media, sidecar]).sidecars_of(media).takeout


def test_edited_copy_prefers_its_own_json() -> None:
    """The original's JSON is used only if the copy has none."""
    names = ["IMG_1-edited.jpg", "IMG_1.jpg.json", "IMG_1-edited.jpg.json"]
    assert FolderNames(names).sidecars_of("IMG_1-edited.jpg").takeout[0] == "IMG_1-edited.jpg.json"


def test_number_of_the_original_name_has_priority() -> None:
    """The unchanged name has priority over a name that Takeout may have changed."""
    names = ["IMG(1).jpg", "IMG.jpg.json", "IMG.jpg(1).json", "IMG(1).jpg.json"]
    assert FolderNames(names).sidecars_of("IMG(1).jpg").takeout == ("IMG(1).jpg.json", "IMG.jpg(1).json")


def test_case_is_ignored() -> None:
    """Exports are not consistent."""
    assert FolderNames(["IMG_1.JPG", "img_1.jpg.Json"]).sidecars_of("IMG_1.JPG").takeout == (
        "img_1.jpg.Json",
    )


def test_name_that_is_not_utf_8_is_found() -> None:
    """Names have surrogates, as `os` functions return them."""
    assert FolderNames(["a\udcff.jpg", "a\udcff.jpg.json"]).sidecars_of("a\udcff.jpg").takeout == (
        "a\udcff.jpg.json",
    )


LONG = "Screenshot_20220207_102421_com.example.application.jpg"


@pytest.mark.parametrize(
    ("title", "answer"),
    [
        (LONG, True),
        (LONG.upper(), True),
        ("Screenshot_20220207_102421_com.example.another.jpg", False),
        (None, False),
        (17, False),
    ],
)
def test_truncated_name_needs_the_title(title: object, answer: bool) -> None:
    """Names with the same first 46 characters differ only in the titles of their JSON files."""
    assert is_json_of(f"{LONG[:MAX_STEM]}.json", title, LONG) is answer


def test_short_name_needs_its_whole_title() -> None:
    """Only a truncated name may be the beginning of the title in the JSON file."""
    assert is_json_of("metadata.json", "IMG_1.jpg", "IMG_1.jpg")
    assert not is_json_of("metadata.json", "IMG_12.jpg", "IMG_1.jpg")


def test_edit_suffix_is_truncated_only_in_long_names() -> None:
    """A name of 45 or 46 characters may end within the suffix, a shorter name may not."""
    for length, is_edit in ((MAX_STEM, True), (MAX_STEM - 1, True), (MAX_STEM - 2, False)):
        original = "A" * (length - len("-edi"))
        names = [f"{original}-edi.jpg", f"{original}.jpg.json"]
        assert FolderNames(names).sidecars_of(names[0]).takeout == ((names[1],) if is_edit else ())


def test_complete_name_needs_no_title() -> None:
    """Takeout replaces special characters by underscores, so that titles may differ."""
    assert is_json_of("a_b.jpg.supplemental-metadata.json", "a:b.jpg", "a_b.jpg")
    assert is_json_of("a_b.jpg(1).json", "a:b.jpg", "a_b(1).jpg")


def test_all_json_files_of_a_truncated_name_are_found() -> None:
    """Their numbers show only the order of the export."""
    other = f"{LONG[:MAX_STEM]}ation2.jpg"
    first, second = f"{LONG[:MAX_STEM]}.json", f"{LONG[:MAX_STEM]}(1).json"
    assert FolderNames([LONG, other, first, second]).sidecars_of(other).takeout == (first, second)


_NAMES = st.builds(
    "{}{}{}".format,
    st.text(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/().\u0345"),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from(["", "(1)", "(23)"]),
    st.sampled_from([".jpg", ".HEIC", ".mp4", ".jpeg"]),
)


@given(_NAMES, st.booleans())
def test_every_name_finds_the_json_that_takeout_writes(name: str, is_old: bool) -> None:
    """The rule in the other direction: truncate in UTF-16 units, then append the number."""
    name = unicodedata.normalize("NFC", name)
    stem, extension = name.rsplit(".", 1)
    number = ""
    if stem.endswith(")"):
        stem, _, digits = stem.rpartition("(")
        number = f"({digits}"
    whole = f"{stem}.{extension}" + ("" if is_old else ".supplemental-metadata")
    units = whole.encode("utf-16-le")[: 2 * MAX_STEM]
    made = f"{units.decode('utf-16-le', 'ignore')}{number}.json"
    assert made in FolderNames([name, made]).sidecars_of(name).takeout


@given(st.lists(_NAMES | st.sampled_from(["a.xmp", "a.jpg", *(name for pair in EXPORTS for name in pair)])))
def test_media_of_is_the_inverse_of_sidecars_of(names: list[str]) -> None:
    """A sidecar belongs to exactly the files that find it."""
    folder = FolderNames(names)
    for sidecar in names:
        there = {name for name in names if sidecar in folder.sidecars_of(name)}
        assert set(folder.media_of(sidecar)) == there


def _json(**changes: Any) -> bytes:
    return json.dumps(
        {
            "title": "IMG_1.jpg",
            "description": "At sea",
            "photoTakenTime": {"timestamp": "1563107445"},
            "geoData": {"latitude": 59.9, "longitude": 10.7},
            "people": [{"name": "Ann"}, {"name": "Bea"}],
            "favorited": True,
        }
        | changes
    ).encode()


def test_metadata_is_read() -> None:
    """Time (UTC), location, description and people are read."""
    metadata, title = read_json(_json(), "IMG_1.jpg")
    assert title == "IMG_1.jpg"
    assert metadata["taken_at"] == datetime(2019, 7, 14, 12, 30, 45, tzinfo=UTC)
    assert (metadata["latitude"], metadata["longitude"]) == (59.9, 10.7)
    assert metadata["extra"]["description"] == "At sea"
    assert metadata["extra"]["people"] == ["Ann", "Bea"]
    assert metadata["extra"]["favorite"] is True
    assert metadata["extra"]["origins"]["taken_at"] == "sidecar"


def test_location_zero_is_ignored() -> None:
    """Takeout writes 0,0 for an unknown location; geoDataExif may still have one."""
    nowhere = {"latitude": 0.0, "longitude": 0.0}
    assert "latitude" not in read_json(_json(geoData=nowhere), "IMG_1.jpg")[0]
    camera = {"latitude": 1.5, "longitude": 2.5, "altitude": -430.0}
    metadata, _ = read_json(_json(geoData=nowhere, geoDataExif=camera), "IMG_1.jpg")
    assert (metadata["latitude"], metadata["extra"]["altitude"]) == (1.5, -430.0)
    metadata, _ = read_json(_json(geoData={**camera, "altitude": 0.0}), "IMG_1.jpg")
    assert "altitude" not in metadata["extra"]


@pytest.mark.parametrize(("title", "field"), [("Summer at sea", "title"), ("DSC0001.JPG", "original_name")])
def test_title_that_is_a_file_name_is_the_original_name(title: str, field: str) -> None:
    """Only a title without an extension is a title."""
    metadata, _ = read_json(_json(title=title), "IMG_1.jpg")
    assert (metadata.get("title") or metadata["extra"]["original_name"]) == title
    assert (field == "title") is ("title" in metadata)


@pytest.mark.parametrize(
    "data", [b"{}", b"[]", b"null", b'{"title": "Album", "date": {}}', b'{"photoTakenTime": 5}']
)
def test_other_json_gives_no_metadata(data: bytes) -> None:
    """An album's JSON or a program's settings are ignored."""
    assert read_json(data, "a.jpg") == ({}, None)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\x00", b"[" * 500_000, b'{"a":' * 100_000])
def test_invalid_json_is_rejected(data: bytes) -> None:
    """Deep nesting is rejected too."""
    with pytest.raises(ValueError):
        read_json(data, "a.jpg")


_KEYS = st.sampled_from(["name", "timestamp", "latitude", "longitude"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["title", "description", "photoTakenTime", "geoData", "geoDataExif", "people", "favorited"]
        ),
        _VALUES,
    )
)
def test_any_json_gives_metadata(document: dict[str, Any]) -> None:
    """Values may have any type."""
    metadata, title = read_json(json.dumps(document).encode(), "a.jpg")
    assert isinstance(is_json_of("a.json", title, "a.jpg"), bool)
    assert "latitude" not in metadata or -90 <= (metadata["latitude"] or 0) <= 90


@pytest.mark.parametrize(
    ("edited", "own", "expected"),
    [
        ((-33.5, 151.25), (48.0, 2.0), (-33.5, 151.25)),
        ((0.0, 0.0), (48.0, -2.0), (48.0, -2.0)),
        ((91.0, 0.0), (48.0, 2.0), (48.0, 2.0)),
        ((0.0, 5.0), (48.0, 2.0), (0.0, 5.0)),
        ((90.0, -180.0), (48.0, 2.0), (90.0, -180.0)),
        (None, (48.0, 2.0), (48.0, 2.0)),
    ],
)
def test_corrected_location_has_priority(
    edited: tuple[float, float] | None, own: tuple[float, float], expected: tuple[float, float]
) -> None:
    """geoData, which a person may correct, comes before geoDataExif; 0,0 means that it is not known."""
    places = {"geoData": edited, "geoDataExif": own}
    document = {
        "photoTakenTime": {"timestamp": "1715941815"},
        **{name: dict(zip(("latitude", "longitude"), at, strict=True)) for name, at in places.items() if at},
    }
    metadata, _ = read_json(json.dumps(document).encode(), "a.jpg")
    assert (metadata["latitude"], metadata["longitude"]) == expected
    assert metadata["taken_at"] == datetime(2024, 5, 17, 10, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("-86400", datetime(1969, 12, 31, tzinfo=UTC)),
        ("1", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (1563107445, datetime(2019, 7, 14, 12, 30, 45, tzinfo=UTC)),
        ("999999999999", None),
        ("1563107445.5", None),
        (True, None),
        (None, None),
    ],
)
def test_capture_time(timestamp: object, expected: datetime | None) -> None:
    """Seconds since 1970 may be negative; other texts and impossible numbers are ignored."""
    metadata, _ = read_json(_json(photoTakenTime={"timestamp": timestamp}), "IMG_1.jpg")
    assert metadata.get("taken_at") == expected


@pytest.mark.parametrize(
    ("title", "name", "expected"),
    [
        ("IMG_1.JPG", "img_1.jpg", (None, None)),
        ("IMG_1", "IMG_1.jpg", (None, None)),
        ("a&b", "a_b.jpg", (None, None)),
        ("Sea", "IMG_1.jpg", ("Sea", None)),
        ("DSC1.jpg", "IMG_1.jpg", (None, "DSC1.jpg")),
        (" ", "IMG_1.jpg", (None, None)),
    ],
)
def test_title_that_repeats_the_name(title: str, name: str, expected: tuple[str | None, ...]) -> None:
    """A title that is the file's name, in any case and with or without extension, states nothing."""
    metadata, _ = read_json(_json(title=title), name)
    assert (metadata.get("title"), metadata["extra"].get("original_name")) == expected


def test_optional_fields() -> None:
    """Only true means a favorite; people without a name are ignored; a byte-order mark is allowed."""
    people = [{"name": "Ann"}, {"name": " "}, {}, "Bob", {"name": 5}, {"name": "Cy"}]
    document = _json(favorited="yes", description="", people=people)
    extra = read_json(b"\xef\xbb\xbf" + document, "IMG_1.jpg")[0]["extra"]
    assert extra["people"] == ["Ann", "Cy"] and "favorite" not in extra and "description" not in extra
    assert "favorite" not in read_json(_json(favorited=False), "IMG_1.jpg")[0]["extra"]
