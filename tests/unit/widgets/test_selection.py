"""History of the selection."""

from __future__ import annotations

from mfkit import MediaFilter
from mfkit.widgets import Selection


def test_a_hundred_steps_back_and_forward() -> None:
    """A hundred earlier filters are kept, the last ones, and going back and forward visits each in order."""
    selection = Selection()
    for size in range(1, 121):
        selection.change(min_size=size)
    assert selection.past == 100
    for size in range(119, 19, -1):
        selection.back()
        assert selection.filter == MediaFilter(min_size=size)
    selection.back()
    assert (selection.filter.min_size, selection.past, selection.future) == (20, 0, 100)
    for size in range(21, 121):
        selection.forward()
        assert selection.filter == MediaFilter(min_size=size)
    assert (selection.past, selection.future) == (100, 0)


def test_a_change_after_going_back_ends_the_future() -> None:
    """Filters that were left by going back cannot be returned to after another change."""
    selection = Selection(MediaFilter(min_size=1))
    selection.change(min_size=2)
    selection.back()
    assert (selection.past, selection.future) == (0, 1)
    selection.change(min_size=3)
    assert (selection.past, selection.future) == (1, 0)
    selection.forward()
    assert selection.filter.min_size == 3
    selection.back()
    assert selection.filter.min_size == 1
