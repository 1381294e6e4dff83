"""When a panel draws: in a kernel on a thread of its own, so that a newer wish overtakes an older one.

A callback that drew by itself would make the messages behind it wait: ten moves of a slider would be
ten drawings in a row, of which one is wanted. Here a callback only says that something is wanted; a
query that nobody waits for any more is interrupted, and what is drawn next is the newest state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from IPython.core.getipython import get_ipython

from mfkit.core.sync import Overtaking

_pool = ThreadPoolExecutor(2, thread_name_prefix="mfkit-panel")


def in_kernel() -> bool:
    """Return whether a page may be looking: without a kernel, a script wants its panels drawn at once."""
    return hasattr(get_ipython(), "kernel")


class Turns:
    """The drawings of one panel: one at a time, the newest wish next, those between left out."""

    def __init__(self, work: Callable[[], None], busy: Callable[[bool], None]) -> None:
        """Take what draws the newest state, and what is told that a drawing begins and ends.

        ``work`` returns in any case; when it is stopped, having drawn nothing.
        """
        self._work = work
        self._busy = busy
        self._mutex = threading.Lock()
        self._wished = False
        self._running: Overtaking | None = None

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
            self._running = Overtaking()
        _pool.submit(self._run)

    def _run(self) -> None:
        self._busy(True)
        while True:
            with self._mutex:
                if not self._wished:
                    self._running = None
                    break
                self._wished = False
                self._running = running = Overtaking()
            with running:
                self._work()
        self._busy(False)
