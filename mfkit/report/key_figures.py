"""Key figures of a report, and their comparison with an earlier report."""

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
from mfkit.report.page_blocks import Html, Section, cards, count, paragraph, plural, value
from mfkit.report.redaction import ReportContext


def key_figures(context: ReportContext, earlier: KeyFigures | None) -> Section:
    """Create the report section with the key figures and their changes since an earlier report.

    Args:
        context: Library, filter and redaction of the report.
        earlier: Key figures of the report that the new report replaces, if there is one.
    """
    now = measure(context)
    statuses = context.query(context.lib.summary, "date_status").set_index("date_status")["files"]
    dated, undated = (int(statuses.get(name, 0)) for name in ("dated", "undated"))
    wrong = [
        f"{plural(files, 'file')} dated {text}"
        for name, text in (("future", "in the future"), ("before 1826", "before 1826"))
        if (files := int(statuses.get(name, 0)))
    ]
    unique = plural(now.items, "unique file")
    copies = plural(now.copies, "copy", "copies") if now.copies else "no duplicates"
    links = now.files - now.items - now.copies - now.unread
    further = f", {plural(links, 'hard link')}" if links else ""
    unread = f", {plural(now.unread, 'empty or unreadable file')}" if now.unread else ""
    shown = [
        ("Files", value(now.files, count), f"{unique}, {copies}{further}{unread}"),
        (
            "On disk",
            value(now.bytes, format_size),
            f"{value(now.distinct_bytes, format_size)} without copies" if now.copies else "no duplicates",
        ),
        *(
            [("Playing time", value(now.seconds, format_duration), "of video and audio")]
            if now.seconds
            else []
        ),
        ("Years", _span(now), ", ".join(text for text in (_undated_text(dated, undated), *wrong) if text)),
    ]
    parts = [cards(shown)]
    if not now.files:
        parts.append(paragraph("No files in this selection."))
    elif earlier is not None:
        parts.append(_change(earlier, now))
    return Section("key-figures", "Key figures", [*parts, now.markup()])


def measure(context: ReportContext) -> KeyFigures:
    """Compute the key figures of the items that a report covers."""
    sums = context.query(context.lib.summary, "media_type")
    years = context.query(context.lib.growth, "year", by="date_status")
    # Modification times are only used if no capture times are known, because the modification time is often
    # the time at which a file was copied.
    dated = years["date_status"] == "dated"
    periods = (years[dated] if dated.any() else years)["period"].dropna()
    items, copies = _whole(sums["files"]), _whole(sums["copies"])
    links = unread = unread_bytes = 0
    if context.is_all:
        totals = context.lib.totals().iloc[0]
        links = int(totals["hard_links"])
        unread, unread_bytes = int(totals["unread"]), int(totals["unread_bytes"])
    return KeyFigures(
        files=items + copies + links + unread,
        bytes=_whole(sums["bytes_with_copies"]) + unread_bytes,
        items=items,
        copies=copies,
        unread=unread,
        distinct_bytes=_whole(sums["bytes"]),
        seconds=float(sums["duration"].sum()),
        first_year=_year(periods.min()),
        last_year=_year(periods.max()),
    )


def _span(now: KeyFigures) -> str:
    if now.first_year is None or now.last_year is None:
        return "–"
    first, last = (f'<data value="{year}">{year}</data>' for year in (now.first_year, now.last_year))
    return first if now.first_year == now.last_year else f"{first} – {last}"


def _undated_text(dated: int, undated: int) -> str:
    if not dated:
        return "by modification time, no capture times are known" if undated else ""
    return f"by capture time, {plural(undated, 'file')} undated" if undated else "by capture time"


def _change(earlier: KeyFigures, now: KeyFigures) -> Html:
    files, size = now.files - earlier.files, now.bytes - earlier.bytes
    since = f"Since the report of {html.escape(earlier.made_on)}: "
    if not files and not size:
        return paragraph(since + "no change in the number or size of files.")
    return paragraph(since + "{files} and {size}.", files=_signed(files, "file"), size=_more(size))


def _signed(number: int, noun: str) -> str:
    return f"{plural(abs(number), noun)} {'more' if number >= 0 else 'fewer'}"


def _more(size: int) -> str:
    return f"{value(abs(size), format_size)} {'more' if size >= 0 else 'less'}"


def _whole(numbers: pd.Series[Any]) -> int:
    return int(numbers.sum())


def _year(timestamp: Any) -> int | None:
    return None if pd.isna(timestamp) else int(timestamp.year)


_MARK = re.compile(rb'<script\b[^>]* id="mfkit-figures"[^>]*>(\{[^<]{2,1000}\})</script>')


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Key figures of a report: numbers of files and bytes, playing time, and first and last year.

    Attributes:
        files: Number of files on disk. With a filter, it leaves out hard links and unreadable files.
        bytes: Total size of these files, where hard links to one file count once.
        items: Number of items.
        copies: Number of copies.
        unread: Number of empty or unreadable files; 0 if the report has a filter.
        distinct_bytes: Total size without copies.
        seconds: Playing time in seconds.
        first_year: Year of the oldest item; None if no item has a date.
        last_year: Year of the newest item.
        made_on: Date of the report.
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
        """Return the key figures as invisible JSON in HTML, for :func:`read_key_figures`."""
        return Html(f'<script type="application/json" id="mfkit-figures">{json.dumps(asdict(self))}</script>')


def read_key_figures(page: Path) -> KeyFigures | None:
    """Read the key figures of an earlier report, or return None if the file is missing or has none."""
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
