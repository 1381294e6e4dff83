"""A scan spread over an executor's machines: tasks of some files, and one writer at home."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import BrokenExecutor, Executor, Future
from types import TracebackType
from typing import Self
from uuid import uuid4

from mfkit.distributed.remote_task import CALL, VERSION, Answer
from mfkit.errors import FolderNotFoundError, MfkitError
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.stored_path import to_disk_path
from mfkit.scan.walk import Candidate
from mfkit.scan.workers.resource_limits import MEMORY_LIMIT, TIME_LIMIT
from mfkit.scan.workers.worker_main import apply_reply
from mfkit.scan.workers.worker_pool import OrderedResults
from mfkit.scan.workers.worker_supervisor import Job
from mfkit.version import __version__

_FILES_PER_TASK = 64
"""Files a task: to hand a task over costs a cluster about as much as to read a file."""
_BYTES_PER_TASK = 256 << 20
"""Bytes of files beyond which a task is full: so much is read in vain when a machine is lost."""
_TASKS = 512
"""Tasks that are under way at most, on whatever cluster: 32,768 files in memory."""
_HELD = 16_384
"""Files that are done and wait for an earlier one."""
_PATIENCE = 30.0
"""Seconds that they wait: a lost machine's task comes back late."""
_NEWS = 10.0
"""Seconds that a broken executor may take to say so of each of its tasks."""


