"""Histogram of sizes or durations with logarithmic bins."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import ACCENT, GRID, Measure, figure, hover_text, message_figure, trace, value_axis
from mfkit.filters.units import format_duration, round_size

Quantity = Literal["file_size", "duration"]

_TEXT: dict[str, Callable[[float], str]] = {"file_size": round_size, "duration": format_duration}
_EMPTY_TEXT = {
    "file_size": "No files in this selection.<br>Change the filter, or scan a folder.",
    "duration": "No durations in this selection.<br>Select audio or videos.",
}
# Possible ticks: powers of ten for bytes, round seconds, minutes and hours for durations.
_TICKS: dict[str, tuple[float, ...]] = {
    "file_size": tuple(10.0**power for power in range(16)),
    "duration": (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000),
}


def histogram_chart(
    frame: pd.DataFrame, quantity: Quantity = "file_size", measure: Measure = "files", *, height: int = 260
) -> go.Figure:
    """Draw files or bytes by size or duration.

    Args:
        frame: What ``lib.histogram("file_size", 40, log=True)`` returns: ``low``, ``high`` (bytes or
            seconds), ``files``, ``bytes``.
        quantity: ``"file_size"`` or ``"duration"``.
        measure: ``"files"`` or ``"bytes"``.
        height: Height in pixels.

    Returns:
        A figure with a logarithmic axis; without rows, one with a message. Each bar has (low, high) as
        ``customdata``.

    Example:
        >>> histogram_chart(lib.histogram("duration", 40, log=True), "duration")  # doctest: +SKIP
    """
    rows = frame[frame["low"].notna() & (frame["low"] > 0)]
    if not rows["files"].sum():
        return message_figure(_EMPTY_TEXT[quantity], height)
    lows, highs = (rows[name].astype("float64").tolist() for name in ("low", "high"))
    # Plot logarithms, because Plotly's logarithmic axis would give bars of unequal width.
    left = [math.log10(low) for low in lows]
    right = [math.log10(max(high, low)) for low, high in zip(lows, highs, strict=True)]
    # Bars are as wide as their bins, so that they do not overlap. A single bar needs a minimum width.
    min_width = 0.01 if len(rows) == 1 else 0
    width = [max(end - start, min_width) for start, end in zip(left, right, strict=True)]
    values = rows[measure].astype("float64").to_numpy()
    text = _TEXT[quantity]
    hover = [
        f"{text(low)} to {text(high)}<br>{hover_text(files, size)}"
        for low, high, files, size in zip(lows, highs, rows["files"], rows["bytes"], strict=True)
    ]
    ticks = [tick for tick in _TICKS[quantity] if lows[0] <= tick <= highs[-1]]
    if len(ticks) < 3:
        ticks = [*lows[:: math.ceil(len(lows) / 4)], highs[-1]]
    shown = list({text(tick): tick for tick in ticks[:: math.ceil(len(ticks) / 7)]}.values())
    end = left[-1] + width[-1]
    margin = 10 * min_width or (end - left[0]) * 0.02
    return figure(
        trace(
            "bar",
            x=[start + wide / 2 for start, wide in zip(left, width, strict=True)],
            y=values,
            width=[wide * 0.94 for wide in width],
            marker={"color": ACCENT, "line": {"width": 0}},
            hovertext=hover,
            hoverinfo="text",
            customdata=list(zip(lows, highs, strict=True)),
        ),
        height=height,
        dragmode="select",
        selectdirection="h",
        xaxis={
            "gridcolor": GRID,
            "automargin": True,
            "fixedrange": True,
            "zeroline": False,
            "title": None,
            "tickmode": "array",
            "tickvals": [math.log10(tick) for tick in shown],
            "ticktext": [text(tick) for tick in shown],
            "tickangle": 0,
            "range": [left[0] - margin, end + margin],
        },
        yaxis={"gridcolor": GRID, "automargin": True, **value_axis(float(values.max(initial=0)), measure)},
    )
