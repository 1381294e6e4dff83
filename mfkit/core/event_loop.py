"""Event loop on a dedicated thread, threads for queries, and the cancellation of work on both.

A SQLAlchemy engine and its connection pool can be used only on the event loop that used them first. Therefore
mfkit has one permanent loop, which serves scripts, notebook cells, widget callbacks on any thread, and code
that runs in another event loop. docs/decisions/0002-one-loop-one-thread.md compares it with nested loops.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, Self, TypeVar

from mfkit.core.warn_caller import recorded_caller
from mfkit.errors import NestedCallError, QueryError

T = TypeVar("T")
_INTERVAL = 0.05
"""Seconds between two attempts to interrupt work that has not ended yet."""
_THREADS = 4
_QUERY_PATIENCE = 0.5
"""Seconds to wait for a cancelled query before it is left to end in the background."""
_MAX_ABANDONED = 4


class CancelToken:
    """Token with which one thread can stop work on another thread.

    Attributes:
        stopped: Event that is set as soon as the work should stop.

    Example:
        >>> with token.running(cursor.interrupt):   # on the thread that works  # doctest: +SKIP
        ...     cursor.execute(query)
        >>> token.stop()                            # on any other thread  # doctest: +SKIP
    """

    def __init__(self) -> None:
        """Create a token. This is done before the work starts."""
        self.stopped = Event()
        self._interrupt: Callable[[], object] | None = None

    def stop(self) -> None:
        """Ask the work to stop. This may be called before, during and after the work, also repeatedly."""
        self.stopped.set()
        if (interrupt := self._interrupt) is not None:
            interrupt()

    def check(self, cause: BaseException | None = None) -> None:
        """Raise an error if :meth:`stop` was called.

        Args:
            cause: Exception to set as the cause, such as the database's error about the interrupt.

        Raises:
            QueryError: :meth:`stop` was called.
        """
        if self.stopped.is_set():
            raise QueryError("The query was interrupted.") from cause

    @contextmanager
    def running(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Return a context manager. While its block runs, :meth:`stop` calls ``interrupt``.

        Args:
            interrupt: Function that interrupts the work. Any thread may call it.

        Raises:
            QueryError: :meth:`stop` was called before the block started.
        """
        self._interrupt = interrupt
        try:
            self.check()
            yield
        finally:
            self._interrupt = None


async def wait_or_interrupt(
    work: asyncio.Future[Any], interrupt: Callable[[], object], *, patience: float | None = None
) -> None:
    """Wait for work to end. If this task is cancelled, interrupt the work and still wait for its end.

    Cancelling an ``await`` does not stop the thread or the database that does the work, and the work may
    still use a connection or a file. So this function waits until the work has ended, even if the task is
    cancelled again. It interrupts the work repeatedly, because a database ignores an interrupt that arrives
    before the query has started.

    Args:
        work: Future of the work. This function neither cancels the future nor raises its exception.
        interrupt: Function or coroutine function that interrupts the work.
        patience: Maximum number of seconds to wait after a cancellation. None waits without a limit.

    Raises:
        CancelledError: This task was cancelled.
    """
    loop = asyncio.get_running_loop()
    try:
        await asyncio.wait([work])
    except asyncio.CancelledError:
        end = None if patience is None else loop.time() + patience
        while not work.done() and (end is None or loop.time() <= end):
            with suppress(asyncio.CancelledError):
                if inspect.isawaitable(sent := interrupt()):
                    await sent
                await asyncio.wait([work], timeout=_INTERVAL)
        # Retrieve the work's exception, because asyncio logs an error if nobody retrieves it.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise


class QueryThreads:
    """Pool of threads that run the queries of one engine."""

    def __init__(self, name: str) -> None:
        """Create a pool with a name for its threads. The threads start when they are needed."""
        self._name = name
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
        self._abandoned: list[Thread] = []

    async def run(self, work: Callable[[CancelToken], T], *, abandon: bool = False) -> T:
        """Run a function on a thread. If this task is cancelled, stop the function and wait for its end.

        Args:
            work: The function, which receives a token.
            abandon: After a cancellation, wait for at most half a second and let the function end in the
                background.
        """
        token = CancelToken()
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, token)
        await wait_or_interrupt(future, token.stop, patience=_QUERY_PATIENCE if abandon else None)
        return future.result()

    async def run_apart(self, work: Callable[[CancelToken], T], on_abandon: Callable[[], object]) -> T:
        """Run a function on its own daemon thread, which does not prevent the process from exiting.

        Args:
            work: The function, which receives a token.
            on_abandon: Function that is called if this task is cancelled and ``work`` does not end within
                half a second.

        Raises:
            QueryError: Too many abandoned threads are still running.
        """
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        if len(self._abandoned) >= _MAX_ABANDONED:
            raise QueryError(
                f"{_MAX_ABANDONED} cancelled queries still run in the background. Wait until they end, or "
                "restart Python."
            )
        token, loop = CancelToken(), asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def finish(act: Callable[[Any], None], value: Any) -> None:
            if not future.done():
                act(value)

        def target() -> None:
            outcome: tuple[Callable[[Any], None], Any]
            try:
                outcome = future.set_result, work(token)
            except BaseException as error:
                outcome = future.set_exception, error
            # An abandoned query may end after the event loop is closed. Then its result is not needed.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, *outcome)

        thread = Thread(target=target, name=self._name, daemon=True)
        thread.start()
        try:
            await wait_or_interrupt(future, token.stop, patience=_QUERY_PATIENCE)
        finally:
            if not future.done():
                self._abandoned.append(thread)
                on_abandon()
        return future.result()


_PATIENCE = 10.0
"""Maximum number of seconds to wait for a cancelled coroutine."""

# The lock is reentrant: while this thread holds it, garbage collection may close an unused library, which
# acquires the lock again. With another type of lock, the thread would wait for itself forever.
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
    return recorded_caller().run(asyncio.run_coroutine_threadsafe, work, _running_loop())


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
        """Let other threads cancel this thread's synchronous mfkit calls until the ``with`` block ends."""
        _thread_state.scope = self
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the ``with`` block, after which :meth:`stop` does not affect this thread's sync calls."""
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
