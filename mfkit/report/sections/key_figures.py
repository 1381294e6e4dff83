"""How much there is, in a few figures."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from mfkit.queries.units import format_duration, format_size
from mfkit.report.figures import Figures
from mfkit.report.show import Html, Section, cards, count, paragraph, plural, value
from mfkit.report.subject import Subject


def key_figures(subject: Subject, earlier: Figures | None) -> Section:
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
            "On disk", value(now.bytes, format_size),
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


def measure(subject: Subject) -> Figures:
    """Return the key figures."""
    sums = subject.ask(subject.lib.summary, "media_type")
    years = subject.ask(subject.lib.growth, "year")["period"].dropna()
    items, copies = _whole(sums["files"]), _whole(sums["copies"])
    unread = unread_bytes = 0
    if subject.is_all:
        totals = subject.lib.totals().iloc[0]
        unread, unread_bytes = int(totals["unread"]), int(totals["unread_bytes"])
    return Figures(
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


def _span(now: Figures) -> str:
    if now.first_year is None or now.last_year is None:
        return "–"
    first, last = (f'<data value="{year}">{year}</data>' for year in (now.first_year, now.last_year))
    return first if now.first_year == now.last_year else f"{first} – {last}"


def _change(earlier: Figures, now: Figures) -> Html:
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
