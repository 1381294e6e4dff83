"""Queries on threads, which a cancelled task stops before it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, TypeVar

from mfkit.errors import QueryError

T = TypeVar("T")
_THREADS = 4
_GRACE = 0.5
_MOST_ABANDONED = 4


class QueryCall:
    """A query that may be told to stop, from another thread, before or while it runs."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.stopped = Event()
        self._interrupt: Callable[[], object] | None = None

    def stop(self) -> None:
        """Interrupt the query; says nothing when it is done. To be repeated until it is."""
        self.stopped.set()
        if (interrupt := self._interrupt) is not None:
            interrupt()

    @contextmanager
    def running(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Be interruptible, by what the engine has for that."""
        self._interrupt = interrupt
        try:
            if self.stopped.is_set():
                raise QueryError("The query was interrupted.")
            yield
        finally:
            self._interrupt = None


class QueryThreads:
    """The threads that an engine's queries run on."""

    def __init__(self, name: str) -> None:
        """Take a name; threads start when there is work."""
        self._name = name
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
        self._abandoned: list[Thread] = []

    async def run(self, work: Callable[[QueryCall], T], *, leave: bool = False) -> T:
        """Run work on a thread; when this task is cancelled, stop the work too and wait for its end.

        Args:
            work: What to do.
            leave: Wait for half a second only, and leave the rest of the work to the background.
        """
        call = QueryCall()
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, call)
        await _stopped_when_cancelled(future, call, leave)
        return future.result()

    async def run_apart(self, work: Callable[[QueryCall], T], abandon: Callable[[], object]) -> T:
        """Run work on a thread of its own, which keeps no process from ending.

        Args:
            work: What to do.
            abandon: Called when this task is cancelled and the work does not end within half a second.

        Raises:
            QueryError: Too many threads that were abandoned are still at work.
        """
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        if len(self._abandoned) >= _MOST_ABANDONED:
            raise QueryError(
                f"{_MOST_ABANDONED} queries that were stopped are still running in the background. "
                "Wait until they end, or restart the engine."
            )
        call, loop = QueryCall(), asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(act: Callable[[Any], None], value: Any) -> None:
            if not future.done():
                act(value)

        def target() -> None:
            outcome: tuple[Callable[[Any], None], Any]
            try:
                outcome = future.set_result, work(call)
            except BaseException as error:
                outcome = future.set_exception, error
            with suppress(RuntimeError):  # the loop may be closed by the time an abandoned query ends
                loop.call_soon_threadsafe(settle, *outcome)

        thread = Thread(target=target, name=self._name, daemon=True)
        thread.start()
        try:
            await _stopped_when_cancelled(future, call, leave=True)
        finally:
            if not future.done():
                self._abandoned.append(thread)
                abandon()
        return future.result()


async def _stopped_when_cancelled(future: asyncio.Future[Any], call: QueryCall, leave: bool) -> None:
    loop = asyncio.get_running_loop()
    try:
        await asyncio.wait([future])
    except asyncio.CancelledError:
        end = loop.time() + _GRACE
        while not future.done() and not (leave and loop.time() > end):
            call.stop()
            with suppress(asyncio.CancelledError):  # cancelled once more: the work still has to end
                await asyncio.wait([future], timeout=0.05)
        # Nobody else asks for it.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise
