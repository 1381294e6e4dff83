"""The explorer: the panels, laid out over one selection. It has no abilities of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.bar_panels import CamerasPanel, CodecsPanel, TypesPanel
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.filter_panel import FilterPanel
from mfkit.widgets.panels.heatmap_panel import HeatmapPanel
from mfkit.widgets.panels.histogram_panel import HistogramPanel
from mfkit.widgets.panels.map_panel import MapPanel
from mfkit.widgets.panels.panel_tabs import ActionTabs, PanelTabs, PanelType
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.panels.timeline_panel import TimelinePanel
from mfkit.widgets.panels.treemap_panel import FoldersPanel
from mfkit.widgets.selection import Selection

TABS: Mapping[str, Sequence[PanelType]] = {
    "Overview": (TypesPanel, CodecsPanel, TimelinePanel, MapPanel),
    "Formats": (HistogramPanel, HeatmapPanel),
    "Folders and cameras": (FoldersPanel, CamerasPanel),
}
"""What is beside the filters, by the title of its tab."""


class Explorer(widgets.HBox):
    """Filters beside charts and files.

    Attributes:
        lib: The library.
        selection: What is selected; ``explorer.selection.filter`` goes into any method of the library,
            as in ``lib.items(explorer.selection.filter)``.
        filters: The filters.
        tabs: The charts.
        files: The table.
        tools: The tabs below, whose panels are made when they are first looked at.
    """

    def __init__(self, lib: MediaLibrary, filter: MediaFilter | None = None) -> None:
        """Lay the panels out.

        Args:
            lib: The library.
            filter: What is selected first; all files when not given.
        """
        self.lib = lib
        self.selection = Selection(filter)
        self.filters = FilterPanel(lib, self.selection)
        self.tabs = PanelTabs(lib, self.selection, TABS)
        self.files = TablePanel(lib, self.selection)
        self.tools = ActionTabs(lib, self.selection, self.files, self.refresh)
        # The filters get what they need beside the charts, and a row of their own where that would
        # leave the charts too little.
        self.filters.layout.flex, self.filters.layout.max_width = "1 1 240px", "100%"
        seen = widgets.VBox(
            [self.tabs, self.files, self.tools],
            layout={"flex": "999 1 460px", "min_width": "0", "max_width": "100%", "overflow": "visible"},
        )
        super().__init__(
            [self.filters, seen],
            layout={"width": "100%", "flex_flow": "row wrap", "grid_gap": "8px 24px", "overflow": "visible"},
        )
        self.add_class("mfkit-explorer")

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels made so far; those behind a tab are made when it is first opened."""
        return self.filters, *self.tabs.panels, self.files, *self.tools.panels

    def refresh(self) -> None:
        """Draw everything anew, as after a scan."""
        self.selection.renew()


def explore(lib: MediaLibrary, filter: MediaFilter | None = None) -> Explorer:
    """Return the explorer of a library, to be shown at the end of a notebook cell.

    Args:
        lib: The library.
        filter: What is selected first; all files when not given.
    """
    return Explorer(lib, filter)
