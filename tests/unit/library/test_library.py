"""The library as a person uses it: every verb, empty and filled, blocking and awaited."""

from __future__ import annotations

import asyncio
import inspect
import re
import tempfile
import typing
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pandas as pd
import pytest
import uvloop
from sqlalchemy import func, insert, literal, select, text, union_all

import mfkit
from mfkit import AsyncMediaLibrary, MediaFilter, MediaLibrary, assumptions
from mfkit.core.event_loop import run_sync
from mfkit.errors import (
    FilterError,
    FilterWarning,
    LibraryLockedError,
    LibraryNotFoundError,
    NotALibraryError,
    QueryError,
    ReadOnlyLibraryError,
)
from mfkit.filters.units import format_size
from mfkit.library.base import Engine
from mfkit.models import (
    Collection,
    MediaCopy,
    MediaItem,
    MediaMetadata,
    Scan,
    ScanFailure,
    Tag,
    collection_items,
    media,
)
from tests.samples import item, new_library

DAY = datetime(2023, 6, 15, 12, tzinfo=UTC)
DTYPES = {
    "text": "str",
    "whole": "Int64",
    "float": "float64",
    "bool": "boolean",
    "time": "datetime64[us, UTC]",
    "enum": "category",
}
MEDIA = {
    "id": "text",
    "file_path": "text",
    "file_name": "text",
    "file_size": "whole",
    "file_hash": "text",
    "mime_type": "text",
    "media_type": "enum",
    "created_at": "time",
    "file_created_at": "time",
    "file_modified_at": "time",
    "last_scanned_at": "time",
    "is_processed": "bool",
    "is_compressed": "bool",
    "compression_ratio": "float",
    "missing_since": "time",
    "modified_at": "time",
    "duration": "float",
    "width": "whole",
    "height": "whole",
    "fps": "float",
    "video_codec": "text",
    "audio_codec": "text",
    "bitrate": "whole",
    "sample_rate": "whole",
    "channels": "whole",
    "artist": "text",
    "album": "text",
    "title": "text",
    "genre": "text",
    "year": "whole",
    "camera_make": "text",
    "camera_model": "text",
    "iso": "whole",
    "aperture": "float",
    "shutter_speed": "text",
    "focal_length": "float",
    "latitude": "float",
    "longitude": "float",
    "location_name": "text",
    "extra_metadata": "text",
    "folder": "text",
    "extension": "text",
    "copies": "whole",
}
SUMS = {
    "files": "whole",
    "copies": "whole",
    "bytes": "whole",
    "bytes_with_copies": "whole",
    "share": "float",
    "duration": "float",
}
COUNTS = ("files", "size", "added", "updated", "moved", "unchanged", "copies", "missing", "failed")
SAVED = (
    "bitrate",
    "file_size",
    "bytes_low",
    "bytes_expected",
    "bytes_high",
    "saves_low",
    "saves_expected",
    "saves_high",
)
TINY = assumptions().assign(low=1.0, expected=2.0, high=3.0, sound=0.0)
FRAMES: dict[str, tuple[Callable[[MediaLibrary], pd.DataFrame], dict[str, str]]] = {
    "items": (lambda lib: lib.items(), MEDIA),
    "items, chosen columns": (
        lambda lib: lib.items(columns=["file_size", "id"]),
        {"file_size": "whole", "id": "text"},
    ),
    "search": (lambda lib: lib.search("sea"), MEDIA),
    "largest": (lambda lib: lib.largest(3), MEDIA),
    "frame": (lambda lib: lib.frame(select(media)), MEDIA),
    "summary": (lambda lib: lib.summary(), {"media_type": "enum", **SUMS}),
    "summary by several": (
        lambda lib: lib.summary(["year", "camera", "resolution", "month", "folder"]),
        {"year": "whole", "camera": "text", "resolution": "text", "month": "time", "folder": "text", **SUMS},
    ),
    "growth": (
        lambda lib: lib.growth("day"),
        {
            "period": "time",
            "media_type": "enum",
            "files": "whole",
            "bytes": "whole",
            "total_files": "whole",
            "total_bytes": "whole",
        },
    ),
    "duplicates": (
        lambda lib: lib.duplicates(),
        {
            "id": "text",
            "file_path": "text",
            "is_copy": "bool",
            "file_name": "text",
            "media_type": "enum",
            "file_size": "whole",
            "paths": "whole",
            "reclaimable_bytes": "whole",
            "file_modified_at": "time",
            "keep": "bool",
            "reason": "text",
        },
    ),
    "growth by none": (
        lambda lib: lib.growth("year", by=()),
        {"period": "time", **dict.fromkeys(("files", "bytes", "total_files", "total_bytes"), "whole")},
    ),
    "folders": (
        lambda lib: lib.folders(),
        {
            "id": "text",
            "parent": "text",
            "label": "text",
            "depth": "whole",
            "files": "whole",
            "bytes": "whole",
            "duration": "float",
        },
    ),
    "histogram of whole numbers": (
        lambda lib: lib.histogram(),
        {"bin": "whole", "low": "whole", "high": "whole", "files": "whole", "bytes": "whole"},
    ),
    "histogram of fractions": (
        lambda lib: lib.histogram("duration", 3, log=True),
        {"bin": "whole", "low": "float", "high": "float", "files": "whole", "bytes": "whole"},
    ),
    "places": (
        lambda lib: lib.places(zoom=3),
        {
            "latitude": "float",
            "longitude": "float",
            "files": "whole",
            "bytes": "whole",
            "first_year": "whole",
            "last_year": "whole",
            "first_place": "text",
            "last_place": "text",
        },
    ),
    "completeness": (
        lambda lib: lib.completeness(["media_type", "tag"]),
        {
            "media_type": "enum",
            "tag": "text",
            "field": "text",
            "files": "whole",
            "known": "whole",
            "lacking": "whole",
            "share": "float",
        },
    ),
    "missing_metadata": (lambda lib: lib.missing_metadata("lens"), MEDIA),
    "savings": (
        lambda lib: lib.savings("av1", assumptions=TINY),
        {
            "id": "text",
            "file_path": "text",
            "media_type": "enum",
            "codec": "text",
            "resolution": "text",
            "duration": "float",
            **dict.fromkeys(SAVED, "whole"),
        },
    ),
    "scans": (
        lambda lib: lib.scans(),
        {
            "id": "text",
            "root": "text",
            "status": "enum",
            "started_at": "time",
            "finished_at": "time",
            "extractor_version": "whole",
            **dict.fromkeys(COUNTS, "whole"),
            "keeps_changes": "bool",
        },
    ),
    "failures": (
        lambda lib: lib.failures(),
        {
            "file_path": "text",
            "stage": "enum",
            "error": "text",
            "file_size": "whole",
            "file_modified_at": "time",
            "created_at": "time",
            "root": "text",
            "scanned_at": "time",
            "scan_id": "text",
        },
    ),
    "tags": (
        lambda lib: lib.tags(),
        {
            "name": "text",
            "items": "whole",
            "description": "text",
            "color": "text",
            "created_at": "time",
            "id": "text",
        },
    ),
    "collections": (
        lambda lib: lib.collections(),
        {
            "name": "text",
            "items": "whole",
            "description": "text",
            "created_at": "time",
            "modified_at": "time",
            "id": "text",
        },
    ),
}


