"""Drawing of panels in background threads. A new request for a panel interrupts its current drawing.

If callbacks drew panels directly, messages from the browser would wait, and ten moves of a slider would cause
ten drawings in a row. Here a callback only requests a drawing. An outdated query is interrupted, and the next
drawing shows the current selection.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from IPython.core.getipython import get_ipython

from mfkit.core.event_loop import CancelScope, call_later, submit

T = TypeVar("T")
_log = logging.getLogger(__name__)

SLOW_SECONDS = 0.2
"""Seconds after which a panel shows that its drawing is in progress."""
_THREADS = 2

_jobs: queue.PriorityQueue[tuple[int, int, Callable[[], None]]] = queue.PriorityQueue()
_job_numbers = itertools.count()
_start_lock = threading.Lock()
_threads: list[threading.Thread] = []


def in_kernel() -> bool:
    """Return whether the code runs in a Jupyter kernel. Outside of a kernel, panels are drawn immediately."""
    return hasattr(get_ipython(), "kernel")


class RenderQueue:
    """Queue of drawing requests for one panel. All requests during a drawing lead to one further drawing."""

    def __init__(self, draw: Callable[[], None], on_busy: Callable[[bool], None], priority: int = 0) -> None:
        """Create an empty queue.

        Args:
            draw: Draws the panel for the current selection. It must not raise an error, and returns without
                drawing when it is interrupted.
            on_busy: Called with True if a drawing takes long, and with False at its end.
            priority: Panels with a lower number are drawn first.
        """
        self._draw = draw
        self._on_busy = on_busy
        self._priority = priority
        self._mutex = threading.Lock()
        self._requested = False
        self._running: CancelScope | None = None

    def request(self) -> None:
        """Request a new drawing, and interrupt the current drawing, which is now outdated."""
        if not in_kernel():
            self._draw()
            return
        with self._mutex:
            self._requested = True
            if self._running is not None:
                self._running.stop()
                return
            self._running = CancelScope()
        _enqueue(self._priority, self._run)

    def _run(self) -> None:
        notice = SlowNotice(self._on_busy)
        while True:
            with self._mutex:
                if not self._requested:
                    self._running = None
                    break
                self._requested = False
                self._running = running = CancelScope()
            with running:
                self._draw()
        notice.finish()


class SlowNotice:
    """Progress notice, shown only if a drawing or an action takes longer than :data:`SLOW_SECONDS`.

    Most drawings finish before anyone could read a notice, and showing a notice makes the browser compute the
    page's styles again.
    """

    def __init__(self, on_busy: Callable[[bool], None]) -> None:
        """Start the timer that shows the progress notice after :data:`SLOW_SECONDS`."""
        self._on_busy = on_busy
        self._mutex = threading.Lock()
        self._finished = False
        call_later(SLOW_SECONDS, self._notify)

    def _notify(self) -> None:
        with self._mutex:
            if not self._finished:
                self._on_busy(True)

    def finish(self) -> None:
        """Remove the progress notice, or cancel it if it is not shown yet."""
        with self._mutex:
            self._finished = True
            self._on_busy(False)


class Debounce:
    """Delay of an action until there has been no further request for some seconds.

    Outside of a Jupyter kernel, each request runs the action immediately.
    """

    def __init__(self, action: Callable[[], None], seconds: float) -> None:
        """Create a debounce that runs the action after ``seconds`` without a further request."""
        self._action = action
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._number = 0
        self._waiting = False

    @property
    def waiting(self) -> bool:
        """Whether a request is waiting for the action to run."""
        return self._waiting

    def request(self) -> None:
        """Run the action after a pause. Each further request starts the pause again."""
        if not in_kernel():
            self._action()
            return
        with self._mutex:
            self._number += 1
            self._waiting = True
            number = self._number
        call_later(self._seconds, lambda: _enqueue(-1, lambda: self._run(number)))

    def run_now(self) -> None:
        """Run the action immediately, and cancel a run that was requested before."""
        with self._mutex:
            self._number += 1
            self._waiting = False
        self._action()

    def _run(self, number: int) -> None:
        with self._mutex:
            if number != self._number:
                return
            self._waiting = False
        self._action()


def in_background(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine on mfkit's event loop, and log an unexpected error, because nobody waits for it.

    Args:
        work: The coroutine.

    Returns:
        A future that tests can wait for. Cancelling the future cancels the coroutine.
    """
    future = submit(work)
    future.add_done_callback(_log_error)
    return future


def _log_error(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.error("A panel could not load its content", exc_info=error)


def wait_until_drawn(timeout: float) -> bool:
    """Wait until all requested drawings are finished.

    Args:
        timeout: Maximum number of seconds to wait.

    Returns:
        Whether all drawings finished in time.
    """
    with _jobs.all_tasks_done:
        return _jobs.all_tasks_done.wait_for(lambda: not _jobs.unfinished_tasks, timeout)


def _enqueue(priority: int, job: Callable[[], None]) -> None:
    """Run a job in a background thread. Jobs with a lower priority number run first."""
    _jobs.put((priority, next(_job_numbers), job))
    with _start_lock:
        while len(_threads) < _THREADS:
            thread = threading.Thread(target=_run_jobs, name=f"mfkit-panel-{len(_threads)}", daemon=True)
            _threads.append(thread)
            thread.start()


def _run_jobs() -> None:
    while True:
        _, _, job = _jobs.get()
        try:
            job()
        except Exception:  # A panel that fails must not stop the thread that draws the other panels.
            _log.exception("A panel could not be drawn")
        finally:
            _jobs.task_done()
