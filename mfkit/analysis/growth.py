"""Growth of a library: files and bytes by period, with running totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from mfkit.analysis.dimensions import dimensions
from mfkit.analysis.periods import Freq, period_start
from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions, item_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.suggestions import did_you_mean
from mfkit.models import media
from mfkit.sql.elements import ordered_by

c = media.c


def growth(
    freq: Freq, chosen: MediaFilter, *, on: str = "date", by: str | Sequence[str] = "media_type"
) -> Select[Any]:
    """Return the statement that counts items by period and dimensions, with running totals.

    Args:
        freq: As for :func:`mfkit.analysis.periods.period_start`.
        chosen: Filter of the items.
        on: ``"date"`` (capture time, else modification time), ``"created_at"`` (when the item was added to
            the library) or ``"file_modified_at"``.
        by: Names of dimensions (:func:`mfkit.analysis.dimensions.dimensions`); none for all items together.

    Returns:
        ``period`` (its start), the columns named in ``by``, ``files``, ``bytes``, ``total_files`` and
        ``total_bytes`` (up to the end of the period, per group). Items without a date are left out. A group
        has a row for every period in which it has items.

    Raises:
        FilterError: The period, the date or a dimension is unknown.
    """
    dates = {"date": item_date, "created_at": c.created_at, "file_modified_at": c.file_modified_at}
    if on not in dates:
        raise FilterError(f"{on!r} is not a date. {did_you_mean(on, dates)}Use one of {', '.join(dates)}.")
    grouping = dimensions(by, chosen, least=0)
    each = (
        select(period_start(freq, dates[on]).label("period"), *grouping.columns, c.file_size.label("_bytes"))
        .select_from(grouping.source)
        .where(*conditions(chosen), dates[on].is_not(None))
        .subquery()
    )
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
