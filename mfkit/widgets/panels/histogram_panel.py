"""The panel of sizes and durations."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import histogram_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.range_bins import largest_below
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_switch, toggle
from mfkit.widgets.selection import Selection

_BINS = 40


class HistogramPanel(ChartPanel):
    """How many files or bytes there are of each size or duration; a click or a brush selects some.

    ![Files by size as bars](../images/panels/histogram.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.HistogramPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._quantity = toggle([("size", "file_size"), ("duration", "duration")], "Quantity")
        self._by = measure_switch("files")
        super().__init__(lib, selection, "Sizes and durations", [self._quantity, self._by])

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the quantity."""
        return chosen, self._quantity.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Count by bins of equal ratio."""
        self._of = self._quantity.value
        return self.lib.histogram(self._quantity.value, _BINS, chosen, log=True)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar per bin."""
        return histogram_chart(frame, self._of, self._by.value)

    def clicked(self, key: list[float]) -> dict[str, Any]:
        """Select the bin."""
        return self.brushed([key])

    def brushed(self, keys: list[list[float]]) -> dict[str, Any]:
        """Select from the lower end of the first bin to the upper end of the last."""
        low, high = keys[0][0], keys[-1][1]
        if self._of == "file_size":
            return {"min_size": int(low), "max_size": largest_below(high, "max_size")}
        last = high == float(self._answer["high"].iloc[-1])  # which of fractions has its upper end
        return {"min_duration": low, "max_duration": high if last else largest_below(high, "max_duration")}
