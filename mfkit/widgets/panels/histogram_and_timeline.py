"""Panels with a histogram of sizes or durations, and a chart over time, on which ranges can be selected."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.dimensions import Freq
from mfkit.analysis.histogram import edges, histogram
from mfkit.analysis.summary import totals_over_time
from mfkit.charts import growth_chart, histogram_chart
from mfkit.charts.robust_bounds import robust_span
from mfkit.filters.conditions import DATE_STATUSES
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.range_bins import FINE_BINS, inclusive_upper_bound, status_fields
from mfkit.widgets.panels.chart_panel import ChartPanel, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo, overview_by_year

_BINS = 40
"""Number of bars in the histogram, without the bars for outliers at its ends."""


class HistogramPanel(ChartPanel):
    """Histogram of files or bytes by size or duration. Click a bar, or drag over several, to select them.

    A few extremely small or large files share a bar at the end of the axis.

    ![Files by size as bars](../images/panels/histogram.png)

    Example:
        >>> mfkit.widgets.HistogramPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.quantity = toggle([("Size", "file_size"), ("Duration", "duration")], "Quantity")
        self._edges = {name: Memo[list[Any]](lib) for name in ("file_size", "duration")}
        self._drawn_quantity = self.quantity.value
        super().__init__(lib, selection, "Sizes and durations", [self.quantity], measure="files")

    def draw(self, chosen: MediaFilter) -> None:
        """Draw the histogram of the chosen quantity."""
        self._drawn_quantity = self.quantity.value
        self.own_fields = _RANGE_FIELDS[self._drawn_quantity]
        super().draw(chosen)

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the quantity, which are the inputs of the query."""
        return chosen, self._drawn_quantity

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the numbers of files and bytes in bins that are the same for every selection."""
        column = self._drawn_quantity
        bin_edges = self._edges[column].get(lambda: robust_edges(self.lib, column))
        return self.lib.frame(histogram(column, bin_edges, chosen, log=True))

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each histogram bin."""
        return histogram_chart(frame, self._drawn_quantity, self.measure.value, selected=self.selected)

    def clear_cache(self) -> None:
        """Discard the cached query results and bins."""
        super().clear_cache()
        for edges_of_column in self._edges.values():
            edges_of_column.clear()

    def fields_for_click(self, key: list[float]) -> dict[str, Any]:
        """Return the filter fields that select the clicked histogram bin."""
        return self.fields_for_brush([key])

    def fields_for_brush(self, keys: list[list[float]]) -> dict[str, Any]:
        """Return the filter fields that select the range of bins over which the user dragged.

        The bin at an end of the axis sets no bound on that side.
        """
        low, high = keys[0][0], keys[-1][1]
        least, greatest = _RANGE_FIELDS[self._drawn_quantity]
        first, last = float(self.frame["low"].iloc[0]), float(self.frame["high"].iloc[-1])
        lower: float | None = None if low == first else low
        upper: float | None = None if high == last else inclusive_upper_bound(high, greatest)
        return {least: int(lower) if lower is not None and least == "min_size" else lower, greatest: upper}

    def is_brushed(self, key: Any, chosen: MediaFilter) -> bool:
        """Return whether the selected sizes or durations include a bin."""
        lower, upper = (getattr(chosen, name) for name in _RANGE_FIELDS[self._drawn_quantity])
        return (lower is None or key[1] > lower) and (upper is None or key[0] <= upper)


_RANGE_FIELDS = {"file_size": ("min_size", "max_size"), "duration": ("min_duration", "max_duration")}


def robust_edges(lib: MediaLibrary, column: str) -> list[Any]:
    """Return bin edges on a logarithmic scale for all items of a library, with outliers in the end bins."""
    fine = lib.histogram(column, FINE_BINS, log=True)
    if fine.empty:
        return []
    lows, highs = (fine[name].tolist() for name in ("low", "high"))
    first, last = robust_span(fine["files"].tolist())
    ends = {lows[0], highs[-1]}
    # For integer columns, the upper edge of a bin is exclusive, so the largest value in the bin is 1 below
    # it.
    greatest = highs[last] - 1 if column == "file_size" else highs[last]
    return sorted(ends | set(edges(column, lows[first], greatest, _BINS, log=True)))


class TimelinePanel(ChartPanel):
    """Chart of files or bytes by year or month, or of their running total.

    Files without a capture time, or with a wrong one, have bars of their own beside the time axis.

    Click a period, or drag over several periods, to select them.

    ![Stacked bars by year](../images/panels/timeline.png)

    Example:
        >>> mfkit.widgets.TimelinePanel(mfkit.open_library())  # doctest: +SKIP
    """

    own_fields = ("after", "before", "has_date")

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.period = toggle([("Year", "year"), ("Month", "month"), ("Total", "total")], "Show")
        super().__init__(lib, selection, "Over time", [self.period], measure="files")

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the period length (year or month), which are the inputs of the query."""
        return chosen, self._freq()

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by period, media type and whether the date is a capture time."""
        freq = self._freq()
        if freq == "year":
            return overview_by_year(self.lib, chosen)
        return self.lib.frame(totals_over_time(freq, chosen))

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each period, or draw the running totals as areas."""
        cumulative = self.period.value == "total"
        return growth_chart(frame, self.measure.value, cumulative=cumulative, selected=self.selected)

    def fields_for_click(self, key: str) -> dict[str, Any]:
        """Return the filter fields that select the clicked period, or the items without a correct date."""
        if key in DATE_STATUSES:
            return status_fields(key)
        return self.fields_for_brush([key])

    def fields_for_brush(self, keys: list[str]) -> dict[str, Any]:
        """Return the filter fields that select the range of periods over which the user dragged."""
        periods = [key for key in keys if key not in DATE_STATUSES]
        if not periods:
            return self.fields_for_click(keys[0])
        first, last = (key.removeprefix("file ") for key in (periods[0], periods[-1]))
        return {
            "after": None if first.startswith("≤") else first.removeprefix("≥"),
            "before": None if last.startswith("≥") else last.removeprefix("≤"),
            "has_date": not periods[0].startswith("file "),
        }

    def is_brushed(self, key: Any, chosen: MediaFilter) -> bool:
        """Return whether the selected dates include a period."""
        if key in DATE_STATUSES or (chosen.after is None and chosen.before is None):
            return False
        period = MediaFilter.of(self.fields_for_brush([key]))
        return (chosen.after is None or period.before is None or period.before >= chosen.after) and (
            chosen.before is None or period.after is None or period.after <= chosen.before
        )

    def _freq(self) -> Freq:
        return "year" if self.period.value == "year" else "month"
