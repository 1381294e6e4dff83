"""Descriptions of a `MediaFilter`: a short text for each condition, and the whole filter as SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from mfkit.filters.combination import combined_filters
from mfkit.filters.conditions import conditions
from mfkit.filters.filter_values import LANGUAGE_STATES
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.units import format_duration, plural, round_size
from mfkit.language_codes import language_name
from mfkit.models import media


class FilterClause(NamedTuple):
    """One condition of a filter.

    Attributes:
        fields: Fields of the filter that define the condition.
        text: Description of the condition. It can contain text from files and is not HTML-escaped.
        rest: The filter without this condition.
    """

    fields: tuple[str, ...]
    text: str
    rest: MediaFilter


def describe(chosen: MediaFilter) -> tuple[FilterClause, ...]:
    """Describe each condition of a filter in plain text, in a fixed order.

    Example:
        >>> [clause.text for clause in describe(MediaFilter(media_type="video", min_size="1 GB"))]
        ['video', 'size from 1 GB']
    """
    return tuple(_clauses(chosen))


def without(chosen: MediaFilter, *fields: str) -> MediaFilter:
    """Return a copy of the filter without the conditions and the exclusions that concern the given fields."""
    kept = tuple(one for one in chosen.none_of or () if not one.given().keys() <= set(fields))
    defaults = {name: MediaFilter.model_fields[name].default for name in fields}
    return chosen.replace(**{"none_of": kept, **defaults})


def hdr_name(value: str) -> str:
    """Return the text for an HDR class: the class itself, or an explanation of ``PQ``."""
    return "PQ without metadata" if value == "PQ" else value


def language_text(field: str, value: str) -> str:
    """Return the text for a value of ``audio_language`` or ``subtitle_language``, such as ``German``."""
    if value == "und":
        return "Not stated"
    if value == "none":
        return "No audio" if field == "audio_language" else "No subtitles"
    return language_name(value)


def _clauses(chosen: MediaFilter) -> Iterator[FilterClause]:
    given = chosen.given()
    for fields, phrase in _PHRASES:
        if any(name in given for name in fields):
            rest = chosen.replace(**{name: MediaFilter.model_fields[name].default for name in fields})
            yield FilterClause(fields, phrase(*(getattr(chosen, name) for name in fields)), rest)
            for name in fields:
                given.pop(name, None)
    for one in given.pop("all_of", ()):
        yield FilterClause(("all_of",), _joined(one), _without_part(chosen, "all_of", one))
    if alternatives := given.pop("any_of", ()):
        text = " or ".join(map(_joined, alternatives))
        yield FilterClause(("any_of",), text, chosen.replace(any_of=None))
    for one in given.pop("none_of", ()):
        yield FilterClause(("none_of",), f"not {_joined(one)}", _without_part(chosen, "none_of", one))
    # Fields without an entry in _PHRASES get a generic description, so that every condition is visible.
    for name, value in given.items():
        rest = chosen.replace(**{name: MediaFilter.model_fields[name].default})
        yield FilterClause((name,), f"{name.replace('_', ' ')} {_as_text(value)}", rest)


def _without_part(chosen: MediaFilter, name: str, part: MediaFilter) -> MediaFilter:
    others: dict[str, Any] = {name: tuple(one for one in getattr(chosen, name) if one != part)}
    return chosen.replace(**others)


def _joined(part: MediaFilter) -> str:
    """Describe a filter inside another one, in parentheses if it has several conditions."""
    clauses = describe(part)
    text = ", ".join(clause.text for clause in clauses) or "all items"
    return f"({text})" if len(clauses) > 1 or part.any_of else text


def _as_text(value: Any) -> str:
    return _or(value) if isinstance(value, tuple) else str(value)


def _or(values: tuple[Any, ...]) -> str:
    return " or ".join(str(value) for value in values)


def _named(what: str) -> Callable[[tuple[Any, ...]], str]:
    return lambda values: f"{what} {_or(values)}"


def _any_language(what: str) -> Callable[[tuple[str, ...]], str]:
    """Return a function that describes values of a language field: "audio in German, or without audio"."""

    def phrase(values: tuple[str, ...]) -> str:
        names = [language_name(value) for value in values if value not in LANGUAGE_STATES]
        parts = [f"{what} in {' or '.join(names)}"] if names else []
        parts += [f"{what} in an unstated language"] if "und" in values else []
        parts += [f"without {what}"] if "none" in values else []
        return ", or ".join(parts)

    return phrase


def _spoken(phrase: str, between: str) -> Callable[[tuple[str, ...]], str]:
    return lambda codes: phrase.format(between.join(map(language_name, codes)))


def _range(what: str, text: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    def phrase(low: Any, high: Any) -> str:
        if low is None or high is None:
            return f"{what} from {text(low)}" if high is None else f"{what} up to {text(high)}"
        first, last = text(low), text(high)
        return f"{what} {first}" if first == last else f"{what} {first} to {last}"

    return phrase


def _extensions(values: tuple[str, ...]) -> str:
    return _or(tuple(f".{value}" if value else "no extension" for value in values))


def _resolutions(names: tuple[str, ...]) -> str:
    places = sorted(RESOLUTION_NAMES.index(name) for name in names)
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{RESOLUTION_NAMES[places[0]]} to {RESOLUTION_NAMES[places[-1]]}"
    return _or(names)


def _dates(after: datetime | None, before: datetime | None, dated: bool | None) -> str:
    """Describe a filter's range of dates or, if there is none, its condition on the capture time."""
    if after is None and before is None:
        return "with a capture time" if dated else "without a capture time"
    # Users expect that dates are capture times, so the text says explicitly if the dates are file dates.
    return _date_range(after, before) + (" by file date" if dated is False else "")


