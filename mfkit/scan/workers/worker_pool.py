"""Pool of worker processes on this machine that inspect files in parallel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from heapq import heappop, heappush
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from mfkit.scan.inspect_file import FileResult
from mfkit.scan.walk import Candidate
from mfkit.scan.workers.resource_limits import MEMORY_LIMIT, TIME_LIMIT
from mfkit.scan.workers.worker_supervisor import SCAN_WORKER, J, Job, WorkerSupervisor

_QUEUED_PER_WORKER = 64
"""Number of files per worker that wait in the queue."""
_HELD_PER_WORKER = 1024
"""Maximum results per worker that wait for an earlier file; more than arrive while a worker starts."""
_MAX_HELD_SECONDS = 5.0
"""Maximum seconds that results wait for an earlier file.

This is longer than a worker takes to start, but short enough that an interruption loses little work.
"""


class FilePool(AbstractAsyncContextManager["FilePool"], Protocol):
    """Pool that inspects files, in worker processes of this machine or on the machines of an executor."""

    async def put(self, candidate: Candidate, known_hash: str | None) -> None:
        """Queue a file, after waiting if too many files are queued already."""

    async def finish(self) -> None:
        """Signal that no more files follow."""

    def results(self) -> AsyncIterator[list[FileResult]]:
        """Yield lists of inspection results until all files are done."""
        ...


class JobPool(Generic[J]):
    """Pool of isolated worker processes with a bounded queue of jobs and a bounded queue of results.

    A file that kills a worker affects no other file, see :class:`WorkerSupervisor`.
    """

    def __init__(
        self,
        workers: int,
        *,
        start_early: bool = False,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        module: str = SCAN_WORKER,
    ) -> None:
        """Create the pool; enter it as a context manager to start the workers.

        Args:
            workers: Number of processes.
            start_early: Whether to start the processes at once instead of with the first file.
            time_limit: Seconds that a worker may work on one file without a heartbeat.
            memory_limit: Bytes that a worker may allocate; 0 for no limit.
            module: The module that the workers run.
        """
        self._time_limit, self._memory_limit, self._start_early = time_limit, memory_limit, start_early
        self._module = module
        self._jobs: asyncio.Queue[J | None] = asyncio.Queue(workers * _QUEUED_PER_WORKER)
        self._results: asyncio.Queue[list[J] | None] = asyncio.Queue(workers * 2)
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start the workers."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers, even in the middle of a file."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put_job(self, job: J) -> None:
        """Queue a job, and wait while the queue is full."""
        await self._jobs.put(job)

    async def finish(self) -> None:
        """Signal that no more jobs follow."""
        for _ in self._tasks:
            await self._jobs.put(None)

    async def done_jobs(self) -> AsyncIterator[list[J]]:
        """Yield lists of finished jobs, in any order, until all jobs are finished.

        Raises:
            MfkitError: A worker cannot be started, or cannot import a Python package.
        """
        running = len(self._tasks)
        while running:
            done = await self._results.get()
            if done is None:
                running -= 1
            else:
                yield done
        for task in self._tasks:
            if task.done():
                task.result()

    async def _work(self) -> None:
        """Run one worker process.

        When it ends, put None into the results, except if the pool is cancelled.
        """
        try:
            await self._serve()
        except Exception:
            await self._results.put(None)
            raise
        await self._results.put(None)

    async def _serve(self) -> None:
        supervisor = WorkerSupervisor[J](self._memory_limit, self._time_limit, self._module)
        try:
            if self._start_early:
                await supervisor.start()
            await supervisor.serve(self._jobs, self._results)
        finally:
            await supervisor.end()


class WorkerPool(JobPool[Job]):
    """Isolated worker processes that inspect the files of a scan."""

    _next_number = 0

    async def put(self, candidate: Candidate, known_hash: str | None) -> None:
        """Queue a file, and wait while the queue is full."""
        await self.put_job(Job(FileResult.of(candidate), known_hash, number=self._next_number))
        self._next_number += 1

    async def results(self) -> AsyncIterator[list[FileResult]]:
        """Yield lists of inspection results until all files are done.

        Results come in the order in which the files were queued, so that the content of a library does not
        depend on the speed of the workers. Results of very slow files come later.

        Raises:
            MfkitError: A worker cannot be started, or cannot import a Python package.
        """
        ordered = OrderedResults[FileResult](self._workers * _HELD_PER_WORKER, _MAX_HELD_SECONDS)
        async for done in self.done_jobs():
            for job in done:
                ordered.put(job.number, job.result)
            if ready := ordered.ready():
                yield ready
        if rest := ordered.rest():
            yield rest


T = TypeVar("T")


class OrderedResults(Generic[T]):
    """Buffer that sorts results by position, limited in number of results and in waiting time.

    Order matters because the content of a library should not depend on the speed of the workers. The bounds
    matter because results that wait for a slow file are not stored, and would be lost by an interruption.
    """

    def __init__(
        self, max_held: int, max_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Create an empty buffer.

        Args:
            max_held: Maximum number of results to hold.
            max_seconds: Maximum seconds to hold results.
            clock: Function that returns the time in seconds.
        """
        self._max_held, self._max_seconds, self._clock = max_held, max_seconds, clock
        self._held: list[tuple[int, T]] = []
        self._next_number = 0
        self._held_since: float | None = None

    def put(self, number: int, result: T) -> None:
        """Add a result with its position in the order.

        Positions start at 0, and each position is added once.
        """
        heappush(self._held, (number, result))

    def ready(self) -> list[T]:
        """Return the results that need not wait for earlier results any more, in order."""
        waited = self._clock() - self._held_since if self._held_since is not None else 0.0
        is_late = waited > self._max_seconds
        ready = []
        while self._held and (
            self._held[0][0] <= self._next_number or is_late or len(self._held) > self._max_held
        ):
            number, result = heappop(self._held)
            self._next_number = max(self._next_number, number + 1)
            ready.append(result)
        if ready or not self._held:
            self._held_since = None
        if self._held and self._held_since is None:
            self._held_since = self._clock()
        return ready

    def rest(self) -> list[T]:
        """Return all remaining results in order. Call this after the last result was added."""
        rest = [result for _, result in sorted(self._held, key=lambda held: held[0])]
        self._held.clear()
        return rest
