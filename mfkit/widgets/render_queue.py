"""When a panel draws: in a kernel on a thread of its own, so that a newer wish overtakes an older one.

A callback that drew by itself would make the messages behind it wait: ten moves of a slider would be
ten drawings in a row, of which one is wanted. Here a callback only says that something is wanted; a
query that nobody waits for any more is interrupted, and what is drawn next is the newest state.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable

from IPython.core.getipython import get_ipython

from mfkit.core.event_loop import CancelScope, call_later

_log = logging.getLogger(__name__)

SLOW_SECONDS = 0.2
"""Seconds after which a person is told that something is being drawn."""
_THREADS = 2

_waiting: queue.PriorityQueue[tuple[int, int, Callable[[], None]]] = queue.PriorityQueue()
_numbers = itertools.count()
_starting = threading.Lock()
_threads: list[threading.Thread] = []


def in_kernel() -> bool:
    """Return whether a page may be looking: without a kernel, a script wants its panels drawn at once."""
    return hasattr(get_ipython(), "kernel")


class RenderQueue:
    """The drawings of one panel: one at a time, the newest wish next, those between left out."""

    def __init__(self, work: Callable[[], None], busy: Callable[[bool], None], rank: int = 0) -> None:
        """Take what draws the newest state, and what is told that a drawing takes long, and that it is over.

        ``work`` returns in any case; when it is stopped, having drawn nothing. Of the panels that wait, those
        of the lowest rank are drawn first.
        """
        self._work = work
        self._busy = busy
        self._rank = rank
        self._mutex = threading.Lock()
        self._wished = False
        self._running: CancelScope | None = None

    def wish(self) -> None:
        """Draw soon; what is being drawn is out of date and stops."""
        if not in_kernel():
            self._work()
            return
        with self._mutex:
            self._wished = True
            if self._running is not None:
                self._running.stop()
                return
            self._running = CancelScope()
        _soon(self._rank, self._run)

    def _run(self) -> None:
        slow = SlowNotice(self._busy)
        while True:
            with self._mutex:
                if not self._wished:
                    self._running = None
                    break
                self._wished = False
                self._running = running = CancelScope()
            with running:
                self._work()
        slow.over()


class SlowNotice:
    """Tells that a drawing goes on, once it has for a while.

    Not at once: most are over before anyone could read it, and each word to the page costs it a look at its
    styles.
    """

    def __init__(self, busy: Callable[[bool], None]) -> None:
        self._busy = busy
        self._mutex = threading.Lock()
        self._over = False
        call_later(SLOW_SECONDS, self._say)

    def _say(self) -> None:
        with self._mutex:
            if not self._over:
                self._busy(True)

    def over(self) -> None:
        """Tell that it is over; nothing is told after that."""
        with self._mutex:
            self._over = True
            self._busy(False)


def wait_until_drawn(patience: float) -> bool:
    """Wait until all that was wished for is drawn.

    Args:
        patience: Seconds to wait at most.

    Returns:
        Whether it is.
    """
    with _waiting.all_tasks_done:
        return _waiting.all_tasks_done.wait_for(lambda: not _waiting.unfinished_tasks, patience)


def _soon(rank: int, work: Callable[[], None]) -> None:
    """Do work on a thread, after what has a lower rank or came before."""
    _waiting.put((rank, next(_numbers), work))
    with _starting:
        while len(_threads) < _THREADS:
            thread = threading.Thread(target=_serve, name=f"mfkit-panel-{len(_threads)}", daemon=True)
            _threads.append(thread)
            thread.start()


def _serve() -> None:
    while True:
        _, _, work = _waiting.get()
        try:
            work()
        except Exception:  # the panels that wait behind it are drawn all the same
            _log.exception("A panel could not be drawn")
        finally:
            _waiting.task_done()