def write(library: MediaLibrary, *rows: Any) -> None:
    """Store rows in a library, on its own loop."""

    async def put() -> None:
        async with library.database.session() as session:
            session.add_all(rows)

    run_sync(put())


@pytest.fixture
def filled(library: MediaLibrary) -> MediaLibrary:
    """A library of six items, two of them with copies, one missing."""
    film = item(
        "/m/films/film.mp4",
        file_size=4000,
        created_at=DAY,
        file_modified_at=DAY,
        facts={"duration": 60.0, "width": 3840, "height": 2160, "video_codec": "hevc", "title": "At sea"},
    )
    phone = item(
        "/m/films/phone.mp4",
        file_size=2000,
        created_at=DAY + timedelta(days=1),
        file_modified_at=DAY - timedelta(days=400),
        facts={"duration": 30.0, "width": 1080, "height": 1920, "video_codec": "h264"},
    )
    song = item(
        "/m/music/song.mp3",
        file_size=1000,
        created_at=DAY + timedelta(days=2),
        facts={"duration": 200.0, "artist": "Björk", "year": 1997},
    )
    beach = item(
        "/m/photos/beach.jpg",
        file_size=500,
        created_at=DAY + timedelta(days=3),
        file_modified_at=DAY,
        facts={
            "width": 640,
            "height": 480,
            "camera_make": "Canon",
            "latitude": 1.0,
            "longitude": 2.0,
            "extra_metadata": {"origin": "embedded", "ünïcode": [1, 2.5, None]},
        },
    )
    note = item("/m/note.pdf", file_size=0, created_at=DAY + timedelta(days=4))
    gone = item("/m/gone.jpg", file_size=9000, created_at=DAY + timedelta(days=5), missing_since=DAY)
    film.copies = [MediaCopy(file_path=f"/backup{n}/film.mp4", file_name="film.mp4") for n in (1, 2)]
    beach.copies = [MediaCopy(file_path="/backup1/beach.jpg", file_name="beach.jpg")]
    scan = Scan(
        root="/m",
        status="finished",
        started_at=DAY,
        extractor_version=1,
        files=9,
        failures=[
            ScanFailure(file_path="/m/broken.jpg", stage="probe", error="truncated"),
            ScanFailure(file_path="/m/abc.jpg", stage="read", error="I/O error", file_size=5),
        ],
    )
    write(
        library,
        film,
        phone,
        song,
        beach,
        note,
        gone,
        scan,
        Scan(root="/n", status="running", started_at=DAY + timedelta(days=1), extractor_version=1),
    )
    return library


def names(frame: pd.DataFrame) -> list[str]:
    """Return the file names of a frame, without extensions."""
    return [str(name).partition(".")[0] for name in frame["file_name"]]


class TestFrames:
    """Every frame has its columns and dtypes, with rows and without."""

    @pytest.mark.parametrize("verb", FRAMES)
    def test_empty(self, library: MediaLibrary, verb: str) -> None:
        """An empty library gives a frame without rows and with every dtype."""
        call, columns = FRAMES[verb]
        frame = call(library)
        assert len(frame) == 0
        assert frame.dtypes.astype(str).to_dict() == {name: DTYPES[kind] for name, kind in columns.items()}
        assert list(frame.columns) == list(columns)

    @pytest.mark.parametrize("verb", FRAMES)
    def test_filled(self, filled: MediaLibrary, verb: str) -> None:
        """A filled library gives the same dtypes."""
        filled.tag(MediaFilter(), "sea")
        filled.add_to("best", MediaFilter())
        call, columns = FRAMES[verb]
        frame = call(filled)
        assert len(frame) > 0
        assert frame.dtypes.astype(str).to_dict() == {name: DTYPES[kind] for name, kind in columns.items()}

    @pytest.mark.parametrize(
        ("verb", "column", "values"),
        [
            ("items", "media_type", ["video", "audio", "image", "document", "other"]),
            ("scans", "status", ["running", "finished", "interrupted", "failed"]),
            ("failures", "stage", ["walk", "read", "probe"]),
        ],
    )
    def test_categories(self, library: MediaLibrary, verb: str, column: str, values: list[str]) -> None:
        """A category has all of the enum's values, whether they occur or not."""
        assert list(FRAMES[verb][0](library)[column].cat.categories) == values

    def test_ids_are_text(self, filled: MediaLibrary) -> None:
        """An id reads as a UUID with dashes on both databases."""
        assert all(str(UUID(one)) == one for one in filled.items()["id"])

    def test_json_is_text(self, filled: MediaLibrary) -> None:
        """Extra facts are JSON text, letters as they are."""
        extra = filled.items(extension="jpg")["extra_metadata"][0]
        assert pd.io.json.ujson_loads(extra) == {"origin": "embedded", "ünïcode": [1, 2.5, None]}
        assert "ünïcode" in extra

    def test_nulls(self, filled: MediaLibrary) -> None:
        """What is not known is missing in pandas' sense, in every dtype."""
        row = filled.items(extension="pdf").iloc[0]
        for name in ("width", "duration", "artist", "file_created_at", "compression_ratio", "extra_metadata"):
            assert pd.isna(row[name]), name


