"""XMP sidecars, and how what sidecars say joins with what a file says itself."""

import json
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mfkit.scan.extract import xmp
from mfkit.scan.extract.capture_time import with_capture_time
from mfkit.scan.extract.schema import LAST_CHANGE, Metadata, from_origin
from mfkit.scan.sidecars.sidecar import (
    MAX_JSON,
    MAX_XMP,
    FolderNames,
    SidecarMetadata,
    Sidecars,
    read_sidecars,
    with_sidecars,
)

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 exif:DateTimeOriginal="2019-07-14T12:30:45" exif:GPSLatitude="59,54.0N" exif:GPSLongitude="10,42.0E"
 tiff:Make="Nikon" xmp:Rating="4">
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Fjord</rdf:li></rdf:Alt></dc:title>
 <dc:subject><rdf:Bag><rdf:li>boat</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
 <Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Ann</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
 <mwg-rs:Regions><rdf:li mwg-rs:Name="Bea" mwg-rs:Type="Face"/></mwg-rs:Regions>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("sidecar", ["photo.jpg.xmp", "photo.xmp", "photo.jpg.XMP", "PHOTO.XMP"])
def test_both_naming_conventions_are_found(sidecar: str) -> None:
    """Names with the file's extension (darktable, digiKam) and without (Adobe) match; case is ignored."""
    names = ["photo.jpg", sidecar, "other.xmp"]
    assert FolderNames(names).sidecars_of("photo.jpg").xmp == (sidecar,)
    assert FolderNames(names).media_of(sidecar) == ("photo.jpg",)


def test_longer_name_has_priority() -> None:
    """It can belong to no other file."""
    assert FolderNames(["p.jpg", "p.xmp", "p.jpg.xmp"]).sidecars_of("p.jpg").xmp == ("p.jpg.xmp", "p.xmp")


def test_sidecar_belongs_to_all_files_of_a_stem() -> None:
    """A RAW file and its JPEG are one shot."""
    assert FolderNames(["p.nef", "p.jpg", "q.jpg", "p.xmp"]).media_of("p.xmp") == ("p.jpg", "p.nef")


def test_darktable_version_is_ignored() -> None:
    """photo_01.jpg.xmp is another edit of photo.jpg, unless photo_01.jpg exists."""
    assert not FolderNames(["photo.jpg", "photo_01.jpg.xmp"]).sidecars_of("photo.jpg")
    assert FolderNames(["photo.jpg", "photo_01.jpg.xmp"]).media_of("photo_01.jpg.xmp") == ()
    assert FolderNames(["photo_01.jpg", "photo_01.jpg.xmp"]).sidecars_of("photo_01.jpg")


def test_same_spelling_has_priority() -> None:
    """Some file systems distinguish case."""
    names = FolderNames(["p.jpg", "P.jpg", "p.jpg.xmp", "P.jpg.xmp"])
    assert FolderNames(names).sidecars_of("p.jpg").xmp == ("p.jpg.xmp",)
    assert FolderNames(names).sidecars_of("P.jpg").xmp == ("P.jpg.xmp",)


def test_sidecar_has_no_sidecar() -> None:
    """A file in a folder without sidecars has none either."""
    assert not FolderNames(["p.xmp", "p.xmp.json", "p.xmp.xmp"]).sidecars_of("p.xmp")
    assert list(FolderNames(["p.jpg"]).sidecars_of("p.jpg")) == []


def test_xmp_sidecar_is_read(tmp_path: Path) -> None:
    """Title, time, location, keywords, people, rating and the sidecar's name are recorded."""
    (tmp_path / "p.jpg.xmp").write_text(XMP)
    metadata = with_sidecars({}, read_sidecars(tmp_path, Sidecars("p.jpg", ("p.jpg.xmp",))))
    assert (metadata["title"], metadata["taken_at"]) == ("Fjord", datetime(2019, 7, 14, 12, 30, 45))
    assert metadata["latitude"] == pytest.approx(59.9) and metadata["longitude"] == pytest.approx(10.7)
    assert (metadata["extra"]["keywords"], metadata["extra"]["rating"]) == (["boat", "sea"], 4)
    assert metadata["extra"]["people"] == ["Ann", "Bea"]
    assert metadata["extra"]["sidecars"] == ["p.jpg.xmp"]
    assert set(metadata["extra"]["origins"].values()) == {"sidecar"}


