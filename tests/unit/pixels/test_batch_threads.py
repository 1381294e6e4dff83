"""Threads for batches: results are in order, and few of them wait to be read."""

from __future__ import annotations

import pytest

from mfkit.pixels.batch_threads import map_in_threads


def test_results_are_in_the_order_of_the_batches() -> None:
    """Each batch has its result, also if there are many more batches than threads, or none."""
    assert list(map_in_threads(lambda number: number**2, range(100))) == [number**2 for number in range(100)]
    assert list(map_in_threads(abs, [])) == []


def test_batches_are_computed_when_they_are_needed() -> None:
    """After the first result is read, at most five of a thousand batches were started."""
    started: list[int] = []
    next(map_in_threads(started.append, range(1000)))
    assert 1 <= len(started) <= 5


def test_an_error_is_raised() -> None:
    """An error in a thread reaches the caller."""
    with pytest.raises(ZeroDivisionError):
        list(map_in_threads(lambda number: 1 // number, [1, 0, 1]))
