"""Distinction of different shots in a group of similar items, by the capture times that the files state."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STATED_BY = frozenset(("exif", "xmp", "iptc", "quicktime", "tag", "riff", "h264 sei"))
"""Origins of capture times that are compared: fields for the time of the shot, which programs copy.

Programs rewrite the header of a movie, EXIF's DateTime and ``xmp:CreateDate`` when they save a version. Names
of files, sidecars and GPS can differ between versions, too.
"""
_NEAR = 0.015
"""Maximum difference in seconds of two times of the same precision, because fractions are rounded."""
_WITHOUT_FRACTION = 0.995
"""Maximum difference in seconds if only one of two times has a fraction of a second."""
_ZONE_STEP, _MAX_ZONE = 15 * 60, 14 * 3600
"""Time zones differ from UTC by multiples of 15 minutes, and by at most 14 hours (seconds)."""

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def shot_numbers(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the number of the shot of each item in its group: 0 for that of the best item.

    Items without a capture time count as versions of the best item. If the best item has no capture time and
    all other items have the same one, all are versions of one shot.

    Args:
        frame: The items of all groups, with the columns ``best`` (group), ``rank``, ``captured_at`` (null if
            the time is not to be compared), ``capture_offset`` and ``capture_precision``.
    """
    numbers = pd.Series(0, index=frame.index, dtype="int64")
    times = frame.assign(captured_at=frame["captured_at"].astype("datetime64[us]"))
    dated = times[times["captured_at"].notna()]
    dated = dated[dated.groupby("best")["captured_at"].transform("nunique") > 1]
    leaders = frame.sort_values("rank").drop_duplicates("best").index
    for _, group in dated.sort_values("rank").groupby("best"):
        found = _number_shots(group)
        # Without a time of the best item, each of several shots differs from another shot that is kept.
        if group.index[0] not in leaders and found.max() > 0:
            found = found + 1
        numbers[group.index] = found
    return np.asarray(numbers, np.int64)


def _number_shots(group: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Number the different capture times of a group, whose items are sorted by their rank, from 0."""
    microseconds = group["captured_at"].astype("int64").to_numpy()
    is_minute = (group["capture_precision"] == "minute").to_numpy()
    seconds = microseconds / 1e6
    has_fraction = microseconds % 1_000_000 != 0
    offsets = pd.to_numeric(group["capture_offset"]).to_numpy("float64", na_value=np.nan) * 60
    numbers = np.empty(len(group), np.int64)
    firsts = np.empty(len(group), np.int64)
    count = 0
    for place in range(len(group)):
        known = firsts[:count]
        same = _are_same(
            *_differences(place, known, seconds, is_minute),
            has_fraction[place] != has_fraction[known],
            offsets[place] - offsets[known],
        )
        if same.any():
            numbers[place] = int(same.argmax())
        else:
            numbers[place], firsts[count] = count, place
            count += 1
    return numbers


def _differences(
    place: int, others: npt.NDArray[np.int64], seconds: Floats, is_minute: Booleans
) -> tuple[Floats, Booleans]:
    """Return the differences of one time to others in seconds, and whether only minutes are compared."""
    in_minutes: Booleans = is_minute[others] | is_minute[place]
    minutes = np.floor(seconds / 60) * 60
    apart = np.where(in_minutes, minutes[place] - minutes[others], seconds[place] - seconds[others])
    return apart, in_minutes


def _are_same(apart: Floats, in_minutes: Booleans, one_fraction: Any, zones: Floats) -> Booleans:
    """Return whether pairs of times can be those of one shot, perhaps stated in different time zones.

    Args:
        apart: Differences of the local times in seconds.
        in_minutes: Whether the times are compared by minute.
        one_fraction: Whether only one of the times has a fraction of a second.
        zones: Differences of the UTC offsets in seconds; NaN if one of them is unknown.
    """
    limit = np.where(one_fraction & ~in_minutes, _WITHOUT_FRACTION, _NEAR)
    shift = np.round(apart / _ZONE_STEP) * _ZONE_STEP
    shift = np.where(np.isnan(zones), np.where(np.abs(shift) <= _MAX_ZONE, shift, 0), zones)
    result: Booleans = (np.abs(apart) <= limit) | (np.abs(apart - shift) <= limit)
    return result
