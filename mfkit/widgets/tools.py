"""The explorer's tabs: what one does with a selection, each panel made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from mfkit.library import MediaLibrary
from mfkit.widgets.curation import CurationPanel
from mfkit.widgets.duplicates import DuplicatesPanel
from mfkit.widgets.export import ExportPanel
from mfkit.widgets.panel import Panel
from mfkit.widgets.quality import QualityPanel
from mfkit.widgets.query import QueryPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.table import TablePanel


class Tools(widgets.Tab):
    """Curation, query and views, export, duplicates and completeness, one at a time.

    A panel that is out of sight asks the library nothing.
    """

    def __init__(
        self, lib: MediaLibrary, selection: Selection, table: TablePanel, changed: Callable[[], None]
    ) -> None:
        """Show the first tab.

        Args:
            lib: The library.
            selection: What to follow.
            table: Whose chosen rows to act on, and whose card opens.
            changed: Called after tags or collections have changed.
        """
        kinds: dict[str, Callable[[], Panel]] = {
            "Tag and collect": lambda: CurationPanel(lib, selection, table, changed),
            "Query and views": lambda: QueryPanel(lib, selection),
            "Export": lambda: ExportPanel(lib, selection),
            "Duplicates": lambda: DuplicatesPanel(lib, selection, table.open_card, changed),
            "Completeness": lambda: QualityPanel(lib, selection, table.open_card),
        }
        self._kinds = list(kinds.values())
        self.panels: list[Panel] = []
        """Those that were looked at so far."""
        self._seen: dict[int, Panel] = {}
        super().__init__([widgets.VBox() for _ in kinds], titles=tuple(kinds), selected_index=0)
        for name in ("mfkit-tools", "mfkit-tabs"):
            self.add_class(name)
        self.observe(self._look, "selected_index")
        self._look()

    def _look(self, _: object = None) -> None:
        """Make the panel of the tab in front, and let it alone follow."""
        place = self.selected_index
        if place is not None and place not in self._seen:
            panel = self._kinds[place]()
            self._seen[place] = panel
            self.panels.append(panel)
            self.children[place].children = (panel,)
        for other, panel in self._seen.items():
            panel.active = other == place

    def refresh(self) -> None:
        """Draw the panels that were looked at anew, as after a scan."""
        for panel in self.panels:
            panel.refresh()