def _takeout(**changes: object) -> bytes:
    return json.dumps(
        {
            "title": "p.jpg",
            "photoTakenTime": {"timestamp": "0"},
            "description": "Google's",
            "geoData": {"latitude": 1.0, "longitude": 2.0},
        }
        | changes
    ).encode()


def test_takeout_json_is_read(tmp_path: Path) -> None:
    """A time of zero is ignored."""
    (tmp_path / "p.jpg.json").write_bytes(_takeout())
    metadata = with_sidecars({}, read_sidecars(tmp_path, Sidecars("p.jpg", (), ("p.jpg.json",))))
    assert (metadata["latitude"], metadata["extra"]["description"]) == (1.0, "Google's")
    assert "taken_at" not in metadata
    assert metadata["extra"]["sidecars"] == ["p.jpg.json"]


def test_json_with_another_title_is_ignored(tmp_path: Path) -> None:
    """Of two JSON files for one truncated name the title decides; without a match none is used."""
    media = "a" * 46 + "xy.jpg"
    (tmp_path / "1.json").write_bytes(_takeout(title="a" * 46 + "zz.jpg", description="no"))
    (tmp_path / "2.json").write_bytes(_takeout(title=media, description="yes"))
    found = read_sidecars(tmp_path, Sidecars(media, (), ("1.json", "2.json")))
    assert found.takeout["extra"]["description"] == "yes"
    assert read_sidecars(tmp_path, Sidecars(media, (), ("1.json",))).takeout == {}


OWN: Metadata = from_origin(
    "exif",
    {
        "title": "Own",
        "taken_at": datetime(2019, 7, 14, 10, 0, 5),
        "latitude": 50.0,
        "longitude": 5.0,
        "camera_make": "Canon",
        "extra": {"keywords": ["own"], "description": "Own"},
    },
)
EDIT: Metadata = from_origin(
    "sidecar",
    {
        "title": "Edit",
        "taken_at": datetime(2020, 1, 1, 8),
        "latitude": 60.0,
        "longitude": 6.0,
        "camera_make": "Nikon",
        "iso": 100,
        "extra": {"keywords": ["edit"], "lens": "50 mm", "sidecars": ["p.xmp"]},
    },
)
EXPORT: Metadata = from_origin(
    "sidecar",
    {
        "taken_at": datetime(2021, 1, 1, 8, tzinfo=UTC),
        "latitude": 70.0,
        "longitude": 7.0,
        "extra": {"description": "Google's", "people": ["Ann"], "sidecars": ["p.json"]},
    },
)


def test_xmp_edits_have_priority_over_the_file() -> None:
    """This applies to title, time, location and keywords, but not to the camera."""
    metadata = with_sidecars(OWN, SidecarMetadata(EDIT, EXPORT))
    assert (metadata["title"], metadata["latitude"], metadata["taken_at"]) == (
        "Edit",
        60.0,
        datetime(2020, 1, 1, 8),
    )
    assert (metadata["camera_make"], metadata["iso"], metadata["extra"]["lens"]) == ("Canon", 100, "50 mm")
    assert metadata["extra"]["keywords"] == ["edit"]
    assert metadata["extra"]["origins"]["title"] == "sidecar"
    assert metadata["extra"]["origins"]["camera_make"] == "exif"
    assert metadata["extra"]["sidecars"] == ["p.xmp", "p.json"]


def test_takeout_only_fills_missing_fields() -> None:
    """The camera's time and location have priority."""
    metadata = with_sidecars(OWN, SidecarMetadata({}, EXPORT))
    assert (metadata["latitude"], metadata["taken_at"]) == (50.0, datetime(2019, 7, 14, 10, 0, 5))
    assert (metadata["extra"]["description"], metadata["extra"]["people"]) == ("Own", ["Ann"])
    assert with_sidecars({}, SidecarMetadata({}, EXPORT))["latitude"] == 70.0


