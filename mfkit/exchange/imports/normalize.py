"""Conversion of codec names, numbers and rows, shared by the readers of exiftool, ffprobe and MediaInfo."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from mfkit.scan.extract.plausible_values import clean
from mfkit.scan.extract.schema import Metadata, apply_orientation
from mfkit.scan.stored_path import to_stored_path

# Each key, in lower case, is a codec identifier of MP4 and QuickTime files
# (https://mp4ra.org/registered-types/codecs) or a codec name from MediaInfo's field Format. Each value is
# FFmpeg's name of the codec.
_CODECS = {
    "avc1": "h264",
    "avc3": "h264",
    "avc": "h264",
    "hvc1": "hevc",
    "hev1": "hevc",
    "av01": "av1",
    "vp08": "vp8",
    "vp09": "vp9",
    "mp4v": "mpeg4",
    "mpeg-4 visual": "mpeg4",
    "jpeg": "mjpeg",
    "mjpg": "mjpeg",
    "mpeg video": "mpeg2video",
    "apch": "prores",
    "apcn": "prores",
    "apcs": "prores",
    "apco": "prores",
    "ap4h": "prores",
    "ap4x": "prores",
    "vc-1": "vc1",
    "s263": "h263",
    "mp4a": "aac",
    "aac lc": "aac",
    "mpeg audio": "mp3",
    ".mp3": "mp3",
    "ac-3": "ac3",
    "e-ac-3": "eac3",
    "ec-3": "eac3",
    "fl32": "pcm_f32be",
    "sowt": "pcm_s16le",
    "twos": "pcm_s16be",
    "samr": "amr_nb",
    "sawb": "amr_wb",
}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)


def codec_name(name: object) -> str | None:
    """Return FFmpeg's name of a codec, or the given name in lower case if the codec is unknown."""
    if not isinstance(name, str) or not name.strip():
        return None
    folded = name.strip().lower()
    return _CODECS.get(folded, folded)


def to_number(value: object) -> float | None:
    """Convert a number, or text such as ``"50.0 mm"``, to a float, or return None if it is not a number."""
    match = _NUMBER.match(value.strip()) if isinstance(value, str) else None
    if match is None and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        return None
    try:
        found = float(match[0] if match else cast(float, value))
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def to_integer(value: object) -> int | None:
    """Convert a value to an integer by rounding the result of :func:`to_number`."""
    found = to_number(value)
    return round(found) if found is not None and abs(found) < 2**62 else None


def members(value: object) -> Mapping[str, Any]:
    """Return the value if it is a JSON object. Otherwise, return an empty object."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in a JSON list. A single object is treated as a list with one element."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def ratio(value: object) -> float | None:
    """Convert a fraction such as ``"30000/1001"`` to a float."""
    before, _, after = str(value).partition("/")
    numerator, denominator = to_number(before), to_number(after or "1")
    return numerator / denominator if numerator is not None and denominator else None


def first_value(*values: object) -> Any:
    """Return the first value that is neither None nor empty text nor an empty list."""
    return next((value for value in values if value not in (None, "", [])), None)


def make_row(
    path: str, metadata: Mapping[str, Any], *, size: int | None = None, modified_at: datetime | None = None
) -> dict[str, Any]:
    """Convert a file's metadata to an import row, and clean the values as a scan does."""
    cleaned: dict[str, Any] = dict(clean(apply_orientation(cast(Metadata, metadata))))
    extra = cleaned.pop("extra", {})
    taken_at = cleaned.pop("taken_at", None)
    return {
        **cleaned,
        "file_path": to_stored_path(path),
        "file_size": size if size and size > 0 else None,
        "file_modified_at": modified_at,
        "file_created_at": taken_at,
        "extra_metadata": extra or None,
    }
