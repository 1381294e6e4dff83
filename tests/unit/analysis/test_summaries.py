"""Summaries, growth, completeness, folders, histograms and places of a few items with known sums."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.completeness import FIELDS
from mfkit.analysis.facets import unmatched_message
from mfkit.analysis.histogram import bin_number, count_by_bins
from mfkit.errors import FilterError
from mfkit.library.base import Engine
from mfkit.models import MediaCopy, Scan
from tests.samples import NOON, item, store


def table(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Return rows as tuples, with None for null."""
    rows = frame[list(columns)].astype(object).itertuples(index=False)
    return [tuple(None if pd.isna(one) else one for one in row) for row in rows]


def test_summary_columns(lib: MediaLibrary) -> None:
    """Bytes are without copies, shares are of the selected bytes, and missing items are left out."""
    photo = item("/m/a.jpg", file_size=300)
    photo.copies = [MediaCopy(file_path=f"/m/{name}", file_name=name) for name in ("b.jpg", "c.jpg")]
    store(
        lib,
        photo,
        item("/m/v.mp4", file_size=100, facts={"duration": 2.5}),
        item("/m/w.mp4", file_size=100, facts={"duration": 4.0}),
        item("/m/gone.mp3", file_size=5000, missing_since=NOON),
    )
    columns = ("media_type", "files", "copies", "bytes", "bytes_with_copies", "share", "duration")
    assert table(lib.summary("media_type"), *columns) == [
        ("image", 1, 2, 300, 900, 0.6, 0.0),
        ("video", 2, 0, 200, 200, 0.4, 6.5),
    ]


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 80D", "Canon EOS 80D"),
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("SONY", "ILCE-7", "SONY ILCE-7"),
        ("Canon", None, "Canon"),
        (None, "X100", "X100"),
        (" ", None, None),
    ],
)
def test_camera(lib: MediaLibrary, make: str | None, model: str | None, camera: str | None) -> None:
    """The camera is make and model, or the model alone if it begins with the make's first word."""
    store(lib, item("/m/a.jpg", facts={"camera_make": make, "camera_model": model}))
    assert table(lib.summary("camera"), "camera") == [(camera,)]


@pytest.mark.parametrize("engine", ["snapshot", "database"])
def test_lists_of_values(database_url: str, engine: Engine) -> None:
    """An item counts for each of its genres, artists and people, and shares are of all bytes."""
    with MediaLibrary(database_url, engine=engine) as lib:
        store(
            lib,
            item("/m/a.mp3", file_size=30, facts={"genre": 'Rock; "Hip; Hop"; Pop', "artist": "A; B"}),
            item("/m/b.mp3", file_size=60, facts={"genre": "Rock", "artist": "A", "people": "Ann"}),
            item("/m/c.mp3", file_size=10),
        )
        assert table(lib.summary("genre"), "genre", "files", "bytes", "share") == [
            ("Rock", 2, 90, 0.9),
            ('"Hip', 1, 30, 0.3),
            ('Hop"', 1, 30, 0.3),
            ("Pop", 1, 30, 0.3),
            (None, 1, 10, 0.1),
        ]
        assert table(lib.summary(["artist", "people"]), "artist", "people", "files") == [
            ("A", "Ann", 1),
            ("A", None, 1),
            ("B", None, 1),
            (None, None, 1),
        ]
        assert table(lib.facets("artist"), "value", "files", "bytes") == [("A", 2, 90), ("B", 1, 30)]
        grown = lib.growth("year", on="created_at", by="genre")
        assert set(table(grown, "genre", "files", "total_bytes")) == {
            ('"Hip', 1, 30),
            ('Hop"', 1, 30),
            ("Pop", 1, 30),
            ("Rock", 2, 90),
            (None, 1, 10),
        }
        known = lib.completeness("genre").query("field == 'artist' and genre == 'Rock'")
        assert table(known, "files", "known") == [(2, 2)]


