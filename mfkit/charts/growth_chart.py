"""Chart of files or bytes over time, stacked by media type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    CONTEXT,
    MEDIA_COLORS,
    MUTED,
    Measure,
    figure,
    hover_text,
    message_figure,
    quantity_text,
    share_text,
    title_line,
    trace,
    value_axis,
)
from mfkit.charts.time_axis import TimeAxis, time_axis
from mfkit.filters.units import plural


def growth_chart(
    frame: pd.DataFrame,
    measure: Measure = "bytes",
    *,
    cumulative: bool = False,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw files or bytes per period, or their running totals, stacked by media type.

    Items without a capture time, and items whose capture time cannot be right, have bars of their own beside
    the axis, and a few very early or late items share a bar at its end, so that no wrong date stretches the
    axis. If no item has a capture time, the chart shows the modification times of the files in grey.

    Args:
        frame: Result of ``lib.growth("month", by=["media_type", "date_status"])``: ``period``,
            ``media_type``, ``files``, ``bytes``, and optionally ``date_status``, without which all dates
            count as capture times.
        measure: ``"files"`` or ``"bytes"``.
        cumulative: Draw areas of running totals instead of a bar for each period.
        selected: The part of ``frame`` that is selected. It is drawn in colors in front of ``frame`` in grey.
            By default, everything is selected.
        height: Height in pixels.

    Returns:
        A figure. Each bar or point has the key of its period as ``customdata``, in the form that
        ``MediaFilter`` accepts (``"2014-05"``); see :mod:`mfkit.charts.time_axis` for other keys. If there
        would be more than 5,000 bars or points, days are combined into months, or months into years. If there
        are no rows, the figure shows a message.

    Example:
        >>> growth_chart(lib.growth("year"), cumulative=True)  # doctest: +SKIP
    """
    rows = frame[frame["files"] > 0]
    if rows.empty:
        return message_figure("No dates in this selection.<br>Change the filter.", height)
    axis = time_axis(rows)
    if not axis.slots:
        return message_figure("No dates in this selection.<br>Change the filter.", height)
    everything = axis.tables(rows)
    chosen = everything if selected is None else axis.tables(selected[selected["files"] > 0])
    draw = _areas if cumulative and axis.number_of_periods > 1 else _bars
    traces, top = draw(axis, everything, chosen, measure, selected is not None)
    return figure(
        *traces,
        height=height,
        title=title_line(_legend(axis, everything, draw is _areas)),
        barmode="overlay",
        margin={"l": 4, "r": 12, "t": 26, "b": 4, "pad": 4},
        hovermode="closest",
        dragmode="select",
        selectdirection="h",
        xaxis={"fixedrange": True, "zeroline": False, "showgrid": False, **axis.settings(draw is _areas)},
        yaxis={**value_axis(top, measure)},
    )


Tables = dict[str, dict[str, Any]]
"""Measure -> media type -> one number per slot of the time axis. A slot is the place for one bar."""


