"""Columns of an item that describe its streams, and the rows of the streams."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from mfkit.models import StreamKind
from mfkit.scan.extract.schema import Metadata
from mfkit.scan.stream_rows import (
    CHAPTER_COLUMNS,
    STREAM_COLUMNS,
    chapter_values,
    stream_columns,
    stream_values,
)

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


def columns(*streams: dict[str, Any], **further: Any) -> dict[str, Any]:
    """Return the columns of an item with the given streams."""
    return stream_columns(Metadata(streams=list(streams), **further))


def test_languages_and_codecs_are_distinct_and_sorted() -> None:
    """Each language and codec is listed once, in alphabetical order."""
    found = columns(VIDEO, GERMAN, ENGLISH, {**GERMAN, "is_main": False}, *SUBTITLES)
    assert found["audio_languages"] == "eng; ger"
    assert found["subtitle_languages"] == "eng"
    assert found["audio_codecs"] == "aac; ac3"
    assert (found["stream_count"], found["subtitle_count"], found["most_channels"]) == (6, 2, 8)


def test_unknown_is_not_none() -> None:
    """Without a list of streams nothing is known; an empty list means that there are none."""
    assert stream_columns(Metadata()) == {}
    found = columns()
    assert (found["stream_count"], found["subtitle_count"], found["chapter_count"]) == (0, 0, 0)
    assert (found["audio_languages"], found["most_channels"], found["is_interlaced"]) == (None, None, None)


@pytest.mark.parametrize(
    ("field_order", "is_interlaced"),
    [("progressive", False), ("tt", True), ("bb", True), ("tb", True), ("bt", True), (None, None)],
)
def test_interlaced(field_order: str | None, is_interlaced: bool | None) -> None:
    """Every field order but progressive is interlaced; an unknown one is unknown."""
    assert columns({**VIDEO, "field_order": field_order})["is_interlaced"] is is_interlaced


def test_main_streams_are_described() -> None:
    """HDR and bit depth are those of the main video, the layout that of the main audio."""
    other = {**VIDEO, "stream_index": 9, "is_main": False, "hdr": "SDR", "bit_depth": 8}
    dolby = {**VIDEO, "hdr": "Dolby Vision", "dv_profile": 7}
    found = columns(other, dolby, {**ENGLISH, "channel_layout": "7.1"}, {**GERMAN, "channel_layout": "5.1"})
    assert (found["hdr"], found["dolby_vision"], found["bit_depth"]) == ("Dolby Vision", 7, 10)
    assert found["audio_layout"] == "5.1"


def test_at_most_fifty_languages() -> None:
    """A file with more languages than a list can hold has the first fifty."""
    letters = "abcdefgh"
    many = [{**ENGLISH, "language": f"q{one}{other}"} for one in letters for other in letters]
    found = columns(*many)["audio_languages"].split("; ")
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
