"""Histogram bins of the range sliders, and their conversion to filter fields.

Each class of bins has the ``label`` of its quantity, the filter ``fields`` that select a range of values, the
SQL expression of an item's bin (NULL if the item has no value), a text for each position of the two slider
handles (before each bin, and after the last bin), and ``note``, a text below the slider. Its method
``buckets`` returns the groups of items that have no place on the slider, or that an end bin hides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case

from mfkit.analysis.dimensions import DIMENSIONS
from mfkit.analysis.histogram import bin_number
from mfkit.charts.robust_bounds import robust_span
from mfkit.filters.conditions import date_status, date_year, first_future_date, is_plausible_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.units import plural, round_size
from mfkit.library import MediaLibrary
from mfkit.models import EARLIEST_DATE

_MAX_YEARS = 60
"""Maximum number of bins of years. Items from earlier years are counted in the first bin."""
FINE_BINS = 240
"""Number of bins of the first histogram of a column, which is only used to find outliers."""
_MAX_STEPS = 20
"""Maximum number of edges between the bins of sizes or durations."""
_STATUS_BINS = {"undated": -1, "future": -2, "before 1826": -3}
"""``date_status`` -> bin number of its items. The number is negative, so that it cannot be a year."""


def inclusive_upper_bound(edge: float, field: str) -> float:
    """Return the largest ``max_size`` or ``max_duration`` that is below ``edge``.

    A value equal to an edge belongs to the bin above the edge, but the bounds of a filter are inclusive.
    """
    return int(edge) - 1 if field == "max_size" else math.nextafter(edge, 0)


@dataclass(frozen=True)
class Bucket:
    """Group of items without a place on a slider. It is shown beside the slider, and a click selects it.

    Attributes:
        key: Key of the bucket.
        text: Number of items and what they are.
        fields: Filter fields that select the items.
    """

    key: str
    text: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Steps:
    """Edges between the bins of a numeric column.

    Attributes:
        edges: Round numbers in ascending order.
        early: Whether the bin below the first edge has only a few extremely small values.
        late: Whether the bin above the last edge has only a few extremely large values.
    """

    edges: tuple[int, ...]
    early: bool = False
    late: bool = False


def robust_steps(lib: MediaLibrary, column: str, ladders: Sequence[Sequence[int]], default: Steps) -> Steps:
    """Return round bin edges for the values of a library, with a few outliers in the first or last bin.

    Args:
        lib: The library.
        column: Name of the column.
        ladders: Series of round numbers in ascending order, from the finest to the coarsest. The first series
            that gives at most 20 edges is used.
        default: The result for a library without values.
    """
    fine = lib.histogram(column, FINE_BINS, log=True)
    if fine.empty:
        return default
    first, last = robust_span(fine["files"].tolist())
    low, high = float(fine["low"].iloc[first]), float(fine["high"].iloc[last])
    early, late = first > 0, last < len(fine) - 1
    steps = default
    for ladder in ladders:
        begin = [step for step in ladder if step <= low][-1:] if early else []
        end = [step for step in ladder if step >= high][:1] if late else []
        edges = (*begin, *(step for step in ladder if low < step < high), *end)
        steps = Steps(tuple(sorted(set(edges))), bool(begin), bool(end))
        if len(steps.edges) <= _MAX_STEPS:
            break
    return steps


class StepBins:
    """Histogram bins of a numeric column. The bin edges are round numbers."""

    note = ""

    def __init__(self, label: str, name: str, column: str, steps: Steps, text: Callable[[int], str]) -> None:
        """Create the histogram bins of a column.

        Args:
            label: Name of the quantity.
            name: Name of the quantity in filter fields: ``size`` for ``min_size`` and ``max_size``.
            column: Name of the column.
            steps: Lower edges of all bins except the first, which starts at 0.
            text: Function that returns an edge as text.
        """
        self.label = label
        self.fields: tuple[str, ...] = (f"min_{name}", f"max_{name}")
        texts = [text(step) for step in steps.edges]
        self.lower_labels: Sequence[str] = ("0", *texts, "Any")
        self.upper_labels: Sequence[str] = self.lower_labels
        self._steps = steps
        self._edges: tuple[float, ...] = (0, *steps.edges, math.inf)
        self.bin_expression: ColumnElement[Any] = bin_number(column, self._edges)

    def counts_per_bin(self, files: Mapping[Any, int]) -> list[int]:
        """Return the number of items in each bin as a list, given a mapping from bin index to number."""
        return [files.get(index, 0) for index in range(len(self._edges) - 1)]

    def buckets(self, files: Mapping[Any, int]) -> list[Bucket]:
        """Return a bucket for the outliers in the first bin, and another for those in the last bin."""
        last = len(self._edges) - 2
        ends = [("less", "Less", 0, self.upper_labels[1])] * self._steps.early
        ends += [("more", "More", last, self.lower_labels[last])] * self._steps.late
        return [
            Bucket(
                key,
                f"{word} than {edge}: {plural(files[index], 'file')}",
                self.filter_fields(index, index + 1),
            )
            for key, word, index, edge in ends
            if files.get(index)
        ]

    def filter_fields(self, low: int, high: int) -> dict[str, Any]:
        """Return the filter fields that select the bins from ``low`` to ``high``, excluding ``high``.

        A slider handle at the end of the scale sets no bound.
        """
        lower = self._edges[low] if low else None
        upper = (
            inclusive_upper_bound(self._edges[high], self.fields[1]) if high < len(self._edges) - 1 else None
        )
        return dict(zip(self.fields, (lower, upper), strict=True))

    def handle_positions(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the positions of both slider handles: the bins of the filter's lower and upper bound."""
        lower, upper = (getattr(chosen, name) for name in self.fields)
        last = len(self._edges) - 1
        low = max(index for index, edge in enumerate(self._edges) if edge <= (lower or 0))
        high = (
            last if upper is None else next(index for index, edge in enumerate(self._edges) if edge >= upper)
        )
        low = min(low, last - 1)
        return low, max(high, low + 1)


