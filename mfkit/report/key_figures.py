"""How much there is, in a few figures."""

from __future__ import annotations

import html
import json
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from mfkit.filters.units import format_duration, format_size
from mfkit.report.context import ReportContext
from mfkit.report.html_blocks import Html, Section, cards, count, paragraph, plural, value


def key_figures(subject: ReportContext, earlier: KeyFigures | None) -> Section:
    """Return files, bytes on disk and distinct, hours, the span of years, and what changed.

    Args:
        subject: What is asked.
        earlier: The figures of the report that this one replaces.
    """
    now = measure(subject)
    copies = f"{plural(now.items, 'content')}, {plural(now.copies, 'further copy', 'further copies')}"
    unread = f", {plural(now.unread, 'empty or unreadable file')}" if now.unread else ""
    shown = [
        ("Files", value(now.files, count), copies + unread),
        (
            "On disk",
            value(now.bytes, format_size),
            f"{value(now.distinct_bytes, format_size)} without copies" if now.copies else "nothing twice",
        ),
        ("Playing time", value(now.seconds, format_duration), "of video and audio"),
        ("Years", _span(now), "by capture time, else by modification time"),
    ]
    parts = [cards(shown)]
    if not now.files:
        parts.append(paragraph("No file is in what this report is about."))
    elif earlier is not None:
        parts.append(_change(earlier, now))
    return Section("key-figures", "Key figures", [*parts, now.markup()])


def measure(subject: ReportContext) -> KeyFigures:
    """Return the key figures."""
    sums = subject.ask(subject.lib.summary, "media_type")
    years = subject.ask(subject.lib.growth, "year")["period"].dropna()
    items, copies = _whole(sums["files"]), _whole(sums["copies"])
    unread = unread_bytes = 0
    if subject.is_all:
        totals = subject.lib.totals().iloc[0]
        unread, unread_bytes = int(totals["unread"]), int(totals["unread_bytes"])
    return KeyFigures(
        files=items + copies + unread,
        bytes=_whole(sums["bytes_with_copies"]) + unread_bytes,
        items=items,
        copies=copies,
        unread=unread,
        distinct_bytes=_whole(sums["bytes"]),
        seconds=float(sums["duration"].sum()),
        first_year=_year(years.min()),
        last_year=_year(years.max()),
    )


def _span(now: KeyFigures) -> str:
    if now.first_year is None or now.last_year is None:
        return "–"
    first, last = (f'<data value="{year}">{year}</data>' for year in (now.first_year, now.last_year))
    return first if now.first_year == now.last_year else f"{first} – {last}"


def _change(earlier: KeyFigures, now: KeyFigures) -> Html:
    files, size = now.files - earlier.files, now.bytes - earlier.bytes
    since = f"Since the report of {html.escape(earlier.made_on)}: "
    if not files and not size:
        return paragraph(since + "no change in number or size.")
    return paragraph(since + "{files} and {size}.", files=_signed(files, "file"), size=_more(size))


def _signed(number: int, noun: str) -> str:
    return f"{plural(abs(number), noun)} {'more' if number >= 0 else 'fewer'}"


def _more(size: int) -> str:
    return f"{value(abs(size), format_size)} {'more' if size >= 0 else 'less'}"


def _whole(numbers: pd.Series[Any]) -> int:
    return int(numbers.sum())


def _year(moment: Any) -> int | None:
    return None if pd.isna(moment) else int(moment.year)


_MARK = re.compile(rb'<script\b[^>]* id="mfkit-figures"[^>]*>(\{[^<]{2,1000}\})</script>')


@dataclass(frozen=True, slots=True)
class KeyFigures:
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


def read_key_figures(page: Path) -> KeyFigures | None:
    """Return the figures of an earlier report; None when the file is not there or is none of mfkit's."""
    try:
        found = _MARK.search(page.read_bytes())
        held = json.loads(found[1]) if found else None
    except (OSError, ValueError):
        return None
    if not isinstance(held, dict) or set(held) != {one.name for one in fields(KeyFigures)}:
        return None
    days = isinstance(held["made_on"], str) and re.fullmatch(r"\d{4}-\d\d-\d\d", held["made_on"])
    numbers = all(isinstance(one, (int, float)) for one in (held["files"], held["bytes"]))
    return KeyFigures(**held) if days and numbers else None
