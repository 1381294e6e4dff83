"""The duplicates panel: paths with the same content, reclaimable space, and a suggestion for each path."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import pandas as pd

from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import Column, Pager, RowGrid
from mfkit.widgets.controls.table_columns import date_text, metadata_text
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, small_button, status_line, styled

PAGE = 15
"""Rows on a page."""

_COLUMNS = (
    Column("path", "Path", metadata_text("file_path"), style="mfkit-path"),
    Column("advice", "Suggestion", lambda row: "keep" if row["keep"] else "remove"),
    Column("reason", "Why", metadata_text("reason")),
    Column("size", "Size", metadata_text("file_size", format_size), style="number"),
    Column("paths", "Paths", lambda row: f"{row['paths']:,}", style="number"),
    Column("reclaimable", "Reclaimable", metadata_text("reclaimable_bytes", format_size), style="number"),
    Column("date", "Modified", metadata_text("file_modified_at", date_text), visible=False),
)


class DuplicatesPanel(Panel):
    """Groups of paths with the same content, those with the most reclaimable bytes first.

    The panel never deletes files. It suggests which path to keep, and tags the items that have copies, so
    that you or another program can act on them.

    Attributes:
        grid: The paths.
        pager: Its pager.
        tag_field: Name of the tag.
        tag_button: Tags all items that have copies.

    ![Paths with the same content, with suggestions](../images/panels/duplicates.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.DuplicatesPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Create the panel.

        Args:
            lib: The library.
            selection: The selection to follow.
            on_open: Called with the id of an item whose path was clicked.
            on_change: Called after items were tagged.
        """
        self._on_open, self._on_change = on_open, on_change
        self._duplicates = pd.DataFrame()
        self.grid = RowGrid(_COLUMNS, self._open)
        self.pager = Pager(PAGE, self._turn_page)
        self.summary: widgets.HTML = status_line()
        self.tag_field = styled(widgets.Text, value="has copies", description="Tag")
        self.tag_button = small_button(tooltip="Tag each file that has copies")
        row = control_row(self.tag_field, self.tag_button, self.status)
        super().__init__(lib, selection, "Duplicates", [self.summary, self.grid, row], [self.pager])
        self.grid.observe(self._show, "hidden")
        self.tag_button.on_click(lambda _: self.run_action(self._tag_all))

    def draw(self, chosen: MediaFilter) -> None:
        """Find the groups."""
        self._duplicates, self.pager.offset = self.lib.duplicates(chosen), 0
        groups = self._duplicates.drop_duplicates("id")
        count, copies = len(groups), len(self._duplicates) - len(groups)
        self.tag_button.description = f"Tag {count:,} {'file' if count == 1 else 'files'}"
        self.tag_button.disabled = not count or self.lib.database.read_only
        self.summary.value = (
            f"<b>{count:,}</b> {'file has' if count == 1 else 'files have'} <b>{copies:,}</b> "
            f"{'copy' if copies == 1 else 'copies'}. Removing the copies frees "
            f"<b>{format_size(float(groups['reclaimable_bytes'].sum()))}</b>. "
            "This panel does not delete files."
            if count
            else ""
        )
        self._show()

    def _show(self, _: object = None) -> None:
        offset = self.pager.offset
        page = self._duplicates.iloc[offset : offset + PAGE]
        # The rows of a group have the same id, but those of a grid must differ.
        rows = [
            (f"{row['id']} {number}", {str(name): value for name, value in row.items()})
            for number, row in enumerate(page.to_dict("records"), offset)
        ]
        self.grid.show(rows, "" if rows else "No duplicates in this selection.")
        self.pager.show(len(rows), len(self._duplicates))

    def _turn_page(self, rows: int) -> None:
        self.pager.move(rows)
        self._show()

    def _open(self, row: str) -> None:
        if self._on_open is not None:
            self._on_open(row.partition(" ")[0])

    def _tag_all(self) -> None:
        name = self.tag_field.value.strip()
        changed = self.lib.tag(self._duplicates.drop_duplicates("id"), name)
        self.show_status(f"{changed:,} {'file' if changed == 1 else 'files'} tagged ", name)
        if self._on_change is not None:
            self._on_change()
