"""`MediaFilter`: which items, as data that can be kept, sent, printed and turned into SQL conditions."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypedDict, TypeVar, Unpack

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
from mfkit.filters.suggestions import did_you_mean
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


Texts = str | Collection[str]
Bytes = int | float | str
Seconds = int | float | str
Moment = int | str | date


class SearchFields(TypedDict, total=False):
    """The fields that a search takes besides its text, with the types that a caller may pass."""

    media_type: MediaType | Texts | Collection[MediaType] | None
    mime_type: Texts | None
    extension: Texts | None
    video_codec: Texts | None
    audio_codec: Texts | None
    container: Texts | None
    resolution: Texts | None
    min_size: Bytes | None
    max_size: Bytes | None
    min_duration: Seconds | None
    max_duration: Seconds | None
    min_width: int | None
    max_width: int | None
    min_height: int | None
    max_height: int | None
    min_year: int | None
    max_year: int | None
    year: int | Collection[int] | None
    after: Moment | None
    before: Moment | None
    folder: str | PurePath | None
    camera: Texts | None
    lens: Texts | None
    artist: Texts | None
    album: Texts | None
    genre: Texts | None
    tags: Texts | None
    all_tags: Texts | None
    no_tags: Texts | None
    collection: Texts | None
    has_date: bool | None
    has_location: bool | None
    box: Sequence[float] | None
    area: Sequence[Sequence[float]] | None
    near: Sequence[float] | None
    missing: bool | None
    duplicates: bool | None


class FilterFields(SearchFields, total=False):
    """The fields of :class:`MediaFilter` as keywords, with the types that a caller may pass."""

    text: str | None


def _listed(value: Any) -> Any:
    """Take a single value for a tuple of one; an iterable of values for a tuple."""
    if value is None or isinstance(value, tuple):
        return value
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        return tuple(value)
    return (value,)


def _numbers(names: Sequence[str], example: str) -> Callable[[Any], Any]:
    """Return a validator that says which of several numbers are absent."""

    def check(value: Any) -> Any:
        if value is None or not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            return value
        if len(value) < len(names):
            absent = " and ".join(names[len(value) :])
            raise ValueError(
                f"{tuple(value)} has no {absent}. Give ({', '.join(names)}), for example {example}."
            )
        if len(value) > len(names):
            raise ValueError(
                f"{tuple(value)} has too many numbers. Give ({', '.join(names)}), for example {example}."
            )
        return tuple(value)

    return check


def _names(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for name in value or ():
        storable_words(name)
    return tuple(dict.fromkeys(value)) if value else None


def _moment(value: Any, *, end: bool) -> Any:
    """Return a local time; a year, a month or a day stands for its start or its end. A zone is dropped."""
    try:
        return _clock(value, end=end)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{value!r} is no date; write 2024, '2024-05', '2024-05-17' or '2024-05-17T12:30'"
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
        value = datetime(value.year, value.month, value.day, *clock)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
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
Years = Annotated[
    tuple[Annotated[int, Field(ge=1, le=9999)], ...] | None,
    BeforeValidator(_listed),
    AfterValidator(lambda v: tuple(dict.fromkeys(v)) if v else None),
]
BoxField = Annotated[Box | None, BeforeValidator(_numbers(Box._fields, "(38, -10, 43, -6)"))]
NearField = Annotated[Near | None, BeforeValidator(_numbers(Near._fields, "(38.7, -9.1, 25)"))]


class _Readable(type(BaseModel)):  # type: ignore[misc]  # pydantic does not publish its metaclass by name
    """Keeps pydantic's internals out of ``help(MediaFilter)``."""

    def __dir__(cls) -> list[str]:
        inherited = set(dir(BaseModel))
        return [name for name in super().__dir__() if not name.startswith("_") and name not in inherited]


