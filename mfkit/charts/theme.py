"""Colors, units, escaped labels and default settings of all charts."""

from __future__ import annotations

import html
import math
import re
from typing import Any, Literal

import plotly.graph_objects as go

from mfkit.filters.units import format_size, plural, round_size

Measure = Literal["files", "bytes"]
"""Quantity that the bars and areas of a chart show."""

MAX_MARKS = 5_000
"""Maximum number of bars, cells, boxes or circles in a figure, for any size of the library."""

# This is Okabe and Ito's palette, whose colors people with common types of color blindness can distinguish
# (https://jfly.uni-koeln.de/color/). A media type has the same color in all charts.
MEDIA_COLORS = {
    "video": "#0072B2",
    "audio": "#009E73",
    "image": "#E69F00",
    "document": "#CC79A7",
    "other": "#8C8C8C",
}
ACCENT = "#56B4E9"
"""Color of bars and circles that do not belong to a media type."""
MUTED = "#8C8C8C"
CONTEXT = "rgba(128, 128, 128, 0.28)"
"""Color of the distribution under all other conditions, behind the selection."""
TEXT = "#787878"
"""Text color that is readable on white (contrast 4.4:1) and JupyterLab's dark background (4.3:1)."""
GRID = "rgba(128, 128, 128, 0.22)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# This pattern matches control characters, and characters that change the writing direction.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def short(text: object, length: int = 28) -> str:
    """Shorten a text to one line, without control characters and characters that set the writing direction.

    Args:
        text: Any text, for example a file name or a tag.
        length: Maximum length. The middle of longer texts is omitted, because file names differ at the ends.
    """
    line = _INVISIBLE.sub(" ", str(text)).strip() or "(blank)"
    if len(line) > length:
        head = (length - 1) * 2 // 3
        line = f"{line[:head]}\u2026{line[-(length - 1 - head) :]}"
    return line


def label(text: object, length: int = 28) -> str:
    """Shorten a text by :func:`short`, and escape it for Plotly.

    Plotly interprets tags, entities and, if MathJax is loaded, ``$...$``. Quotes are not escaped, because
    Plotly has no entity for them. The result is therefore not safe in HTML attributes.
    """
    return html.escape(short(text, length), quote=False).replace("$", "&#36;")


def quantity_text(value: float, measure: Measure) -> str:
    """Format a number of files or bytes: ``"12,403"``, ``"3.10 TB"``."""
    return f"{value:,.0f}" if measure == "files" else format_size(float(value))


def hover_text(row_files: float, row_bytes: float) -> str:
    """Format a number of files and their size: ``"1 file, 12.4 MB"``."""
    return f"{plural(round(row_files), 'file')}, {format_size(float(row_bytes))}"


def share_text(value: float, total: float, measure: Measure) -> str:
    """Format a share of everything that a chart shows: ``"62.5% of the files shown"``."""
    return f"{value / (total or 1.0):.1%} of the {measure} shown"


def value_axis(largest: float, measure: Measure, *, steps: int = 4) -> dict[str, Any]:
    """Return the settings of an axis that starts at 0, with ticks at whole file counts or sizes such as 2 GB.

    The ticks are computed here, because Plotly would write 1 GB as 1G or 1B.

    Args:
        largest: The largest value on the axis.
        measure: The quantity.
        steps: Maximum number of ticks besides 0.
    """
    top = max(float(largest), 1.0)
    raw = top / steps
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= raw)
    step = max(1.0, round(step) if measure == "files" else step)
    ticks = [index * step for index in range(math.floor(top * 1.02 / step) + 1)]
    return {
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": ["0" if tick == 0 else _tick_text(tick, measure) for tick in ticks],
        "range": [0, top * 1.04],
        "rangemode": "tozero",
        "fixedrange": True,
        "zeroline": False,
    }


def category_axis(labels: list[str]) -> dict[str, Any]:
    """Return the settings of an axis with one label at each integer position.

    Positions are integers, so two names that are shortened to the same label keep separate positions.
    """
    return {
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "tickangle": 0,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _tick_text(tick: float, measure: Measure) -> str:
    return f"{tick:,.0f}" if measure == "files" else round_size(tick)


def trace(kind: str, **settings: Any) -> dict[str, Any]:
    """Return a Plotly trace as a dictionary.

    Plotly would validate ``go.Bar`` twice. :func:`figure` validates the dictionary only once.
    """
    return {"type": kind, **settings}


def figure(*traces: dict[str, Any], height: int = 260, **layout: Any) -> go.Figure:
    """Return a figure with mfkit's default settings and a transparent background."""
    axis = {"gridcolor": GRID, "linecolor": GRID, "automargin": True, "ticks": "", "title": None}
    defaults = {
        # The figure has an empty template, because Plotly's default template has 7 kB of unused colors.
        "template": {},
        "height": height,
        "margin": {"l": 4, "r": 12, "t": 8, "b": 4, "pad": 4},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "modebar": {"bgcolor": "rgba(0, 0, 0, 0)", "color": TEXT, "activecolor": TEXT},
        "hoverlabel": {"align": "left", "namelength": -1, "font": {"family": FONT, "size": 12}},
        "xaxis": axis,
        "yaxis": axis,
        "bargap": 0.28,
        "showlegend": False,
        "dragmode": False,
        "separators": ".,",
    }
    # The layout is passed to the figure's constructor, because calling update_layout() takes 20 ms.
    return go.Figure(list(traces), layout=_merge(defaults, layout))


def title_line(text: str) -> dict[str, Any]:
    """Return the settings of a chart's small title at the upper left. It needs a top margin of 26 pixels."""
    return {
        "text": text,
        "font": {"size": 11},
        "x": 0,
        "xref": "container",
        "pad": {"l": 4},
        "y": 1,
        "yref": "container",
        "yanchor": "top",
    }


def add_title(chart: go.Figure, text: str) -> None:
    """Add a small title to a finished chart."""
    chart.layout.title = title_line(text)
    chart.layout.margin.t = 26


def _merge(defaults: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the default settings, overridden by other settings, also in nested dictionaries."""
    merged = dict(defaults)
    for name, value in settings.items():
        default = defaults.get(name)
        if isinstance(default, dict) and isinstance(value, dict):
            value = _merge(default, value)
        merged[name] = value
    return merged


def message_annotation(text: str) -> dict[str, Any]:
    """Return an annotation that shows a message in the middle of an empty chart."""
    return {
        "text": text,
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "font": {"size": 13},
    }


def message_figure(text: str, height: int = 260) -> go.Figure:
    """Return a figure with a message instead of a chart."""
    # The parts of the axes are hidden one by one, because with "visible: false" Plotly would keep the space
    # for the old labels.
    hidden = {
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
    }
    return figure(height=height, xaxis=hidden, yaxis=hidden, annotations=[message_annotation(text)])
