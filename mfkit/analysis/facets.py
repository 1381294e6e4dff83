"""Facets: the values of several dimensions with their counts, each under the filter without its own field.

Under the whole filter, a facet would list only the values that the filter already selects. Without its own
field it shows how many files another choice would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, Subquery, Text, cast, func, literal, select, union_all

from mfkit.analysis.dimensions import dimensions, preaggregate
from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError
from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media
from mfkit.sql.elements import by_code_point

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
"""Dimension -> the field of :class:`MediaFilter` that selects its values."""


def facets(names: Sequence[str], chosen: MediaFilter, *, limit: int = 200) -> Select[Any]:
    """Return the statement that counts the values of dimensions, each under the filter without its own field.

    Args:
        names: Names in :data:`FACETS`.
        chosen: The filter.
        limit: Maximum number of values of each dimension; those with the most files are kept.

    Returns:
        ``fact`` (the dimension), ``value`` (text), ``files`` and ``bytes``; dimensions in the given order,
        values with the most files first. Unknown values are left out. An item counts once for each of its
        tags and collections.

    Raises:
        FilterError: A name is unknown, none is given, or the limit is below 1.
    """
    if not names:
        raise FilterError(f"No dimension is named. Use at least one of {', '.join(FACETS)}.")
    for name in names:
        if name not in FACETS:
            raise FilterError(f"{name!r} has no list of values. Use {', '.join(FACETS)}.")
    if limit < 1:
        raise FilterError(f"limit is {limit}. Use 1 or more.")
    lists = [_values(name, place, without(chosen, FACETS[name]), limit) for place, name in enumerate(names)]
    every = union_all(*(select(one) for one in lists)).subquery()
    return select(every.c.fact, every.c.value, every.c.files, every.c.bytes).order_by(
        every.c.place, every.c.files.desc(), by_code_point(every.c.value)
    )


def _values(name: str, place: int, others: MediaFilter, limit: int) -> Subquery:
    """Return the values of one dimension with their counts."""
    grouping = dimensions(name, others)
    each = preaggregate(grouping, others, {"files": literal(1, Integer()), "bytes": c.file_size})
    value = cast(each.c[name], Text())
    named = value.label("value")
    files = integer_sum(func.sum(each.c.files)).label("files")
    return (
        select(
            literal(place, Integer()).label("place"),
            literal(name, Text()).label("fact"),
            named,
            files,
            integer_sum(func.sum(each.c.bytes)).label("bytes"),
        )
        .group_by(value)
        # A WHERE condition on the value would be computed for each row.
        .having(func.count(value) > 0)
        .order_by(files.desc(), named)
        .limit(limit)
        .subquery()
    )