def test_dimensions_of_dates_and_places(lib: MediaLibrary) -> None:
    """`year` is the same year in a dimension and in a filter, also if a year of release is known."""
    store(
        lib,
        item(
            "/m/a.mp3", file_created_at=NOON, facts={"year": 1969, "location_name": "Porto, Norte, Portugal"}
        ),
    )
    for name, value in (
        ("year", 2024),
        ("decade", 2020),
        ("release_year", 1969),
        ("release_decade", 1960),
        ("country", "Portugal"),
        ("region", "Norte, Portugal"),
        ("place", "Porto, Norte, Portugal"),
        ("month", datetime(2024, 5, 1)),
        ("weekday", 5),
        ("hour", 12),
    ):
        assert table(lib.summary(name), name) == [(value,)]
    others = ("", "Portugal", "Lisbon, Portugal", "Alfama, Lisbon,Portugal", "x, ")
    store(lib, *(item(f"/m/{n}", facts={"location_name": one}) for n, one in enumerate(others)))
    counts = dict(table(lib.summary("region"), "region", "files"))
    assert counts == {"Norte, Portugal": 1, None: 2, "Portugal": 1, "Lisbon, Portugal": 2}
    assert lib.count(region="lisbon, portugal") == 2
    assert lib.count(year=2024) == lib.count(release_year=1969) == 1 and lib.count(year=1969) == 0
    with pytest.raises(FilterError, match="'date_year' is not a dimension. Did you mean .* or 'year'"):
        lib.summary("date_year")
    for call in (lib.count, MediaFilter.of):
        with pytest.raises(FilterError, match="min_year'. Use after for the item's date, or min_release_ye"):
            call(min_year=1969)  # type: ignore[call-arg]


def test_scan_root_is_the_innermost(lib: MediaLibrary) -> None:
    """Of nested roots the innermost counts; a root with a similar name does not."""
    store(lib, *(Scan(root=root, status="finished", extractor_version=1) for root in ("/m", "/m/in", "/m/i")))
    store(lib, item("/m/in/a.jpg"), item("/m/inner/b.jpg"), item("/x/c.jpg"), item("/a/d.jpg"))
    frame = lib.summary("scan_root")
    assert dict(table(frame, "scan_root", "files")) == {"/m/in": 1, "/m": 1, None: 2}
    store(lib, Scan(root="/", status="finished", extractor_version=1), item("/e.jpg"), item("C:/f.jpg"))
    frame = lib.summary("scan_root")
    assert dict(table(frame, "scan_root", "files")) == {"/m/in": 1, "/m": 1, "/": 3, None: 1}


def test_growth_dates(lib: MediaLibrary) -> None:
    """`on` selects the date; items without it are left out; totals run per group."""
    later = NOON.replace(year=2025)
    store(
        lib,
        item("/m/a.jpg", file_size=1, file_created_at=NOON, file_modified_at=later, created_at=later),
        item("/m/b.jpg", file_size=10, file_modified_at=later, created_at=NOON),
        item("/m/c.mp3", file_size=100, file_created_at=later, created_at=later),
        item("/m/d.jpg", file_size=1000, created_at=NOON),
    )
    columns = ("period", "media_type", "files", "bytes", "total_files", "total_bytes")

    def years(on: str) -> list[tuple[Any, ...]]:
        return [(row[0].year, *row[1:]) for row in table(lib.growth("year", on=on), *columns)]

    assert years("date") == [
        (2024, "image", 1, 1, 1, 1),
        (2025, "audio", 1, 100, 1, 100),
        (2025, "image", 1, 10, 2, 11),
    ]
    assert years("file_modified_at") == [(2025, "image", 2, 11, 2, 11)]
    assert years("created_at") == [
        (2024, "image", 2, 1010, 2, 1010),
        (2025, "audio", 1, 100, 1, 100),
        (2025, "image", 1, 1, 3, 1011),
    ]


KNOWN: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "capture_time": ("jpg", {"file_created_at": NOON}, {}),
    "dimensions": ("jpg", {}, {"width": 1, "height": 1}),
    "place": ("jpg", {}, {"latitude": 0.0, "longitude": 0.0}),
    "location_name": ("mp4", {}, {"location_name": "Lisbon"}),
    "camera": ("jpg", {}, {"camera_model": "X100"}),
    "lens": ("jpg", {}, {"extra_metadata": {"lens": "50mm"}}),
    "iso": ("jpg", {}, {"iso": 100}),
    "aperture": ("jpg", {}, {"aperture": 2.0}),
    "shutter_speed": ("jpg", {}, {"shutter_speed": "1/60"}),
    "focal_length": ("jpg", {}, {"focal_length": 50.0}),
    "duration": ("mp3", {}, {"duration": 1.0}),
    "bitrate": ("mp4", {}, {"bitrate": 1}),
    "video_codec": ("mp4", {}, {"video_codec": "h264"}),
    "fps": ("mp4", {}, {"fps": 25.0}),
    "audio_codec": ("mp3", {}, {"audio_codec": "mp3"}),
    "sample_rate": ("mp3", {}, {"sample_rate": 44100}),
    "channels": ("mp3", {}, {"channels": 2}),
    "artist": ("mp3", {}, {"artist": "x"}),
    "album": ("mp3", {}, {"album": "x"}),
    "title": ("mp3", {}, {"title": "x"}),
    "genre": ("mp3", {}, {"genre": "x"}),
    "year": ("mp3", {}, {"year": 2000}),
}


