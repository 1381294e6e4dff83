"""Filters on streams that hypothesis draws: any, all and none of the languages, and every other field."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mfkit import MediaFilter
from mfkit.filters.filter_values import SUBTITLE_FORMATS

_NAMES = ["German", "eng", "fr", "spa"]
_languages = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3)
_languages_or_states = st.lists(st.sampled_from([*_NAMES, "und", "none"]), min_size=1, max_size=3)
STREAM_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "audio_codec_any": st.lists(st.sampled_from(["AAC", "ac3", "x; y", ""]), min_size=1, max_size=2),
    **{
        f"{how}{kind}_language{plural}": _languages if how else _languages_or_states
        for kind in ("audio", "subtitle")
        for how, plural in (("", ""), ("all_", "s"), ("no_", "s"))
    },
    "min_channels": st.integers(1, 9),
    "hdr": st.lists(st.sampled_from(["SDR", "HDR10", "HDR10+", "HLG"]), min_size=1, max_size=3),
    "dolby_vision": st.lists(st.integers(4, 8), min_size=1, max_size=3),
    "bit_depth": st.lists(st.sampled_from([8, 10, 12]), min_size=1, max_size=2),
    "pixel_format": st.sampled_from(["yuv420p", "YUV420P10LE", "x"]),
    "audio_layout": st.sampled_from(["stereo", "5.1(SIDE)", "x"]),
    "is_vfr": st.booleans(),
    "is_interlaced": st.booleans(),
    "subtitle_format": st.lists(st.sampled_from(SUBTITLE_FORMATS), min_size=1, max_size=2),
    "has_subtitles": st.booleans(),
    "has_chapters": st.booleans(),
}
"""Filter field -> strategy for its value."""


@st.composite
def stream_filters(draw: st.DrawFn) -> MediaFilter:
    """Draw a filter of one to three fields about streams, of all items or of those that exist."""
    fields = draw(st.lists(st.sampled_from(sorted(STREAM_FIELDS)), min_size=1, max_size=3, unique=True))
    values = {name: draw(STREAM_FIELDS[name]) for name in fields}
    return MediaFilter.of(**values, missing=draw(st.sampled_from([False, None])))
