"""Exact estimates of `savings` at the bounds of its rules."""

from __future__ import annotations

from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.analysis.encoding_assumptions import GENERATIONS
from tests.samples import NOON, item, store

# Full HD in HEVC: 5,150 kb/s, with 128 kb/s for the audio.
SLOW, FAST = 5_150_000 / 8 * 1000, 1.5 * 5_150_000 / 8 * 1000


def video(name: str, size: int = 2_000_000_000, **facts: Any) -> Any:
    """Return a Full HD video of 1,000 seconds without audio."""
    known = {"duration": 1000.0, "width": 1920, "height": 1080, "video_codec": "h264"}
    return item(f"/m/{name}.mp4", file_size=size, facts=known | facts)


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (None, SLOW),
        (24.0, SLOW),
        (30000 / 1001, SLOW),
        (30.0, SLOW),
        (30.5, SLOW),
        (31.0, FAST),
        (60.0, FAST),
    ],
)
def test_high_frame_rate_begins_above_30(lib: MediaLibrary, fps: float | None, expected: float) -> None:
    """Up to 30 frames per second have the assumed rate, more have 1.5 times as much."""
    store(lib, video("v", fps=fps))
    assert lib.savings("hevc")["bytes_expected"].tolist() == [expected]


def test_assumed_rates(lib: MediaLibrary) -> None:
    """The estimates are the published rates in kb/s, with 128 kb/s for the audio of a video."""
    videos: dict[str, dict[str, Any]] = {
        "silent": {},
        "loud": {"audio_codec": "dts"},
        "4K": {"width": 3840, "height": 2160},
        "fast": {"audio_codec": "aac", "fps": 50.0},
    }
    songs = [
        item(f"/m/{codec}.mp3", file_size=31_000_000, facts={"duration": 1000.0, "audio_codec": codec})
        for codec in ("mp3", "vorbis", "aac")
    ]
    store(lib, *(video(name, 10**10, **facts) for name, facts in videos.items()), *songs)

    def rates(target: str) -> dict[str, list[float]]:
        frame = lib.savings(target)
        found = {}
        for row in frame.to_dict("records"):
            size = row["saves_expected"] + row["bytes_expected"]
            sizes = (size - row["saves_high"], row["bytes_expected"], size - row["saves_low"])
            found[str(row["file_path"])[3:-4]] = [size * 8 / 1000 / 1000 for size in sizes]
        return found

    assert rates("hevc") == {
        "silent": [4_500, 5_150, 5_800],
        "loud": [4_628, 5_278, 5_928],
        "4K": [11_600, 14_200, 16_800],
        "fast": [6_878, 7_853, 8_828],
    }
    # With 248 kb/s, AAC and its generation lie below the high rate.
    assert rates("aac") == {"mp3": [128, 192, 248]}
    assert rates("opus") == dict.fromkeys(("mp3", "vorbis", "aac"), [96, 128, 160])


def test_order_and_limit(lib: MediaLibrary) -> None:
    """The most expected savings come first, and a limit keeps those."""
    store(lib, video("small", 1_000_000_000), video("large", 3_000_000_000), video("middle"))
    frame = lib.savings("hevc")
    assert frame["file_path"].tolist() == ["/m/large.mp4", "/m/middle.mp4", "/m/small.mp4"]
    assert frame["saves_expected"].tolist() == [
        3_000_000_000 - SLOW,
        2_000_000_000 - SLOW,
        1_000_000_000 - SLOW,
    ]
    assert lib.savings("hevc", limit=1)["file_path"].tolist() == ["/m/large.mp4"]
    assert frame["bitrate"].tolist() == [24_000_000, 16_000_000, 8_000_000]


def test_range_of_savings(lib: MediaLibrary) -> None:
    """The low savings belong to the high rate, the high savings to the low rate, and none is negative."""
    store(lib, video("v"), video("tight", 700_000_000))
    frame = lib.savings("hevc").set_index("file_path")
    low, high = 5_800_000 / 8 * 1000, 4_500_000 / 8 * 1000
    assert frame.loc["/m/v.mp4", ["saves_low", "saves_high"]].tolist() == [2e9 - low, 2e9 - high]
    assert frame.loc["/m/tight.mp4", ["saves_low", "saves_high"]].tolist() == [0, 7e8 - high]


def test_only_selected_and_present_items(lib: MediaLibrary) -> None:
    """The filter applies, and missing items are left out unless the filter asks for them."""
    gone = video("gone")
    gone.missing_since = NOON
    store(lib, video("here"), gone)
    assert lib.savings("hevc")["file_path"].tolist() == ["/m/here.mp4"]
    assert len(lib.savings("hevc", missing=None)) == 2
    assert lib.savings("hevc", min_size="3 GB").empty


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("mpeg1video", "mpeg2video"),
        ("mpeg2video", "mpeg4"),
        ("mpeg4", "h264"),
        ("h264", "hevc"),
        ("hevc", "av1"),
        ("vp9", "av1"),
        ("av1", "vvc"),
        ("mp3", "aac"),
        ("aac", "opus"),
        ("mp3", "vorbis"),
        ("vorbis", "opus"),
        ("wmav2", "musepack7"),
        ("musepack8", "opus"),
        ("theora", "mpeg4"),
        ("vp8", "vp9"),
    ],
)
def test_generations_are_ordered(older: str, newer: str) -> None:
    """Each codec is one generation before its successors; lossless codecs have none."""
    assert GENERATIONS[newer] > GENERATIONS[older] > GENERATIONS.get("flac", 0) == 0


def test_items_of_the_same_generation(lib: MediaLibrary) -> None:
    """A video in a codec of the target's generation counts only above the high estimate."""
    high = 5_800_000 * 1000 // 8
    store(lib, video("equal", high, video_codec="vp9"), video("above", high + 1, video_codec="vp9"))
    assert lib.savings("hevc")["file_path"].tolist() == ["/m/above.mp4"]