class TestReading:
    """items, count, search, largest, frame."""

    def test_the_newest_first(self, filled: MediaLibrary) -> None:
        """What came into the library last is first; what is missing is left out."""
        assert names(filled.items()) == ["note", "beach", "song", "phone", "film"]

    def test_order(self, filled: MediaLibrary) -> None:
        """Any column orders; nulls come last, both ways."""
        assert names(filled.items(order_by="duration"))[:3] == ["phone", "film", "song"]
        assert names(filled.items(order_by="duration", ascending=False))[:3] == ["song", "film", "phone"]
        assert names(filled.items(order_by="file_size", limit=2, offset=1)) == ["beach", "song"]

    def test_filters_and_fields(self, filled: MediaLibrary) -> None:
        """A filter, a mapping, keywords, and both at once."""
        video = MediaFilter(media_type="video")
        assert names(filled.items(video)) == ["phone", "film"]
        assert names(filled.items({"media_type": "video"})) == ["phone", "film"]
        assert names(filled.items(video, min_width=2000)) == ["film"]
        assert names(filled.items(media_type="video", max_size="3 kB")) == ["phone"]

    @pytest.mark.parametrize("engine", ["snapshot", "record"])
    def test_computed_columns(self, library: MediaLibrary, engine: Engine) -> None:
        """Dates, places, tags and so on are columns under the names that they have elsewhere."""
        photo = item(
            "/m/a.jpg",
            media_type="image",
            file_created_at=DAY,
            file_modified_at=DAY + timedelta(days=9),
            facts={
                "location_name": "Lisbon",
                "camera_make": "Canon",
                "camera_model": "EOS 6D",
                "width": 4000,
                "height": 3000,
                "extra_metadata": {"lens": "EF 50mm"},
            },
        )
        photo.tags = [Tag(name="sun"), Tag(name="Été"), Tag(name="Zoo"), Tag(name="a, b")]
        film = item(
            "/m/b.mp4",
            media_type="video",
            file_modified_at=DAY + timedelta(days=1),
            facts={"width": 1920, "height": 1080, "video_codec": "hevc", "extra_metadata": {"format": "mp4"}},
        )
        write(library, photo, film, item("/m/c.pdf", media_type="document", file_modified_at=None))
        columns = [
            "file_name",
            "date",
            "date_source",
            "place",
            "camera",
            "lens",
            "tags",
            "resolution",
            "container",
            "codec",
            "pixels",
        ]
        url = library.database.url.render_as_string(hide_password=False)
        with MediaLibrary(url, engine=engine) as lib:
            frame = lib.items(columns=columns, order_by="date", ascending=False)
            empty = lib.items(columns=columns, max_size=0)
            assert names(lib.items(order_by="date_source")) == ["a", "b", "c"]
            assert names(lib.items(order_by="tags"))[0] == "a"
        assert [[None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy().tolist()] == [
            [
                "b.mp4",
                DAY + timedelta(days=1),
                "file",
                None,
                None,
                None,
                None,
                "Full HD",
                "mp4",
                "hevc",
                2_073_600,
            ],
            [
                "a.jpg",
                DAY,
                "capture",
                "Lisbon",
                "Canon EOS 6D",
                "EF 50mm",
                "Zoo, a, b, sun, Été",
                "4K",
                None,
                None,
                12_000_000,
            ],
            ["c.pdf", *[None] * 10],
        ]
        assert empty.dtypes.equals(frame.dtypes)
        assert frame.dtypes.astype(str).to_dict() == {
            **dict.fromkeys(columns, "str"),
            "date": DTYPES["time"],
            "pixels": "Int64",
        }

    def test_columns(self, filled: MediaLibrary) -> None:
        """The columns asked for, in the order asked for, once each or twice."""
        assert list(filled.items(columns=["folder", "file_name"]).columns) == ["folder", "file_name"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"columns": ["nonsense"]}, "There is no column 'nonsense'. Use id, file_path"),
            ({"order_by": "id; DROP TABLE tags"}, "There is no column 'id; DROP"),
            ({"limit": -1}, "limit is -1. Use 0 or more"),
            ({"offset": -1}, "offset is -1. Use 0 or more"),
            ({"nonsense": 1}, "There is no filter field 'nonsense'"),
            ({"columns": []}, "No column is named"),
        ],
        ids=str,
    )
    def test_nonsense(self, library: MediaLibrary, arguments: dict[str, Any], message: str) -> None:
        """Unknown columns and negative numbers are refused by a message that helps."""
        with pytest.raises(FilterError, match=message):
            library.items(**arguments)

    def test_count(self, filled: MediaLibrary) -> None:
        """Counts are plain integers and take filters too."""
        assert filled.count() == 5
        assert filled.count(media_type="video") == 2
        assert filled.count(MediaFilter(missing=None)) == 6
        assert type(filled.count()) is int

    def test_search(self, filled: MediaLibrary) -> None:
        """Words are found in names, folders, titles; filters and limits apply."""
        assert names(filled.search("sea")) == ["film"]
        assert names(filled.search("films", max_width=2000)) == ["phone"]
        assert len(filled.search("m", limit=2)) == 2
        assert len(filled.search("m", limit=None)) == 5
        assert len(filled.search('"')) == 0

    def test_largest(self, filled: MediaLibrary) -> None:
        """The largest come first, at most so many."""
        assert names(filled.largest(2)) == ["film", "phone"]
        assert names(filled.largest(filter={"media_type": "image"})) == ["beach"]

    def test_frame_takes_any_select(self, filled: MediaLibrary) -> None:
        """Models, joins, aggregates, labels, unions and CTEs keep their declared dtypes."""
        query = (
            select(MediaItem.media_type, func.count().label("n"), func.avg(MediaMetadata.duration).label("d"))
            .outerjoin(MediaMetadata)
            .group_by(MediaItem.media_type)
            .order_by(func.count())
        )
        frame = filled.frame(query)
        assert frame.dtypes.astype(str).to_dict() == {"media_type": "category", "n": "Int64", "d": "float64"}
        both = union_all(select(literal(1).label("x")), select(literal(2).label("x")))
        assert sorted(filled.frame(both)["x"]) == [1, 2]
        videos = select(media.c.id).where(media.c.media_type == "video").cte()
        assert len(filled.frame(select(videos))) == 2

    def test_frame_of_a_model(self, filled: MediaLibrary) -> None:
        """A select of a whole model has the model's columns."""
        frame = filled.frame(select(MediaItem))
        assert list(frame.columns) == list(MediaItem.__table__.c.keys()) and len(frame) == 6

    def test_frame_refuses_what_is_no_select(self, library: MediaLibrary) -> None:
        """An insert is refused, and text sent to sql()."""
        with pytest.raises(QueryError, match=r"frame\(\) takes a select, not Insert"):
            library.frame(insert(Tag).values(name="x"))
        with pytest.raises(QueryError, match=r"Use sql\(\) for text"):
            library.frame(text("SELECT 1"))

    def test_frame_refuses_what_is_wrong(self, library: MediaLibrary) -> None:
        """A select of what is not there ends in mfkit's error with the database's words."""
        with pytest.raises(QueryError, match="nowhere"):
            library.frame(select(literal(1).label("x")).select_from(text("nowhere")))


class TestAnalysis:
    """summary, growth, duplicates, scans, failures."""

    def test_summary(self, filled: MediaLibrary) -> None:
        """Files, copies, bytes with and without copies, shares and seconds, the most bytes first."""
        frame = filled.summary("media_type").set_index("media_type")
        assert list(frame.index) == ["video", "audio", "image", "document"]
        assert frame.loc["video"].to_dict() == {
            "files": 2,
            "copies": 2,
            "bytes": 6000,
            "bytes_with_copies": 14000,
            "share": 0.8,
            "duration": 90.0,
        }
        assert frame["share"].sum() == pytest.approx(1)
        assert frame.loc["document", "duration"] == 0

    def test_summary_of_nothing_but_empty_files(self, library: MediaLibrary) -> None:
        """A share of no bytes is not known, and no error."""
        write(library, item(file_size=0))
        assert pd.isna(library.summary()["share"][0])

    @pytest.mark.parametrize(
        ("by", "values"),
        [
            ("resolution", {"4K", "Full HD", "SD", None}),
            ("camera", {"Canon", None}),
            ("year", {2023, 2022, 1997, None}),
            ("extension", {"mp4", "mp3", "jpg", "pdf"}),
            ("folder", {"/m/films", "/m/music", "/m/photos", "/m"}),
            ("artist", {"Björk", None}),
            ("month", {datetime(2023, 6, 1, tzinfo=UTC), datetime(2022, 5, 1, tzinfo=UTC), None}),
        ],
    )
    def test_summary_by(self, filled: MediaLibrary, by: str, values: set[Any]) -> None:
        """Each fact groups, what is unknown too."""
        assert {None if pd.isna(one) else one for one in filled.summary(by)[by]} == values

    def test_summary_by_unknown(self, library: MediaLibrary) -> None:
        """An unknown dimension is answered with the list."""
        with pytest.raises(
            FilterError, match="'colour' is not a dimension. Did you mean .* Use media_type, mime_type"
        ):
            library.summary("colour")
        with pytest.raises(FilterError, match="at least one"):
            library.summary([])

    @pytest.mark.parametrize(
        ("freq", "periods"),
        [
            ("year", [(2022, 1, 1), (2023, 1, 1)]),
            ("month", [(2022, 5, 1), (2023, 6, 1)]),
            ("day", [(2022, 5, 11), (2023, 6, 15)]),
        ],
    )
    def test_growth(self, filled: MediaLibrary, freq: Any, periods: list[tuple[int, int, int]]) -> None:
        """Items per period and type, running totals, undated items left out."""
        frame = filled.growth(freq, media_type="video")
        assert list(frame["period"]) == [pd.Timestamp(*period) for period in periods]
        assert list(frame["files"]) == [1, 1] and list(frame["total_files"]) == [1, 2]
        assert list(frame["bytes"]) == [2000, 4000] and list(frame["total_bytes"]) == [2000, 6000]
        assert filled.growth(freq)["files"].sum() == 3

    def test_growth_on(self, filled: MediaLibrary) -> None:
        """Growth can follow when items came into the library."""
        assert len(filled.growth("day", on="created_at")) == 5

    @pytest.mark.parametrize("arguments", [{"freq": "fortnight"}, {"on": "birthday"}])
    def test_growth_nonsense(self, library: MediaLibrary, arguments: dict[str, Any]) -> None:
        """Unknown periods and dates are answered with the list."""
        with pytest.raises(FilterError, match="Use one of"):
            library.growth(**arguments)

    def test_duplicates(self, filled: MediaLibrary) -> None:
        """All paths of duplicate files, the most reclaimable bytes first, originals before copies."""
        frame = filled.duplicates()
        assert list(frame["file_path"]) == [
            "/m/films/film.mp4",
            "/backup1/film.mp4",
            "/backup2/film.mp4",
            "/m/photos/beach.jpg",
            "/backup1/beach.jpg",
        ]
        assert list(frame["is_copy"]) == [False, True, True, False, True]
        assert list(frame["paths"]) == [3, 3, 3, 2, 2]
        assert list(frame["reclaimable_bytes"]) == [8000, 8000, 8000, 500, 500]
        assert len(filled.duplicates(media_type="image")) == 2

    def test_scans(self, filled: MediaLibrary) -> None:
        """The newest scan is first."""
        assert list(filled.scans()["root"]) == ["/n", "/m"]

    def test_failures(self, filled: MediaLibrary) -> None:
        """Failures by path, with the scan that met them."""
        frame = filled.failures()
        assert list(frame["file_path"]) == ["/m/abc.jpg", "/m/broken.jpg"]
        assert list(frame["root"]) == ["/m", "/m"] and list(frame["file_size"])[0] == 5


