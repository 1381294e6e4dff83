"""Supervisor of one worker process: feeds it files, and replaces it when a file kills it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from mfkit.scan.inspect_file import FileResult
from mfkit.scan.workers.worker_main import apply_reply, encode_request
from mfkit.scan.workers.worker_process import WorkerLostError, WorkerProcess

_MAX_SENT_FILES = 64
"""Maximum number of files sent to a worker in advance, so that it never has to wait."""
_MAX_SENT_BYTES = 16 << 20
"""Total size of files in bytes above which only one more is sent; another worker may finish it sooner."""


@dataclass(slots=True)
class Job:
    """File to inspect.

    Attributes:
        result: Receives what the worker finds out.
        known_hash: Hash of the content if it is known to be unchanged.
        wants_metadata: Whether to extract metadata.
        number: Position in the order in which files were queued.
        metadata_error: Error that killed a worker while it read the file; then the file is only hashed.
    """

    result: FileResult
    known_hash: str | None
    wants_metadata: bool = True
    number: int = 0
    metadata_error: str | None = None

    @property
    def request(self) -> bytes:
        """Request line for the worker."""
        wants_metadata = self.wants_metadata and self.metadata_error is None
        return encode_request(self.result, self.known_hash, wants_metadata=wants_metadata)


class WorkerSupervisor:
    """Supervisor that has files inspected by an isolated process, one after the other.

    A process that crashes or exceeds the time limit is replaced. Its current file is tried once more without
    metadata, and is recorded as failed if that kills a process too. The files after it go to the new process.
    """

    def __init__(self, memory_limit: int, time_limit: float) -> None:
        """Create the supervisor. The process is started with the first file, or by :meth:`start`.

        Args:
            memory_limit: Bytes that the process may allocate; 0 for no limit.
            time_limit: Seconds that the process may work on one file without a heartbeat.
        """
        self._memory_limit, self._time_limit = memory_limit, time_limit
        self._worker: WorkerProcess | None = None

    async def start(self) -> None:
        """Start the process if none is running.

        Raises:
            MfkitError: The process exits before it is ready.
        """
        if self._worker is None:
            self._worker = await WorkerProcess.start(self._memory_limit, self._time_limit)

    async def serve(self, jobs: asyncio.Queue[Job | None], results: asyncio.Queue[list[Job] | None]) -> None:
        """Inspect the files of a queue until None arrives, and keep the process for later calls.

        Args:
            jobs: Files to inspect.
            results: Receives lists of inspected files, in order.

        Raises:
            MfkitError: A process cannot be started, or cannot import a library.
        """
        if self._worker is not None and not self._worker.is_alive:  # it ended between two calls
            await self.end()
        sent: deque[Job] = deque()
        has_more = True
        while True:
            new: list[Job] = []
            while has_more and _has_room(sent) and (not sent or not jobs.empty()):
                job = await jobs.get()
                if job is None:
                    has_more = False
                else:
                    sent.append(job)
                    new.append(job)
            if not sent:
                return
            if self._worker is None:
                self._worker = await WorkerProcess.start(self._memory_limit, self._time_limit)
                new = list(sent)
            if new:
                self._worker.send(b"".join(job.request for job in new))
            done: list[Job] = []
            try:
                _apply_replies(await self._worker.replies(), sent, done)
            except WorkerLostError as error:
                await self.end()
                _record_crash(sent, str(error), done)
            if done:
                await results.put(done)

    async def end(self) -> None:
        """Kill the process, if one is running."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.kill()


def _has_room(sent: deque[Job]) -> bool:
    if len(sent) < 2:
        return True
    return len(sent) < _MAX_SENT_FILES and sum(job.result.size for job in sent) < _MAX_SENT_BYTES


def _apply_replies(lines: list[bytes], sent: deque[Job], done: list[Job]) -> None:
    """Store reply lines in the results of the files that were sent, in order."""
    for line in lines:
        try:
            job = sent[0]
            if not apply_reply(line, job.result):
                continue
        except (ValueError, TypeError, LookupError) as error:
            raise WorkerLostError("The worker process sent an invalid reply for the file.") from error
        if job.metadata_error is not None and job.result.stage is None:
            job.result.failed("probe", job.metadata_error)
        done.append(sent.popleft())


def _record_crash(sent: deque[Job], error: str, done: list[Job]) -> None:
    """Record that the current file killed the worker: the first time as an error of its metadata."""
    if not sent:
        return
    if sent[0].metadata_error is None:
        sent[0].metadata_error = error
    else:
        sent[0].result.failed("read", error)
        done.append(sent.popleft())
