"""Bar charts of media types, codecs, cameras, lenses, languages and subtitle formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import (
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
    share_text,
    trace,
    value_axis,
)
from mfkit.filters.filter_values import SUBTITLE_FORMATS
from mfkit.language_codes import language_name

_CHARACTER = 7
"""Width of a digit in pixels, at most."""


def drop_unknown(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Remove rows with a missing value in the first column, and sort the rows by ``measure``, descending."""
    rows = frame[frame[frame.columns[0]].notna() & (frame["files"] > 0)]
    return rows.sort_values(measure, ascending=False, kind="stable")


def top_bars(
    frame: pd.DataFrame,
    measure: Measure,
    color: str,
    top: int,
    height: int,
    selected: pd.DataFrame | None,
    empty: str,
    text: Callable[[str], str] = str,
) -> go.Figure:
    """Draw a bar for each of the ``top`` largest names. A note shows the number and size of all others.

    The others together have no bar, because it would be longer than those of all names. Selected names always
    have a bar.

    Args:
        frame: The names in the first column, ``files``, ``bytes``. Rows without a name are left out.
        measure: ``"files"`` or ``"bytes"``.
        color: Color of the bars.
        top: Number of names with a separate bar, at most 100.
        height: Height in pixels.
        selected: The part of ``frame`` that is selected; everything by default.
        empty: Message if there are no names.
        text: Function that returns the visible text of a name.
    """
    rows = drop_unknown(frame, measure)
    if rows.empty:
        return message_figure(empty, height)
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
            xshift=drawn.layout.margin.r - 8,
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
    total = float(values.sum())
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
        f"{name}<br>{hover_text(files, size)}<br>{share_text(float(value), total, measure)}"
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
    # The margin has room for the text of the longest bar, however narrow the chart is.
    room = 10 + _CHARACTER * max(map(len, text))
    return figure(
        *traces,
        height=height,
        barmode="overlay",
        margin={"l": 4, "r": room, "t": 8, "b": 4, "pad": 4},
        xaxis={"tickangle": 0, **value_axis(float(values.max(initial=0)), measure, steps=3)},
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
    """Draw bars for the ``top`` codecs with the most files or bytes. A note shows the number of other codecs.

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
    empty = f"No {f'{stream} codec' if by in _STREAMS else 'codec'} in this selection.<br>Change the filter."
    return top_bars(frame, measure, MEDIA_COLORS.get(stream, MUTED), top, height, selected, empty)


def cameras_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw bars for the cameras or lenses with the most files. A note states how many others there are.

    Args:
        frame: Result of ``lib.summary("camera")`` or ``lib.summary("lens")``: the name in the first column,
            ``files``, ``bytes``. The row of files without a name is left out.
        measure, top, selected, height: As for :func:`codecs_chart`.

    Returns:
        A figure. If there are no names, the figure shows a message.

    Example:
        >>> cameras_chart(lib.summary("camera", media_type="image"))  # doctest: +SKIP
    """
    empty = f"No {frame.columns[0]} data in this selection.<br>Select photos."
    return top_bars(frame, measure, MEDIA_COLORS["image"], top, height, selected, empty)


_LANGUAGE_COLORS = {"audio_language": MEDIA_COLORS["audio"], "subtitle_language": MEDIA_COLORS["video"]}
_LANGUAGE_STREAMS = {"audio_language": "audio", "subtitle_language": "subtitle"}


def languages_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    top: int = 8,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a bar for each of the ``top`` most frequent languages, with English names such as "German".

    Args:
        frame: Result of ``lib.summary("audio_language")`` or ``lib.summary("subtitle_language")``: the
            language in the first column, ``files``, ``bytes``. A file with several languages counts for each
            of them. The row of files without a language is left out.
        measure, top, selected, height: As for :func:`codecs_chart`.

    Returns:
        A figure. Each bar has the code of its language as ``customdata``. If there are no languages, the
        figure shows a message.

    Example:
        >>> languages_chart(lib.summary("audio_language"), "bytes")  # doctest: +SKIP
    """
    by = str(frame.columns[0])
    empty = (
        f"No {_LANGUAGE_STREAMS.get(by, 'audio or subtitle')} stream of this selection<br>states a language."
    )
    return top_bars(
        frame, measure, _LANGUAGE_COLORS.get(by, MUTED), top, height, selected, empty, text=language_name
    )


_SUBTITLE_TEXTS = {
    "text": "Text",
    "images": "Images only",
    "unknown": "Unknown format",
    "none": "No subtitles",
}
_SUBTITLE_COLORS = {"text": MEDIA_COLORS["video"], "images": MEDIA_COLORS["image"]}


def subtitles_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw bars for videos by subtitles: as text, only as images, of unknown format, and none.

    Args:
        frame: Result of ``lib.summary("subtitle_format")``: ``subtitle_format``, ``files``, ``bytes``. The
            row of other media types and of videos whose streams are not known is left out.
        measure, selected, height: As for :func:`codecs_chart`.

    Returns:
        A figure. If there are no videos, the figure shows a message.

    Example:
        >>> subtitles_chart(lib.summary("subtitle_format"))  # doctest: +SKIP
    """
    known = drop_unknown(frame, measure)
    keys = [one for one in SUBTITLE_FORMATS if (known["subtitle_format"] == one).any()]
    if not keys:
        return message_figure("No videos with known streams in this selection.<br>Select videos.", height)
    rows = known.set_index("subtitle_format").loc[keys].reset_index()
    labels, colors = (
        [_SUBTITLE_TEXTS[key] for key in keys],
        [_SUBTITLE_COLORS.get(key, MUTED) for key in keys],
    )
    return bars(labels, rows, measure, colors, height, keys, selected=selected)
