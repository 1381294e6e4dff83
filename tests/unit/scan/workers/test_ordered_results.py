"""Results put back into order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.workers.worker_pool import OrderedResults


@given(st.permutations(range(40)))
def test_any_order_is_mended(numbers: list[int]) -> None:
    """Each comes once, in order, and as soon as those before it are there."""
    order = OrderedResults[int](most=100, patience=60.0)
    seen: list[int] = []
    for place, number in enumerate(numbers):
        order.put(number, number)
        seen += order.ready()
        came = set(numbers[: place + 1])
        assert len(seen) == next(one for one in range(41) if one not in came)
    assert seen + order.rest() == list(range(40))


def test_what_takes_long_is_not_waited_for() -> None:
    """After a while the others go on; the late one follows at once when it comes."""
    now = 0.0
    order = OrderedResults[str](most=100, patience=5.0, clock=lambda: now)
    order.put(1, "second")
    assert order.ready() == []
    now = 4.0
    order.put(2, "third")
    assert order.ready() == []
    now = 5.5
    assert order.ready() == ["second", "third"]
    order.put(3, "fourth")
    assert order.ready() == ["fourth"]
    order.put(0, "first")
    assert order.ready() == ["first"] and order.rest() == []


def test_so_many_are_held_and_no_more() -> None:
    """Beyond the bound the first of them go on."""
    order = OrderedResults[int](most=3, patience=60.0)
    for number in (4, 5, 6):
        order.put(number, number)
    assert order.ready() == []
    order.put(7, 7)
    assert order.ready() == [4, 5, 6, 7]
    order.put(9, 9)
    assert order.ready() == [] and order.rest() == [9]
