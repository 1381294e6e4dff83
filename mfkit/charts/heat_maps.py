"""Heat maps: codecs by resolution or by bit depth, and HDR classes by resolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    Measure,
    category_axis,
    figure,
    hover_text,
    label,
    message_figure,
    quantity_text,
    share_text,
    trace,
)
from mfkit.filters.describe import hdr_name
from mfkit.filters.size_classes import RESOLUTION_NAMES

# The color scale goes from light to dark in one hue, so that people with color blindness can read it.
# It has few medium blues, because neither dark nor white numbers have enough contrast on them.
_SCALE = ((0.0, "#e3f0f9"), (0.55, "#8cc3e6"), (0.6, "#2b78ae"), (1.0, "#0a4a7a"))
_GREY_SCALE = ((0.0, "rgba(128, 128, 128, 0.12)"), (1.0, "rgba(128, 128, 128, 0.42)"))
"""Colors of the cells that are not selected."""


def resolutions_chart(
    frame: pd.DataFrame,
    measure: Measure = "bytes",
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a heat map of codecs by resolution class. Darker cells have more files or bytes.

    Args:
        frame: Result of ``lib.summary(["video_codec", "resolution"])``: ``video_codec``, ``resolution``,
            ``files``, ``bytes``. Rows with a missing value are left out.
        measure: ``"files"`` or ``"bytes"``.
        top: Number of codecs with a separate row, at most 50. All other codecs share a row.
        selected: The part of ``frame`` that is selected. Only its cells have colors. By default, everything
            is selected.
        height: Height in pixels.

    Returns:
        A figure. Each cell has (codec, resolution) as ``customdata``; cells in the row of all other codecs
        have None. If there are no cells, the figure shows a message.

    Example:
        >>> resolutions_chart(lib.summary(["video_codec", "resolution"]))  # doctest: +SKIP
    """
    empty = "No video resolutions in this selection.<br>Select videos."
    return _heat_map(frame, measure, top, selected, height, empty)


def _heat_map(
    frame: pd.DataFrame,
    measure: Measure,
    top: int,
    selected: pd.DataFrame | None,
    height: int,
    empty: str,
    *,
    row_text: Callable[[Any], str] = str,
    class_text: Callable[[Any], str] = str,
) -> go.Figure:
    """Draw a heat map of the first two columns of a DataFrame. Darker cells have more files or bytes.

    Args:
        frame: Two dimensions, ``files``, ``bytes``. The values of the first dimension become the rows of the
            heat map, the largest on top; those of the second, from small to large, its columns. Rows with a
            missing value are left out.
        measure, top, selected, height: As for :func:`resolutions_chart`.
        empty: Message if there are no cells.
        row_text: Function that returns the visible text of a value of the first dimension.
        class_text: Function that returns the visible text of a value of the second dimension.
    """
    row, column = frame.columns[:2]
    rows = frame[frame[row].notna() & frame[column].notna() & (frame["files"] > 0)]
    if rows.empty:
        return message_figure(empty, height)
    classes: list[Any]
    if column == "resolution":
        classes = [name for name in RESOLUTION_NAMES if (rows[column] == name).any()]
    else:
        classes = sorted({int(number) for number in rows[column]})
    order = rows.groupby(row, observed=True)[measure].sum().sort_values(ascending=False, kind="stable").index
    top = min(max(top, 1), 50)
    named = list(order[:top]) if len(order) > top + 1 else list(order)
    rest = len(order) - len(named)
    keys: list[str | None] = [*(str(name) for name in named), *([None] if rest else [])]
    names = rows[row].where(rows[row].isin(named), "").astype(str)
    sums = rows.assign(_row=names).groupby(["_row", column], observed=True)[["files", "bytes"]].sum()
    found = {
        pair: (float(files), float(size))
        for pair, files, size in zip(sums.index, sums["files"], sums["bytes"], strict=True)
    }
    cells = [[found.get((key or "", kind), (0.0, 0.0)) for kind in classes] for key in keys]
    place = 0 if measure == "files" else 1
    values = np.array([[one[place] for one in line] for line in cells])
    # The color scale is logarithmic, because some codecs are a thousand times as frequent as others.
    colors = np.where(values > 0, np.log10(np.maximum(values, 1.0)) + 1, np.nan)
    labels = [f"other ({rest:,})" if key is None else label(row_text(key), 20) for key in keys]
    columns = [class_text(kind) for kind in classes]
    # On narrow charts, longer names such as "Full HD" would touch their neighbors on one line.
    ticks = [name.replace(" ", "<br>") if len(name) > 6 else name for name in columns]
    hover = [
        [
            f"{name}, {kind}<br>{hover_text(*one)}<br>{share_text(one[place], values.sum(), measure)}"
            if one[0]
            else ""
            for kind, one in zip(columns, line, strict=True)
        ]
        for name, line in zip(labels, cells, strict=True)
    ]
    text = [[quantity_text(one[place], measure) if one[0] else "" for one in line] for line in cells]
    customdata = [
        [[key, kind] if key is not None and one[0] else None for kind, one in zip(classes, line, strict=True)]
        for key, line in zip(keys, cells, strict=True)
    ]
    layers: list[tuple[Any, Any]] = [(colors, _SCALE)]
    if selected is not None:
        chosen = selected[selected[row].notna() & selected[column].notna()]
        pairs = set(zip(chosen[row].astype(str), chosen[column], strict=True))
        inside = np.array([[(key, kind) in pairs for kind in classes] for key in keys])
        layers = [(np.where(inside, np.nan, colors), _GREY_SCALE), (np.where(inside, colors, np.nan), _SCALE)]
    return figure(
        *(
            trace(
                "heatmap",
                z=z,
                x=list(range(len(classes))),
                y=list(range(len(keys))),
                colorscale=scale,
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
            )
            for z, scale in layers
        ),
        height=height,
        xaxis={**category_axis(ticks), "side": "top"},
        yaxis={**category_axis(labels), "range": [len(keys) - 0.5, -0.5]},
    )


def hdr_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a heat map of HDR classes by resolution class. Darker cells have more files or bytes.

    Args:
        frame: Result of ``lib.summary(["hdr", "resolution"])``: ``hdr``, ``resolution``, ``files``,
            ``bytes``. Rows with a missing value are left out.
        measure, selected, height: As for :func:`resolutions_chart`.

    Returns:
        A figure. Each cell has (HDR class, resolution) as ``customdata``. If there are no cells, the figure
        shows a message.

    Example:
        >>> hdr_chart(lib.summary(["hdr", "resolution"]))  # doctest: +SKIP
    """
    empty = "No videos with known streams in this selection.<br>Select videos."
    return _heat_map(frame, measure, 8, selected, height, empty, row_text=hdr_name)


def bit_depths_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a heat map of video codecs by bit depth. Darker cells have more files or bytes.

    Args:
        frame: Result of ``lib.summary(["video_codec", "bit_depth"])``: ``video_codec``, ``bit_depth``,
            ``files``, ``bytes``. Rows with a missing value are left out.
        measure, top, selected, height: As for :func:`resolutions_chart`.

    Returns:
        A figure. Each cell has (codec, bit depth) as ``customdata``; cells in the row of all other codecs
        have None. If there are no cells, the figure shows a message.

    Example:
        >>> bit_depths_chart(lib.summary(["video_codec", "bit_depth"]))  # doctest: +SKIP
    """
    empty = "No bit depths are known in this selection.<br>Select videos."
    return _heat_map(frame, measure, top, selected, height, empty, class_text="{} bit".format)