def test_latitude_and_longitude_have_one_source() -> None:
    """A latitude alone is not combined with another source's longitude."""
    metadata = with_sidecars({"extra": {}}, SidecarMetadata({"latitude": 60.0, "extra": {}}, EXPORT))
    assert (metadata["latitude"], metadata["longitude"]) == (70.0, 7.0)


@pytest.mark.parametrize(
    "own",
    [
        datetime(2019, 7, 14, 12, 30, 45, 250_000),
        datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_copied_time_keeps_the_offset(own: datetime, tmp_path: Path) -> None:
    """Programs copy the camera's time into the sidecar without offset and fraction."""
    (tmp_path / "p.xmp").write_text(XMP)
    found = read_sidecars(tmp_path, Sidecars("p.jpg", ("p.xmp",)))
    assert with_sidecars({"taken_at": own}, found)["taken_at"] == own


def test_xmp_create_date_only_fills_a_missing_time() -> None:
    """xmp:CreateDate may be the date of the sidecar."""
    packet = b'<rdf:Description xmp:CreateDate="2022-02-02T02:02:02"/>'
    found = SidecarMetadata(with_capture_time(xmp.extract(packet)), {})
    assert with_sidecars(OWN, found)["taken_at"] == OWN["taken_at"]
    assert with_sidecars({}, found)["taken_at"] == datetime(2022, 2, 2, 2, 2, 2)


def test_last_change_has_the_lowest_priority() -> None:
    """Takeout's capture time has priority over the file's time of change."""
    own = from_origin(LAST_CHANGE, {"taken_at": datetime(2024, 1, 1)})
    assert with_sidecars(own, SidecarMetadata({}, EXPORT))["taken_at"] == EXPORT["taken_at"]
    alone = with_sidecars(own, SidecarMetadata({}, {}))
    assert alone["taken_at"] == datetime(2024, 1, 1)
    assert alone["extra"]["origins"]["taken_at"] == LAST_CHANGE


def test_without_sidecars_nothing_changes() -> None:
    """The file's metadata stays as it is."""
    assert with_sidecars(OWN, SidecarMetadata({}, {})) == OWN


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"<", b"{", b"\0" * 1000, b"<dc:title>" + b"<rdf:li" * 500_000]
)
def test_random_bytes_give_no_metadata(content: bytes, tmp_path: Path) -> None:
    """They also take no time."""
    for name in ("p.xmp", "p.jpg.json"):
        (tmp_path / name).write_bytes(content)
    began = time.perf_counter()
    found = read_sidecars(tmp_path, FolderNames(["p.jpg", "p.xmp", "p.jpg.json"]).sidecars_of("p.jpg"))
    assert time.perf_counter() - began < 2
    assert set(with_sidecars({}, found).get("extra", {})) <= {"probe_notes"}


def test_huge_sidecar_is_read_up_to_the_limit(tmp_path: Path) -> None:
    """XMP is read up to its limit; JSON of that size is rejected."""
    (tmp_path / "p.xmp").write_text(XMP + " " * (2 * MAX_XMP))
    (tmp_path / "p.jpg.json").write_bytes(_takeout() + b" " * MAX_JSON)
    found = read_sidecars(tmp_path, Sidecars("p.jpg", ("p.xmp",), ("p.jpg.json",)))
    assert found.xmp["title"] == "Fjord" and found.takeout == {}
    assert "too large" in found.xmp["extra"]["probe_notes"][0]