def _date_range(after: datetime | None, before: datetime | None) -> str:
    if after is not None and before is not None:
        return f"dated {_span(after, before)}"
    return f"dated from {_day(after)}" if after is not None else f"dated up to {_day(before)}"


def _span(after: datetime, before: datetime) -> str:
    """Describe a range of dates. Ranges of whole months or years are described without days."""
    # `before` is inclusive and often the last microsecond of a day. One microsecond is added, so that the end
    # of a whole month or year can be recognized as midnight.
    end = before + timedelta(microseconds=1) if before.microsecond else before
    if _is_midnight(after) and _is_midnight(end) and after.day == end.day == 1:
        if after.month == end.month == 1:
            return f"{after:%Y}" if end.year == after.year + 1 else f"{after:%Y} to {before:%Y}"
        first, last = f"{after:%b %Y}", f"{before:%b %Y}"
        return first if first == last else f"{first} to {last}"
    first, last = _day(after), _day(before)
    return first if first == last else f"{first} to {last}"


def _is_midnight(timestamp: datetime) -> bool:
    return (timestamp.hour, timestamp.minute, timestamp.second, timestamp.microsecond) == (0, 0, 0, 0)


def _day(timestamp: datetime | None) -> str:
    assert timestamp is not None
    return f"{timestamp:%Y-%m-%d}"


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


def rating_name(rating: str | float) -> str:
    """Return a rating in words: ``4 stars``, or ``rejected``."""
    number = float(rating)
    return "rejected" if number == -1 else f"{number:g} {'star' if number == 1 else 'stars'}"


