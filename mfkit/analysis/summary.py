"""Summaries: files, bytes and durations by dimension, and the growth of a library by period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, Select, case, cast, func, literal, select

from mfkit.analysis.dimensions import Freq, dimensions, period_start, preaggregate, split_lists
from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import conditions, date_status, is_plausible_date, item_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media
from mfkit.sql.elements import ordered_by

c = media.c


def summary(by: str | Sequence[str], chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.summary`: the totals for each value of the dimensions."""
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
        # ORDER BY uses the name of the result column, because Spark cannot resolve a repeated sum expression
        # if the query also has a window function.
        .order_by(size.desc(), *ordered_by(groups))
    )


def growth(
    freq: Freq, chosen: MediaFilter, *, on: str = "date", by: str | Sequence[str] = "media_type"
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.growth`, with one row for each period that has items."""
    dates = {"date": item_date, "created_at": c.created_at, "file_modified_at": c.file_modified_at}
    if on not in dates:
        raise FilterError(
            f"{on!r} is not a date column. {did_you_mean(on, dates)}Use one of {', '.join(dates)}."
        )
    grouping = dimensions(by, chosen, least=0)
    each = (
        select(period_start(freq, dates[on]).label("period"), *grouping.columns, c.file_size.label("_bytes"))
        .select_from(grouping.source)
        .where(*conditions(chosen), is_plausible_date() if on == "date" else dates[on].is_not(None))
        .subquery()
    )
    each = split_lists(each, grouping)
    groups = [each.c.period, *(each.c[name] for name in grouping.names)]
    summed = (
        select(*groups, func.count().label("files"), integer_sum(func.sum(each.c._bytes)).label("bytes"))
        .group_by(*groups)
        .subquery()
    )
    values = [summed.c[name] for name in grouping.names]
    running: dict[str, Any] = {"partition_by": values or None, "order_by": summed.c.period}
    return select(
        summed.c.period,
        *values,
        summed.c.files,
        summed.c.bytes,
        integer_sum(func.sum(summed.c.files).over(**running)).label("total_files"),
        integer_sum(func.sum(summed.c.bytes).over(**running)).label("total_bytes"),
    ).order_by(summed.c.period, *ordered_by(values))


def integer_sum(expression: ColumnElement[Any]) -> ColumnElement[int]:
    """Cast a sum to a 64-bit integer, and null to 0. Without the cast PostgreSQL returns NUMERIC."""
    return cast(func.coalesce(expression, 0), BigInteger())


def totals_by_type_codec_and_year(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement that sums items by media type, video codec, date status and year.

    Returns:
        One row per existing combination: ``media_type``, ``video_codec``, ``date_status`` (as the dimension),
        ``period`` (start of the year of the item's date; null without a plausible date), ``files``,
        ``bytes``, ``duration`` (seconds).
    """
    return _totals(chosen, "year", c.media_type, c.video_codec)


def totals_over_time(freq: Freq, chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement that sums items by media type and period, including items without a date.

    Returns:
        One row per existing combination of ``media_type``, ``date_status`` and ``period``, with ``files``,
        ``bytes`` and ``duration``, as for :func:`totals_by_type_codec_and_year`.
    """
    return _totals(chosen, freq, c.media_type)


def _totals(chosen: MediaFilter, freq: Freq, *columns: ColumnElement[Any]) -> Select[Any]:
    period = case((is_plausible_date(), period_start(freq, item_date))).label("period")
    each = (
        select(*columns, date_status().label("date_status"), period, c.file_size, c.duration)
        .where(*conditions(chosen))
        .subquery()
    )
    groups = list(each.c)[:-2]
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
