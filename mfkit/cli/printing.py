"""How commands print: tables in a terminal, plain columns in a pipe, and names that steer nothing."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Return where tables are printed."""
    # A pipe has no width; what reads it wants whole lines.
    return Console() if sys.stdout.isatty() else Console(width=200)


def table(first: str, *others: str) -> Table:
    """Return an empty table: lines in a terminal, bare columns in a pipe."""
    made = Table(box=None if not sys.stdout.isatty() else Table().box, pad_edge=False)
    made.add_column(first)
    for name in others:
        made.add_column(name, justify="right")
    return made


def label(value: Any) -> str:
    """Return a value of a fact for a person."""
    if value is None or value != value:
        return "(unknown)"
    return printable(str(value))


def printable(text: str) -> str:
    """Return text without characters that steer a terminal: file names may hold any."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text
    )
