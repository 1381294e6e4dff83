"""Cancellation of work that Python cannot stop by itself: queries, threads and other processes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

from mfkit.errors import QueryError

_INTERVAL = 0.05
"""Seconds between two interrupts of work that has not ended yet."""


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
