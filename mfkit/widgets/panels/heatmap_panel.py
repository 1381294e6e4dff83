"""The panel with the heat map of codecs by resolution."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import resolutions_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_toggle
from mfkit.widgets.selection import Selection


class HeatmapPanel(ChartPanel):
    """Files or bytes of each video codec by resolution. Click a cell to select it.

    ![Codecs by resolution as a heat map](../images/panels/heatmap.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.HeatmapPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.measure = measure_toggle("files")
        super().__init__(lib, selection, "Codec by resolution", [self.measure])

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec and resolution."""
        return self.lib.summary(["video_codec", "resolution"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each codec and resolution."""
        return resolutions_chart(frame, self.measure.value)

    def clicked(self, key: list[str]) -> dict[str, Any]:
        """Select the codec and the resolution."""
        codec, resolution = key
        return {"video_codec": codec, "resolution": resolution}
