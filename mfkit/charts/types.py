"""How much of each media type there is."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.bars import bars
from mfkit.charts.theme import MEDIA_COLORS, Measure, empty


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
