"""Histogram of sizes or durations on a logarithmic axis, with outliers in bars at its ends."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    ACCENT,
    CONTEXT,
    Measure,
    figure,
    hover_text,
    message_figure,
    share_text,
    trace,
    value_axis,
)
from mfkit.filters.units import format_duration, plural, round_size

Quantity = Literal["file_size", "duration"]

_QUANTITY_TEXT: dict[str, Callable[[float], str]] = {"file_size": round_size, "duration": format_duration}
_EMPTY_TEXT = {
    "file_size": "No files in this selection.<br>Change the filter, or scan a folder.",
    "duration": "No durations in this selection.<br>Select audio or videos.",
}
# Axis ticks: powers of ten for bytes; round numbers of seconds, minutes and hours for durations.
_TICKS: dict[str, tuple[float, ...]] = {
    "file_size": tuple(10.0**power for power in range(16)),
    "duration": (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000),
}


_END_BIN = 2.5
"""Ratio to the median width from which a first or last bin counts as an end bin with outliers."""


def histogram_chart(
    frame: pd.DataFrame,
    quantity: Quantity = "file_size",
    measure: Measure = "files",
    *,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a histogram of files or bytes by size or duration.

    Args:
        frame: Result of ``lib.histogram("file_size", 40, log=True)``: ``low``, ``high`` (bytes or seconds),
            ``files``, ``bytes``. A first or last bin that is much wider than the others holds outliers and
            is drawn as wide as two others.
        quantity: ``"file_size"`` or ``"duration"``.
        measure: ``"files"`` or ``"bytes"``.
        selected: The part of ``frame`` that is selected, with the same bins. It is drawn in color in front of
            ``frame`` in grey. By default, everything is selected.
        height: Height in pixels.

    Returns:
        A figure with a logarithmic axis. Each bar has (low, high) as ``customdata``. If there are no rows,
        the figure shows a message.

    Example:
        >>> histogram_chart(lib.histogram("duration", 40, log=True), "duration")  # doctest: +SKIP
    """
    rows = frame[frame["low"].notna() & (frame["low"] > 0)]
    if not rows["files"].sum():
        return message_figure(_EMPTY_TEXT[quantity], height)
    lows, highs = (rows[name].astype("float64").tolist() for name in ("low", "high"))
    # The chart plots logarithms on a linear axis, because bars on a logarithmic axis have unequal widths.
    left = [math.log10(low) for low in lows]
    right = [math.log10(max(high, low)) for low, high in zip(lows, highs, strict=True)]
    # Bars are as wide as their bins, so that they do not overlap. A single bar needs a minimum width.
    min_width = 0.01 if len(rows) == 1 else 0
    width = [max(end - start, min_width) for start, end in zip(left, right, strict=True)]
    usual = statistics.median(width)
    low_end, high_end = (len(rows) > 4 and width[index] > _END_BIN * usual for index in (0, -1))
    if low_end:
        width[0] = 2 * usual
        left[0] = right[0] - width[0]
    if high_end:
        width[-1] = 2 * usual
    text = _QUANTITY_TEXT[quantity]
    shared: dict[str, Any] = {
        "x": [start + wide / 2 for start, wide in zip(left, width, strict=True)],
        "width": [wide * 0.94 for wide in width],
        "hoverinfo": "text",
        "customdata": list(zip(lows, highs, strict=True)),
    }
    names = [f"{text(low)} to {text(high)}" for low, high in zip(lows, highs, strict=True)]
    if low_end:
        names[0] = f"Less than {text(highs[0])}"
    if high_end:
        names[-1] = f"More than {text(lows[-1])}"
    total = float(rows[measure].sum())
    layers = [(rows, ACCENT)] if selected is None else [(rows, CONTEXT), (selected, ACCENT)]
    traces = [
        trace(
            "bar",
            **shared,
            y=layer[measure].astype("float64").to_numpy(),
            marker={"color": color, "line": {"width": 0}},
            hovertext=[
                f"{name}<br>{hover_text(files, size)}<br>{share_text(value, total, measure)}"
                f"{'<br>under all other conditions' if color == CONTEXT else ''}"
                for name, files, size, value in zip(
                    names, layer["files"], layer["bytes"], layer[measure].astype("float64"), strict=True
                )
            ],
        )
        for layer, color in layers
    ]
    inner_lows, inner_highs = lows[low_end:], highs[: len(highs) - high_end]
    ticks = [tick for tick in _TICKS[quantity] if inner_lows[0] <= tick <= inner_highs[-1]]
    if len(ticks) < 3:
        ticks = [*inner_lows[:: math.ceil(len(inner_lows) / 4)], inner_highs[-1]]
    shown = list({text(tick): tick for tick in ticks[:: math.ceil(len(ticks) / 7)]}.values())
    positions, labels = [math.log10(tick) for tick in shown], [text(tick) for tick in shown]
    if low_end:
        # Ticks close to the first bin, which contains all smaller values, are removed because they would
        # overlap that bin's label.
        near = [index for index, tick in enumerate(positions) if tick - left[0] < 6 * usual]
        positions, labels = positions[len(near) :], labels[len(near) :]
        positions, labels = (
            [left[0] + width[0] / 2, *positions],
            [_end_label("<", text(highs[0]), rows["files"].iloc[0]), *labels],
        )
    end = left[-1] + width[-1]
    if high_end:
        kept = [index for index, tick in enumerate(positions) if end - tick >= 6 * usual]
        positions, labels = [positions[index] for index in kept], [labels[index] for index in kept]
        positions, labels = (
            [*positions, end - width[-1] / 2],
            [*labels, _end_label(">", text(lows[-1]), rows["files"].iloc[-1])],
        )
    margin = 10 * min_width or (end - left[0]) * 0.02
    return figure(
        *traces,
        height=height,
        barmode="overlay",
        margin={"l": 4, "r": 28 if high_end else 12, "t": 8, "b": 4, "pad": 4},
        dragmode="select",
        selectdirection="h",
        xaxis={
            "fixedrange": True,
            "zeroline": False,
            "tickmode": "array",
            "tickvals": positions,
            "ticktext": labels,
            "tickangle": 0,
            "ticklabeloverflow": "allow",
            "range": [left[0] - margin, end + margin],
        },
        yaxis={**value_axis(float(rows[measure].max()), measure)},
    )


def _end_label(sign: str, bound: str, files: int) -> str:
    """Return the label of a bar with outliers: ``> 4.2 GB`` and, below it, ``3 files``."""
    return f"{sign} {bound}<br>{plural(int(files), 'file')}"
