"""The explorer's lower tabs: what one does with a selection."""

from __future__ import annotations

from collections.abc import Callable

from mfkit.library import MediaLibrary
from mfkit.widgets.curation import CurationPanel
from mfkit.widgets.duplicates import DuplicatesPanel
from mfkit.widgets.export import ExportPanel
from mfkit.widgets.quality import QualityPanel
from mfkit.widgets.query import QueryPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.table import TablePanel
from mfkit.widgets.tabs import PanelTabs


class Tools(PanelTabs):
    """Curation, query and views, export, duplicates and completeness, one at a time."""

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
        super().__init__(lib, selection, {
            "Tag and collect": [lambda lib, selection: CurationPanel(lib, selection, table, changed)],
            "Query and views": [QueryPanel],
            "Export": [ExportPanel],
            "Duplicates": [
                lambda lib, selection: DuplicatesPanel(lib, selection, table.open_card, changed)
            ],
            "Completeness": [lambda lib, selection: QualityPanel(lib, selection, table.open_card)],
        })
        self.add_class("mfkit-tools")
