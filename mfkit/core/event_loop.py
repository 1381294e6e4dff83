"""One event loop on one thread of its own: how blocking code runs mfkit's async work.

An engine and its pool belong to the loop that first used them. A loop that never changes and is
nobody else's serves scripts, notebook cells, widget callbacks on any thread, and code inside another
event loop alike; docs/decisions/0002-one-loop-one-thread.md has the comparison with nested loops.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, wait
from typing import Any, Self, TypeVar

from mfkit.errors import NestedCallError

T = TypeVar("T")

# Reentrant: garbage collection may close a forgotten library in the middle of a call.
_lock = threading.RLock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_cleaning: set[Future[None]] = set()
_thread_state = threading.local()


def _running_loop() -> asyncio.AbstractEventLoop:
    """Return the loop; start its thread on the first call, and again in a forked child."""
    global _loop, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive():
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name="mfkit", daemon=True)
            thread.start()
            _loop, _thread = loop, thread
        return _loop


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine on mfkit's loop and return at once.

    Args:
        work: The coroutine.

    Returns:
        A future that any thread can wait for; to cancel it cancels the coroutine.
    """
    return asyncio.run_coroutine_threadsafe(work, _running_loop())


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on mfkit's loop and wait for its result.

    Ctrl-C cancels the coroutine, waits until it has let go of what it held (a running query is
    interrupted, a transaction rolled back), and then raises ``KeyboardInterrupt`` as ever.

    Args:
        work: The coroutine.

    Returns:
        What the coroutine returns.

    Raises:
        NestedCallError: Called on mfkit's own thread, where it would wait for itself.
        CancelledError: Another thread stopped the :class:`Overtaking` in which it was called.
    """
    if threading.current_thread() is _thread:
        work.close()
        raise NestedCallError(
            "A blocking call cannot be made from inside mfkit's own async code; "
            "await the same method on .aio."
        )
    loop = _running_loop()
    tasks: list[asyncio.Task[T]] = []
    overtaking: CancelScope | None = getattr(_thread_state, "overtaking", None)
    if overtaking is not None and not overtaking.begin(tasks):
        work.close()
        raise CancelledError
    future = submit(_run_task(work, tasks, overtaking))
    try:
        # In turns, since a wait without an end cannot be interrupted on Windows.
        while not wait([future], timeout=0.5).done:
            pass
    except BaseException:
        # Not future.cancel(): that would end this wait before the coroutine has cleaned up.
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        wait([future], timeout=10)
        raise
    return future.result()


class CancelScope:
    """The blocking calls of one thread, which another thread may end when it wants something newer.

    Attributes:
        stopped: Whether another thread wants something newer.

    Example:
        >>> with overtaking:                   # on the thread that works  # doctest: +SKIP
        ...     lib.summary("camera")          # raises CancelledError ...
        >>> overtaking.stop()                  # ... when another thread says so  # doctest: +SKIP
    """

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._tasks: list[asyncio.Task[Any]] = []
        self.stopped = False
        self._mutex = threading.Lock()

    def __enter__(self) -> Self:
        """Take the calls that this thread makes from here on."""
        _thread_state.overtaking = self
        return self

    def __exit__(self, *_: object) -> None:
        """Take no further calls."""
        _thread_state.overtaking = None

    def begin(self, tasks: list[asyncio.Task[Any]]) -> bool:
        """Remember the call that begins; False when it should not."""
        with self._mutex:
            self._tasks = tasks
            return not self.stopped

    def stop(self) -> None:
        """End the call that runs, and refuse further ones."""
        with self._mutex:
            self.stopped = True
            tasks = self._tasks
        _running_loop().call_soon_threadsafe(lambda: [task.cancel() for task in tasks])


async def run_on_library_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on mfkit's loop and await its result on the caller's.

    To cancel this cancels the coroutine, and waits until it has let go of what it held.
    """
    loop = _running_loop()
    tasks: list[asyncio.Task[T]] = []
    future = asyncio.wrap_future(submit(_run_task(work, tasks)))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if not future.done():
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            await asyncio.wait([future], timeout=10)
        raise


def call_later(seconds: float, act: Callable[[], None]) -> None:
    """Do something short on mfkit's thread after a while; a timer would be a thread each time."""
    loop = _running_loop()
    loop.call_soon_threadsafe(loop.call_later, seconds, act)


def start_cleanup(work: Coroutine[Any, Any, None]) -> None:
    """Start a clean-up on mfkit's loop, without a wait: garbage is collected in the middle of anything."""
    future = submit(work)
    _cleaning.add(future)
    future.add_done_callback(_cleaning.discard)


def wait_for_cleanups() -> None:
    """Wait a little for the clean-ups, at the end of the process."""
    wait(list(_cleaning), timeout=5)


async def _run_task(
    work: Coroutine[Any, Any, T], tasks: list[asyncio.Task[T]], overtaking: CancelScope | None = None
) -> T:
    tasks.append(asyncio.ensure_future(work))
    if overtaking is not None and overtaking.stopped:  # since it began, when there was no task to end yet
        tasks[0].cancel()
    await asyncio.wait(tasks)
    return tasks[0].result()


def allow_nested_loops() -> None:
    """Let ``asyncio.run(...)`` work where a loop already runs, as in a notebook.

    mfkit itself does not need it: its blocking methods work everywhere. Call it when a script pasted
    into a cell brings its own ``asyncio.run``. It patches asyncio for the whole process.
    """
    import nest_asyncio2

    nest_asyncio2.apply()
