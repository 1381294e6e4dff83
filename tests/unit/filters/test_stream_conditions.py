"""Filters on streams: languages, codecs, channels, HDR, subtitles and chapters; unknown is not none."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaItem, media_streams
from tests.unit.filters.filtered_items import fill, names

ROWS: dict[str, dict[str, Any]] = {
    "german": {
        "stream_count": 4,
        "audio_languages": "ger",
        "subtitle_languages": "eng; fre",
        "subtitle_count": 2,
        "audio_codecs": "ac3; dts",
        "most_channels": 6,
        "audio_layout": "5.1(side)",
        "chapter_count": 12,
        "hdr": "HDR10",
        "bit_depth": 10,
        "pixel_format": "yuv420p10le",
        "is_vfr": False,
        "is_interlaced": False,
    },
    "dubbed": {
        "stream_count": 5,
        "audio_languages": "eng; fre; ger",
        "subtitle_languages": "ger",
        "subtitle_count": 1,
        "audio_codecs": "aac; ac3",
        "most_channels": 8,
        "audio_layout": "7.1",
        "chapter_count": 0,
        "hdr": "Dolby Vision",
        "dolby_vision": 7,
        "bit_depth": 10,
        "is_vfr": True,
        "is_interlaced": False,
    },
    "unstated": {
        "stream_count": 2,
        "subtitle_count": 0,
        "audio_codecs": "aac",
        "most_channels": 2,
        "audio_layout": "stereo",
        "chapter_count": 0,
        "hdr": "SDR",
        "bit_depth": 8,
        "pixel_format": "yuv420p",
        "is_interlaced": True,
    },
    "unread": {"audio_codec": "aac"},
    "bare": {},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"audio_language": "de"}, {"german", "dubbed"}),
        ({"audio_language": ["French", "ger"]}, {"german", "dubbed"}),
        ({"audio_language": "spa"}, set()),
        ({"audio_language": "UND"}, {"unstated"}),
        ({"audio_language": ["und", "French"]}, {"unstated", "dubbed"}),
        ({"subtitle_language": "und"}, set()),
        ({"none_of": {"audio_language": "und"}}, {"german", "dubbed", "unread", "bare"}),
        ({"all_audio_languages": ["ger", "eng"]}, {"dubbed"}),
        ({"all_audio_languages": "ger"}, {"german", "dubbed"}),
        ({"no_audio_languages": "ger"}, {"unstated"}),
        ({"no_audio_languages": ["eng", "spa"]}, {"german", "unstated"}),
        ({"audio_language": "ger", "no_audio_languages": "fre"}, {"german"}),
        ({"subtitle_language": ["fre", "ger"]}, {"german", "dubbed"}),
        ({"all_subtitle_languages": ["fre", "eng"]}, {"german"}),
        ({"no_subtitle_languages": "ger"}, {"german", "unstated"}),
        ({"audio_codec_any": "AC3"}, {"german", "dubbed"}),
        ({"audio_codec_any": ["dts", "aac"]}, {"german", "dubbed", "unstated"}),
        ({"audio_codec_any": "ac"}, set()),
        ({"min_channels": 6}, {"german", "dubbed"}),
        ({"min_channels": 7}, {"dubbed"}),
        ({"min_channels": 9}, set()),
        ({"hdr": "hdr10"}, {"german"}),
        ({"hdr": ["Dolby Vision", "SDR"]}, {"dubbed", "unstated"}),
        ({"dolby_vision": 7}, {"dubbed"}),
        ({"dolby_vision": [5, 8]}, set()),
        ({"bit_depth": 8}, {"unstated"}),
        ({"bit_depth": [8, 10]}, {"german", "dubbed", "unstated"}),
        ({"pixel_format": "YUV420P"}, {"unstated"}),
        ({"audio_layout": ["5.1(SIDE)", "stereo"]}, {"german", "unstated"}),
        ({"is_vfr": True}, {"dubbed"}),
        ({"is_vfr": False}, {"german"}),
        ({"is_interlaced": True}, {"unstated"}),
        ({"is_interlaced": False}, {"german", "dubbed"}),
        ({"has_subtitles": True}, {"german", "dubbed"}),
        ({"has_subtitles": False}, {"unstated"}),
        ({"has_chapters": True}, {"german"}),
        ({"has_chapters": False}, {"dubbed", "unstated"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
async def test_selected_items(database: Database, fields: dict[str, Any], expected: set[str]) -> None:
    """An item whose streams are not known never satisfies a condition, not even one that excludes."""
    await fill(database, ROWS)
    assert await names(database, **fields) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"audio_language": "Klingonisch"}, "audio_language: 'Klingonisch' is not a language. Use a code"),
        ({"no_subtitle_languages": "und"}, "no_subtitle_languages: 'und' is not a language"),
        ({"subtitle_format": "pgs"}, "'pgs' is not a format of subtitles. Use one of text, images"),
        ({"hdr": "HDR"}, "hdr: 'HDR' is not an HDR class. Use one of SDR, HDR10, HDR10"),
        ({"min_channels": 0}, "min_channels: Input should be greater than or equal to 1"),
        ({"resolution": "5K"}, "resolution: '5K' is not a resolution class. Use one of below SD, SD"),
    ],
)
def test_wrong_values(fields: dict[str, Any], message: str) -> None:
    """A language or a class that does not exist is refused with the reason."""
    with pytest.raises(FilterError, match=message):
        MediaFilter.of(**fields)


async def test_format_of_subtitles(database: Database) -> None:
    """One subtitle as text is enough; other media types and unknown streams have no format."""
    kept: dict[str, dict[str, Any]] = {
        name: {
            "file_path": f"/m/{name}.mkv",
            "media_type": "video",
            "stream_count": 3,
            "subtitle_count": count,
        }
        for name, count in (("both", 2), ("images", 2), ("unclear", 2), ("none", 0))
    }
    kept["unread"] = {"file_path": "/m/unread.mkv", "media_type": "video"}
    kept["song"] = {"file_path": "/m/song.mp3", "media_type": "audio", "stream_count": 1, "subtitle_count": 0}
    await fill(database, kept)
    async with database.transaction() as connection:
        for name, formats in {
            "both": (False, True),
            "images": (False, False),
            "unclear": (False, None),
        }.items():
            item_id = await connection.scalar(
                select(MediaItem.id).where(MediaItem.file_name == f"{name}.mkv")
            )
            for index, is_text in enumerate(formats):
                stream = {
                    "media_item_id": item_id,
                    "stream_index": index,
                    "kind": "subtitle",
                    "is_main": False,
                }
                await connection.execute(insert(media_streams).values(**stream, is_text=is_text))
            # A stream of another kind must not count as subtitles.
            stream = {"media_item_id": item_id, "stream_index": 9, "kind": "data", "is_main": False}
            await connection.execute(insert(media_streams).values(**stream, is_text=True))
    assert await names(database, subtitle_format="text") == {"both"}
    assert await names(database, subtitle_format="Images") == {"images"}
    assert await names(database, subtitle_format="unknown") == {"unclear"}
    assert await names(database, subtitle_format=["none", "text"]) == {"none", "both"}


def test_languages_are_stored_as_codes() -> None:
    """A filter keeps one code for each language, whatever way it was stated."""
    chosen = MediaFilter.of(audio_language=["German", "de", "deu", "English"])
    assert chosen.audio_language == ("ger", "eng")


async def test_states_of_languages(database: Database) -> None:
    """A video has unstated languages or no such streams; an audio file or an image never lacks them."""
    read = {"media_type": "video", "stream_count": 2, "subtitle_count": 0}
    kept: dict[str, dict[str, Any]] = {
        "one": read | {"subtitle_count": 1, "audio_codecs": "aac", "most_channels": 2},
        "odd": read | {"most_channels": 2},
        "silent": read,
        "unread": {"media_type": "video"},
        "song": read | {"media_type": "audio", "audio_codecs": "mp3"},
        "cover": read | {"media_type": "audio"},
    }
    await fill(database, kept)
    assert await names(database, subtitle_language="und") == {"one"}
    assert await names(database, subtitle_language="none") == {"odd", "silent"}
    assert await names(database, audio_language="und") == {"one", "odd", "song"}
    assert await names(database, audio_language="none") == {"silent"}
