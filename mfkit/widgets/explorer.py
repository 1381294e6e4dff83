"""The explorer, a notebook widget with filters, charts, a table of files and actions for one selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.gallery.compare_panel import ComparePanel
from mfkit.widgets.gallery.files_view import FilesView
from mfkit.widgets.gallery.gallery_panel import RecentPicturesPanel
from mfkit.widgets.marimo_notice import MarimoNotice
from mfkit.widgets.panels.bar_panels import CamerasPanel, CodecsPanel, TypesPanel
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.curation_panel import CurationPanel
from mfkit.widgets.panels.duplicates_savings_completeness import DuplicatesPanel, QualityPanel
from mfkit.widgets.panels.filter_panel import FilterPanel
from mfkit.widgets.panels.header_panel import HeaderPanel
from mfkit.widgets.panels.heatmap_and_folders import FoldersPanel, HeatmapPanel
from mfkit.widgets.panels.histogram_and_timeline import HistogramPanel, TimelinePanel
from mfkit.widgets.panels.map_panel import MapPanel
from mfkit.widgets.panels.query_and_export import ExportPanel, QueryPanel
from mfkit.widgets.panels.stream_panels import (
    BitDepthPanel,
    EfficiencyPanel,
    HdrPanel,
    LanguagesPanel,
    SubtitlesPanel,
)
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.selection import Selection

PanelType = Callable[[MediaLibrary, Selection], Panel]

_GRID_LAYOUT = {
    # This CSS grid has two columns of panels, or one column if the page is too narrow for two.
    "grid_template_columns": "repeat(auto-fit, minmax(min(100%, max(280px, 40%)), 1fr))",
    "grid_gap": "8px 20px",
    "min_width": "0",
    "width": "auto",
    "align_content": "flex-start",
}


class PanelTabs(MarimoNotice, widgets.Tab):
    """Tabs of panels that share one selection. On wide pages, a tab shows two panels per row.

    Example:
        >>> PanelTabs(lib, selection, {"Formats": [TypesPanel, CodecsPanel]})  # doctest: +SKIP
    """

    def __init__(
        self, lib: MediaLibrary, selection: Selection, tabs: Mapping[str, Sequence[PanelType]]
    ) -> None:
        """Create the panels of the first tab. A tab's panels are created when the user first opens the tab.

        Args:
            lib: The library.
            selection: The selection that the panels follow.
            tabs: Title of each tab -> classes of its panels.
        """
        self._lib, self._selection = lib, selection
        self._panel_types = list(tabs.values())
        self._created: dict[int, list[Panel]] = {}
        grids = [widgets.GridBox([], layout=_GRID_LAYOUT) for _ in tabs]
        super().__init__(grids, titles=list(tabs), selected_index=0)
        self.add_class("mfkit-tabs")
        self.observe(self._show_selected, "selected_index")
        self._show_selected()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels of all tabs that the user has opened so far."""
        return tuple(panel for panels in self._created.values() for panel in panels)

    def _show_selected(self, _: Any = None) -> None:
        selected = self.selected_index
        if selected is not None and selected not in self._created:
            self._created[selected] = [
                panel_type(self._lib, self._selection) for panel_type in self._panel_types[selected]
            ]
            self.children[selected].children = self._created[selected]
        for index, panels in self._created.items():
            for panel in panels:
                panel.active = index == selected


class ActionTabs(PanelTabs):
    """Tabs with panels that act on the chosen rows of a table of files, or on the whole selection."""

    def __init__(
        self, lib: MediaLibrary, selection: Selection, table: TablePanel, on_change: Callable[[], None]
    ) -> None:
        """Create the panel of the first tab. A tab's panel is created when the user first opens the tab.

        Args:
            lib: The library.
            selection: The selection that the panel follows.
            table: The table whose chosen rows are changed, and whose detail card is opened.
            on_change: Called after tags or collections have changed.
        """
        super().__init__(
            lib,
            selection,
            {
                "Tags and collections": [
                    lambda lib, selection: CurationPanel(lib, selection, table, on_change)
                ],
                "Query and filters": [QueryPanel],
                "Export": [ExportPanel],
                "Duplicates": [
                    lambda lib, selection: DuplicatesPanel(lib, selection, table.open_card, on_change)
                ],
                "Compare": [lambda lib, selection: ComparePanel(lib, selection, on_change)],
                "Completeness": [lambda lib, selection: QualityPanel(lib, selection, table.open_card)],
            },
        )
        self.add_class("mfkit-tools")


CHART_TABS: Mapping[str, Sequence[PanelType]] = {
    "Overview": (TypesPanel, CodecsPanel, TimelinePanel, MapPanel),
    "Formats": (HistogramPanel, HeatmapPanel),
    "Streams": (LanguagesPanel, SubtitlesPanel, HdrPanel, BitDepthPanel, EfficiencyPanel),
    "Folders and cameras": (FoldersPanel, CamerasPanel),
}
"""Title of each tab above the table -> classes of its panels."""


class Explorer(MarimoNotice, widgets.HBox):
    """Notebook widget with filters, charts, a table of files and actions for one selection.

    Attributes:
        lib: The library.
        selection: The shared selection. ``explorer.selection.filter`` can be passed to any method of the
            library, for example ``lib.items(explorer.selection.filter)``.
        header: The library's name, totals and problems.
        recent: The newest pictures of the selection.
        filters: The filter panel.
        tabs: The charts.
        files: The table of files.
        files_view: The table or the gallery of files, with a switch between them.
        tools: The tabs below the table. Their panels are created when a tab is first opened.
    """

    def __init__(self, lib: MediaLibrary, filter: MediaFilter | None = None) -> None:
        """Lay out the panels of the explorer.

        Args:
            lib: The library.
            filter: The initial filter; all files by default.
        """
        self.lib = lib
        self.selection = Selection(filter)
        self.header = HeaderPanel(lib, self.selection)
        self.header.layout.flex, self.header.layout.width = "1 1 100%", "100%"
        self.recent = RecentPicturesPanel(lib, self.selection)
        self.filters = FilterPanel(lib, self.selection)
        self.tabs = PanelTabs(lib, self.selection, CHART_TABS)
        self.files_view = FilesView(lib, self.selection)
        self.files = self.files_view.table
        self.tools = ActionTabs(lib, self.selection, self.files, self.refresh)
        # On a narrow page, the filters get a separate row, because charts beside them would be too narrow.
        self.filters.layout.flex, self.filters.layout.max_width = "1 1 240px", "100%"
        results = widgets.VBox(
            [self.recent, self.tabs, self.files_view, self.tools],
            layout={"flex": "999 1 460px", "min_width": "0", "max_width": "100%", "overflow": "visible"},
        )
        super().__init__(
            [self.header, self.filters, results],
            layout={"width": "100%", "flex_flow": "row wrap", "grid_gap": "8px 24px", "overflow": "visible"},
        )
        self.add_class("mfkit-explorer")

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels created so far. The panels of a tab are only created when the user opens the tab."""
        panels = self.tabs.panels, self.files_view.panels, self.tools.panels
        return self.header, self.filters, self.recent, *(panel for some in panels for panel in some)

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
