"""The panel of ranges: size, duration, resolution and date, each with a small histogram."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import pandas as pd

from mfkit.analysis.histogram import count_by_bins
from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.chips_and_lists import Range
from mfkit.widgets.controls.range_bins import RangeBins, ResolutionBins, YearBins, duration_bins, size_bins
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo


class RangesPanel(Panel):
    """Ranges of size, duration, resolution and year. Each histogram counts files under all other conditions.

    Attributes:
        ranges: The controls.
        bins: The bins of each control.

    ![Four ranges over small histograms](../images/panels/ranges.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.RangesPanel(lib, selection)  # doctest: +SKIP
    """

    draw_priority = 3

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to change."""
        self._fixed_bins: tuple[RangeBins, ...] = (size_bins(), duration_bins(), ResolutionBins())
        self._year_bins = Memo[RangeBins](lib)
        self.bins: tuple[RangeBins, ...] = ()
        self.ranges = [
            Range(label, functools.partial(self._move, index))
            for index, label in enumerate(("Size", "Duration", "Resolution", "Date"))
        ]
        super().__init__(lib, selection, "", self.ranges)

    def draw(self, chosen: MediaFilter) -> None:
        """Count the bins, and set the handles to the selection."""
        self.bins = (*self._fixed_bins, self._year_bins.get(lambda: YearBins(self.lib)))
        # Ranges without a condition of their own count under the same filter, so one query serves them all.
        by_filter: dict[MediaFilter, list[int]] = {}
        for index, bins in enumerate(self.bins):
            by_filter.setdefault(without(chosen, *bins.fields), []).append(index)
        for other_conditions, indexes in by_filter.items():
            expressions = [self.bins[index].bin_expression for index in indexes]
            frame = self.lib.frame(count_by_bins(expressions, other_conditions))
            for number, index in enumerate(indexes):
                bins = self.bins[index]
                # groupby() takes ten times as long for these few hundred rows.
                files: Counter[Any] = Counter()
                for value, count in zip(frame[f"bin{number}"], frame["files"], strict=True):
                    if value is not pd.NA and value == value:
                        files[value] += int(count)
                self.ranges[index].show(
                    bins.counts(files), bins.lower_labels, bins.upper_labels, *bins.handle_positions(chosen)
                )

    def clear_cache(self) -> None:
        """Discard the first and last year of the library."""
        self._year_bins.clear()

    def _move(self, index: int, low: int, high: int) -> None:
        bins = self.bins[index]
        # A handle that returns to its old position changes nothing: a script may have set a finer bound.
        if (low, high) != bins.handle_positions(self.selection.filter):
            self.attempt(lambda: self.selection.change(**bins.filter_fields(low, high)))
