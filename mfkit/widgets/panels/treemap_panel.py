"""The folders panel: a treemap to navigate."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import folders_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

_MAX_FOLDERS = 500
"""Maximum number of boxes. More would be too small to see."""


class FoldersPanel(ChartPanel):
    """Files or bytes of each folder. Click a folder to select and open it; the button leads back up.

    ![Folders as a treemap](../images/panels/folders.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.FoldersPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.measure = measure_toggle("bytes")
        self.up_button = styled(widgets.Button, description="Up", tooltip="Select the parent folder")
        self.up_button.add_class("mfkit-toggle")
        super().__init__(lib, selection, "Folders", [self.measure])
        head = self.children[1]
        head.children = (*head.children, self.up_button)
        self.up_button.on_click(lambda _: self.attempt(self._go_up))

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals of two levels of folders."""
        return self.lib.folders(2, chosen, limit=_MAX_FOLDERS)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a box for each folder."""
        self.up_button.disabled = self.selection.filter.folder is None
        return folders_chart(frame, self.measure.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the folder. A click on the selected folder changes nothing."""
        return {"folder": key} if key != self.selection.filter.folder else {}

    def _go_up(self) -> None:
        folder = self.selection.filter.folder
        if folder is not None:
            parent = folder.rpartition("/")[0]
            tree = self.lib.folders(1, limit=1)
            # A parent of the library's top folder contains all files, so it is not a condition.
            contains_all = any(top.startswith(f"{parent}/") for top in tree.loc[tree["depth"] == 0, "id"])
            self.selection.change(folder=None if contains_all else parent or None)