def _bars(
    axis: TimeAxis, everything: Tables, chosen: Tables, measure: Measure, with_context: bool
) -> tuple[list[dict[str, Any]], float]:
    """Return the stacked bars, the grey bars behind them, and the largest value on the axis.

    The stacked bars show the selected items. The grey bars show all items.
    """
    totals = _total(everything, measure)
    periods = np.array([slot.is_period for slot in axis.slots])
    top = float(totals[periods].max(initial=0)) or float(totals.max(initial=0))
    # The bar for undated or wrongly dated files, beside the time axis, can be much higher than the bars of
    # the periods. It is cut off, and its text shows the full value.
    scale = np.minimum(1.0, top / np.maximum(totals, 1e-9))
    gap = 0.92 if axis.number_of_periods > 24 else 0.72
    shared: dict[str, Any] = {
        "x": [slot.position for slot in axis.slots],
        "width": [slot.width * gap for slot in axis.slots],
        "customdata": [slot.key for slot in axis.slots],
        "hoverinfo": "text",
    }
    files, sizes = _total(everything, "files"), _total(everything, "bytes")
    traces = []
    texts = [
        quantity_text(float(total), measure) if part < 1 else ""
        for total, part in zip(totals, scale, strict=True)
    ]
    if with_context or axis.statuses:
        hover = [
            f"{slot.name}<br>{'all other conditions: ' if with_context else ''}{hover_text(count, size)}"
            f"<br>{share_text(total, totals.sum(), measure)}"
            for slot, count, size, total in zip(axis.slots, files, sizes, totals, strict=True)
        ]
        context = {**shared, "y": totals * scale, "hovertext": hover}
        marker = {"color": CONTEXT, "line": {"width": 0}}
        text = {
            "text": texts,
            "textposition": "outside",
            "cliponaxis": False,
            "textangle": 0,
            "constraintext": "none",
        }
        traces.append(trace("bar", **context, **text, name="context", marker=marker))
    base = np.zeros(len(axis.slots))
    for media_type in _drawn_types(chosen):
        values = chosen[measure][media_type] * scale
        color = MEDIA_COLORS[media_type] if axis.by_capture_time else MUTED
        traces.append(
            trace(
                "bar",
                **shared,
                y=values,
                base=base.copy(),
                name=media_type,
                hovertext=[
                    f"{slot.name}<br>{media_type}: {hover_text(count, size)}"
                    f"<br>{share_text(value, totals.sum(), measure)}"
                    for slot, count, size, value in zip(
                        axis.slots,
                        chosen["files"][media_type],
                        chosen["bytes"][media_type],
                        chosen[measure][media_type],
                        strict=True,
                    )
                ],
                marker={
                    "color": [color if slot.is_period else MUTED for slot in axis.slots],
                    "line": {"width": 0},
                },
            )
        )
        base += values
    return traces, top


def _areas(
    axis: TimeAxis, everything: Tables, chosen: Tables, measure: Measure, with_context: bool
) -> tuple[list[dict[str, Any]], float]:
    """Return stacked areas of running totals by media type, and the largest value on the axis."""
    on_axis = [index for index, slot in enumerate(axis.slots) if slot.is_period]
    slots = [axis.slots[index] for index in on_axis]
    shared: dict[str, Any] = {
        "x": [slot.position for slot in slots],
        "customdata": [slot.key for slot in slots],
        "hoverinfo": "text",
        "mode": "lines",
        "hoveron": "points+fills",
    }
    totals = _total(everything, measure)[on_axis].cumsum()
    traces = []
    if with_context:
        traces.append(
            trace(
                "scatter",
                **shared,
                y=totals,
                name="context",
                fill="tozeroy",
                line={"width": 0, "color": MUTED, "shape": "hv"},
                fillcolor=CONTEXT,
            )
        )
    for media_type in _drawn_types(chosen, on_axis):
        files, sizes = (chosen[name][media_type][on_axis].cumsum() for name in ("files", "bytes"))
        color = MEDIA_COLORS[media_type] if axis.by_capture_time else MUTED
        traces.append(
            trace(
                "scatter",
                **shared,
                y=files if measure == "files" else sizes,
                name=media_type,
                stackgroup="all",
                hovertext=[
                    f"{slot.name}<br>{media_type} so far: {hover_text(count, size)}"
                    for slot, count, size in zip(slots, files, sizes, strict=True)
                ],
                line={"width": 0.5, "color": color, "shape": "hv"},
                fillcolor=color,
            )
        )
    return traces, float(totals[-1])


def _total(tables: Tables, measure: str) -> Any:
    return np.sum(list(tables[measure].values()), axis=0)


def _drawn_types(tables: Tables, slots: Any = slice(None)) -> list[str]:
    files = tables["files"]
    return [name for name in MEDIA_COLORS if name in files and files[name][slots].any()]


def _legend(axis: TimeAxis, everything: Tables, areas: bool) -> str:
    """Return a one-line legend of the media types. Plotly's legend needs three lines in a narrow panel."""
    if not axis.by_capture_time and axis.number_of_periods:
        return f'<span style="color:{MUTED}">\u25a0</span> file dates, because no capture times are known'
    names = [
        f'<span style="color:{MEDIA_COLORS[name]}">\u25a0</span> {name}' for name in _drawn_types(everything)
    ]
    if areas:
        # An area chart shows only files that have a plausible date, because it has no place beside the time
        # axis. So its legend states how many other files there are.
        files = _total(everything, "files")
        names += [
            f"{plural(int(files[index]), 'file')} {slot.phrase}"
            for index, slot in enumerate(axis.slots)
            if not slot.is_period
        ]
    return " ".join(names)
