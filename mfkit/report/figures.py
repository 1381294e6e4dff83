"""The key figures of a report, kept in its page for the report that replaces it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path

from mfkit.report.show import Html

_MARK = re.compile(rb'<script\b[^>]* id="mfkit-figures"[^>]*>(\{[^<]{2,1000}\})</script>')


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over what a report is about.

    Attributes:
        files: Files on disk.
        bytes: Their bytes.
        items: Contents, each counted once.
        copies: Further files with a content that is counted already.
        unread: Files that are empty or could not be read; of a whole library only.
        distinct_bytes: Bytes, each content counted once.
        seconds: Playing time.
        first_year: Of the oldest item; None without a date.
        last_year: Of the newest.
        made_on: Day of the report.
    """

    files: int
    bytes: int
    items: int
    copies: int
    unread: int
    distinct_bytes: int
    seconds: float
    first_year: int | None
    last_year: int | None
    made_on: str = field(default_factory=lambda: date.today().isoformat())

    def markup(self) -> Html:
        """Return the figures as data that no reader sees."""
        return Html(f'<script type="application/json" id="mfkit-figures">{json.dumps(asdict(self))}</script>')


def figures_in(page: Path) -> Figures | None:
    """Return the figures of an earlier report; None when the file is not there or is none of mfkit's."""
    try:
        found = _MARK.search(page.read_bytes())
        held = json.loads(found[1]) if found else None
    except (OSError, ValueError):
        return None
    if not isinstance(held, dict) or set(held) != {one.name for one in fields(Figures)}:
        return None
    days = isinstance(held["made_on"], str) and re.fullmatch(r"\d{4}-\d\d-\d\d", held["made_on"])
    numbers = all(isinstance(one, (int, float)) for one in (held["files"], held["bytes"]))
    return Figures(**held) if days and numbers else None
