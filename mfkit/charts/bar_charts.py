"""Bar charts of media types, codecs, cameras and lenses, and the histogram of sizes or durations."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
    ACCENT,
    CONTEXT,
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


def top_bars(
    rows: pd.DataFrame,
    measure: Measure,
    color: str,
    top: int,
    height: int,
    selected: pd.DataFrame | None = None,
    text: Callable[[str], str] = str,
) -> go.Figure:
    """Draw a bar for each of the first ``top`` rows. A note shows the number and size of all other rows.

    The other rows together have no bar, because it would be longer than those of all names. Selected rows
    always have a bar.

    Args:
        rows: Result of :func:`drop_unknown` with at least one row.
        measure: ``"files"`` or ``"bytes"``.
        color: Color of the bars.
        top: Number of rows with a separate bar, at most 100.
        height: Height in pixels.
        selected: The part of ``rows`` that is selected; everything by default.
        text: Function that returns the visible text of a name.
    """
    top = min(max(top, 1), 100)
    # If only one row would be left without a bar, it also gets a bar, because a note such as "1 other" would
    # only hide its name.
    count = top if len(rows) > top + 1 else len(rows)
    shown = rows.iloc[:count]
    if selected is not None:
        names = rows.columns[0]
        chosen = set(selected.loc[selected["files"] > 0, names].dropna().astype(str))
        further = rows.iloc[count:]
        further = further[further[names].astype(str).isin(chosen)].head(top)
        shown = pd.concat([rows.iloc[: max(count - len(further), 1)], further])
    rest = rows.drop(shown.index)
    keys: list[str | None] = [str(name) for name in shown[rows.columns[0]]]
    labels = [label(text(str(name))) for name in keys]
    drawn = bars(labels, shown, measure, [color] * len(labels), height, keys, selected=selected)
    if len(rest):
        share = float(rest[measure].sum()) / (float(rows[measure].sum()) or 1.0)
        amount = hover_text(rest["files"].sum(), rest["bytes"].sum())
        drawn.add_annotation(
            text=f"{len(rest):,} others: {amount} ({share:.0%})",
            x=1,
            y=0,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="top",
            yshift=-22,
            showarrow=False,
            font={"size": 11},
        )
        drawn.layout.margin.b = 40
    return drawn


def bars(
    labels: list[str],
    frame: pd.DataFrame,
    measure: Measure,
    colors: list[str],
    height: int,
    keys: Sequence[Any],
    *,
    selected: pd.DataFrame | None = None,
) -> go.Figure:
    """Draw a horizontal bar chart. Each bar is labelled with its value, and the first row is on top.

    Args:
        labels: Label of each row, escaped by :func:`label`.
        frame: A DataFrame with the columns ``files`` and ``bytes``, and the names in its first column.
        measure: The column that the bars show.
        colors: Color of each row.
        height: Height in pixels.
        keys: Invisible key of each row, which a click on the bar reports. Plotly stores it as
            ``customdata``.
        selected: The part of ``frame`` that is selected. It is drawn in colors in front of ``frame`` in grey.
            By default, everything is selected.
    """
    values = frame[measure].astype("float64").to_numpy()
    total = float(values.sum()) or 1.0
    shared: dict[str, Any] = {
        "y": list(range(len(labels))),
        "orientation": "h",
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "hoverinfo": "text",
        "customdata": list(keys),
    }
    hover = [
        f"{name}<br>{hover_text(files, size)}<br>{value / total:.1%} of the {measure} shown"
        for name, files, size, value in zip(labels, frame["files"], frame["bytes"], values, strict=True)
    ]
    text = [quantity_text(float(value), measure) for value in values]
    if selected is None:
        marker: dict[str, Any] = {"color": colors, "line": {"width": 0}}
        traces = [trace("bar", **shared, x=values, marker=marker, text=text, hovertext=hover)]
    else:
        by_name = selected.assign(_key=selected[selected.columns[0]].astype(str)).set_index("_key")
        chosen = by_name[["files", "bytes"]].reindex([str(key) for key in keys]).fillna(0)
        inside = chosen[measure].astype("float64").to_numpy()
        parts = [
            f"{name}<br>{hover_text(files, size)} selected of {quantity_text(float(value), measure)}"
            for name, files, size, value in zip(labels, chosen["files"], chosen["bytes"], values, strict=True)
        ]
        context = {"color": CONTEXT, "line": {"width": 0}}
        marker = {"color": colors, "line": {"width": 0}}
        traces = [
            trace("bar", **shared, x=values, marker=context, text=text, hovertext=hover),
            trace("bar", **shared, x=inside, marker=marker, hovertext=parts, name="selected"),
        ]
    axis = value_axis(float(values.max(initial=0)), measure, steps=3)
    # The axis is longer than the longest bar, to leave room for the bar's text.
    axis["range"] = [0, axis["range"][1] * 1.3]
    return figure(
        *traces,
        height=height,
        barmode="overlay",
        xaxis={"tickangle": 0, **axis},
        yaxis={**category_axis(labels), "range": [max(len(labels), 5) - 0.5, -0.5]},
    )


def types_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a bar for each media type, the longest on top.

    Args:
        frame: Result of ``lib.summary("media_type")``: ``media_type``, ``files``, ``bytes``.
        measure: ``"files"`` or ``"bytes"``.
        selected: The part of ``frame`` that is selected. It is drawn in color in front of ``frame`` in grey.
            By default, everything is selected.
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
    return bars(names, rows, measure, colors, height, names, selected=selected)


_STREAMS = {"video_codec": "video", "audio_codec": "audio"}


def codecs_chart(
    frame: pd.DataFrame,
    measure: Measure = "bytes",
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a bar for each of the ``top`` largest codecs. A note shows the number of all other codecs.

    Args:
        frame: Result of ``lib.summary("video_codec")`` or ``lib.summary("audio_codec")``: the codec in the
            first column, ``files``, ``bytes``. The row of files without such a stream is left out.
        measure: ``"files"`` or ``"bytes"`` (of whole files with all their streams).
        top: Number of codecs with a separate bar, at most 100.
        selected: The part of ``frame`` that is selected. It is drawn in color in front of ``frame`` in grey.
            By default, everything is selected.
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
    return top_bars(rows, measure, MEDIA_COLORS.get(stream, MUTED), top, height, selected)


def cameras_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a bar for each of the ``top`` largest cameras or lenses. A note shows the number of all others.

    Args:
        frame: Result of ``lib.summary("camera")`` or ``lib.summary("lens")``: the name in the first column,
            ``files``, ``bytes``. The row of files without a name is left out.
        measure: ``"files"`` or ``"bytes"``.
        top: Number of names with a separate bar, at most 100.
        selected: The part of ``frame`` that is selected. It is drawn in color in front of ``frame`` in grey.
            By default, everything is selected.
        height: Height in pixels.

    Returns:
        A figure. If there are no names, the figure shows a message.

    Example:
        >>> cameras_chart(lib.summary("camera", media_type="image"))  # doctest: +SKIP
    """
    rows = drop_unknown(frame, measure)
    if rows.empty:
        return message_figure(f"No {frame.columns[0]} data in this selection.<br>Select photos.", height)
    return top_bars(rows, measure, MEDIA_COLORS["image"], top, height, selected)


