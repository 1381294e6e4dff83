"""Heat maps, such as video codecs by resolution, and treemap of folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    MAX_MARKS,
    MUTED,
    Measure,
    category_axis,
    figure,
    hover_text,
    label,
    message_figure,
    quantity_text,
    trace,
)
from mfkit.filters.size_classes import RESOLUTION_NAMES

# The color scale goes from light to dark in one hue, so that people with color blindness can read it.
_SCALE = ((0.0, "#d6e8f5"), (0.5, "#56a5d6"), (1.0, "#0a4a7a"))
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
    rows = frame[frame["video_codec"].notna() & frame["resolution"].notna() & (frame["files"] > 0)]
    if rows.empty:
        return message_figure("No video resolutions in this selection.<br>Select videos.", height)
    classes = [name for name in RESOLUTION_NAMES if (rows["resolution"] == name).any()]
    return heat_map(
        rows, "video_codec", "resolution", classes, measure, top=top, selected=selected, height=height
    )


def heat_map(
    rows: pd.DataFrame,
    row: str,
    column: str,
    classes: Sequence[Any],
    measure: Measure,
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
    row_text: Callable[[Any], str] = str,
    class_text: Callable[[Any], str] = str,
) -> go.Figure:
    """Draw a heat map of two columns. Darker cells have more files or bytes.

    Args:
        rows: At least one row with known values of both columns, ``files`` and ``bytes``.
        row: Column whose values are the rows of the heat map, the largest on top.
        column: Column whose values are the columns of the heat map.
        classes: Values of ``column`` to draw, from left to right.
        measure: ``"files"`` or ``"bytes"``.
        top: Number of values with a separate row, at most 50. All other values share a row.
        selected: The part of ``rows`` that is selected. Only its cells have colors. By default, everything
            is selected.
        height: Height in pixels.
        row_text: Function that returns the visible text of a row's value.
        class_text: Function that returns the visible text of a column's value.

    Returns:
        A figure. Each cell has the values of its row and its column as ``customdata``; cells in the row of
        all other values have None.
    """
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
    hover = [
        [
            f"{name}, {kind}<br>{hover_text(*one)}" if one[0] else ""
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
        xaxis={**category_axis(columns), "side": "top"},
        yaxis={**category_axis(labels), "range": [len(keys) - 0.5, -0.5]},
    )


# Folders on the first level have colors of Paul Tol's scheme "muted", which people with color blindness can
# distinguish (https://personal.sron.nl/~pault/). No color is that of a media type. Subfolders have their
# parent's color.
_FOLDER_COLORS = ("#88CCEE", "#CC6677", "#DDCC77", "#44AA99", "#999933", "#AA4499", "#332288", "#882255")


def folders_chart(frame: pd.DataFrame, measure: Measure = "bytes", *, height: int = 260) -> go.Figure:
    """Draw folders as a treemap, in which each folder is a box that contains its subfolders.

    Args:
        frame: Result of ``lib.folders(2)``: ``id``, ``parent``, ``label``, ``depth``, ``files``, ``bytes``.
            At most 5,000 folders are drawn: upper levels first, and large folders first within a level.
        measure: ``"files"`` or ``"bytes"``.
        height: Height in pixels.

    Returns:
        A figure. Each box has the path of its folder as ``customdata``. If there are no rows, the figure
        shows a message.

    Example:
        >>> folders_chart(lib.folders(2))  # doctest: +SKIP
    """
    rows = frame[frame["files"] > 0].sort_values(["depth", measure], ascending=[True, False], kind="stable")
    # Rows are sorted by depth first, so that cutting off the last rows never removes the parent of a drawn
    # folder.
    rows = rows.head(MAX_MARKS)
    if rows.empty:
        return message_figure("No files in this selection.<br>Change the filter, or scan a folder.", height)
    paths = [str(path) for path in rows["id"]]
    number = {path: index for index, path in enumerate(paths)}
    parents = ["" if pd.isna(parent) else str(number[str(parent)]) for parent in rows["parent"]]
    first = [path for path, depth in zip(paths, rows["depth"], strict=True) if depth == 1]
    color = {path: _FOLDER_COLORS[index % len(_FOLDER_COLORS)] for index, path in enumerate(first)}
    for path, parent, depth in zip(paths, rows["parent"], rows["depth"], strict=True):
        if depth == 0:
            color[path] = "rgba(128, 128, 128, 0.15)"
        elif depth > 1:
            color[path] = color.get(str(parent), MUTED)
    return figure(
        trace(
            "treemap",
            # The ids of the boxes are numbers, because Plotly would interpret markup in a path.
            ids=[str(index) for index in range(len(paths))],
            parents=parents,
            labels=[label(name, 40) for name in rows["label"]],
            values=rows[measure].astype("float64").tolist(),
            branchvalues="total",
            customdata=paths,
            marker={
                "colors": [color[path] for path in paths],
                "line": {"width": 1, "color": "rgba(255, 255, 255, 0.65)"},
                "pad": {"t": 18, "l": 2, "r": 2, "b": 2},
            },
            hovertext=[
                f"{label(path, 80)}<br>{hover_text(files, size)}"
                for path, files, size in zip(paths, rows["files"], rows["bytes"], strict=True)
            ],
            hoverinfo="text",
            texttemplate="%{label}",
            tiling={"pad": 1},
            pathbar={"visible": False},
            sort=False,
        ),
        height=height,
        margin={"l": 0, "r": 0, "t": 2, "b": 0},
        uniformtext={"minsize": 9, "mode": "hide"},
    )