@pytest.mark.parametrize("field", KNOWN)
def test_completeness_of_a_field(lib: MediaLibrary, field: str) -> None:
    """One of two items has exactly this field, and the list of items that lack it has the other."""
    suffix, fields, facts = KNOWN[field]
    store(lib, item(f"/m/b.{suffix}", facts=facts, **fields), item(f"/m/a.{suffix}", facts={}))
    frame = lib.completeness(()).set_index("field")
    assert table(frame.loc[[field]], "files", "known", "unknown", "share") == [(2, 1, 1, 0.5)]
    assert set(frame.index[frame["known"] > 0]) == {field}
    assert lib.missing_metadata(field)["file_name"].tolist() == [f"a.{suffix}"]


def test_media_types_of_fields() -> None:
    """Each field belongs to the media types that can have it."""
    kinds = {name: "".join(sorted(str(one)[0] for one in types)) for name, (_, types) in FIELDS.items()}
    visual = dict.fromkeys(("capture_time", "dimensions", "place", "location_name"), "iv")
    image = dict.fromkeys(("camera", "lens", "iso", "aperture", "shutter_speed", "focal_length"), "i")
    timed = dict.fromkeys(("duration", "bitrate", "streams", "audio_layout"), "av")
    video = dict.fromkeys(
        ("video_codec", "fps", "hdr", "bit_depth", "pixel_format", "is_interlaced", "audio_language"), "v"
    )
    audio = dict.fromkeys(
        ("audio_codec", "sample_rate", "channels", "artist", "album", "title", "genre", "year"), "a"
    )
    assert kinds == {**visual, **image, **timed, **video, **audio, "tags": "adiov"}


def test_folders_with_similar_names(lib: MediaLibrary) -> None:
    """The tree below a folder has no folders whose names only begin alike, and sums by depth."""
    store(
        lib,
        item("/m/a.jpg", file_size=1),
        item("/m/x/b.mp4", file_size=20, facts={"duration": 3.0}),
        item("/m/x/y/c.jpg", file_size=300),
        item("/m2/d.jpg", file_size=4000),
        item("/l/e.jpg", file_size=50_000),
    )
    assert table(
        lib.folders(2, folder="/m"), "id", "parent", "label", "depth", "files", "bytes", "duration"
    ) == [
        ("/m", None, "/m", 0, 3, 321, 3.0),
        ("/m/x", "/m", "x", 1, 2, 320, 3.0),
        ("/m/x/y", "/m/x", "y", 2, 1, 300, 0.0),
    ]


def test_histogram_bins(lib: MediaLibrary) -> None:
    """The lower edge belongs to a bin, the last upper edge too; bytes and files are counted."""
    values = (0.0, 1.0, 2.0, 2.5, 4.0)
    store(
        lib,
        *(
            item(f"/m/{at}.mp4", file_size=10**place, facts={"duration": at})
            for place, at in enumerate(values)
        ),
    )
    assert table(lib.histogram("duration", 4), "bin", "low", "high", "files", "bytes") == [
        (0, 0.0, 1.0, 1, 1),
        (1, 1.0, 2.0, 1, 10),
        (2, 2.0, 3.0, 2, 1100),
        (3, 3.0, 4.0, 1, 10_000),
    ]
    assert table(lib.histogram("duration", 2, log=True), "low", "high", "files") == [
        (1.0, 2.0, 1),
        (2.0, 4.0, 3),
    ]


def test_bins_of_unknown_values(lib: MediaLibrary) -> None:
    """An item without a value is in no bin, and values beyond the edges are in the outer bins."""
    values = (None, -1.0, 0.0, 9.5, 10.0, 20.0, 99.0)
    store(lib, *(item(f"/m/{at}.mp4", facts={"duration": value}) for at, value in enumerate(values)))
    frame = lib.frame(count_by_bins([bin_number("duration", [0, 10, 20])], MediaFilter()))
    assert dict(table(frame, "bin0", "files")) == {None: 1, 0: 3, 1: 3}


def test_missing_metadata_is_sorted_by_path(lib: MediaLibrary) -> None:
    """The order is that of the paths, whatever the order in which the items were added."""
    for name in ("b", "c", "a"):
        store(lib, item(f"/m/{name}.mp3"))
    assert lib.missing_metadata("artist")["file_path"].tolist() == ["/m/a.mp3", "/m/b.mp3", "/m/c.mp3"]
    assert lib.missing_metadata("artist", limit=1)["file_path"].tolist() == ["/m/a.mp3"]


