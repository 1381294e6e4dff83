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

MAX_BITS = 12
"""Maximum number of different bits in one of a picture's two hashes."""
_MAX_OTHER_BITS = 26
"""Maximum number of different bits in a picture's other hash, which rules out clearly different pictures."""
_ROTATION = 4
_MAX_NEIGHBORS = 64
"""Maximum number of neighbours that each hash is compared with, which limits the time for large bands."""
_MIN_BAND, _MAX_BAND = 8, 16
"""Minimum and maximum number of leading bits that must be equal. More hashes need longer bands."""
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
    for own, other in ((difference[kept], dct[kept]), (dct[kept], difference[kept])):
        for rotation in range(0, 64, _ROTATION):
            ones, others = _neighbors(own, other, rotation, band)
            low, high = kept[np.minimum(ones, others)], kept[np.maximum(ones, others)]
            found.append(low * total + high)
            if sum(map(len, found)) > _UNIQUE_ABOVE:
                found = [np.unique(np.concatenate(found))]
    pairs = np.unique(np.concatenate(found))
    return Pairs(*np.divmod(pairs, max(total, 1)))


def _neighbors(
    own: Hashes, other: Hashes, rotation: int, band: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rotate the hashes, and return the pairs that differ in few bits, but not in the leading bits.

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
    for step in range(1, min(_MAX_NEIGHBORS + 1, len(own))):
        different = own[step:] ^ own[:-step]
        # Two hashes have the same leading bits if their XOR is below the limit.
        same_band = np.flatnonzero(different < limit)
        if not len(same_band):
            break
        near = same_band[np.bitwise_count(different[same_band]) <= MAX_BITS]
        near = near[np.bitwise_count(other[near] ^ other[near + step]) <= _MAX_OTHER_BITS]
        ones.append(order[near])
        others.append(order[near + step])
    return np.concatenate(ones), np.concatenate(others)
