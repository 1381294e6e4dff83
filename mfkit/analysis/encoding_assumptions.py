"""Assumed bit rates of well-encoded video and audio, on which the estimates of savings are based.

The rates are published recommendations, for up to 30 frames per second:

- ``h264``: Below 1440p, the low and expected rates are the lower and upper bit rate tiers of a resolution in
  Apple's HTTP Live Streaming authoring specification, section Video
  (https://developer.apple.com/documentation/http-live-streaming/hls-authoring-specification-for-apple-devices),
  and the high rate is YouTube's recommended upload rate (https://support.google.com/youtube/answer/1722171).
  From 1440p on, all rates are YouTube's.
- ``hevc``: The HEVC tiers of a resolution in Apple's specification; the expected rate is the middle of them.
- ``vp9``: Google's target rates for video on demand. The low and high rates are the recommended bounds, 0.5
  and 1.45 times the target (https://developers.google.com/media/vp9/settings/vod).
- ``av1``: The rates of VP9 minus 34 %, which is what Facebook measured for AV1 compared with libvpx-vp9
  (https://engineering.fb.com/2018/04/10/video-engineering/av1-beats-x264-and-libvpx-vp9-in-practical-use-case/).
- ``opus``: The recommendation of the Opus project for stereo music, 96 to 128 kb/s, and 160 kb/s as the high
  rate (https://wiki.xiph.org/Opus_Recommended_Settings).

Rates that these sources do not give are estimates: 8K needs three times the rate of 4K (with four times
the pixels), HEVC at 1440p lies between 1080p and 4K, the audio track of a video needs 128 kb/s, and ``aac``
needs 128 to 256 kb/s. Higher frame rates need higher bit rates, but not in proportion: for 50 and 60 frames
per second, YouTube recommends 1.5 times the rate for 25 and 30.
"""

from __future__ import annotations

from typing import NamedTuple, get_type_hints

import pandas as pd

from mfkit.errors import FilterError


class Assumption(NamedTuple):
    """Assumed bit rates of one codec and resolution.

    Attributes:
        target: FFmpeg's name of the codec to encode to.
        media_type: ``video`` or ``audio``.
        resolution: Resolution class of a video; None for audio.
        low: Bits per second for content with little motion or detail.
        expected: Bits per second for ordinary content.
        high: Bits per second for content with much motion or detail.
        high_fps: Factor by which more than 30 frames per second increase the video bit rates.
        audio: Bits per second of a video's audio track.
    """

    target: str
    media_type: str
    resolution: str | None
    low: float
    expected: float
    high: float
    high_fps: float
    audio: float


_SOUND = 128_000
_HIGH_FPS = 1.5
# These are the low, expected and high bit rates in kb/s, from the lowest resolution to the highest.
_VIDEO = {
    "h264": {
        "below SD": (145, 365, 1_000),
        "SD": (730, 1_100, 2_500),
        "HD": (3_000, 4_500, 5_000),
        "Full HD": (6_000, 7_800, 8_000),
        "QHD": (12_000, 16_000, 16_000),
        "4K": (35_000, 40_000, 45_000),
        "8K": (105_000, 120_000, 135_000),
    },
    "hevc": {
        "below SD": (145, 220, 300),
        "SD": (600, 900, 1_600),
        "HD": (2_400, 2_900, 3_400),
        "Full HD": (4_500, 5_150, 5_800),
        "QHD": (5_800, 8_100, 11_600),
        "4K": (11_600, 14_200, 16_800),
        "8K": (34_800, 42_600, 50_400),
    },
    "vp9": {
        "below SD": (138, 276, 400),
        "SD": (375, 750, 1_088),
        "HD": (512, 1_024, 1_485),
        "Full HD": (900, 1_800, 2_610),
        "QHD": (3_000, 6_000, 8_700),
        "4K": (6_000, 12_000, 17_400),
        "8K": (18_000, 36_000, 52_200),
    },
}
_AV1_OF_VP9 = 0.66
_VIDEO["av1"] = {
    name: (round(low * _AV1_OF_VP9), round(expected * _AV1_OF_VP9), round(high * _AV1_OF_VP9))
    for name, (low, expected, high) in _VIDEO["vp9"].items()
}
_AUDIO = {"opus": (96, 128, 160), "aac": (128, 192, 256)}

