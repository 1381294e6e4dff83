"""Periods of time that items can be grouped by."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, literal_column

from mfkit.errors import FilterError
from mfkit.sql.elements import PeriodStart

Freq = Literal["year", "month", "day"]


def period_start(freq: Freq, timestamp: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the start (UTC) of the period that a timestamp falls in.

    Args:
        freq: ``"year"``, ``"month"`` or ``"day"``.
        timestamp: A timestamp expression.

    Raises:
        FilterError: The period has another name.
    """
    if freq not in get_args(Freq):
        raise FilterError(f"{freq!r} is not a period. Use one of {', '.join(get_args(Freq))}.")
    return PeriodStart(literal_column(f"'{freq}'"), timestamp)
