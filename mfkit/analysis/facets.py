"""What there is to choose from: the values of several facts at once, each counted under all other filters.

A list of codecs that was counted under the codec already chosen would show that one and nothing else;
what a person wants to know is how many files another choice would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, Subquery, Text, cast, func, literal, select, union_all

from mfkit.analysis.collation import by_code_point
from mfkit.analysis.dimensions import dimensions, preaggregate
from mfkit.analysis.summary import whole_library
from mfkit.errors import FilterError
from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media

c = media.c

FACETS: dict[str, str] = {
    "media_type": "media_type",
    "container": "container",
    "extension": "extension",
    "video_codec": "video_codec",
    "audio_codec": "audio_codec",
    "resolution": "resolution",
    "camera": "camera",
    "lens": "lens",
    "artist": "artist",
    "album": "album",
    "genre": "genre",
    "tag": "tags",
    "collection": "collection",
}
"""Fact -> the field of :class:`MediaFilter` that chooses among its values."""


def facets(names: Sequence[str], chosen: MediaFilter, *, limit: int = 200) -> Select[Any]:
    """Return the statement that counts the values of facts, each fact under the filter without its own field.

    Args:
        names: Among :data:`FACETS`.
        chosen: The filter.
        limit: At most so many values of each, those with the most files.

    Returns:
        ``fact``, ``value`` (text), ``files`` and ``bytes``, by fact in the order given and the most files
        first. Items of which a fact is unknown count in none of its values; an item with several tags or
        collections in each.

    Raises:
        FilterError: A name is unknown, none is given, or the limit is below 1.
    """
    if not names:
        raise FilterError(f"Name at least one of {', '.join(FACETS)}.")
    for name in names:
        if name not in FACETS:
            raise FilterError(f"There is no list of {name!r} to choose from; take {', '.join(FACETS)}.")
    if limit < 1:
        raise FilterError(f"limit must be at least 1, and is {limit}.")
    lists = [_values(name, place, without(chosen, FACETS[name]), limit) for place, name in enumerate(names)]
    every = union_all(*(select(one) for one in lists)).subquery()
    return select(every.c.fact, every.c.value, every.c.files, every.c.bytes).order_by(
        every.c.place, every.c.files.desc(), by_code_point(every.c.value)
    )


def _values(name: str, place: int, others: MediaFilter, limit: int) -> Subquery:
    """Return the values of one fact with their counts."""
    meant = dimensions(name, others)
    each = preaggregate(meant, others, {"files": literal(1, Integer()), "bytes": c.file_size})
    value = cast(each.c[name], Text())
    named = value.label("value")
    files = whole_library(func.sum(each.c.files)).label("files")
    return (
        select(
            literal(place, Integer()).label("place"),
            literal(name, Text()).label("fact"),
            named,
            files,
            whole_library(func.sum(each.c.bytes)).label("bytes"),
        )
        .group_by(value)
        # Not as a condition on the value: it would be moved to the rows, to be computed for each of them.
        .having(func.count(value) > 0)
        .order_by(files.desc(), named)
        .limit(limit)
        .subquery()
    )
