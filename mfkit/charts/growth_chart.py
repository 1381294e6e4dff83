"""Chart of files or bytes over time, stacked by media type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    MAX_MARKS,
    MEDIA_COLORS,
    Measure,
    figure,
    hover_text,
    message_figure,
    trace,
    value_axis,
)

# This maps a pandas frequency to the format of a period's label, in order from short to long periods.
_PERIODS = {"D": "%d %b %Y", "M": "%b %Y", "Y": "%Y"}
# This maps a pandas frequency to the format of a period in the filter fields `after` and `before`.
_KEYS = {"D": "%Y-%m-%d", "M": "%Y-%m", "Y": "%Y"}


def growth_chart(
    frame: pd.DataFrame, measure: Measure = "bytes", *, cumulative: bool = False, height: int = 260
) -> go.Figure:
    """Draw files or bytes per period, or their running totals, stacked by media type.

    Args:
        frame: Result of ``lib.growth("month")``: ``period``, ``media_type``, ``files``, ``bytes``.
        measure: ``"files"`` or ``"bytes"``.
        cumulative: Draw areas of running totals instead of a bar for each period.
        height: Height in pixels.

    Returns:
        A figure. Each bar or point has its period as ``customdata``, in the form that ``MediaFilter`` accepts
        (``"2014-05"``). If there would be more than 5,000 bars or points, days are combined into months, or
        months into years. If there are no rows, the figure shows a message.

    Example:
        >>> growth_chart(lib.growth("year"), cumulative=True)  # doctest: +SKIP
    """
    rows = frame[frame["period"].notna() & (frame["files"] > 0)]
    if rows.empty:
        return message_figure("No dates in this selection.<br>Change the filter.", height)
    tables, periods, freq = _periods(rows)
    if cumulative:
        tables = {name: table.cumsum() for name, table in tables.items()}
    shown = tables[measure]
    names = [period.strftime(_PERIODS[freq]) for period in periods]
    keys = [period.strftime(_KEYS[freq]) for period in periods]
    starts = periods.to_timestamp()
    traces = []
    media_types = [media_type for media_type in MEDIA_COLORS if media_type in shown.columns]
    for media_type in media_types:
        hover = [
            f"{name}<br>{media_type}{' so far' if cumulative else ''}: {hover_text(files, size)}"
            for name, files, size in zip(
                names, tables["files"][media_type], tables["bytes"][media_type], strict=True
            )
        ]
        shared: dict[str, Any] = {
            "x": starts,
            "y": shown[media_type].to_numpy("float64"),
            "name": media_type,
            "hovertext": hover,
            "hoverinfo": "text",
            "customdata": keys,
        }
        color = MEDIA_COLORS[media_type]
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
    # The chart title lists the media types in one line. Plotly's legend needs three lines in a narrow panel.
    legend = " ".join(
        f'<span style="color:{MEDIA_COLORS[media_type]}">\u25a0</span> {media_type}'
        for media_type in media_types
    )
    return figure(
        *traces,
        height=height,
        title={
            "text": legend,
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
        xaxis={"type": "date", "fixedrange": True, **_date_ticks(periods, freq)},
        yaxis={**value_axis(shown.sum(axis=1).max(), measure)},
    )


def _periods(rows: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.PeriodIndex, str]:
    """Return tables of files and bytes by period and media type, the periods, and their pandas frequency."""
    timestamps = rows["period"]
    finest = "D"
    if (timestamps.dt.day == 1).all():
        finest = "Y" if (timestamps.dt.month == 1).all() else "M"
    media_types = rows["media_type"].astype(str)
    for freq in list(_PERIODS)[list(_PERIODS).index(finest) :]:
        # Empty periods are included, so that a gap in time is visible in the chart.
        periods = pd.period_range(timestamps.min(), timestamps.max(), freq=freq)
        if len(periods) * media_types.nunique() <= MAX_MARKS:
            break
    row_numbers, (column_numbers, names) = (
        periods.get_indexer(pd.PeriodIndex(timestamps, freq=freq)),
        pd.factorize(media_types),
    )
    tables = {}
    for name in ("files", "bytes"):
        # DataFrame.pivot_table() is not used, because it takes 5 ms each time the chart is drawn.
        table = np.zeros((len(periods), len(names)))
        np.add.at(table, (row_numbers, column_numbers), rows[name].to_numpy("float64"))
        tables[name] = pd.DataFrame(table, index=periods, columns=names)
    return tables, periods, freq


def _date_ticks(periods: pd.PeriodIndex, freq: str) -> dict[str, object]:
    """Return one axis tick per period for few periods. For many periods, Plotly chooses the ticks."""
    if len(periods) > 8:
        return {}
    return {
        "tickmode": "array",
        "tickvals": list(periods.to_timestamp()),
        "ticktext": [period.strftime(_PERIODS[freq]) for period in periods],
    }
