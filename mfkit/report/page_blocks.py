"""Building blocks of a report: paragraphs, tables, cards, charts and sections, for notebooks and pages."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

from mfkit.filters.units import format_duration, format_size
from mfkit.text_safety import escape_control

_MAX_UNBROKEN = 24
"""Number of characters up to which text in a table cell stays on one line. Longer text wraps anywhere."""
_MAX_WHOLE = 10
"""Maximum number of rows of a table that is not divided between two printed pages."""

PLOTLY_MIME = "application/vnd.plotly.v1+json"
_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    # The toolbar button that sends a chart with its data to Plotly's server is removed.
    "showSendToCloud": False,
    # The toolbar buttons for selections are removed, because a selection has no effect in a report.
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}


@cache
def style_sheet() -> str:
    """Return the ``style`` element for the HTML that the functions of this module build.

    The CSS rules apply only to elements in ``.mfkit-report``, and override JupyterLab's own rules for HTML.
    """
    return f"<style>{files('mfkit.report').joinpath('blocks.css').read_text('utf-8')}</style>"


@dataclass(frozen=True, slots=True)
class Html:
    """HTML that is safe to display, because it consists of mfkit's own markup and escaped text."""

    text: str

    def bundle(self) -> dict[str, Any]:
        """Return the HTML as a MIME bundle for a notebook."""
        return {"text/html": f'<div class="mfkit-report">{self.text}</div>'}

    def _repr_html_(self) -> str:
        return f"{style_sheet()}{self.bundle()['text/html']}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Plotly figure with a label for screen readers."""

    figure: go.Figure
    label: str

    def bundle(self) -> dict[str, Any]:
        """Return the figure as a MIME bundle for a notebook, with the label in ``figure.layout.meta``."""
        drawn = json.loads(json.dumps(self.figure.to_dict(), cls=PlotlyJSONEncoder))
        drawn["layout"]["meta"] = {**drawn["layout"].get("meta", {}), "label": self.label}
        return {PLOTLY_MIME: {**drawn, "config": _CONFIG}}


@dataclass(frozen=True, slots=True)
class Section:
    """Section of a report: a heading and its content."""

    name: str
    title: str
    parts: Sequence[Html | Chart]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        heading = Html(f'<h2 id="{html.escape(self.name)}">{html.escape(self.title)}</h2>')
        first = {"text/html": heading._repr_html_()}
        for bundle in (first, *(part.bundle() for part in self.parts)):
            display(bundle, raw=True)  # type: ignore[no-untyped-call]


def paragraph(text: str, **values: str) -> Html:
    """Return a paragraph of text with formatted values.

    Args:
        text: Format string with text of mfkit.
        values: Safe markup for the format string, from :func:`value`, :func:`plural` or :func:`escaped`.
    """
    return Html(f"<p>{text.format(**values)}</p>")


def subheading(text: str) -> Html:
    """Return a heading within a section."""
    return Html(f"<h3>{html.escape(text)}</h3>")


def escaped(text: object) -> str:
    """Escape text from files or users as HTML, and write control characters as escape sequences."""
    return f"<bdi>{html.escape(escape_control(str(text)))}</bdi>"


def value(number: float, form: Callable[[float], str]) -> str:
    """Format a number as an HTML ``data`` element that also contains the exact value."""
    return f'<data value="{_exact(number)}">{html.escape(form(number))}</data>'


def count(number: float) -> str:
    """Format a count with thousands separators: ``12,403``."""
    return f"{number:,.0f}"


def share(part: float) -> str:
    """Format a fraction as a percentage: ``71 %``, ``0.4 %``."""
    if part and part < 0.095:
        return f"{part:.1%}".replace("%", " %") if part >= 0.0005 else "under 0.1 %"
    return f"{part:.0%}".replace("%", " %")


def plural(number: float, one: str, several: str = "") -> str:
    """Format a number with its noun as HTML: ``1 file``, ``12,403 files``."""
    return f"{value(number, count)} {one if number == 1 else several or one + 's'}"


def day(at: pd.Timestamp) -> str:
    """Format the date of a timestamp: ``2026-01-31``."""
    return f"{at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Column:
    """Definition of a table column in a report.

    Attributes:
        heading: Text of the header.
        name: Name of the column in the DataFrame.
        form: Function that formats a value; None for text.
    """

    heading: str
    name: str
    form: Callable[[Any], str] | None = None


SIZE, DURATION, COUNT, SHARE, DAY = format_size, format_duration, count, share, day


def table(frame: pd.DataFrame, columns: Sequence[Column], *, caption: str = "") -> Html:
    """Return a DataFrame as an HTML table.

    Args:
        frame: Rows in display order.
        columns: Columns to show.
        caption: Text above the table.
    """
    head = "".join(f'<th{_alignment(one)} scope="col">{html.escape(one.heading)}</th>' for one in columns)
    body = "".join(
        "<tr>" + "".join(_cell(row[one.name], one) for one in columns) + "</tr>"
        for row in frame.to_dict("records")
    )
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    whole = ' class="whole"' if len(frame) <= _MAX_WHOLE else ""
    return Html(f"<table{whole}>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def cards(figures: Sequence[tuple[str, str, str]]) -> Html:
    """Return cards with key figures. Each card has a label (text), a value (HTML) and a note (HTML)."""
    made = "".join(
        f'<div class="card"><dt>{html.escape(label)}</dt><dd>{figure}</dd>'
        f'<dd class="below">{below}</dd></div>'
        for label, figure, below in figures
    )
    return Html(f'<dl class="cards">{made}</dl>')


def _cell(cell: Any, column: Column) -> str:
    known = cell is not None and not pd.isna(cell)
    if column.form is None:
        long = ' class="long"' if known and len(str(cell)) > _MAX_UNBROKEN else ""
        return f'<td{long} dir="auto">{escaped(cell) if known else "<i>unknown</i>"}</td>'
    if not known:
        return f"<td{_alignment(column)}></td>"
    if column.form is DAY:
        return f"<td>{day(cell)}</td>"
    if column.form is DURATION and not cell:
        return f"<td{_alignment(column)}></td>"
    return f"<td{_alignment(column)}>{value(float(cell), column.form)}</td>"


def _alignment(column: Column) -> str:
    return ' class="number"' if column.form is not None and column.form is not DAY else ""


def _exact(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))
