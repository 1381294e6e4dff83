"""A page of rows in the browser: text, headings that sort, boxes that choose; it knows nothing of media."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anywidget
import traitlets

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a grid.

    Attributes:
        key: Its name.
        heading: What stands above it.
        cell: Makes a cell's text of a row.
        sort: What the rows are ordered by on a click; None where they cannot be.
        kind: ``"number"`` stands on the right, ``"mfkit-wide"`` takes what the others leave,
            ``"mfkit-path"`` too, and loses its beginning where that is too little.
        shown: Whether it is there from the start.
        facts: What of a row its cells are made of.
    """

    key: str
    heading: str
    cell: Callable[[Row], str]
    sort: str | None = None
    kind: Literal["", "number", "mfkit-wide", "mfkit-path"] = ""
    shown: bool = True
    facts: tuple[str, ...] = ()


class RowGrid(anywidget.AnyWidget):
    """Shows rows of text; a person sorts, hides columns, chooses rows and opens one.

    Attributes:
        order: ``{"by": key, "descending": bool}``; empty for the order in which rows come.
        hidden: Keys of the columns that are not shown.
        chosen: Ids of the rows that are chosen, on whatever page they are.
    """

    _esm = Path(__file__).parents[1] / "static" / "grid.js"

    _columns: Any = traitlets.List().tag(sync=True)
    _kinds: Any = traitlets.List().tag(sync=True)
    _rows: Any = traitlets.List().tag(sync=True)
    _choosable = traitlets.Bool(True).tag(sync=True)
    _note = traitlets.Unicode("").tag(sync=True)
    order = traitlets.Dict().tag(sync=True)
    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        columns: Sequence[Column],
        opened: Callable[[str], None] | None = None,
        *,
        choosable: bool = False,
    ) -> None:
        """Make a grid without rows.

        Args:
            columns: What a row has; the first is never hidden.
            opened: Called with the id of a row whose first cell was clicked.
            choosable: Whether rows have boxes to choose them by.
        """
        self.columns = tuple(columns)
        self._opened = opened
        super().__init__(
            _choosable=choosable,
            _columns=[
                {"key": one.key, "heading": one.heading, "kind": one.kind, "sorts": one.sort is not None}
                for one in self.columns
            ],
            hidden=[one.key for one in self.columns if not one.shown],
        )
        self.on_msg(self._message)

    def visible(self) -> list[Column]:
        """Return the columns that are shown; the first always is."""
        return [one for place, one in enumerate(self.columns) if not place or one.key not in self.hidden]

    def sort(self) -> tuple[str | None, bool]:
        """Return what the rows are to be ordered by, None for the order they come in, and whether down."""
        by = next((one.sort for one in self.columns if one.key == self.order.get("by")), None)
        return by, bool(self.order.get("descending"))

    def show(self, rows: Sequence[tuple[str, Row]], note: str = "") -> None:
        """Show rows in place of those before.

        Args:
            rows: Ids, and what the columns make their cells of.
            note: A sentence below, or where there is no row.
        """
        columns = self.visible()
        with self.hold_sync():
            self._kinds = [one.kind for one in columns]
            self._note = note
            self._rows = [
                {"id": key, "cells": [_text(one.cell(row)) for one in columns]} for key, row in rows
            ]

    def _message(self, _: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "open" and self._opened is not None:
            self._opened(str(message.get("id")))


def _text(value: str) -> str:
    # Half a letter, as a name that is no text may hold, cannot be sent.
    return value.encode("utf-8", "replace").decode()
