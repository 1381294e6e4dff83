"""Horizontal bars with their values: how much of each of a few things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    GRID,
    MEDIA_COLORS,
    MUTED,
    Measure,
    empty,
    figure,
    hover_text,
    label,
    quantity_text,
    trace,
    value_axis,
)


def drop_unknown(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return the rows of a summary whose first column is known, the largest first."""
    rows = frame[frame[frame.columns[0]].notna() & (frame["files"] > 0)]
    return rows.sort_values(measure, ascending=False, kind="stable")


def top_bars(rows: pd.DataFrame, measure: Measure, color: str, top: int, height: int) -> go.Figure:
    """Return a bar for each of the first rows, and one for all others together.

    Args:
        rows: As :func:`known` returns them, at least one.
        measure: ``"files"`` or ``"bytes"``.
        color: Of the bars.
        top: How many get a bar of their own, at most 100.
        height: Pixels.
    """
    top = min(max(top, 1), 100)
    # "other" for a single one would hide a name and save nothing.
    shown, rest = (rows.head(top), rows.iloc[top:]) if len(rows) > top + 1 else (rows, rows.iloc[:0])
    keys: list[str | None] = [str(name) for name in shown[rows.columns[0]]]
    labels = [label(name) for name in keys]
    colors = [color] * len(labels)
    values = shown[["files", "bytes"]]
    if len(rest):
        values = pd.concat([values, rest[["files", "bytes"]].sum().to_frame().T], ignore_index=True)
        labels.append(f"other ({len(rest):,})")
        colors.append(MUTED)
        keys.append(None)
    return bars(labels, values, measure, colors, height, keys)


def bars(
    labels: list[str],
    frame: pd.DataFrame,
    measure: Measure,
    colors: list[str],
    height: int,
    keys: Sequence[Any],
) -> go.Figure:
    """Return horizontal bars, the first row on top, each with its value at its end.

    The bars stand at whole numbers and their labels are only the ticks' text: two long names that
    are shortened to the same text stay two bars.

    Args:
        labels: One per row, as :func:`label` returns them.
        frame: The columns ``files`` and ``bytes``.
        measure: Which of the two the bars show.
        colors: One per row.
        height: Pixels.
        keys: One per row: what it stands for, None for "other". They go with the bars as
            ``customdata``, by which a click is understood; Plotly shows them nowhere.
    """
    values = frame[measure].astype("float64").to_numpy()
    whole = float(values.sum()) or 1.0
    text = [quantity_text(float(value), measure) for value in values]
    hover = [
        f"{name}<br>{hover_text(files, size)}<br>{value / whole:.1%} of the {measure} shown"
        for name, files, size, value in zip(labels, frame["files"], frame["bytes"], values, strict=True)
    ]
    rows = list(range(len(labels)))
    axis = value_axis(float(values.max(initial=0)), measure, steps=3)
    # Room for the text at the end of the longest bar.
    axis["range"] = [0, axis["range"][1] * 1.24]
    return figure(
        trace(
            "bar",
            x=values,
            y=rows,
            orientation="h",
            marker={"color": colors, "line": {"width": 0}},
            text=text,
            textposition="outside",
            cliponaxis=False,
            constraintext="none",
            hovertext=hover,
            hoverinfo="text",
            customdata=list(keys),
        ),
        height=height,
        xaxis={"gridcolor": GRID, "tickangle": 0, **axis},
        yaxis={
            "tickmode": "array",
            "tickvals": rows,
            "ticktext": labels,
            "automargin": True,
            "range": [max(len(rows), 5) - 0.5, -0.5],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "title": None,
        },
    )


def types_chart(frame: pd.DataFrame, measure: Measure = "files", *, height: int = 260) -> go.Figure:
    """Draw one bar per media type, the longest on top.

    Args:
        frame: As ``lib.summary("media_type")`` returns it: ``media_type``, ``files``, ``bytes``.
        measure: ``"files"`` or ``"bytes"``.
        height: Pixels.

    Returns:
        A figure; without rows, one that says so.

    Example:
        >>> types_chart(lib.summary("media_type"), "bytes")  # doctest: +SKIP
    """
    rows = frame[frame["files"] > 0].sort_values(measure, ascending=False, kind="stable")
    if rows.empty:
        return empty("No files to count here.<br>Select others, or scan a folder.", height)
    names = [str(name) for name in rows["media_type"]]
    colors = [MEDIA_COLORS[name] for name in names]
    return bars(names, rows, measure, colors, height, names)


_KINDS = {"video_codec": "video", "audio_codec": "audio"}


def codecs_chart(
    frame: pd.DataFrame, measure: Measure = "bytes", *, top: int = 8, height: int = 260
) -> go.Figure:
    """Draw one bar per codec, the longest on top, what is beyond ``top`` summed up as "other".

    Args:
        frame: As ``lib.summary("video_codec")`` or ``lib.summary("audio_codec")`` returns it: the
            codec in the first column, ``files``, ``bytes``. A row without a codec (files that have
            no such stream) is left out.
        measure: ``"files"`` or ``"bytes"`` (of whole files, all their streams).
        top: How many codecs get a bar of their own, at most 100.
        height: Pixels.

    Returns:
        A figure; without a codec, one that says so.

    Example:
        >>> codecs_chart(lib.summary("video_codec", media_type="video"))  # doctest: +SKIP
    """
    by = str(frame.columns[0])
    kind = _KINDS.get(by, "other")
    rows = drop_unknown(frame, measure)
    if rows.empty:
        why = f"No {kind} stream here." if by in _KINDS else "No codec is known here."
        return empty(f"{why}<br>Select others.", height)
    return top_bars(rows, measure, MEDIA_COLORS.get(kind, MUTED), top, height)


def cameras_chart(
    frame: pd.DataFrame, measure: Measure = "files", *, top: int = 8, height: int = 260
) -> go.Figure:
    """Draw one bar per camera or lens, the longest on top, what is beyond ``top`` summed up as "other".

    Args:
        frame: As ``lib.summary("camera")`` or ``lib.summary("lens")`` returns it: the name in the first
            column, ``files``, ``bytes``. A row without a name is left out.
        measure: ``"files"`` or ``"bytes"``.
        top: How many get a bar of their own, at most 100.
        height: Pixels.

    Returns:
        A figure; without a name, one that says so.

    Example:
        >>> cameras_chart(lib.summary("camera", media_type="image"))  # doctest: +SKIP
    """
    rows = drop_unknown(frame, measure)
    if rows.empty:
        return empty(f"No file here says which {frame.columns[0]} took it.<br>Select photos.", height)
    return top_bars(rows, measure, MEDIA_COLORS["image"], top, height)
