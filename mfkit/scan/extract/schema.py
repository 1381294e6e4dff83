"""Schema of a file's metadata, merging of partial metadata, and the error that extractors raise.

An extractor is a function from a file and its format to partial metadata. For each field the first
extractor that has a value is used. The fields of a pair (a location, a size) are taken from one extractor
together, or not at all. ``extra["origins"]`` records the origin of each field.
"""

import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypedDict, cast

from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source


class StatedDate(NamedTuple):
    """A date that a file states in one of its fields.

    Attributes:
        field: A name in `mfkit.scan.extract.capture_time.FIELDS`.
        value: The date, time-zone-aware if its UTC offset is known.
        precision: ``year``, ``month``, ``day``, ``minute`` or ``second``.
    """

    field: str
    value: datetime
    precision: str = "second"


class Metadata(TypedDict, total=False):
    """Metadata that a file states about itself. A missing key and the value None both mean unknown.

    Units: seconds, pixels, frames per second, bits per second, hertz, millimetres, degrees (WGS84).
    ``taken_at`` is time-zone-aware if the file states a UTC offset, and naive local time otherwise.
    Extractors list all stated dates in ``dates``, from which ``taken_at`` is chosen
    (`mfkit.scan.extract.capture_time`). ``media_type`` and ``mime_type`` correct those of the format.
    ``streams`` and ``chapters`` are lists of rows for the tables ``media_streams`` and ``media_chapters``; an
    empty list means that the file has none. ``extra`` contains JSON values.
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
    taken_precision: str | None
    dates: tuple[StatedDate, ...]
    is_compressed: bool | None
    compression_ratio: float | None
    media_type: str | None
    mime_type: str | None
    streams: list[dict[str, Any]] | None
    chapters: list[dict[str, Any]] | None
    extra: dict[str, Any]


LAST_CHANGE = "exif DateTime"
"""Origin of a capture time that is the time of the last change, because the file states no other time."""

CREATE_DATE = "xmp CreateDate"
"""Origin of a capture time that is the file's creation date in XMP, which is less certain."""

Extractor = Callable[[Source, FileFormat], Metadata]

PAIRS = (("latitude", "longitude"), ("width", "height"))
"""Fields that make sense only together."""
PARSER_ERRORS = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError, EOFError, AssertionError,
    NotImplementedError, RecursionError, struct.error,
)  # fmt: skip
"""Built-in errors that third-party parsers raise for damaged files, in addition to their own errors."""
_PAIRED = {name: pair for pair in (*PAIRS, ("taken_at", "taken_precision")) for name in pair}
_NOTHING: frozenset[str] = frozenset()


class ExtractionError(Exception):
    """Error for a file that does not follow its format. The message says what is wrong.

    Attributes:
        partial: Metadata that could be read nevertheless, such as the EXIF of a truncated JPEG.
    """

    def __init__(self, message: str, partial: Metadata | None = None) -> None:
        super().__init__(message)
        self.partial: Metadata = partial if partial is not None else {}


WITHOUT_ORIGIN = frozenset(("extra", "dates", "streams", "chapters"))
"""Fields that have no origin of their own."""


def from_origin(origin: str, metadata: Metadata) -> Metadata:
    """Drop metadata fields without a value, and record where the remaining fields come from (their origin).

    Args:
        origin: Origin of the fields, such as ``"exif"``, ``"xmp"``, ``"container"`` or ``"tag"``.
        metadata: Partial metadata; origins that are already recorded are kept.
    """
    kept: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, value in metadata.items():
        if value is None or value == ():
            continue
        kept[name] = value
        if name not in WITHOUT_ORIGIN:
            origins[name] = origin
    extra = kept.get("extra")
    if extra:
        kept["extra"] = {**extra, "origins": origins | extra.get("origins", {})}
    else:
        kept["extra"] = {"origins": origins}
    return cast(Metadata, kept)


def merge(*parts: Metadata) -> Metadata:
    """Merge partial metadata. The first value of a field, or of a pair such as width and height, is used."""
    merged: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for part in parts:
        if not part:
            continue
        part_extra = part.get("extra", {})
        part_origins = part_extra.get("origins", {})
        # Both fields of a pair must come from the same part. So if an earlier part has stated one of the two
        # fields, this part's values for both are left out.
        earlier = merged.keys() & _PAIRED.keys() if merged else _NOTHING
        for name, value in part.items():
            if value is None or name == "extra":
                continue
            if name == "dates":
                if part["dates"]:
                    merged[name] = (*merged.get(name, ()), *part["dates"])
                continue
            if name in _PAIRED:
                if not earlier.isdisjoint(_PAIRED[name]):
                    continue
            elif name in merged:
                continue
            merged[name] = value
            if name in part_origins:
                origins[name] = part_origins[name]
        for name, value in part_extra.items():
            if value is not None and name not in extra and name != "origins":
                extra[name] = value
    if origins:
        extra["origins"] = origins
    if extra:
        merged["extra"] = extra
    return cast(Metadata, merged)


COUNTED, ESTIMATED = "counted", "estimate"
"""Origins of a duration that was counted frame by frame, and of a duration that was estimated."""


def animation(frames: int, seconds: float, origin: str = COUNTED) -> Metadata:
    """Return the duration and number of frames of an animated image.

    The result is empty for fewer than two frames.
    """
    if frames < 2:
        return {}
    return from_origin(origin, {"duration": seconds or None, "extra": {"frames": frames}})


def apply_orientation(metadata: Metadata) -> Metadata:
    """Swap width and height if ``extra["orientation"]`` rotates the image by 90° or 270°."""
    extra = metadata.get("extra", {})
    if extra.get("orientation") not in (5, 6, 7, 8):
        return metadata
    swapped = metadata.copy()
    swapped["width"], swapped["height"] = metadata.get("height"), metadata.get("width")
    return swapped
