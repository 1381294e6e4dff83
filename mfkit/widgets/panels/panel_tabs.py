"""Panels behind tabs: made when their tab is first opened, and at rest while another one is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from mfkit.library import MediaLibrary
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.completeness_panel import QualityPanel
from mfkit.widgets.panels.curation_panel import CurationPanel
from mfkit.widgets.panels.duplicates_panel import DuplicatesPanel
from mfkit.widgets.panels.export_panel import ExportPanel
from mfkit.widgets.panels.query_panel import QueryPanel
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.selection import Selection

PanelType = Callable[[MediaLibrary, Selection], Panel]


class PanelTabs(widgets.Tab):
    """Tabs with panels over one selection, two beside each other where there is room.

    Args of the constructor: the library, the selection, and the kinds of panels by the title of their tab.

    Example:
        >>> PanelTabs(lib, selection, {"Formats": [TypesPanel, CodecsPanel]})  # doctest: +SKIP
    """

    def __init__(
        self, lib: MediaLibrary, selection: Selection, kinds: Mapping[str, Sequence[PanelType]]
    ) -> None:
        """Make the panels of the first tab."""
        self._lib, self._selection = lib, selection
        self._kinds = list(kinds.values())
        self._made: dict[int, list[Panel]] = {}
        super().__init__([grid([]) for _ in kinds], titles=list(kinds), selected_index=0)
        self.add_class("mfkit-tabs")
        self.observe(self._opened, "selected_index")
        self._opened()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels made so far."""
        return tuple(panel for panels in self._made.values() for panel in panels)

    def _opened(self, _: Any = None) -> None:
        seen = self.selected_index
        if seen is not None and seen not in self._made:
            self._made[seen] = [kind(self._lib, self._selection) for kind in self._kinds[seen]]
            self.children[seen].children = self._made[seen]
        for place, panels in self._made.items():
            for panel in panels:
                panel.active = place == seen


def grid(panels: Sequence[Panel]) -> widgets.GridBox:
    """Return panels two a row, or one where there is no room for two."""
    return widgets.GridBox(
        list(panels),
        layout={
            "grid_template_columns": "repeat(auto-fit, minmax(min(100%, max(280px, 40%)), 1fr))",
            "grid_gap": "8px 20px",
            "min_width": "0",
            "width": "auto",
            "align_content": "flex-start",
        },
    )


class ActionTabs(PanelTabs):
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
        super().__init__(
            lib,
            selection,
            {
                "Tag and collect": [lambda lib, selection: CurationPanel(lib, selection, table, changed)],
                "Query and views": [QueryPanel],
                "Export": [ExportPanel],
                "Duplicates": [
                    lambda lib, selection: DuplicatesPanel(lib, selection, table.open_card, changed)
                ],
                "Completeness": [lambda lib, selection: QualityPanel(lib, selection, table.open_card)],
            },
        )
        self.add_class("mfkit-tools")
