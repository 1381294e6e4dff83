"""Formats: codecs by their usual names, HDR, languages in English, and playback, equal to the frames."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from mfkit import MediaLibrary, Report
from mfkit.core.event_loop import run_sync
from mfkit.models import media_streams
from mfkit.report.formats_section import codec_name
from tests.samples import NOON, item, store
from tests.unit.report.reading import sentences, tables


@pytest.fixture
def filled(lib: MediaLibrary) -> MediaLibrary:
    """Few large videos in two codecs, a song, a photo, and a missing video."""
    store(
        lib,
        item("/m/a.jpg", file_size=1000, facts={"width": 640, "height": 480}),
        item(
            "/m/a.mp4",
            file_size=700_000,
            facts={
                "video_codec": "hevc",
                "audio_codec": "aac",
                "duration": 10.0,
                "width": 1920,
                "height": 1080,
                "hdr": "HDR10",
                "audio_languages": "ger; eng",
                "subtitle_languages": "eng",
            },
        ),
        item(
            "/m/b.mkv",
            file_size=200_000,
            facts={"video_codec": "h264", "duration": 30.0, "hdr": "SDR", "audio_languages": "ger"},
        ),
        item("/m/c.mkv", file_size=100_000, facts={"video_codec": "h264", "duration": 70.0, "hdr": "SDR"}),
        item("/m/d.mp3", file_size=7_000, facts={"audio_codec": "mp3", "audio_languages": "fre"}),
        item("/m/gone.mkv", file_size=10**9, facts={"video_codec": "av1", "hdr": "HLG"}, missing_since=NOON),
    )
    return lib


def test_codecs(filled: MediaLibrary) -> None:
    """The codec with the most bytes is not that with the most files; shares are of files with a codec."""
    section = Report(filled).formats()
    assert sentences(section)[:2] == [
        "The video codec with the most bytes is H.265 (HEVC), with 70 % of the bytes of files with video.",
        "The audio codec with the most bytes is AAC, with 99 % of the bytes of files with audio.",
    ]
    video, audio, sizes = tables(section)[:3]
    assert video == [
        ["Video codec", "Files", "Size", "Share of bytes", "Playing time"],
        ["H.265 (HEVC)", "1", "700 kB", "70 %", "10 s"],
        ["H.264", "2", "300 kB", "30 %", "1:40 min"],
    ]
    assert [row[:3] for row in audio[1:]] == [["AAC", "1", "700 kB"], ["MP3", "1", "7.00 kB"]]
    assert [row[:3] for row in sizes[1:]] == [["Full HD", "1", "700 kB"], ["SD", "1", "1.00 kB"]]


def test_dynamic_range(filled: MediaLibrary) -> None:
    """HDR videos are counted among the videos whose dynamic range is known; without any there is no table."""
    section = Report(filled).formats()
    assert sentences(section)[2] == "1 of 3 videos has a high dynamic range (HDR)."
    assert [row[:3] for row in tables(section)[3]] == [
        ["Dynamic range", "Files", "Size"],
        ["HDR10", "1", "700 kB"],
        ["Standard dynamic range (SDR)", "2", "300 kB"],
    ]
    without = Report(filled, extension="mkv").formats()
    assert sentences(without)[2] == "No video has a high dynamic range (HDR)."


def test_languages(filled: MediaLibrary) -> None:
    """Languages have English names, and a video with two of them counts for both; songs do not count."""
    section = Report(filled).formats()
    assert sentences(section)[3] == "The most frequent audio language is German: 2 of 3 videos have it."
    assert tables(section)[4] == [
        ["Language", "Videos with audio", "Videos with subtitles"],
        ["German", "2", "0"],
        ["English", "1", "1"],
    ]
    by_language = filled.crosstab("audio_language", "media_type")["video"]
    assert (by_language["ger"], by_language["eng"], by_language["fre"]) == (2, 1, 0)
    nothing = Report(filled, text="c.mkv").formats()
    assert "No video states the language of its audio or subtitles." in sentences(nothing)
    assert not [one for one in sentences(Report(filled, media_type="audio").formats()) if "language" in one]


def _streams(lib: MediaLibrary, path: str, mime_type: str, *codecs: tuple[str, str]) -> None:
    async def add() -> None:
        async with lib.database.session() as session:
            stored: Any = item(path, facts={"stream_count": len(codecs)}, mime_type=mime_type)
            session.add(stored)
            await session.flush()
            for index, (kind, codec) in enumerate(codecs):
                row = {"media_item_id": stored.id, "stream_index": index, "kind": kind, "codec": codec}
                await session.execute(insert(media_streams).values(is_main=True, **row))

    run_sync(add())


def test_playback(lib: MediaLibrary) -> None:
    """The numbers of each device and the reasons equal lib.playable(); subtitles are no reason."""
    store(lib, item("/m/unknown.mp4", facts={}))
    h264, aac = ("video", "h264"), ("audio", "aac")
    _streams(lib, "/m/a.mp4", "video/mp4", h264, aac)
    _streams(lib, "/m/b.mp4", "video/mp4", h264, ("audio", "dts"), ("subtitle", "dvd_subtitle"))
    _streams(lib, "/m/c.mp4", "video/mp4", ("video", "mpeg2video"), ("audio", "dts"))
    section = Report(lib).formats()
    assert "1 of 3 videos and audio files plays directly in Chrome and Edge." in sentences(section)
    devices, reasons = tables(section)[-2:]
    kinds = ["directly", "remux", "audio only", "transcode"]
    names = ["chromium", "firefox", "safari", "apple-tv", "chromecast", "tv-2016"]
    for row, target in zip(devices[1:], names, strict=True):
        plays = lib.playable(target)["plays"].value_counts()
        assert row[1:] == [str(plays.get(kind, 0)) for kind in kinds]
    assert devices[1] == ["Chrome and Edge", "1", "0", "1", "1"]
    assert reasons == [["Reason", "Files"], ["Audio codec DTS", "2"], ["Video codec MPEG-2", "1"]]
    part = Report(lib, text="b.mp4").formats()
    assert "0 of 1 video or audio file play directly in Chrome and Edge." in sentences(part)
    assert tables(part)[-1] == [["Reason", "Files"], ["Audio codec DTS", "1"]]


def test_no_streams_are_known(lib: MediaLibrary) -> None:
    """Files that were not scanned with streams have no playback numbers."""
    store(lib, item("/m/unknown.mp4", facts={}))
    assert sentences(Report(lib).formats())[-1] == "The streams of these files are not known yet."


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("hevc", "H.265 (HEVC)"),
        ("pcm_s16le", "PCM, 16 bit"),
        ("pcm_s24be", "PCM, 24 bit, big-endian"),
        ("pcm_alaw", "pcm_alaw"),
        ("<b>", "<b>"),
    ],
)
def test_codec_name(codec: str, name: str) -> None:
    """Codecs without a known name keep FFmpeg's."""
    assert codec_name(codec) == name
