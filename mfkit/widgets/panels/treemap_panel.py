"""The panel of folders: a treemap into which one goes down."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import folders_chart
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, measure_switch
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

_MOST = 500
"""More boxes than this are too small to be seen."""


class FoldersPanel(ChartPanel):
    """Where the files or bytes lie: a click on a folder selects it and shows what is in it, the button
    leads up again.

    ![Folders as a treemap](../images/panels/folders.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.FoldersPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._by = measure_switch("bytes")
        self._up = styled(widgets.Button, description="up", tooltip="Select the folder above")
        self._up.add_class("mfkit-toggle")
        super().__init__(lib, selection, "Folders", [self._by])
        head = self.children[1]
        head.children = (*head.children, self._up)
        self._up.on_click(lambda _: self.attempt(self._go_up))

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by folder, two levels deep."""
        return self.lib.folders(2, chosen, limit=_MOST)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a box per folder."""
        self._up.disabled = self.selection.filter.folder is None
        return folders_chart(frame, self._by.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Select the folder; the one that is selected already stays so."""
        return {"folder": key} if key != self.selection.filter.folder else {}

    def _go_up(self) -> None:
        folder = self.selection.filter.folder
        if folder is not None:
            above = folder.rpartition("/")[0]
            tree = self.lib.folders(1, limit=1)
            # In what lies above the library's first folder lies everything.
            whole = any(top.startswith(f"{above}/") for top in tree.loc[tree["depth"] == 0, "id"])
            self.selection.change(folder=None if whole else above or None)
