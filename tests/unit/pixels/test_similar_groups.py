"""Groups: connected components, the guard against chains, and the best content."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.pixels.hash_candidates import Pairs
from mfkit.pixels.similar_groups import connected_components, group, whole_components


def pairs(*each: tuple[int, int]) -> Pairs:
    """Return pairs as arrays."""
    array = np.array(each, np.int64).reshape(-1, 2)
    return Pairs(array[:, 0], array[:, 1])


def groups_of_points(points: list[float], rank: list[int], limit: float, near: float) -> list[int]:
    """Group numbers that are near each other."""
    array = np.array(points, np.float32)
    each = [
        (first, second)
        for first in range(len(points))
        for second in range(first + 1, len(points))
        if abs(points[first] - points[second]) <= near
    ]
    found = group(np.array(rank), pairs(*each), lambda one, other: abs(array[one] - array[other]), limit)
    return found.best.tolist()


@given(
    st.integers(1, 30).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))
    )
)
def test_components_are_those_of_a_simple_search(graph: tuple[int, list[tuple[int, int]]]) -> None:
    """Each node has the smallest index that it is connected with."""
    count, edges = graph
    expected = list(range(count))
    for _ in range(count):
        for one, other in edges:
            expected[one] = expected[other] = min(expected[one], expected[other])
    assert connected_components(count, pairs(*edges)).tolist() == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [[0, 2], [1, 3, 4], [5]]),
        (2, [[0, 2], [1, 3, 4], [5]]),
        (3, [[0, 2, 1, 3, 4], [5]]),
        (6, [[0, 2, 1, 3, 4, 5]]),
    ],
)
def test_parts_contain_whole_components(size: int, expected: list[list[int]]) -> None:
    """A part ends with the component that reaches the size."""
    label = connected_components(6, pairs((0, 2), (1, 3), (3, 4)))
    assert [part.tolist() for part in whole_components(label, size)] == expected
    assert whole_components(connected_components(0, pairs()), size) == []


def test_the_member_with_the_smallest_rank_is_the_best() -> None:
    """All members of a group name it; a content without a pair has no group."""
    assert groups_of_points([0.0, 0.1, 0.2, 5.0], [2, 0, 1, 3], limit=1, near=0.15) == [1, 1, 1, -1]


def test_a_chain_is_divided() -> None:
    """Ten contents, each near the next, form groups in which all are near the best."""
    best = groups_of_points([place / 10 for place in range(10)], list(range(10)), limit=0.25, near=0.11)
    assert best == [0, 0, 0, 3, 3, 3, 6, 6, 6, -1]


def test_the_limit_is_inclusive() -> None:
    """A member exactly at the limit belongs to the group, one beyond it does not."""
    assert groups_of_points([0.0, 0.5, 1.0], [0, 1, 2], limit=1.0, near=0.5) == [0, 0, 0]
    assert groups_of_points([0.0, 0.5, 1.0], [0, 1, 2], limit=0.75, near=0.5) == [0, 0, -1]


def test_distances_are_those_to_the_best() -> None:
    """The best content has the distance 0, and a content without a group has none."""
    array = np.array([0.0, 0.5, 0.75, 9.0], np.float32)
    found = group(
        np.array([1, 0, 2, 3]), pairs((0, 1), (1, 2)), lambda one, other: abs(array[one] - array[other]), 1
    )
    assert found.distance[:3].tolist() == [0.5, 0.0, 0.25] and np.isnan(found.distance[3])


def test_no_pairs_form_no_group() -> None:
    """Nothing is grouped without a pair, nor without contents."""
    for count in (0, 3):
        found = group(np.arange(count), pairs(), lambda one, other: np.zeros(len(one), np.float32), 1)
        assert found.best.tolist() == [-1] * count