class ResolutionBins:
    """Histogram bins with one bin for each resolution class, such as 4K."""

    label = "Resolution"
    fields: tuple[str, ...] = ("resolution",)
    bin_expression: ColumnElement[Any] = DIMENSIONS["resolution"]
    lower_labels: Sequence[str] = (*RESOLUTION_NAMES, "Any")
    upper_labels: Sequence[str] = ("Any", *RESOLUTION_NAMES)
    note = ""

    def buckets(self, files: Mapping[Any, int]) -> list[Bucket]:
        """Return no buckets, because the slider has a bin for each resolution class."""
        return []

    def counts_per_bin(self, files: Mapping[Any, int]) -> list[int]:
        """Return the number of items of each resolution class, given a mapping from class name to number."""
        return [files.get(name, 0) for name in RESOLUTION_NAMES]

    def filter_fields(self, low: int, high: int) -> dict[str, Any]:
        """Return ``{"resolution": names}`` with the names of the classes from ``low`` to ``high - 1``.

        The value is None if these are all classes.
        """
        names = RESOLUTION_NAMES[low:high]
        return {"resolution": names if len(names) < len(RESOLUTION_NAMES) else None}

    def handle_positions(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the positions of both slider handles, around all selected resolution classes."""
        indexes = [RESOLUTION_NAMES.index(name) for name in chosen.resolution or RESOLUTION_NAMES]
        return min(indexes), max(indexes) + 1


class YearBins:
    """Histogram bins with one bin for each year of the library's capture times.

    A few items from much earlier or later years are counted in the first or last bin. Items without a capture
    time, or with a wrong one, are not in a bin; :meth:`buckets` counts them. If no item has a capture time,
    the bins are years of modification times.
    """

    label = "Date"
    fields: tuple[str, ...] = ("after", "before", "has_date")

    def __init__(self, lib: MediaLibrary) -> None:
        """Query the years of the library's items."""
        frame = lib.growth("year", by="date_status")
        is_dated = frame["date_status"] == "dated"
        self._by_capture_time = bool(is_dated.any())
        frame = frame[is_dated] if self._by_capture_time else frame
        found = {
            int(period.year): int(files)
            for period, files in zip(frame["period"], frame["files"], strict=True)
        }
        first, last = (min(found), max(found)) if found else (0, -1)
        start, end = robust_span([found.get(year, 0) for year in range(first, last + 1)])
        low, high = first + start, min(first + end, last)
        low = max(low, high - _MAX_YEARS + 1)
        self._years = list(range(low, high + 1))
        texts = [str(year) for year in self._years]
        self.lower_labels: Sequence[str] = (*texts, "Any")
        self.upper_labels: Sequence[str] = ("Any", *texts)
        self.note = ", ".join(
            ["file dates, because no capture times are known"] * (bool(found) and not self._by_capture_time)
            + [f"first bar: {low} and earlier"] * (low > first)
            + [f"last bar: {high} and later"] * (high < last)
        ).capitalize()
        self._beside = {
            status: number
            for status, number in _STATUS_BINS.items()
            if status != "undated" or self._by_capture_time or not found
        }
        # Undated items and items with implausible dates are counted by their status instead of their year, so
        # that the slider has no wrong years.
        self.bin_expression: ColumnElement[Any] = case(
            *((date_status() == status, number) for status, number in self._beside.items()),
            (is_plausible_date(), date_year),
        )

    def counts_per_bin(self, files: Mapping[Any, int]) -> list[int]:
        """Return the number of items in each bin as a list, given a mapping from year to number."""
        counts = [0] * len(self._years)
        for year, number in files.items():
            if counts and year > 0:
                counts[min(max(int(year) - self._years[0], 0), len(counts) - 1)] += number
        return counts

    def buckets(self, files: Mapping[Any, int]) -> list[Bucket]:
        """Return the buckets of items without a year on the slider, one for each ``date_status``."""
        return [
            Bucket(status, f"{files[number]:,} {STATUS_TEXTS[status]}", status_fields(status))
            for status, number in self._beside.items()
            if files.get(number)
        ]

    def filter_fields(self, low: int, high: int) -> dict[str, Any]:
        """Return the filter fields that select a range of years.

        A slider handle at the end of the scale sets no bound. If there is a bound and the years are those of
        capture times, items without a capture time are left out.
        """
        years = self._years
        after = str(years[low]) if low else None
        before = str(years[high - 1]) if high < len(years) else None
        return {
            "after": after,
            "before": before,
            "has_date": True if (after or before) and self._by_capture_time else None,
        }

    def handle_positions(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the positions of both slider handles, around the years that the filter selects."""
        if not self._years:
            return 0, 0
        first, last = self._years[0], len(self._years)
        low = 0 if chosen.after is None else min(max(chosen.after.year - first, 0), last - 1)
        high = last if chosen.before is None else min(max(chosen.before.year - first + 1, 0), last)
        return low, max(high, low + 1)


def status_fields(status: str) -> dict[str, Any]:
    """Return the filter fields that select a ``date_status``: ``undated``, ``future`` or ``before 1826``."""
    if status == "undated":
        return {"after": None, "before": None, "has_date": False}
    if status == "before 1826":
        return {"after": None, "before": EARLIEST_DATE - timedelta(microseconds=1), "has_date": True}
    return {"after": first_future_date(), "before": None, "has_date": True}


STATUS_TEXTS = {"undated": "undated", "future": "dated in the future", "before 1826": "dated before 1826"}
"""``date_status`` -> text that follows a number of files, as in "2 files dated in the future"."""


def _powers(first: int, last: int, *digits: int) -> tuple[int, ...]:
    """Return products of digits and powers of ten in ascending order, such as 1, 2, 5, 10, 20, 50.

    Args:
        first: Exponent of the lowest power of ten.
        last: Exponent of the highest power of ten.
        digits: The digits in ascending order.
    """
    return tuple(digit * 10**power for power in range(first, last + 1) for digit in digits)


_SIZES = (
    _powers(0, 14, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80),
    _powers(0, 15, 1, 2, 5),
    _powers(0, 15, 1, 3),
    _powers(0, 15, 1),
)
# fmt: off
_DURATIONS = (
    (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 18_000,
     36_000, 72_000, 180_000, 360_000),
    (1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10_800, 36_000, 108_000, 360_000),
)
# fmt: on


def size_bins(lib: MediaLibrary) -> StepBins:
    """Return histogram bins for the file sizes of a library; from 1 kB to 1 TB if it has no files."""
    default = Steps((*_powers(3, 11, 1, 3), 10**12))
    return StepBins("Size", "size", "file_size", robust_steps(lib, "file_size", _SIZES, default), round_size)


def duration_bins(lib: MediaLibrary) -> StepBins:
    """Return histogram bins for a library's durations.

    If no duration is known, the bins range from one second to ten hours.
    """
    default = Steps(_DURATIONS[1][:11])
    steps = robust_steps(lib, "duration", _DURATIONS, default)
    return StepBins("Duration", "duration", "duration", steps, _duration_text)


def _duration_text(seconds: int) -> str:
    number, unit = next(
        (seconds / size, unit) for size, unit in ((3600, "h"), (60, "min"), (1, "s")) if seconds >= size
    )
    return f"{number:g} {unit}"


RangeBins = StepBins | ResolutionBins | YearBins
