"""Panels of media types, codecs and cameras: bars that select when they are clicked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import cameras_chart, codecs_chart, types_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_switch, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by


class TypesPanel(ChartPanel):
    """How many files or bytes of each media type; a click on one selects it.

    ![A bar for each media type](../images/panels/types.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.TypesPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._by = measure_switch("files")
        super().__init__(lib, selection, "Media types", [self._by])

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by media type."""
        return overview_by("media_type", self.lib, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar per media type."""
        return types_chart(frame, self._by.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the media type."""
        return {"media_type": key}


class CodecsPanel(ChartPanel):
    """Which video or audio codecs, by files or bytes; a click on one selects it.

    ![A bar for each video codec](../images/panels/codecs.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.CodecsPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._stream = toggle([("video", "video_codec"), ("audio", "audio_codec")], "Stream")
        self._by = measure_switch("bytes")
        super().__init__(lib, selection, "Codecs", [self._stream, self._by])

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the stream."""
        return chosen, self._stream.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by codec."""
        if self._stream.value == "video_codec":
            return overview_by("video_codec", self.lib, chosen)
        return self.lib.summary(self._stream.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar per codec."""
        return codecs_chart(frame, self._by.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the codec."""
        # By the figure that was clicked, should the stream have been switched since.
        return {str(self._answer.columns[0]): key}


class CamerasPanel(ChartPanel):
    """Which cameras or lenses, by files or bytes; a click on one selects it.

    ![A bar for each camera](../images/panels/cameras.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.CamerasPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._part = toggle([("camera", "camera"), ("lens", "lens")], "Part")
        self._by = measure_switch("files")
        super().__init__(lib, selection, "Cameras", [self._part, self._by])

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter, and whether cameras or lenses are meant."""
        return chosen, self._part.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by camera or lens."""
        return self.lib.summary(self._part.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar per camera or lens."""
        return cameras_chart(frame, self._by.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the camera or the lens."""
        return {str(self._answer.columns[0]): key}
