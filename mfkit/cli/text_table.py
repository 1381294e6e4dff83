"""Text tables that fit into the terminal, with a choice of columns and shortened texts."""

from __future__ import annotations

import os
import shutil
import sys
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mfkit.text_safety import escape_control

_GAP = 2
"""Number of spaces between two columns."""
_MIN_TEXT = 16
"""Width to which a text may be shortened before a column is left out."""
_FIRST_SHARE = 0.4
"""Share of the terminal's width below which the first column, mostly a path, is not shortened."""


@dataclass(frozen=True)
class TextTable:
    """Table of texts, with the most important columns first.

    Attributes:
        cells: Texts by the name of their column. Control characters are escaped when they are printed.
        numeric: Names of the columns that are aligned to the right. They are never shortened.
        whole: Names of further columns that are never shortened.
        last_row: Row of totals below a rule, such as the sum of the other rows; empty for none.
    """

    cells: Mapping[str, Sequence[str]]
    numeric: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    last_row: Sequence[str] = ()

    def columns(self) -> dict[str, list[str]]:
        """Return the printable texts of each column, including the text in ``last_row``."""
        columns = {name: list(map(escape_control, texts)) for name, texts in self.cells.items()}
        for name, text in zip(columns, self.last_row, strict=False):
            columns[name].append(escape_control(text))
        return columns


def print_table(table: TextTable, *, wide: bool = False) -> list[str]:
    """Print a table and return the names of the columns that did not fit into the terminal.

    In a terminal, texts are shortened in the middle until the table fits. If it is still too wide, columns
    are left out, beginning with empty columns and then from the right. In a pipe, nothing is left out.

    Args:
        table: The table.
        wide: Whether to print all columns and whole texts also in a terminal.
    """
    columns = table.columns()
    in_terminal = sys.stdout.isatty()
    width = None if wide or not in_terminal else terminal_width()
    widths = fit(columns, width, shortened=frozenset(columns) - table.numeric - table.whole)
    rows = [
        _row({name: shorten(columns[name][at], widths[name]) for name in widths}, widths, table.numeric)
        for at in range(len(next(iter(columns.values()), ())))
    ]
    rule = "─" * min(sum(widths.values()) + _GAP * (len(widths) - 1), width or 10_000)
    names = {name: shorten(name, widths[name]) for name in widths}
    header = [_bold(_row(names, widths, table.numeric)), *([rule] if in_terminal else [])]
    if table.last_row and in_terminal:
        rows.insert(-1, rule)
    print("\n".join((*header, *rows)), flush=True)
    return [name for name in columns if name not in widths]


def terminal_width() -> int:
    """Return the width of the terminal in columns. The environment variable ``COLUMNS`` overrides it."""
    return shutil.get_terminal_size().columns


def _bold(text: str) -> str:
    # The variable NO_COLOR disables styles, whatever its value is (https://no-color.org).
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[1m{text}\x1b[0m"


def _row(texts: Mapping[str, str], widths: Mapping[str, int], numeric: frozenset[str]) -> str:
    from rich.cells import cell_len

    padding = {name: " " * (widths[name] - cell_len(text)) for name, text in texts.items()}
    cells = (
        padding[name] + text if name in numeric else text + padding[name] for name, text in texts.items()
    )
    return (" " * _GAP).join(cells).rstrip()


def fit(
    columns: Mapping[str, Sequence[str]], width: int | None, *, shortened: frozenset[str]
) -> dict[str, int]:
    """Choose the columns that fit into a width, and return their widths.

    Args:
        columns: Printable texts of each column, the most important column first.
        width: Width of the terminal; None for no limit.
        shortened: Names of the columns whose texts may be shortened.
    """
    from rich.cells import cell_len

    needed = {name: max(map(cell_len, (name, *texts))) for name, texts in columns.items()}
    if width is None:
        return needed
    first = next(iter(columns), None)
    least = {
        name: min(one, max(_MIN_TEXT, int(width * _FIRST_SHARE)) if name == first else _MIN_TEXT)
        if name in shortened
        else one
        for name, one in needed.items()
    }
    by_importance = sorted(columns, key=lambda name: name != first and not any(columns[name]))
    while len(by_importance) > 1 and _total(least, by_importance) > width:
        by_importance.pop()
    shown = {name: needed[name] for name in columns if name in by_importance}
    if len(shown) == 1 and first in shown:
        return {first: min(shown[first], width)}
    # The widest texts are shortened first, so that short ones stay whole.
    while _total(shown, shown) > width:
        widest = max((name for name in shown if shown[name] > least[name]), key=shown.__getitem__)
        shown[widest] -= 1
    return shown


def _total(widths: Mapping[str, int], names: Sequence[str] | Mapping[str, int]) -> int:
    return sum(widths[name] for name in names) + _GAP * (len(names) - 1)


def shorten(text: str, length: int) -> str:
    """Shorten a text to ``length`` terminal columns by omitting its middle; paths differ at their ends.

    The name of a file is kept whole where there is room for it.
    """
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= length:
        return text
    name = cell_len(text[text.rfind("/") :]) if "/" in text else 0
    room = length - 1
    tail = _longest_ending(text, max(room - room // 3, min(name, room * 5 // 6)))
    return f"{set_cell_size(text, room - cell_len(tail)).rstrip()}…{tail}"


def _longest_ending(text: str, width: int) -> str:
    """Return the longest ending of a text that is not wider than ``width``."""
    from rich.cells import cell_len

    at = bisect_left(range(len(text)), True, key=lambda start: cell_len(text[start:]) <= width)
    # Combining characters after the ellipsis are left out, because their base character was cut off.
    while at < len(text) and not cell_len(text[at]):
        at += 1
    return text[at:].lstrip()


def wrap(text: str, width: int, *, hang: int = 0) -> list[str]:
    """Divide a line at spaces into lines of at most this width. A longer word, such as a path, stays whole.

    Args:
        text: The line. Following lines have its indentation.
        width: Maximum width of a line.
        hang: Number of further spaces before the following lines.
    """
    from rich.cells import cell_len

    indent = text[: len(text) - len(text.lstrip(" "))]
    first, *words = text[len(indent) :].split(" ")
    lines = [indent + first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        if cell_len(longer) > width:
            lines.append(f"{indent}{' ' * hang}{word}")
        else:
            lines[-1] = longer
    return lines
