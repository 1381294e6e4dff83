"""Charts of streams: languages, subtitles, HDR classes by resolution, and bit depths by codec."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.bar_charts import bars, drop_unknown, top_bars
from mfkit.charts.heatmap_and_treemap import heat_map
from mfkit.charts.theme import MEDIA_COLORS, MUTED, Measure, message_figure
from mfkit.filters.describe import hdr_name
from mfkit.filters.filter_values import SUBTITLE_FORMATS
from mfkit.filters.size_classes import RESOLUTION_NAMES
from mfkit.language_codes import language_name

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
        measure: ``"files"`` or ``"bytes"`` (of whole files with all their streams).
        top: Number of languages with a separate bar, at most 100.
        selected: The part of ``frame`` that is selected. It is drawn in color in front of ``frame`` in grey.
            By default, everything is selected.
        height: Height in pixels.

    Returns:
        A figure. Each bar has the code of its language as ``customdata``. If there are no languages, the
        figure shows a message.

    Example:
        >>> languages_chart(lib.summary("audio_language"), "bytes")  # doctest: +SKIP
    """
    by = str(frame.columns[0])
    rows = drop_unknown(frame, measure)
    if rows.empty:
        stream = _LANGUAGE_STREAMS.get(by, "audio or subtitle")
        return message_figure(f"No {stream} stream of this selection<br>states a language.", height)
    return top_bars(rows, measure, _LANGUAGE_COLORS.get(by, MUTED), top, height, selected, text=language_name)


_SUBTITLE_TEXTS = {"text": "Text", "images": "Images only", "none": "No subtitles"}
_SUBTITLE_COLORS = {"text": MEDIA_COLORS["video"], "images": MEDIA_COLORS["image"], "none": MUTED}


def subtitles_chart(
    frame: pd.DataFrame,
    measure: Measure = "files",
    *,
    selected: pd.DataFrame | None = None,
    height: int = 260,
) -> go.Figure:
    """Draw a bar for videos with subtitles as text, with only images as subtitles, and without subtitles.

    Args:
        frame: Result of ``lib.summary("subtitle_format")``: ``subtitle_format``, ``files``, ``bytes``. The
            row of other media types and of videos whose streams are not known is left out.
        measure: ``"files"`` or ``"bytes"``.
        selected: The part of ``frame`` that is selected. It is drawn in color in front of ``frame`` in grey.
            By default, everything is selected.
        height: Height in pixels.

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
    labels, colors = [_SUBTITLE_TEXTS[key] for key in keys], [_SUBTITLE_COLORS[key] for key in keys]
    return bars(labels, rows, measure, colors, height, keys, selected=selected)


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
        measure: ``"files"`` or ``"bytes"``.
        selected: The part of ``frame`` that is selected. Only its cells have colors. By default, everything
            is selected.
        height: Height in pixels.

    Returns:
        A figure. Each cell has (HDR class, resolution) as ``customdata``. If there are no cells, the figure
        shows a message.

    Example:
        >>> hdr_chart(lib.summary(["hdr", "resolution"]))  # doctest: +SKIP
    """
    rows = frame[frame["hdr"].notna() & frame["resolution"].notna() & (frame["files"] > 0)]
    if rows.empty:
        return message_figure("No videos with known streams in this selection.<br>Select videos.", height)
    classes = [name for name in RESOLUTION_NAMES if (rows["resolution"] == name).any()]
    return heat_map(
        rows, "hdr", "resolution", classes, measure, selected=selected, height=height, row_text=hdr_name
    )


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
        measure: ``"files"`` or ``"bytes"``.
        top: Number of codecs with a separate row, at most 50. All other codecs share a row.
        selected: The part of ``frame`` that is selected. Only its cells have colors. By default, everything
            is selected.
        height: Height in pixels.

    Returns:
        A figure. Each cell has (codec, bit depth) as ``customdata``; cells in the row of all other codecs
        have None. If there are no cells, the figure shows a message.

    Example:
        >>> bit_depths_chart(lib.summary(["video_codec", "bit_depth"]))  # doctest: +SKIP
    """
    rows = frame[frame["video_codec"].notna() & frame["bit_depth"].notna() & (frame["files"] > 0)]
    if rows.empty:
        return message_figure("No bit depths are known in this selection.<br>Select videos.", height)
    depths = sorted({int(depth) for depth in rows["bit_depth"]})
    return heat_map(
        rows,
        "video_codec",
        "bit_depth",
        depths,
        measure,
        top=top,
        selected=selected,
        height=height,
        class_text="{} bit".format,
    )
