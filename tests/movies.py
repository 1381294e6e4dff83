"""Movies with realistic streams: languages, subtitles, HDR, and some bloated and starved ones."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaItem, MediaMetadata, media_streams

_LANGUAGES = ("eng", "ger", "fre", "spa", "ita", "jpn", "pol", "por", "dut", "kor", "swe")
_WEIGHTS = (40, 25, 10, 8, 5, 6, 2, 2, 1, 2, 1)
_SOURCES = (
    # weight, codec, bit depth, HDR class, width, height, median of the bits per pixel
    (30, "h264", 8, "SDR", 1920, 1080, 0.14),
    (10, "h264", 8, "SDR", 1280, 720, 0.12),
    (22, "hevc", 10, "SDR", 1920, 1080, 0.07),
    (8, "hevc", 8, "SDR", 1920, 1080, 0.08),
    (12, "hevc", 10, "HDR10", 3840, 2160, 0.1),
    (5, "hevc", 10, "Dolby Vision", 3840, 2160, 0.12),
    (3, "hevc", 10, "HDR10+", 3840, 2160, 0.11),
    (2, "hevc", 10, "HLG", 3840, 2160, 0.11),
    (1, "hevc", 10, "PQ", 3840, 2160, 0.1),
    (5, "av1", 10, "SDR", 1920, 1080, 0.045),
    (12, "mpeg2video", 8, "SDR", 720, 576, 0.45),
)
_FPS = 24000 / 1001
_AUDIO = (("ac3", 6, "5.1(side)"), ("aac", 2, "stereo"), ("dts", 6, "5.1(side)"), ("eac3", 6, "5.1(side)"))


def add_movies(lib: MediaLibrary, count: int, *, seed: int = 3, folder: str = "/movies") -> None:
    """Put movies with streams into a library, which must exist; the same seed makes the same movies."""
    dice = random.Random(seed)
    made = [_movie(dice, number, folder) for number in range(count)]

    async def add() -> None:
        async with lib.database.session() as session:
            session.add_all(movie for movie, _ in made)
            await session.flush()
            for movie, streams in made:
                for index, stream in enumerate(streams):
                    row = {"media_item_id": movie.id, "stream_index": index, **stream}
                    await session.execute(insert(media_streams).values(row))

    run_sync(add())


def _movie(dice: random.Random, number: int, folder: str) -> tuple[MediaItem, list[dict[str, Any]]]:
    _, codec, depth, hdr, width, height, usual = dice.choices(_SOURCES, [one[0] for one in _SOURCES])[0]
    seconds = dice.gauss(6_000, 900)
    rate = usual * dice.lognormvariate(0, 0.22)
    if dice.random() < 0.05:
        rate *= dice.choice((0.12, 4.5, 6.0))
    bitrate = round(rate * width * height * _FPS)
    video = {"kind": "video", "is_main": True, "codec": codec, "width": width, "height": height, "fps": _FPS}
    streams: list[dict[str, Any]] = [
        video | {"bitrate": bitrate, "duration": seconds, "hdr": hdr, "bit_depth": depth}
    ]
    spoken = _languages(dice, dice.choice((1, 1, 2, 2, 3, 5)))
    written = _languages(dice, dice.choice((0, 0, 1, 2, 4, 6)))
    is_text = dice.random() < 0.6
    unstated = dice.random() < 0.12
    main = dice.choice(_AUDIO)
    for place, language in enumerate(spoken):
        audio_codec, channels, layout = main if place == 0 else dice.choice(_AUDIO)
        streams.append(
            {
                "kind": "audio",
                "is_main": place == 0,
                "codec": audio_codec,
                "channels": channels,
                "channel_layout": layout,
                "language": None if unstated else language,
                "bitrate": 128_000 * channels // 2,
                "duration": seconds,
                "is_lossless": False,
            }
        )
    streams += [
        {"kind": "subtitle", "is_main": False, "language": language, "is_text": is_text, "codec": "subrip"}
        for language in written
    ]
    size = round(seconds / 8 * (bitrate + 192_000 * len(spoken)))
    day = datetime(2012, 1, 1, tzinfo=UTC) + timedelta(days=dice.randrange(4_500))
    path = f"{folder}/Movie {number:04d} ({day.year}).mkv"
    facts = {
        "width": width,
        "height": height,
        "duration": seconds,
        "bitrate": round(size * 8 / seconds),
        "fps": _FPS,
        "video_codec": codec,
        "audio_codec": main[0],
        "bit_depth": depth,
        "hdr": hdr,
        "stream_count": len(streams),
        "subtitle_count": len(written),
        "chapter_count": 0,
        "most_channels": 6,
        "audio_languages": None if unstated else "; ".join(spoken),
        "subtitle_languages": "; ".join(written) or None,
        "audio_codecs": main[0],
        "extra_metadata": {"format": "matroska,webm"},
    }
    movie = MediaItem(
        file_path=path,
        file_name=path.rpartition("/")[2],
        file_size=size,
        mime_type="video/x-matroska",
        media_type="video",
        file_hash=hashlib.sha256(path.encode()).hexdigest(),
        file_modified_at=day,
        media_metadata=MediaMetadata(**facts),
    )
    return movie, streams


def _languages(dice: random.Random, count: int) -> list[str]:
    """Return different languages in alphabetical order, frequent ones more often."""
    found: set[str] = set()
    while len(found) < count:
        found.update(dice.choices(_LANGUAGES, _WEIGHTS))
    return sorted(found)
