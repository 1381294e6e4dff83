"""Output of the commands: tables, JSON and lines of text, with control characters escaped."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mfkit.text_safety import escape_control, printable_json

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table


def console(*, wide: bool = False) -> Console:
    """Return the console that tables are printed to."""
    from rich.console import Console

    # Output to a pipe is not wrapped, because the program that reads it expects whole lines. The height is
    # also set, because Rich ignores a width without a height in some terminals.
    return Console() if sys.stdout.isatty() and not wide else Console(width=10_000, height=25)


def table(*columns: str) -> Table:
    """Return an empty table. Its first column is left-aligned. It has borders only in a terminal."""
    from rich.table import Table

    made = Table(box=None if not sys.stdout.isatty() else Table().box, pad_edge=False)
    for index, name in enumerate(columns):
        made.add_column(name, overflow="fold", justify="right" if index else "left")
    return made


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    print(printable_json(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def print_line(text: str, *, error: bool = False) -> None:
    """Print a line of text with control characters escaped.

    Args:
        text: The line.
        error: Whether to print to standard error.
    """
    print(escape_control(text), file=sys.stderr if error else sys.stdout, flush=True)


def records(frame: pd.DataFrame) -> Any:
    """Return a frame as a list of dicts for JSON: missing values as null, timestamps in ISO 8601."""
    return json.loads(frame.to_json(orient="records", date_format="iso", date_unit="us"))


def print_frame(
    frame: pd.DataFrame,
    *,
    as_json: bool,
    columns: Sequence[str] | None = None,
    wide: bool = False,
    empty: str = "No items match. Remove a condition.",
) -> None:
    """Print a frame as JSON, or some of its columns as a table.

    In a terminal, long texts are shortened in the middle, and the last columns are left out where there is no
    room.

    Args:
        frame: The rows.
        as_json: Whether to print JSON.
        columns: Columns of the table, the most important ones first; all by default. JSON always has all.
        wide: Whether to print all columns and whole texts.
        empty: Line to print instead of a table without rows.
    """
    if as_json or frame.empty:
        print_json(records(frame)) if as_json else print_line(empty)
        return
    from rich.text import Text

    names = [str(name) for name in columns or frame.columns if name in frame.columns]
    cells = {name: [cell(name, value) for value in frame[name]] for name in names}
    shown, widths = _layout(cells, None if wide or not sys.stdout.isatty() else console().width)
    printed = table()
    for name in shown:
        printed.add_column(name, justify="left" if name in _TEXTS else "right", no_wrap=True)
    for row in zip(*(cells[name] for name in shown), strict=True):
        printed.add_row(*(Text(shorten(text, widths[name])) for name, text in zip(shown, row, strict=True)))
    console(wide=wide).print(printed)
    if len(shown) < len(names):
        print_line(f"Not shown: {', '.join(names[len(shown) :])}. Add --wide for all columns.")


_TEXTS = frozenset(("file_path", "folder", "file_name", "name", "description", "conditions", "reason"))
"""Columns of text, aligned left. They may be shortened."""
_MIN_TEXT = 24
"""Width to which long texts may be shortened."""


def _layout(cells: dict[str, list[str]], width: int | None) -> tuple[list[str], dict[str, int]]:
    """Return the table columns that fit into the given width, and the width of each column."""
    from rich.cells import cell_len

    needed = {name: max(map(cell_len, (name, *texts))) for name, texts in cells.items()}
    widths, shown = dict(needed), list(cells)
    while width is not None and shown:
        # A column needs 3 characters more than its text: a border and two spaces. The table has one more
        # border.
        excess = sum(widths[name] + 3 for name in shown) + 1 - width
        for name in sorted(shown, key=lambda name: -widths[name]):
            if excess > 0 and name in _TEXTS and widths[name] > _MIN_TEXT:
                taken = min(excess, widths[name] - _MIN_TEXT)
                widths[name], excess = widths[name] - taken, excess - taken
        if excess <= 0 or len(shown) == 1:
            break
        widths = dict(needed)
        shown.pop()
    return shown, widths


def shorten(text: str, length: int) -> str:
    """Return a text of at most this length. The middle is left out, because paths differ at their ends."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= length:
        return text
    head = set_cell_size(text, (length - 1) // 3).rstrip()
    return f"{head}…{set_cell_size(text[::-1], length - 1 - cell_len(head)).rstrip()[::-1]}"


def cell(name: str, value: Any) -> str:
    """Format a value for a table according to its column."""
    from mfkit.filters.units import format_duration, format_size

    if not _has_value(value):
        return ""
    if name == "keep":
        return "keep" if value else "remove"
    if name == "file_size" or name.startswith(("bytes", "saves_")):
        return format_size(float(value))
    if name == "duration":
        return format_duration(float(value))
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M:%S"))
    if isinstance(value, float):
        return f"{value:,.6g}"
    return escape_control(str(value))


def printable_label(value: Any) -> str:
    """Return the label of a group: the value with control characters escaped, or ``(unknown)``."""
    return escape_control(str(value)) if _has_value(value) else "(unknown)"


def _has_value(value: Any) -> bool:
    # Missing values are recognized by their text, because importing pandas for this check would be slow.
    return value is not None and (isinstance(value, str) or str(value) not in ("<NA>", "NaT", "nan"))
