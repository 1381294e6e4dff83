"""Panels with bars for media types, codecs and cameras."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import cameras_chart, codecs_chart, types_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_toggle, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by


class TypesPanel(ChartPanel):
    """Files or bytes of each media type. Click a bar to select it.

    ![A bar for each media type](../images/panels/types.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.TypesPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.measure = measure_toggle("files")
        super().__init__(lib, selection, "Media types", [self.measure])

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by media type."""
        return overview_by("media_type", self.lib, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each media type."""
        return types_chart(frame, self.measure.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the media type."""
        return {"media_type": key}


class CodecsPanel(ChartPanel):
    """Files or bytes of each video or audio codec. Click a bar to select it.

    ![A bar for each video codec](../images/panels/codecs.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.CodecsPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.stream = toggle([("Video", "video_codec"), ("Audio", "audio_codec")], "Stream")
        self.measure = measure_toggle("bytes")
        super().__init__(lib, selection, "Codecs", [self.stream, self.measure])

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the stream."""
        return chosen, self.stream.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec."""
        if self.stream.value == "video_codec":
            return overview_by("video_codec", self.lib, chosen)
        return self.lib.summary(self.stream.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each codec."""
        return codecs_chart(frame, self.measure.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the codec."""
        # The column that is drawn, because the stream may have been switched in the meantime.
        return {str(self.frame.columns[0]): key}


class CamerasPanel(ChartPanel):
    """Files or bytes of each camera or lens. Click a bar to select it.

    ![A bar for each camera](../images/panels/cameras.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.CamerasPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.dimension = toggle([("Camera", "camera"), ("Lens", "lens")], "Group by")
        self.measure = measure_toggle("files")
        super().__init__(lib, selection, "Cameras", [self.dimension, self.measure])

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter, and whether to show cameras or lenses."""
        return chosen, self.dimension.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by camera or lens."""
        return self.lib.summary(self.dimension.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each camera or lens."""
        return cameras_chart(frame, self.measure.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the camera or the lens."""
        return {str(self.frame.columns[0]): key}
