"""The panel of time: what each year or month brought."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.periods import Freq
from mfkit.charts import growth_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_switch, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by_year


class TimelinePanel(ChartPanel):
    """What each year or month brought, or the running total, by files or bytes; a click or a brush selects
    the time.

    ![Stacked bars by year](../images/panels/timeline.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.TimelinePanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._view = toggle([("year", "year"), ("month", "month"), ("total", "total")], "Per")
        self._by = measure_switch("bytes")
        super().__init__(lib, selection, "Over time", [self._view, self._by])

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the period."""
        return chosen, self._freq()

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by period and media type."""
        freq = self._freq()
        return overview_by_year(self.lib, chosen) if freq == "year" else self.lib.growth(freq, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw bars per period, or areas of running totals."""
        return growth_chart(frame, self._by.value, cumulative=self._view.value == "total")

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the period."""
        return self.brushed([key])

    def brushed(self, keys: list[str]) -> dict[str, Any]:
        """Select from the first moment of the first period to the last of the last."""
        return {"after": keys[0], "before": keys[-1]}

    def _freq(self) -> Freq:
        return "year" if self._view.value == "year" else "month"
