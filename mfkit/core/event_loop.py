"""The event loop that runs all async work of the sync API, on one thread of its own.

An SQLAlchemy engine and its pool belong to the event loop that first used them. One loop that never changes
serves scripts, notebook cells, widget callbacks on any thread, and code inside another event loop.
docs/decisions/0002-one-loop-one-thread.md compares it with nested loops.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, wait
from typing import Any, Self, TypeVar

from mfkit.core.interrupt import CancelToken, wait_or_interrupt
from mfkit.errors import NestedCallError

T = TypeVar("T")
_PATIENCE = 10.0
"""Maximum number of seconds to wait for a cancelled coroutine."""

# Reentrant, because garbage collection may close a forgotten library in the middle of a call.
_lock = threading.RLock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_cleanups: set[Future[None]] = set()
_thread_state = threading.local()


def _running_loop() -> asyncio.AbstractEventLoop:
    """Return the loop. Start its thread on the first call, and again in a forked child."""
    global _loop, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive():
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name="mfkit", daemon=True)
            thread.start()
            _loop, _thread = loop, thread
        return _loop


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine on mfkit's event loop and return at once.

    Args:
        work: The coroutine.

    Returns:
        A future that any thread can wait for. Cancelling it cancels the coroutine.
    """
    return asyncio.run_coroutine_threadsafe(work, _running_loop())


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on mfkit's event loop and wait for its result.

    Ctrl-C cancels the coroutine, waits until it has released its resources (a running query is interrupted, a
    transaction rolled back), and then raises ``KeyboardInterrupt``.

    Args:
        work: The coroutine.

    Returns:
        The coroutine's result.

    Raises:
        NestedCallError: The call was made on mfkit's own thread, where it would wait for itself.
        CancelledError: Another thread stopped the :class:`CancelScope` around the call.
    """
    if threading.current_thread() is _thread:
        work.close()
        raise NestedCallError(
            "The sync API cannot be called on mfkit's event loop. Await the same method of .aio instead."
        )
    scope: CancelScope = getattr(_thread_state, "scope", None) or CancelScope()
    try:
        scope.check()
    except CancelledError:
        work.close()
        raise
    future, cancel = _start(work)
    try:
        with scope.running(cancel):
            # A wait without a time limit cannot be interrupted on Windows.
            while not wait([future], timeout=0.5).done:
                pass
    except BaseException:
        cancel()
        wait([future], timeout=_PATIENCE)
        raise
    return future.result()


class CancelScope(CancelToken):
    """A block of sync calls on one thread, which another thread can cancel.

    Example:
        >>> with scope:                        # on the thread that works  # doctest: +SKIP
        ...     lib.summary("camera")          # raises CancelledError ...
        >>> scope.stop()                       # ... when another thread calls this  # doctest: +SKIP
    """

    def __enter__(self) -> Self:
        """Include the calls that this thread makes from here on."""
        _thread_state.scope = self
        return self

    def __exit__(self, *_: object) -> None:
        """Include no further calls."""
        _thread_state.scope = None

    def check(self, cause: BaseException | None = None) -> None:
        """Raise an error if another thread stopped the scope.

        Raises:
            CancelledError: Another thread stopped it.
        """
        if self.stopped.is_set():
            raise CancelledError from cause


async def run_on_library_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on mfkit's event loop and await its result on the caller's loop.

    Cancelling this call cancels the coroutine and waits until it has released its resources.
    """
    started, cancel = _start(work)
    future = asyncio.wrap_future(started)
    await wait_or_interrupt(future, cancel, patience=_PATIENCE)
    return future.result()


def call_later(seconds: float, act: Callable[[], None]) -> None:
    """Call a short function on mfkit's thread after a delay. A timer would start a thread each time."""
    loop = _running_loop()
    loop.call_soon_threadsafe(loop.call_later, seconds, act)


def start_cleanup(work: Coroutine[Any, Any, None]) -> None:
    """Start a clean-up on mfkit's event loop without waiting for it, as garbage collection requires."""
    future = submit(work)
    _cleanups.add(future)
    future.add_done_callback(_cleanups.discard)


def wait_for_cleanups() -> None:
    """Wait up to five seconds for the clean-ups, at the end of the process."""
    wait(list(_cleanups), timeout=5)


def _start(work: Coroutine[Any, Any, T]) -> tuple[Future[T], Callable[[], None]]:
    """Start a coroutine; return its future, and a function that cancels the coroutine once.

    Cancelling the future instead would end the wait for it before the coroutine has cleaned up.
    """
    loop = _running_loop()
    tasks: list[asyncio.Task[T]] = []
    cancelled = threading.Event()

    async def run() -> T:
        tasks.append(asyncio.ensure_future(work))
        if cancelled.is_set():  # before the task existed
            tasks[0].cancel()
        await asyncio.wait(tasks)
        return tasks[0].result()

    def cancel() -> None:
        if not cancelled.is_set():
            cancelled.set()
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

    return submit(run()), cancel


def allow_nested_loops() -> None:
    """Let ``asyncio.run(...)`` work where an event loop already runs, as in a notebook.

    mfkit itself does not need it, because its sync methods work everywhere. Call it for a pasted script that
    uses ``asyncio.run``. It patches asyncio for the whole process.
    """
    import nest_asyncio2

    nest_asyncio2.apply()
