"""Treemap of folders."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import MAX_MARKS, MUTED, Measure, figure, hover_text, label, message_figure, trace

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
