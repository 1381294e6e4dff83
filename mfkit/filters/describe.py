"""A `MediaFilter` in words: one short text per condition, for people to read and to take away one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.units import format_duration, round_size
from mfkit.models import media


class FilterClause(NamedTuple):
    """One condition of a filter.

    Attributes:
        fields: The fields of the filter that make it; without them the condition is gone.
        text: The condition in words. What files say of themselves stands in it as it is: plain text,
            not HTML.
    """

    fields: tuple[str, ...]
    text: str


def describe(chosen: MediaFilter) -> tuple[FilterClause, ...]:
    """Return the conditions of a filter in words, in a steady order.

    Example:
        >>> [clause.text for clause in clauses(MediaFilter(media_type="video", min_size="1 GB"))]
        ['video', 'size from 1 GB']
    """
    return tuple(_clauses(chosen))


def without(chosen: MediaFilter, *fields: str) -> MediaFilter:
    """Return the same filter without conditions on these fields."""
    return chosen.replace(**{name: MediaFilter.model_fields[name].default for name in fields})


def _clauses(chosen: MediaFilter) -> Iterator[FilterClause]:
    given = chosen.given()
    for fields, say in _SAY:
        if any(name in given for name in fields):
            yield FilterClause(fields, say(*(getattr(chosen, name) for name in fields)))
            for name in fields:
                given.pop(name, None)
    # A field that has no words of its own is said all the same: no condition works unseen.
    for name, value in given.items():
        yield FilterClause((name,), f"{name.replace('_', ' ')} {_plain(value)}")


def _plain(value: Any) -> str:
    return _or(value) if isinstance(value, tuple) else str(value)


def _or(values: tuple[Any, ...]) -> str:
    return " or ".join(str(value) for value in values)


def _named(what: str) -> Callable[[tuple[Any, ...]], str]:
    return lambda values: f"{what} {_or(values)}"


def _range(what: str, text: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    def say(low: Any, high: Any) -> str:
        if low is None or high is None:
            return f"{what} from {text(low)}" if high is None else f"{what} up to {text(high)}"
        first, last = text(low), text(high)
        return f"{what} {first}" if first == last else f"{what} {first} to {last}"

    return say


def _extensions(values: tuple[str, ...]) -> str:
    return _or(tuple(f".{value}" if value else "no extension" for value in values))


def _resolutions(names: tuple[str, ...]) -> str:
    places = sorted(RESOLUTION_NAMES.index(name) for name in names)
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{RESOLUTION_NAMES[places[0]]} to {RESOLUTION_NAMES[places[-1]]}"
    return _or(names)


def _dates(after: datetime | None, before: datetime | None) -> str:
    if after is not None and before is not None:
        return f"dated {_span(after, before)}"
    return f"dated from {_day(after)}" if after is not None else f"dated up to {_day(before)}"


def _span(after: datetime, before: datetime) -> str:
    """Return a span of time by its years or months where it is made of whole ones."""
    # The first moment after the span: whole days, months and years end where the next ones begin.
    end = before + timedelta(microseconds=1) if before.microsecond else before
    if _midnight(after) and _midnight(end) and after.day == end.day == 1:
        if after.month == end.month == 1:
            return f"{after:%Y}" if end.year == after.year + 1 else f"{after:%Y} to {before:%Y}"
        first, last = f"{after:%b %Y}", f"{before:%b %Y}"
        return first if first == last else f"{first} to {last}"
    first, last = _day(after), _day(before)
    return first if first == last else f"{first} to {last}"


def _midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _day(moment: datetime | None) -> str:
    assert moment is not None
    return f"{moment:%Y-%m-%d}"


def _latitude(degrees: float) -> str:
    return f"{abs(degrees):.2f}° {'N' if degrees >= 0 else 'S'}"


def _longitude(degrees: float) -> str:
    return f"{abs(degrees):.2f}° {'E' if degrees >= 0 else 'W'}"


def _box(box: Any) -> str:
    south, west, north, east = box
    return f"between {_latitude(south)} and {_latitude(north)}, {_longitude(west)} and {_longitude(east)}"


def _area(corners: Any) -> str:
    latitudes, longitudes = zip(*corners, strict=True)
    middle = _latitude(sum(latitudes) / len(corners)), _longitude(sum(longitudes) / len(corners))
    return f"in an area around {', '.join(middle)}"


def _near(near: Any) -> str:
    latitude, longitude, radius = near
    return f"within {radius:g} km of {_latitude(latitude)}, {_longitude(longitude)}"


_SAY: tuple[tuple[tuple[str, ...], Callable[..., str]], ...] = (
    (("media_type",), lambda kinds: _or(tuple(kind.value for kind in kinds))),
    (("mime_type",), _named("format")),
    (("extension",), _extensions),
    (("video_codec",), _named("video codec")),
    (("audio_codec",), _named("audio codec")),
    (("container",), _named("container")),
    (("resolution",), _resolutions),
    (("min_size", "max_size"), _range("size", round_size)),
    (("min_duration", "max_duration"), _range("length", format_duration)),
    (("min_width", "max_width"), _range("width", "{:,} px".format)),
    (("min_height", "max_height"), _range("height", "{:,} px".format)),
    (("min_year", "max_year"), _range("year", str)),
    (("after", "before"), _dates),
    (("folder",), "in {}".format),
    (("camera",), _named("camera")),
    (("lens",), _named("lens")),
    (("artist",), _named("artist")),
    (("album",), _named("album")),
    (("genre",), _named("genre")),
    (("tags",), _named("tagged")),
    (("all_tags",), lambda names: f"tagged {' and '.join(names)}"),
    (("no_tags",), _named("not tagged")),
    (("collection",), _named("in collection")),
    (("has_date",), lambda known: "with a capture time" if known else "without a capture time"),
    (("has_location",), lambda known: "with a place" if known else "without a place"),
    (("box",), _box),
    (("area",), _area),
    (("near",), _near),
    (("text",), "“{}”".format),
    (("missing",), lambda gone: "missing files" if gone else "missing files too"),
    (("duplicates",), lambda several: "with copies" if several else "without copies"),
)


HEADING = "-- To be read; verbs take the filter itself, whose values stay parameters."
SEARCH = '-- The search is the record database\'s own: lib.sql("...", engine="record")'


def to_sql(chosen: MediaFilter) -> str:
    """Return the statement that a filter makes of ``media``, in SQLite's words.

    Every value is a literal of its type; a quote in a text is doubled, so that no text ends its literal.
    """
    dialect: Any = sqlite.dialect
    statement = select(text("*")).select_from(media).where(*conditions(chosen))
    compiled: SQLCompiler = statement.compile(
        dialect=dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}
    )
    heading = HEADING if chosen.text is None else f"{HEADING}\n{SEARCH}"
    return f"{heading}\n{compiled.string}"
