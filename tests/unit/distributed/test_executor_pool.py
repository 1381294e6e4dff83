"""How many tasks are under way follows how many run at once."""

from __future__ import annotations

import asyncio

import pytest

from mfkit.distributed.executor_pool import ConcurrencyLimit


def run_on(places: int, room: ConcurrencyLimit, tasks: int, worked: float) -> None:
    """Let a cluster do some tasks, each of which finds the room as full as it may be."""
    for _ in range(tasks):
        away = max(1.0, room.size / places) * worked  # those that run, and what waits before it
        room.adjust(away, worked)


@pytest.mark.parametrize("places", [1, 2, 100])
def test_limit_settles_at_a_few_tasks_per_worker(places):
    """On one core and on a hundred: enough that none is idle, not many more."""
    room = ConcurrencyLimit(512)
    run_on(places, room, 2000, worked=2.0)
    assert 2 * places <= room.size <= 4 * places


def test_limit_shrinks_with_the_cluster():
    """When machines go, fewer tasks are kept waiting for the others."""
    room = ConcurrencyLimit(512)
    run_on(100, room, 2000, worked=2.0)
    run_on(10, room, 2000, worked=2.0)
    assert 20 <= room.size <= 50


def test_limit_grows_for_short_tasks_with_slow_transport():
    """Tasks that take longer on the road than at work are no reason to send fewer."""
    room = ConcurrencyLimit(512)
    for _ in range(100):
        room.adjust(0.2, 0.02)
    assert room.size > 100


def test_limit_never_exceeds_its_maximum():
    """However idle the cluster is, and from the start."""
    room = ConcurrencyLimit(3)
    assert room.size == 3
    run_on(100, room, 10, worked=1.0)
    assert room.size == 3


async def test_a_task_waits_while_the_limit_is_reached():
    """A further task is let in when one leaves."""
    room = ConcurrencyLimit(1)
    await room.enter()
    second = asyncio.create_task(room.enter())
    await asyncio.sleep(0)
    assert not second.done()
    room.leave()
    await asyncio.wait_for(second, 5)
