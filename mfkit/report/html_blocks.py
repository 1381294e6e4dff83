"""What a section of the report is made of: sentences, tables, charts; all text from files escaped."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

from mfkit.filters.units import format_duration, format_size

_LONG = 24
"""Texts of more characters may be broken anywhere; shorter ones stand on one line."""

PLOTLY_MIME = "application/vnd.plotly.v1+json"
_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    # By default a button sends the chart, with its data, to Plotly's server.
    "showSendToCloud": False,
    # Nothing on a page follows what is chosen in a chart.
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is safe to show: made of what mfkit says, and of escaped text."""

    text: str

    def bundle(self) -> dict[str, Any]:
        """Return the output for a notebook."""
        return {"text/html": self.text}

    def _repr_html_(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with a sentence for those who cannot see it."""

    figure: go.Figure
    label: str

    def bundle(self) -> dict[str, Any]:
        """Return the output for a notebook; the label travels in the figure's ``meta``."""
        drawn = json.loads(json.dumps(self.figure.to_dict(), cls=PlotlyJSONEncoder))
        drawn["layout"]["meta"] = {**drawn["layout"].get("meta", {}), "label": self.label}
        return {PLOTLY_MIME: {**drawn, "config": _CONFIG}}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    name: str
    title: str
    parts: Sequence[Html | Chart]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        heading = f'<h2 id="{html.escape(self.name)}">{html.escape(self.title)}</h2>'
        for part in (Html(heading), *self.parts):
            display(part.bundle(), raw=True)  # type: ignore[no-untyped-call]


def paragraph(text: str, **values: str) -> Html:
    """Return a sentence.

    Args:
        text: Format string whose own words are mfkit's.
        values: What it names: markup of :func:`value`, or text, which :func:`said` makes safe.
    """
    return Html(f"<p>{text.format(**values)}</p>")


def escaped(text: object) -> str:
    """Return what a file or a person said as markup that shows it literally."""
    return f"<bdi>{html.escape(str(text))}</bdi>"


def value(number: float, form: Callable[[float], str]) -> str:
    """Return a figure as a person reads it, with the exact one kept for programs (HTML's ``data``)."""
    return f'<data value="{_exact(number)}">{html.escape(form(number))}</data>'


def count(number: float) -> str:
    """Return a number of things: ``12,403``."""
    return f"{number:,.0f}"


def share(part: float) -> str:
    """Return a part of one as per cent: ``71 %``, ``0.4 %``."""
    if part and part < 0.095:
        return f"{part:.1%}".replace("%", " %") if part >= 0.0005 else "under 0.1 %"
    return f"{part:.0%}".replace("%", " %")


def plural(number: float, one: str, several: str = "") -> str:
    """Return a counted noun with its figure marked up: ``1 file``, ``12,403 files``."""
    return f"{value(number, count)} {one if number == 1 else several or one + 's'}"


def timestamp(at: pd.Timestamp) -> str:
    """Return a day."""
    return f"{at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        heading: What stands above it.
        name: Column of the frame.
        form: How a value is written; text when not given.
    """

    heading: str
    name: str
    form: Callable[[Any], str] | None = None


SIZE, DURATION, COUNT, SHARE, DAY = format_size, format_duration, count, share, timestamp


def table(frame: pd.DataFrame, columns: Sequence[Column], *, caption: str = "") -> Html:
    """Return a frame as a table.

    Args:
        frame: Rows in the order to show.
        columns: Which columns, and how.
        caption: A line above the table.
    """
    head = "".join(f'<th{_side(one)} scope="col">{html.escape(one.heading)}</th>' for one in columns)
    body = "".join(
        "<tr>" + "".join(_cell(row[one.name], one) for one in columns) + "</tr>"
        for row in frame.to_dict("records")
    )
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return Html(f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def cards(figures: Sequence[tuple[str, str, str]]) -> Html:
    """Return key figures side by side: each a label, its value (markup) and a line below (markup)."""
    made = "".join(
        f'<div class="card"><dt>{html.escape(label)}</dt><dd>{figure}</dd>'
        f'<dd class="below">{below}</dd></div>'
        for label, figure, below in figures
    )
    return Html(f'<dl class="cards">{made}</dl>')


def _cell(held: Any, column: Column) -> str:
    known = held is not None and not pd.isna(held)
    if column.form is None:
        long = ' class="long"' if known and len(str(held)) > _LONG else ""
        return f'<td{long} dir="auto">{escaped(held) if known else "<i>unknown</i>"}</td>'
    if not known:
        return f"<td{_side(column)}></td>"
    if column.form is DAY:
        return f"<td>{timestamp(held)}</td>"
    if column.form is DURATION and not held:
        return f"<td{_side(column)}></td>"
    return f"<td{_side(column)}>{value(float(held), column.form)}</td>"


def _side(column: Column) -> str:
    return ' class="number"' if column.form is not None and column.form is not DAY else ""


def _exact(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))
