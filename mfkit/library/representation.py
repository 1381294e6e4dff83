"""What a library shows of itself when a notebook or a console prints it."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from mfkit.filters.units import format_size
from mfkit.text_safety import escape_control

_ROOTS = 5
"""Roots that are named; of more there is only the number."""

_LEFT = 'style="text-align: left"'


@dataclass(frozen=True)
class Overview:
    """How much a library holds.

    Attributes:
        name: Its path, or its URL without the password.
        items: Number of items that the last scan found.
        bytes: Their size.
        failures: Files that could not be read or understood.
        roots: The scanned folders.
        last_scan: When a scan last finished; None if there was none.
    """

    name: str
    items: int
    bytes: int
    failures: int
    roots: tuple[str, ...]
    last_scan: pd.Timestamp | None

    def _parts(self) -> dict[str, str]:
        roots = ", ".join(map(escape_control, self.roots[:_ROOTS]))
        more = len(self.roots) - _ROOTS
        return {
            "Items": f"{self.items:,}",
            "Size": format_size(self.bytes),
            "Roots": (f"{roots} and {more:,} more" if more > 0 else roots) or "none",
            "Last scan": "never" if self.last_scan is None else f"{self.last_scan:%Y-%m-%d %H:%M} UTC",
            "Failures": f"{self.failures:,}",
        }

    def text(self) -> str:
        """Return one line of text."""
        return ", ".join(f"{name.lower()}: {value}" for name, value in self._parts().items())

    def html(self) -> str:
        """Return a table."""
        rows = "".join(
            f"<tr><th {_LEFT}>{name}</th><td {_LEFT}>{html.escape(value)}</td></tr>"
            for name, value in {"Library": escape_control(self.name), **self._parts()}.items()
        )
        return f"<table>{rows}</table>"