def test_missing_sidecar_is_a_note(tmp_path: Path) -> None:
    """Its media file does not fail."""
    metadata = with_sidecars({"title": "Own"}, read_sidecars(tmp_path, Sidecars("p.jpg", ("p.xmp",))))
    assert metadata["title"] == "Own"
    assert metadata["extra"]["probe_notes"][0].startswith("p.xmp: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A pipe would block, and a link could lead out of the scanned folders."""
    outside = tmp_path / "outside"
    outside.write_text(XMP)
    os.mkfifo(tmp_path / "a.xmp")
    (tmp_path / "b.xmp").symlink_to(outside)
    (tmp_path / "c.xmp").mkdir()
    found = read_sidecars(tmp_path, Sidecars("p.jpg", ("a.xmp", "b.xmp", "c.xmp")))
    assert len(found.xmp["extra"]["probe_notes"]) == 3 and "title" not in found.xmp


def test_date_with_exif_colons_is_read() -> None:
    """darktable writes such dates."""
    metadata = with_capture_time(
        xmp.extract(b'<rdf:Description exif:DateTimeOriginal="2019:07:14 12:30:45.250"/>')
    )
    assert metadata["taken_at"] == datetime(2019, 7, 14, 12, 30, 45, 250_000)


def test_unclosed_tags_take_no_time() -> None:
    """Every member of a list starts, and none ends."""
    began = time.perf_counter()
    xmp.extract(b"<dc:title>" + b"<rdf:li" * 600_000 + b"</dc:title>", MAX_XMP)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("edited", "own", "kept"),
    [
        (datetime(2019, 7, 14, 10, 0, 5, tzinfo=UTC), datetime(2019, 7, 14, 10, 0, 5, 250_000, UTC), True),
        (datetime(2019, 7, 14, 10, 0, 6, tzinfo=UTC), datetime(2019, 7, 14, 10, 0, 5, 250_000, UTC), True),
        (datetime(2019, 7, 14, 10, 0, 6, 250_000, UTC), datetime(2019, 7, 14, 10, 0, 5, 250_000, UTC), False),
        (
            datetime(2019, 7, 14, 10, 0, 5, tzinfo=UTC),
            datetime(2019, 7, 14, 12, 0, 5, 900_000, timezone(timedelta(hours=2))),
            True,
        ),
        (
            datetime(2019, 7, 14, 10, 0, 5, tzinfo=UTC),
            datetime(2019, 7, 14, 10, 0, 5, tzinfo=timezone(timedelta(hours=2))),
            False,
        ),
        (datetime(2019, 7, 14, 10, 0, 5), datetime(2019, 7, 14, 10, 0, 5, 999_999), True),
        (datetime(2019, 7, 14, 10, 0, 6), datetime(2019, 7, 14, 10, 0, 5, 999_999), False),
    ],
)
def test_same_time_keeps_the_fraction(edited: datetime, own: datetime, kept: bool) -> None:
    """A time that differs by less than a second, or shows the same clock time, is the file's own."""
    edit = from_origin("sidecar", {"taken_at": edited, "extra": {"sidecars": ["p.xmp"]}})
    metadata = with_sidecars(from_origin("exif", {"taken_at": own}), SidecarMetadata(edit, {}))
    assert metadata["taken_at"] == (own if kept else edited)


@pytest.mark.parametrize("name", ["description", "keywords", "people", "rating", "author"])
def test_edited_fields_have_priority(name: str) -> None:
    """Each field that people edit has the sidecar's value; it stays if the sidecar does not state it."""
    own = from_origin("exif", {"extra": {name: "own", "lens": "own"}})
    edit = from_origin("sidecar", {"extra": {name: "edit", "lens": "edit", "sidecars": ["p.xmp"]}})
    extra = with_sidecars(own, SidecarMetadata(edit, {}))["extra"]
    assert (extra[name], extra["lens"]) == ("edit", "own")
    assert with_sidecars(own, SidecarMetadata({"extra": {}}, {}))["extra"][name] == "own"


def test_edited_columns_have_priority() -> None:
    """The same applies to the title and the place's name; the camera is the file's."""
    own = from_origin("exif", {"title": "own", "location_name": "own", "camera_model": "own"})
    edits: Metadata = {"title": "edit", "location_name": "edit", "camera_model": "edit", "extra": {}}
    edit = from_origin("sidecar", edits)
    metadata = with_sidecars(own, SidecarMetadata(edit, {}))
    assert (metadata["title"], metadata["location_name"]) == ("edit", "edit")
    assert metadata["camera_model"] == "own"


