"""The quality panel: how much is known of what, and which files lack it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import Column, RowGrid
from mfkit.widgets.controls.table_columns import COLUMNS
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

PAGE = 15
"""Rows of files that lack something."""

_FIELDS = (
    Column("field", "Field", lambda row: str(row["field"]).replace("_", " ")),
    Column("share", "Known", lambda row: f"{row['share']:.1%}", kind="number"),
    Column("known", "Files", lambda row: f"{row['known']:,}", kind="number"),
    Column("lacking", "Lacking", lambda row: f"{row['lacking']:,}", kind="number"),
    Column("files", "Of", lambda row: f"{row['files']:,}", kind="number"),
)


class QualityPanel(Panel):
    """What is known of the selected items, field by field; a click on a field lists the files that lack it.

    ![What is known of how many files](../images/panels/quality.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.QualityPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        opened: Callable[[str], None] | None = None,
    ) -> None:
        """Take the library and the selection to follow.

        Args:
            lib: The library.
            selection: Which items.
            opened: Called with the id of an item whose name was clicked.
        """
        self.fields = RowGrid(_FIELDS, self._choose)
        self.lacking = RowGrid(COLUMNS, opened)
        self._heading = styled(widgets.HTML)
        self._heading.add_class("mfkit-done")
        self._field: str | None = None
        super().__init__(lib, selection, "Completeness", [self.fields, self._heading, self.lacking])
        for grid in (self.fields, self.lacking):
            grid.observe(self.follow, "hidden")

    def options(self) -> Any:
        """Return the field whose lack is listed, and the columns."""
        return self._field, tuple(self.fields.hidden), tuple(self.lacking.hidden)

    def draw(self, chosen: MediaFilter) -> None:
        """Count what is known, and list what lacks the field that was clicked."""
        known = self.lib.completeness((), chosen)
        rows: list[dict[str, Any]] = [
            {str(name): value for name, value in row.items()} for row in known.to_dict("records")
        ]
        nothing = "" if rows else "Nothing is selected that could be judged."
        self.fields.show([(str(row["field"]), row) for row in rows], nothing)
        lacking = next((int(row["lacking"]) for row in rows if row["field"] == self._field), 0)
        if self._field is None:
            self._heading.value = "Click a field to see which files lack it." if rows else ""
            self.lacking.show([])
            return
        frame = self.lib.missing_metadata(self._field, chosen, limit=PAGE)
        name = self._field.replace("_", " ")
        all_of_them = f', the first {PAGE}; <code>lib.missing_metadata("{self._field}")</code> lists all'
        more = all_of_them if lacking > PAGE else ""
        self._heading.value = f"<b>{lacking:,}</b> files lack <b>{name}</b>{more}."
        self.lacking.show(
            [
                (str(row["id"]), {str(key): value for key, value in row.items()})
                for row in frame.to_dict("records")
            ]
        )

    def _choose(self, field: str) -> None:
        self._field = field
        self.follow()
