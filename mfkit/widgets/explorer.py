"""The explorer: the panels, laid out over one selection. It has no abilities of its own."""

from __future__ import annotations

import ipywidgets as widgets

from mfkit.library import MediaLibrary
from mfkit.queries.filters import MediaFilter
from mfkit.widgets.filters import FilterPanel
from mfkit.widgets.kinds import CodecsPanel, TypesPanel
from mfkit.widgets.map import MapPanel
from mfkit.widgets.panel import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.table import TablePanel
from mfkit.widgets.timeline import TimelinePanel


class Explorer(widgets.VBox):
    """Filters beside charts, and the files below.

    Attributes:
        lib: The library.
        selection: What is selected; ``explorer.selection.filter`` goes into any method of the library,
            as in ``lib.items(explorer.selection.filter)``.
        panels: The panels.
    """

    def __init__(self, lib: MediaLibrary, filter: MediaFilter | None = None) -> None:
        """Lay the panels out.

        Args:
            lib: The library.
            filter: What is selected first; all files when not given.
        """
        self.lib = lib
        self.selection = Selection(filter)
        filters = FilterPanel(lib, self.selection)
        filters.layout.flex = "1 1 230px"
        filters.layout.max_width = "100%"
        charts = [kind(lib, self.selection) for kind in (TypesPanel, CodecsPanel, TimelinePanel, MapPanel)]
        # Two charts a row, one in a narrow split; the filters get what they need
        # beside them, and a row of their own where that would leave the charts too little.
        grid = widgets.GridBox(charts, layout={
            "grid_template_columns": "repeat(auto-fit, minmax(min(100%, max(280px, 40%)), 1fr))",
            "grid_gap": "8px 20px", "flex": "999 1 460px", "min_width": "0", "width": "auto",
            "align_content": "flex-start",
        })
        files = TablePanel(lib, self.selection)
        self.panels: tuple[Panel, ...] = (filters, *charts, files)
        top = widgets.HBox(
            [filters, grid], layout={"flex_flow": "row wrap", "grid_gap": "8px 24px", "overflow": "visible"}
        )
        super().__init__([top, files], layout={"width": "100%", "overflow": "visible"})
        self.add_class("mfkit-explorer")

    def refresh(self) -> None:
        """Draw everything anew, as after a scan."""
        for panel in self.panels:
            panel.refresh()


def explore(lib: MediaLibrary, filter: MediaFilter | None = None) -> Explorer:
    """Return the explorer of a library, to be shown at the end of a notebook cell.

    Args:
        lib: The library.
        filter: What is selected first; all files when not given.
    """
    return Explorer(lib, filter)
