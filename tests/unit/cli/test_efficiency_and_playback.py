"""Output of the commands about streams: efficiency and playable."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import media_streams
from tests.samples import item


def store_movies(lib: MediaLibrary, *movies: tuple[str, str, int]) -> None:
    """Store movies with a name, a MIME type and the bit rate of their video."""

    async def add() -> None:
        async with lib.database.session() as session:
            for name, mime_type, bitrate in movies:
                stored = item(
                    f"/m/{name}", facts={"stream_count": 1}, mime_type=mime_type, media_type="video"
                )
                session.add(stored)
                await session.flush()
                video = {"kind": "video", "is_main": True, "codec": "h264", "hdr": "SDR", "bitrate": bitrate}
                size = {"width": 1920, "height": 1080, "fps": 25.0, "duration": 1000.0}
                row = {"media_item_id": stored.id, "stream_index": 0, **video, **size}
                await session.execute(insert(media_streams).values(row))
            await session.commit()

    run_sync(add())


@pytest.fixture
def movies(here: MediaLibrary) -> MediaLibrary:
    """Library in the current folder with three movies, one of them in Matroska."""
    store_movies(
        here,
        ("a.mp4", "video/mp4", 4_000_000),
        ("b.mp4", "video/mp4", 6_000_000),
        ("c.mkv", "video/matroska", 16_000_000),
    )
    return here


def test_efficiency(movies: MediaLibrary, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The table has the most savings first, in its second column, and the last line their sum."""
    rows = mfkit_rows("efficiency")
    assert rows[0] == [
        "file_path",
        "saves",
        "outlier",
        "codec",
        "bits_per_pixel",
        "median_bits_per_pixel",
        "score",
        "peers",
    ]
    assert [row[0] for row in rows[1:4]] == ["/m/c.mkv", "/m/b.mp4", "/m/a.mp4"]
    # The median of 0.1157 bits per pixel is 5,997,888 bit/s.
    assert rows[-1] == ["Re-encoding 2 streams to the usual bit rate would save 1.25 GB."]
    found = mfkit_json("efficiency")
    assert [row["saves"] for row in found] == [2_000_000_000 - 749_736_000, 750_000_000 - 749_736_000, 0]
    assert mfkit_json("efficiency", "--outlier", "bloated") == []
    assert mfkit_rows("efficiency", "--kind", "audio") == [
        ["No audio stream with a known bit rate was found. Choose another filter, kind or outlier."]
    ]
    assert mfkit_rows("efficiency", "--outlier", "bloated") == [
        ["No bloated stream with a known bit rate was found. Choose another filter, kind or outlier."]
    ]


def test_savings_of_the_listed_streams(movies: MediaLibrary, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The last line adds up all streams that would become smaller, also those that are not shown."""
    store_movies(movies, ("d.mp4", "video/mp4", 9_000_000))
    end = "to the usual bit rate would save"
    whole = mfkit_rows("efficiency", "--limit", "0")
    assert whole[-1] == [f"Re-encoding 2 streams {end} 1.25 GB."]
    part = mfkit_rows("efficiency", "--limit", "1")
    assert (len(whole), len(part)) == (6, 3) and part[-1] == whole[-1]
    assert [len(mfkit_json("efficiency", "--limit", limit)) for limit in ("0", "3")] == [4, 3]


def test_playable(movies: MediaLibrary, mfkit: Any, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The table lists what does not play directly, up to the limit; the last line counts what does."""
    rows = mfkit_rows("playable", "safari")
    assert rows == [
        ["file_path", "plays", "reasons"],
        ["/m/c.mkv", "remux", "container video/matroska"],
        ["safari plays 2 of 3 items directly."],
    ]
    assert mfkit_rows("playable", "tv-2016") == [["tv-2016 plays 3 of 3 items directly."]]
    plays = {row["file_path"]: row["plays"] for row in mfkit_json("playable", "safari")}
    assert plays == {"/m/a.mp4": "directly", "/m/b.mp4": "directly", "/m/c.mkv": "remux"}
    store_movies(movies, ("d.mkv", "video/matroska", 9_000_000))
    assert mfkit("playable", "safari", "--limit", "2").err == ""
    done = mfkit("playable", "safari", "--limit", "1")
    assert done.err == "1 more item not shown. List all with --limit 0.\n" and len(done.out.splitlines()) == 3
    assert mfkit_rows("playable", "safari", "--media-type", "image") == [
        ["No video and no audio file in this selection."]
    ]
