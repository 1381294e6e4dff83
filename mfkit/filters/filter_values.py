"""Types, validation and conversion of the values that a caller may pass to a filter's fields."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypedDict
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from mfkit.errors import did_you_mean
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.text_search import storable_words
from mfkit.filters.units import parse_duration, parse_size
from mfkit.language_codes import language_code
from mfkit.models import LOOKS_LIKE, MediaType

if TYPE_CHECKING:
    from mfkit.filters.media_filter import MediaFilter

_MAX_CORNERS = 500
MAX_IDS = 10_000
"""Maximum number of ids, because SQLite allows 32,766 bind parameters in a statement."""


class Box(NamedTuple):
    """A rectangle on the map, in degrees. If west is greater than east, it crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float


class Near(NamedTuple):
    """A circle on the globe: a point in degrees and a radius in kilometres."""

    latitude: float
    longitude: float
    radius_km: float


Texts = str | Collection[str]
Bytes = int | float | str
Seconds = int | float | str
Timestamp = int | str | date


class SearchFields(TypedDict, total=False):
    """The fields of :class:`MediaFilter` except ``text``, with the types that a caller may pass."""

    id: UUID | str | Collection[UUID | str] | None
    media_type: MediaType | Texts | Collection[MediaType] | None
    mime_type: Texts | None
    extension: Texts | None
    video_codec: Texts | None
    audio_codec: Texts | None
    audio_codec_any: Texts | None
    audio_language: Texts | None
    all_audio_languages: Texts | None
    no_audio_languages: Texts | None
    subtitle_language: Texts | None
    all_subtitle_languages: Texts | None
    no_subtitle_languages: Texts | None
    min_channels: int | None
    hdr: Texts | None
    dolby_vision: int | Collection[int] | None
    bit_depth: int | Collection[int] | None
    pixel_format: Texts | None
    audio_layout: Texts | None
    is_vfr: bool | None
    is_interlaced: bool | None
    subtitle_format: Texts | None
    has_subtitles: bool | None
    has_chapters: bool | None
    container: Texts | None
    resolution: Texts | None
    looks_like: Texts | None
    orientation: Texts | None
    min_size: Bytes | None
    max_size: Bytes | None
    min_duration: Seconds | None
    max_duration: Seconds | None
    min_width: int | None
    max_width: int | None
    min_height: int | None
    max_height: int | None
    year: int | Collection[int] | None
    release_year: int | Collection[int] | None
    min_release_year: int | None
    max_release_year: int | None
    after: Timestamp | None
    before: Timestamp | None
    folder: str | PurePath | None
    camera: Texts | None
    lens: Texts | None
    artist: Texts | None
    album: Texts | None
    album_artist: Texts | None
    genre: Texts | None
    people: Texts | None
    min_rating: float | None
    max_rating: float | None
    rating: float | Collection[float] | None
    track: int | Collection[int] | None
    disc: int | Collection[int] | None
    tags: Texts | None
    all_tags: Texts | None
    no_tags: Texts | None
    collection: Texts | None
    has_date: bool | None
    has_location: bool | None
    country: Texts | None
    region: Texts | None
    place: Texts | None
    box: Sequence[float] | None
    area: Sequence[Sequence[float]] | None
    near: Sequence[float] | None
    missing: bool | None
    duplicates: bool | None
    all_of: MediaFilter | Mapping[str, Any] | Collection[MediaFilter | Mapping[str, Any]] | None
    any_of: MediaFilter | Mapping[str, Any] | Collection[MediaFilter | Mapping[str, Any]] | None
    none_of: MediaFilter | Mapping[str, Any] | Collection[MediaFilter | Mapping[str, Any]] | None


class FilterFields(SearchFields, total=False):
    """The fields of :class:`MediaFilter` as keywords, with the types that a caller may pass."""

    text: str | None


def _to_tuple(value: Any) -> Any:
    """Convert an iterable to a tuple, a single value to a tuple with one element, and keep None."""
    if value is None or isinstance(value, tuple):
        return value
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        return tuple(value)
    return (value,)


def list_of_filters(value: Any) -> Any:
    """Convert one or several filters to a tuple. Return None if there is no filter."""
    return (value,) if isinstance(value, BaseModel) else _to_tuple(value) or None


