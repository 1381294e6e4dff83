"""SQL conditions on the streams of an item: languages, formats of subtitles, and properties of its video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, literal_column, null, or_, select, true

from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, StreamKind, media, media_streams

Condition = ColumnElement[bool]
c = media.c

# The table has an alias, because the query that contains this condition may also read `media_streams`.
_subtitles = media_streams.alias("subtitles")


def _has_subtitles(condition: Condition) -> Condition:
    """Return the condition that at least one of an item's subtitle streams meets ``condition``."""
    ids = select(_subtitles.c.media_item_id).where(_subtitles.c.kind == StreamKind.SUBTITLE, condition)
    return c.id.in_(ids)


subtitle_format = case(
    (or_(c.media_type != MediaType.VIDEO, c.subtitle_count.is_(None)), null()),
    (c.subtitle_count == 0, literal_column("'none'", Text())),
    (_has_subtitles(_subtitles.c.is_text == true()), literal_column("'text'", Text())),
    (_has_subtitles(_subtitles.c.is_text.is_(None)), literal_column("'unknown'", Text())),
    else_=literal_column("'images'", Text()),
)
"""Format of a video's subtitles: ``text`` if some are text, ``images`` if all are images, or ``none``.

It is ``unknown`` if no stream is known to be text and the codec of one is unknown. It is null for other media
types, and for videos whose streams are not known yet."""

_has_audio = or_(c.audio_codecs.is_not(None), c.most_channels.is_not(None))
_is_read_video = and_(c.media_type == MediaType.VIDEO, c.stream_count.is_not(None))
_LANGUAGES: dict[str, ColumnElement[Any]] = {
    "audio_language": c.audio_languages,
    "subtitle_language": c.subtitle_languages,
}
"""Filter field -> column of language codes, separated by "; "."""
_LANGUAGE_STATES: dict[str, dict[str, Condition]] = {
    "audio_language": {
        "und": and_(c.audio_languages.is_(None), c.stream_count.is_not(None), _has_audio),
        "none": and_(c.audio_languages.is_(None), _is_read_video, ~_has_audio),
    },
    "subtitle_language": {
        "und": and_(c.subtitle_languages.is_(None), c.subtitle_count > 0),
        "none": and_(c.subtitle_languages.is_(None), _is_read_video, c.subtitle_count == 0),
    },
}
"""Filter field -> value that is not a language -> condition that an item has this value."""


def languages_or_state(field: str) -> ColumnElement[Any]:
    """Return the SQL expression for an item's languages, or for the state that explains why there are none.

    Args:
        field: ``audio_language`` or ``subtitle_language``.

    Returns:
        Language codes, separated by "; ", or ``und`` or ``none``; null for items whose streams are not known,
        and for items that are not videos and have no such streams.
    """
    states = (
        (condition, literal_column(f"'{one}'", Text())) for one, condition in _LANGUAGE_STATES[field].items()
    )
    return case((_LANGUAGES[field].is_not(None), _LANGUAGES[field]), *states)


STREAM_FLAGS: dict[str, Condition] = {
    "is_vfr": c.is_vfr == true(),
    "is_interlaced": c.is_interlaced == true(),
    "has_subtitles": c.subtitle_count > 0,
    "has_chapters": c.chapter_count > 0,
}
"""Filter field that is True or False -> its condition."""


def language_conditions(chosen: MediaFilter) -> Iterator[Condition]:
    """Yield the conditions on the languages that an item must all have or that it must not have."""
    for kind, column in (("audio", c.audio_languages), ("subtitle", c.subtitle_languages)):
        for code in getattr(chosen, f"all_{kind}_languages") or ():
            yield _contains_one(column, (code,))
        if excluded := getattr(chosen, f"no_{kind}_languages"):
            # Leave out items whose streams were never read, because they may contain the excluded language.
            # Only a null stream count identifies these items. The languages are also null if the streams were
            # read but state no language.
            yield c.stream_count.is_not(None)
            yield or_(column.is_(None), ~_contains_one(column, excluded))


def has_language(field: str) -> Callable[[tuple[str, ...]], Condition]:
    """Return a function that turns the values of a language field of a filter into an SQL condition.

    Args:
        field: ``audio_language`` or ``subtitle_language``.
    """
    states = _LANGUAGE_STATES[field]

    def condition(values: tuple[str, ...]) -> Condition:
        codes = tuple(value for value in values if value not in states)
        named = (_contains_one(_LANGUAGES[field], codes),) if codes else ()
        return or_(*named, *(states[value] for value in values if value in states))

    return condition


def _contains_one(column: ColumnElement[Any], codes: tuple[str, ...]) -> Condition:
    """Return the condition that a column contains at least one of the language codes.

    In the column, codes are separated by "; ". All codes have three letters, so a search for a part of the
    text can find only a whole code.
    """
    return or_(*(column.contains(code, autoescape=True) for code in codes))
