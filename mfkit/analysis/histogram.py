"""How a quantity is spread: items in bins of equal width, or of equal ratio.

The edges are computed here from the least and the greatest value, and a value is compared with them, so
that every database puts it in the same bin; a logarithm of the database's own could differ in its last
digit.
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

from mfkit.analysis.summary import whole_library
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media

c = media.c
MAX_BINS = 500
QUANTITIES = tuple(column.name for column in c if isinstance(column.type, (Integer, Float)))
"""Columns of ``media`` that hold numbers."""


def bounds(column: str, chosen: MediaFilter, *, log: bool = False) -> Select[Any]:
    """Return the statement for the least and the greatest value: one row, ``least`` and ``greatest``.

    Raises:
        FilterError: The column holds no numbers.
    """
    quantity = _quantity(column)
    return select(func.min(quantity).label("least"), func.max(quantity).label("greatest")).where(
        *_counted(quantity, chosen, log)
    )


def edges(column: str, least: float | None, greatest: float | None, bins: int, *, log: bool) -> list[Any]:
    """Return the edges of the bins, one more than there are bins; none without values.

    Args:
        column: A column of whole numbers has whole edges, and at most one bin per number.
        least: The least value.
        greatest: The greatest value.
        bins: How many bins to make.
        log: Whether the bins' ratio is equal, rather than their width.

    Raises:
        FilterError: The number of bins is not from 1 to 500.
    """
    if not 1 <= bins <= MAX_BINS:
        raise FilterError(f"bins must be from 1 to {MAX_BINS}, and is {bins!r}.")
    if least is None or greatest is None:
        return []
    if isinstance(_quantity(column).type, Integer):
        # The last edge is the first number that is not counted.
        found = _spread(least, greatest + 1, bins, log)
        return sorted({least, *(math.ceil(edge) for edge in found[1:-1]), greatest + 1})
    return sorted(set(_spread(least, greatest, bins, log))) if least < greatest else [least, greatest]


def histogram(column: str, marks: Sequence[Any], chosen: MediaFilter, *, log: bool = False) -> Select[Any]:
    """Return the statement that counts items by bins of a quantity.

    Args:
        column: One of :data:`QUANTITIES`.
        marks: The edges, as :func:`edges` gives them.
        chosen: Which items.
        log: Leave out values that are not above 0.

    Returns:
        One row per bin, the empty ones too: ``bin`` (from 0), ``low`` and ``high`` (the values from
        ``low`` up to but without ``high``; the last bin of fractions has its ``high`` in it),
        ``files`` and ``bytes``.
    """
    quantity = _quantity(column)
    type_: TypeEngine[Any] = BigInteger() if isinstance(quantity.type, Integer) else Double()
    number = max(len(marks) - 1, 1)
    lows, highs = (marks[:-1], marks[1:]) if marks else ([None], [None])
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
    found = _bin_of(quantity, marks, 0, number).label("bin")
    each = select(found, c.file_size).where(*_counted(quantity, chosen, log)).subquery()
    counted = (
        select(
            each.c.bin, func.count().label("files"), whole_library(func.sum(each.c.file_size)).label("bytes")
        )
        .group_by(each.c.bin)
        .subquery()
    )
    return (
        select(
            bins.c.bin,
            bins.c.low,
            bins.c.high,
            whole_library(counted.c.files).label("files"),
            whole_library(counted.c.bytes).label("bytes"),
        )
        .outerjoin_from(bins, counted, counted.c.bin == bins.c.bin)
        .where(bins.c.low.is_not(None))
        .order_by(bins.c.bin)
    )


def stepped(column: str, marks: Sequence[float]) -> ColumnElement[Any]:
    """Return the number of the bin that a quantity is in, null where it is not known.

    Args:
        column: One of :data:`QUANTITIES`.
        marks: The edges.
    """
    quantity = _quantity(column)
    return case((quantity.is_(None), null()), else_=_bin_of(quantity, marks, 0, len(marks) - 1))


def spread(bins: Sequence[ColumnElement[Any]], chosen: MediaFilter) -> Select[Any]:
    """Return the statement that counts items by several spreads at once, in one look at the items.

    Args:
        bins: What to count by, such as :func:`stepped` gives; a value that is not known is null.
        chosen: Which items.

    Returns:
        A row for each combination that there is: ``bin0``, ``bin1`` and so on, and ``files``.
    """
    found = [one.label(f"bin{place}") for place, one in enumerate(bins)]
    each = select(*found).where(*conditions(chosen)).subquery()
    return select(*each.c, func.count().label("files")).group_by(*each.c)


def _quantity(column: str) -> ColumnElement[Any]:
    if column not in QUANTITIES:
        raise FilterError(f"{column!r} is no column of numbers; take one of {', '.join(QUANTITIES)}.")
    return c[column]


def _counted(quantity: ColumnElement[Any], chosen: MediaFilter, log: bool) -> list[ColumnElement[bool]]:
    return [*conditions(chosen), quantity > 0 if log else quantity.is_not(None)]


def _spread(least: float, greatest: float, bins: int, log: bool) -> list[float]:
    """Return edges of equal distance or ratio, the first and the last exactly as given."""
    if log:
        ratio = math.log(greatest / least)
        between = [least * math.exp(ratio * place / bins) for place in range(1, bins)]
    else:
        between = [least + (greatest - least) * place / bins for place in range(1, bins)]
    return [least, *(edge for edge in between if least < edge < greatest), greatest]


def _bin_of(
    quantity: ColumnElement[Any], marks: Sequence[Any], first: int, behind: int
) -> ColumnElement[int]:
    """Return the number of the bin by halving: a hundred bins are seven comparisons."""
    if behind - first <= 1:
        return literal(first, Integer())
    middle = (first + behind) // 2
    return case(
        (quantity < marks[middle], _bin_of(quantity, marks, first, middle)),
        else_=_bin_of(quantity, marks, middle, behind),
    )
