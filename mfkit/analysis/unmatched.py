"""Values of a filter that no item has, and the existing values closest to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mfkit.analysis.facets import FACETS
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.suggestions import closest

FIELDS: dict[str, str] = {
    **{field: dimension for dimension, field in FACETS.items() if field not in ("media_type", "resolution")},
    "all_tags": "tag",
}
"""Field of the filter -> the dimension that has its values; the fields whose values are not a fixed set."""

_ALIASES: dict[str, tuple[str, ...]] = {
    "h265": ("hevc",),
    "h.265": ("hevc",),
    "x265": ("hevc",),
    "hvc1": ("hevc",),
    "h264": ("h264",),
    "h.264": ("h264",),
    "x264": ("h264",),
    "avc": ("h264",),
    "avc1": ("h264",),
    "mpeg2": ("mpeg2video",),
    "mpeg1": ("mpeg1video",),
    "xvid": ("mpeg4",),
    "divx": ("mpeg4",),
    "jpeg": ("jpg",),
    "jpg": ("jpeg",),
    "tiff": ("tif",),
    "tif": ("tiff",),
    "mpeg": ("mpg",),
    "mpg": ("mpeg",),
    "mkv": ("matroska,webm", "matroska"),
    "matroska": ("mkv",),
    "m4a": ("aac", "alac"),
    "ogg": ("vorbis", "opus"),
    "wav": ("pcm_s16le",),
    "pcm": ("pcm_s16le", "pcm_s24le"),
}


def values(chosen: MediaFilter) -> Iterator[tuple[str, str]]:
    """Yield each field and value of a filter that may exist in no item."""
    for field in FIELDS:
        for value in getattr(chosen, field) or ():
            yield field, value


def message(field: str, value: str, existing: Sequence[str]) -> str:
    """Return the sentence that says that no item has a value, with the closest of the existing values."""
    name = FIELDS[field].replace("_", " ")
    begin = f"No item is in the {name}" if field == "collection" else f"No item has the {name}"
    meant = [one for one in _ALIASES.get(value.lower(), ()) if one in existing] or closest(value, existing)
    question = f" Did you mean {' or '.join(map(repr, meant))}?" if meant else ""
    return f"{begin} {value!r}.{question}"
