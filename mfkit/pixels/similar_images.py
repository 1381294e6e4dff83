"""Search for groups of similar images."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfkit.core.database import Database
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType
from mfkit.pixels.best_version import details_of, groups_frame, rank_versions
from mfkit.pixels.hash_candidates import Pairs, candidate_pairs
from mfkit.pixels.perceptual_hash import MINIATURE_BYTES
from mfkit.pixels.picture_distance import Distances, distances
from mfkit.pixels.similar_groups import Groups, connected_components, group, whole_components
from mfkit.pixels.stored_pictures import StoredPictures, load_miniatures, load_pictures

GUARD = 1.5
"""Maximum distance between an image and the best image of its group, as a multiple of the threshold."""
_WHOLE, _INSIDE = 1.8, 0.6
"""Two pictures with borders are also similar if these multiples of their distances are within the threshold.

Of 87,000 pairs of different pictures in a white, black or beige border, none is similar only by this rule.
"""
_PAIRS = 50_000
"""Number of candidate pairs whose miniatures are loaded at a time, which limits the memory to 120 MB."""
_IMAGES = 50_000
"""Number of images whose groups are formed at a time, which limits the memory to 60 MB per miniature."""

Numbers = npt.NDArray[np.int64]


async def similar_images(
    database: Database, chosen: MediaFilter, threshold: float
) -> tuple[pd.DataFrame, int]:
    """Return the groups of similar images; see :meth:`mfkit.MediaLibrary.similar`.

    Returns:
        The groups as a DataFrame, and the number of images that were compared.
    """
    details, edges, apart, total = await _similar_pairs(database, chosen, threshold)
    rank = rank_versions(details)
    groups = await _form_groups(database, list(details["file_hash"]), rank, edges, apart, threshold)
    return groups_frame(details, groups.best, groups.distance, rank), total


async def _similar_pairs(
    database: Database, chosen: MediaFilter, threshold: float
) -> tuple[pd.DataFrame, Pairs, Distances, int]:
    """Find the pairs of similar images.

    Returns:
        The properties of all images in a pair, the pairs as indexes of these rows, the distance of each pair,
        and the number of images that were compared.
    """
    pictures = await load_pictures(database, chosen, MediaType.IMAGE)
    pairs = await asyncio.to_thread(candidate_pairs, pictures.difference, pictures.dct)
    first, second = pictures.content[pairs.first], pictures.content[pairs.second]
    across = np.flatnonzero(first != second)
    rows = Pairs(pairs.first[across], pairs.second[across])
    similar, apart = await _confirm(database, pictures, rows, threshold)
    members = np.unique(pictures.content[np.concatenate(similar)])
    details = await details_of(database, [pictures.names[one] for one in members])
    # Images that were removed from the library during the search are left out, because their properties are
    # no longer stored.
    names = {name: place for place, name in enumerate(details["file_hash"])}
    place = np.full(len(pictures.names), -1, np.int64)
    for one in members:
        place[one] = names.get(pictures.names[one], -1)
    ones, others = place[pictures.content[similar.first]], place[pictures.content[similar.second]]
    known = (ones >= 0) & (others >= 0)
    ones, others = ones[known], others[known]
    edges = Pairs(np.minimum(ones, others), np.maximum(ones, others))
    return details, edges, apart[known], len(pictures.names)


async def _confirm(
    database: Database, pictures: StoredPictures, pairs: Pairs, threshold: float
) -> tuple[Pairs, Distances]:
    """Return those candidate pairs whose visual distance is not above the threshold, and their distances.

    Pairs of one connected component are compared in sequence, so that the miniatures of a component are
    loaded together.
    """
    label = connected_components(len(pictures.content), pairs)
    order = np.argsort(label[pairs.first], kind="stable")
    pairs = Pairs(pairs.first[order], pairs.second[order])
    apart = np.empty(len(order), np.float32)
    for start in range(0, len(order), _PAIRS):
        block = slice(start, start + _PAIRS)
        rows = np.unique(np.concatenate((pairs.first[block], pairs.second[block])))
        names = [pictures.names[one] for one in np.unique(pictures.content[rows])]
        keys = zip(pictures.content[rows].tolist(), pictures.part[rows].tolist(), strict=True)
        place = {(pictures.names[content], part): number for number, (content, part) in enumerate(keys)}
        pixels = np.zeros((len(rows), MINIATURE_BYTES), np.uint8)
        async for name, part, data in load_miniatures(database, names):
            number = place.get((name, part))
            if number is not None:
                pixels[number] = data
        apart[block] = await asyncio.to_thread(
            distances,
            pixels,
            np.searchsorted(rows, pairs.first[block]),
            np.searchsorted(rows, pairs.second[block]),
            threshold,
        )
    near = apart <= threshold
    return Pairs(pairs.first[near], pairs.second[near]), apart[near]


async def _form_groups(
    database: Database, names: Sequence[str], rank: Numbers, edges: Pairs, apart: Distances, threshold: float
) -> Groups:
    """Group images by the given pairs of similar images and the distances of these pairs.

    Connected components are independent of each other, so the miniatures of only some are in memory.
    """
    groups = Groups(np.full(len(names), -1, np.int64), np.full(len(names), np.nan, np.float32))
    part = np.empty(len(names), np.int64)
    for images in whole_components(connected_components(len(names), edges), _IMAGES):
        part.fill(-1)
        part[images] = np.arange(len(images))
        inside = part[edges.first] >= 0
        loaded = await _load_pairs(database, [names[image] for image in images], GUARD * threshold)
        pairs = Pairs(part[edges.first[inside]], part[edges.second[inside]])
        loaded.remember(pairs, apart[inside])
        pairs = await asyncio.to_thread(loaded.are_similar, pairs, threshold)
        found = await asyncio.to_thread(group, rank[images], pairs, loaded.distance, GUARD * threshold)
        groups.best[images] = np.where(found.best < 0, -1, images[found.best])
        groups.distance[images] = found.distance
    return groups


class MiniaturePairs:
    """Miniatures of images, and of the images inside of borders.

    Args:
        pixels: Miniatures of the whole images, followed by those of images without their border.
        inner: Row of the miniature without border for each image; the row of the whole image if the image has
            no border.
        limit: Largest distance that matters (:func:`mfkit.pixels.picture_distance.distances`).
    """

    def __init__(self, pixels: npt.NDArray[np.uint8], inner: Numbers, limit: float) -> None:
        self._pixels, self._inner, self._limit = pixels, inner, limit
        self._has_border = inner != np.arange(len(inner))
        self._known, self._apart = np.empty(0, np.int64), np.empty(0, np.float32)

    def remember(self, pairs: Pairs, apart: Distances) -> None:
        """Store the distances of pairs, so that those of images without a border are not computed again."""
        self._known, places = np.unique(self._number(*pairs), return_index=True)
        self._apart = apart[places]

    def _number(self, first: Numbers, second: Numbers) -> Numbers:
        return np.minimum(first, second) * len(self._inner) + np.maximum(first, second)

    def distance(self, first: Numbers, second: Numbers) -> Distances:
        """Return the distance of each pair of images: the smallest distance between their miniatures.

        Equal borders make different pictures look similar. Therefore two pictures with borders are compared
        by what is inside. The margin of a page is found less exactly, so a part of this distance counts if
        the whole pictures are nearly equal.
        """
        found = self._whole_distance(first, second)
        both = np.flatnonzero(self._has_border[first] & self._has_border[second])
        inside = distances(
            self._pixels, self._inner[first[both]], self._inner[second[both]], self._limit / _INSIDE
        )
        found[both] = np.minimum(inside, np.maximum(_WHOLE * found[both], _INSIDE * inside))
        some = np.flatnonzero(self._has_border[first] | self._has_border[second])
        for ones, others in (
            (first[some], self._inner[second[some]]),
            (self._inner[first[some]], second[some]),
        ):
            found[some] = np.minimum(found[some], self._distances(ones, others))
        return found

    def _whole_distance(self, first: Numbers, second: Numbers) -> Distances:
        numbers = self._number(first, second)
        is_known = np.isin(numbers, self._known) & ~(self._has_border[first] | self._has_border[second])
        found = np.empty(len(first), np.float32)
        found[is_known] = self._apart[np.searchsorted(self._known, numbers[is_known])]
        found[~is_known] = self._distances(first[~is_known], second[~is_known])
        return found

    def _distances(self, first: Numbers, second: Numbers) -> Distances:
        return distances(self._pixels, first, second, self._limit)

    def are_similar(self, pairs: Pairs, threshold: float) -> Pairs:
        """Return the given similar pairs, except those that look similar only because of their borders."""
        both = np.flatnonzero(self._has_border[pairs.first] & self._has_border[pairs.second])
        kept = np.ones(len(pairs.first), bool)
        kept[both] = self.distance(pairs.first[both], pairs.second[both]) <= threshold
        return Pairs(pairs.first[kept], pairs.second[kept])


async def _load_pairs(database: Database, names: Sequence[str], limit: float) -> MiniaturePairs:
    place = {name: number for number, name in enumerate(names)}
    whole = np.zeros((len(names), MINIATURE_BYTES), np.uint8)
    inner = np.arange(len(names))
    without_border: list[npt.NDArray[np.uint8]] = []
    async for name, part, pixels in load_miniatures(database, names):
        if part == 0:
            whole[place[name]] = pixels
        else:
            inner[place[name]] = len(names) + len(without_border)
            without_border.append(pixels)
    pixels = np.concatenate((whole, np.stack(without_border))) if without_border else whole
    return MiniaturePairs(pixels, inner, limit)
