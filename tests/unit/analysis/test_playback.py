"""Playback on devices: each rule, the least work for each item, and rules of one's own."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

import mfkit
from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import media_streams
from tests.samples import item

MP4, MKV = "video/mp4", "video/matroska"
H264: dict[str, Any] = {"kind": "video", "is_main": True, "codec": "h264", "profile": "High", "level": 41}
H264 |= {"bit_depth": 8, "hdr": "SDR", "width": 1920, "height": 1080}
HEVC = H264 | {"codec": "hevc", "profile": "Main 10", "bit_depth": 10, "level": 153}
AAC: dict[str, Any] = {"kind": "audio", "is_main": True, "codec": "aac", "profile": "LC", "channels": 2}
PICTURES: dict[str, Any] = {"kind": "subtitle", "is_main": False, "codec": "hdmv_pgs_subtitle"}


def store(lib: MediaLibrary, mime_type: str, *streams: dict[str, Any], count: int | None = 1) -> None:
    """Store an item with streams."""

    async def add() -> None:
        async with lib.database.session() as session:
            known = {"stream_count": count}
            stored = item(
                "/m/a.mp4", facts=known, mime_type=mime_type, media_type=mime_type.partition("/")[0]
            )
            session.add(stored)
            await session.flush()
            for index, stream in enumerate(streams):
                row = {"media_item_id": stored.id, "stream_index": index, **stream}
                await session.execute(insert(media_streams).values(row))
            await session.commit()

    run_sync(add())


def verdict(lib: MediaLibrary, target: str, rules: pd.DataFrame | None = None) -> list[Any]:
    """Return how a device plays the only item, and the reasons."""
    frame = lib.playable(target, rules=rules)
    assert frame.columns.tolist() == ["id", "file_path", "plays", "reasons"]
    assert frame["file_path"].tolist() == ["/m/a.mp4"]
    return [None if pd.isna(value) else value for value in frame[["plays", "reasons"]].iloc[0]]


@pytest.mark.parametrize(
    ("mime_type", "streams", "target", "expected"),
    [
        (MP4, [H264, AAC], "chromium", ["directly", None]),
        (MKV, [H264, AAC], "chromium", ["remux", "container video/matroska"]),
        (MKV, [H264, AAC], "tv-2016", ["directly", None]),
        (MP4, [H264, AAC | {"codec": "dts"}], "chromium", ["audio only", "audio codec dts"]),
        (
            MKV,
            [HEVC, AAC | {"codec": "truehd"}],
            "chromium",
            ["transcode", "container video/matroska; video codec hevc; audio codec truehd"],
        ),
        (MP4, [HEVC, AAC], "safari", ["directly", None]),
        (MP4, [H264 | {"profile": "High 10"}, AAC], "safari", ["transcode", "h264 profile High 10"]),
        (
            MP4,
            [H264 | {"profile": None, "bit_depth": 10}],
            "safari",
            ["transcode", "h264 with 10 bits per sample"],
        ),
        (MP4, [H264 | {"level": 51}], "chromecast", ["directly", None]),
        (MP4, [H264 | {"level": 52}], "chromecast", ["transcode", "h264 with level 52"]),
        (MP4, [HEVC | {"hdr": "Dolby Vision"}], "apple-tv", ["directly", None]),
        (MP4, [HEVC | {"hdr": "Dolby Vision"}], "tv-2016", ["transcode", "hevc with Dolby Vision"]),
        (MP4, [H264, AAC | {"codec": "ac3", "channels": 6}], "apple-tv", ["directly", None]),
        (
            MP4,
            [H264, AAC | {"codec": "eac3", "channels": 9}],
            "apple-tv",
            ["audio only", "eac3 with 9 channels"],
        ),
        (MP4, [HEVC | {"width": 3840}], "apple-tv", ["directly", None]),
        (MP4, [HEVC | {"width": 3841}], "apple-tv", ["transcode", "hevc with 3841 px wide"]),
        (MP4, [HEVC | {"height": 2160}], "apple-tv", ["directly", None]),
        (MP4, [HEVC | {"height": 2161}], "apple-tv", ["transcode", "hevc with 2161 px high"]),
        (MP4, [H264, AAC, PICTURES], "safari", ["directly", "subtitle codec hdmv_pgs_subtitle"]),
        (MP4, [H264, PICTURES, PICTURES], "safari", ["directly", "subtitle codec hdmv_pgs_subtitle"]),
        (MP4, [H264 | {"hdr": None, "level": None, "bit_depth": None}], "chromium", ["directly", None]),
        (MP4, [H264 | {"codec": None}], "safari", ["transcode", "unknown video codec"]),
        (MP4, [H264, AAC, AAC | {"codec": "dts", "is_main": False}], "safari", ["directly", None]),
        ("audio/flac", [AAC | {"codec": "flac"}], "firefox", ["directly", None]),
        ("audio/matroska", [AAC | {"codec": "flac"}], "firefox", ["remux", "container audio/matroska"]),
        ("audio/mp4", [AAC | {"codec": "alac"}], "firefox", ["transcode", "audio codec alac"]),
    ],
)
def test_verdict(
    lib: MediaLibrary, mime_type: str, streams: list[dict[str, Any]], target: str, expected: list[Any]
) -> None:
    """An item needs no work, a new container, other audio, or other video; the reasons are listed."""
    store(lib, mime_type, *streams)
    assert verdict(lib, target) == expected


def test_unknown_streams(lib: MediaLibrary) -> None:
    """An item whose streams no scan has read yet is neither playable nor not playable."""
    store(lib, MP4, count=None)
    assert verdict(lib, "safari") == [None, "The streams are not known yet. Scan the folder again."]


def test_other_items_are_left_out(lib: MediaLibrary) -> None:
    """Images are left out."""
    store(lib, "image/jpeg")
    assert lib.playable("safari").empty


def test_rules_can_be_replaced(lib: MediaLibrary) -> None:
    """A changed limit, and a target of one's own, decide instead of the shipped rules."""
    store(lib, MP4, H264, AAC)
    rules = mfkit.playback_rules()
    is_video = rules["part"].eq("video") & rules["name"].eq("h264")
    assert verdict(lib, "chromecast", rules.assign(max_level=rules["max_level"].mask(is_video, 40))) == [
        "transcode",
        "h264 with level 41",
    ]
    own = rules[rules["target"] == "safari"].assign(target="kitchen")
    assert verdict(lib, "kitchen", own) == ["directly", None]


def test_shipped_rules() -> None:
    """Each target has rules for containers, video, audio and subtitles, and no rule is listed twice."""
    rules = mfkit.playback_rules()
    assert sorted(set(rules["target"])) == [
        "apple-tv",
        "chromecast",
        "chromium",
        "firefox",
        "safari",
        "tv-2016",
    ]
    for _, group in rules.groupby("target"):
        assert set(group["part"]) == {"container", "video", "audio", "subtitle"}
    assert not rules.duplicated(["target", "part", "name"]).any()


def test_invalid_rules(lib: MediaLibrary) -> None:
    """An unknown target, a missing column, an unknown part and a limit that is not a number are errors."""
    rules = mfkit.playback_rules()
    with pytest.raises(FilterError, match="no device 'apple'.*Use one of chromium, firefox"):
        lib.playable("apple")
    with pytest.raises(FilterError, match="lack part, hdr"):
        lib.playable("safari", rules=rules.drop(columns=["part", "hdr"]))
    with pytest.raises(FilterError, match="unknown part 'picture'"):
        lib.playable("safari", rules=rules.assign(part="picture"))
    with pytest.raises(FilterError, match="Limits must be numbers"):
        lib.playable("safari", rules=rules.assign(max_level="high"))
