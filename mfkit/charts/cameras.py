"""Which cameras and lenses took the pictures."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.bars import known, top_bars
from mfkit.charts.theme import MEDIA_COLORS, Measure, empty


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
    rows = known(frame, measure)
    if rows.empty:
        return empty(f"No file here says which {frame.columns[0]} took it.<br>Select photos.", height)
    return top_bars(rows, measure, MEDIA_COLORS["image"], top, height)
