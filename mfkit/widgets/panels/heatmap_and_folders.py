"""Panels with a heat map of codecs by resolution, and a treemap of folders."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import folders_chart, resolutions_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


class HeatmapPanel(ChartPanel):
    """Heat map of files or bytes by video codec and resolution. Click a cell to select it.

    ![Codecs by resolution as a heat map](../images/panels/heatmap.png)

    Example:
        >>> mfkit.widgets.HeatmapPanel(mfkit.open_library())  # doctest: +SKIP
    """

    own_fields = ("video_codec", "resolution")

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        super().__init__(lib, selection, "Codec by resolution", measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec and resolution."""
        return self.lib.summary(["video_codec", "resolution"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each codec and resolution."""
        return resolutions_chart(frame, self.measure.value, selected=self.selected)

    def fields_for_click(self, key: list[str]) -> dict[str, Any]:
        """Return the filter fields that select the codec and the resolution of the clicked cell."""
        codec, resolution = key
        return {"video_codec": codec, "resolution": resolution}


_MAX_FOLDERS = 500
"""Maximum number of boxes in the treemap. More boxes would be too small to see."""


class FoldersPanel(ChartPanel):
    """Treemap of files or bytes by folder. Click a folder to select it; the button *Up* selects its parent.

    ![Folders as a treemap](../images/panels/folders.png)

    Example:
        >>> mfkit.widgets.FoldersPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.up_button = styled(widgets.Button, description="Up", tooltip="Select the parent folder")
        self.up_button.add_class("mfkit-toggle")
        super().__init__(lib, selection, "Folders", measure="bytes")
        head = self.children[1]
        head.children = (*head.children, self.up_button)
        self.up_button.on_click(lambda _: self.attempt(self._go_up))

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the files and bytes of the folders on the two levels below the current folder."""
        return self.lib.folders(2, chosen, limit=_MAX_FOLDERS)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a box for each folder."""
        self.up_button.disabled = self.selection.filter.folder is None
        return folders_chart(frame, self.measure.value)

    def fields_for_click(self, key: str) -> dict[str, Any]:
        """Return the filter field that selects the clicked folder, or no field if it is already selected."""
        return {"folder": key} if key != self.selection.filter.folder else {}

    def _go_up(self) -> None:
        folder = self.selection.filter.folder
        if folder is not None:
            parent = folder.rpartition("/")[0]
            tree = self.lib.folders(1, limit=1)
            # A folder above the library's top folder contains all files, so the folder condition is removed.
            contains_all = any(top.startswith(f"{parent}/") for top in tree.loc[tree["depth"] == 0, "id"])
            self.selection.change(folder=None if contains_all else parent or None)