Quantity = Literal["file_size", "duration"]

_QUANTITY_TEXT: dict[str, Callable[[float], str]] = {"file_size": round_size, "duration": format_duration}
_EMPTY_TEXT = {
    "file_size": "No files in this selection.<br>Change the filter, or scan a folder.",
    "duration": "No durations in this selection.<br>Select audio or videos.",
}
# Axis ticks: powers of ten for bytes; round numbers of seconds, minutes and hours for durations.
_TICKS: dict[str, tuple[float, ...]] = {
    "file_size": tuple(10.0**power for power in range(16)),
    "duration": (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000),
}


_END_BIN = 2.5
"""Ratio to the median width from which a first or last bin counts as an end bin with outliers."""


def histogram_chart(
    frame: pd.DataFrame,
    quantity: Quantity = "file_size",
    measure: Measure = "files",
    *,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a histogram of files or bytes by size or duration.

    Args:
        frame: Result of ``lib.histogram("file_size", 40, log=True)``: ``low``, ``high`` (bytes or seconds),
            ``files``, ``bytes``. A first or last bin that is much wider than the others holds outliers and
            is drawn as wide as two others.
        quantity: ``"file_size"`` or ``"duration"``.
        measure: ``"files"`` or ``"bytes"``.
        selected: The part of ``frame`` that is selected, with the same bins. It is drawn in color in front of
            ``frame`` in grey. By default, everything is selected.
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
    usual = statistics.median(width)
    low_end, high_end = (len(rows) > 4 and width[index] > _END_BIN * usual for index in (0, -1))
    if low_end:
        width[0] = 2 * usual
        left[0] = right[0] - width[0]
    if high_end:
        width[-1] = 2 * usual
    text = _QUANTITY_TEXT[quantity]
    shared: dict[str, Any] = {
        "x": [start + wide / 2 for start, wide in zip(left, width, strict=True)],
        "width": [wide * 0.94 for wide in width],
        "hoverinfo": "text",
        "customdata": list(zip(lows, highs, strict=True)),
    }
    layers = [(rows, ACCENT)] if selected is None else [(rows, CONTEXT), (selected, ACCENT)]
    traces = [
        trace(
            "bar",
            **shared,
            y=layer[measure].astype("float64").to_numpy(),
            marker={"color": color, "line": {"width": 0}},
            hovertext=[
                f"{text(low)} to {text(high)}<br>{hover_text(files, size)}"
                f"{' under all other conditions' if color == CONTEXT else ''}"
                for low, high, files, size in zip(lows, highs, layer["files"], layer["bytes"], strict=True)
            ],
        )
        for layer, color in layers
    ]
    inner_lows, inner_highs = lows[low_end:], highs[: len(highs) - high_end]
    ticks = [tick for tick in _TICKS[quantity] if inner_lows[0] <= tick <= inner_highs[-1]]
    if len(ticks) < 3:
        ticks = [*inner_lows[:: math.ceil(len(inner_lows) / 4)], inner_highs[-1]]
    shown = list({text(tick): tick for tick in ticks[:: math.ceil(len(ticks) / 7)]}.values())
    positions, labels = [math.log10(tick) for tick in shown], [text(tick) for tick in shown]
    if low_end:
        # Ticks close to the first bin, which contains all smaller values, are removed because they would
        # overlap that bin's label.
        near = [index for index, tick in enumerate(positions) if tick - left[0] < 6 * usual]
        positions, labels = positions[len(near) :], labels[len(near) :]
        positions, labels = [left[0] + width[0] / 2, *positions], [f"< {text(highs[0])}", *labels]
    end = left[-1] + width[-1]
    if high_end:
        kept = [index for index, tick in enumerate(positions) if end - tick >= 6 * usual]
        positions, labels = [positions[index] for index in kept], [labels[index] for index in kept]
        positions, labels = [*positions, end - width[-1] / 2], [*labels, f"> {text(lows[-1])}"]
    margin = 10 * min_width or (end - left[0]) * 0.02
    return figure(
        *traces,
        height=height,
        barmode="overlay",
        margin={"l": 4, "r": 28 if high_end else 12, "t": 8, "b": 4, "pad": 4},
        dragmode="select",
        selectdirection="h",
        xaxis={
            "fixedrange": True,
            "zeroline": False,
            "tickmode": "array",
            "tickvals": positions,
            "ticktext": labels,
            "tickangle": 0,
            "ticklabeloverflow": "allow",
            "range": [left[0] - margin, end + margin],
        },
        yaxis={**value_axis(float(rows[measure].max()), measure)},
    )