def _distinct(values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return tuple(dict.fromkeys(values)) if values else None


def _named_numbers(names: Sequence[str], example: str) -> Callable[[Any], Any]:
    """Return a validator for a fixed number of named values. Its error message lists the missing names."""

    def check(value: Any) -> Any:
        if value is None or not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            return value
        if len(value) != len(names):
            absent = " and ".join(names[len(value) :])
            problem = f"has no {absent}" if absent else "has too many numbers"
            raise ValueError(f"{tuple(value)} {problem}. Give ({', '.join(names)}), for example {example}.")
        return tuple(value)

    return check


def _names(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for name in values or ():
        storable_words(name)
    return _distinct(values)


def _timestamp(value: Any, *, end: bool) -> datetime | None:
    """Convert a value to a local time without a time zone.

    A year, month or day is converted to its last microsecond if ``end``, otherwise to its first.
    """
    try:
        return _parse_timestamp(value, end=end)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{value!r} is not a date. Use 2024, '2024-05', '2024-05-17' or '2024-05-17T12:30'"
        ) from None


def _parse_timestamp(value: Any, *, end: bool) -> datetime | None:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 9999:
        value = f"{value:04d}"
    if isinstance(value, str):
        text = value.strip()
        if len(text) == 4 and text.isdigit():
            value = date.fromisoformat(f"{text}-12-31" if end else f"{text}-01-01")
        elif len(text) == 7 and text[4] == "-":
            first_day = date.fromisoformat(f"{text}-01")
            next_month = (first_day + timedelta(days=32)).replace(day=1)
            value = next_month - timedelta(days=1) if end else first_day
        else:
            value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    if isinstance(value, date) and not isinstance(value, datetime):
        clock = (23, 59, 59, 999_999) if end else (0, 0, 0, 0)
        value = datetime(value.year, value.month, value.day, *clock)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if value is None:
        return None
    raise ValueError


_KINDS_OF_NUMBERS = {
    "int_parsing": "whole number",
    "int_from_float": "whole number",
    "int_type": "whole number",
    "float_parsing": "number",
    "float_type": "number",
}
"""Type of a pydantic error -> what the value should be."""


def plain_reason(kind: str, value: Any) -> str | None:
    """Return in plain words why a value is invalid, or None if the validator's own message is plain enough.

    Args:
        kind: Type of the pydantic error (https://docs.pydantic.dev/latest/errors/validation_errors/).
        value: The value.
    """
    if kind in _KINDS_OF_NUMBERS:
        return f"{value!r} is not a {_KINDS_OF_NUMBERS[kind]}"
    if kind == "enum":
        known = [one.value for one in MediaType]
        return f"{value!r} is not one of the values. {did_you_mean(str(value), known)}Use {_either(known)}"
    return None


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _folder(value: Any) -> Any:
    if value == "":
        raise ValueError("the path is empty. Give a folder, or leave out this field for all folders")
    if isinstance(value, (str, PurePath)):
        path = os.path.abspath(os.path.expanduser(value)) if "://" not in str(value) else str(value)
        return path.replace(os.sep, "/").rstrip("/") or "/"
    return value


def _extensions(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return tuple(one.lower().removeprefix(".") for one in values) if values else None


def _one_of(names: Sequence[str], kind: str) -> Callable[[tuple[str, ...] | None], tuple[str, ...] | None]:
    """Return a validator that accepts only the given names, in upper or lower case."""
    known = {name.lower(): name for name in names}

    def check(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for value in values or ():
            if value.lower() not in known:
                raise ValueError(f"{value!r} is not {kind}. Use one of {', '.join(names)}")
        return _distinct(tuple(known[value.lower()] for value in values or ()))

    return check


def _languages(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    codes = [(value, language_code(value)) for value in values or ()]
    for value, code in codes:
        if code is None:
            raise ValueError(
                f"{value!r} is not a language. Use a code such as 'ger', or a name such as 'German'"
            )
    return _distinct(tuple(code for _, code in codes if code is not None))


def _languages_or_states(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    codes = [
        (value.lower(),) if value.lower() in LANGUAGE_STATES else _languages((value,)) or ()
        for value in values or ()
    ]
    return _distinct(tuple(code for one in codes for code in one))


def _ids(value: Any) -> Any:
    values = _to_tuple(value)
    if values is None:
        return None
    if len(values) > MAX_IDS:
        raise ValueError(f"{len(values):,} ids are too many. Give at most {MAX_IDS:,}, or tag the items")
    try:
        ids = [one if isinstance(one, UUID) else UUID(one) for one in values]
    except (ValueError, AttributeError, TypeError):
        raise ValueError("an id is not valid. Take ids from the column id of a DataFrame") from None
    return tuple(dict.fromkeys(ids))


def _box(box: Box | None) -> Box | None:
    if box is not None:
        south, west, north, east = box
        if not -90 <= south <= north <= 90 or not (-180 <= west <= 180 and -180 <= east <= 180):
            hint = f": south ({south:g}) is greater than north ({north:g})" if south > north else ""
            raise ValueError(f"{tuple(box)} is not (south, west, north, east) in degrees{hint}")
    return box


def _area(corners: Area | None) -> Area | None:
    if corners is not None and not 3 <= len(corners) <= _MAX_CORNERS:
        raise ValueError(f"the polygon has {len(corners)} corners. Give 3 to {_MAX_CORNERS}")
    for latitude, longitude in corners or ():
        if not (-90 <= latitude <= 90 and -540 <= longitude <= 540):
            raise ValueError(
                f"the corner {(latitude, longitude)} is not (latitude, longitude) in degrees. Use -90 to 90 "
                "and -540 to 540"
            )
    return corners


def _near(near: Near | None) -> Near | None:
    if near is not None:
        latitude, longitude, radius = near
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and radius >= 0):
            raise ValueError(
                f"{tuple(near)} is not (latitude, longitude, radius in km). Use -90 to 90, -180 to 180, "
                "and 0 or more"
            )
    return near


Area = tuple[tuple[float, float], ...]
Flag = bool | None
MediaTypes = Annotated[tuple[MediaType, ...] | None, BeforeValidator(_to_tuple), AfterValidator(_distinct)]
Names = Annotated[tuple[str, ...] | None, BeforeValidator(_to_tuple), AfterValidator(_names)]
Extensions = Annotated[Names, AfterValidator(_extensions)]
ORIENTATIONS = ("landscape", "portrait", "square")
Orientations = Annotated[Names, AfterValidator(_one_of(ORIENTATIONS, "an orientation"))]
Resolutions = Annotated[Names, AfterValidator(_one_of(RESOLUTION_NAMES, "a resolution class"))]
HDR_CLASSES = ("SDR", "HDR10", "HDR10+", "HLG", "Dolby Vision", "PQ")
"""HDR classes of videos. ``PQ`` is the PQ transfer without HDR metadata."""
Likenesses = Annotated[Names, AfterValidator(_one_of(LOOKS_LIKE, "a value of looks_like"))]
HdrClasses = Annotated[Names, AfterValidator(_one_of(HDR_CLASSES, "an HDR class"))]
SUBTITLE_FORMATS = ("text", "images", "unknown", "none")
"""Formats of a video's subtitles: some as text, all as images, some unknown, or no subtitles."""
SubtitleFormats = Annotated[Names, AfterValidator(_one_of(SUBTITLE_FORMATS, "a format of subtitles"))]
Ids = Annotated[tuple[UUID, ...] | None, BeforeValidator(_ids)]
Languages = Annotated[Names, AfterValidator(_languages)]
LANGUAGE_STATES = ("und", "none")
"""Values besides languages: ``und`` (undetermined, as in ISO 639-2) if a file has audio or subtitles, but
states no language for any of them, and ``none`` if a video has no audio or no subtitles."""
LanguagesOrStates = Annotated[Names, AfterValidator(_languages_or_states)]
Channels = Annotated[int | None, Field(ge=1, lt=2**31)]
Folder = Annotated[str | None, BeforeValidator(_folder), AfterValidator(storable_words)]
Size = Annotated[int | None, BeforeValidator(lambda v: None if v is None else parse_size(v))]
Duration = Annotated[float | None, BeforeValidator(lambda v: None if v is None else parse_duration(v))]
After = Annotated[datetime | None, BeforeValidator(lambda v: _timestamp(v, end=False))]
Before = Annotated[datetime | None, BeforeValidator(lambda v: _timestamp(v, end=True))]
Pixels = Annotated[int | None, Field(ge=0, lt=2**31)]
Year = Annotated[int | None, Field(ge=1, le=9999)]
Years = Annotated[
    tuple[Annotated[int, Field(ge=1, le=9999)], ...] | None,
    BeforeValidator(_to_tuple),
    AfterValidator(_distinct),
]
Stars = Annotated[float | None, Field(ge=-1, le=5)]
Ratings = Annotated[
    tuple[Annotated[float, Field(ge=-1, le=5)], ...] | None,
    BeforeValidator(_to_tuple),
    AfterValidator(_distinct),
]
Numbers = Annotated[
    tuple[Annotated[int, Field(ge=1, lt=2**31)], ...] | None,
    BeforeValidator(_to_tuple),
    AfterValidator(_distinct),
]
BoxField = Annotated[
    Box | None, BeforeValidator(_named_numbers(Box._fields, "(38, -10, 43, -6)")), AfterValidator(_box)
]
AreaField = Annotated[Area | None, AfterValidator(_area)]
NearField = Annotated[
    Near | None, BeforeValidator(_named_numbers(Near._fields, "(38.7, -9.1, 25)")), AfterValidator(_near)
]
