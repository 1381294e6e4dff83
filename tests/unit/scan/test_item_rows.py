"""Column values of an item from the result of reading its file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from mfkit.core.database import Database
from mfkit.models import Scan, ScanFailure, StreamKind
from mfkit.scan.extract.schema import Metadata
from mfkit.scan.formats.identify import format_by_name
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.item_rows import (
    CAPTURE_COLUMNS,
    CHAPTER_COLUMNS,
    CONTENT_COLUMNS,
    METADATA_COLUMNS,
    STREAM_COLUMNS,
    chapter_values,
    content_values,
    metadata_values,
    scanned_at,
    stream_columns,
    stream_values,
    write_failures,
)

NOW = datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)


def result(**changes: Any) -> FileResult:
    """Return the result of a file that was modified long before it was read."""
    known = {"path": "/m/a.jpg", "size": 5, "modified_at": NOW - timedelta(days=1), "scanned_at": NOW}
    made = FileResult(**{**known, "file_hash": "a" * 64, "file_format": format_by_name("a.jpg")})
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def columns(**changes: Any) -> dict[str, Any]:
    """Return the values by column."""
    return dict(zip(CONTENT_COLUMNS, content_values(result(**changes), "/m/a.jpg", NOW), strict=True))


@pytest.mark.parametrize(
    ("taken_at", "expected"),
    [
        (datetime(2019, 7, 14, 12, 30), datetime(2019, 7, 14, 12, 30, tzinfo=UTC)),
        (
            datetime(2019, 7, 14, 12, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            datetime(2019, 7, 14, 7, 0, tzinfo=UTC),
        ),
        (
            datetime(2019, 7, 14, 22, 30, tzinfo=timezone(-timedelta(hours=3))),
            datetime(2019, 7, 15, 1, 30, tzinfo=UTC),
        ),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), None),
        (None, None),
    ],
)
def test_capture_time_in_utc(taken_at: datetime | None, expected: datetime | None) -> None:
    """With an offset it is converted to UTC; without one it counts as UTC. The local time is kept."""
    assert columns(metadata={"taken_at": taken_at})["file_created_at"] == expected
    values = metadata_values(result(metadata={"taken_at": taken_at}), "id")
    extra = dict(zip(METADATA_COLUMNS, values, strict=True))["extra_metadata"]
    assert extra.get("taken_at") == (taken_at and taken_at.isoformat())


EAST = timezone(timedelta(hours=5, minutes=30))
LOCAL = datetime(2019, 7, 14, 12, 30)
TOMORROW, LATER = datetime(2024, 5, 18, 12, 30, 15), datetime(2024, 5, 18, 12, 30, 16)


@pytest.mark.parametrize(
    ("taken_at", "origin", "expected"),
    [
        (LOCAL, "exif", (LOCAL, None, "second", "exif", None)),
        (LOCAL.replace(tzinfo=EAST), "exif DateTime", (LOCAL, 330, "second", "exif", None)),
        (LOCAL.replace(tzinfo=UTC), "exif", (LOCAL, 0, "second", "exif", None)),
        (LOCAL.replace(tzinfo=UTC), "container", (LOCAL, None, "second", "quicktime", None)),
        (LOCAL.replace(tzinfo=EAST), "container", (LOCAL, 330, "second", "quicktime", None)),
        (LOCAL.replace(tzinfo=UTC), "gps", (LOCAL, None, "second", "gps", None)),
        (LOCAL.replace(tzinfo=UTC), "takeout", (LOCAL, None, "second", "takeout", None)),
        (LOCAL, "sidecar", (LOCAL, None, "second", "xmp", None)),
        (LOCAL, "xmp CreateDate", (LOCAL, None, "second", "xmp", None)),
        (LOCAL, "file name", (LOCAL, None, "second", "file name", None)),
        (
            datetime(2024, 5, 18, 12, 30, 15),
            "exif",
            (datetime(2024, 5, 18, 12, 30, 15), None, "second", "exif", None),
        ),
        (
            datetime(2024, 5, 18, 12, 30, 16),
            "exif",
            (datetime(2024, 5, 18, 12, 30, 16), None, "second", "exif", "future"),
        ),
        (datetime(1826, 1, 1), "exif", (datetime(1826, 1, 1), None, "second", "exif", None)),
        (datetime(1825, 12, 31), "exif", (datetime(1825, 12, 31), None, "second", "exif", "before 1826")),
        (None, "exif", (None, None, None, None, None)),
    ],
)
def test_local_capture_time(taken_at: datetime | None, origin: str, expected: tuple[Any, ...]) -> None:
    """The clock, its offset if it is the camera's, precision, source, and a flag for impossible dates."""
    extra = {"origins": {"taken_at": origin}}
    values = columns(metadata={"taken_at": taken_at, "extra": extra}, file_format=format_by_name("a.mp4"))
    assert tuple(values[name] for name in CAPTURE_COLUMNS) == expected


