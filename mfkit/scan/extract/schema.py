"""What every probe gives: the shape of facts, how partial facts join, and how a probe fails.

A probe is a pure function from a path and a kind to partial facts. Facts join first-wins, field by
field, except for pairs that make sense only together (a place, a picture's size): those come from one
probe or not at all. `extra["origins"]` keeps for every field what it was read from.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypedDict, cast

from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source


class Metadata(TypedDict, total=False):
    """What a file says of itself; a key that is missing or None says nothing.

    Units: seconds, pixels, frames per second, bits per second, hertz, millimetres, degrees (WGS84).
    `taken_at` is aware when the file states an offset and naive local time otherwise. `media_type` and
    `mime_type` correct the kind. `extra` holds JSON values.
    """

    duration: float | None
    width: int | None
    height: int | None
    fps: float | None
    video_codec: str | None
    audio_codec: str | None
    bitrate: int | None
    sample_rate: int | None
    channels: int | None
    artist: str | None
    album: str | None
    title: str | None
    genre: str | None
    year: int | str | None
    camera_make: str | None
    camera_model: str | None
    iso: int | None
    aperture: float | None
    shutter_speed: str | None
    focal_length: float | None
    latitude: float | None
    longitude: float | None
    location_name: str | None
    taken_at: datetime | None
    is_compressed: bool | None
    compression_ratio: float | None
    media_type: str | None
    mime_type: str | None
    extra: dict[str, Any]


LAST_CHANGE = "exif DateTime"
"""The origin of a capture time that is only the time of the last change, for want of a better one."""

Probe = Callable[[Source, FileFormat], Metadata]

_PAIRS = (("latitude", "longitude"), ("width", "height"))
_PAIRED = {name: pair for pair in _PAIRS for name in pair}


class ExtractionError(Exception):
    """A file is not what its kind promises; the message is a sentence that names what is broken."""


def from_origin(origin: str, facts: Metadata) -> Metadata:
    """Drop the fields that say nothing, and note for the others what they were read from.

    Args:
        origin: Such as ``"exif"``, ``"xmp"``, ``"container"``, ``"tag"``.
        facts: Partial facts; origins that are already noted stay.
    """
    kept = cast(Metadata, {name: value for name, value in facts.items() if value is not None})
    extra = dict(kept.get("extra", {}))
    origins = dict.fromkeys((name for name in kept if name != "extra"), origin) | extra.get("origins", {})
    kept["extra"] = extra | {"origins": origins}
    return kept


def merge(*parts: Metadata) -> Metadata:
    """Join partial facts: the first that speaks wins, and pairs are taken whole."""
    merged: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for part in parts:
        more = part.get("extra", {})
        before = frozenset(merged)
        for name, value in part.items():
            if name == "extra" or value is None or before.intersection(_PAIRED.get(name, (name,))):
                continue
            merged[name] = value
            if name in more.get("origins", {}):
                origins[name] = more["origins"][name]
        for name, value in more.items():
            if name != "origins" and value is not None:
                extra.setdefault(name, value)
    if origins:
        extra["origins"] = origins
    if extra:
        merged["extra"] = extra
    return cast(Metadata, merged)


def displayed(facts: Metadata) -> Metadata:
    """Swap width and height where the orientation in `extra` turns the picture by a quarter."""
    extra = facts.get("extra", {})
    if extra.get("orientation") not in (5, 6, 7, 8):
        return facts
    turned = facts.copy()
    turned["width"], turned["height"] = facts.get("height"), facts.get("width")
    return turned
