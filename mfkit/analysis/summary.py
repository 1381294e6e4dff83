"""How much of what: files, bytes and hours by a fact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, Select, cast, func, literal, select

from mfkit.analysis.collation import ordered_by
from mfkit.analysis.dimensions import dimensions, preaggregate
from mfkit.analysis.periods import period_start
from mfkit.filters.conditions import conditions, item_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media

c = media.c


def summary(by: str | Sequence[str], chosen: MediaFilter) -> Select[Any]:
    """Return the statement that sums items up by one or more facts, the most bytes first.

    Args:
        by: Names that :func:`mfkit.analysis.dimensions.dimensions` knows.
        chosen: Which items.

    Returns:
        One row per value (null where the fact is unknown), with the columns named in ``by`` and
        ``files`` (items), ``copies`` (further paths), ``bytes`` (each content once),
        ``bytes_with_copies``, ``share`` (of the bytes of all items meant, 0 to 1) and ``duration``
        (seconds). An item with several tags or collections counts in each of its groups, so that
        the shares then add up to more than 1.

    Raises:
        FilterError: A name is unknown.
    """
    meant = dimensions(by, chosen)
    each = preaggregate(
        meant,
        chosen,
        {
            "_files": literal(1, Integer()),
            "_copies": c.copies,
            "_bytes": c.file_size,
            "_with_copies": c.file_size * (1 + c.copies),
            "_duration": c.duration,
        },
    )
    groups = [each.c[name] for name in meant.names]
    summed = func.sum(each.c._bytes)
    size = whole_library(summed).label("bytes")
    total: ColumnElement[Any] = func.sum(summed).over()
    if meant.overlapping:
        total = select(func.sum(c.file_size)).where(*conditions(chosen)).scalar_subquery()
    return (
        select(
            *groups,
            whole_library(func.sum(each.c._files)).label("files"),
            whole_library(func.sum(each.c._copies)).label("copies"),
            size,
            whole_library(func.sum(each.c._with_copies)).label("bytes_with_copies"),
            (cast(summed, Double()) / func.nullif(total, 0)).label("share"),
            func.coalesce(func.sum(each.c._duration), 0.0).label("duration"),
        )
        .group_by(*groups)
        # By its name: Spark finds no other sum beside that of a window.
        .order_by(size.desc(), *ordered_by(groups))
    )


def whole_library(expression: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a sum as a 64-bit integer, 0 for none: PostgreSQL sums those into NUMERIC."""
    return cast(func.coalesce(expression, 0), BigInteger())


def totals_by_type_codec_and_year(chosen: MediaFilter) -> Select[Any]:
    """Return the statement that sums items up by media type, video codec and year, in that order.

    Returns:
        A row for each combination that there is: ``media_type``, ``video_codec``, ``period`` (the first
        moment of the year of an item's date, UTC; null without one), ``files``, ``bytes``, ``duration`` (s).
    """
    period = period_start("year", item_date).label("period")
    each = (
        select(c.media_type, c.video_codec, period, c.file_size, c.duration)
        .where(*conditions(chosen))
        .subquery()
    )
    groups = each.c.media_type, each.c.video_codec, each.c.period
    return (
        select(
            *groups,
            func.count().label("files"),
            whole_library(func.sum(each.c.file_size)).label("bytes"),
            func.coalesce(func.sum(each.c.duration), 0.0).label("duration"),
        )
        .group_by(*groups)
        .order_by(*groups)
    )
