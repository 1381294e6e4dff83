"""Cancellation of work that Python cannot stop by itself, such as queries, and threads for such work."""

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
"""Seconds between two interrupts of work that has not ended yet."""
_THREADS = 4
_PATIENCE = 0.5
"""Seconds to wait for cancelled work that may go on in the background."""
_MAX_ABANDONED = 4


class CancelToken:
    """A request to stop, which one thread makes and the thread that works sees.

    Attributes:
        stopped: Set once the work should stop.

    Example:
        >>> with token.running(cursor.interrupt):   # on the thread that works  # doctest: +SKIP
        ...     cursor.execute(query)
        >>> token.stop()                            # on any other thread  # doctest: +SKIP
    """

    def __init__(self) -> None:
        """Create a token for work that has not started."""
        self.stopped = Event()
        self._interrupt: Callable[[], object] | None = None

    def stop(self) -> None:
        """Ask the work to stop. It may be called before the work starts, after it ended, and repeatedly."""
        self.stopped.set()
        if (interrupt := self._interrupt) is not None:
            interrupt()

    def check(self, cause: BaseException | None = None) -> None:
        """Raise an error if the work should stop.

        Args:
            cause: The error to chain, such as the one with which a database answers an interrupt.

        Raises:
            QueryError: The work should stop.
        """
        if self.stopped.is_set():
            raise QueryError("The query was interrupted.") from cause

    @contextmanager
    def running(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Let :meth:`stop` interrupt the work inside the block.

        Args:
            interrupt: Interrupts the work from any thread.

        Raises:
            QueryError: The work should stop before it starts.
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
    """Wait for work; if this task is cancelled, interrupt the work and wait until it has ended.

    A cancelled ``await`` leaves a thread or a database at work, which may still use a connection or a file.
    So this function waits for the end, also if the task is cancelled again. It repeats the interrupt, because
    a database ignores one that arrives before the query has started.

    Args:
        work: The work. This function neither cancels it nor raises its error.
        interrupt: Interrupts the work; a function or a coroutine function.
        patience: Maximum number of seconds to wait after a cancellation. None waits without limit.

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
        # Otherwise asyncio logs an error that nobody retrieves.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise


class QueryThreads:
    """The threads that run an engine's queries."""

    def __init__(self, name: str) -> None:
        """Name the threads. They start when there is work."""
        self._name = name
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
        self._abandoned: list[Thread] = []

    async def run(self, work: Callable[[CancelToken], T], *, abandon: bool = False) -> T:
        """Run work on a thread. If this task is cancelled, stop the work and wait until it has ended.

        Args:
            work: The work.
            abandon: Wait for half a second only, and let the work end in the background.
        """
        token = CancelToken()
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, token)
        await wait_or_interrupt(future, token.stop, patience=_PATIENCE if abandon else None)
        return future.result()

    async def run_apart(self, work: Callable[[CancelToken], T], on_abandon: Callable[[], object]) -> T:
        """Run work on a daemon thread of its own, which does not keep the process from ending.

        Args:
            work: The work.
            on_abandon: Called if this task is cancelled and the work does not end within half a second.

        Raises:
            QueryError: Too many abandoned threads are still running.
        """
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        if len(self._abandoned) >= _MAX_ABANDONED:
            raise QueryError(
                f"{_MAX_ABANDONED} queries that were stopped are still running in the background. "
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
            with suppress(RuntimeError):  # the loop may be closed by the time an abandoned query ends
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