def test_precision_of_the_capture_time() -> None:
    """It is that of the field."""
    metadata = {"taken_at": datetime(1958, 1, 1), "taken_precision": "year"}
    assert columns(metadata=metadata)["capture_precision"] == "year"


@pytest.mark.parametrize(
    ("seconds", "is_sure"), [(-0.001, True), (0.0, False), (1.999, False), (2.0, True), (3600.0, True)]
)
def test_time_of_reading(seconds: float, is_sure: bool) -> None:
    """A file that changed less than two seconds before it was read could change again unnoticed."""
    read = result(modified_at=NOW - timedelta(seconds=seconds))
    assert scanned_at(read) == (NOW if is_sure else None)
    assert scanned_at(result(modified_at=NOW, hash_kind="content")) == NOW
    assert scanned_at(result(modified_at=None)) == NOW


def test_types_and_states() -> None:
    """The metadata's types come before those of the format."""
    assert (columns()["mime_type"], columns()["media_type"].value) == ("image/jpeg", "image")
    stated = columns(metadata={"mime_type": "video/x", "media_type": "video", "is_compressed": True})
    assert (stated["mime_type"], stated["media_type"].value, stated["is_compressed"]) == (
        "video/x",
        "video",
        True,
    )
    assert columns()["is_processed"] and not columns(stage="probe")["is_processed"]
    assert not columns()["is_compressed"] and columns()["missing_since"] is None


@pytest.mark.parametrize(
    ("name", "source"), [("a.mp4", "quicktime"), ("a.heic", "quicktime"), ("a.mkv", "container")]
)
def test_source_of_a_header_time(name: str, source: str) -> None:
    """Only QuickTime's relatives have a QuickTime header."""
    metadata = {"taken_at": LOCAL.replace(tzinfo=UTC), "extra": {"origins": {"taken_at": "container"}}}
    values = columns(metadata=metadata, file_format=format_by_name(name))
    assert values["capture_source"] == source


def test_further_facts() -> None:
    """The format, the kind of hash, the fingerprint and the bytes of a name are further metadata."""

    def extra(**changes: Any) -> dict[str, Any]:
        values = metadata_values(result(**changes), "id")
        return dict(zip(METADATA_COLUMNS, values, strict=True))["extra_metadata"]

    assert extra() == {"format": "jpeg"}
    assert extra(metadata={"extra": {"format": "matroska,webm"}}) == {"format": "matroska,webm"}
    stated = extra(hash_kind="content", fingerprint="f", path="/m/caf\\xe9.jpg")
    assert stated == {
        "format": "jpeg",
        "hash": "content",
        "fingerprint": "f",
        "path_bytes": "L20vY2Fm6S5qcGc=",
    }


ITEM = UUID(int=1)
VIDEO = {"stream_index": 0, "kind": "video", "is_main": True, "hdr": "HDR10", "bit_depth": 10}
GERMAN = {
    "stream_index": 1,
    "kind": "audio",
    "is_main": True,
    "language": "ger",
    "codec": "ac3",
    "channels": 6,
}
ENGLISH = {
    "stream_index": 2,
    "kind": "audio",
    "is_main": False,
    "language": "eng",
    "codec": "aac",
    "channels": 8,
}
SUBTITLES = [{"stream_index": 3 + place, "kind": "subtitle", "language": "eng"} for place in range(2)]


def columns_of_streams(*streams: dict[str, Any], **further: Any) -> dict[str, Any]:
    """Return the columns of an item with the given streams."""
    return stream_columns(Metadata(streams=list(streams), **further))


