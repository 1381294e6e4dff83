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


def console() -> Console:
    """Return the console that tables are printed to."""
    from rich.console import Console

    # A pipe has no width, and the program that reads it expects whole lines.
    return Console() if sys.stdout.isatty() else Console(width=10_000)


def table(first: str, *others: str) -> Table:
    """Return an empty table: with borders in a terminal, without in a pipe."""
    from rich.table import Table

    made = Table(box=None if not sys.stdout.isatty() else Table().box, pad_edge=False)
    made.add_column(first, overflow="fold")
    for name in others:
        made.add_column(name, justify="right")
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


def print_frame(frame: pd.DataFrame, *, as_json: bool, columns: Sequence[str] | None = None) -> None:
    """Print a frame as JSON, or some of its columns as a table.

    Args:
        frame: The rows.
        as_json: Whether to print JSON.
        columns: Columns of the table; all by default. JSON always has all columns.
    """
    if as_json:
        print_json(records(frame))
        return
    from rich.text import Text

    shown = frame[[name for name in columns or frame.columns if name in frame.columns]]
    printed = table(*shown.columns)
    for values in shown.itertuples(index=False, name=None):
        cells = (cell(name, value) for name, value in zip(shown.columns, values, strict=True))
        printed.add_row(*(Text(one) for one in cells))
    console().print(printed)


def cell(name: str, value: Any) -> str:
    """Format a value for a table according to its column."""
    from mfkit.filters.units import format_duration, format_size

    if not _has_value(value):
        return ""
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
    # Compares the text, because importing pandas for this check would be slow.
    return value is not None and (isinstance(value, str) or str(value) not in ("<NA>", "NaT", "nan"))
