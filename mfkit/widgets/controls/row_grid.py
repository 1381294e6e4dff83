"""Table widget with sorting, hideable columns, selectable rows and pages, and ready-made file columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anywidget
import ipywidgets as widgets
import pandas as pd
import traitlets

from mfkit.filters.conditions import first_future_date
from mfkit.filters.units import format_duration, format_rate, format_size
from mfkit.models import EARLIEST_DATE
from mfkit.widgets.shared_style import on_message, shared_widget, styled

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """Definition of a table column: heading, text of the cells, sorting and style.

    Attributes:
        key: Name of the column.
        heading: Heading of the column.
        text: Function that returns the text of a row's cell.
        sort: Value of ``order_by`` after a click on the heading; None if the column cannot be sorted.
        style: CSS class. ``"number"`` aligns right, ``"mfkit-wide"`` takes the remaining width, and
            ``"mfkit-path"`` does the same but cuts off the beginning of long texts.
        visible: Whether the column is shown initially.
        source_columns: Columns of the DataFrame that :attr:`text` and :attr:`remark` read.
        remark: Function that returns a remark on a row's value, or "". Values with a remark are grey, and the
            remark is their tooltip.
    """

    key: str
    heading: str
    text: Callable[[Row], str]
    sort: str | None = None
    style: Literal["", "number", "mfkit-wide", "mfkit-path"] = ""
    visible: bool = True
    source_columns: tuple[str, ...] = ()
    remark: Callable[[Row], str] | None = None


class RowGrid(anywidget.AnyWidget):
    """Table of text with sorting, columns that can be hidden, and rows that can be chosen and opened.

    Attributes:
        columns: All columns.
        rows: The rows of the page: ``{"id": str, "cells": [str, ...]}``, and ``"remarks"``, which maps the
            index of a cell to its remark, if there are any.
        note: Text below the rows.
        order: ``{"by": key, "descending": bool}``; empty for the default order.
        hidden: Keys of the hidden columns.
        chosen: Ids of the chosen rows, on any page.
    """

    _esm = Path(__file__).parents[1] / "static" / "grid.js"

    headings: Any = traitlets.List().tag(sync=True)
    styles: Any = traitlets.List().tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    selectable = traitlets.Bool(True).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    order = traitlets.Dict().tag(sync=True)
    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        columns: Sequence[Column],
        on_open: Callable[[str], None] | None = None,
        *,
        selectable: bool = False,
    ) -> None:
        """Create a table widget without rows.

        Args:
            columns: The columns. The first one cannot be hidden.
            on_open: Called with the id of a row whose first cell was clicked.
            selectable: Whether rows have check boxes.
        """
        self.columns = tuple(columns)
        super().__init__(
            selectable=selectable,
            headings=[
                {"key": one.key, "heading": one.heading, "style": one.style, "sorts": one.sort is not None}
                for one in self.columns
            ],
            hidden=[one.key for one in self.columns if not one.visible],
        )
        if on_open is not None:
            on_message(self, "open", lambda message: on_open(str(message.get("id"))))

    def visible_columns(self) -> list[Column]:
        """Return the columns that the user has not hidden. The first column cannot be hidden."""
        return [one for index, one in enumerate(self.columns) if not index or one.key not in self.hidden]

    def sort_order(self) -> tuple[str | None, bool]:
        """Return the ``order_by`` value (None means the default order) and whether it is descending."""
        by = next((one.sort for one in self.columns if one.key == self.order.get("by")), None)
        return by, bool(self.order.get("descending"))

    def show(self, rows: Sequence[tuple[str, Row]], note: str = "") -> None:
        """Replace the rows of the table.

        Args:
            rows: Pairs of an id and the values from which the columns format their texts.
            note: Text below the rows, or instead of them.
        """
        columns = self.visible_columns()
        with self.hold_sync():
            self.styles = [one.style for one in columns]
            self.note = note
            self.rows = [
                {
                    "id": key,
                    "cells": [replace_surrogates(one.text(row)) for one in columns],
                    **_remarks(columns, row),
                }
                for key, row in rows
            ]


def _remarks(columns: Sequence[Column], row: Row) -> dict[str, dict[str, str]]:
    found = {
        str(index): text
        for index, one in enumerate(columns)
        if one.remark is not None and (text := one.remark(row))
    }
    return {"remarks": found} if found else {}


def rows_by_id(frame: pd.DataFrame) -> list[tuple[str, Row]]:
    """Return the rows of a DataFrame as pairs: the ``id`` as text, and the row as a dictionary."""
    return [
        (str(row["id"]), {str(name): value for name, value in row.items()})
        for row in frame.to_dict("records")
    ]


class Pager(widgets.HBox):
    """Buttons for the previous and next page of a table, and a text such as ``1 to 15 of 300``.

    Attributes:
        offset: Number of rows before the page.
        position: Text such as ``1 to 15 of 300``.
        previous: Button for the previous page.
        next: Button for the next page.
    """

    def __init__(self, page_size: int, on_click: Callable[[int], None]) -> None:
        """Create the page buttons of a table.

        Args:
            page_size: Rows on a page.
            on_click: Called with the number of rows to move forward (negative: back), as for :meth:`move`.
        """
        self.offset = 0
        self._page_size = page_size
        self._total = 0
        self.previous = styled(widgets.Button, description="‹", tooltip="Previous page")
        self.next = styled(widgets.Button, description="›", tooltip="Next page")
        self.position = styled(widgets.HTML)
        super().__init__([self.previous, self.position, self.next], layout=shared_widget(widgets.Layout))
        self.add_class("mfkit-pager")
        self.previous.on_click(lambda _: on_click(-page_size))
        self.next.on_click(lambda _: on_click(page_size))

    def show(self, rows: int, total: int) -> None:
        """Show which rows of the table the current page contains, for example ``1 to 15 of 300``."""
        self._total = total
        last = self.offset + rows
        self.position.value = f"{self.offset + 1:,} to {last:,} of {total:,}" if rows else ""
        self.previous.disabled, self.next.disabled = self.offset == 0, last >= total

    def move(self, rows: int) -> None:
        """Move the page by a number of rows, but not beyond the first or the last page."""
        last_page = max(self._total - 1, 0) // self._page_size * self._page_size
        self.offset = max(0, min(self.offset + rows, last_page))


def replace_surrogates(text: str) -> str:
    """Replace unpaired surrogates of file names, because they cannot be sent to the browser."""
    return text.encode("utf-8", "replace").decode()


def _is_missing(value: Any) -> bool:
    return bool(pd.isna(value))


def metadata_text(name: str, write: Callable[[Any], str] = str) -> Callable[[Row], str]:
    """Return a function that formats a row's value in the given column. Missing values become empty text."""
    return lambda row: "" if _is_missing(row[name]) else write(row[name])


