"""The duplicates panel: what is there more than once, what that costs, and which path to keep."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets
import pandas as pd

from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import Column, RowGrid
from mfkit.widgets.controls.table_columns import day, metadata_text
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

PAGE = 15
"""Rows on a page."""


_COLUMNS = (
    Column("path", "Path", metadata_text("file_path"), kind="mfkit-path"),
    Column("advice", "Advice", lambda row: "keep" if row["keep"] else "spare"),
    Column("reason", "Because", metadata_text("reason")),
    Column("size", "Size", metadata_text("file_size", format_size), kind="number"),
    Column("paths", "Paths", lambda row: f"{row['paths']:,}", kind="number"),
    Column("win", "To win", metadata_text("bytes_to_win", format_size), kind="number"),
    Column("date", "Modified", metadata_text("file_modified_at", day), shown=False),
)


class DuplicatesPanel(Panel):
    """Groups of paths with the same content, those with the most bytes to win first.

    Nothing is ever deleted from a disk: the panel shows what to keep, and puts a tag on the items that have
    spare copies, for another program or a person to act on.

    ![Paths with the same content, and which to keep](../images/panels/duplicates.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.DuplicatesPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        opened: Callable[[str], None] | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """Take the library and the selection to follow.

        Args:
            lib: The library.
            selection: Which items.
            opened: Called with the id of an item whose path was clicked.
            changed: Called after items were tagged.
        """
        self._opened, self._changed = opened, changed
        self.grid = RowGrid(_COLUMNS, self._open)
        self._words = styled(widgets.HTML)
        self._words.add_class("mfkit-done")
        self._back, self._on = (
            styled(widgets.Button, description=text, tooltip=tip)
            for text, tip in (("‹", "Previous page"), ("›", "Next page"))
        )
        self._place = styled(widgets.HTML)
        pager = styled(widgets.HBox, [self._back, self._place, self._on])
        pager.add_class("mfkit-pager")
        self._tag = styled(widgets.Text, value="has spare copies", description="Tag")
        self._put = styled(widgets.Button, tooltip="Put this tag on every item that has spare copies")
        self._put.add_class("mfkit-small")
        row = styled(widgets.HBox, [self._tag, self._put])
        row.add_class("mfkit-row")
        self._found = pd.DataFrame()
        self._offset = 0
        super().__init__(lib, selection, "Duplicates", [self._words, self.grid, row], [pager])
        self.grid.observe(self._show, "hidden")
        self._back.on_click(lambda _: self._turn_page(-PAGE))
        self._on.on_click(lambda _: self._turn_page(PAGE))
        self._put.on_click(lambda _: self.act(self._tag_all))

    def draw(self, chosen: MediaFilter) -> None:
        """Find the groups."""
        self._found, self._offset = self.lib.duplicates(chosen), 0
        groups = self._found.drop_duplicates("id")
        number = len(groups)
        self._put.description = f"Tag {number:,} {'item' if number == 1 else 'items'}"
        self._put.disabled = not number or self.lib.database.read_only
        spare, won = len(self._found) - number, format_size(float(groups["bytes_to_win"].sum()))
        self._words.value = (
            f"<b>{number:,}</b> contents lie at <b>{len(self._found):,}</b> paths: {spare:,} spare, "
            f"<b>{won}</b> to win. Nothing is deleted here."
            if number
            else ""
        )
        self._show()

    def _show(self, _: object = None) -> None:
        page = self._found.iloc[self._offset : self._offset + PAGE]
        rows = [
            (f"{row['id']} {place}", {str(name): value for name, value in row.items()})
            for place, row in enumerate(page.to_dict("records"), self._offset)
        ]
        self.grid.show(rows, "" if rows else "Nothing here is there twice: there is nothing to do.")
        last = self._offset + len(rows)
        self._place.value = f"{self._offset + 1:,} to {last:,} of {len(self._found):,}" if rows else ""
        self._back.disabled, self._on.disabled = self._offset == 0, last >= len(self._found)

    def _turn_page(self, rows: int) -> None:
        self._offset = max(0, min(self._offset + rows, max(len(self._found) - 1, 0) // PAGE * PAGE))
        self._show()

    def _open(self, row: str) -> None:
        if self._opened is not None:
            self._opened(row.partition(" ")[0])

    def _tag_all(self) -> None:
        name = self._tag.value.strip()
        changed = self.lib.tag(self._found.drop_duplicates("id"), name)
        safe = html.escape(name)
        self._words.value = f"{changed:,} items tagged <bdi>{safe}</bdi>. Nothing was deleted."
        if self._changed is not None:
            self._changed()
