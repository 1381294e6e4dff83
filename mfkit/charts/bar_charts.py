"""Bar charts of media types, codecs, cameras and lenses, and the histogram of sizes or durations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    ACCENT,
    MEDIA_COLORS,
    MUTED,
    Measure,
    category_axis,
    figure,
    hover_text,
    label,
    message_figure,
    quantity_text,
    trace,
    value_axis,
)
from mfkit.filters.units import format_duration, round_size


def drop_unknown(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Remove rows with a missing value in the first column, and sort the rows by ``measure``, descending."""
    rows = frame[frame[frame.columns[0]].notna() & (frame["files"] > 0)]
    return rows.sort_values(measure, ascending=False, kind="stable")


def top_bars(rows: pd.DataFrame, measure: Measure, color: str, top: int, height: int) -> go.Figure:
    """Draw a bar for each of the first ``top`` rows, and one bar for all other rows together.

    Args:
        rows: Result of :func:`drop_unknown` with at least one row.
        measure: ``"files"`` or ``"bytes"``.
        color: Color of the bars.
        top: Number of rows with a separate bar, at most 100.
        height: Height in pixels.
    """
    top = min(max(top, 1), 100)
    # A single remaining row gets its own bar, because a bar "other" would only hide its name.
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
    """Draw a horizontal bar chart. Each bar is labelled with its value, and the first row is on top.

    Args:
        labels: Label of each row, escaped by :func:`label`.
        frame: A DataFrame with the columns ``files`` and ``bytes``.
        measure: The column that the bars show.
        colors: Color of each row.
        height: Height in pixels.
        keys: Invisible key of each row, which a click on the bar reports; None for "other". Plotly stores it
            as ``customdata``.
    """
    values = frame[measure].astype("float64").to_numpy()
    total = float(values.sum()) or 1.0
    text = [quantity_text(float(value), measure) for value in values]
    hover = [
        f"{name}<br>{hover_text(files, size)}<br>{value / total:.1%} of the {measure} shown"
        for name, files, size, value in zip(labels, frame["files"], frame["bytes"], values, strict=True)
    ]
    axis = value_axis(float(values.max(initial=0)), measure, steps=3)
    # The axis is longer than the longest bar, to leave room for the bar's text.
    axis["range"] = [0, axis["range"][1] * 1.24]
    return figure(
        trace(
            "bar",
            x=values,
            y=list(range(len(labels))),
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
        xaxis={"tickangle": 0, **axis},
        yaxis={**category_axis(labels), "range": [max(len(labels), 5) - 0.5, -0.5]},
    )


def types_chart(frame: pd.DataFrame, measure: Measure = "files", *, height: int = 260) -> go.Figure:
    """Draw a bar for each media type, the longest on top.

    Args:
        frame: Result of ``lib.summary("media_type")``: ``media_type``, ``files``, ``bytes``.
        measure: ``"files"`` or ``"bytes"``.
        height: Height in pixels.

    Returns:
        A figure. If there are no rows, the figure shows a message.

    Example:
        >>> types_chart(lib.summary("media_type"), "bytes")  # doctest: +SKIP
    """
    rows = frame[frame["files"] > 0].sort_values(measure, ascending=False, kind="stable")
    if rows.empty:
        return message_figure("No files in this selection.<br>Change the filter, or scan a folder.", height)
    names = [str(name) for name in rows["media_type"]]
    colors = [MEDIA_COLORS[name] for name in names]
    return bars(names, rows, measure, colors, height, names)


_STREAMS = {"video_codec": "video", "audio_codec": "audio"}


def codecs_chart(
    frame: pd.DataFrame, measure: Measure = "bytes", *, top: int = 8, height: int = 260
) -> go.Figure:
    """Draw a bar for each of the ``top`` largest codecs, and one bar for all other codecs together.

    Args:
        frame: Result of ``lib.summary("video_codec")`` or ``lib.summary("audio_codec")``: the codec in the
            first column, ``files``, ``bytes``. The row of files without such a stream is left out.
        measure: ``"files"`` or ``"bytes"`` (of whole files with all their streams).
        top: Number of codecs with a separate bar, at most 100.
        height: Height in pixels.

    Returns:
        A figure. If there are no codecs, the figure shows a message.

    Example:
        >>> codecs_chart(lib.summary("video_codec", media_type="video"))  # doctest: +SKIP
    """
    by = str(frame.columns[0])
    stream = _STREAMS.get(by, "other")
    rows = drop_unknown(frame, measure)
    if rows.empty:
        name = f"{stream} codec" if by in _STREAMS else "codec"
        return message_figure(f"No {name} in this selection.<br>Change the filter.", height)
    return top_bars(rows, measure, MEDIA_COLORS.get(stream, MUTED), top, height)


def cameras_chart(
    frame: pd.DataFrame, measure: Measure = "files", *, top: int = 8, height: int = 260
) -> go.Figure:
    """Draw a bar for each of the ``top`` largest cameras or lenses, and one bar for all others together.

    Args:
        frame: Result of ``lib.summary("camera")`` or ``lib.summary("lens")``: the name in the first column,
            ``files``, ``bytes``. The row of files without a name is left out.
        measure: ``"files"`` or ``"bytes"``.
        top: Number of names with a separate bar, at most 100.
        height: Height in pixels.

    Returns:
        A figure. If there are no names, the figure shows a message.

    Example:
        >>> cameras_chart(lib.summary("camera", media_type="image"))  # doctest: +SKIP
    """
    rows = drop_unknown(frame, measure)
    if rows.empty:
        return message_figure(f"No {frame.columns[0]} data in this selection.<br>Select photos.", height)
    return top_bars(rows, measure, MEDIA_COLORS["image"], top, height)


Quantity = Literal["file_size", "duration"]

_QUANTITY_TEXT: dict[str, Callable[[float], str]] = {"file_size": round_size, "duration": format_duration}
_EMPTY_TEXT = {
    "file_size": "No files in this selection.<br>Change the filter, or scan a folder.",
    "duration": "No durations in this selection.<br>Select audio or videos.",
}
# Ticks are at powers of ten for bytes, and at round numbers of seconds, minutes and hours for durations.
_TICKS: dict[str, tuple[float, ...]] = {
    "file_size": tuple(10.0**power for power in range(16)),
    "duration": (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000),
}


def histogram_chart(
    frame: pd.DataFrame, quantity: Quantity = "file_size", measure: Measure = "files", *, height: int = 260
) -> go.Figure:
    """Draw a histogram of files or bytes by size or duration.

    Args:
        frame: Result of ``lib.histogram("file_size", 40, log=True)``: ``low``, ``high`` (bytes or seconds),
            ``files``, ``bytes``.
        quantity: ``"file_size"`` or ``"duration"``.
        measure: ``"files"`` or ``"bytes"``.
        height: Height in pixels.

    Returns:
        A figure with a logarithmic axis. Each bar has (low, high) as ``customdata``. If there are no rows,
        the figure shows a message.

    Example:
        >>> histogram_chart(lib.histogram("duration", 40, log=True), "duration")  # doctest: +SKIP
    """
    rows = frame[frame["low"].notna() & (frame["low"] > 0)]
    if not rows["files"].sum():
        return message_figure(_EMPTY_TEXT[quantity], height)
    lows, highs = (rows[name].astype("float64").tolist() for name in ("low", "high"))
    # The chart plots logarithms on a linear axis, because bars on a logarithmic axis have unequal widths.
    left = [math.log10(low) for low in lows]
    right = [math.log10(max(high, low)) for low, high in zip(lows, highs, strict=True)]
    # Bars are as wide as their bins, so that they do not overlap. A single bar needs a minimum width.
    min_width = 0.01 if len(rows) == 1 else 0
    width = [max(end - start, min_width) for start, end in zip(left, right, strict=True)]
    values = rows[measure].astype("float64").to_numpy()
    text = _QUANTITY_TEXT[quantity]
    hover = [
        f"{text(low)} to {text(high)}<br>{hover_text(files, size)}"
        for low, high, files, size in zip(lows, highs, rows["files"], rows["bytes"], strict=True)
    ]
    ticks = [tick for tick in _TICKS[quantity] if lows[0] <= tick <= highs[-1]]
    if len(ticks) < 3:
        ticks = [*lows[:: math.ceil(len(lows) / 4)], highs[-1]]
    shown = list({text(tick): tick for tick in ticks[:: math.ceil(len(ticks) / 7)]}.values())
    end = left[-1] + width[-1]
    margin = 10 * min_width or (end - left[0]) * 0.02
    return figure(
        trace(
            "bar",
            x=[start + wide / 2 for start, wide in zip(left, width, strict=True)],
            y=values,
            width=[wide * 0.94 for wide in width],
            marker={"color": ACCENT, "line": {"width": 0}},
            hovertext=hover,
            hoverinfo="text",
            customdata=list(zip(lows, highs, strict=True)),
        ),
        height=height,
        dragmode="select",
        selectdirection="h",
        xaxis={
            "fixedrange": True,
            "zeroline": False,
            "tickmode": "array",
            "tickvals": [math.log10(tick) for tick in shown],
            "ticktext": [text(tick) for tick in shown],
            "tickangle": 0,
            "range": [left[0] - margin, end + margin],
        },
        yaxis={**value_axis(float(values.max(initial=0)), measure)},
    )