_SUBTITLES = {
    "text": "subtitles as text",
    "images": "only images as subtitles",
    "unknown": "subtitles of unknown format",
    "none": "no subtitles",
}
_PHRASES: tuple[tuple[tuple[str, ...], Callable[..., str]], ...] = (
    (("id",), lambda ids: plural(len(ids), "chosen file")),
    (("media_type",), lambda kinds: _or(tuple(kind.value for kind in kinds))),
    (("mime_type",), _named("format")),
    (("extension",), _extensions),
    (("video_codec",), _named("video codec")),
    (("audio_codec",), _named("audio codec")),
    (("audio_codec_any",), _named("any audio codec")),
    (("audio_language",), _any_language("audio")),
    (("all_audio_languages",), _spoken("audio in {}", " and ")),
    (("no_audio_languages",), _spoken("no audio in {}", " or ")),
    (("subtitle_language",), _any_language("subtitles")),
    (("all_subtitle_languages",), _spoken("subtitles in {}", " and ")),
    (("no_subtitle_languages",), _spoken("no subtitles in {}", " or ")),
    (("min_channels",), "{} audio channels or more".format),
    (("hdr",), lambda classes: _or(tuple(map(hdr_name, classes)))),
    (("dolby_vision",), _named("Dolby Vision profile")),
    (("pixel_format",), _named("pixel format")),
    (("audio_layout",), _named("audio layout")),
    (("bit_depth",), lambda depths: f"{_or(depths)} bit"),
    (("is_vfr",), lambda varies: f"{'variable' if varies else 'constant'} frame rate"),
    (("is_interlaced",), lambda interlaced: "interlaced" if interlaced else "progressive"),
    (("subtitle_format",), lambda formats: _or(tuple(_SUBTITLES[one] for one in formats))),
    (("has_subtitles",), lambda some: "with subtitles" if some else "without subtitles"),
    (("has_chapters",), lambda some: "with chapters" if some else "without chapters"),
    (("container",), _named("container")),
    (("resolution",), _resolutions),
    (("looks_like",), _named("looks like")),
    (("orientation",), _or),
    (("min_size", "max_size"), _range("size", round_size)),
    (("min_duration", "max_duration"), _range("length", format_duration)),
    (("min_width", "max_width"), _range("width", "{:,} px".format)),
    (("min_height", "max_height"), _range("height", "{:,} px".format)),
    (("year",), lambda years: f"dated {_or(years)}"),
    (("release_year",), _named("released")),
    (("min_release_year", "max_release_year"), _range("released", str)),
    (("after", "before", "has_date"), _dates),
    (("folder",), "in {}".format),
    (("camera",), _named("camera")),
    (("lens",), _named("lens")),
    (("artist",), _named("artist")),
    (("album",), _named("album")),
    (("album_artist",), _named("album artist")),
    (("genre",), _named("genre")),
    (("people",), _named("with")),
    (("min_rating", "max_rating"), _range("rating", "{:g}".format)),
    (("rating",), lambda ratings: _or(tuple(map(rating_name, ratings)))),
    (("track",), _named("track")),
    (("disc",), _named("disc")),
    (("tags",), _named("tagged")),
    (("all_tags",), lambda names: f"tagged {' and '.join(names)}"),
    (("no_tags",), _named("not tagged")),
    (("collection",), _named("in collection")),
    (("has_location",), lambda known: "with a place" if known else "without a place"),
    (("country",), _named("country")),
    (("region",), _named("region")),
    (("place",), _named("place")),
    (("box",), _box),
    (("area",), _area),
    (("near",), _near),
    (("text",), "“{}”".format),
    (("missing",), lambda missing: "missing files" if missing else "missing files too"),
    (("duplicates",), lambda several: "with copies" if several else "without copies"),
)


HEADING = "-- For reading only. Methods take the filter itself and pass its values as parameters."
SEARCH = '-- The search runs only on the library database: lib.sql("...", engine="database")'


def to_sql(chosen: MediaFilter) -> str:
    """Return a filter as a SQLite query on ``media`` for people to read.

    The query contains the values as literals instead of bind parameters. Quotes in text are escaped.
    """
    dialect: Any = sqlite.dialect
    statement = select(text("*")).select_from(media).where(*conditions(chosen))
    compiled: SQLCompiler = statement.compile(
        dialect=dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}
    )
    has_text = any(one.text is not None for one in combined_filters(chosen))
    heading = HEADING if not has_text else f"{HEADING}\n{SEARCH}"
    return f"{heading}\n{compiled.string}"
