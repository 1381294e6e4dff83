"""Search for groups of similar videos, by a few frames of each video and its duration.

A video is compared by its frames at fixed shares of the duration (:mod:`mfkit.thumbnails.video_frames`). Two
videos are versions of the same video if their durations differ by at most 2 %, and their frames at the same
shares are versions of the same pictures. At one of these shares, the frames may differ, because videos of
different frame rates can have different frames beside a cut.
"""

from __future__ import annotations

import asyncio

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfkit.core.database import Database
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType
from mfkit.pixels.best_version import details_of, groups_frame, rank_versions
from mfkit.pixels.hash_candidates import Pairs, candidate_pairs
from mfkit.pixels.perceptual_hash import MINIATURE_BYTES
from mfkit.pixels.picture_distance import distances
from mfkit.pixels.similar_groups import group
from mfkit.pixels.stored_pictures import StoredPictures, load_miniatures, load_pictures
from mfkit.thumbnails.video_frames import FRAME_SHARES

DURATION_TOLERANCE = 0.02
"""Maximum difference of the durations of two versions, as a share of the longer duration."""
_MIN_FRAMES = 2
"""Minimum number of positions at which both videos have a frame. Frames of one colour do not count."""
_OUTLIER_FROM = 4
"""Number of compared positions from which the frames at one position may differ."""
_FAR = np.float32(2)
_PAIRS = 20_000
"""Number of pairs of videos that are compared at a time, which limits the memory to 250 MB."""

Numbers = npt.NDArray[np.int64]


async def similar_videos(
    database: Database, chosen: MediaFilter, threshold: float
) -> tuple[pd.DataFrame, int]:
    """Return the groups of similar videos; see :meth:`mfkit.MediaLibrary.similar`.

    Returns:
        The groups as a DataFrame, and the number of videos that were compared.
    """
    stored = await load_pictures(database, chosen, MediaType.VIDEO)
    pairs = await asyncio.to_thread(_candidates, stored)
    members = np.unique(np.concatenate(pairs))
    details = await details_of(database, [stored.names[one] for one in members])
    # Videos that were removed from the library during the search are left out, because their properties are
    # no longer stored.
    names = {name: place for place, name in enumerate(details["file_hash"])}
    place = np.full(len(stored.names), -1, np.int64)
    for one in members:
        place[one] = names.get(stored.names[one], -1)
    ones, others = place[pairs.first], place[pairs.second]
    known = (ones >= 0) & (others >= 0)
    videos = _Videos(list(names), stored, threshold)
    await videos.load(database)
    first, second = ones[known], others[known]
    near = await asyncio.to_thread(lambda: videos.distance(first, second) <= threshold)
    edges = Pairs(np.minimum(first, second)[near], np.maximum(first, second)[near])
    rank = rank_versions(details)
    groups = await asyncio.to_thread(group, rank, edges, videos.distance, threshold)
    return groups_frame(details, groups.best, groups.distance, rank), len(stored.names)


def _candidates(stored: StoredPictures) -> Pairs:
    """Return pairs of videos of similar duration with at least two similar frames at equal positions."""
    count = len(stored.names)
    found = [np.empty(0, np.int64)]
    for share in FRAME_SHARES:
        rows = np.flatnonzero(stored.part == share)
        pairs = candidate_pairs(stored.difference[rows], stored.dct[rows])
        first, second = stored.content[rows[pairs.first]], stored.content[rows[pairs.second]]
        found.append(np.minimum(first, second) * count + np.maximum(first, second))
    both, shares = np.unique(np.concatenate(found), return_counts=True)
    first, second = np.divmod(both[shares >= _MIN_FRAMES], max(count, 1))
    near = _same_duration(stored.duration[first], stored.duration[second])
    return Pairs(first[near], second[near])


def _same_duration(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return whether the durations of each pair are nearly the same; False if a duration is unknown."""
    result: npt.NDArray[np.bool_] = np.abs(first - second) <= DURATION_TOLERANCE * np.maximum(first, second)
    return result


class _Videos:
    """Miniatures of the frames of videos, and the durations of the videos.

    Distances of videos are exact up to a limit (:func:`mfkit.pixels.picture_distance.distances`).
    """

    def __init__(self, names: list[str], stored: StoredPictures, limit: float) -> None:
        self._limit = limit
        self._place = {name: number for number, name in enumerate(names)}
        self._pixels = np.zeros((len(names), len(FRAME_SHARES), MINIATURE_BYTES), np.uint8)
        self._has_frame = np.zeros((len(names), len(FRAME_SHARES)), bool)
        self._duration = np.full(len(names), np.nan)
        for name, duration in zip(stored.names, stored.duration, strict=True):
            if (place := self._place.get(name)) is not None:
                self._duration[place] = duration
        self._is_compared = {
            (stored.names[content], part) for content, part in zip(stored.content, stored.part, strict=True)
        }

    async def load(self, database: Database) -> None:
        """Load the miniatures of all frames, except frames of one colour."""
        async for name, part, pixels in load_miniatures(database, list(self._place)):
            if part in FRAME_SHARES and (name, part) in self._is_compared:
                where = self._place[name], FRAME_SHARES.index(part)
                self._pixels[where], self._has_frame[where] = pixels, True

    def distance(self, first: Numbers, second: Numbers) -> npt.NDArray[np.float32]:
        """Return each pair's distance: the second largest of the distances of frames at equal positions.

        If fewer than :data:`_OUTLIER_FROM` positions are compared, the largest distance is returned.
        """
        found = np.empty(len(first), np.float32)
        for start in range(0, len(first), _PAIRS):
            block = slice(start, start + _PAIRS)
            found[block] = self._distance(first[block], second[block])
        return found

    def _distance(self, first: Numbers, second: Numbers) -> npt.NDArray[np.float32]:
        has_both = self._has_frame[first] & self._has_frame[second]
        has_one = self._has_frame[first] | self._has_frame[second]
        apart = np.where(has_one & ~has_both, _FAR, np.float32(-1))
        for number in range(len(FRAME_SHARES)):
            rows = np.flatnonzero(has_both[:, number])
            apart[rows, number] = distances(
                self._pixels[:, number], first[rows], second[rows], self._limit, is_video=True
            )
        apart.sort(axis=1)
        shared, compared = has_both.sum(axis=1), has_one.sum(axis=1)
        result: npt.NDArray[np.float32] = np.where(compared >= _OUTLIER_FROM, apart[:, -2], apart[:, -1])
        is_same = _same_duration(self._duration[first], self._duration[second])
        result[(shared < _MIN_FRAMES) | ~is_same] = _FAR
        return result