def date_text(timestamp: Any) -> str:
    """Format the date of a timestamp as ``2014-05-31``."""
    return f"{timestamp:%Y-%m-%d}"


def _date_remark(row: Row) -> str:
    if _is_missing(row["date"]):
        return ""
    if row["date_source"] != "capture":
        return "File date: the capture time is unknown"
    if not EARLIEST_DATE <= row["date"] < first_future_date():
        return "This capture time cannot be right"
    return ""


def _pixels(row: Row) -> str:
    width, height = row["width"], row["height"]
    return "" if _is_missing(width) or _is_missing(height) else f"{width} × {height}"


def _codec(row: Row) -> str:
    codecs = (row["video_codec"], row["audio_codec"])
    return " / ".join(str(codec) for codec in codecs if not _is_missing(codec))


def _camera(row: Row) -> str:
    make, model = (
        "" if _is_missing(row[name]) else str(row[name]) for name in ("camera_make", "camera_model")
    )
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _column(key: str, heading: str, name: str, write: Callable[[Any], str] = str, **settings: Any) -> Column:
    """Return a table column that shows and sorts by one column of a DataFrame."""
    return Column(key, heading, metadata_text(name, write), name, source_columns=(name,), **settings)


COLUMNS = (
    _column("name", "Name", "file_name", style="mfkit-wide"),
    _column("type", "Type", "media_type"),
    _column("size", "Size", "file_size", format_size, style="number"),
    Column(
        "date",
        "Date",
        metadata_text("date", date_text),
        "date",
        source_columns=("date", "date_source"),
        remark=_date_remark,
    ),
    _column("length", "Duration", "duration", format_duration, style="number"),
    Column("pixels", "Pixels", _pixels, "pixels", style="number", source_columns=("width", "height")),
    Column("codec", "Codec", _codec, "codec", source_columns=("video_codec", "audio_codec")),
    _column("rate", "Bit rate", "bitrate", format_rate, style="number", visible=False),
    _column("fps", "Frame rate", "fps", "{:.4g}".format, style="number", visible=False),
    Column(
        "camera", "Camera", _camera, "camera", visible=False, source_columns=("camera_make", "camera_model")
    ),
    _column("place", "Place", "location_name", visible=False),
    _column("artist", "Artist", "artist", visible=False),
    _column("album", "Album", "album", visible=False),
    _column("title", "Title", "title", visible=False),
    _column("genre", "Genre", "genre", visible=False),
    _column("year", "Release year", "year", style="number", visible=False),
    _column("added", "Added", "created_at", date_text, visible=False),
    _column("copies", "Copies", "copies", "{:,}".format, style="number", visible=False),
    _column("folder", "Folder", "folder", style="mfkit-path"),
)
