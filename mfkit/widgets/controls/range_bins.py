"""The quantities that a range control is for: their bins, and what a stretch of bins means as a filter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement

from mfkit.analysis.dimensions import DIMENSIONS
from mfkit.analysis.histogram import stepped
from mfkit.filters.conditions import date_year
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.units import round_size
from mfkit.library import MediaLibrary

_YEARS = 60
"""So many years have a bin of their own; what is older is in the first."""


class RangeBins(Protocol):
    """A quantity in bins.

    Attributes:
        label: What is measured.
        fields: The fields of the filter that a range of it makes.
        bin: What an item counts in, null for none.
        froms: For each bin, what it means to begin with it; and one more text for nothing at all.
        tos: For each number of bins, what it means to end with the last of them.
    """

    label: str
    fields: tuple[str, ...]
    bin: ColumnElement[Any]
    froms: Sequence[str]
    tos: Sequence[str]

    def counts(self, files: Mapping[Any, int]) -> list[int]:
        """Return how many items each bin has, of how many items have each value of :attr:`bin`."""

    def chosen(self, low: int, high: int) -> dict[str, Any]:
        """Return the filter's fields for the bins from ``low`` up to but without ``high``."""

    def stand(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the bins that hold what a filter means, as ``low`` and ``high``."""


def largest_below(edge: float, field: str) -> float:
    """Return the most that a filter's ``max_size`` or ``max_duration`` allows of what is below an edge.

    An edge belongs to the bin that begins there, and the filter's bounds to what it selects.
    """
    return int(edge) - 1 if field == "max_size" else math.nextafter(edge, 0)


class StepBins:
    """A column of numbers, cut at round values."""

    def __init__(
        self, label: str, name: str, column: str, steps: Sequence[int], texts: Sequence[str]
    ) -> None:
        """Take the name in the filter (``size``), the column, and where bins begin but for the first."""
        self.label = label
        self.fields: tuple[str, ...] = (f"min_{name}", f"max_{name}")
        self.froms: Sequence[str] = ("0", *texts, "any")
        self.tos: Sequence[str] = self.froms
        self._edges: tuple[float, ...] = (0, *steps, math.inf)
        self.bin: ColumnElement[Any] = stepped(column, self._edges)

    def counts(self, files: Mapping[Any, int]) -> list[int]:
        """Return the items of each bin."""
        return [files.get(place, 0) for place in range(len(self._edges) - 1)]

    def chosen(self, low: int, high: int) -> dict[str, Any]:
        """Return the bounds; the ends are no bounds."""
        least = self._edges[low] if low else None
        most = largest_below(self._edges[high], self.fields[1]) if high < len(self._edges) - 1 else None
        return dict(zip(self.fields, (least, most), strict=True))

    def stand(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the first bins that are not inside the bounds."""
        least, most = (getattr(chosen, name) for name in self.fields)
        last = len(self._edges) - 1
        low = max(place for place, edge in enumerate(self._edges) if edge <= (least or 0))
        high = last if most is None else next(place for place, edge in enumerate(self._edges) if edge >= most)
        low = min(low, last - 1)
        return low, max(high, low + 1)


class ResolutionBins:
    """Classes of width and height."""

    label = "Resolution"
    fields: tuple[str, ...] = ("resolution",)
    bin: ColumnElement[Any] = DIMENSIONS["resolution"]
    froms: Sequence[str] = (*RESOLUTION_NAMES, "any")
    tos: Sequence[str] = ("any", *RESOLUTION_NAMES)

    def counts(self, files: Mapping[Any, int]) -> list[int]:
        """Return the items of each class."""
        return [files.get(name, 0) for name in RESOLUTION_NAMES]

    def chosen(self, low: int, high: int) -> dict[str, Any]:
        """Return the classes; all of them are no condition."""
        names = RESOLUTION_NAMES[low:high]
        return {"resolution": names if len(names) < len(RESOLUTION_NAMES) else None}

    def stand(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the lowest and the highest class."""
        places = [RESOLUTION_NAMES.index(name) for name in chosen.resolution or RESOLUTION_NAMES]
        return min(places), max(places) + 1


class YearBins:
    """Years of the items' dates, as far as the library goes."""

    label = "Date"
    fields: tuple[str, ...] = ("after", "before")
    bin: ColumnElement[Any] = date_year

    def __init__(self, lib: MediaLibrary) -> None:
        """Ask from when to when the library goes."""
        found = sorted({int(period.year) for period in lib.growth("year", by=())["period"]})
        first = max(found[0], found[-1] - _YEARS + 1) if found else 0
        self._years = list(range(first, found[-1] + 1)) if found else []
        self.froms: Sequence[str] = (*map(str, self._years), "any")
        self.tos: Sequence[str] = ("any", *map(str, self._years))

    def counts(self, files: Mapping[Any, int]) -> list[int]:
        """Return the items of each year."""
        counts = [0] * len(self._years)
        for year, number in files.items():
            if counts:
                counts[min(max(int(year) - self._years[0], 0), len(counts) - 1)] += number
        return counts

    def chosen(self, low: int, high: int) -> dict[str, Any]:
        """Return the first and the last year; the ends are no bounds."""
        years = self._years
        return {
            "after": str(years[low]) if low else None,
            "before": str(years[high - 1]) if high < len(years) else None,
        }

    def stand(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return the years in which the filter begins and ends."""
        if not self._years:
            return 0, 0
        first, last = self._years[0], len(self._years)
        low = 0 if chosen.after is None else min(max(chosen.after.year - first, 0), last - 1)
        high = last if chosen.before is None else min(max(chosen.before.year - first + 1, 0), last)
        return low, max(high, low + 1)


def size_scale() -> StepBins:
    """Return sizes from 1 kB to 1 TB, two steps to each power of ten."""
    steps = [*(step * 10**power for power in range(3, 12) for step in (1, 3)), 10**12]
    return StepBins("Size", "size", "file_size", steps, [round_size(step) for step in steps])


def duration_scale() -> StepBins:
    """Return durations from a second to ten hours."""
    steps = {
        1: "1 s",
        3: "3 s",
        10: "10 s",
        30: "30 s",
        60: "1 min",
        180: "3 min",
        600: "10 min",
        1800: "30 min",
        3600: "1 h",
        10_800: "3 h",
        36_000: "10 h",
    }
    return StepBins("Duration", "duration", "duration", list(steps), list(steps.values()))
