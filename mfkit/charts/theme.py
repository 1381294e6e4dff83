"""What all charts share: colours, units, labels that cannot break out, and the look of a figure."""

from __future__ import annotations

import html
import math
import re
from typing import Any, Literal

import plotly.graph_objects as go

from mfkit.filters.units import format_size, round_size

Measure = Literal["files", "bytes"]
"""What the length of a bar or the height of an area means."""

MAX_MARKS = 5_000
"""No figure holds more marks than this, whatever the library's size."""

# Okabe and Ito's palette, which people with any common colour blindness can tell apart
# (https://jfly.uni-koeln.de/color/). A media type has one colour everywhere.
MEDIA_COLORS = {
    "video": "#0072B2",
    "audio": "#009E73",
    "image": "#E69F00",
    "document": "#CC79A7",
    "other": "#8C8C8C",
}
ACCENT = "#56B4E9"
"""For bars and marks that stand for no one media type."""
MUTED = "#8C8C8C"
TEXT = "#787878"
"""Readable on white (4.4:1) and on JupyterLab's dark ground (4.3:1)."""
GRID = "rgba(128, 128, 128, 0.22)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# Control characters, and the marks that turn the direction of what follows them.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def short(text: object, length: int = 28) -> str:
    """Return a text from a file on one line, with nothing in it that turns the writing direction.

    Args:
        text: Whatever a file, a tag or a person said.
        length: Longer texts lose their middle: the ends of file names differ most.
    """
    plain = _INVISIBLE.sub(" ", str(text)).strip() or "(blank)"
    if len(plain) > length:
        head = (length - 1) * 2 // 3
        plain = f"{plain[:head]}\u2026{plain[-(length - 1 - head) :]}"
    return plain


def label(text: object, length: int = 28) -> str:
    """Return a text from a file as Plotly shows it literally, shortened as by :func:`short`.

    Plotly takes tags, entities and, where MathJax is loaded, ``$...$`` for markup. Quotes stay as they
    are: it knows no entity for them. So this is for Plotly's texts, not for attributes in HTML.
    """
    return html.escape(short(text, length), quote=False).replace("$", "&#36;")


def quantity_text(value: float, measure: Measure) -> str:
    """Return files or bytes as text: ``"12,403"``, ``"3.10 TB"``."""
    return f"{value:,.0f}" if measure == "files" else format_size(float(value))


def hover_text(row_files: float, row_bytes: float) -> str:
    """Return both measures as text for a hover: ``"1 file, 12.4 MB"``."""
    return f"{row_files:,.0f} {'file' if row_files == 1 else 'files'}, {format_size(float(row_bytes))}"


def value_axis(largest: float, measure: Measure, *, steps: int = 4) -> dict[str, Any]:
    """Return the settings of an axis from 0 in whole files or in B, kB, MB, GB, TB.

    The ticks are computed here since Plotly's own formats know no space before a unit, and write
    1G or 1B where a size is 1 GB.

    Args:
        largest: The largest value that the axis must hold.
        measure: What the axis counts.
        steps: At most so many ticks beside the 0.
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
        "ticktext": ["0" if tick == 0 else _short(tick, measure) for tick in ticks],
        "range": [0, top * 1.04],
        "rangemode": "tozero",
        "fixedrange": True,
        "zeroline": False,
        "title": None,
    }


def _short(tick: float, measure: Measure) -> str:
    return f"{tick:,.0f}" if measure == "files" else round_size(tick)


def trace(kind: str, **settings: Any) -> dict[str, Any]:
    """Return a trace for :func:`figure`, which checks it; an object such as ``go.Bar`` is checked twice."""
    return {"type": kind, **settings}


def figure(*traces: dict[str, Any], height: int = 260, **layout: Any) -> go.Figure:
    """Return a figure in mfkit's look: transparent, light margins, fit for a light or dark page."""
    axis = {"gridcolor": GRID, "linecolor": GRID, "automargin": True, "ticks": "", "title": None}
    look = {
        # A template of its own, empty: the default one is 7 kB of colours that nothing here uses.
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
    # In one piece: update_layout() takes 20 ms of every drawing to find out what has changed.
    return go.Figure(list(traces), layout=_over(look, layout))


def _over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return settings with others laid over them, group by group."""
    merged = dict(under)
    for name, value in over.items():
        below = under.get(name)
        merged[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def sentence(text: str) -> dict[str, Any]:
    """Return an annotation in the middle of a figure: why there is nothing to see."""
    return {
        "text": text,
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "font": {"size": 13},
    }


def empty(text: str, height: int = 260) -> go.Figure:
    """Return a figure without axes that holds one sentence."""
    # Not "visible: false": room that long labels of a figure before it took would stay taken.
    hidden = {
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
    }
    return figure(height=height, xaxis=hidden, yaxis=hidden, annotations=[sentence(text)])
