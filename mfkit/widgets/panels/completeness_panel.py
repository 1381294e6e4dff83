"""The completeness panel: how many files have each metadata field, and which files lack it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import Column, RowGrid, rows_by_id
from mfkit.widgets.controls.table_columns import COLUMNS
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import status_line

_MAX_FILES = 15
"""Maximum number of listed files."""

_FIELDS = (
    Column("field", "Field", lambda row: str(row["field"]).replace("_", " ")),
    Column("share", "Complete", lambda row: f"{row['share']:.1%}", style="number"),
    Column("known", "With", lambda row: f"{row['known']:,}", style="number"),
    Column("lacking", "Without", lambda row: f"{row['lacking']:,}", style="number"),
    Column("files", "Total", lambda row: f"{row['files']:,}", style="number"),
)


class QualityPanel(Panel):
    """Completeness of the metadata of the selected items. A click on a field lists the files without it.

    Attributes:
        fields: The fields.
        files: The files without the field that was clicked.
        summary: The line between them, HTML.

    ![Completeness of each metadata field](../images/panels/quality.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.QualityPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
    ) -> None:
        """Create the panel.

        Args:
            lib: The library.
            selection: The selection to follow.
            on_open: Called with the id of an item whose name was clicked.
        """
        self.fields = RowGrid(_FIELDS, self._choose)
        self.files = RowGrid(COLUMNS, on_open)
        self.summary: widgets.HTML = status_line()
        self._field: str | None = None
        super().__init__(lib, selection, "Completeness", [self.fields, self.summary, self.files])
        for grid in (self.fields, self.files):
            grid.observe(self.follow, "hidden")

    def options(self) -> Any:
        """Return the chosen field and the visible columns."""
        return self._field, tuple(self.fields.hidden), tuple(self.files.hidden)

    def draw(self, chosen: MediaFilter) -> None:
        """Show the completeness of all fields, and the files without the chosen one."""
        completeness = self.lib.completeness((), chosen)
        rows = rows_by_id(completeness.assign(id=completeness["field"]))
        self.fields.show(rows, "" if rows else "No files match. Remove a condition.")
        if self._field is None:
            self.summary.value = "Click a field to list the files without it." if rows else ""
            self.files.show([])
            return
        lacking = next((int(row["lacking"]) for field, row in rows if field == self._field), 0)
        name = self._field.replace("_", " ")
        call = f'<code>lib.missing_metadata("{self._field}")</code>'
        first = f" Showing the first {_MAX_FILES}; {call} returns all."
        self.summary.value = (
            f"<b>{lacking:,}</b> {'file' if lacking == 1 else 'files'} without <b>{name}</b>."
            f"{first if lacking > _MAX_FILES else ''}"
        )
        self.files.show(rows_by_id(self.lib.missing_metadata(self._field, chosen, limit=_MAX_FILES)))

    def _choose(self, field: str) -> None:
        self._field = field
        self.follow()
