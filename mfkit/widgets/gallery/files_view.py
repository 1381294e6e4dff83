"""Table and gallery of the selected files, with a switch between them."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

from mfkit.library import MediaLibrary
from mfkit.widgets.gallery.gallery_panel import GalleryPanel
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


class FilesView(widgets.VBox):
    """Table or gallery of the selected files. Both have the same chosen items.

    Attributes:
        table: The table.
        gallery: The gallery; None until it is first shown.
        switch: Buttons *Table* and *Gallery*.
    """

    def __init__(self, lib: MediaLibrary, selection: Selection) -> None:
        """Create the table. The gallery is created when the user first switches to it."""
        self._lib, self._selection = lib, selection
        self.table = TablePanel(lib, selection)
        self.gallery: GalleryPanel | None = None
        self.switch = styled(widgets.ToggleButtons, options=["Table", "Gallery"])
        self.switch.add_class("mfkit-switch")
        self.table.add_control(self.switch)
        super().__init__([self.table], layout={"overflow": "visible", "min_width": "0"})
        self.switch.observe(self._show, "value")

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The table and, if it has been created, the gallery."""
        return (self.table,) if self.gallery is None else (self.table, self.gallery)

    def _show(self, _: Any) -> None:
        show_gallery = self.switch.value == "Gallery"
        if show_gallery and self.gallery is None:
            self.gallery = GalleryPanel(self._lib, self._selection, chosen=self.table.grid.chosen)
            self.gallery.add_control(self.switch)
            traitlets.link((self.table.grid, "chosen"), (self.gallery.grid, "chosen"))
        shown = self.gallery if show_gallery and self.gallery is not None else self.table
        for panel in self.panels:
            panel.active = panel is shown
        self.children = [shown]
