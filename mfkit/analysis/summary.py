"""Summaries: files, bytes and durations by dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, Select, cast, func, literal, select

from mfkit.analysis.dimensions import dimensions, preaggregate
from mfkit.analysis.periods import period_start
from mfkit.filters.conditions import conditions, item_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media
from mfkit.sql.elements import ordered_by

c = media.c


def summary(by: str | Sequence[str], chosen: MediaFilter) -> Select[Any]:
    """Return the statement that sums items by one or more dimensions, the most bytes first.

    Args:
        by: Names of dimensions (:func:`mfkit.analysis.dimensions.dimensions`).
        chosen: Filter of the items.

    Returns:
        One row per group (null for unknown values): the columns named in ``by``, ``files`` (items),
        ``copies``, ``bytes`` (without copies), ``bytes_with_copies``, ``share`` (of the bytes of all selected
        items, 0 to 1) and ``duration`` (seconds). An item with several tags or collections counts in several
        groups, so that the shares can add up to more than 1.

    Raises:
        FilterError: A name is unknown.
    """
    grouping = dimensions(by, chosen)
    each = preaggregate(
        grouping,
        chosen,
        {
            "_files": literal(1, Integer()),
            "_copies": c.copies,
            "_bytes": c.file_size,
            "_with_copies": c.file_size * (1 + c.copies),
            "_duration": c.duration,
        },
    )
    groups = [each.c[name] for name in grouping.names]
    summed = func.sum(each.c._bytes)
    size = integer_sum(summed).label("bytes")
    total: ColumnElement[Any] = func.sum(summed).over()
    if grouping.overlapping:
        total = select(func.sum(c.file_size)).where(*conditions(chosen)).scalar_subquery()
    return (
        select(
            *groups,
            integer_sum(func.sum(each.c._files)).label("files"),
            integer_sum(func.sum(each.c._copies)).label("copies"),
            size,
            integer_sum(func.sum(each.c._with_copies)).label("bytes_with_copies"),
            (cast(summed, Double()) / func.nullif(total, 0)).label("share"),
            func.coalesce(func.sum(each.c._duration), 0.0).label("duration"),
        )
        .group_by(*groups)
        # By result name: Spark does not find the sum itself beside that of a window.
        .order_by(size.desc(), *ordered_by(groups))
    )


def integer_sum(expression: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a sum as a 64-bit integer, 0 for null; PostgreSQL returns NUMERIC otherwise."""
    return cast(func.coalesce(expression, 0), BigInteger())


def totals_by_type_codec_and_year(chosen: MediaFilter) -> Select[Any]:
    """Return the statement that sums items by media type, video codec and year, in that order.

    Returns:
        One row per existing combination: ``media_type``, ``video_codec``, ``period`` (start of the year of
        the item's date; null without a date), ``files``, ``bytes``, ``duration`` (seconds).
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
            integer_sum(func.sum(each.c.file_size)).label("bytes"),
            func.coalesce(func.sum(each.c.duration), 0.0).label("duration"),
        )
        .group_by(*groups)
        .order_by(*groups)
    )
