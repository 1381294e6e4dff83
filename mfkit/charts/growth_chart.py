"""How a library grew: media types stacked over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    GRID,
    MAX_MARKS,
    MEDIA_COLORS,
    Measure,
    empty,
    figure,
    hover_text,
    trace,
    value_axis,
)

# From fine to coarse: pandas' name of the period, and how one is written.
_PERIODS = {"D": "%d %b %Y", "M": "%b %Y", "Y": "%Y"}
# The same as a filter takes them for the first and the last moment of the period.
_KEYS = {"D": "%Y-%m-%d", "M": "%Y-%m", "Y": "%Y"}


def growth_chart(
    frame: pd.DataFrame, measure: Measure = "bytes", *, cumulative: bool = False, height: int = 260
) -> go.Figure:
    """Draw what each period brought, or what had come together by its end, stacked by media type.

    Args:
        frame: As ``lib.growth("month")`` returns it: ``period``, ``media_type``, ``files``, ``bytes``.
        measure: ``"files"`` or ``"bytes"``.
        cumulative: Areas of running totals rather than bars of each period.
        height: Pixels.

    Returns:
        A figure; without rows, one that says so. Each mark has its period as ``customdata``, as
        ``MediaFilter`` takes it (``"2014-05"``). Days or months are drawn as months or years where
        they would be more than 5,000 marks.

    Example:
        >>> growth_chart(lib.growth("year"), cumulative=True)  # doctest: +SKIP
    """
    rows = frame[frame["period"].notna() & (frame["files"] > 0)]
    if rows.empty:
        return empty("No file here has a date.<br>Select others.", height)
    tables, periods, freq = _periods(rows)
    if cumulative:
        tables = {name: table.cumsum() for name, table in tables.items()}
    shown = tables[measure]
    names = [period.strftime(_PERIODS[freq]) for period in periods]
    keys = [period.strftime(_KEYS[freq]) for period in periods]
    starts = periods.to_timestamp()
    traces = []
    kinds = [kind for kind in MEDIA_COLORS if kind in shown.columns]
    for kind in kinds:
        hover = [
            f"{name}<br>{kind}{' so far' if cumulative else ''}: {hover_text(files, size)}"
            for name, files, size in zip(names, tables["files"][kind], tables["bytes"][kind], strict=True)
        ]
        shared: dict[str, Any] = {
            "x": starts,
            "y": shown[kind].to_numpy("float64"),
            "name": kind,
            "hovertext": hover,
            "hoverinfo": "text",
            "customdata": keys,
        }
        color = MEDIA_COLORS[kind]
        if cumulative and len(periods) > 1:
            line = {"width": 0.5, "color": color, "shape": "hv"}
            traces.append(
                trace(
                    "scatter",
                    **shared,
                    mode="lines",
                    stackgroup="all",
                    line=line,
                    fillcolor=color,
                    hoveron="points+fills",
                )
            )
        else:
            traces.append(trace("bar", **shared, marker={"color": color, "line": {"width": 0}}))
    # A legend of one line: Plotly's own takes three in a narrow panel.
    key = " ".join(f'<span style="color:{MEDIA_COLORS[kind]}">\u25a0</span> {kind}' for kind in kinds)
    return figure(
        *traces,
        height=height,
        title={
            "text": key,
            "font": {"size": 11},
            "x": 0,
            "xref": "container",
            "pad": {"l": 4},
            "y": 1,
            "yref": "container",
            "yanchor": "top",
        },
        barmode="stack",
        bargap=0.08 if len(periods) > 24 else 0.28,
        margin={"l": 4, "r": 12, "t": 26, "b": 4, "pad": 4},
        hovermode="closest",
        dragmode="select",
        selectdirection="h",
        xaxis={
            "type": "date",
            "fixedrange": True,
            "gridcolor": GRID,
            "automargin": True,
            "title": None,
            **_dates(periods, freq),
        },
        yaxis={"gridcolor": GRID, "automargin": True, **value_axis(shown.sum(axis=1).max(), measure)},
    )


def _periods(rows: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.PeriodIndex, str]:
    """Return files and bytes (periods x media types), the periods without gaps, and their kind."""
    moments = rows["period"].dt.tz_localize(None)
    finest = "D"
    if (moments.dt.day == 1).all():
        finest = "Y" if (moments.dt.month == 1).all() else "M"
    kinds = rows["media_type"].astype(str)
    for freq in list(_PERIODS)[list(_PERIODS).index(finest) :]:
        # With the empty periods between, so that a gap in time is a gap in the chart.
        periods = pd.period_range(moments.min(), moments.max(), freq=freq)
        if len(periods) * kinds.nunique() <= MAX_MARKS:
            break
    down, (across, names) = periods.get_indexer(pd.PeriodIndex(moments, freq=freq)), pd.factorize(kinds)
    tables = {}
    for name in ("files", "bytes"):
        # By hand: pivot_table() takes 5 ms for what are a few dozen numbers, at every drawing.
        table = np.zeros((len(periods), len(names)))
        np.add.at(table, (down, across), rows[name].to_numpy("float64"))
        tables[name] = pd.DataFrame(table, index=periods, columns=names)
    return tables, periods, freq


def _dates(periods: pd.PeriodIndex, freq: str) -> dict[str, object]:
    """Return ticks for a few periods; for many, Plotly's own, which follow the zoom."""
    if len(periods) > 8:
        return {}
    return {
        "tickmode": "array",
        "tickvals": list(periods.to_timestamp()),
        "ticktext": [period.strftime(_PERIODS[freq]) for period in periods],
    }
