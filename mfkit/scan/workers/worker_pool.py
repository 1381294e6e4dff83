"""The workers of this machine: several processes that read files side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from heapq import heappop, heappush
from types import TracebackType
from typing import Generic, Self, TypeVar

from mfkit.scan.inspect_file import FileResult
from mfkit.scan.walk import Candidate
from mfkit.scan.workers.worker_supervisor import Job, WorkerSupervisor

_WAITING = 64
"""Files a worker that wait to be taken."""
_HELD = 1024
"""Files a worker that are done and wait for an earlier one: more than others do while a worker starts."""
_PATIENCE = 5.0
"""Seconds that they wait: longer than a worker takes to start, shorter than an interrupt may cost."""
MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 60.0


class WorkerPool:
    """Some isolated processes that read files, behind two bounded queues.

    A file that takes a worker down costs itself and nothing else, see :class:`Reader`.
    """

    def __init__(
        self,
        workers: int,
        *,
        at_once: bool = False,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        """Set the bounds.

        Args:
            workers: How many processes.
            at_once: Whether they are started before there is a file, as one is sure to come.
            time_limit: Seconds that a worker may be silent over one file; while a large file is read
                it is not silent.
            memory_limit: Bytes that a worker may allocate; 0 for no limit.
        """
        self._time_limit, self._memory_limit, self._at_once = time_limit, memory_limit, at_once
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue(workers * _WAITING)
        self._results: asyncio.Queue[list[Job] | None] = asyncio.Queue(workers * 2)
        self._number, self._put = workers, 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start the workers."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._number)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers, whatever they are at."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put(self, candidate: Candidate, known_hash: str | None) -> None:
        """Have a file read; waits while enough are under way."""
        await self._jobs.put(Job(FileResult.of(candidate), known_hash, number=self._put))
        self._put += 1

    async def finish(self) -> None:
        """Say that no more files come."""
        for _ in self._tasks:
            await self._jobs.put(None)

    async def results(self) -> AsyncIterator[list[FileResult]]:
        """Yield the files that are done, some at a time, until all are.

        They come in the order in which they were put in, so that what a library says does not hang on
        which worker was quicker; a file that takes long is not waited for.

        Raises:
            MfkitError: A worker cannot be started, or lacks a library.
        """
        running = len(self._tasks)
        order = OrderedResults[FileResult](self._number * _HELD, _PATIENCE)
        while running:
            done = await self._results.get()
            if done is None:
                running -= 1
                continue
            for job in done:
                order.put(job.number, job.found)
            if block := order.ready():
                yield block
        for task in self._tasks:
            if task.done():
                task.result()
        if block := order.rest():
            yield block

    async def _work(self) -> None:
        """Serve, and say when that is over; a cancelled pool has nobody left who would hear it."""
        try:
            await self._serve()
        except Exception:
            await self._results.put(None)
            raise
        await self._results.put(None)

    async def _serve(self) -> None:
        """Keep one worker at work."""
        reader = WorkerSupervisor(self._memory_limit, self._time_limit)
        try:
            if self._at_once:
                await reader.start()
            await reader.serve(self._jobs, self._results)
        finally:
            await reader.end()


T = TypeVar("T")


class OrderedResults(Generic[T]):
    """Holds what comes early until what it follows is there; but not for ever, and not without bound.

    What a library says should not hang on which worker was quicker. A file that takes minutes must not keep
    thousands of others from being stored all the same, or an interrupt would lose them.
    """

    def __init__(self, most: int, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Set the bounds.

        Args:
            most: How many are held.
            patience: Seconds for which any is held.
            clock: Seconds, always growing.
        """
        self._most, self._patience, self._clock = most, patience, clock
        self._held: list[tuple[int, T]] = []
        self._following = 0
        self._since: float | None = None

    def put(self, number: int, result: T) -> None:
        """Take a result; numbers count from 0, each comes once."""
        heappush(self._held, (number, result))

    def ready(self) -> list[T]:
        """Return what need not wait any longer, in order."""
        late = self._since is not None and self._clock() - self._since > self._patience
        block = []
        while self._held and (self._held[0][0] <= self._following or late or len(self._held) > self._most):
            number, result = heappop(self._held)
            self._following = max(self._following, number + 1)
            block.append(result)
        if block or not self._held:
            self._since = None
        if self._held and self._since is None:
            self._since = self._clock()
        return block

    def rest(self) -> list[T]:
        """Return what is held still, in order: nothing else comes."""
        block = [result for _, result in sorted(self._held, key=lambda held: held[0])]
        self._held.clear()
        return block
