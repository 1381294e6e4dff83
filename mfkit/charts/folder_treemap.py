"""Treemap of folders."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    MAX_MARKS,
    MUTED,
    Measure,
    figure,
    hover_text,
    label,
    message_figure,
    share_text,
    trace,
)

# Folders on the first level have colors of Paul Tol's scheme "muted", which people with color blindness can
# distinguish (https://personal.sron.nl/~pault/). None of these colors stands for a media type. Subfolders
# have their parent's color.
_FOLDER_COLORS = ("#88CCEE", "#CC6677", "#DDCC77", "#44AA99", "#999933", "#AA4499", "#332288", "#882255")
_BACKGROUND = "rgba(128, 128, 128, 0.15)"
"""Color of the outermost folder, and of everything that has no box."""


def folders_chart(frame: pd.DataFrame, measure: Measure = "bytes", *, height: int = 260) -> go.Figure:
    """Draw folders as a treemap, in which each folder is a box that contains its subfolders.

    Args:
        frame: Result of ``lib.folders(2)``: ``id``, ``parent``, ``label``, ``depth``, ``files``, ``bytes``.
            At most 5,000 folders are drawn: upper levels first, and large folders first within a level.
        measure: ``"files"`` or ``"bytes"``.
        height: Height in pixels.

    Returns:
        A figure. Each box has the path of its folder as ``customdata``. A grey box "other" in a folder stands
        for its files and folders without a box, and has the folder's path. If there are no rows, the figure
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
    total = float(rows.loc[rows["depth"] == rows["depth"].min(), measure].sum())
    boxes = _boxes(rows, measure, total)
    boxes += _other_boxes(rows, measure, total)[: MAX_MARKS - len(boxes)]
    number = {box.path: index for index, box in enumerate(boxes) if not box.is_other}
    return figure(
        trace(
            "treemap",
            # The boxes have numbers as ids, not paths, because Plotly would interpret markup in a path.
            ids=[str(index) for index in range(len(boxes))],
            parents=["" if box.parent is None else str(number[box.parent]) for box in boxes],
            labels=[box.label for box in boxes],
            values=[box.value for box in boxes],
            branchvalues="total",
            customdata=[box.path for box in boxes],
            marker={
                "colors": [box.color for box in boxes],
                "line": {"width": 1, "color": "rgba(255, 255, 255, 0.65)"},
                "pad": {"t": 18, "l": 2, "r": 2, "b": 2},
            },
            hovertext=[box.hover for box in boxes],
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


@dataclass(frozen=True)
class _Box:
    """Box of the treemap.

    Attributes:
        path: Path of the folder that a click selects.
        parent: Path of the folder whose box contains this one; None for the outermost box.
        label: Visible text.
        value: Size of the box.
        color: Color of the box.
        hover: Text that appears over the box.
        is_other: True for a box that stands for everything in its parent that has no box.
    """

    path: str
    parent: str | None
    label: str
    value: float
    color: str
    hover: str
    is_other: bool = False


def _boxes(rows: pd.DataFrame, measure: Measure, total: float) -> list[_Box]:
    """Return a treemap box for each folder, in the order of the rows: parents before their subfolders."""
    colors: dict[str, str] = {}
    first_level = 0
    boxes = []
    for row in rows.to_dict("records"):
        path, parent = str(row["id"]), None if pd.isna(row["parent"]) else str(row["parent"])
        if row["depth"] == 0:
            colors[path] = _BACKGROUND
        elif row["depth"] == 1:
            colors[path] = _FOLDER_COLORS[first_level % len(_FOLDER_COLORS)]
            first_level += 1
        else:
            colors[path] = colors.get(str(parent), MUTED)
        value = float(row[measure])
        hover = _hover(label(path, 80), row["files"], row["bytes"], value, total, measure)
        boxes.append(_Box(path, parent, label(row["label"], 40), value, colors[path], hover))
    return boxes


def _other_boxes(rows: pd.DataFrame, measure: Measure, total: float) -> list[_Box]:
    """For each folder with boxes, return one more box for its files and subfolders without a box.

    The box is grey. It is at most as large as the largest folder beside it, so that it does not dwarf the
    folders. A click opens the folder with the boxes.
    """
    inside = rows.assign(largest=rows[measure]).groupby("parent", sort=False)
    sums = inside.agg({"files": "sum", "bytes": "sum", "largest": "max"})
    parents = rows.set_index("id")
    boxes = []
    for path, drawn in sums.iterrows():
        files, size = (float(parents.at[path, name] - drawn[name]) for name in ("files", "bytes"))
        if files <= 0:
            continue
        value = files if measure == "files" else size
        name = f"{label(path, 80)}: other files and folders"
        hover = _hover(name, files, size, value, total, measure)
        width = min(value, float(drawn["largest"]))
        boxes.append(_Box(str(path), str(path), "other", width, _BACKGROUND, hover, is_other=True))
    return boxes


def _hover(name: str, files: float, size: float, value: float, total: float, measure: Measure) -> str:
    return f"{name}<br>{hover_text(files, size)}<br>{share_text(value, total, measure)}"
