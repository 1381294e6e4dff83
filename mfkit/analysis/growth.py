"""How much came when: files and bytes by period, with running totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from mfkit.analysis.collation import ordered_by
from mfkit.analysis.dimensions import dimensions
from mfkit.analysis.periods import Freq, period_start
from mfkit.analysis.summary import whole_library
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions, item_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media

c = media.c


def growth(
    freq: Freq, chosen: MediaFilter, *, on: str = "date", by: str | Sequence[str] = "media_type"
) -> Select[Any]:
    """Return the statement that counts items by period and facts, with running totals.

    Args:
        freq: ``"year"``, ``"month"`` or ``"day"``.
        chosen: Which items.
        on: ``"date"`` (capture time, else modification time), ``"created_at"`` (when the item came
            into the library) or ``"file_modified_at"``.
        by: Names that :func:`mfkit.analysis.dimensions.dimensions` knows; none for all items together.

    Returns:
        ``period`` (its first moment, UTC), the columns named in ``by``, ``files``, ``bytes``,
        ``total_files`` and ``total_bytes`` (up to and with the period, per value of the facts). Items
        without a date are left out; a value has a row for every period in which something of it came.

    Raises:
        FilterError: The period, the date or a fact has another name.
    """
    dates = {"date": item_date, "created_at": c.created_at, "file_modified_at": c.file_modified_at}
    if on not in dates:
        raise FilterError(f"{on!r} is no date; take one of {', '.join(dates)}.")
    meant = dimensions(by, chosen, least=0)
    each = (
        select(period_start(freq, dates[on]).label("period"), *meant.columns, c.file_size.label("_bytes"))
        .select_from(meant.source)
        .where(*conditions(chosen), dates[on].is_not(None))
        .subquery()
    )
    groups = [each.c.period, *(each.c[name] for name in meant.names)]
    summed = (
        select(*groups, func.count().label("files"), whole_library(func.sum(each.c._bytes)).label("bytes"))
        .group_by(*groups)
        .subquery()
    )
    values = [summed.c[name] for name in meant.names]
    running: dict[str, Any] = {"partition_by": values or None, "order_by": summed.c.period}
    return select(
        summed.c.period,
        *values,
        summed.c.files,
        summed.c.bytes,
        whole_library(func.sum(summed.c.files).over(**running)).label("total_files"),
        whole_library(func.sum(summed.c.bytes).over(**running)).label("total_bytes"),
    ).order_by(summed.c.period, *ordered_by(values))