def test_languages_and_codecs_are_distinct_and_sorted() -> None:
    """Each language and codec is listed once, in alphabetical order."""
    found = columns_of_streams(VIDEO, GERMAN, ENGLISH, {**GERMAN, "is_main": False}, *SUBTITLES)
    assert found["audio_languages"] == "eng; ger"
    assert found["subtitle_languages"] == "eng"
    assert found["audio_codecs"] == "aac; ac3"
    assert (found["stream_count"], found["subtitle_count"], found["most_channels"]) == (6, 2, 8)


def test_unknown_is_not_none() -> None:
    """Without a list of streams nothing is known; an empty list means that there are none."""
    assert stream_columns(Metadata()) == {}
    found = columns_of_streams()
    assert (found["stream_count"], found["subtitle_count"], found["chapter_count"]) == (0, 0, 0)
    assert (found["audio_languages"], found["most_channels"], found["is_interlaced"]) == (None, None, None)


@pytest.mark.parametrize(
    ("field_order", "is_interlaced"),
    [("progressive", False), ("tt", True), ("bb", True), ("tb", True), ("bt", True), (None, None)],
)
def test_interlaced(field_order: str | None, is_interlaced: bool | None) -> None:
    """Every field order but progressive is interlaced; an unknown one is unknown."""
    assert columns_of_streams({**VIDEO, "field_order": field_order})["is_interlaced"] is is_interlaced


def test_main_streams_are_described() -> None:
    """HDR and bit depth are those of the main video, the layout that of the main audio."""
    other = {**VIDEO, "stream_index": 9, "is_main": False, "hdr": "SDR", "bit_depth": 8}
    dolby = {**VIDEO, "hdr": "Dolby Vision", "dv_profile": 7}
    audio = ({**ENGLISH, "channel_layout": "7.1"}, {**GERMAN, "channel_layout": "5.1"})
    found = columns_of_streams(other, dolby, *audio)
    assert (found["hdr"], found["dolby_vision"], found["bit_depth"]) == ("Dolby Vision", 7, 10)
    assert found["audio_layout"] == "5.1"


def test_at_most_fifty_languages() -> None:
    """A file with more languages than a list can hold has the first fifty."""
    letters = "abcdefgh"
    many = [{**ENGLISH, "language": f"q{one}{other}"} for one in letters for other in letters]
    found = columns_of_streams(*many)["audio_languages"].split("; ")
    assert len(found) == 50 and found[0] == "qaa"


def test_rows() -> None:
    """A row has the value of each column, and null for what a stream does not state."""
    metadata = Metadata(
        streams=[VIDEO, *SUBTITLES], chapters=[{"start_time": 0.0}, {"start_time": 5.5, "title": "x"}]
    )
    rows = [dict(zip(STREAM_COLUMNS, row, strict=True)) for row in stream_values(metadata, ITEM)]
    assert [(row["media_item_id"], row["kind"], row["is_main"], row["language"]) for row in rows] == [
        (ITEM, StreamKind.VIDEO, True, None),
        (ITEM, StreamKind.SUBTITLE, False, "eng"),
        (ITEM, StreamKind.SUBTITLE, False, "eng"),
    ]
    chapters = [dict(zip(CHAPTER_COLUMNS, row, strict=True)) for row in chapter_values(metadata, ITEM)]
    assert [(one["chapter_index"], one["start_time"], one["title"]) for one in chapters] == [
        (0, 0.0, None),
        (1, 5.5, "x"),
    ]


async def test_failures_that_the_next_scan_reads_again(database: Database) -> None:
    """A file that could not be read is tried again; empty and damaged files only after a change."""
    scan = Scan(root="/m", status="running", extractor_version=1, started_at=NOW)
    async with database.session() as session:
        session.add(scan)
    failed = [
        result(path="/m/unreadable", stage="read", error="Permission denied"),
        result(path="/m/unlisted", stage="walk", error="Permission denied"),
        result(path="/m/empty", stage="read", error="The file is empty.", size=0),
        result(path="/m/damaged", stage="probe", error="The file is truncated."),
    ]
    async with database.transaction() as connection:
        await write_failures(connection, scan.id, failed, NOW)
    async with database.session(write=False) as session:
        rows = (await session.execute(select(ScanFailure.file_path, ScanFailure.file_modified_at))).all()
    assert {path for path, modified_at in rows if modified_at is None} == {"/m/unreadable", "/m/unlisted"}
    assert {modified_at for _, modified_at in rows} == {None, NOW - timedelta(days=1)}
