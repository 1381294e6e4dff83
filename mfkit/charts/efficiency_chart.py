"""Chart of the encoding efficiency of videos: bits per pixel by resolution, with outliers as points."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.efficiency import BINS_PER_DECADE, MIN_PEERS
from mfkit.charts.theme import (
    ACCENT,
    CONTEXT,
    MAX_MARKS,
    category_axis,
    figure,
    label,
    message_figure,
    title_line,
    trace,
)
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.filters.units import format_size, plural

# Both colors are from Okabe and Ito's palette (https://jfly.uni-koeln.de/color/). Neither is the color of a
# media type.
OUTLIER_COLORS = {"bloated": "#D55E00", "starved": "#9467BD"}
_HALF_WIDTH = 0.42
"""Half the width of the longest bar, and of the range of the points, as a share of a resolution's width."""
_TICKS = tuple(factor * 10.0**power for power in range(-4, 2) for factor in (1, 2, 5))


def efficiency_chart(
    frame: pd.DataFrame, *, selected: Collection[str] | None = None, height: int = 320
) -> go.Figure:
    """Draw bits per pixel and frame of videos by resolution, with unusually high or low values as points.

    The bars of a resolution are a histogram of its other videos, on both sides of an axis.

    Args:
        frame: Result of ``lib.efficiency()``: ``id``, ``file_path``, ``codec``, ``resolution``,
            ``frame_rate``, ``hdr``, ``bits_per_pixel``, ``median_bits_per_pixel``, ``peers``, ``outlier``,
            ``saves``. A row without an ``outlier`` can stand for several videos, whose number is in an
            optional column ``streams``. Rows without a resolution are left out. At most 4,000 outliers are
            drawn, the first ones.
        selected: Ids of the items whose points have colors. By default, all points have colors.
        height: Height in pixels.

    Returns:
        A figure with a logarithmic axis. Each point has ("id", id of the item) as ``customdata``, and each
        bar ("resolution", resolution class). If there are no rows, the figure shows a message.

    Example:
        >>> efficiency_chart(lib.efficiency())  # doctest: +SKIP
    """
    rows = frame[frame["resolution"].notna() & (frame["bits_per_pixel"] > 0)]
    if rows.empty:
        return message_figure(
            "No video in this selection states<br>its bit rate, its size and its frame rate.", height
        )
    classes = [name for name in RESOLUTION_NAMES if (rows["resolution"] == name).any()]
    usual, outliers = rows[rows["outlier"].isna()], rows[rows["outlier"].notna()].head(MAX_MARKS - 1_000)
    traces = []
    if len(usual):
        traces.append(_bars(usual, classes, CONTEXT if selected is not None else ACCENT))
    for kind, color in OUTLIER_COLORS.items():
        points = outliers[outliers["outlier"] == kind]
        if len(points):
            traces.append(_points(points, classes, color, selected))
    exponents = [
        math.log10(float(value)) for value in (rows["bits_per_pixel"].min(), rows["bits_per_pixel"].max())
    ]
    low, high = exponents[0] - 0.15, exponents[1] + 0.15
    ticks = [tick for tick in _TICKS if low <= math.log10(tick) <= high]
    if len(ticks) > 8:
        ticks = [
            tick for tick in ticks if math.log10(tick).is_integer() or abs(math.log10(tick) % 1 - 0.7) < 0.01
        ]
    return figure(
        *traces,
        height=height,
        margin={"t": 26},
        title=title_line(_title(outliers)),
        barmode="overlay",
        bargap=0.0,
        hovermode="closest",
        xaxis={**category_axis(classes), "range": [-0.5, max(len(classes), 2) - 0.5]},
        yaxis={
            "tickmode": "array",
            "tickvals": [math.log10(tick) for tick in ticks],
            "ticktext": [f"{tick:g}" for tick in ticks],
            "range": [low, high],
            "zeroline": False,
            "fixedrange": True,
            "title": {"text": "bits per pixel and frame", "font": {"size": 11}},
        },
    )