class TestCuration:
    """tag, untag, add_to, remove_from: by frame, filter, ids or one id, in one transaction."""

    @pytest.mark.parametrize("way", ["frame", "filter", "mapping", "ids", "uuids", "series", "generator"])
    def test_ways_to_name_items(self, filled: MediaLibrary, way: str) -> None:
        """Each way to name items means the same ones."""
        frame = filled.items(media_type="video")
        items: Any = {
            "frame": frame,
            "filter": MediaFilter(media_type="video"),
            "mapping": {"media_type": "video"},
            "ids": list(frame["id"]),
            "uuids": [UUID(one) for one in frame["id"]],
            "series": frame["id"],
            "generator": (one for one in frame["id"]),
        }[way]
        assert filled.tag(items, "sea") == 2
        assert sorted(names(filled.items(tags="sea"))) == ["film", "phone"]

    @pytest.mark.parametrize("kind", [str, UUID])
    def test_one_item(self, filled: MediaLibrary, kind: Any) -> None:
        """A single id needs no list."""
        assert filled.tag(kind(filled.items()["id"][0]), "sea") == 1

    def test_counts(self, filled: MediaLibrary) -> None:
        """What is returned is how many items changed."""
        assert filled.tag(MediaFilter(media_type="video"), "sea") == 2
        assert filled.tag(MediaFilter(), "sea") == 3
        assert filled.tag(MediaFilter(), "sea") == 0
        assert filled.tag(MediaFilter(), "sea", "sun") == 5
        assert filled.untag(MediaFilter(media_type="video"), "sea", "nothing") == 2
        assert filled.untag(MediaFilter(), "sea") == 3
        assert filled.untag(MediaFilter(), "sea") == 0
        tags = filled.tags().set_index("name")["items"].to_dict()
        assert tags == {"sea": 0, "sun": 5}

    def test_tags_ignore_case(self, filled: MediaLibrary) -> None:
        """A tag in another case is the one that is there; spaces around it do not count."""
        filled.tag(MediaFilter(), "Sea")
        assert filled.tag(MediaFilter(), " sEA ") == 0
        assert list(filled.tags()["name"]) == ["Sea"]
        assert filled.untag(MediaFilter(), "SEA") == 5

    def test_a_tag_twice(self, filled: MediaLibrary) -> None:
        """The same name in two cases is one tag, and the same item twice is one item."""
        key = filled.items()["id"][0]
        assert filled.tag([key, key], "sea", "Sea", "sea") == 1
        assert list(filled.tags()["items"]) == [1]

    def test_filter_on_what_changes(self, filled: MediaLibrary) -> None:
        """A filter on tags means the items as they were before the tags change."""
        filled.tag(MediaFilter(media_type="video"), "old")
        assert filled.tag(MediaFilter(tags="old"), "new") == 2
        assert filled.untag(MediaFilter(tags="old"), "old") == 2
        assert filled.count(tags="new") == 2

    def test_collections(self, filled: MediaLibrary) -> None:
        """Items go in and out; what is returned is how many."""
        assert filled.add_to("best", MediaFilter(media_type="video")) == 2
        assert filled.add_to("Best", MediaFilter()) == 3
        assert filled.add_to("best", MediaFilter()) == 0
        assert list(filled.collections()["items"]) == [5]
        assert filled.remove_from("BEST", MediaFilter(media_type="video")) == 2
        assert filled.remove_from("best", MediaFilter(media_type="video")) == 0
        assert filled.remove_from("nothing", MediaFilter()) == 0
        assert list(filled.collections()["items"]) == [3]

    def test_order_in_collections(self, filled: MediaLibrary) -> None:
        """Items given one by one keep their order, later ones behind; a filter's come without a place."""
        frame = filled.items(order_by="file_size")
        filled.add_to("best", frame.iloc[[2, 0]])
        filled.add_to("best", list(frame["id"].iloc[[1, 2, 3]]))
        filled.add_to("best", MediaFilter())
        query = (
            select(MediaItem.file_name, collection_items.c.position)
            .join(collection_items, collection_items.c.media_item_id == MediaItem.id)
            .order_by(collection_items.c.position.nulls_last())
        )
        held = filled.frame(query)
        wanted = names(frame.iloc[[2, 0, 1, 3, 4]])
        assert names(held) == wanted
        positions = [None if pd.isna(one) else int(one) for one in held["position"]]
        assert positions[:4] == sorted(set(positions[:4])) and positions[4] is None

    def test_nothing_to_do(self, filled: MediaLibrary) -> None:
        """No items are no error."""
        assert filled.tag([], "sea") == 0
        assert filled.tag(filled.items(min_size="1 TB"), "sea") == 0
        assert filled.add_to("best", filled.items(min_size="1 TB")) == 0

    @pytest.mark.parametrize("verb", ["tag", "untag", "add_to", "remove_from"])
    def test_unknown_id(self, filled: MediaLibrary, verb: str) -> None:
        """One id that is not in the library, and nothing happens to the others; no tag is left behind."""
        known = filled.items()["id"][0]
        with pytest.raises(FilterError, match="1 of the 2 ids are not in this library"):
            self.call(filled, verb, [known, uuid4()])
        assert len(filled.tags()) == len(filled.collections()) == 0

    @pytest.mark.parametrize("verb", ["tag", "untag", "add_to", "remove_from"])
    @pytest.mark.parametrize(
        ("items", "message"),
        [
            ("nonsense", "An id is not valid"),
            ([5], "An id is not valid"),
            (5, "An id is not valid"),
            (pd.DataFrame({"x": [1]}), "no column 'id'"),
            ({"nonsense": 1}, "There is no filter field"),
            ([None], "An id is not valid"),
            (pd.DataFrame({"id": [None]}), "An id is not valid"),
        ],
        ids=["text", "list", "number", "frame", "mapping", "none", "null"],
    )
    def test_no_items(self, library: MediaLibrary, verb: str, items: Any, message: str) -> None:
        """What names no items is refused by a message that says what would."""
        with pytest.raises(FilterError, match=message):
            self.call(library, verb, items)

    @pytest.mark.parametrize("verb", ["tag", "untag", "add_to", "remove_from"])
    @pytest.mark.parametrize("name", ["", "  ", "a\x00b", "\ud800"], ids=ascii)
    def test_no_name(self, filled: MediaLibrary, verb: str, name: str) -> None:
        """An empty name, or one that no database can hold, is refused."""
        with pytest.raises(FilterError):
            self.call(filled, verb, MediaFilter(), name)

    def test_no_names(self, filled: MediaLibrary) -> None:
        """At least one tag must be named."""
        with pytest.raises(FilterError, match="at least one name"):
            filled.tag(MediaFilter())

    @pytest.mark.parametrize("name", ["'; DROP TABLE tags; --", "<script>", "%", "é", "=1+1", "a" * 3000])
    def test_names_are_data(self, filled: MediaLibrary, name: str) -> None:
        """Any other name is kept as it is."""
        filled.tag(MediaFilter(), name)
        filled.add_to(name, MediaFilter())
        assert list(filled.tags()["name"]) == list(filled.collections()["name"]) == [name]
        assert filled.count(tags=name, collection=name) == 5

    def test_rolls_back(self, filled: MediaLibrary) -> None:
        """A fault in the middle leaves nothing of the call, and the library usable."""
        write(filled, Tag(name="sun"))
        fail = (
            text(
                "CREATE TRIGGER fail BEFORE INSERT ON media_tags WHEN (SELECT count(*) FROM media_tags) >= 3 "
                "BEGIN SELECT RAISE(ABORT, 'no more'); END"
            )
            if filled.database.dialect == "sqlite"
            else text("ALTER TABLE media_tags ADD CONSTRAINT fail CHECK (created_at < '2000-01-01')")
        )

        async def make() -> None:
            async with filled.database.transaction() as connection:
                await connection.execute(fail)

        run_sync(make())
        with pytest.raises(Exception, match="no more|fail"):
            filled.tag(MediaFilter(), "sea", "sun")
        assert filled.tags().set_index("name")["items"].to_dict() == {"sun": 0}
        assert filled.add_to("best", MediaFilter()) == 5

    def test_many(self, library: MediaLibrary) -> None:
        """Tens of thousands of ids need no more parameters than a database takes."""
        write(library, *(item(f"/{n}.jpg") for n in range(2000)))
        unknown = [uuid4() for _ in range(70_000)]
        with pytest.raises(FilterError, match="70000 of the 72000"):
            library.tag([*library.items()["id"], *unknown], "sea")
        assert library.tag(library.items(), "sea") == 2000

    def test_read_only(self, database_url: str) -> None:
        """A library that may only be read cannot be curated."""
        with MediaLibrary(database_url, read_only=True) as library:
            with pytest.raises(ReadOnlyLibraryError):
                library.tag([], "sea")
            assert library.count() == 0

    @staticmethod
    def call(library: MediaLibrary, verb: str, items: Any, name: str = "sea") -> int:
        """Call a verb of curation, whatever the order of its arguments."""
        method = getattr(library, verb)
        return int(method(items, name) if "tag" in verb else method(name, items))


