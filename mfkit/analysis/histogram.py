"""Histograms: numbers of items in bins of equal width or, on a logarithmic scale, of equal ratio.

The bin edges are computed in Python from the minimum and the maximum. The database only compares values with
the edges, so every database puts a value into the same bin. If databases computed the logarithms themselves,
the results could differ in the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Float,
    Integer,
    Select,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media

c = media.c
MAX_BINS = 500
QUANTITIES = tuple(column.name for column in c if isinstance(column.type, (Integer, Float)))
"""Names of the numeric columns of ``media``."""


def value_range(column: str, chosen: MediaFilter, *, log: bool = False) -> Select[Any]:
    """Return the SELECT statement for the minimum and the maximum of a column.

    Its result is one row with the columns ``least`` and ``greatest``.

    Raises:
        FilterError: The column is not numeric.
    """
    quantity = _quantity(column)
    return select(func.min(quantity).label("least"), func.max(quantity).label("greatest")).where(
        *_counted(quantity, chosen, log)
    )


def edges(column: str, least: float | None, greatest: float | None, bins: int, *, log: bool) -> list[Any]:
    """Return the edges of a histogram's bins, or an empty list if the column has no values.

    Args:
        column: Name of the column. An integer column has integer edges, and at most one bin per integer.
        least: Minimum of the column; None if there are no values.
        greatest: Maximum of the column; None if there are no values.
        bins: Number of bins.
        log: True if the bins have equal ratios instead of equal widths.

    Raises:
        FilterError: The number of bins is not from 1 to 500.
    """
    if not 1 <= bins <= MAX_BINS:
        raise FilterError(f"bins is {bins!r}. Use a number from 1 to {MAX_BINS}.")
    if least is None or greatest is None:
        return []
    if isinstance(_quantity(column).type, Integer):
        # The upper edge of a bin is exclusive, so the last edge must be greater than the maximum.
        found = _edges(least, greatest + 1, bins, log)
        return sorted({least, *(math.ceil(edge) for edge in found[1:-1]), greatest + 1})
    return sorted(set(_edges(least, greatest, bins, log))) if least < greatest else [least, greatest]


def histogram(
    column: str, bin_edges: Sequence[Any], chosen: MediaFilter, *, log: bool = False
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.histogram`, which counts the items in each bin."""
    quantity = _quantity(column)
    type_: TypeEngine[Any] = BigInteger() if isinstance(quantity.type, Integer) else Double()
    number = max(len(bin_edges) - 1, 1)
    lows, highs = (bin_edges[:-1], bin_edges[1:]) if bin_edges else ([None], [None])
    bins = union_all(
        *(
            select(
                literal(place, Integer()).label("bin"),
                literal(low, type_).label("low"),
                literal(high, type_).label("high"),
            )
            for place, (low, high) in enumerate(zip(lows, highs, strict=True))
        )
    ).subquery()
    found = bin_of(quantity, bin_edges, 0, number).label("bin")
    each = select(found, c.file_size).where(*_counted(quantity, chosen, log)).subquery()
    counted = (
        select(
            each.c.bin, func.count().label("files"), integer_sum(func.sum(each.c.file_size)).label("bytes")
        )
        .group_by(each.c.bin)
        .subquery()
    )
    return (
        select(
            bins.c.bin,
            bins.c.low,
            bins.c.high,
            integer_sum(counted.c.files).label("files"),
            integer_sum(counted.c.bytes).label("bytes"),
        )
        .outerjoin_from(bins, counted, counted.c.bin == bins.c.bin)
        .where(bins.c.low.is_not(None))
        .order_by(bins.c.bin)
    )


def bin_number(column: str, bin_edges: Sequence[float]) -> ColumnElement[Any]:
    """Return the SQL expression for the number of the bin that contains a value (null if the value is null).

    Args:
        column: One of :data:`QUANTITIES`.
        bin_edges: Edges of the bins.
    """
    quantity = _quantity(column)
    return case((quantity.is_(None), null()), else_=bin_of(quantity, bin_edges, 0, len(bin_edges) - 1))


def count_by_bins(bins: Sequence[ColumnElement[Any]], chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement that counts items by the bins of several columns in one table scan.

    Args:
        bins: SQL expressions to count by, such as those that :func:`bin_number` returns.
        chosen: Filter of the items.

    Returns:
        One row per existing combination: ``bin0``, ``bin1`` and so on, and ``files``.
    """
    found = [one.label(f"bin{place}") for place, one in enumerate(bins)]
    each = select(*found).where(*conditions(chosen)).subquery()
    return select(*each.c, func.count().label("files")).group_by(*each.c)


def _quantity(column: str) -> ColumnElement[Any]:
    if column not in QUANTITIES:
        raise FilterError(f"{column!r} is not a numeric column. Use one of {', '.join(QUANTITIES)}.")
    return c[column]


def _counted(quantity: ColumnElement[Any], chosen: MediaFilter, log: bool) -> list[ColumnElement[bool]]:
    return [*conditions(chosen), quantity > 0 if log else quantity.is_not(None)]


def _edges(least: float, greatest: float, bins: int, log: bool) -> list[float]:
    """Return bin edges at equal distances, or at equal ratios if ``log`` is true. Inner edges are rounded."""
    if log:
        ratio = math.log(greatest / least)
        between = [least * math.exp(ratio * place / bins) for place in range(1, bins)]
    else:
        between = [least + (greatest - least) * place / bins for place in range(1, bins)]
    return [least, *(edge for edge in between if least < edge < greatest), greatest]


def bin_of(
    quantity: ColumnElement[Any], bin_edges: Sequence[Any], first: int, end: int
) -> ColumnElement[int]:
    """Return nested CASE expressions that find a value's bin by binary search: 7 comparisons for 100 bins."""
    if end - first <= 1:
        return literal(first, Integer())
    middle = (first + end) // 2
    return case(
        (quantity < bin_edges[middle], bin_of(quantity, bin_edges, first, middle)),
        else_=bin_of(quantity, bin_edges, middle, end),
    )
