"""The timeline panel: items by year or month."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.periods import Freq
from mfkit.charts import growth_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_toggle, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by_year


class TimelinePanel(ChartPanel):
    """Files or bytes by year or month, or the running total.

    Click a period, or drag over several, to select them.

    ![Stacked bars by year](../images/panels/timeline.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.TimelinePanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.period = toggle([("Year", "year"), ("Month", "month"), ("Total", "total")], "Show")
        self.measure = measure_toggle("bytes")
        super().__init__(lib, selection, "Over time", [self.period, self.measure])

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the period."""
        return chosen, self._freq()

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by period and media type."""
        freq = self._freq()
        return overview_by_year(self.lib, chosen) if freq == "year" else self.lib.growth(freq, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each period, or areas of running totals."""
        return growth_chart(frame, self.measure.value, cumulative=self.period.value == "total")

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the period."""
        return self.brushed([key])

    def brushed(self, keys: list[str]) -> dict[str, Any]:
        """Select from the start of the first period to the end of the last."""
        return {"after": keys[0], "before": keys[-1]}

    def _freq(self) -> Freq:
        return "year" if self.period.value == "year" else "month"