WRITES = [
    "DELETE FROM media_items",
    "UPDATE media_items SET file_size = 0",
    "INSERT INTO tags (name) VALUES ('x')",
    "DROP TABLE tags",
    "CREATE TABLE x (y integer)",
    "CREATE TEMPORARY TABLE x (y integer)",
    "ALTER TABLE tags ADD COLUMN x integer",
    "WITH gone AS (SELECT id FROM media_items) DELETE FROM media_items WHERE id IN (SELECT id FROM gone)",
    "DELETE FROM media_items RETURNING id",
    "INSERT INTO media_search (media_item_id) VALUES ('x')",
]
SQLITE_WRITES = [
    "ATTACH DATABASE '/tmp/mfkit-attached.db' AS other",
    "DETACH DATABASE main",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON",
    "VACUUM",
    "VACUUM INTO '/tmp/mfkit-vacuumed.db'",
    "REINDEX",
    "ANALYZE",
    "COMMIT",
    "ROLLBACK",
    "BEGIN",
    "SAVEPOINT x",
    "INSERT INTO media_fts(media_fts) VALUES ('rebuild')",
    "SELECT load_extension('x')",
    "REPLACE INTO tags (name) VALUES ('x')",
]
POSTGRESQL_WRITES = [
    "TRUNCATE media_items",
    "COPY media_items TO STDOUT",
    "SELECT nextval('media_search_id_seq')",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
    "WITH gone AS (DELETE FROM media_items RETURNING id) SELECT * FROM gone",
    "DO $$ BEGIN DELETE FROM media_items; END $$",
    "VACUUM",
    "LOCK TABLE tags",
    "CREATE INDEX x ON tags (color)",
    "GRANT ALL ON tags TO PUBLIC",
    "REFRESH MATERIALIZED VIEW x",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT id FROM media_items FOR UPDATE",
]