def _title(outliers: pd.DataFrame) -> str:
    parts = [
        f'<span style="color:{color}">●</span> {kind}'
        for kind, color in OUTLIER_COLORS.items()
        if (outliers["outlier"] == kind).any()
    ]
    return "  ".join(parts) or f"No outliers among {MIN_PEERS} or more similar videos"


def _bars(rows: pd.DataFrame, classes: list[str], color: str) -> dict[str, Any]:
    """Return the bars of a histogram for each resolution."""
    streams = rows["streams"] if "streams" in rows else pd.Series(1, rows.index)
    bins = [round(math.log10(float(value)) * BINS_PER_DECADE) for value in rows["bits_per_pixel"]]
    counts = (
        streams.astype("float64").groupby([rows["resolution"].astype(str), pd.Series(bins, rows.index)]).sum()
    )
    largest = counts.groupby(level=0).max()
    places = [classes.index(str(name)) for name, _ in counts.index]
    half = [
        # A bar that stands for a single video is still wide enough to be seen and clicked.
        max(_HALF_WIDTH * math.sqrt(count / largest[name]), 0.03)
        for (name, _), count in zip(counts.index, counts, strict=True)
    ]
    return trace(
        "bar",
        orientation="h",
        base=[place - wide for place, wide in zip(places, half, strict=True)],
        x=[2 * wide for wide in half],
        y=[number / BINS_PER_DECADE for _, number in counts.index],
        width=0.86 / BINS_PER_DECADE,
        marker={"color": color, "line": {"width": 0}},
        hoverinfo="text",
        hovertext=[
            f"{name}, about {10 ** (number / BINS_PER_DECADE):.2g} bits per pixel<br>"
            f"{plural(round(count), 'video')}"
            for (name, number), count in zip(counts.index, counts, strict=True)
        ],
        customdata=[["resolution", str(name)] for name, _ in counts.index],
        name="videos",
    )


def _points(
    rows: pd.DataFrame, classes: list[str], color: str, selected: Collection[str] | None
) -> dict[str, Any]:
    ids = [str(one) for one in rows["id"]]
    chosen = [selected is None or one in selected for one in ids]
    return trace(
        "scatter",
        mode="markers",
        # Points are moved sideways, so that they do not hide each other. The shift depends only on the id, so
        # that a point does not move when the chart is drawn again.
        x=[
            classes.index(str(name)) + _HALF_WIDTH * (2 * (zlib.crc32(one.encode()) % 1000) / 999 - 1)
            for name, one in zip(rows["resolution"], ids, strict=True)
        ],
        y=[math.log10(float(value)) for value in rows["bits_per_pixel"]],
        marker={
            "size": 9,
            "color": [color if one else "rgba(128, 128, 128, 0.5)" for one in chosen],
            "line": {"width": 1, "color": "rgba(255, 255, 255, 0.7)"},
        },
        hoverinfo="text",
        hovertext=[_hover(row) for row in rows.to_dict("records")],
        customdata=[["id", one] for one in ids],
        name=str(rows["outlier"].iloc[0]),
    )


def _hover(row: dict[Any, Any]) -> str:
    name = str(row["file_path"]).rpartition("/")[2]
    facts = [row["codec"], row["resolution"], f"{row['frame_rate']} frames/s", row["hdr"]]
    lines = [
        f"<b>{label(name, 60)}</b>",
        label(", ".join(str(one) for one in facts if not pd.isna(one)), 60),
        f"{row['bits_per_pixel']:.3g} bits per pixel; median of {row['peers']:,} similar videos: "
        f"{row['median_bits_per_pixel']:.3g}",
    ]
    if row["outlier"] == "bloated" and not pd.isna(row["saves"]):
        lines.append(f"Re-encoding to the median would save {format_size(float(row['saves']))}")
    return "<br>".join(lines)
