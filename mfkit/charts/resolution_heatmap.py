"""Heat map of video codecs by resolution."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import Measure, figure, hover_text, label, message_figure, quantity_text, trace
from mfkit.filters.size_classes import RESOLUTION_NAMES

# Light to dark in one hue, which people with any color blindness can tell apart.
_SCALE = ((0.0, "#d6e8f5"), (0.5, "#56a5d6"), (1.0, "#0a4a7a"))


def resolutions_chart(
    frame: pd.DataFrame, measure: Measure = "bytes", *, top: int = 8, height: int = 260
) -> go.Figure:
    """Draw a cell for each codec and resolution class; darker cells have more files or bytes.

    Args:
        frame: What ``lib.summary(["video_codec", "resolution"])`` returns: ``video_codec``, ``resolution``,
            ``files``, ``bytes``. Rows with a missing value are left out.
        measure: ``"files"`` or ``"bytes"``.
        top: Number of codecs with a row of their own, at most 50. The others share one.
        height: Height in pixels.

    Returns:
        A figure; without any cell, one with a message. Each cell has (codec, resolution) as ``customdata``,
        and None in the row of the other codecs.

    Example:
        >>> resolutions_chart(lib.summary(["video_codec", "resolution"]))  # doctest: +SKIP
    """
    rows = frame[frame["video_codec"].notna() & frame["resolution"].notna() & (frame["files"] > 0)]
    if rows.empty:
        return message_figure("No video resolutions in this selection.<br>Select videos.", height)
    order = rows.groupby("video_codec")[measure].sum().sort_values(ascending=False, kind="stable").index
    top = min(max(top, 1), 50)
    named = list(order[:top]) if len(order) > top + 1 else list(order)
    rest = len(order) - len(named)
    keys: list[str | None] = [*named, *([None] if rest else [])]
    classes = [name for name in RESOLUTION_NAMES if (rows["resolution"] == name).any()]
    row = rows["video_codec"].where(rows["video_codec"].isin(named), "")
    sums = rows.assign(_row=row).groupby(["_row", "resolution"], observed=True)[["files", "bytes"]].sum()

    found = {
        pair: (float(files), float(size))
        for pair, files, size in zip(sums.index, sums["files"], sums["bytes"], strict=True)
    }
    cells = [[found.get((key or "", name), (0.0, 0.0)) for name in classes] for key in keys]
    column = 0 if measure == "files" else 1
    values = np.array([[one[column] for one in line] for line in cells])
    # Colors are logarithmic, because one codec is often a thousand times as frequent as another.
    colors = np.where(values > 0, np.log10(np.maximum(values, 1.0)) + 1, np.nan)
    labels = [f"other ({rest:,})" if key is None else label(key, 20) for key in keys]
    hover = [
        [
            f"{name}, {kind}<br>{hover_text(*one)}" if one[0] else ""
            for kind, one in zip(classes, line, strict=True)
        ]
        for name, line in zip(labels, cells, strict=True)
    ]
    text = [[quantity_text(one[column], measure) if one[0] else "" for one in line] for line in cells]
    customdata = [
        [[key, kind] if key is not None and one[0] else None for kind, one in zip(classes, line, strict=True)]
        for key, line in zip(keys, cells, strict=True)
    ]
    return figure(
        trace(
            "heatmap",
            z=colors,
            x=list(range(len(classes))),
            y=list(range(len(keys))),
            colorscale=_SCALE,
            zmin=float(np.nanmin(colors)) - 0.5,
            zmax=float(np.nanmax(colors)),
            showscale=False,
            xgap=2,
            ygap=2,
            text=text,
            texttemplate="%{text}",
            hovertext=hover,
            hoverinfo="text",
            hoverongaps=False,
            customdata=customdata,
        ),
        height=height,
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(classes))),
            "ticktext": classes,
            "side": "top",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
            "title": None,
            "tickangle": 0,
        },
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(keys))),
            "ticktext": labels,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
            "title": None,
            "range": [len(keys) - 0.5, -0.5],
        },
    )
