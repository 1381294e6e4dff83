"""The explorer: filters, charts, the table of files and actions for one selection."""

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

CHART_TABS: Mapping[str, Sequence[PanelType]] = {
    "Overview": (TypesPanel, CodecsPanel, TimelinePanel, MapPanel),
    "Formats": (HistogramPanel, HeatmapPanel),
    "Folders and cameras": (FoldersPanel, CamerasPanel),
}
"""Panels above the table, by the title of their tab."""


class Explorer(widgets.HBox):
    """Filters next to charts and files.

    Attributes:
        lib: The library.
        selection: The shared selection. ``explorer.selection.filter`` can be passed to any method of the
            library, for example ``lib.items(explorer.selection.filter)``.
        filters: The filter panel.
        tabs: The charts.
        files: The table of files.
        tools: The tabs below the table. Their panels are created when a tab is first opened.
    """

    def __init__(self, lib: MediaLibrary, filter: MediaFilter | None = None) -> None:
        """Lay out the panels.

        Args:
            lib: The library.
            filter: The initial filter; all files by default.
        """
        self.lib = lib
        self.selection = Selection(filter)
        self.filters = FilterPanel(lib, self.selection)
        self.tabs = PanelTabs(lib, self.selection, CHART_TABS)
        self.files = TablePanel(lib, self.selection)
        self.tools = ActionTabs(lib, self.selection, self.files, self.refresh)
        # The filters take a row of their own where the charts beside them would be too narrow.
        self.filters.layout.flex, self.filters.layout.max_width = "1 1 240px", "100%"
        results = widgets.VBox(
            [self.tabs, self.files, self.tools],
            layout={"flex": "999 1 460px", "min_width": "0", "max_width": "100%", "overflow": "visible"},
        )
        super().__init__(
            [self.filters, results],
            layout={"width": "100%", "flex_flow": "row wrap", "grid_gap": "8px 24px", "overflow": "visible"},
        )
        self.add_class("mfkit-explorer")

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels created so far. Those of a tab are created when it is first opened."""
        return self.filters, *self.tabs.panels, self.files, *self.tools.panels

    def refresh(self) -> None:
        """Query the library again and redraw all panels, for example after a scan."""
        self.selection.refresh()


def explore(lib: MediaLibrary, filter: MediaFilter | None = None) -> Explorer:
    """Return the explorer of a library, to be displayed at the end of a notebook cell.

    Args:
        lib: The library.
        filter: The initial filter; all files by default.
    """
    return Explorer(lib, filter)
