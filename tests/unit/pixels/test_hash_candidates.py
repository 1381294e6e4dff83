"""Candidates: near hashes are found, far ones and large bands cost little."""

from __future__ import annotations

import numpy as np
import pytest

from mfkit.pixels.hash_candidates import MAX_BITS, candidate_pairs


def random_hashes(count: int, seed: int) -> np.ndarray:
    """Return random 64-bit numbers."""
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def changed(hashes: np.ndarray, bits: int, seed: int) -> np.ndarray:
    """Return hashes with that many different bits."""
    rng = np.random.default_rng(seed)
    masks = [sum(1 << int(bit) for bit in rng.choice(64, bits, replace=False)) for _ in hashes]
    return hashes ^ np.array(masks, np.uint64)


def found(difference: np.ndarray, dct: np.ndarray) -> set[tuple[int, int]]:
    """Return the candidates as pairs."""
    return set(zip(*(part.tolist() for part in candidate_pairs(difference, dct)), strict=True))


@pytest.mark.parametrize(("bits", "share"), [(2, 1.0), (6, 0.99), (10, 0.8)])
def test_near_hashes_are_candidates(bits: int, share: float) -> None:
    """Of 500 copies among 5,000 pictures, nearly all are found, fewer if more bits differ."""
    difference, dct = random_hashes(5_000, 1), random_hashes(5_000, 2)
    difference = np.concatenate((difference, changed(difference[:500], bits, 3)))
    dct = np.concatenate((dct, changed(dct[:500], bits, 4)))
    pairs = found(difference, dct)
    assert sum((place, 5_000 + place) in pairs for place in range(500)) >= 500 * share
    assert len(pairs) < 520


def test_each_pair_is_found_once_in_order() -> None:
    """Pairs are sorted, and their first index is the smaller one."""
    base = random_hashes(50, 5)
    difference, dct = np.tile(base, 3), np.tile(random_hashes(50, 6), 3)
    difference[100:] = changed(base, 3, 7)
    pairs = candidate_pairs(difference, dct)
    listed = list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert listed == sorted(set(listed)) and all(first < second for first, second in listed)
    # Equal hashes are paired with their first picture only.
    assert {(place, 50 + place) for place in range(50)} <= set(listed)
    assert not {(50 + place, 100 + place) for place in range(50)} & set(listed)


def test_the_limit_of_different_bits_is_inclusive() -> None:
    """A candidate differs in at most 12 bits of one hash, and in at most 26 bits of both."""
    for bits, other_bits, expected in (
        (MAX_BITS, 14, {(0, 1)}),
        (MAX_BITS, 15, set()),
        (MAX_BITS + 1, 13, set()),
    ):
        # The low bits differ, so that the first band agrees.
        hashes = (np.array([0, 2**different - 1], np.uint64) for different in (bits, other_bits))
        assert found(*hashes) == expected


def test_the_other_hash_must_not_differ_in_more_than_26_bits() -> None:
    """One equal hash is not enough if the other one is unrelated."""
    same = np.full(2, 7, np.uint64)
    assert found(same, np.array([0, 2**26 - 1], np.uint64)) == {(0, 1)}
    assert found(same, np.array([0, 2**27 - 1], np.uint64)) == set()


def test_few_pictures_have_few_pairs() -> None:
    """No picture and one picture have no pair."""
    assert found(random_hashes(0, 1), random_hashes(0, 1)) == set()
    assert found(random_hashes(1, 1), random_hashes(1, 1)) == set()


def test_equal_hashes_cost_no_pair_for_each_two() -> None:
    """Ten thousand equal pictures have as many pairs, not fifty million."""
    same = np.full(10_000, 99, np.uint64)
    assert len(found(same, same)) == 9_999