class MediaFilter(BaseModel, metaclass=_Readable):
    """Conditions that select items. Every given field must hold. A filter without fields selects all
    items that the last scan found.

    A field with several values holds when one of them matches. Bounds are inclusive. An item whose value
    is unknown (null) never satisfies a condition on that value. Text is compared without regard to
    the case of ASCII letters, and no character is a wildcard.

    Attributes:
        media_type: ``video``, ``audio``, ``image``, ``document`` or ``other``.
        mime_type: MIME type, for example ``video/mp4``. ``video/*`` is not supported; use ``media_type``.
        extension: File name extension, with or without the dot.
        video_codec: Video codec by FFmpeg's name, for example ``hevc``.
        audio_codec: Audio codec by FFmpeg's name, for example ``flac``.
        container: Container of video and audio by FFmpeg's name, for example ``matroska,webm``.
        resolution: Resolution class: ``below SD``, ``SD``, ``HD``, ``Full HD``, ``QHD``, ``4K`` or
            ``8K``. docs/analyses.md has the bounds.
        min_size: Smallest size in bytes, or text such as ``"1 GB"`` (10^9) or ``"1 GiB"`` (2^30).
        max_size: Largest size, written as for ``min_size``.
        min_duration: Shortest duration in seconds, or text such as ``"5 min"`` or ``"1:30:00"``.
        max_duration: Longest duration, written as for ``min_duration``.
        min_width: Smallest width in pixels as displayed.
        max_width: Largest width in pixels as displayed.
        min_height: Smallest height in pixels as displayed.
        max_height: Largest height in pixels as displayed.
        min_year: First year of release (music), or of ``date`` if no release year is known.
        max_year: Last year, as for ``min_year``.
        year: Year or years of the item's date.
        after: Earliest date: local capture time if known, otherwise the file's modification time in UTC. A
            year, month or day stands for its start. Dates go by the camera's clock, so a zone is dropped.
        before: Latest date. A year, month or day stands for its end.
        folder: Folder that contains the item, directly or at any depth. ``~`` and relative paths
            are resolved when the filter is created.
        camera: Camera make, model, or both, for example ``"Canon EOS 80D"`` or ``"EOS 80D"``.
        lens: Lens name.
        artist: Artist.
        album: Album.
        genre: Genre.
        tags: Tags, of which the item has at least one.
        all_tags: Tags, all of which the item has.
        no_tags: Tags, none of which the item has.
        collection: Collections, at least one of which contains the item.
        has_date: Whether the capture time is known.
        has_location: Whether latitude and longitude are known.
        box: (south, west, north, east) in degrees. West greater than east crosses the antimeridian.
        area: Polygon on the map: three to 500 corners (latitude, longitude) in degrees. Edges are
            straight in latitude and longitude; the last corner joins the first. Where the polygon
            overlaps itself, what it goes around twice is outside. Across the antimeridian, longitudes
            continue beyond 180 (or -180). An item exactly on an edge may count on either side.
        near: (latitude, longitude, radius in km). Great-circle distance on a sphere of 6371.0088 km.
        text: Full-text search over names, titles, artists, places and tags. All words must occur, each
            at the start of a word.
        missing: Items that the last scan did not find: True selects only those, False (the default) only
            the others, None both.
        duplicates: Whether the item has copies.
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
    year: Years = None
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
    box: BoxField = None
    area: tuple[tuple[float, float], ...] | None = None
    near: NearField = None
    text: str | None = None
    missing: bool | None = False
    duplicates: bool | None = None

    if TYPE_CHECKING:  # what a caller may pass is more than what a field holds

        def __init__(self, **fields: Unpack[FilterFields]) -> None: ...

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
                hint = f": south ({south:g}) is greater than north ({north:g})" if south > north else ""
                raise ValueError(f"box {tuple(self.box)} is not (south, west, north, east) in degrees{hint}")
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
    def of(
        cls, given: MediaFilter | Mapping[str, Any] | None = None, /, **fields: Unpack[FilterFields]
    ) -> MediaFilter:
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
            return cls.model_validate({**(given or {}), **fields})
        except ValidationError as error:
            raise FilterError(_explain(error)) from None

    def replace(self, **fields: Unpack[FilterFields]) -> MediaFilter:
        """Return the same filter with some fields replaced; None takes a condition away.

        Args:
            fields: Fields of :class:`MediaFilter`.
        """
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
            known = tuple(MediaFilter.model_fields)
            parts.append(
                f"There is no filter field {field!r}. {did_you_mean(field, known)}"
                f"The fields are {', '.join(known)}."
            )
        else:
            reason = fault["msg"].removeprefix("Value error, ")
            parts.append(f"{field}: {reason}" if field else reason)
    return "; ".join(dict.fromkeys(parts))


FilterLike = MediaFilter | Mapping[str, Any] | None
"""What every verb takes for a filter, besides the fields as keywords."""

_ENTRY = re.compile(r"^ {8}(\w+): (.*?)(?=^ {8}\w+: |^ {0,7}\S|\Z)", re.DOTALL | re.MULTILINE)


def field_texts() -> dict[str, str]:
    """Return what the documentation of :class:`MediaFilter` says of each field, without markup."""
    attributes = (MediaFilter.__doc__ or "").partition("Attributes:")[2]
    return {name: " ".join(text.replace("``", "").split()) for name, text in _ENTRY.findall(attributes)}


def _keywords() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default)
        for name, field in MediaFilter.model_fields.items()
    ]


F = TypeVar("F", bound=Callable[..., Any])


def filter_keywords(function: F) -> F:
    """Name the filter's fields in the signature and docstring of a function that takes ``**fields``.

    Completion in notebooks and ``help()`` read those, and do not look into a TypedDict.
    """
    signature = inspect.signature(function)
    *own, last = signature.parameters.values()
    assert last.kind is inspect.Parameter.VAR_KEYWORD
    fields = [one for one in _keywords() if one.name not in signature.parameters]
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]  # what inspect reads
        parameters=[*own, *fields]
    )
    texts = field_texts()
    lines = "".join(f"            {one.name}: {_first_sentence(texts.get(one.name, ''))}\n" for one in fields)
    function.__doc__ = re.sub(
        rf"^ +{last.name}: Fields of .*\n",
        lambda found: found[0] + lines,
        function.__doc__ or "",
        count=1,
        flags=re.MULTILINE,
    )
    return function


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."


MediaFilter.__signature__ = inspect.Signature(_keywords())  # pydantic's shows validators
filter_keywords(MediaFilter.replace)
