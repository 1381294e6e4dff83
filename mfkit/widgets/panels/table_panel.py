"""The table panel: pages through any selection, however large, and shows names as what they are: text."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import ipywidgets as widgets
import traitlets

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.detail_card import DetailCard
from mfkit.widgets.controls.row_grid import RowGrid
from mfkit.widgets.controls.table_columns import COLUMNS
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

PAGE = 15
"""Rows on a page."""


class TablePanel(Panel):
    """The selected items, a page at a time: sorted by a click, chosen by a box, opened by their name.

    Attributes:
        chosen: Ids of the rows that are chosen; none after the selection has changed.
        grid: The rows.
        card: All that is known of the one that was opened.

    ![A page of files](../images/panels/table.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> table = mfkit.widgets.TablePanel(lib)  # doctest: +SKIP
        >>> lib.tag(table.chosen, "to print")  # doctest: +SKIP
    """

    chosen = traitlets.Tuple()
    rank = 1  # at first charts wait for their JavaScript

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self.grid = RowGrid(COLUMNS, self.open_card, choosable=True)
        self.card = DetailCard(lib, self._step)
        self._back, self._on = (
            styled(widgets.Button, description=text, tooltip=tip)
            for text, tip in (("‹", "Previous page"), ("›", "Next page"))
        )
        self._place = styled(widgets.HTML)
        pager = styled(widgets.HBox, [self._back, self._place, self._on])
        pager.add_class("mfkit-pager")
        self._offset = 0
        self._total = 0
        self._of: tuple[MediaFilter, Hashable] | None = None
        self._chosen_from: MediaFilter | None = None
        super().__init__(lib, selection, "Files", [self.grid, self.card], [pager])
        for name in ("order", "hidden"):
            self.grid.observe(self.follow, name)
        self.grid.observe(self._choose, "chosen")
        self._back.on_click(lambda _: self._turn_page(-PAGE))
        self._on.on_click(lambda _: self._turn_page(PAGE))

    def options(self) -> Hashable:
        """Return the order, the columns and the page."""
        return self.grid.sort(), tuple(self.grid.hidden), self._offset

    def draw(self, chosen: MediaFilter) -> None:
        """Fetch one page, and the number of rows when the selection is another one."""
        if self._of is None or chosen != self._of[0]:
            self._total = self.counted(chosen)
        if chosen != self._chosen_from:
            self._chosen_from = chosen
            self.grid.chosen = []
        if (chosen, self.grid.sort()) != self._of:
            self._offset = 0
            self._of = (chosen, self.grid.sort())
            self._drawn = (chosen, self.options())
        by, descending = self.grid.sort()
        facts = dict.fromkeys(name for column in self.grid.visible() for name in column.facts)
        columns = ("id", *facts)
        rows = self.lib.items(
            chosen, columns=columns, limit=PAGE, offset=self._offset, order_by=by, ascending=not descending
        )
        records: list[dict[str, Any]] = [
            {str(name): value for name, value in record.items()} for record in rows.to_dict("records")
        ]
        self.grid.show([(str(row["id"]), row) for row in records], "" if records else self._nothing())
        last = self._offset + len(rows)
        self._place.value = f"{self._offset + 1:,} to {last:,} of {self._total:,}" if len(rows) else ""
        self._back.disabled = self._offset == 0
        self._on.disabled = last >= self._total

    def forget(self) -> None:
        """Forget how many files there are."""
        self._of = None

    def _nothing(self) -> str:
        if self.lib.count(missing=None):
            return "No file is selected; take a condition away."
        return 'This library is empty; fill it with lib.scan("folder").'

    def _choose(self, _: Any) -> None:
        self.chosen = tuple(self.grid.chosen)

    def open_card(self, item: str) -> None:
        """Show all that is known of an item."""
        self.attempt(lambda: self.card.show(item))

    def _step(self, item: str, by: int) -> None:
        """Open the row before or after one, as far as the page goes."""
        ids = [row["id"] for row in self.grid._rows]
        place = ids.index(item) + by if item in ids else -1
        if 0 <= place < len(ids):
            self.open_card(ids[place])

    def _turn_page(self, rows: int) -> None:
        with self._turn:
            self._offset = max(0, min(self._offset + rows, max(self._total - 1, 0) // PAGE * PAGE))
            self.follow()
