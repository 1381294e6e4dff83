"""What the readers of all programs share: codecs by FFmpeg's names, numbers out of text, one shape of row."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from mfkit.scan.extract.plausible import clean
from mfkit.scan.extract.schema import Metadata, apply_orientation
from mfkit.scan.stored_path import to_stored_path

# By identifier in MP4 and QuickTime (https://mp4ra.org/registered-types/codecs) and by MediaInfo's "Format".
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
    """Return FFmpeg's name of a codec; in lower case as it is where nothing better is known."""
    if not isinstance(name, str) or not name.strip():
        return None
    folded = name.strip().lower()
    return _CODECS.get(folded, folded)


def to_number(value: object) -> float | None:
    """Return the number that a value is or begins with, as in ``"50.0 mm"``."""
    match = _NUMBER.match(value.strip()) if isinstance(value, str) else None
    if match is None and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        return None
    try:
        found = float(match[0] if match else cast(float, value))
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def to_integer(value: object) -> int | None:
    """Return the same as a whole number."""
    found = to_number(value)
    return round(found) if found is not None and abs(found) < 2**62 else None


def members(value: object) -> Mapping[str, Any]:
    """Return a JSON object, an empty one where there is another value."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a JSON list, or the one object that stands in its place."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def ratio(value: object) -> float | None:
    """Return a fraction such as ``"30000/1001"`` as a number."""
    top, _, bottom = str(value).partition("/")
    above, below = to_number(top), to_number(bottom or "1")
    return above / below if above is not None and below else None


def first_value(*values: object) -> Any:
    """Return the first value that says something."""
    return next((value for value in values if value not in (None, "", [])), None)


def make_row(
    path: str, facts: Mapping[str, Any], *, size: int | None = None, modified_at: datetime | None = None
) -> dict[str, Any]:
    """Return what a program said as a row of columns, after the cleaning that a scan does too."""
    cleaned: dict[str, Any] = dict(clean(apply_orientation(cast(Metadata, facts))))
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
