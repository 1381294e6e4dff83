"""The assumptions of :meth:`mfkit.MediaLibrary.savings` as a frame that a person can change."""

from __future__ import annotations

from typing import get_type_hints

import pandas as pd

from mfkit.errors import FilterError
from mfkit.queries.assumptions import ASSUMPTIONS, Assumption

_COLUMNS = list(get_type_hints(Assumption))
_NUMBERS = _COLUMNS[3:]


def assumptions() -> pd.DataFrame:
    """Return what a second of well encoded video or sound takes, by codec and resolution.

    Returns:
        One row per target codec and class of resolution: ``target`` (FFmpeg's name of the codec),
        ``media_type`` (``video`` or ``audio``), ``resolution`` (as ``summary("resolution")`` names it;
        null for audio), ``low``, ``expected`` and ``high`` (bit/s at up to 30 frames per second),
        ``high_fps`` (times as much above), ``sound`` (bit/s beside video). Sources: docs/analyses.md.
    """
    frame = pd.DataFrame(ASSUMPTIONS, columns=_COLUMNS)
    return frame.astype({name: "float64" if name in _NUMBERS else "str" for name in _COLUMNS})


def read(frame: pd.DataFrame | None) -> list[Assumption]:
    """Return the rows of a frame of assumptions, mfkit's own when there is none.

    Raises:
        FilterError: It lacks a column, or a value makes no sense.
    """
    if frame is None:
        return list(ASSUMPTIONS)
    lacking = [name for name in _COLUMNS if name not in frame]
    if lacking:
        raise FilterError(
            f"The assumptions lack {', '.join(lacking)}; start from mfkit.assumptions() and change it."
        )
    rows = []
    for values in frame[_COLUMNS].itertuples(index=False):
        target, media_type, resolution, *numbers = values
        try:
            rates = [float(number) for number in numbers]
        except (TypeError, ValueError):
            rates = []
        low, expected, high, high_fps, sound = rates or [0.0] * 5
        if not (0 < low <= expected <= high < float("inf") and 0 < high_fps < float("inf") and sound >= 0):
            raise FilterError(
                f"The assumption {tuple(values)} makes no sense; rates are bit/s above 0, low <= expected "
                "<= high, high_fps above 0, sound not below 0."
            )
        named = None if pd.isna(resolution) else str(resolution)
        rows.append(Assumption(str(target), str(media_type), named, *rates))
    return rows
