"""The export panel: the selected items as a file of another program, beside the notebook."""

from __future__ import annotations

import html
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
from mfkit.widgets.shared_style import styled

_FORMATS = {
    "CSV, for any program": "csv",
    "XLSX, for Excel and Calc": "xlsx",
    "Parquet, for pandas and DuckDB": "parquet",
    "JSON lines": "jsonl",
    "GeoJSON, for maps": "geojson",
    "a library of its own": "db",
}


class ExportPanel(Panel):
    """Writes what is selected into a file; one that is there is never overwritten.

    ![A format, a file name and a button](../images/panels/export.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.ExportPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to write."""
        self._format = styled(widgets.Dropdown, options=list(_FORMATS.items()), description="Format")
        self._name = styled(widgets.Text, value="selection", description="File")
        self._write = styled(widgets.Button, tooltip="Write the file into the notebook's folder")
        self._write.add_class("mfkit-small")
        self._done = styled(widgets.HTML)
        self._done.add_class("mfkit-done")
        row = styled(widgets.HBox, [self._format, self._name, self._write])
        row.add_class("mfkit-row")
        super().__init__(lib, selection, "Export", [row, self._done])
        self._format.observe(self.follow, "value")
        self._write.on_click(lambda _: self.act(self._export))

    def draw(self, chosen: MediaFilter) -> None:
        """Say on the button how many files will be in it."""
        count, _ = self._numbers(chosen)
        self._write.description = f"Export {count:,} {'row' if count == 1 else 'rows'}"
        self._write.disabled = not count

    def options(self) -> Hashable:
        """Return the format: some hold only what has a place."""
        return str(self._format.value)

    def _numbers(self, chosen: MediaFilter) -> tuple[int, int]:
        """Return how many of the selected files the format holds, and how many not."""
        every = self.counted(chosen)
        if self._format.value != "geojson":
            return every, 0
        placed = 0 if chosen.has_location is False else self.lib.count(chosen.replace(has_location=True))
        return placed, every - placed

    def _export(self) -> None:
        path = Path(self._name.value.strip() or "selection").expanduser()
        if not path.name:
            raise ExportError(f"{path} is a folder; name a file in it.")
        suffix = f".{self._format.value}"
        if path.suffix.lower() != suffix:
            path = path.with_name(path.name + suffix)
        if os.path.lexists(path):
            raise ExportError(f"{path} is there already; name another file.")
        _, without = self._numbers(self.selection.filter)
        self._write.disabled = True
        try:
            written = self.lib.export(path, self.selection.filter, progress=False)
        finally:
            self._write.disabled = False
        where = html.escape(str(written.path.resolve()))
        left = f"; {without:,} without a place left out" if without else ""
        rows = f"{written.rows:,} {'row' if written.rows == 1 else 'rows'}"
        much = f"{rows}, {format_size(written.bytes)}"
        self._done.value = f'{much}: <bdi title="{where}">{where}</bdi>{left}'