def test_order_of_dates() -> None:
    """Takeout's capture time comes before xmp:CreateDate, and that before the time of the last change."""
    packet = b'<rdf:Description xmp:CreateDate="2022-02-02T02:02:02"/>'
    created = with_capture_time(xmp.extract(packet))
    assert with_sidecars({}, SidecarMetadata(created, EXPORT))["taken_at"] == EXPORT["taken_at"]
    for origin in (LAST_CHANGE, "file name"):
        own = from_origin(origin, {"taken_at": datetime(2024, 1, 1)})
        metadata = with_sidecars(own, SidecarMetadata(created, {}))
        assert metadata["taken_at"] == datetime(2022, 2, 2, 2, 2, 2)
        assert with_sidecars(own, SidecarMetadata({}, EXPORT))["taken_at"] == EXPORT["taken_at"]
        assert with_sidecars(own, SidecarMetadata({}, {}))["extra"]["origins"]["taken_at"] == origin


def test_precision_belongs_to_its_date() -> None:
    """An edited day has the precision of a day, whatever the file states."""
    own = from_origin("exif", {"taken_at": datetime(2019, 7, 14, 10, 0, 5), "taken_precision": "second"})
    edit = from_origin("sidecar", {"taken_at": datetime(1958, 1, 1), "taken_precision": "year"})
    metadata = with_sidecars(own, SidecarMetadata(edit, {}))
    assert (metadata["taken_at"], metadata["taken_precision"]) == (datetime(1958, 1, 1), "year")
    metadata = with_sidecars(edit, SidecarMetadata(own, {}))
    assert (metadata["taken_at"], metadata["taken_precision"]) == (own["taken_at"], "second")


def test_size_limit_of_json(tmp_path: Path) -> None:
    """The largest JSON that is read has exactly the limit's size."""
    content = _takeout()
    for size, is_read in ((MAX_JSON, True), (MAX_JSON + 1, False)):
        (tmp_path / "p.jpg.json").write_bytes(content.ljust(size))
        found = read_sidecars(tmp_path, Sidecars("p.jpg", (), ("p.jpg.json",)))
        assert bool(found.takeout) is is_read


def test_first_json_that_belongs_to_the_file(tmp_path: Path) -> None:
    """Further JSON files of the same name are not combined with it."""
    (tmp_path / "p.jpg.json").write_bytes(_takeout(description="first"))
    (tmp_path / "p.json").write_bytes(_takeout(description="second"))
    found = read_sidecars(tmp_path, FolderNames(["p.jpg", "p.json", "p.jpg.json"]).sidecars_of("p.jpg"))
    assert found.takeout["extra"]["description"] == "first"
    assert found.takeout["extra"]["sidecars"] == ["p.jpg.json"]
    (tmp_path / "p.jpg.json").write_bytes(b"{damaged")
    found = read_sidecars(tmp_path, FolderNames(["p.jpg", "p.json", "p.jpg.json"]).sidecars_of("p.jpg"))
    assert found.takeout["extra"]["description"] == "second"
    assert [note.partition(":")[0] for note in found.xmp["extra"]["probe_notes"]] == ["p.jpg.json"]


def test_several_xmp_sidecars(tmp_path: Path) -> None:
    """The sidecar with the longer name has priority, and both are named."""
    (tmp_path / "p.jpg.xmp").write_text(XMP)
    (tmp_path / "p.xmp").write_text(
        XMP.replace("Fjord", "Other").replace("tiff:Make", 'tiff:Model="D70" x:y')
    )
    names = FolderNames(["p.jpg", "p.xmp", "p.jpg.xmp"]).sidecars_of("p.jpg")
    metadata = with_sidecars({}, read_sidecars(tmp_path, names))
    assert (metadata["title"], metadata["camera_model"]) == ("Fjord", "D70")
    assert metadata["extra"]["sidecars"] == ["p.jpg.xmp", "p.xmp"]
