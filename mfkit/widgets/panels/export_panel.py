"""The export panel: writes the selected items to a file in the notebook's folder."""

from __future__ import annotations

import os
from collections.abc import Hashable
from pathlib import Path

import ipywidgets as widgets

from mfkit.errors import ExportError
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, small_button, styled

_FORMATS = {
    "CSV (any program)": "csv",
    "XLSX (Excel, Calc)": "xlsx",
    "Parquet (pandas, DuckDB)": "parquet",
    "JSON Lines": "jsonl",
    "GeoJSON (maps)": "geojson",
    "mfkit library": "db",
}


class ExportPanel(Panel):
    """Writes the selected items to a file. Existing files are never overwritten.

    Attributes:
        format: The format.
        file_name: The file name; the suffix of the format is added.
        export_button: Writes the file.

    ![A format, a file name and a button](../images/panels/export.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.ExportPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to write."""
        self.format = styled(widgets.Dropdown, options=list(_FORMATS.items()), description="Format")
        self.file_name = styled(widgets.Text, value="selection", description="File")
        self.export_button = small_button(tooltip="Write the file to the notebook's folder")
        row = control_row(self.format, self.file_name, self.export_button)
        super().__init__(lib, selection, "Export", [row, self.status])
        self.format.observe(self.follow, "value")
        self.export_button.on_click(lambda _: self.run_action(self._export))

    def draw(self, chosen: MediaFilter) -> None:
        """Show the number of rows on the button."""
        count, _ = self._counts(chosen)
        self.export_button.description = f"Export {_rows(count)}"
        self.export_button.disabled = not count

    def options(self) -> Hashable:
        """Return the format. GeoJSON contains only items with a location."""
        return str(self.format.value)

    def _counts(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return how many selected items the format can and cannot contain."""
        total = self.count_selected(chosen)
        if self.format.value != "geojson":
            return total, 0
        located = 0 if chosen.has_location is False else self.lib.count(chosen.replace(has_location=True))
        return located, total - located

    def _export(self) -> None:
        path = Path(self.file_name.value.strip() or "selection").expanduser()
        if not path.name:
            raise ExportError(f"'{path}' is a folder. Enter a file name.")
        suffix = f".{self.format.value}"
        if path.suffix.lower() != suffix:
            path = path.with_name(path.name + suffix)
        if os.path.lexists(path):
            raise ExportError(f"'{path}' already exists. Choose another file name.")
        _, omitted = self._counts(self.selection.filter)
        self.export_button.disabled = True
        try:
            exported = self.lib.export(path, self.selection.filter, progress=False)
        finally:
            self.export_button.disabled = False
        self.show_status(
            f"Exported {_rows(exported.rows)} ({format_size(exported.bytes)}) to ",
            str(exported.path.resolve()),
            f"; {_rows(omitted)} without a location left out" if omitted else "",
        )


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"
