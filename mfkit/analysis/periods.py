"""Periods of time that items can be grouped by."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, literal_column

from mfkit.errors import FilterError
from mfkit.filters.suggestions import did_you_mean
from mfkit.models import UTCDateTime
from mfkit.sql.elements import PeriodStart, UtcClock

Period = Literal["year", "quarter", "month", "week", "day"]
Freq = Period | Literal["YS", "YE", "Y", "QS", "QE", "Q", "MS", "ME", "M", "W", "D"]
_PERIODS: dict[str, Period] = {
    **{name: name for name in get_args(Period)},
    **dict.fromkeys(("YS", "YE", "Y"), "year"),
    **dict.fromkeys(("QS", "QE", "Q"), "quarter"),
    **dict.fromkeys(("MS", "ME", "M"), "month"),
    "W": "week",
    "D": "day",
}
"""Period by name and by pandas alias (https://pandas.pydata.org/docs/user_guide/timeseries.html)."""


def period_start(freq: Freq, timestamp: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the start of the period that a timestamp falls in; weeks start on Monday.

    Args:
        freq: ``"year"``, ``"quarter"``, ``"month"``, ``"week"``, ``"day"``, or a pandas alias of these.
        timestamp: A local time, or a timestamp, which is taken in UTC.

    Returns:
        A local time.

    Raises:
        FilterError: The period has another name.
    """
    if freq not in _PERIODS:
        raise FilterError(
            f"{freq!r} is not a period. {did_you_mean(freq, _PERIODS)}Use one of {', '.join(_PERIODS)}."
        )
    local = UtcClock(timestamp) if isinstance(timestamp.type, UTCDateTime) else timestamp
    return PeriodStart(literal_column(f"'{_PERIODS[freq]}'"), local)