class TestSql:
    """Free SQL that can only read, by the database's own means."""

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_reads(self, filled: MediaLibrary, engine: Engine) -> None:
        """Parameters are data; columns that bear a name of `media` have its dtype, others their own."""
        frame = filled.sql(
            "SELECT id, media_type, created_at, is_processed, file_size, 1.5 AS x, count(*) OVER () AS n "
            "FROM media WHERE media_type = :kind AND file_name <> :name ORDER BY file_size",
            engine=engine,
            kind="video",
            name="'; DROP TABLE tags; --",
        )
        assert frame.dtypes.astype(str).to_dict() == {
            "id": "str",
            "media_type": "category",
            "created_at": "datetime64[us, UTC]",
            "is_processed": "boolean",
            "file_size": "Int64",
            "x": "float64",
            "n": "Int64",
        }
        assert list(frame["n"]) == [2, 2] and list(frame["file_size"]) == [2000, 4000]

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_sums_and_means(self, filled: MediaLibrary, engine: Engine) -> None:
        """A sum of whole numbers is whole and a mean is a float, also where PostgreSQL makes decimals."""
        query = "SELECT sum(file_size) AS s, avg(file_size) AS a, sum(duration) AS d FROM media"
        frame = filled.sql(query, engine=engine)
        assert frame.dtypes.astype(str).to_dict() == {"s": "Int64", "a": "float64", "d": "float64"}
        sums = select(func.sum(media.c.file_size).label("s"), func.avg(media.c.file_size).label("a"))
        assert filled.frame(sums).dtypes.astype(str).to_dict() == {"s": "Int64", "a": "float64"}

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_without_rows(self, library: MediaLibrary, engine: Engine) -> None:
        """No rows are a frame with the columns, of their dtypes where `media` has their names."""
        query = "SELECT id, file_size, created_at, media_type, 5 AS five FROM media"
        frame = library.sql(query, engine=engine)
        assert len(frame) == 0
        assert frame.dtypes.astype(str).to_dict() | {"five": ""} == {
            "id": "str",
            "file_size": "Int64",
            "created_at": "datetime64[us, UTC]",
            "media_type": "category",
            "five": "",
        }

    def test_names_that_mean_something_else(self, filled: MediaLibrary) -> None:
        """A column that bears a name of `media` and holds something else is what it is."""
        frame = filled.sql("SELECT 'x' AS id, 'tall' AS height, 'film' AS media_type, 'soon' AS created_at")
        assert frame.iloc[0].to_dict() == {
            "id": "x",
            "height": "tall",
            "media_type": "film",
            "created_at": "soon",
        }

    def test_mixed_values(self, sqlite_path: Path) -> None:
        """A SQLite column of several types becomes text."""
        with MediaLibrary(sqlite_path) as library:
            frame = library.sql("SELECT 1 AS x UNION ALL SELECT 'a' UNION ALL SELECT NULL")
            assert {one for one in frame["x"] if not pd.isna(one)} == {"1", "a"}

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_large_numbers(self, library: MediaLibrary, engine: Engine) -> None:
        """Whole numbers of 64 bits are exact."""
        assert library.sql("SELECT 9223372036854775807 AS x", engine=engine)["x"][0] == 2**63 - 1

    @pytest.mark.parametrize(
        "at",
        [
            datetime(2024, 5, 17, 18, 0, 15, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            datetime(2024, 5, 17, 9, 30, 15, tzinfo=timezone(-timedelta(hours=3))),
            datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC),
        ],
    )
    def test_offset_of_a_parameter(self, library: MediaLibrary, at: datetime) -> None:
        """A timestamp with an offset is compared as the same time in UTC; SQLite itself compares text."""
        noon = datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)
        write(library, *(item(f"/{n}.jpg", file_created_at=noon + timedelta(seconds=n)) for n in (-1, 0, 1)))
        query = "SELECT count(*) AS n FROM media WHERE file_created_at {} :at"
        engines = ("snapshot",) if library.database.dialect == "sqlite" else get_args(Engine)
        for engine in engines:
            for sign, count in (("<", 1), ("=", 1), (">=", 2)):
                assert library.sql(query.format(sign), engine=engine, at=at)["n"].tolist() == [count]

    @pytest.mark.parametrize("statement", WRITES)
    def test_refuses_to_write(self, filled: MediaLibrary, statement: str) -> None:
        """Whatever would change something is refused, and nothing is changed."""
        self.refused(filled, statement)

    @pytest.mark.parametrize("statement", SQLITE_WRITES)
    def test_refuses_to_write_sqlite(self, sqlite_path: Path, statement: str) -> None:
        """So is all that only SQLite has: attaching, pragmas, transactions."""
        with MediaLibrary(sqlite_path) as library:
            write(library, *(item(f"/{n}.jpg") for n in range(6)))
            self.refused(library, statement)
        assert not Path("/tmp/mfkit-attached.db").exists() and not Path("/tmp/mfkit-vacuumed.db").exists()

    @pytest.mark.parametrize("statement", POSTGRESQL_WRITES)
    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    def test_refuses_to_write_postgresql(self, filled: MediaLibrary, statement: str) -> None:
        """So is all that only PostgreSQL has: truncating, copying to files, locking."""
        self.refused(filled, statement)

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    @pytest.mark.parametrize("command", ["COPY tags TO '{}'", "COPY tags TO PROGRAM 'touch {}'"])
    def test_leaves_the_server_alone(self, filled: MediaLibrary, command: str) -> None:
        """No file is written and no program run on the server, though its owner may do both."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            self.refused(filled, command.format(f"{folder}/x"))
            assert list(Path(folder).iterdir()) == []

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    @pytest.mark.parametrize(
        "statement", ["EXPLAIN SELECT * FROM media", "VALUES (1)", "TABLE tags", "SELECT :x + 1"]
    )
    def test_reading_commands(self, filled: MediaLibrary, statement: str) -> None:
        """What reads without being a select works."""
        filled.tag(MediaFilter(), "sea")
        assert len(filled.sql(statement, **({"x": 5} if ":x" in statement else {}))) >= 1

    @pytest.mark.parametrize(
        "statement",
        ["SELECT 1; DELETE FROM media_items", "SELECT 1; SELECT 2", "COMMIT; DELETE FROM media_items"],
    )
    def test_refuses_several_statements(self, filled: MediaLibrary, statement: str) -> None:
        """One statement at a time."""
        self.refused(filled, statement)

    @pytest.mark.parametrize("statement", ["", ";", "-- nothing", "SELEKT 1", "SELECT * FROM nowhere"])
    def test_refuses_nonsense(self, filled: MediaLibrary, statement: str) -> None:
        """What is wrong is answered with the database's own words."""
        self.refused(filled, statement)

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_missing_parameter(self, library: MediaLibrary, engine: Engine) -> None:
        """A parameter without a value is named."""
        with pytest.raises(QueryError, match="kind"):
            library.sql("SELECT * FROM media WHERE media_type = :kind", engine=engine)

    def test_message(self, library: MediaLibrary) -> None:
        """The message is the database's, without the driver's wrapping."""
        with MediaLibrary(library.database.url, engine="record") as record:
            with pytest.raises(QueryError) as caught:
                record.sql("SELECT * FROM nowhere")
        assert re.search('no such table: nowhere|relation "nowhere" does not exist', str(caught.value))
        assert "<class" not in str(caught.value) and "sqlalche.me" not in str(caught.value)

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_named_self(self, library: MediaLibrary, engine: Engine) -> None:
        """Parameters may bear any name, those of the method's own too."""
        query = "SELECT CAST(:self AS text) AS a, CAST(:text AS text) AS b"
        frame = library.sql(query, engine=engine, self="x", text="y")
        assert frame.iloc[0].to_dict() == {"a": "x", "b": "y"}

    @staticmethod
    def refused(library: MediaLibrary, statement: str) -> None:
        """Check that each engine refuses a statement, changes nothing and keeps no state."""
        for engine in get_args(Engine):
            with pytest.raises(QueryError):
                library.sql(statement, engine=engine)
        assert library.count(missing=None) == 6
        assert library.sql("SELECT count(*) AS n FROM tags")["n"][0] == 0
        assert library.tag(MediaFilter(missing=None), "after") == 6


