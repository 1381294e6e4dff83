"""SQL conditions on the streams of an item: languages, formats of subtitles, and properties of its video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Text, case, literal_column, null, or_, select, true

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
            yield has_language(column)((code,))
        if excluded := getattr(chosen, f"no_{kind}_languages"):
            # An item whose streams were never read is not selected, because it may contain the excluded
            # language. Its stream count is null. A null in the column of languages does not identify such an
            # item, because that column is also null if the streams were read but state no language.
            yield c.stream_count.is_not(None)
            yield or_(column.is_(None), ~has_language(column)(excluded))


def has_language(column: ColumnElement[Any]) -> Callable[[tuple[str, ...]], Condition]:
    """Return a function that takes language codes and creates a condition on a column of such codes.

    The condition is true if the column contains at least one of the codes. In the column, codes are separated
    by "; ". All codes have three letters, so a search for a part of the text can find only a whole code.
    """
    return lambda codes: or_(*(column.contains(code, autoescape=True) for code in codes))