def test_places_of_a_cell(lib: MediaLibrary) -> None:
    """A cell has the mean location, the first and last year and the first and last place name."""

    def photo(
        name: str, latitude: float | None, longitude: float | None, year: int, place: str | None
    ) -> Any:
        facts = {"latitude": latitude, "longitude": longitude, "location_name": place}
        return item(f"/m/{name}.jpg", file_size=7, file_created_at=NOON.replace(year=year), facts=facts)

    store(
        lib,
        photo("a", 10.0, -20.0, 2001, "Zagreb"),
        photo("b", 10.5, -20.25, 2019, "Athens"),
        photo("c", -60.0, 100.0, 2010, None),
        photo("d", 10.0, None, 1990, "Nowhere"),
        photo("e", None, 10.0, 1990, "Nowhere"),
    )
    columns = (
        "latitude",
        "longitude",
        "files",
        "bytes",
        "first_year",
        "last_year",
        "first_place",
        "last_place",
    )
    assert table(lib.places(degrees=5), *columns) == [
        (10.25, -20.125, 2, 14, 2001, 2019, "Athens", "Zagreb"),
        (-60.0, 100.0, 1, 7, 2010, 2010, None, None),
    ]


def test_places_and_the_antimeridian(lib: MediaLibrary) -> None:
    """A box across the antimeridian is as wide as what it shows."""
    from mfkit.analysis.places import cell_size

    across, within = (cell_size(MediaFilter(box=box)) for box in ((-5, 175, 5, -175), (-5, -5, 5, 5)))
    world = cell_size(MediaFilter())
    assert across == within and across < world / 10 and world == pytest.approx(3.68, abs=0.1)


def test_facets_sum_bytes(lib: MediaLibrary) -> None:
    """Facets count files and bytes, the most files first."""
    store(lib, item("/m/a.jpg", file_size=1), item("/m/b.jpg", file_size=2), item("/m/c.png", file_size=50))
    assert table(lib.facets("extension"), "field", "value", "files", "bytes") == [
        ("extension", "jpg", 2, 3),
        ("extension", "png", 1, 50),
    ]
    assert table(lib.facets("extension", extension="png"), "value", "files") == [("jpg", 2), ("png", 1)]
    assert table(lib.facets("extension", "media_type", max_size=2), "value", "files") == [
        ("jpg", 2),
        ("image", 2),
    ]


def test_values_that_no_item_has() -> None:
    """The message names the field, and suggests an alias that exists or the closest value."""
    assert unmatched_message("video_codec", "h265", ["h264", "hevc"]) == (
        "No item has the video codec 'h265'. Did you mean 'hevc'?"
    )
    assert (
        unmatched_message("collection", "bst", ["best"])
        == "No item is in the collection 'bst'. Did you mean 'best'?"
    )
    assert unmatched_message("video_codec", "H265", ["h264", "hevc"]).endswith("Did you mean 'hevc'?")
    assert (
        unmatched_message("extension", "JPEG", ["jpg"])
        == "No item has the extension 'JPEG'. Did you mean 'jpg'?"
    )


def test_existing_values_are_named_if_none_is_similar() -> None:
    """Without a similar value, the message names the most frequent ones, or says that there are none."""
    assert unmatched_message("artist", "nobody", ["Zappa", "Abba"]) == (
        "No item has the artist 'nobody'. Existing values: 'Zappa', 'Abba'."
    )
    places = ["Lisbon, Portugal", "New Lisbon, Iowa", "London"]
    assert unmatched_message("place", "lisbon", places).endswith(
        "Did you mean 'Lisbon, Portugal' or 'New Lisbon, Iowa'?"
    )
    many = unmatched_message("artist", "nobody", list("abcdefg"))
    assert many.endswith("Existing values: 'a', 'b', 'c', 'd', 'e', …")
    assert unmatched_message("artist", "nobody", []) == "No item has the artist 'nobody' or any other artist."


def test_moments_on_both_sides_of_midnight(lib: MediaLibrary) -> None:
    """A day begins at midnight UTC."""
    midnight = datetime(2024, 5, 17, tzinfo=UTC)
    moments = (midnight, midnight - timedelta(microseconds=1))
    store(lib, *(item(f"/m/{place}.jpg", file_created_at=one) for place, one in enumerate(moments)))
    assert [(one.day, files) for one, files in table(lib.growth("day", by=()), "period", "files")] == [
        (16, 1),
        (17, 1),
    ]
    assert lib.count(after="2024-05-17") == 1 and lib.count(before="2024-05-16") == 1
