"""Order of the results of several workers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.workers.worker_pool import OrderedResults


@given(st.permutations(range(40)))
def test_results_are_put_back_into_order(numbers: list[int]) -> None:
    """Each result is returned once, in order, as soon as all earlier results have arrived."""
    ordered = OrderedResults[int](max_held=100, max_seconds=60.0)
    returned: list[int] = []
    for count, number in enumerate(numbers, start=1):
        ordered.put(number, number)
        returned += ordered.ready()
        arrived = set(numbers[:count])
        assert len(returned) == next(missing for missing in range(41) if missing not in arrived)
    assert returned + ordered.rest() == list(range(40))


def test_results_do_not_wait_longer_than_the_time_limit() -> None:
    """After the limit, later results are returned; the late one is returned as soon as it arrives."""
    now = 0.0
    ordered = OrderedResults[str](max_held=100, max_seconds=5.0, clock=lambda: now)
    ordered.put(1, "second")
    assert ordered.ready() == []
    now = 4.0
    ordered.put(2, "third")
    assert ordered.ready() == []
    now = 5.5
    assert ordered.ready() == ["second", "third"]
    ordered.put(3, "fourth")
    assert ordered.ready() == ["fourth"]
    ordered.put(0, "first")
    assert ordered.ready() == ["first"] and ordered.rest() == []


def test_the_number_of_held_results_is_limited() -> None:
    """Above the limit, the earliest held results are returned."""
    ordered = OrderedResults[int](max_held=3, max_seconds=60.0)
    for number in (4, 5, 6):
        ordered.put(number, number)
    assert ordered.ready() == []
    ordered.put(7, 7)
    assert ordered.ready() == [4, 5, 6, 7]
    ordered.put(9, 9)
    assert ordered.ready() == [] and ordered.rest() == [9]
