"""The panel of codecs by resolution."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import resolutions_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_switch
from mfkit.widgets.selection import Selection


class HeatmapPanel(ChartPanel):
    """How many films, or how many bytes of them, are in which codec and resolution; a click selects a cell.

    ![Codecs by resolution as a heat map](../images/panels/heatmap.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.HeatmapPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._by = measure_switch("files")
        super().__init__(lib, selection, "Codec by resolution", [self._by])

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by codec and resolution."""
        return self.lib.summary(["video_codec", "resolution"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each pair."""
        return resolutions_chart(frame, self._by.value)

    def clicked(self, key: list[str]) -> dict[str, Any]:
        """Select the codec in the resolution."""
        codec, resolution = key
        return {"video_codec": codec, "resolution": resolution}
