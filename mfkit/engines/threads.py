"""Queries on threads, which a cancelled task stops before it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from typing import TypeVar

from mfkit.errors import QueryError

T = TypeVar("T")
_THREADS = 4


class Call:
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


class Threads:
    """The threads that an engine's queries run on."""

    def __init__(self, name: str) -> None:
        """Take a name; threads start when there is work."""
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)

    async def run(self, work: Callable[[Call], T]) -> T:
        """Run work on a thread; when this task is cancelled, stop the work too and wait for its end."""
        call = Call()
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():
                call.stop()
                with suppress(asyncio.CancelledError):  # cancelled once more: the work still has to end
                    await asyncio.wait([future], timeout=0.05)
            with suppress(BaseException):
                future.exception()
            raise
