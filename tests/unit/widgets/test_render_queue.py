"""Background drawing in a kernel: the newest state is drawn, and outdated drawings are interrupted."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from mfkit.core.event_loop import CancelScope, call_later, run_sync
from mfkit.widgets import TypesPanel, render_queue
from mfkit.widgets.render_queue import Debounce, RenderQueue
from tests.synthetic import fill


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as in a kernel."""
    monkeypatch.setattr(render_queue, "in_kernel", lambda: True)


def test_a_newer_request_interrupts_and_intermediate_states_are_skipped() -> None:
    """A drawing of a minute is interrupted by a request; of three requests the newest is drawn."""
    state, drawn, busy = [0], [], []
    started, requested, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        drawing = state[0]
        if drawing == 0:
            started.set()
            with pytest.raises(CancelledError):
                run_sync(asyncio.sleep(60))
            return
        assert requested.wait(20)  # otherwise it could be finished between two requests
        drawn.append(drawing)

    def on_busy(now: bool) -> None:
        busy.append(now)
        if not now:
            done.set()

    panel = RenderQueue(work, on_busy)
    panel.request()
    assert started.wait(20)
    for newest in (1, 2, 3):
        state[0] = newest
        panel.request()
    requested.set()
    assert done.wait(20)
    assert drawn[-1] == 3 and len(drawn) <= 3
    assert busy[-1] is False


def test_only_slow_drawings_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast drawing is never reported as running; a slow one is, until it ends."""
    reports: list[bool] = []
    finished, slow = threading.Event(), threading.Event()

    def on_busy(now: bool) -> None:
        reports.append(now)
        (slow if now else finished).set()

    with monkeypatch.context() as patch:
        patch.setattr(render_queue, "SLOW_SECONDS", 60.0)  # longer than the drawing on any machine
        RenderQueue(lambda: None, on_busy).request()
        assert finished.wait(20) and True not in reports
    RenderQueue(lambda: None if slow.wait(20) else pytest.fail("not reported"), on_busy).request()
    until = time.monotonic() + 20
    while reports[-2:] != [True, False] and time.monotonic() < until:
        time.sleep(0.02)
    assert reports[-2:] == [True, False]


def test_lower_priorities_are_drawn_first() -> None:
    """Waiting drawings start in the order of their priority."""
    gates, drawn, done = [threading.Event(), threading.Event()], [], threading.Event()

    def draw(priority: int) -> None:
        drawn.append(priority)
        if len(drawn) == 3:
            done.set()

    for gate in gates:
        RenderQueue(lambda gate=gate: None if gate.wait(20) else None, lambda _: None).request()
    for priority in (2, 1, 0):
        RenderQueue(lambda priority=priority: draw(priority), lambda _: None, priority).request()
    # One of the two threads remains busy, so the other one draws in order.
    gates[0].set()
    assert done.wait(20)
    gates[1].set()
    assert drawn == [0, 1, 2]


def test_requests_in_a_row_run_an_action_once() -> None:
    """Of several requests in a row, only the last runs the action; running at once cancels them all."""
    ran, over = [], threading.Event()
    typing, submitted = (
        Debounce(lambda name=name: ran.append(name), 0.02) for name in ("typed", "submitted")
    )
    for _ in range(3):
        typing.request()
        submitted.request()
    assert typing.waiting and submitted.waiting and ran == []
    submitted.run_now()
    assert ran == ["submitted"] and not submitted.waiting
    call_later(0.1, over.set)
    assert over.wait(20) and render_queue.wait_until_drawn(20)
    assert ran == ["submitted", "typed"] and not typing.waiting


def test_no_call_starts_in_a_stopped_scope() -> None:
    """A drawing with several queries does not start the next one after an interruption."""
    scope = CancelScope()
    scope.stop()
    with scope, pytest.raises(CancelledError):
        run_sync(asyncio.sleep(0))
    run_sync(asyncio.sleep(0))


def test_a_panel_draws_the_newest_selection(tmp_path: Path) -> None:
    """After ten changes in a row the last one is drawn, and the panel is idle."""
    with MediaLibrary(tmp_path / "library.db") as lib:
        fill(lib, 30)
        panel = TypesPanel(lib)
        for size in range(10):
            panel.selection.change(min_size=size + 1)
        panel.selection.change(media_type="image", min_size=None)
        expected = '"name":"selected"'
        until = time.monotonic() + 20
        while time.monotonic() < until and not (
            expected in panel.plot.figure_json and "mfkit-busy" not in panel._dom_classes
        ):
            time.sleep(0.02)
        assert expected in panel.plot.figure_json
        assert "mfkit-busy" not in panel._dom_classes


def test_an_error_does_not_stop_other_drawings(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected error is logged, and the threads continue."""
    done = threading.Event()
    for _ in range(4):
        RenderQueue(lambda: 1 / 0, lambda _: None).request()  # type: ignore[arg-type, return-value]
    RenderQueue(done.set, lambda _: None).request()
    assert done.wait(20) and render_queue.wait_until_drawn(20)
    assert caplog.messages == ["A panel could not be drawn"] * 4


def test_wait_until_drawn() -> None:
    """It waits for all drawings, also those requested meanwhile, but not longer than the timeout."""
    gate, drawn = threading.Event(), []
    second = RenderQueue(lambda: drawn.append(2), lambda _: None)
    RenderQueue(lambda: (gate.wait(20), second.request(), drawn.append(1)) and None, lambda _: None).request()
    assert not render_queue.wait_until_drawn(0.1)
    gate.set()
    assert render_queue.wait_until_drawn(20) and sorted(drawn) == [1, 2]
