"""The workers: started, fed, listened to, and replaced when a file takes one down."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mfkit.scan.examine import Examined
from mfkit.scan.order import InOrder
from mfkit.scan.process import WorkerLostError, WorkerProcess
from mfkit.scan.walk import Candidate
from mfkit.scan.worker import request, take_reply

_AHEAD = 64
"""Files that wait in a worker's pipe, so that it never waits for us, unless they are large."""
_AHEAD_BYTES = 16 << 20
"""Bytes of files beyond which only one file waits: another worker may be done with it sooner."""
_HELD = 1024
"""Files a worker that are done and wait for an earlier one: more than others do while a worker starts."""
_PATIENCE = 5.0
"""Seconds that they wait: longer than a worker takes to start, shorter than an interrupt may cost."""
MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 60.0


@dataclass(slots=True)
class Job:
    """A file to be read.

    Attributes:
        found: What is known of it, and gets what is found.
        known_hash: The content's hash where it is known to be unchanged.
        number: Its place among all that were put in.
        fault: What its facts did to a worker; asked again, the file is only hashed.
    """

    found: Examined
    known_hash: str | None
    number: int
    fault: str | None = None

    @property
    def request(self) -> bytes:
        """The line that asks a worker for it."""
        return request(self.found, self.known_hash, wants_facts=self.fault is None)


class WorkerPool:
    """Some isolated processes that read files, behind two bounded queues.

    A worker that dies, or says nothing for the time limit, is replaced; the file it was at is recorded
    as failed, and those that waited behind it go to its successor.
    """

    def __init__(
        self, workers: int, *, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        """Set the bounds.

        Args:
            workers: How many processes.
            time_limit: Seconds that a worker may be silent over one file; while a large file is read
                it is not silent.
            memory_limit: Bytes that a worker may allocate; 0 for no limit.
        """
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue(workers * _AHEAD)
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
        found = Examined(candidate.path, candidate.size, candidate.modified_at)
        await self._jobs.put(Job(found, known_hash, self._put))
        self._put += 1

    async def finish(self) -> None:
        """Say that no more files come."""
        for _ in self._tasks:
            await self._jobs.put(None)

    async def results(self) -> AsyncIterator[list[Examined]]:
        """Yield the files that are done, some at a time, until all are.

        They come in the order in which they were put in, so that what a library says does not hang on
        which worker was quicker; a file that takes long is not waited for.

        Raises:
            MfkitError: A worker cannot be started, or lacks a library.
        """
        running = len(self._tasks)
        order = InOrder[Examined](self._number * _HELD, _PATIENCE)
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
        """Keep one worker at work, and replace it as often as need be."""
        waiting: deque[Job] = deque()
        worker: WorkerProcess | None = None
        more = True
        try:
            while True:
                new: list[Job] = []
                while more and _has_room(waiting) and (not waiting or not self._jobs.empty()):
                    job = await self._jobs.get()
                    if job is None:
                        more = False
                    else:
                        waiting.append(job)
                        new.append(job)
                if not waiting:
                    return
                if worker is None:
                    worker = await WorkerProcess.start(self._memory_limit, self._time_limit)
                    new = list(waiting)
                if new:
                    worker.send(b"".join(job.request for job in new))
                done: list[Job] = []
                try:
                    _take(await worker.lines(), waiting, done)
                except WorkerLostError as lost:
                    await worker.end()
                    worker = None
                    _blame(waiting, str(lost), done)
                if done:
                    await self._results.put(done)
        finally:
            if worker is not None:
                await worker.end()


def _has_room(waiting: deque[Job]) -> bool:
    if len(waiting) < 2:
        return True
    return len(waiting) < _AHEAD and sum(job.found.size for job in waiting) < _AHEAD_BYTES


def _take(lines: list[bytes], waiting: deque[Job], done: list[Job]) -> None:
    """Take a worker's lines over into the files it was asked for, in order."""
    for line in lines:
        try:
            job = waiting[0]
            if not take_reply(line, job.found):
                continue
        except (ValueError, TypeError, LookupError) as error:
            raise WorkerLostError("Reading the file gave no answer that can be understood.") from error
        if job.fault is not None and job.found.stage is None:
            job.found.failed("probe", job.fault)
        done.append(waiting.popleft())


def _blame(waiting: deque[Job], fault: str, done: list[Job]) -> None:
    """Put the loss of a worker down to the file it was at: to its facts first, then to the file as such."""
    if not waiting:
        return
    if waiting[0].fault is None:
        waiting[0].fault = fault
    else:
        waiting[0].found.failed("read", fault)
        done.append(waiting.popleft())
