"""The table panel: pages through any selection, however large, and shows names as what they are: text."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable
from typing import Any

import ipywidgets as widgets
import pandas as pd

from mfkit.library import MediaLibrary
from mfkit.queries.filters import MediaFilter
from mfkit.queries.units import format_duration, format_size
from mfkit.widgets.panel import Panel
from mfkit.widgets.selection import Selection

PAGE = 15
"""Rows on a page."""

_ORDERS: dict[str, dict[str, Any]] = {
    "last added": {},
    "newest": {"order_by": "file_modified_at", "descending": True},
    "oldest": {"order_by": "file_modified_at"},
    "largest": {"order_by": "file_size", "descending": True},
    "smallest": {"order_by": "file_size"},
    "longest": {"order_by": "duration", "descending": True},
    "name": {"order_by": "file_name"},
}
_COLUMNS = (
    "file_name", "media_type", "file_size", "file_created_at", "file_modified_at", "duration", "width",
    "height", "video_codec", "audio_codec", "folder",
)

Row = dict[str, Any]


def _known(value: Any) -> bool:
    return not pd.isna(value)


def _date(row: Row) -> str:
    moment = row["file_created_at"] if _known(row["file_created_at"]) else row["file_modified_at"]
    return f"{moment:%Y-%m-%d}" if _known(moment) else ""


def _pixels(row: Row) -> str:
    return f"{row['width']} × {row['height']}" if _known(row["width"]) and _known(row["height"]) else ""


def _codec(row: Row) -> str:
    return " / ".join(str(row[name]) for name in ("video_codec", "audio_codec") if _known(row[name]))


_CELLS: dict[str, tuple[Callable[[Row], str], bool]] = {
    # Heading: how a cell is made of a row, and whether it stands on the right.
    "Name": (lambda row: str(row["file_name"]), False),
    "Type": (lambda row: str(row["media_type"]), False),
    "Size": (lambda row: format_size(row["file_size"]), True),
    "Date": (_date, False),
    "Length": (lambda row: format_duration(row["duration"]) if _known(row["duration"]) else "", True),
    "Pixels": (_pixels, True),
    "Codec": (_codec, False),
    "Folder": (lambda row: str(row["folder"]), False),
}


def table_html(frame: pd.DataFrame) -> str:
    """Return items as an HTML table in which nothing that a file says is markup.

    Args:
        frame: Columns as ``lib.items()`` returns them.
    """
    head = "".join(f'<th{_side(right)} scope="col">{name}</th>' for name, (_, right) in _CELLS.items())
    rows = ({str(name): value for name, value in record.items()} for record in frame.to_dict("records"))
    body = "".join(
        "<tr>" + "".join(_cell(cell(row), right) for cell, right in _CELLS.values()) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="mfkit-table">{table}</div>'


def _side(right: bool) -> str:
    return ' class="number"' if right else ""


def _cell(text: str, right: bool) -> str:
    # dir="auto" and isolation keep a mark that turns the writing direction inside its own cell.
    safe = html.escape(text, quote=True)
    return f'<td{_side(right)} dir="auto" title="{safe}">{safe}</td>'


class TablePanel(Panel):
    """The selected items, a page at a time.

    Example:
        >>> TablePanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._rows = widgets.HTML(layout={"width": "100%", "margin": "0"})
        self._order = widgets.Dropdown(
            options=list(_ORDERS), description="Order", layout={"width": "170px"},
            style={"description_width": "initial"},
        )
        self._back, self._on = (
            widgets.Button(description=text, tooltip=tip)
            for text, tip in (("‹", "Previous page"), ("›", "Next page"))
        )
        self._place = widgets.HTML()
        pager = widgets.HBox([self._back, self._place, self._on])
        pager.add_class("mfkit-pager")
        self._offset = 0
        self._total = 0
        self._of: Hashable = None
        super().__init__(lib, selection, "Files", [self._rows], [self._order, pager])
        self._order.observe(self.follow, "value")
        self._back.on_click(lambda _: self._turn_page(-PAGE))
        self._on.on_click(lambda _: self._turn_page(PAGE))

    def options(self) -> Hashable:
        """Return the order and the page."""
        return self._order.value, self._offset

    def draw(self, chosen: MediaFilter) -> None:
        """Fetch one page, and the number of rows when the selection is another one."""
        of = (chosen, self._order.value)
        if of != self._of:
            self._offset = 0
            self._total = self.lib.count(chosen)
            self._of = of
            self._drawn = (chosen, self.options())
        rows = self.lib.items(
            chosen, columns=_COLUMNS, limit=PAGE, offset=self._offset, **_ORDERS[self._order.value]
        )
        self._rows.value = table_html(rows) if len(rows) else "<p>No file is selected.</p>"
        last = self._offset + len(rows)
        self._place.value = f"{self._offset + 1:,} to {last:,} of {self._total:,}" if len(rows) else ""
        self._back.disabled = self._offset == 0
        self._on.disabled = last >= self._total

    def refresh(self) -> None:
        """Count and fetch anew, as after a scan."""
        with self._turn:
            self._of = None
            super().refresh()

    def _turn_page(self, rows: int) -> None:
        with self._turn:
            self._offset = max(0, min(self._offset + rows, max(self._total - 1, 0) // PAGE * PAGE))
            self.follow()
