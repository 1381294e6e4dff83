"""Time axis of a chart, divided into slots. A slot is the place for one bar.

There are slots for periods, for outliers at both ends of the axis, and for undated items beside the axis.
Charts store the key of a slot as ``customdata``. The keys are:

- ``"2014"``, ``"2014-05"`` or ``"2014-05-31"``: a period.
- ``"≤1997"`` or ``"≥2021"``: the end of the axis that contains all earlier or later items.
- ``"undated"``, ``"future"`` or ``"before 1826"``: items of this ``date_status``, beside the axis.
- ``"file 2014"``: a period of modification times, if no item has a capture time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from mfkit.charts.robust_bounds import robust_span
from mfkit.charts.theme import MAX_MARKS

# This maps a pandas frequency to the format of a period's label, in order from short to long periods.
_PERIODS = {"D": "%d %b %Y", "M": "%b %Y", "Y": "%Y"}
# This maps a pandas frequency to the date format in which the filter fields `after` and `before` name a
# period.
_KEYS = {"D": "%Y-%m-%d", "M": "%Y-%m", "Y": "%Y"}
_BESIDE = {
    # Each date_status has an axis label, a name for the hover text, and a phrase that follows a number of
    # files.
    "undated": ("undated", "Without a capture time", "undated"),
    "before 1826": ("< 1826", "Capture time before 1826", "dated before 1826"),
    "future": ("future", "Capture time in the future", "dated in the future"),
}
_MAX_TICKS = 7


@dataclass(frozen=True)
class Slot:
    """Place for one bar of a chart: a part of the time axis, or a place to the left or right of the axis.

    Attributes:
        key: Key of the slot; see the docstring of the module.
        label: Label on the axis.
        name: Text for the hover text.
        position: Center on the axis, on which a period has the width 1.
        width: Width of the slot.
        is_period: False for slots beside the axis.
        phrase: Text that follows a number of files, for slots beside the axis.
    """

    key: str
    label: str
    name: str
    position: float
    width: float
    is_period: bool = True
    phrase: str = ""


@dataclass(frozen=True)
class TimeAxis:
    """Time axis of a chart, divided into slots such as months.

    Each slot has a bar for its rows of a DataFrame.

    Attributes:
        slots: The slots from left to right.
        periods: The periods with one slot each, without the end slots.
        by_capture_time: False if the periods are modification times of files.
        early: Whether the first period slot contains all earlier items.
        late: Whether the last period slot contains all later items.
        statuses: Slot index of each ``date_status`` that is drawn beside the axis.
    """

    slots: tuple[Slot, ...]
    periods: pd.PeriodIndex
    by_capture_time: bool
    early: bool
    late: bool
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def number_of_periods(self) -> int:
        """Number of periods on the axis, without the slots for files with an unknown or implausible date."""
        return len(self.slots) - len(self.statuses)

    def tables(self, rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
        """Return a dict measure -> media type -> array of sums per slot. Rows without a slot are left out."""
        slots = np.full(len(rows), -1)
        statuses = _statuses(rows)
        for status, slot in self.statuses.items():
            slots[statuses == status] = slot
        on_axis = _on_axis(rows, statuses, self.by_capture_time)
        if len(self.periods) and on_axis.any():
            first = next(index for index, slot in enumerate(self.slots) if slot.is_period)
            ordinals = pd.PeriodIndex(rows["period"][on_axis], freq=self.periods.freq).asi8
            low = self.periods[0].ordinal - int(self.early)
            high = self.periods[-1].ordinal + int(self.late)
            slots[on_axis] = first + np.clip(ordinals, low, high) - low
        numbers, names = pd.factorize(rows["media_type"].astype(str))
        known = slots >= 0
        # NumPy is used instead of DataFrame.pivot_table(), which would take 5 ms each time the chart is
        # drawn.
        tables: dict[str, dict[str, Any]] = {}
        for measure in ("files", "bytes"):
            table = np.zeros((len(names), len(self.slots)))
            np.add.at(table, (numbers[known], slots[known]), rows[measure].to_numpy("float64")[known])
            tables[measure] = dict(zip(map(str, names), table, strict=True)) or {
                "other": np.zeros(len(self.slots))
            }
        return tables

    def settings(self, only_periods: bool) -> dict[str, Any]:
        """Return Plotly's settings of the axis: its range, and at most about ten ticks."""
        slots = [slot for slot in self.slots if slot.is_period or not only_periods]
        ticks = [slot for slot in slots if not slot.is_period or slot.key.removeprefix("file ")[0] in "≤≥"]
        ticks += self._period_ticks()
        ticks.sort(key=lambda slot: slot.position)
        return {
            "tickmode": "array",
            "tickvals": [slot.position for slot in ticks],
            "ticktext": [slot.label for slot in ticks],
            "tickangle": 0,
            "range": [slots[0].position - slots[0].width * 0.6, slots[-1].position + slots[-1].width * 0.6],
        }

    def _period_ticks(self) -> list[Slot]:
        """Return the slots of the periods that get a label on the axis, at most about eight.

        On an axis of many years, these are the years that are divisible by a step such as 5. On other axes,
        the labels are evenly spaced.
        """
        number, freq = len(self.periods), str(self.periods.freqstr)[0] if len(self.periods) else ""
        by_key = {slot.key.removeprefix("file "): slot for slot in self.slots}
        slots = [by_key[one.strftime(_KEYS[freq])] for one in self.periods]
        if number <= 8:
            step, starts = 1 if freq == "Y" or number <= 4 else 2, range(number)
            return [slots[index] for index in starts if index % step == 0]
        if freq == "Y":
            step = next(one for one in (2, 5, 10, 20, 50, 100, 200) if number / one <= _MAX_TICKS)
            ticks = [index for index, one in enumerate(self.periods) if one.year % step == 0]
        elif freq == "M" and number > 24:
            steps = (1, 2, 5, 10, 20, 50, 100)
            step = next(one for one in steps if number / 12 / one <= _MAX_TICKS)
            slots = [
                replace(slot, label=str(one.year)) for slot, one in zip(slots, self.periods, strict=True)
            ]
            ticks = [
                index for index, one in enumerate(self.periods) if one.month == 1 and one.year % step == 0
            ]
        else:
            step = -(-number // 4)
            ticks = list(range(0, number, step))
        # Ticks close to an end slot, which contains all earlier or later items, are left out because they
        # would overlap that slot's label.
        return [
            slots[index]
            for index in ticks
            if not (self.early and index < number / 8) and not (self.late and index >= number * 7 / 8)
        ]


def time_axis(rows: pd.DataFrame) -> TimeAxis:
    """Return the axis for rows with ``period``, ``media_type``, ``files`` and perhaps ``date_status``."""
    statuses = _statuses(rows)
    by_capture_time = bool(((statuses == "dated") & rows["period"].notna()).any())
    on_axis = _on_axis(rows, statuses, by_capture_time)
    by_capture_time = by_capture_time or not on_axis.any()
    shown = rows[on_axis]
    found, freq, first, last = _periods(shown)
    early, late = first > 0, last < len(found) - 1
    periods = found[first : last + 1]
    prefix = "" if by_capture_time else "file "
    number = len(periods)
    # The bars "undated" and "future" get a minimum width, so that they can be seen and clicked beside a
    # hundred narrow periods.
    wide = max(1.0, number / 20)
    slots = []
    for index, one in enumerate(periods):
        text = one.strftime(_PERIODS[freq])
        slots.append(Slot(f"{prefix}{one.strftime(_KEYS[freq])}", text, text, float(index), 1.0))
    if early:
        slots.insert(0, _end_slot("≤", found[first - 1], freq, -0.5 - wide / 2, wide, prefix))
    if late:
        slots.append(_end_slot("≥", found[last + 1], freq, number - 0.5 + wide / 2, wide, prefix))
    left, right = (slots[0], slots[-1]) if slots else (Slot("", "", "", 0.0, 0.0),) * 2
    start, end = left.position - left.width / 2, right.position + right.width / 2
    beside = [one for one in _BESIDE if (statuses == one).any() and (one != "undated" or by_capture_time)]
    # On one line, the labels of adjacent bars would overlap in a narrow chart. So each label to the left of
    # the axis gets a line of its own below the labels of the periods.
    for line, status in enumerate([one for one in ("before 1826", "undated") if one in beside], 1):
        start -= wide * 1.4
        slots.insert(0, _beside(status, start + wide / 2, wide, line if number else 0))
    if "future" in beside:
        slots.append(_beside("future", end + wide * 0.9, wide, min(number, 1)))
    indexes = {slot.key: index for index, slot in enumerate(slots) if slot.key in _BESIDE}
    return TimeAxis(tuple(slots), periods, by_capture_time, early, late, indexes)


def _end_slot(sign: str, period: pd.Period, freq: str, position: float, width: float, prefix: str) -> Slot:
    key, text = period.strftime(_KEYS[freq]), period.strftime(_PERIODS[freq])
    name = f"Up to {text}" if sign == "≤" else f"From {text}"
    return Slot(f"{prefix}{sign}{key}", f"{sign} {text}", name, position, width)


def _beside(status: str, position: float, width: float, line: int) -> Slot:
    label, name, phrase = _BESIDE[status]
    return Slot(status, "<br>" * line + label, name, position, width, is_period=False, phrase=phrase)


def _statuses(rows: pd.DataFrame) -> Any:
    if "date_status" not in rows:
        return np.full(len(rows), "dated", dtype=object)
    return rows["date_status"].astype(str).to_numpy(object)


def _on_axis(rows: pd.DataFrame, statuses: Any, by_capture_time: bool) -> Any:
    """Return a Boolean array that is True for the rows whose period belongs on the time axis."""
    return (statuses == ("dated" if by_capture_time else "undated")) & rows["period"].notna().to_numpy()


def _periods(rows: pd.DataFrame) -> tuple[pd.PeriodIndex, str, int, int]:
    """Return all periods, their pandas frequency, and the indexes of the first and last period to show.

    The periods before and after these two contain only outliers.
    """
    timestamps = rows["period"]
    if rows.empty:
        return pd.PeriodIndex([], freq="Y"), "Y", 0, -1
    finest = "D"
    if (timestamps.dt.day == 1).all():
        finest = "Y" if (timestamps.dt.month == 1).all() else "M"
    types = rows["media_type"].nunique()
    for freq in list(_PERIODS)[list(_PERIODS).index(finest) :]:
        ordinals = pd.PeriodIndex(timestamps, freq=freq).asi8
        counts = np.zeros(int(ordinals.max() - ordinals.min()) + 1)
        np.add.at(counts, ordinals - ordinals.min(), rows["files"].to_numpy("float64"))
        first, last = robust_span(counts.tolist())
        # The number of bars is limited. Each period needs one bar per media type and one for all media types
        # together.
        if (last - first + 6) * (types + 1) <= MAX_MARKS:
            break
    # Empty periods are included, so that a gap in time is visible in the chart.
    periods = pd.period_range(timestamps.min(), timestamps.max(), freq=freq)
    return periods, freq, first, last
