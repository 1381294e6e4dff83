"""Random filters and expressions of filters, for tests of the difficult rows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mfkit import MediaFilter
from mfkit.errors import FilterError
from tests.unit.engines.difficult_rows import SIZES, TEXTS, TIMESTAMPS
from tests.unit.engines.stream_filters import STREAM_FIELDS

names = st.sampled_from(
    [text for text in TEXTS if text] + ["beach", "BEACH", "best", "Rock", "CANON EOS 80D"]
)
several = st.lists(names, min_size=1, max_size=3)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "media_type": st.lists(st.sampled_from(["video", "audio", "image", "document", "other"]), min_size=1),
    "extension": st.sampled_from(["jpg", "JPG", "gz", "", "mp3"]),
    "video_codec": st.sampled_from(["h264", "HEVC"]),
    "min_size": st.sampled_from(SIZES),
    "max_size": st.sampled_from(SIZES),
    "min_duration": st.sampled_from([0.0, 0.125, 4.0]),
    "max_width": st.sampled_from([0, 480, 4000]),
    "min_release_year": st.sampled_from([1903, 1999, 2020]),
    "max_release_year": st.sampled_from([2020, 2021, 9999]),
    "after": st.sampled_from([moment for moment in TIMESTAMPS if moment]),
    "before": st.sampled_from([moment for moment in TIMESTAMPS if moment]),
    "folder": st.sampled_from(["/", "/a", "/a/b", "/A", "/ä"]),
    "camera": several,
    "artist": several,
    "genre": several,
    "tags": several,
    "all_tags": several,
    "no_tags": several,
    "collection": several,
    "has_location": st.booleans(),
    "duplicates": st.booleans(),
    "missing": st.sampled_from([True, False, None]),
    "box": st.sampled_from([(-90, -180, 90, 180), (0, 170, 60, -170), (51.5, 0, 51.5, 1)]),
    "near": st.sampled_from([(51.5, 0.0, 100), (0, 180, 30), (90, 0, 1)]),
    "text": st.sampled_from(["a", "beach", "日本語"]),
    **STREAM_FIELDS,
}


@st.composite
def filters(draw: st.DrawFn) -> MediaFilter:
    """Draw a filter of up to three fields that make sense together."""
    fields = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True))
    try:
        return MediaFilter.of(**{name: draw(FIELDS[name]) for name in fields})
    except FilterError:
        return MediaFilter()


def expressions(leaves: st.SearchStrategy[MediaFilter]) -> st.SearchStrategy[tuple[str, Any, Any]]:
    """Draw expressions of filters as nested tuples: an operator and its operands."""
    return st.recursive(
        leaves.map(lambda one: ("filter", one, None)),
        lambda inner: (
            st.tuples(st.sampled_from("&|"), inner, inner) | inner.map(lambda one: ("~", one, None))
        ),
        max_leaves=6,
    )


def evaluated(expression: Any, value_of: Any) -> Any:
    """Return the value of an expression whose leaves are values with the operators of Python."""
    operator, one, other = expression
    if operator == "filter":
        return value_of(one)
    first = evaluated(one, value_of)
    if operator == "~":
        return ~first
    second = evaluated(other, value_of)
    return first & second if operator == "&" else first | second
