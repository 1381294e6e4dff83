"""The panel with the histogram of sizes or durations."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import histogram_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.range_bins import largest_below
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_toggle, toggle
from mfkit.widgets.selection import Selection

_BINS = 40
"""Number of bars."""


class HistogramPanel(ChartPanel):
    """Files or bytes by size or duration. Click a bar, or drag over several, to select them.

    ![Files by size as bars](../images/panels/histogram.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.HistogramPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.quantity = toggle([("Size", "file_size"), ("Duration", "duration")], "Quantity")
        self.measure = measure_toggle("files")
        super().__init__(lib, selection, "Sizes and durations", [self.quantity, self.measure])

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the quantity."""
        return chosen, self.quantity.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the histogram with logarithmic bins."""
        self._drawn_quantity = self.quantity.value
        return self.lib.histogram(self.quantity.value, _BINS, chosen, log=True)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each bin."""
        return histogram_chart(frame, self._drawn_quantity, self.measure.value)

    def clicked(self, key: list[float]) -> dict[str, Any]:
        """Select the bin."""
        return self.brushed([key])

    def brushed(self, keys: list[list[float]]) -> dict[str, Any]:
        """Select from the lower edge of the first bin to the upper edge of the last."""
        low, high = keys[0][0], keys[-1][1]
        if self._drawn_quantity == "file_size":
            return {"min_size": int(low), "max_size": largest_below(high, "max_size")}
        last = high == float(self.frame["high"].iloc[-1])  # the last bin includes its upper edge
        return {"min_duration": low, "max_duration": high if last else largest_below(high, "max_duration")}
