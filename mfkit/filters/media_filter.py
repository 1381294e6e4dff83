"""`MediaFilter`: which items, as data that can be kept, sent, printed and turned into SQL conditions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from mfkit.errors import FilterError
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.text_search import storable_words
from mfkit.filters.units import parse_duration, parse_size
from mfkit.models import MediaType


class Box(NamedTuple):
    """A rectangle on the map, in degrees; west may be greater than east, across the antimeridian."""

    south: float
    west: float
    north: float
    east: float


class Near(NamedTuple):
    """A circle on the globe: a point in degrees and a radius in kilometres."""

    latitude: float
    longitude: float
    radius_km: float


def _listed(value: Any) -> Any:
    """Take a single value for a tuple of one; an iterable of values for a tuple."""
    if value is None or isinstance(value, tuple):
        return value
    return tuple(value) if isinstance(value, (list, set, frozenset)) else (value,)


def _names(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for name in value or ():
        storable_words(name)
    return tuple(dict.fromkeys(value)) if value else None


def _moment(value: Any, *, end: bool) -> Any:
    """Take a year, a month or a day for its first or its last moment; what has no zone is UTC."""
    try:
        return _clock(value, end=end)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{value!r} is no date; write 2024, '2024-05', '2024-05-17' or '2024-05-17T12:30Z'"
        ) from None


def _clock(value: Any, *, end: bool) -> datetime | None:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 9999:
        value = f"{value:04d}"
    if isinstance(value, str):
        text = value.strip()
        if len(text) == 4 and text.isdigit():
            first, last = f"{text}-01-01", f"{text}-12-31"
            value = date.fromisoformat(last if end else first)
        elif len(text) == 7 and text[4] == "-":
            first_day = date.fromisoformat(f"{text}-01")
            next_month = (first_day + timedelta(days=32)).replace(day=1)
            value = next_month - timedelta(days=1) if end else first_day
        else:
            value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    if isinstance(value, date) and not isinstance(value, datetime):
        clock = (23, 59, 59, 999_999) if end else (0, 0, 0, 0)
        value = datetime(value.year, value.month, value.day, *clock, tzinfo=UTC)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if value is None:
        return None
    raise ValueError


def _folder(value: Any) -> Any:
    if value == "":
        raise ValueError("the folder is empty; name one, or leave it out for all")
    if isinstance(value, (str, PurePath)):
        path = os.path.abspath(os.path.expanduser(value)) if "://" not in str(value) else str(value)
        return path.replace(os.sep, "/").rstrip("/") or "/"
    return value


def _extension(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return tuple(one.lower().removeprefix(".") for one in value) if value else None


def _resolutions(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    known = {name.lower(): name for name in RESOLUTION_NAMES}
    for value in values or ():
        if value.lower() not in known:
            raise ValueError(f"{value!r} is no class of resolution; take {', '.join(RESOLUTION_NAMES)}")
    return tuple(dict.fromkeys(known[value.lower()] for value in values)) if values else None


Names = Annotated[tuple[str, ...] | None, BeforeValidator(_listed), AfterValidator(_names)]
Size = Annotated[int | None, BeforeValidator(lambda v: None if v is None else parse_size(v))]
Duration = Annotated[float | None, BeforeValidator(lambda v: None if v is None else parse_duration(v))]
After = Annotated[datetime | None, BeforeValidator(lambda v: _moment(v, end=False))]
Before = Annotated[datetime | None, BeforeValidator(lambda v: _moment(v, end=True))]
Pixels = Annotated[int | None, Field(ge=0, lt=2**31)]
Year = Annotated[int | None, Field(ge=1, le=9999)]


class MediaFilter(BaseModel):
    """Which items are meant. Every field that is given must hold; a filter without fields means
    all items that the last scan found.

    A field with several values holds when one of them does. Bounds are inclusive. An item whose fact
    is unknown (null) never satisfies a condition on that fact. Texts are compared without regard to
    the case of ASCII letters, and no character in them is a wildcard.

    Attributes:
        media_type: ``video``, ``audio``, ``image``, ``document`` or ``other``.
        mime_type: For example ``video/mp4``; ``video/*`` is not understood, use ``media_type``.
        extension: Of the file name, with or without the dot.
        video_codec: FFmpeg's name, for example ``hevc``.
        audio_codec: FFmpeg's name, for example ``flac``.
        container: Of films and music, FFmpeg's name of the format, for example ``matroska,webm``.
        resolution: Class by width and height: ``below SD``, ``SD``, ``HD``, ``Full HD``, ``QHD``, ``4K`` or
            ``8K`` (docs/analyses.md has the bounds).
        min_size: Bytes, or text such as ``"1 GB"`` (10^9) or ``"1 GiB"`` (2^30).
        max_size: As ``min_size``.
        min_duration: Seconds, or text such as ``"5 min"`` or ``"1:30:00"``.
        max_duration: As ``min_duration``.
        min_width: Pixels as displayed.
        max_width: Pixels as displayed.
        min_height: Pixels as displayed.
        max_height: Pixels as displayed.
        min_year: Year of release (music), or of ``date`` where no release year is known.
        max_year: As ``min_year``.
        after: First moment of the item's date: capture time where known, else the file system's
            modification time. A year, month or day stands for its first moment; without a zone, UTC.
        before: Last moment; a year, month or day stands for its last moment.
        folder: Items whose path lies in this folder or anywhere below it. Taken as it is written;
            ``~`` and relative paths are resolved when the filter is made.
        camera: Make, model, or both with a space between, as in ``"Canon EOS 80D"``.
        lens: Name of the lens.
        artist: Performer.
        album: Album.
        genre: Genre.
        tags: Items with at least one of these tags.
        all_tags: Items with every one of these tags.
        no_tags: Items with none of these tags.
        collection: Items in at least one of these collections.
        has_date: Whether the capture time is known, rather than only the file system's time.
        has_location: Whether latitude and longitude are known.
        box: (south, west, north, east) in degrees; west greater than east crosses the antimeridian.
        area: A line around a part of the map: three to 500 corners (latitude, longitude) in degrees,
            between which it runs straight in latitude and longitude; the last joins the first. Where it
            crosses itself, what it goes around twice is outside. Across the antimeridian longitudes count
            on beyond 180 (or -180). An item exactly on the line may count on either side.
        near: (latitude, longitude, radius in km); great-circle distance on a sphere of 6371.0088 km.
        text: Full-text search over names, titles, artists, places and tags: all words, each from its
            beginning.
        missing: True for items that the last scan did not find, False (as when not given) for those it
            did, None for both.
        duplicates: True for items with copies, False for those without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    media_type: Annotated[tuple[MediaType, ...] | None, BeforeValidator(_listed)] = None
    mime_type: Names = None
    extension: Annotated[Names, AfterValidator(_extension)] = None
    video_codec: Names = None
    audio_codec: Names = None
    container: Names = None
    resolution: Annotated[Names, AfterValidator(_resolutions)] = None
    min_size: Size = None
    max_size: Size = None
    min_duration: Duration = None
    max_duration: Duration = None
    min_width: Pixels = None
    max_width: Pixels = None
    min_height: Pixels = None
    max_height: Pixels = None
    min_year: Year = None
    max_year: Year = None
    after: After = None
    before: Before = None
    folder: Annotated[str | None, BeforeValidator(_folder), AfterValidator(storable_words)] = None
    camera: Names = None
    lens: Names = None
    artist: Names = None
    album: Names = None
    genre: Names = None
    tags: Names = None
    all_tags: Names = None
    no_tags: Names = None
    collection: Names = None
    has_date: bool | None = None
    has_location: bool | None = None
    box: Box | None = None
    area: tuple[tuple[float, float], ...] | None = None
    near: Near | None = None
    text: str | None = None
    missing: bool | None = False
    duplicates: bool | None = None

    @model_validator(mode="after")
    def _make_sense(self) -> MediaFilter:
        for name in ("size", "duration", "width", "height", "year"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_{name} ({low}) is greater than max_{name} ({high})")
        if self.after is not None and self.before is not None and self.after > self.before:
            raise ValueError(f"after ({self.after}) is later than before ({self.before})")
        if self.box is not None:
            south, west, north, east = self.box
            if not -90 <= south <= north <= 90 or not (-180 <= west <= 180 and -180 <= east <= 180):
                raise ValueError(f"box {tuple(self.box)} is not (south, west, north, east) in degrees")
        if self.area is not None:
            if not 3 <= len(self.area) <= 500:
                raise ValueError(f"area has {len(self.area)} corners; it takes 3 to 500")
            for latitude, longitude in self.area:
                if not (-90 <= latitude <= 90 and -540 <= longitude <= 540):
                    raise ValueError(f"area has a corner {(latitude, longitude)}, which is no place")
        if self.near is not None:
            latitude, longitude, radius = self.near
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and radius >= 0):
                raise ValueError(f"near {tuple(self.near)} is not (latitude, longitude, radius in km)")
        return self

    @classmethod
    def of(cls, given: MediaFilter | Mapping[str, Any] | None = None, /, **fields: Any) -> MediaFilter:
        """Return a filter from a filter, a mapping or keywords; keywords add to and replace.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        if given is not None and not isinstance(given, (MediaFilter, Mapping)):
            raise FilterError(f"{given!r} is no filter; give a MediaFilter or its fields as keywords.")
        if isinstance(given, MediaFilter):
            if not fields:
                return given
            given = {name: getattr(given, name) for name in given.model_fields_set}
        try:
            return cls(**{**(given or {}), **fields})
        except ValidationError as error:
            raise FilterError(_explain(error)) from None

    def replace(self, **fields: Any) -> MediaFilter:
        """Return the same filter with some fields replaced; None takes a condition away."""
        return MediaFilter.of(self, **fields)

    def given(self) -> dict[str, Any]:
        """Return the fields that say something, as :class:`MediaFilter` takes them back."""
        return {
            name: value
            for name, field in MediaFilter.model_fields.items()
            if (value := getattr(self, name)) != field.default
        }

    def sql(self) -> str:
        """Return what the filter asks, as SQL for a person to read.

        Returns:
            A statement in SQLite's words, with the values written into it. To run a filter, hand it to a
            verb: there values stay parameters.
        """
        from mfkit.filters.describe import to_sql  # which is made of filters itself

        return to_sql(self)

    def __repr__(self) -> str:
        """Show the Python call that makes this filter."""
        return f"MediaFilter({', '.join(f'{name}={_source(value)}' for name, value in self.given().items())})"

    __str__ = __repr__


def _source(value: Any) -> str:
    if isinstance(value, MediaType):
        return repr(value.value)
    if isinstance(value, datetime):
        return repr(value.isoformat())
    if isinstance(value, tuple):
        if len(value) == 1:
            return _source(value[0])
        inner = ", ".join(_source(one) for one in value)
        return f"[{inner}]" if not isinstance(value, (Box, Near)) else f"({inner})"
    return repr(value)


def _explain(error: ValidationError) -> str:
    parts = []
    for fault in error.errors():
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "extra_forbidden":
            known = ", ".join(MediaFilter.model_fields)
            parts.append(f"There is no filter field {field!r}; there are {known}.")
        else:
            reason = fault["msg"].removeprefix("Value error, ")
            parts.append(f"{field}: {reason}" if field else reason)
    return "; ".join(dict.fromkeys(parts))


FilterLike = MediaFilter | Mapping[str, Any] | None
"""What every verb takes for a filter, besides the fields as keywords."""
