"""Output of the commands: DataFrames as tables, JSON and lines of text, with control characters escaped.

Results go to standard output. Warnings, errors, and notes about what is not shown go to standard error, so
that they do not become part of the input of another program.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mfkit.cli.text_table import TextTable, print_table, terminal_width, wrap
from mfkit.filters.units import format_duration, format_size, plural
from mfkit.text_safety import escape_control, printable_json

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mfkit import MediaLibrary


LIST_ALL = "List all with --limit 0."
_ROWS_AT_ONCE = 1_000
"""Number of rows of a frame that are converted to JSON at once."""


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    print(printable_json(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def print_line(text: str, *, error: bool = False, whole: bool = False, hang: int = 0) -> None:
    """Print a line of text with control characters escaped.

    Args:
        text: The line.
        error: Whether to print to standard error.
        whole: Whether to leave the line whole, for example because a path in it is going to be copied. Other
            lines are wrapped between words in a terminal.
        hang: Number of spaces before the following lines of a wrapped line.
    """
    stream = sys.stderr if error else sys.stdout
    line = escape_control(text)
    wrapped = "\n".join(wrap(line, terminal_width(), hang=hang)) if stream.isatty() and not whole else line
    print(wrapped, file=stream, flush=True)


def print_rest(total: int, shown: int, noun: str) -> None:
    """Print on standard error how many rows ``--limit`` has left out, if any.

    Args:
        total: Number of rows of the result.
        shown: Number of rows that were printed.
        noun: What a row is, in the singular.
    """
    if shown < total:
        print_line(f"{plural(total - shown, f'more {noun}')} not shown. {LIST_ALL}", error=True)


def records(frame: pd.DataFrame) -> Any:
    """Return a frame as a list of dicts for JSON: missing values as null, timestamps in ISO 8601."""
    return json.loads(frame.to_json(orient="records", date_format="iso", date_unit="us"))


def print_frame(
    frame: pd.DataFrame,
    *,
    as_json: bool,
    columns: Sequence[str] | None = None,
    wide: bool = False,
    empty: str = "No items match. Change or remove a condition.",
) -> None:
    """Print a DataFrame as JSON, or some of its columns as a table that fits into the terminal.

    Args:
        frame: The rows.
        as_json: Whether to print JSON.
        columns: Columns of the table, the most important ones first; all by default. JSON always has all.
        wide: Whether to print all columns and whole texts.
        empty: Line to print instead of a table without rows.
    """
    if as_json:
        _print_rows(frame)
        return
    if frame.empty:
        print_line(empty)
        return
    names = [str(name) for name in columns or frame.columns if name in frame.columns]
    short = sys.stdout.isatty() and not wide
    cells = {name: [cell(name, value, short=short) for value in frame[name]] for name in names}
    numeric = frozenset(name for name in names if frame[name].dtype.kind in "iufM")
    print_text_table(TextTable(cells, numeric, frozenset(("id",))), wide=wide)


def _print_rows(frame: pd.DataFrame) -> None:
    """Print a DataFrame as a JSON array. Only some rows at a time are held as JSON in memory."""
    if frame.empty:
        print_json([])
        return
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        rows = json.dumps(records(frame[start : start + _ROWS_AT_ONCE]), indent=2, ensure_ascii=False)
        begin = "[" if start == 0 else ","
        sys.stdout.write(f"{begin}{printable_json(rows)[1:-2]}")
    print("\n]")


def whole_groups(frame: pd.DataFrame, by: str, limit: int | None) -> pd.DataFrame:
    """Return as many of a DataFrame's first groups as fit in ``limit`` rows, but at least one group.

    Args:
        frame: The rows, ordered by group.
        by: Column that has the same value in all rows of a group.
        limit: Maximum number of rows; None for all rows.
    """
    if limit is None or len(frame) <= limit:
        return frame
    group = frame[by].ne(frame[by].shift()).cumsum()
    sizes = group.value_counts().sort_index().cumsum()
    ends = sizes[sizes <= limit]
    return frame.head(int(sizes.iloc[0] if ends.empty else ends.iloc[-1]))


def print_text_table(table: TextTable, *, wide: bool = False) -> None:
    """Print a table, and a note that names the columns that do not fit into the terminal."""
    if left_out := print_table(table, wide=wide):
        print_line(f"Not shown: {', '.join(left_out)}. Add --wide for all columns.", error=True)


def cell(name: str, value: Any, *, short: bool = False) -> str:
    """Format a value for a table according to its column.

    Args:
        name: The column.
        value: The value.
        short: Whether to leave out the seconds of timestamps.
    """
    if not _has_value(value):
        return ""
    if name == "keep":
        return "keep" if value else "remove"
    if name in ("file_size", "saves") or name.startswith(("bytes", "saves_")):
        return format_size(float(value))
    if name == "duration":
        return format_duration(float(value))
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M" if short else "%Y-%m-%d %H:%M:%S"))
    if isinstance(value, float):
        return f"{value:,.6g}"
    return str(value)


def printable_label(value: Any) -> str:
    """Return the label of a group: the value with control characters escaped, or ``(unknown)``."""
    return escape_control(str(value)) if _has_value(value) else "(unknown)"


def _has_value(value: Any) -> bool:
    # Missing values are recognized by their text, because importing pandas for this check would be slow.
    return value is not None and (isinstance(value, str) or str(value) not in ("<NA>", "NaT", "nan"))


def write_script(lib: MediaLibrary, frame: pd.DataFrame, script: Path | None) -> str:
    """Write the removal script if ``--script`` is given, and return a line that tells what to do next.

    Args:
        lib: The library.
        frame: Result of ``lib.duplicates()`` or ``lib.similar()``.
        script: Value of ``--script``.

    Returns:
        The line; it is empty if nothing can be removed and no script is wanted.
    """
    if frame["keep"].all():
        return (
            "" if script is None else f"{script} was not written, because no file is suggested for removal."
        )
    if script is None:
        return "Add --script FILE to write a script that moves them to a folder. Nothing is deleted."
    return str(lib.write_removal_script(frame, script))