class TestPrinting:
    """What a library shows of itself."""

    def test_text_and_table(self, filled: MediaLibrary) -> None:
        """Items, size, roots, last scan and failures, in a line and in a table."""
        write(
            filled,
            Scan(
                root="/m/<b>",
                status="finished",
                extractor_version=1,
                started_at=DAY,
                finished_at=DAY + timedelta(minutes=5),
                failures=[ScanFailure(file_path="/m/x", stage="read", error="no")],
            ),
        )
        expected = "items: 5, size: {}, roots: /m, /m/<b>, /n, last scan: 2023-06-15 12:05 UTC, failures: 3"
        size = format_size(filled.items()["file_size"].sum())
        assert repr(filled) == f"MediaLibrary({filled.database.name!r}) {expected.format(size)}"
        shown = filled._repr_html_()
        assert "/m/&lt;b&gt;" in shown and "<b>" not in shown and size in shown
        assert "s3cret" not in shown

    def test_length(self, filled: MediaLibrary) -> None:
        """The length is the number of items; a library without items is no False."""
        assert len(filled) == filled.count() == 5
        assert filled

    def test_empty_is_true(self, library: MediaLibrary) -> None:
        """An empty library has length 0 and is true."""
        assert len(library) == 0 and library

    def test_missing_closed_and_broken(self, tmp_path: Path, sqlite_path: Path) -> None:
        """What cannot be counted is printed by its name, and nothing is opened or created for it."""
        with MediaLibrary(tmp_path / "typo<i>.db") as lib:
            assert repr(lib) == f"MediaLibrary({str(tmp_path / 'typo<i>.db')!r})"
            assert "typo&lt;i&gt;.db" in lib._repr_html_()
            assert not (tmp_path / "typo<i>.db").exists()
        with MediaLibrary(sqlite_path) as lib:
            assert lib.count() == 0 and "items: 0" in repr(lib)
        assert repr(lib) == f"MediaLibrary({str(sqlite_path)!r})"
        with MediaLibrary(sqlite_path) as lib:
            sqlite_path.unlink()
            assert repr(lib) == f"MediaLibrary({str(sqlite_path)!r})"


class TestUnmatchedValues:
    """A value that no item has is answered with a warning that names similar ones."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"video_codec": "h265"}, "No item has the video codec 'h265'. Did you mean 'hevc'?"),
            ({"extension": "jpgg"}, "No item has the extension 'jpgg'. Did you mean 'jpg'?"),
            ({"extension": "JPEG"}, "No item has the extension 'jpeg'. Did you mean 'jpg'?"),
            ({"tags": "sea side"}, "No item has the tag 'sea side'. Did you mean 'seaside'?"),
            ({"collection": "zzz"}, "No item is in the collection 'zzz'."),
            ({"camera": "cannon"}, "No item has the camera 'cannon'. Did you mean 'Canon'?"),
        ],
    )
    @pytest.mark.parametrize(
        "ask",
        [
            lambda lib, fields: lib.items(**fields).empty,
            lambda lib, fields: lib.count(**fields) == 0,
            lambda lib, fields: lib.summary("year", **fields).empty,
        ],
        ids=["items", "count", "summary"],
    )
    def test_warning(
        self, library: MediaLibrary, fields: dict[str, Any], message: str, ask: Callable[..., bool]
    ) -> None:
        """There are no rows, and one warning the first time."""
        write(
            library,
            item("/m/a.jpg", media_type="image", facts={"camera_make": "Canon"}),
            item("/m/b.mp4", media_type="video", facts={"video_codec": "hevc"}),
        )
        library.tag(MediaFilter(), "seaside")
        with pytest.warns(FilterWarning) as warned:
            assert ask(library, fields)
        assert [str(one.message) for one in warned] == [message]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert ask(library, fields)

    def test_a_tag_without_items(self, library: MediaLibrary) -> None:
        """A tag that exists and is on no item is not a misspelt one."""
        write(library, item("/m/a.jpg"), Tag(name="later"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert library.count(tags="Later") == 0

    def test_values_that_exist(self, filled: MediaLibrary) -> None:
        """Conditions that exclude each other, and values of missing items, are no mistake."""
        assert filled.items(video_codec="hevc", min_size="1 TB").empty
        assert filled.items(extension=["jpg", "jpgg"]).shape[0] == 1
        assert filled.items(no_tags="nothing", min_size="1 TB").empty

    def test_an_empty_library(self, library: MediaLibrary) -> None:
        """Nothing is said of values while there are no items."""
        assert library.count(extension="jpg") == 0


class TestFaces:
    """One set of verbs, blocking and awaited."""

    VERBS = sorted(
        name
        for name, member in inspect.getmembers(AsyncMediaLibrary)
        # A MediaLibrary opens itself, and its snapshot is a property.
        if inspect.iscoroutinefunction(member)
        and not name.startswith("_")
        and name not in ("open", "snapshot")
    )

    @pytest.mark.parametrize("verb", VERBS)
    def test_parity(self, verb: str) -> None:
        """Every public async verb has a blocking twin: same parameters, same types, same docstring."""
        ours, twin = getattr(AsyncMediaLibrary, verb), getattr(MediaLibrary, verb)
        assert not inspect.iscoroutinefunction(twin)
        assert inspect.signature(twin) == inspect.signature(ours)
        assert twin.__doc__ == ours.__doc__ and twin.__name__ == verb

    def test_constructors(self) -> None:
        """Both are made with the same parameters."""

        def parameters(kind: type) -> list[Any]:
            return list(inspect.signature(kind.__init__).parameters.values())

        assert [str(one) for one in parameters(MediaLibrary)] == [
            str(one) for one in parameters(AsyncMediaLibrary)
        ]

    def test_public_names(self) -> None:
        """`__all__` is sorted, complete and true."""
        assert mfkit.__all__ == sorted(mfkit.__all__)
        # Names are imported when they are first used: each must be where the package says it is.
        assert set(mfkit._HOMES) | {"MfkitError", "__version__"} == set(mfkit.__all__)
        assert all(getattr(mfkit, name) is not None for name in mfkit.__all__)
        assert set(mfkit.__all__) <= set(dir(mfkit))
        with pytest.raises(AttributeError, match="nothing_such"):
            _ = mfkit.nothing_such
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", mfkit.__version__)

    def test_aio_lists_its_verbs(self, library: MediaLibrary) -> None:
        """Completion on `.aio` offers every verb."""
        assert set(self.VERBS) <= set(dir(library.aio))
        assert typing.get_type_hints(MediaLibrary.aio.fget)["return"] is AsyncMediaLibrary

    def test_repr(self, library: MediaLibrary) -> None:
        """Both are named by the path, or the URL without the password."""
        assert repr(library).startswith(f"MediaLibrary({library.database.name!r})")
        assert repr(AsyncMediaLibrary("x.db")) == "AsyncMediaLibrary('x.db')"
        assert "s3cret" not in repr(library) + repr(library.aio) + repr(library.database)


class TestLifetime:
    """Opened, closed, opened again."""

    def test_makes_the_library(self, tmp_path: Path) -> None:
        """The first import creates the library and its folder."""
        rows = pd.DataFrame({"file_path": ["/new.jpg"], "file_size": [1]})
        with MediaLibrary(tmp_path / "new" / "library.db") as library:
            assert library.ingest(rows, progress=False).added == 1
            assert library.count() == 1
        assert (tmp_path / "new" / "library.db").is_file()

    def test_close_and_go_on(self, filled: MediaLibrary) -> None:
        """A closed library opens itself by the next call; closing twice is no error."""
        filled.close()
        filled.close()
        assert filled.count() == 5

    def test_close_leaves_one_file(self, sqlite_path: Path) -> None:
        """After closing, SQLite's log is in the file, which can be copied alone."""
        with MediaLibrary(sqlite_path) as library:
            write(library, item())
            assert len(list(sqlite_path.parent.iterdir())) == 3
        assert list(sqlite_path.parent.iterdir()) == [sqlite_path]

    def test_two_libraries(self, sqlite_path: Path) -> None:
        """Two objects on the same file see each other's changes."""
        with MediaLibrary(sqlite_path) as one, MediaLibrary(sqlite_path) as other:
            write(one, item())
            assert other.count() == 1
            other.tag(MediaFilter(), "sea")
            assert one.count(tags="sea") == 1

    def test_read_only(self, database_url: str) -> None:
        """A library opened to be read answers every reading verb."""
        with MediaLibrary(database_url, read_only=True) as library:
            for call, _ in FRAMES.values():
                assert len(call(library)) == 0

    def test_read_only_and_not_there(self, tmp_path: Path) -> None:
        """A library to be read must be there."""
        with pytest.raises(LibraryNotFoundError):
            MediaLibrary(tmp_path / "x.db", read_only=True)
        assert list(tmp_path.iterdir()) == []

    def test_no_library(self, tmp_path: Path) -> None:
        """What is no library is refused when it is named, not by the first query."""
        (tmp_path / "notes.txt").write_text("no database " * 100)
        with pytest.raises(NotALibraryError):
            MediaLibrary(tmp_path / "notes.txt")
        with pytest.raises(NotALibraryError):
            MediaLibrary(tmp_path)

    def test_locked(self, sqlite_path: Path) -> None:
        """busy_timeout is how long a write waits for another program's."""
        with MediaLibrary(sqlite_path) as holder, MediaLibrary(sqlite_path, busy_timeout=0.05) as library:

            async def hold() -> None:
                async with holder.database.transaction():
                    with pytest.raises(LibraryLockedError):
                        await library.aio.tag([], "sea")

            run_sync(hold())
            assert library.tag([], "sea") == 0

    async def test_failed_open_can_be_tried_again(self, sqlite_path: Path) -> None:
        """A library that could not be opened is opened by a later call, once the cause is gone."""
        path, whole = sqlite_path, sqlite_path.read_bytes()
        library = AsyncMediaLibrary(path)
        path.write_text("no database " * 100)
        with pytest.raises(NotALibraryError):
            await library.count()
        path.write_bytes(whole)
        assert await library.count() == 0
        await library.close()

    async def test_opened_once(self, empty_url: str) -> None:
        """Many first imports at once create the library once."""
        async with AsyncMediaLibrary(empty_url) as library:
            await asyncio.gather(
                *(
                    library.ingest(pd.DataFrame({"file_path": [path], "file_size": [1]}), progress=False)
                    for path in ("/m/a.jpg", "/m/b.jpg", "/m/c.jpg", "/m/d.jpg", "/m/e.jpg")
                )
            )
            assert await library.count() == 5


