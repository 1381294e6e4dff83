"""Event loop on a dedicated thread, which runs all async work of the sync API.

A SQLAlchemy engine and its connection pool can be used only on the event loop that used them first. Therefore
mfkit has one permanent loop, which serves scripts, notebook cells, widget callbacks on any thread, and code
that runs in another event loop. docs/decisions/0002-one-loop-one-thread.md compares it with nested loops.
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

# The lock is reentrant, because garbage collection may close an unused library while this thread holds it.
_lock = threading.RLock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_cleanups: set[Future[None]] = set()
_thread_state = threading.local()


def _running_loop() -> asyncio.AbstractEventLoop:
    """Return mfkit's event loop. Its thread starts in the first call, and again in a forked process."""
    global _loop, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive():
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name="mfkit", daemon=True)
            thread.start()
            _loop, _thread = loop, thread
        return _loop


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine on mfkit's event loop and return without waiting for it.

    Args:
        work: The coroutine.

    Returns:
        A future that any thread can wait for. Cancelling the future cancels the coroutine.
    """
    return asyncio.run_coroutine_threadsafe(work, _running_loop())


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on mfkit's event loop and wait for its result.

    Ctrl-C cancels the coroutine, waits until the coroutine has released its resources (a running query is
    interrupted, a transaction is rolled back), and then raises ``KeyboardInterrupt``.

    Args:
        work: The coroutine.

    Returns:
        The coroutine's result.

    Raises:
        NestedCallError: The caller runs on mfkit's own thread, so the call would wait for itself.
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
            # The wait has a timeout, because on Windows Ctrl-C cannot interrupt a wait without a timeout.
            while not wait([future], timeout=0.5).done:
                pass
    except BaseException:
        cancel()
        wait([future], timeout=_PATIENCE)
        raise
    return future.result()


class CancelScope(CancelToken):
    """Context manager that lets another thread cancel the sync calls inside its ``with`` block.

    Example:
        >>> with scope:                        # on the thread that works  # doctest: +SKIP
        ...     lib.summary("camera")          # raises CancelledError ...
        >>> scope.stop()                       # ... when another thread calls this  # doctest: +SKIP
    """

    def __enter__(self) -> Self:
        """Let other threads cancel this thread's sync calls until the ``with`` block ends."""
        _thread_state.scope = self
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the ``with`` block. :meth:`stop` no longer affects the sync calls of this thread."""
        _thread_state.scope = None

    def check(self, cause: BaseException | None = None) -> None:
        """Raise an error if :meth:`stop` was called.

        Raises:
            CancelledError: :meth:`stop` was called.
        """
        if self.stopped.is_set():
            raise CancelledError from cause


async def run_on_library_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on mfkit's event loop and await its result on the caller's event loop.

    Cancelling this call cancels the coroutine and waits until the coroutine has released its resources.
    """
    started, cancel = _start(work)
    future = asyncio.wrap_future(started)
    await wait_or_interrupt(future, cancel, patience=_PATIENCE)
    return future.result()


def call_later(seconds: float, act: Callable[[], None]) -> None:
    """Call a short function on mfkit's event loop thread after a delay. No timer thread is started."""
    loop = _running_loop()
    loop.call_soon_threadsafe(loop.call_later, seconds, act)


def start_cleanup(work: Coroutine[Any, Any, None]) -> None:
    """Start a clean-up coroutine on mfkit's event loop without waiting, so that finalizers do not block."""
    future = submit(work)
    _cleanups.add(future)
    future.add_done_callback(_cleanups.discard)


def wait_for_cleanups() -> None:
    """Wait up to five seconds for all clean-up coroutines. This function is called when the process exits."""
    wait(list(_cleanups), timeout=5)


def _start(work: Coroutine[Any, Any, T]) -> tuple[Future[T], Callable[[], None]]:
    """Start a coroutine, and return its future and a function that cancels the coroutine.

    Cancelling the future directly would end the wait before the coroutine has released its resources.
    """
    loop = _running_loop()
    tasks: list[asyncio.Task[T]] = []
    cancelled = threading.Event()

    async def run() -> T:
        tasks.append(asyncio.ensure_future(work))
        if cancelled.is_set():  # If cancel() was called before the task existed, the task is cancelled now.
            tasks[0].cancel()
        await asyncio.wait(tasks)
        return tasks[0].result()

    def cancel() -> None:
        if not cancelled.is_set():
            cancelled.set()
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

    return submit(run()), cancel


def allow_nested_loops() -> None:
    """Allow ``asyncio.run(...)`` while an event loop is already running, for example in a notebook.

    mfkit itself does not need this function, because its sync methods work everywhere. Call it before you run
    a pasted script that uses ``asyncio.run``. The function patches asyncio for the whole process.
    """
    import nest_asyncio2

    nest_asyncio2.apply()
