"""Lists of streams: of scanned files, of filtered items, and of libraries whose streams are not known yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert, text

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.library.stream_methods import chapter_rows, describe_stream
from mfkit.models import media_chapters
from tests.requirements import require
from tests.samples import item, store


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Folder with a movie that has two audio streams and a subtitle, and a file without streams."""
    require(shutil.which("ffmpeg"), "ffmpeg", "ffmpeg")
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "note.txt").write_text("x", encoding="utf-8")
    subtitle = tmp_path / "a.srt"
    subtitle.write_text("1\n00:00:00,000 --> 00:00:00,500\nHello\n", encoding="utf-8")
    command = "ffmpeg -v error -f lavfi -i testsrc=s=64x48:d=1:r=25 -f lavfi -i sine=d=1 -f lavfi -i sine=d=1"
    options = (
        "-map 0 -map 1 -map 2 -map 3 -c:v libx264 -pix_fmt yuv420p -c:s srt -c:a:0 aac -c:a:1 flac -ac:a:1 2"
    )
    options += " -metadata:s:a:0 language=deu -metadata:s:a:1 language=eng -metadata:s:s:0 language=fra"
    inputs = [*command.split(), "-i", str(subtitle)]
    subprocess.run([*inputs, *options.split(), str(folder / "movie.mkv")], check=True)
    for path in folder.iterdir():  # A scan always hashes a file again that changed just before it was read.
        os.utime(path, (1_500_000_000, 1_500_000_000))
    return folder


def write(library: MediaLibrary, *statements: str) -> None:
    """Run statements on the library database."""

    async def run() -> None:
        async with library.database.transaction() as connection:
            for statement in statements:
                await connection.execute(text(statement))

    run_sync(run())


def rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[list[Any]]:
    """Return columns of a DataFrame as lists, with None for null."""
    chosen = frame[list(columns)].astype(object)
    return chosen.where(chosen.notna(), None).to_numpy().tolist()


def test_streams_of_a_scanned_movie(library: MediaLibrary, media: Path) -> None:
    """Each stream is one row with the path of its item."""
    library.scan(media, progress=False)
    found = library.streams()
    assert rows(found, ["stream_index", "kind", "codec", "language", "is_main"]) == [
        [0, "video", "h264", None, True],
        [1, "audio", "aac", "ger", True],
        [2, "audio", "flac", "eng", False],
        [3, "subtitle", "subrip", "fre", False],
    ]
    assert set(found["file_path"]) == {str(media / "movie.mkv")}
    assert set(found["id"]) == set(library.items(media_type="video")["id"])


def test_kind_filter_and_limit(library: MediaLibrary, media: Path) -> None:
    """Streams are selected by their kind, and by the items that they belong to."""
    library.scan(media, progress=False)
    assert rows(library.streams(kind="audio"), ["codec"]) == [["aac"], ["flac"]]
    assert rows(library.streams(limit=1), ["kind"]) == [["video"]]
    assert library.streams(media_type="audio").empty
    with pytest.raises(FilterError, match="'subtitles' is not a kind of stream. Did you mean 'subtitle'"):
        library.streams(kind="subtitles")  # type: ignore[arg-type]  # the test is about this mistake
    with pytest.raises(FilterError, match="limit is -1. Use 0 or more"):
        library.streams(limit=-1)


def test_columns_of_the_item(library: MediaLibrary, media: Path) -> None:
    """An item lists its languages and codecs; a text file has no known streams."""
    library.scan(media, progress=False)
    names = ["stream_count", "audio_languages", "subtitle_languages", "audio_codecs", "subtitle_count"]
    assert rows(library.items(order_by="file_path"), [*names, "most_channels", "bit_depth", "hdr"]) == [
        [4, "eng; ger", "fre", "aac; flac", 1, 2, 8, "SDR"],
        [None] * 8,
    ]


def test_streams_are_replaced_when_a_file_changes(library: MediaLibrary, media: Path) -> None:
    """A file that is replaced by one with fewer streams keeps none of the old ones."""
    library.scan(media, progress=False)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(media / "movie.mkv"), "-map", "0:a:1", "-c", "copy"]
    subprocess.run([*command, str(media / "new.mkv")], check=True)
    (media / "new.mkv").replace(media / "movie.mkv")
    library.scan(media, progress=False)
    assert rows(library.streams(), ["stream_index", "codec", "language"]) == [[0, "flac", "eng"]]
    (media / "movie.mkv").unlink()
    library.scan(media, progress=False)
    assert library.streams().empty
    assert rows(library.streams(missing=True), ["codec"]) == [["flac"]]