class ExecutorPool:
    """Pool that reads files on the machines of an executor; used like a `WorkerPool`.

    A task that is lost, as its machine was, is asked for again file by file. Dask has tried it on several
    machines by then.
    """

    def __init__(
        self,
        executor: Executor,
        tasks: int | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        """Set the bounds.

        Args:
            executor: Where tasks run; it is left open.
            tasks: How many may be under way; when not given, as many as keep the machines at work.
            time_limit: Seconds that an isolated process may be silent over one file.
            memory_limit: Bytes that it may allocate; 0 for no limit.
        """
        self._executor, self._bounds = executor, (memory_limit, time_limit)
        self._room = ConcurrencyLimit(tasks or _TASKS)
        self._gathered: list[Job] = []
        self._put = 0
        self._tasks: set[asyncio.Task[list[Job]]] = set()
        self._done: asyncio.Queue[asyncio.Task[list[Job]] | None] = asyncio.Queue()
        self._any_back = False

    async def __aenter__(self) -> Self:
        """Begin; nothing runs yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is under way; a task that a machine is at is done there, and nobody hears of it."""
        tasks = [*self._tasks]
        if tasks and error is not None and isinstance(error.__cause__, BrokenExecutor):
            # A process pool that finds a task cancelled while it says so ends halfway, its processes alive
            # (before Python 3.12, https://github.com/python/cpython/pull/108974).
            await asyncio.wait(tasks, timeout=_NEWS)
        for task in tasks:
            task.cancel()
        while not self._done.empty():  # what went wrong with several is said once
            if (done := self._done.get_nowait()) is not None:
                tasks.append(done)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def put(self, candidate: Candidate, known_hash: str | None) -> None:
        """Have a file read; waits while enough are under way."""
        self._gathered.append(Job(FileResult.of(candidate), known_hash, number=self._put))
        self._put += 1
        if (
            len(self._gathered) == _FILES_PER_TASK
            or sum(job.result.size for job in self._gathered) > _BYTES_PER_TASK
        ):
            await self._send()

    async def finish(self) -> None:
        """Say that no more files come."""
        await self._send()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._done.put_nowait(None)

    async def results(self) -> AsyncIterator[list[FileResult]]:
        """Yield the files that are done, some at a time, until all are; in order as far as possible.

        Raises:
            FolderNotFoundError: A machine sees another storage than this one.
            MfkitError: The executor or the mfkit on its machines does not work.
        """
        order = OrderedResults[FileResult](_HELD, _PATIENCE)
        while (task := await self._done.get()) is not None:
            self._room.leave()
            for job in task.result():
                order.put(job.number, job.result)
            if block := order.ready():
                yield block
        if block := order.rest():
            yield block

    async def _send(self) -> None:
        jobs, self._gathered = self._gathered, []
        if jobs:
            await self._room.enter()
            task = asyncio.create_task(self._have_read(jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(self._done.put_nowait)

    async def _have_read(self, jobs: list[Job]) -> list[Job]:
        """Have some files read, singly where that is lost; one that is lost again is given up."""
        if await self._ask(jobs) is not None:
            for job in jobs:
                if (lost := await self._ask([job])) is not None:
                    name = f"{type(lost).__name__}: {lost}".splitlines()[0]
                    job.result.failed("read", f"The file's task was lost twice, with its machine ({name}).")
        return jobs

    async def _ask(self, jobs: list[Job]) -> BaseException | None:
        """Have some files read in one task; returns what the task was lost by, if it was."""
        started = time.monotonic()
        requests = b"".join(job.request for job in jobs)
        submitting = asyncio.create_task(asyncio.to_thread(self._submit, requests))
        try:
            waiting = asyncio.wrap_future(await asyncio.shield(submitting))
        except asyncio.CancelledError:
            (await submitting).cancel()
            raise
        try:
            await asyncio.wait([waiting])
        finally:
            waiting.cancel()
        if waiting.cancelled():
            raise MfkitError(
                "The executor dropped a task, as it does when the connection to its scheduler is lost. "
                "What the scan stored is kept; scan again."
            )
        if (error := waiting.exception()) is not None:
            self._raise_if_hopeless(error)
            return error
        worked, stranger, lines = waiting.result()
        if stranger != "" and await asyncio.to_thread(_any_here, jobs):
            raise FolderNotFoundError(
                f"{stranger} does not see {jobs[0].result.path}, which is here; mount the storage at the "
                "same path on all machines. What the scan stored is kept."
            )
        for job, line in zip(jobs, lines.splitlines(), strict=True):
            apply_reply(line, job.result)
        self._any_back = True
        if self._done.empty():  # else it is the writer at home that tasks wait for
            self._room.learn(time.monotonic() - started, worked)
        return None

    def _submit(self, requests: bytes) -> Future[Answer]:
        """Hand a task over; not from the loop's thread, which a process that is forked here would inherit.

        Raises:
            MfkitError: The executor takes none.
        """
        arguments = (VERSION, uuid4().hex, *self._bounds, requests)
        try:
            return self._executor.submit(eval, CALL, {"arguments": arguments})
        except RuntimeError as error:  # so say executors that are shut down or broken
            raise MfkitError(f"The executor takes no tasks ({error}); give the scan another.") from error

    def _raise_if_hopeless(self, error: BaseException) -> None:
        """Raise what no second try would mend.

        Raises:
            MfkitError: The executor or the mfkit on its machines does not work.
        """
        if isinstance(error, MfkitError):
            raise error
        if isinstance(error, ImportError):
            raise MfkitError(
                f"A machine of the executor lacks mfkit {__version__} or a part of it ({error}); on each "
                f"that reads files: pip install mfkit=={__version__}"
            ) from error
        if isinstance(error, BrokenExecutor):
            raise MfkitError(
                f"The executor is broken ({error}). What the scan stored is kept; scan again with another."
            ) from error
        if not self._any_back:
            raise MfkitError(
                f"The executor does not do its first tasks ({type(error).__name__}: {error})."
            ) from error


def _any_here(jobs: list[Job]) -> bool:
    return any(os.path.lexists(to_disk_path(job.result.path)) for job in jobs)


_FIRST = 4
_SLACK = 0.25
"""Seconds that a task may take on the road on top; short tasks would else never be enough for a cluster."""


class ConcurrencyLimit:
    """A bound on the tasks under way that grows and shrinks with what a cluster takes on.

    An executor does not say how many tasks it runs at once, and a cluster's machines come and go. What a
    task says is how long it was at work; the rest of the time until it came back it waited. So: one more may
    be under way while they wait no longer than they work, one less where they wait three times that. This
    comes to two to four tasks for each place where one runs.
    """

    def __init__(self, most: int) -> None:
        """Set the bound.

        Args:
            most: How many there may ever be.
        """
        self._most, self.size = most, min(_FIRST, most)
        self._under_way = 0
        self._changed = asyncio.Event()

    async def enter(self) -> None:
        """Wait until there is room for one more, and take it."""
        while self._under_way >= self.size:
            self._changed.clear()
            await self._changed.wait()
        self._under_way += 1

    def leave(self) -> None:
        """Give back what one took."""
        self._under_way -= 1
        self._changed.set()

    def learn(self, away: float, worked: float) -> None:
        """Take from one task how busy the machines are.

        Args:
            away: Seconds from when it was handed over until it was back.
            worked: Seconds of those in which it was at work.
        """
        waited, fair = away - worked, worked + _SLACK
        if waited < fair:
            self.size = min(self.size + 1, self._most)
        elif waited > 3 * fair:
            self.size = max(self.size - 1, 1)
        self._changed.set()
