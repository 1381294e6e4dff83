"""One isolated process that reads files: fed, listened to, and replaced when a file takes it down."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from mfkit.scan.inspect_file import FileResult
from mfkit.scan.workers.worker_main import read_reply, request
from mfkit.scan.workers.worker_process import WorkerLostError, WorkerProcess

_AHEAD = 64
"""Files that wait in a worker's pipe, so that it never waits for us, unless they are large."""
_AHEAD_BYTES = 16 << 20
"""Bytes of files beyond which only one file waits: another worker may be done with it sooner."""


@dataclass(slots=True)
class Job:
    """A file to be read.

    Attributes:
        found: What is known of it, and gets what is found.
        known_hash: The content's hash where it is known to be unchanged.
        wants_facts: Whether its facts are asked for.
        number: Its place among all that were put in.
        fault: What its facts did to a worker; asked again, the file is only hashed.
    """

    found: FileResult
    known_hash: str | None
    wants_facts: bool = True
    number: int = 0
    fault: str | None = None

    @property
    def request(self) -> bytes:
        """The line that asks a worker for it."""
        return request(self.found, self.known_hash, wants_facts=self.wants_facts and self.fault is None)


class WorkerSupervisor:
    """Reads files in an isolated process, one after the other.

    A process that dies, or says nothing for the time limit, is replaced; the file it was at is recorded as
    failed, and those that waited behind it go to its successor.
    """

    def __init__(self, memory_limit: int, time_limit: float) -> None:
        """Set the bounds; the process is started with the first file, or by :meth:`start`.

        Args:
            memory_limit: Bytes that the process may allocate; 0 for no limit.
            time_limit: Seconds that it may be silent over one file.
        """
        self._memory_limit, self._time_limit = memory_limit, time_limit
        self._worker: WorkerProcess | None = None

    async def start(self) -> None:
        """Start the process if there is none.

        Raises:
            MfkitError: It ends before it can work.
        """
        if self._worker is None:
            self._worker = await WorkerProcess.start(self._memory_limit, self._time_limit)

    async def serve(self, jobs: asyncio.Queue[Job | None], results: asyncio.Queue[list[Job] | None]) -> None:
        """Read what a queue brings until None comes, and keep the process for what may follow.

        Args:
            jobs: The files.
            results: Gets those that are done, some at a time, in order.

        Raises:
            MfkitError: A process cannot be started, or lacks a library.
        """
        if self._worker is not None and not self._worker.is_alive:  # no file of now is to blame for that
            await self.end()
        waiting: deque[Job] = deque()
        more = True
        while True:
            new: list[Job] = []
            while more and _has_room(waiting) and (not waiting or not jobs.empty()):
                job = await jobs.get()
                if job is None:
                    more = False
                else:
                    waiting.append(job)
                    new.append(job)
            if not waiting:
                return
            if self._worker is None:
                self._worker = await WorkerProcess.start(self._memory_limit, self._time_limit)
                new = list(waiting)
            if new:
                self._worker.send(b"".join(job.request for job in new))
            done: list[Job] = []
            try:
                _take(await self._worker.lines(), waiting, done)
            except WorkerLostError as lost:
                await self.end()
                _blame(waiting, str(lost), done)
            if done:
                await results.put(done)

    async def end(self) -> None:
        """End the process, whatever it is at."""
        worker, self._worker = self._worker, None
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
            if not read_reply(line, job.found):
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
