"""Pool that inspects media files on remote machines through an executor, and the connection to Dask."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
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
"""Maximum number of files per task.

Submitting a task takes about as long as reading one file, so tasks with a single file would be inefficient.
"""
_BYTES_PER_TASK = 256 << 20
"""Total file size in bytes from which a task gets no more files.

If a task is lost, its files are read again, so the files of one task should not take long.
"""
_MAX_TASKS = 512
"""Maximum number of submitted tasks, because the pool keeps data on their files (up to 32,768) in memory."""
_MAX_WAITING_FILES = 16_384
"""Maximum number of finished files whose results wait for the result of an earlier file."""
_MAX_WAIT_SECONDS = 30.0
"""Maximum number of seconds that results wait for earlier results, which are late if a machine is lost."""
_BROKEN_EXECUTOR_SECONDS = 10.0
"""Maximum number of seconds to wait until a broken executor has reported errors for all its tasks."""


class ExecutorPool:
    """Pool that inspects files on the machines of an executor, with the same methods as `WorkerPool`.

    If a task is lost, its files are submitted again, each in a separate task. Dask itself has already tried
    the lost task on several machines.
    """

    def __init__(
        self,
        executor: Executor,
        tasks: int | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        """Create a pool that inspects files on the machines of an executor.

        Args:
            executor: The executor. The pool does not shut it down.
            tasks: Maximum number of submitted tasks; 512 by default. Below this maximum, the number adapts to
                the capacity of the machines.
            time_limit: Maximum number of seconds for one file without progress.
            memory_limit: Memory limit of each worker process in bytes; 0 for no limit.
        """
        self._executor, self._limits = executor, (memory_limit, time_limit)
        self._limit = ConcurrencyLimit(tasks or _MAX_TASKS)
        self._next_jobs: list[Job] = []
        self._put = 0
        self._tasks: set[asyncio.Task[list[Job]]] = set()
        self._done: asyncio.Queue[asyncio.Task[list[Job]] | None] = asyncio.Queue()
        self._any_done = False

    async def __aenter__(self) -> Self:
        """Return the pool without starting a task."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel all tasks. A task that already runs on a machine continues, but its result is ignored."""
        tasks = [*self._tasks]
        if tasks and error is not None and isinstance(error.__cause__, BrokenExecutor):
            # Let the broken executor report errors for all tasks before they are cancelled. Otherwise the
            # processes of a pool continue to run before Python 3.12
            # (https://github.com/python/cpython/pull/108974).
            await asyncio.wait(tasks, timeout=_BROKEN_EXECUTOR_SECONDS)
        for task in tasks:
            task.cancel()
        while not self._done.empty():
            # Finished tasks are collected too, so that gather() below retrieves their errors and asyncio does
            # not report them.
            if (done := self._done.get_nowait()) is not None:
                tasks.append(done)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def put(self, candidate: Candidate, known_hash: str | None) -> None:
        """Add a file to the next task, and submit the task if it is full.

        If the maximum number of tasks is already submitted, first wait until a task has finished.
        """
        self._next_jobs.append(Job(FileResult.of(candidate), known_hash, number=self._put))
        self._put += 1
        if (
            len(self._next_jobs) == _FILES_PER_TASK
            or sum(job.result.size for job in self._next_jobs) > _BYTES_PER_TASK
        ):
            await self._submit_next()

    async def finish(self) -> None:
        """Submit the remaining queued files, and wait for all tasks."""
        await self._submit_next()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._done.put_nowait(None)

    async def results(self) -> AsyncIterator[list[FileResult]]:
        """Yield results in blocks until all files are done, if possible in the order of the files.

        Raises:
            FolderNotFoundError: A machine cannot see files that exist on this machine.
            MfkitError: The executor, or mfkit on its machines, does not work.
        """
        order = OrderedResults[FileResult](_MAX_WAITING_FILES, _MAX_WAIT_SECONDS)
        while (task := await self._done.get()) is not None:
            self._limit.leave()
            for job in task.result():
                order.put(job.number, job.result)
            if block := order.ready():
                yield block
        if block := order.rest():
            yield block

    async def _submit_next(self) -> None:
        jobs, self._next_jobs = self._next_jobs, []
        if jobs:
            await self._limit.enter()
            task = asyncio.create_task(self._inspect(jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(self._done.put_nowait)

    async def _inspect(self, jobs: list[Job]) -> list[Job]:
        """Inspect files in one task. If the task is lost, inspect each file in its own task.

        A file whose own task is also lost counts as failed.
        """
        if await self._run_task(jobs) is not None:
            for job in jobs:
                if (lost := await self._run_task([job])) is not None:
                    name = f"{type(lost).__name__}: {lost}".splitlines()[0]
                    job.result.failed(
                        "read", f"The task of the file was lost twice with its machine ({name})."
                    )
        return jobs

    async def _run_task(self, jobs: list[Job]) -> BaseException | None:
        """Inspect files in one task. Return the error if the task was lost, otherwise None."""
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
                "The executor dropped a task, for example because the connection to its scheduler is lost. "
                "Scan again; what the scan stored is kept."
            )
        if (error := waiting.exception()) is not None:
            self._raise_if_permanent(error)
            return error
        busy_seconds, blind_machine, lines = waiting.result()
        if blind_machine != "" and await asyncio.to_thread(_any_exists, jobs):
            raise FolderNotFoundError(
                f"{blind_machine} does not see {jobs[0].result.path}, which exists on this machine. Mount "
                "the storage at the same path on all machines. What the scan stored is kept."
            )
        for job, line in zip(jobs, lines.splitlines(), strict=True):
            apply_reply(line, job.result)
        self._any_done = True
        if self._done.empty():
            # Adjust the maximum number of submitted tasks only if no results wait to be stored. Otherwise
            # this machine is the bottleneck, not the cluster.
            self._limit.adjust(time.monotonic() - started, busy_seconds)
        return None

    def _submit(self, requests: bytes) -> Future[Answer]:
        """Submit a task to the executor. Must not be called on the event loop's thread.

        An executor can fork a process here, which on the event loop's thread would inherit the event loop.

        Raises:
            MfkitError: The executor accepts no tasks.
        """
        arguments = (VERSION, uuid4().hex, *self._limits, requests)
        try:
            return self._executor.submit(eval, CALL, {"arguments": arguments})
        except RuntimeError as error:  # An executor raises RuntimeError if it is shut down or broken.
            raise MfkitError(
                f"The executor accepts no tasks ({error}). Scan again with another executor."
            ) from error

    def _raise_if_permanent(self, error: BaseException) -> None:
        """Raise an mfkit error if a second attempt would fail with the same error.

        Raises:
            MfkitError: The executor, or mfkit on its machines, does not work.
        """
        if isinstance(error, MfkitError):
            raise error
        if isinstance(error, ImportError):
            raise MfkitError(
                f"A machine of the executor lacks mfkit {__version__} or a part of it ({error}). Run on each "
                f"machine: pip install mfkit=={__version__}"
            ) from error
        if isinstance(error, BrokenExecutor):
            raise MfkitError(
                f"The executor is broken ({error}). Scan again with another executor. The results "
                "stored so far are kept."
            ) from error
        if not self._any_done:
            raise MfkitError(
                f"The first tasks on the executor failed ({type(error).__name__}: {error}). Check that its "
                "machines have mfkit and can read the files."
            ) from error


def _any_exists(jobs: list[Job]) -> bool:
    return any(os.path.lexists(to_disk_path(job.result.path)) for job in jobs)


_INITIAL_SIZE = 4
_TRANSPORT_SECONDS = 0.25
"""Seconds of waiting that are always tolerated, because a task and its result have to be transported.

Without this tolerance, the number of submitted tasks would never grow if all tasks are short.
"""


class ConcurrencyLimit:
    """Limit on the number of submitted tasks that adapts to the capacity of a cluster.

    An executor does not report how many tasks it can run in parallel, and the machines of a cluster can
    change. But each task reports how long it ran; the rest of its time it waited. The limit grows by one if a
    task waited for a shorter time than it ran, and shrinks by one if a task waited more than three times as
    long as it ran. As a result, there are two to four submitted tasks for each running task.
    """

    def __init__(self, most: int) -> None:
        """Create a limit on the number of submitted tasks. It starts at a small value.

        Args:
            most: Maximum value of the limit.
        """
        self._most, self.size = most, min(_INITIAL_SIZE, most)
        self._running = 0
        self._changed = asyncio.Event()

    async def enter(self) -> None:
        """Wait until another task may be submitted, and count this task as submitted."""
        while self._running >= self.size:
            self._changed.clear()
            await self._changed.wait()
        self._running += 1

    def leave(self) -> None:
        """Count a task as finished, so that another task may be submitted."""
        self._running -= 1
        self._changed.set()

    def adjust(self, total: float, busy: float) -> None:
        """Increase or decrease the limit, depending on how long a finished task waited before it ran.

        Args:
            total: Seconds between the submission of the task and its result.
            busy: Seconds that the task ran.
        """
        waited, fair = total - busy, busy + _TRANSPORT_SECONDS
        if waited < fair:
            self.size = min(self.size + 1, self._most)
        elif waited > 3 * fair:
            self.size = max(self.size - 1, 1)
        self._changed.set()


_SCHEDULER_TIMEOUT = 10
"""Seconds to wait for a response of the scheduler."""
_WORKERS_TIMEOUT = 60
"""Seconds to wait for the first worker. Some clusters start workers only when a client connects."""


@contextmanager
def connected_executor(
    scheduler: str, timeout: float = _SCHEDULER_TIMEOUT, workers_timeout: float = _WORKERS_TIMEOUT
) -> Iterator[Executor]:
    """Connect to a Dask cluster and yield its executor.

    Args:
        scheduler: Address of the Dask scheduler, such as ``tcp://10.0.0.5:8786``.
        timeout: Seconds to wait for a response of the scheduler.
        workers_timeout: Seconds to wait for the first worker.

    Raises:
        MfkitError: Dask is not installed, the scheduler does not answer, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MfkitError("A scan on a Dask cluster needs more packages: pip install 'mfkit[dask]'") from error
    try:
        client = Client(scheduler, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError, AssertionError) as error:
        raise MfkitError(
            f"No Dask scheduler answers at {scheduler} ({error}). Use the address that `dask scheduler` "
            "prints when it starts, such as tcp://10.0.0.5:8786."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=workers_timeout)
        except TimeoutError as error:
            raise MfkitError(
                f"The Dask scheduler at {scheduler} has no workers. Start one on each machine that can read "
                f"the storage: dask worker {scheduler}"
            ) from error
        yield client.get_executor()
