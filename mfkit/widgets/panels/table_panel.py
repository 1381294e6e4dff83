"""Panel with a table of the selected files, and the detail card of one file."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import traitlets

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.detail_card import DetailCard
from mfkit.widgets.controls.row_grid import COLUMNS, Pager, RowGrid, rows_by_id
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection

PAGE = 15
"""Number of table rows on a page."""


class TablePanel(Panel):
    """Table of the selected items, divided into pages.

    Click a heading to sort, a check box to choose a row, and a name to open the detail card.

    Attributes:
        chosen: Ids of the chosen rows. It is cleared when the selection changes.
        grid: The table.
        pager: The pager of the table.
        card: The detail card.

    ![A page of files](../images/panels/table.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> table = mfkit.widgets.TablePanel(lib)  # doctest: +SKIP
        >>> lib.tag(table.chosen, "to print")  # doctest: +SKIP
    """

    chosen = traitlets.Tuple()
    # The table is drawn before the charts, because the charts have to wait for Plotly's JavaScript.
    draw_priority = 1

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.grid = RowGrid(COLUMNS, self.open_card, selectable=True)
        self.card = DetailCard(lib, self._step)
        self.pager = Pager(PAGE, self._turn_page)
        self._total = 0
        self._shown: tuple[MediaFilter, Hashable] | None = None
        super().__init__(lib, selection, "Files", [self.grid, self.card], [self.pager])
        for name in ("order", "hidden"):
            self.grid.observe(self.follow, name)
        self.grid.observe(self._choose, "chosen")
        self.selection.observe(lambda _: self.grid.set_trait("chosen", []), "filter")

    def options(self) -> Hashable:
        """Return the sort order, the hidden columns and the current page."""
        return self.grid.sort_order(), tuple(self.grid.hidden), self.pager.offset

    def draw(self, chosen: MediaFilter) -> None:
        """Query and show the current page, and count all rows if the selection has changed."""
        order = self.grid.sort_order()
        if self._shown is None or chosen != self._shown[0]:
            self._total = self.count_selected(chosen)
        if (chosen, order) != self._shown:
            self.pager.offset = 0
            self._shown = (chosen, order)
            self._drawn_state = (chosen, self.options())
        by, descending = order
        sources = dict.fromkeys(name for one in self.grid.visible_columns() for name in one.source_columns)
        frame = self.lib.items(
            chosen,
            columns=("id", *sources),
            limit=PAGE,
            offset=self.pager.offset,
            order_by=by,
            ascending=not descending,
        )
        self.grid.show(rows_by_id(frame), "" if len(frame) else self.empty_text())
        self.pager.show(len(frame), self._total)

    def clear_cache(self) -> None:
        """Discard the cached number of selected items, so that the next drawing counts them again."""
        self._shown = None

    def _choose(self, _: Any) -> None:
        self.chosen = tuple(self.grid.chosen)

    def open_card(self, item: str) -> None:
        """Open the detail card of an item."""
        self.attempt(lambda: self.card.show(item))

    def _step(self, item: str, by: int) -> None:
        """Open the detail card of the previous or next row, if the page has such a row."""
        ids = [row["id"] for row in self.grid.rows]
        index = ids.index(item) + by if item in ids else -1
        if 0 <= index < len(ids):
            self.open_card(ids[index])

    def _turn_page(self, rows: int) -> None:
        with self._drawing_lock:
            self.pager.move(rows)
            self.follow()