class TestLoops:
    """The async faces on whatever loop awaits them."""

    async def test_native(self, database_url: str) -> None:
        """An AsyncMediaLibrary runs on its caller's loop."""
        async with AsyncMediaLibrary(database_url) as library:
            assert await library.count() == 0
            results = await asyncio.gather(library.items(), library.tags(), library.summary())
            assert [len(frame) for frame in results] == [0, 0, 0]
            assert await library.tag([], "sea") == 0

    def test_native_under_uvloop(self, database_url: str) -> None:
        """So it does under uvloop."""

        async def work() -> int:
            async with AsyncMediaLibrary(database_url) as library:
                await library.tag(MediaFilter(), "sea")
                return await library.count()

        assert uvloop.run(work()) == 0

    @pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
    def test_aio_from_another_loop(self, filled: MediaLibrary, runner: Any) -> None:
        """`.aio` is awaited from any loop, again and again, over the same database as the blocking face."""

        async def work() -> list[int]:
            return list(await asyncio.gather(*(filled.aio.count() for _ in range(5))))

        assert runner(work()) == [5] * 5
        assert filled.count() == 5
        assert runner(work()) == [5] * 5

    def test_blocking_inside_a_loop(self, filled: MediaLibrary) -> None:
        """A blocking call inside a running loop works."""

        async def work() -> int:
            return filled.count()

        assert asyncio.run(work()) == uvloop.run(work()) == 5

    def test_aio_as_a_context(self, database_url: str) -> None:
        """`async with lib.aio` opens and closes."""
        library = MediaLibrary(database_url)

        async def work() -> int:
            async with library.aio as lib:
                return await lib.count()

        assert asyncio.run(work()) == 0
        assert library.count() == 0
        library.close()

    def test_threads(self, filled: MediaLibrary) -> None:
        """Many threads may call at once."""
        with ThreadPoolExecutor(8) as pool:
            counts = list(pool.map(lambda _: filled.count(), range(40)))
        assert counts == [5] * 40

    async def test_cancelled(self, sqlite_path: Path) -> None:
        """A cancelled query stops in SQLite too: the connection is free and the CPU at rest."""
        async with AsyncMediaLibrary(sqlite_path) as library:
            task = asyncio.create_task(library.sql(ENDLESS))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            assert await library.count() == 0
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    async def test_cancelled_at_any_moment(self, sqlite_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """Be it on its way to the connection's thread, or not quite begun there: it stops, in silence."""
        async with AsyncMediaLibrary(sqlite_path) as library:
            await library.open()
            for moment in range(150):
                task = asyncio.create_task(library.sql(ENDLESS, engine="record"))
                await asyncio.sleep(moment / 10_000)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asyncio.wait_for(task, 60)
            assert await library.sql("SELECT 1 AS one", engine="record") is not None
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert caplog.messages == []

    async def test_cancelled_on_a_server(self, postgres_server: Any) -> None:
        """A cancelled query stops on the PostgreSQL server as well."""
        name = postgres_server.create()
        url = postgres_server.url(name)
        await asyncio.to_thread(lambda: new_library(url).close())
        async with AsyncMediaLibrary(url) as library:
            await library.open()
            task = asyncio.create_task(library.sql("SELECT pg_sleep(600)"))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600%' "
                "AND state = 'active' AND pid <> pg_backend_pid()"
            )
            assert postgres_server.run(query) == [0]
            assert await library.count() == 0
        postgres_server.drop(name)

    async def test_aio_cancelled(self, sqlite_path: Path) -> None:
        """So it is when the call was made through `.aio` from another loop."""
        with MediaLibrary(sqlite_path) as library:
            task = asyncio.ensure_future(library.aio.sql(ENDLESS))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            assert await library.aio.count() == 0


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_collection_model_and_verbs_agree(filled: MediaLibrary) -> None:
    """What the verbs write, the models read."""
    filled.add_to("best", filled.items(order_by="file_size"))
    frame = filled.frame(
        select(Collection.name, func.count()).join(Collection.media_items).group_by(Collection.name)
    )
    assert frame.iloc[0].tolist() == ["best", 5]


def test_async_signatures(tmp_path):
    """A method of ``aio`` has the parameters of the blocking method, without ``self``."""
    library = MediaLibrary(tmp_path / "library.db")
    names = [name for name in dir(library) if not name.startswith("_") and hasattr(library.aio, name)]
    methods = [name for name in names if inspect.iscoroutinefunction(getattr(AsyncMediaLibrary, name, None))]
    assert "count" in methods
    for name in methods:
        ours, awaited = (inspect.signature(getattr(one, name)) for one in (library, library.aio))
        assert list(awaited.parameters) == list(ours.parameters), name
