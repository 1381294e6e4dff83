"""Grouping of similar images: every image is similar to the best image of its group.

The pairs of similar images form a graph. A connected component of this graph can be a chain, in which each
image is similar to the next image, but the first image is not similar to the last image. Therefore images
that are not similar to the best image of their component are split off. They form separate groups if they are
similar to each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mfkit.pixels.hash_candidates import Pairs

_MAX_ROUNDS = 1000
"""Maximum number of rounds of grouping. Images that have no group after the last round remain without one."""

Indexes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]
Distance = Callable[[Indexes, Indexes], Numbers]


class Groups(NamedTuple):
    """Result of grouping: arrays with one element per image.

    Attributes:
        best: Index of the best image in the same group; -1 for images without a group.
        distance: Distance to this best image; NaN for images without a group.
    """

    best: Indexes
    distance: Numbers


def group(rank: Indexes, pairs: Pairs, distance: Distance, limit: float) -> Groups:
    """Assign images to groups in which every image is similar to the best image.

    Args:
        rank: Unique rank of each image; the best image has the lowest rank.
        pairs: Pairs of similar images.
        distance: Function that returns the distance of each pair of images.
        limit: Maximum distance between an image and the best image of its group.
    """
    best = np.full(len(rank), -1, np.int64)
    found = np.full(len(rank), np.nan, np.float32)
    first, second = pairs
    for _ in range(_MAX_ROUNDS):
        if not len(first):
            break
        label = connected_components(len(rank), Pairs(first, second))
        members = np.unique(np.concatenate((first, second)))
        lowest = np.full(len(rank), np.iinfo(np.int64).max, np.int64)
        np.minimum.at(lowest, label[members], rank[members])
        leads = rank[members] == lowest[label[members]]
        leader = np.full(len(rank), -1, np.int64)
        leader[label[members[leads]]] = members[leads]
        own = leader[label[members]]
        apart = np.zeros(len(members), np.float32)
        others = np.flatnonzero(~leads)
        apart[others] = distance(members[others], own[others])
        near = apart <= limit
        best[members[near]], found[members[near]] = own[near], apart[near]
        is_grouped = best >= 0
        rest = ~(is_grouped[first] | is_grouped[second])
        first, second = first[rest], second[rest]
    # Groups that contain only one image are removed, because they show no similar images.
    sizes = np.bincount(best[best >= 0], minlength=len(rank))
    alone = (best >= 0) & (sizes[np.maximum(best, 0)] < 2)
    best[alone], found[alone] = -1, np.nan
    return Groups(best, found)


def connected_components(count: int, pairs: Pairs) -> Indexes:
    """Find the connected components of a graph: return the smallest node index in each node's component."""
    label = np.arange(count)
    first, second = pairs
    while True:
        ones, others = label[first], label[second]
        different = ones != others
        if not different.any():
            return label
        first, second = first[different], second[different]
        ones, others = ones[different], others[different]
        np.minimum.at(label, np.maximum(ones, others), np.minimum(ones, others))
        while not np.array_equal(shorter := label[label], label):
            label = shorter


def whole_components(label: Indexes, size: int) -> list[Indexes]:
    """Divide nodes into parts that contain all nodes of each component.

    Args:
        label: Component of each node, as returned by :func:`connected_components`.
        size: Number of nodes in a part. A part has more nodes if it would otherwise end within a component.
    """
    order = np.argsort(label, kind="stable")
    ends = np.flatnonzero(np.diff(label[order], append=-1)) + 1
    chosen = ends[np.searchsorted(ends, np.arange(size, len(label), size))]
    return [part for part in np.split(order, np.unique(chosen)) if len(part)]
