"""Cost of the streams in a snapshot, and times of the queries about streams, in one run.

    python benchmarks/streams.py [ITEMS] [FOLDER] [LIBRARY]      # default 100,000; the files are kept

Two libraries are measured, each with and without streams:

- "mixed" is the library of `benchmarks/library.py`. 4 % of its items are movies and episodes; 6 % are other
  videos with one video and one audio stream; 25 % are audio files, half of which have a cover.
- "movies" has only movies and episodes. Each has 1 video, 1 to 12 audio and 0 to 40 subtitle streams.

"With streams" is the snapshot after a build, and "with single streams" after the first query that reads them.
Queries are measured without cached results. CPU time depends less on other work of the machine.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from library import BATCH, MIXED, VIDEOS, insert, library, quick_writes  # beside this file
from sqlalchemy import Executable

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.efficiency import efficiency
from mfkit.analysis.facets import facets
from mfkit.analysis.streams import streams
from mfkit.analysis.summary import summary
from mfkit.scan.item_rows import (
    CHAPTER_COLUMNS,
    STREAM_COLUMNS,
    chapter_values,
    stream_columns,
    stream_values,
)

SHARES = {"mixed": MIXED, "movies": VIDEOS}
RUNS = 3
MOVIES = {"mixed": 0.4, "movies": 1.0}
"""Library -> share of the videos that are movies or episodes."""
FACETS = (
    "audio_language",
    "subtitle_language",
    "audio_codec_any",
    "hdr",
    "bit_depth",
    "audio_layout",
    "pixel_format",
    "dolby_vision",
    "has_subtitles",
    "has_chapters",
    "is_interlaced",
    "is_vfr",
)
LANGUAGES = (
    "eng", "ger", "fre", "spa", "ita", "jpn", "por", "rus", "chi", "kor", "pol", "dut", "swe", "dan", "fin",
    "nor", "cze", "hun", "tur", "ara", "heb", "gre", "tha", "ice", "rum", "ukr", "hrv", "slv", "est", "lav",
)  # fmt: skip
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1(side)", 8: "7.1"}
AUDIO = (
    ("aac", "LC", 160_000), ("ac3", None, 448_000), ("eac3", None, 640_000), ("dts", "DTS-HD MA", 3_500_000),
    ("truehd", None, 4_200_000), ("opus", None, 128_000), ("flac", None, 900_000),
)  # fmt: skip
COLORS: dict[str, dict[str, Any]] = {
    "SDR": {"color_primaries": "bt709", "color_transfer": "bt709", "color_matrix": "bt709"},
    "HDR10": {
        "color_primaries": "bt2020",
        "color_transfer": "smpte2084",
        "color_matrix": "bt2020nc",
        "mastering_min_luminance": 0.0001,
        "mastering_max_luminance": 1000.0,
        "max_cll": 1000,
        "max_fall": 400,
    },
    "Dolby Vision": {
        "color_primaries": "bt2020",
        "color_transfer": "smpte2084",
        "color_matrix": "bt2020nc",
        "dv_profile": 8,
        "dv_level": 6,
        "dv_compatibility": 1,
    },
}


def with_streams(plain: Path, movies: float) -> Path:
    """Return a copy of a library whose video and audio files have streams; it is created if needed."""
    file = plain.with_stem(f"{plain.stem}-streams")
    if not file.exists():
        unfinished = file.with_suffix(".part")
        shutil.copyfile(plain, unfinished)
        with quick_writes(unfinished) as connection:
            _add(connection, movies)
        unfinished.rename(file)
    return file


def _add(connection: sqlite3.Connection, movies: float) -> None:
    draw = random.Random(17)
    found = iter(
        connection.execute(
            "SELECT i.id, i.media_type, m.rowid, m.duration, m.width, m.height, m.fps, m.video_codec, "
            "m.audio_codec, m.bitrate FROM media_items i JOIN media_metadata m ON m.rowid = i.rowid "
            "WHERE i.media_type IN ('video', 'audio') ORDER BY i.rowid"
        ).fetchall()
    )
    while batch := list(islice(found, BATCH)):
        columns: list[tuple[Any, ...]] = []
        names: tuple[str, ...] = ()
        rows: dict[str, list[tuple[Any, ...]]] = {"media_streams": [], "media_chapters": []}
        for item, kind, place, *stated in batch:
            is_movie = kind == "video" and draw.random() < movies
            read: Any = {
                "streams": _numbered(_movie(draw, *stated) if is_movie else _short(draw, kind, *stated)),
                "chapters": list(_chapters(stated[0])) if is_movie and draw.random() < 0.6 else [],
            }
            summed = stream_columns(read)
            names = tuple(summed)
            columns.append((*summed.values(), place))
            rows["media_streams"] += stream_values(read, item)
            rows["media_chapters"] += chapter_values(read, item)
        settings = ", ".join(f"{name} = ?" for name in names)
        connection.executemany(f"UPDATE media_metadata SET {settings} WHERE rowid = ?", columns)
        insert(connection, "media_streams", STREAM_COLUMNS, rows["media_streams"])
        insert(connection, "media_chapters", CHAPTER_COLUMNS, rows["media_chapters"])


def _numbered(found: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**stream, "stream_index": index} for index, stream in enumerate(found)]


def _movie(draw: random.Random, *stated: Any) -> Iterator[dict[str, Any]]:
    duration = stated[0]
    yield _video(draw, draw.choices(tuple(COLORS), (70, 20, 10))[0], *stated)
    for place in range(draw.randint(1, 12)):
        codec, profile, rate = draw.choice(AUDIO)
        yield _audio(draw, codec, profile, rate, duration, is_main=not place)
    for _ in range(draw.randint(0, 40)):
        is_text = draw.random() < 0.7
        yield {
            "kind": "subtitle",
            "codec": "subrip" if is_text else "hdmv_pgs_subtitle",
            "language": draw.choice(LANGUAGES),
            "title": draw.choice((None, None, "SDH", "Forced", "Full")),
            "is_default": False,
            "is_forced": draw.random() < 0.1,
            "is_commentary": False,
            "is_hearing_impaired": draw.random() < 0.2,
            "is_original": False,
            "bitrate": draw.randrange(40, 60_000),
            "duration": duration,
            "frames": draw.randrange(500, 2500),
            "is_text": is_text,
        }


def _short(draw: random.Random, kind: str, *stated: Any) -> Iterator[dict[str, Any]]:
    duration, _, _, _, _, codec, rate = stated
    if kind == "video":
        yield _video(draw, "SDR", *stated)
        yield _audio(draw, codec, "LC", 128_000, duration, is_main=True, language=None)
        return
    yield _audio(draw, codec, None, rate, duration, is_main=True, language=None)
    if draw.random() < 0.5:
        yield {
            "kind": "cover",
            "codec": "mjpeg",
            "width": 600,
            "height": 600,
            "pixel_format": "yuvj420p",
            "bit_depth": 8,
        }


def _video(draw: random.Random, hdr: str, *stated: Any) -> dict[str, Any]:
    duration, width, height, fps, codec, _, rate = stated
    bits = 8 if hdr == "SDR" else 10
    return {
        "kind": "video",
        "is_main": True,
        "codec": codec,
        "profile": "High" if codec == "h264" else "Main",
        "level": draw.choice((40, 41, 51, 120, 150)),
        "is_default": True,
        "is_forced": False,
        "bitrate": int(rate * draw.uniform(0.6, 0.95)),
        "duration": duration,
        "frames": int(duration * fps),
        "width": width,
        "height": height,
        "sample_aspect_ratio": "1:1",
        "fps": fps,
        "is_vfr": draw.random() < 0.02,
        "field_order": "progressive" if draw.random() < 0.95 else "tt",
        "pixel_format": "yuv420p" if bits == 8 else "yuv420p10le",
        "bit_depth": bits,
        "chroma_subsampling": "4:2:0",
        "color_range": "tv",
        "hdr": hdr,
        **COLORS[hdr],
    }


def _audio(
    draw: random.Random,
    codec: str,
    profile: str | None,
    rate: int,
    duration: float,
    *,
    is_main: bool,
    language: str | None = "",
) -> dict[str, Any]:
    channels = draw.choice((2, 2, 6, 6, 8, 1))
    return {
        "kind": "audio",
        "is_main": is_main,
        "codec": codec,
        "profile": profile,
        "language": draw.choice(LANGUAGES) if language == "" else language,
        "title": draw.choice((None, "Surround", "Stereo", "Commentary")) if language == "" else None,
        "is_default": is_main,
        "is_forced": False,
        "is_commentary": False,
        "bitrate": int(rate * draw.uniform(0.8, 1.2)),
        "duration": duration,
        "frames": int(duration * 46.875),
        "channels": channels,
        "channel_layout": LAYOUTS[channels],
        "sample_rate": 48_000,
        "is_lossless": codec in ("flac", "truehd"),
        "is_object_based": codec == "truehd",
    }


def _chapters(duration: float) -> Iterator[dict[str, Any]]:
    number = 12
    for place in range(number):
        start, end = (duration * one / number for one in (place, place + 1))
        yield {"start_time": start, "end_time": end, "title": f"Chapter {place + 1}"}


def statements() -> dict[str, Executable]:
    """Return the measured queries by name."""
    chosen = MediaFilter()
    return {
        'summary("audio_language")': summary("audio_language", chosen),
        "efficiency(limit=100)": efficiency(chosen, limit=100),
        'efficiency(kind="audio", limit=100)': efficiency(chosen, kind="audio", limit=100),
        "streams(limit=100)": streams(chosen, limit=100),
        **{f"facet {name}": facets([name], chosen) for name in FACETS},
        "all these facets at once": facets(FACETS, chosen),
        "filter all_audio_languages": summary(
            "media_type", MediaFilter.of(all_audio_languages=["German", "Japanese"])
        ),
        "filter audio_codec_any": summary("media_type", MediaFilter.of(audio_codec_any=["dts"])),
    }


def measure(name: str, number: int, folder: Path | None) -> None:
    """Print the tables of one library."""
    plain = library(number, folder, SHARES[name])
    files = (plain, with_streams(plain, MOVIES[name]))
    rows = sqlite3.connect(files[1]).execute("SELECT count(*) FROM media_streams").fetchone()[0]
    print(f"\n{name}: {number:,} items, {rows:,} streams\n")
    without, lib = (MediaLibrary(file) for file in files)
    runs: list[tuple[tuple[float, float], ...]] = []
    sizes: list[int] = []
    for _ in range(RUNS):
        # Alternating, so that other work of the machine affects all of them.
        built, rebuilt = seconds(without.refresh), seconds(lib.refresh)
        sizes = [_size(without), _size(lib)]
        runs.append((built, rebuilt, seconds(lambda: lib.streams(limit=1))))
    sizes.append(_size(lib))
    wall, cpu = ([statistics.median(run[step][kind] for run in runs) for step in range(3)] for kind in (0, 1))
    print("| snapshot | without streams | with streams | ratio | with single streams | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for label, values in (
        ("size, MB", [size / 1e6 for size in sizes]),
        ("build, s", [wall[0], wall[1], wall[1] + wall[2]]),
        ("build, s of CPU time", [cpu[0], cpu[1], cpu[1] + cpu[2]]),
    ):
        ratios = [f"{value:.2f} | {value / values[0]:.2f}" for value in values[1:]]
        print(f"| {label} | {values[0]:.2f} | {' | '.join(ratios)} |")
    print("\n| query | ms | CPU time, ms |\n| --- | ---: | ---: |")
    for label, statement in statements().items():
        taken = [seconds(partial(_uncached, lib, statement)) for _ in range(RUNS + 1)][1:]
        milliseconds = [statistics.median(one[kind] for one in taken) * 1e3 for kind in (0, 1)]
        print(f"| `{label}` | {milliseconds[0]:.0f} | {milliseconds[1]:.0f} |", flush=True)
    for one in (without, lib):
        one.close()


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the time and the CPU time of a function, including its child processes, which have ended."""
    started, before = time.perf_counter(), os.times()
    work()
    return time.perf_counter() - started, sum(os.times()[:4]) - sum(before[:4])


def _size(lib: MediaLibrary) -> int:
    found = lib.snapshot()
    assert found is not None
    return found.bytes


def _uncached(lib: MediaLibrary, statement: Executable) -> None:
    """Run a statement without cached results."""
    engine: Any = lib._library._snapshot
    engine._current_session()._cached.clear()
    lib.frame(statement)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    given = dict(enumerate(sys.argv))
    for chosen in (given[3],) if 3 in given else SHARES:
        measure(chosen, int(given.get(1, 100_000)), Path(given[2]) if 2 in given else None)