ASSUMPTIONS: tuple[Assumption, ...] = (
    *(
        Assumption(target, "video", name, low * 1e3, expected * 1e3, high * 1e3, _HIGH_FPS, _SOUND)
        for target, ladder in _VIDEO.items()
        for name, (low, expected, high) in ladder.items()
    ),
    *(
        Assumption(target, "audio", None, low * 1e3, expected * 1e3, high * 1e3, 1.0, 0.0)
        for target, (low, expected, high) in _AUDIO.items()
    ),
)
"""Default assumptions, one for each target codec and resolution."""

GENERATIONS: dict[str, int] = {
    **dict.fromkeys(("mpeg1video", "h261", "cinepak", "mjpeg"), 1),
    **dict.fromkeys(("mpeg2video", "h263", "flv1", "svq3", "rv30", "theora"), 2),
    **dict.fromkeys(("mpeg4", "msmpeg4v3", "wmv2", "wmv3", "rv40", "vp6f"), 3),
    **dict.fromkeys(("h264", "vc1", "vp8"), 4),
    **dict.fromkeys(("hevc", "vp9"), 5),
    "av1": 6,
    "vvc": 7,
    **dict.fromkeys(("mp2", "mp3", "wmav2", "cook"), 1),
    **dict.fromkeys(("vorbis", "aac", "musepack7", "musepack8"), 2),
    "opus": 3,
}
"""Codec -> generation; a later generation compresses better. Video and audio are numbered separately.

Lossless and unknown codecs are not listed and count as generation 0."""


_COLUMNS = list(get_type_hints(Assumption))
_NUMBERS = _COLUMNS[3:]


def assumptions() -> pd.DataFrame:
    """Return the bit rates of well-encoded video and audio that `savings` assumes.

    Returns:
        One row per target codec and resolution class: ``target`` (FFmpeg's name of the codec), ``media_type``
        (``video`` or ``audio``), ``resolution`` (as in ``summary("resolution")``; null for audio), ``low``,
        ``expected`` and ``high`` (bit/s for up to 30 frames per second), ``high_fps`` (factor for higher
        frame rates), ``audio`` (bit/s of a video's audio track). Sources: docs/analyses.md.
    """
    frame = pd.DataFrame(ASSUMPTIONS, columns=_COLUMNS)
    return frame.astype({name: "float64" if name in _NUMBERS else "str" for name in _COLUMNS})


def read_assumptions(frame: pd.DataFrame | None) -> list[Assumption]:
    """Convert a DataFrame of assumed bit rates to a list. None stands for the default list.

    Raises:
        FilterError: The frame lacks a column, or a value is out of range.
    """
    if frame is None:
        return list(ASSUMPTIONS)
    lacking = [name for name in _COLUMNS if name not in frame]
    if lacking:
        raise FilterError(
            f"The assumptions lack {', '.join(lacking)}. Use all columns of mfkit.assumptions()."
        )
    rows = []
    for values in frame[_COLUMNS].itertuples(index=False):
        target, media_type, resolution, *numbers = values
        try:
            rates = [float(number) for number in numbers]
        except (TypeError, ValueError):
            rates = []
        low, expected, high, high_fps, audio = rates or [0.0] * 5
        if not (0 < low <= expected <= high < float("inf") and 0 < high_fps < float("inf") and audio >= 0):
            raise FilterError(
                f"The assumption {dict(zip(_COLUMNS, values, strict=True))} is invalid. Use numbers above 0 "
                "for low, expected and high (bit/s), with low <= expected <= high, a high_fps above 0, and "
                "an audio (bit/s of a video's audio track) of at least 0."
            )
        named = None if pd.isna(resolution) else str(resolution)
        rows.append(Assumption(str(target), str(media_type), named, *rates))
    return rows
