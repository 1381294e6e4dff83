"""Fast search for pairs of pictures whose hashes differ in few bits, without comparing all pairs.

All hashes are rotated in steps of four bits and sorted after each step. Hashes with the same leading bits (a
band) are then near each other, so only neighbours have to be compared. This method is locality-sensitive
hashing by bit sampling (P. Indyk and R. Motwani, Approximate Nearest Neighbors, STOC 1998, 604), here with
overlapping bands.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mfkit.pixels.batch_threads import map_in_threads

MAX_BITS = 12
"""Maximum number of different bits in one of a picture's two hashes."""
_MAX_BITS_OF_BOTH = 26
"""Maximum number of different bits in both hashes together, which rules out clearly different pictures.

Of 630 versions of 90 pictures, some of them cropped by 3 % at each edge, none differs in more than 22 bits.
Most of the random candidates among a million pictures are near the limits of both hashes: this limit leaves
out nine of ten.
"""
_ROTATION = 4
_MAX_NEIGHBORS = 64
"""Maximum number of neighbours that each hash is compared with, which limits the time for large bands."""
_MIN_BAND, _MAX_BAND = 8, 16
"""Minimum and maximum number of leading bits that must be equal. More hashes need longer bands."""
_CHUNK = 1 << 15
"""Number of sorted hashes that are compared at a time. They fit into the cache of a processor core."""
_UNIQUE_ABOVE = 4_000_000
"""Number of pairs above which duplicate pairs are removed to save memory."""

Hashes = npt.NDArray[np.uint64]


class Pairs(NamedTuple):
    """Pairs of array indexes, stored as two arrays of the same length.

    Attributes:
        first: Smaller index of each pair.
        second: Larger index of each pair.
    """

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]


def candidate_pairs(difference: Hashes, dct: Hashes) -> Pairs:
    """Return pairs of pictures that may be similar, because their hashes differ in few bits.

    Args:
        difference: Difference hash of each picture.
        dct: DCT hash of each picture.

    Returns:
        Unique pairs in ascending order. If several pictures have the same two hashes, only the first of them
        is compared with other pictures, and the others are paired with the first.
    """
    total = len(difference)
    both = np.empty(total, [("difference", np.uint64), ("dct", np.uint64)])
    both["difference"], both["dct"] = difference, dct
    order = np.lexsort((dct, difference))
    starts = np.ones(total, bool)
    starts[1:] = both[order[1:]] != both[order[:-1]]
    first = np.minimum.reduceat(order, np.flatnonzero(starts)) if total else order
    representative = np.empty(total, np.int64)
    representative[order] = first[np.cumsum(starts) - 1]
    repeated = np.flatnonzero(representative != np.arange(total))
    found = [representative[repeated] * total + repeated]
    kept = np.flatnonzero(representative == np.arange(total))
    band = int(np.clip(np.log2(max(len(kept), 1)) - 4, _MIN_BAND, _MAX_BAND))

    def compare(turn: tuple[Hashes, Hashes, int]) -> npt.NDArray[np.int64]:
        ones, others = _neighbors(*turn, band)
        low, high = kept[np.minimum(ones, others)], kept[np.maximum(ones, others)]
        result: npt.NDArray[np.int64] = low * total + high
        return result

    hashes = difference[kept], dct[kept]
    turns = [(*each, rotation) for each in (hashes, hashes[::-1]) for rotation in range(0, 64, _ROTATION)]
    limit = _UNIQUE_ABOVE
    for pairs in map_in_threads(compare, turns):
        found.append(pairs)
        if sum(map(len, found)) > limit:
            found = [np.unique(np.concatenate(found))]
            limit = len(found[0]) + _UNIQUE_ABOVE
    return Pairs(*np.divmod(np.unique(np.concatenate(found)), max(total, 1)))


def _neighbors(
    own: Hashes, other: Hashes, rotation: int, band: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the pairs of hashes that differ in few bits and have equal leading bits after a rotation.

    Args:
        own: Hashes to compare.
        other: The other hash of each picture.
        rotation: Number of bits by which ``own`` is rotated.
        band: Number of leading bits that must be equal.
    """
    rotated = own << np.uint64(rotation) | own >> np.uint64(64 - rotation) if rotation else own
    order = np.argsort(rotated)
    own, other = rotated[order], other[order]
    limit = np.uint64(1 << 64 - band)
    ones, others = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(own), _CHUNK):
        chunk = own[start : start + _CHUNK]
        for step in range(1, min(_MAX_NEIGHBORS + 1, len(own) - start)):
            neighbors = own[start + step : start + step + _CHUNK]
            different = neighbors ^ chunk[: len(neighbors)]
            # Two hashes have the same leading bits if their XOR is below the limit.
            same_band = np.flatnonzero(different < limit)
            if not len(same_band):
                break
            bits = np.bitwise_count(different[same_band])
            near = bits <= MAX_BITS
            first = same_band[near] + start
            other_bits = np.bitwise_count(other[first] ^ other[first + step])
            first = first[bits[near] + other_bits <= _MAX_BITS_OF_BOTH]
            ones.append(order[first])
            others.append(order[first + step])
    return np.concatenate(ones), np.concatenate(others)
