"""Distinction of different shots in a group of similar items, by the capture times that the files state."""

from __future__ import annotations

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
    numbers = np.zeros(len(frame), np.int64)
    order = frame["rank"].to_numpy().argsort()
    times = frame.assign(captured_at=frame["captured_at"].astype("datetime64[us]")).iloc[order]
    is_dated = times["captured_at"].notna()
    leads = ~times["best"].duplicated()
    has_several = times.groupby("best")["captured_at"].transform("nunique") > 1
    dated = times[is_dated & has_several]
    found = pd.Series(_number_shots(dated), index=dated.index)
    # Without a time of the best item, each of several shots differs from another shot that is kept.
    best_is_dated = (is_dated & leads).groupby(times["best"]).transform("any")[is_dated & has_several]
    is_several = found.groupby(dated["best"]).transform("max") > 0
    numbers[order[(is_dated & has_several).to_numpy()]] = found + (~best_is_dated & is_several)
    return numbers


def _number_shots(dated: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Number the different capture times of each group from 0. The items must be sorted by their rank.

    In each round, all items that have no number are compared with the first of them in their group.
    """
    microseconds = dated["captured_at"].astype("int64").to_numpy()
    is_minute = (dated["capture_precision"] == "minute").to_numpy()
    seconds = microseconds / 1e6
    minutes = np.floor(seconds / 60) * 60
    has_fraction = microseconds % 1_000_000 != 0
    offsets = pd.to_numeric(dated["capture_offset"]).to_numpy("float64", na_value=np.nan) * 60
    groups = dated["best"].to_numpy()
    numbers = np.empty(len(dated), np.int64)
    rest, number = np.arange(len(dated)), 0
    while len(rest):
        _, starts, places = np.unique(groups[rest], return_index=True, return_inverse=True)
        first = rest[starts][places]
        in_minutes = is_minute[rest] | is_minute[first]
        same = _are_same(
            np.where(in_minutes, minutes[rest] - minutes[first], seconds[rest] - seconds[first]),
            (has_fraction[rest] != has_fraction[first]) & ~in_minutes,
            offsets[rest] - offsets[first],
        )
        numbers[rest[same]] = number
        rest, number = rest[~same], number + 1
    return numbers


def _are_same(apart: Floats, one_fraction: Booleans, zones: Floats) -> Booleans:
    """Return whether pairs of times can be those of one shot, perhaps stated in different time zones.

    Args:
        apart: Differences of the local times in seconds.
        one_fraction: Whether only one of the times has a fraction of a second.
        zones: Differences of the UTC offsets in seconds; NaN if one of them is unknown.
    """
    limit = np.where(one_fraction, _WITHOUT_FRACTION, _NEAR)
    shift = np.round(apart / _ZONE_STEP) * _ZONE_STEP
    shift = np.where(np.isnan(zones), np.where(np.abs(shift) <= _MAX_ZONE, shift, 0), zones)
    result: Booleans = (np.abs(apart) <= limit) | (np.abs(apart - shift) <= limit)
    return result