def test_old_libraries_get_their_streams_without_hashing(library: MediaLibrary, media: Path) -> None:
    """Streams are unknown until the next scan, which reads the metadata again but keeps the stored hash."""
    library.scan(media, progress=False)
    stored = "f" * 64  # If the scan hashed the content, it would replace this hash.
    write(
        library,
        "DELETE FROM media_streams",
        "UPDATE media_metadata SET stream_count = NULL, audio_languages = NULL, subtitle_count = NULL",
        "UPDATE scans SET extractor_version = 4",
        f"UPDATE media_items SET file_hash = '{stored}' WHERE media_type = 'video'",
    )
    assert library.streams().empty
    assert rows(library.items(media_type="video"), ["stream_count"]) == [[None]]
    assert library.scan(media, progress=False).total.updated == 2
    assert len(library.streams()) == 4
    assert rows(library.items(media_type="video"), ["stream_count", "audio_languages", "file_hash"]) == [
        [4, "eng; ger", stored]
    ]


def test_metadata_lists_streams(library: MediaLibrary, media: Path) -> None:
    """The metadata of an item describes each stream in words."""
    library.scan(media, progress=False)
    found = library.metadata(library.items(media_type="video")["id"][0])
    assert rows(found[found["group"] == "streams"], ["field", "value", "origin"]) == [
        ["video", "h264, High, 64 × 48 px, 25 frames/s, 8 bit", "container"],
        ["audio", "German, aac, LC, mono, 44.1 kHz, default", "container"],
        ["audio", "English, flac, stereo, 44.1 kHz", "container"],
        ["subtitle", "French, subrip, text", "container"],
    ]


def test_description_of_a_stream() -> None:
    """HDR, channels without a layout, subtitles as images, flags and titles are described."""
    assert describe_stream({"kind": "video", "hdr": "Dolby Vision", "dv_profile": 7, "bit_depth": 10}) == (
        "10 bit, Dolby Vision profile 7"
    )
    assert describe_stream({"kind": "audio", "channels": 3, "language": "qaa"}) == "qaa, 3 channels"
    subtitle = {"kind": "subtitle", "is_text": False, "is_forced": True, "title": "Signs", "is_default": None}
    assert describe_stream(subtitle) == "images, forced, “Signs”"
    flags = ("default", "commentary", "hearing impaired", "original")
    for flag in flags:
        name = f"is_{flag.replace(' ', '_')}"
        assert describe_stream({"kind": "audio", "codec": "aac", name: True}) == f"aac, {flag}"
        assert describe_stream({"kind": "audio", "codec": "aac", name: False}) == "aac"


def test_description_of_chapters() -> None:
    """A chapter has its start as a clock, and its title if it has one."""
    chapters = pd.DataFrame({"start_time": [0.0, 3723.9], "title": ["Intro", None]})
    assert list(chapter_rows(chapters)) == ["0:00:00 Intro", "1:02:03"]


def test_chapters_are_in_the_order_of_the_file(lib: MediaLibrary) -> None:
    """They are sorted neither by title nor by start, and those of other items are not listed."""
    first, second = item("/m/a.mp4", facts={}), item("/m/b.mp4", facts={})
    store(lib, first, second)

    async def add() -> None:
        chapters = [
            (second.id, 0, 0.0, "Z"),
            (first.id, 0, 0.0, "Z"),
            (first.id, 1, 9.0, "A"),
            (first.id, 2, 5.0, "B"),
        ]
        names = ("media_item_id", "chapter_index", "start_time", "title")
        async with lib.database.transaction() as connection:
            values = [dict(zip(names, one, strict=True)) for one in chapters]
            await connection.execute(insert(media_chapters), values)

    run_sync(add())
    found = lib.metadata(first.id)
    assert rows(found[found["group"] == "chapters"], ["value"]) == [
        ["0:00:00 Z"],
        ["0:00:09 A"],
        ["0:00:05 B"],
    ]
