"""Threads that run an engine's queries. Cancelling the task that waits for a query stops the query."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

from mfkit.core.interrupt import CancelToken, wait_or_interrupt
from mfkit.errors import QueryError

T = TypeVar("T")
_THREADS = 4
_PATIENCE = 0.5
"""Seconds to wait for cancelled work that may go on in the background."""
_MAX_ABANDONED = 4


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
