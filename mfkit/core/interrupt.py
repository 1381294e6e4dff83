"""Cancellation of database queries and other work that Python cannot stop, and threads for such work."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, TypeVar

from mfkit.errors import QueryError

T = TypeVar("T")
_INTERVAL = 0.05
"""Seconds between two attempts to interrupt work that has not ended yet."""
_THREADS = 4
_PATIENCE = 0.5
"""Seconds to wait for cancelled work before it is left to end in the background."""
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
        """Create a token for work that has not started yet."""
        self.stopped = Event()
        self._interrupt: Callable[[], object] | None = None

    def stop(self) -> None:
        """Request the work to stop. The call is allowed before, during and after the work, and repeatedly."""
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
        """Return a context manager whose block :meth:`stop` interrupts by calling ``interrupt``.

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
        await wait_or_interrupt(future, token.stop, patience=_PATIENCE if abandon else None)
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
                f"{_MAX_ABANDONED} cancelled queries have not ended yet and still run in the background. "
                "Wait until they end, or restart the engine."
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
            with suppress(RuntimeError):  # The event loop may already be closed when an abandoned query ends.
                loop.call_soon_threadsafe(finish, *outcome)

        thread = Thread(target=target, name=self._name, daemon=True)
        thread.start()
        try:
            await wait_or_interrupt(future, token.stop, patience=_PATIENCE)
        finally:
            if not future.done():
                self._abandoned.append(thread)
                on_abandon()
        return future.result()
