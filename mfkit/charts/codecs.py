"""Which codecs the streams are in."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.bars import known, top_bars
from mfkit.charts.theme import MEDIA_COLORS, MUTED, Measure, empty

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
    rows = known(frame, measure)
    if rows.empty:
        why = f"No {kind} stream here." if by in _KINDS else "No codec is known here."
        return empty(f"{why}<br>Select others.", height)
    return top_bars(rows, measure, MEDIA_COLORS.get(kind, MUTED), top, height)
