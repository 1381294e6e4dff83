"""Drawings in a kernel: the newest wish is drawn, what is out of date is interrupted, nothing queues up."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.core.event_loop import CancelScope, run_sync
from mfkit.widgets import TypesPanel, render_queue
from mfkit.widgets.render_queue import RenderQueue
from tests.synthetic import fill


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if in a kernel."""
    monkeypatch.setattr(render_queue, "in_kernel", lambda: True)


def test_a_newer_wish_interrupts_and_those_between_are_left_out() -> None:
    """A drawing that takes a minute ends when something else is wanted; the newest of three is drawn."""
    wanted, drawn, busy = 0, [], []
    started, wished, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        drawing = wanted
        if drawing == 0:
            started.set()
            with pytest.raises(CancelledError):
                run_sync(asyncio.sleep(60))
            return
        assert wished.wait(20)  # else the panel could be done between two wishes
        drawn.append(drawing)

    def tell(now: bool) -> None:
        busy.append(now)
        if not now:
            done.set()

    panel = RenderQueue(work, tell)
    panel.wish()
    assert started.wait(20)
    for _ in range(3):
        panel.wish()
    wished.set()
    assert done.wait(20)
    assert drawn[-1] == 3 and len(drawn) <= 3
    assert busy[-1] is False


def test_only_what_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a drawing that is over at once nobody hears that it began; of one that lasts, while it does."""
    told: list[bool] = []
    over, lasted = threading.Event(), threading.Event()

    def tell(now: bool) -> None:
        told.append(now)
        (lasted if now else over).set()

    with monkeypatch.context() as patch:
        patch.setattr(render_queue, "SLOW_SECONDS", 60.0)  # at once, however busy the machine is
        RenderQueue(lambda: None, tell).wish()
        assert over.wait(20) and True not in told
    RenderQueue(lambda: None if lasted.wait(20) else pytest.fail("nothing was told"), tell).wish()
    until = time.monotonic() + 20
    while told[-2:] != [True, False] and time.monotonic() < until:
        time.sleep(0.02)
    assert told[-2:] == [True, False]


def test_the_lowest_rank_is_drawn_first() -> None:
    """What waits is taken up in the order of its rank."""
    gates, drawn, done = [threading.Event(), threading.Event()], [], threading.Event()

    def draw(rank: int) -> None:
        drawn.append(rank)
        if len(drawn) == 3:
            done.set()

    for gate in gates:
        RenderQueue(lambda gate=gate: None if gate.wait(20) else None, lambda _: None).wish()
    for rank in (2, 1, 0):
        RenderQueue(lambda rank=rank: draw(rank), lambda _: None, rank).wish()
    # One of the two threads stays at work: what the other takes up first is then done first.
    gates[0].set()
    assert done.wait(20)
    gates[1].set()
    assert drawn == [0, 1, 2]


def test_a_call_is_refused_once_it_is_overtaken() -> None:
    """Work that asks several questions does not ask the next one."""
    overtaking = CancelScope()
    overtaking.stop()
    with overtaking, pytest.raises(CancelledError):
        run_sync(asyncio.sleep(0))
    run_sync(asyncio.sleep(0))


def test_a_panel_draws_the_newest_selection(tmp_path: Path) -> None:
    """Ten changes in a row end with the last one drawn, and the panel is idle then."""
    with MediaLibrary(tmp_path / "library.db") as lib:
        fill(lib, 30)
        panel = TypesPanel(lib)
        for size in range(10):
            panel.selection.change(min_size=size + 1)
        panel.selection.change(media_type="image", min_size=None)
        wanted = f'"text":["{lib.count(media_type="image")}"]'
        until = time.monotonic() + 20
        while time.monotonic() < until and not (
            wanted in panel.plot._figure and "mfkit-busy" not in panel._dom_classes
        ):
            time.sleep(0.02)
        assert wanted in panel.plot._figure
        assert panel._drawn == (MediaFilter(media_type="image"), panel.options())
        assert "mfkit-busy" not in panel._dom_classes


def test_one_that_breaks_keeps_no_other_from_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    """What a drawing did not foresee is told in the log, and the threads go on."""
    done = threading.Event()
    for _ in range(4):
        RenderQueue(lambda: 1 / 0, lambda _: None).wish()  # type: ignore[arg-type, return-value]
    RenderQueue(done.set, lambda _: None).wish()
    assert done.wait(20) and render_queue.wait_until_drawn(20)
    assert caplog.messages == ["A panel could not be drawn"] * 4


def test_at_rest() -> None:
    """It is waited until all is drawn, what is wished for meanwhile too, but no longer than asked."""
    gate, drawn = threading.Event(), []
    second = RenderQueue(lambda: drawn.append(2), lambda _: None)
    RenderQueue(lambda: (gate.wait(20), second.wish(), drawn.append(1)) and None, lambda _: None).wish()
    assert not render_queue.wait_until_drawn(0.1)
    gate.set()
    assert render_queue.wait_until_drawn(20) and sorted(drawn) == [1, 2]
