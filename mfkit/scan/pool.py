"""The workers: started, fed, listened to, and replaced when a file takes one down."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from mfkit.errors import MfkitError
from mfkit.scan.examine import Examined
from mfkit.scan.facts import Facts
from mfkit.scan.walk import Candidate
from mfkit.scan.worker import request, take_reply

_AHEAD = 8
"""Requests that wait in a worker's pipe, so that it never waits for us."""
_LINE = 1 << 24
"""Longest line of a worker; its facts are bounded far below."""
_PATIENCE = 120.0
"""Seconds that a worker may take to start: a cold disk under load is slow."""
MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 60.0

Job = tuple[Examined, str | None]


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
        self._results: asyncio.Queue[Examined | None] = asyncio.Queue(workers * _AHEAD * 4)
        self._number = workers
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start the workers."""
        self._tasks = [asyncio.create_task(self._serve()) for _ in range(self._number)]
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
        await self._jobs.put((found, known_hash))

    async def finish(self) -> None:
        """Say that no more files come."""
        for _ in self._tasks:
            await self._jobs.put(None)

    async def results(self) -> AsyncIterator[Examined]:
        """Yield the files as they are done, until all are.

        Raises:
            MfkitError: A worker cannot be started, or lacks a library.
        """
        running = len(self._tasks)
        while running:
            found = await self._results.get()
            if found is None:
                running -= 1
            else:
                yield found
        for task in self._tasks:
            if task.done():
                task.result()

    async def _serve(self) -> None:
        """Keep one worker at work, and replace it as often as need be."""
        waiting: deque[Job] = deque()
        process: Process | None = None
        more = True
        try:
            while True:
                while more and len(waiting) < _AHEAD and (not waiting or not self._jobs.empty()):
                    job = await self._jobs.get()
                    if job is None:
                        more = False
                    else:
                        waiting.append(job)
                        _send(process, job)
                if not waiting:
                    return
                if process is None:
                    process = await self._start()
                    for job in waiting:
                        _send(process, job)
                fault = await self._listen(process, waiting[0][0])
                if fault is not None:
                    await _end(process)
                    process = None
                found, _ = waiting.popleft()
                if fault is not None:
                    found.facts = Facts()
                    found.failed("read" if found.kind is None else "probe", fault)
                await self._results.put(found)
        finally:
            if process is not None:
                await _end(process)
            # A cancelled pool has nobody left who takes results.
            with contextlib.suppress(asyncio.QueueFull):
                self._results.put_nowait(None)

    async def _start(self) -> Process:
        """Start a worker and wait for its first word.

        Raises:
            MfkitError: It ends before it can work.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mfkit.scan.worker", str(self._memory_limit), str(self._time_limit),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=_LINE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_PATIENCE):
                if await process.stdout.readline():
                    return process
            code = await process.wait()
        except BaseException:
            await _end(process)  # nobody else knows of it yet
            raise
        raise MfkitError(
            f"The process that reads files ends at once (exit code {code}); see why with: "
            f"{sys.executable} -m mfkit.scan.worker"
        )

    async def _listen(self, process: Process, found: Examined) -> str | None:
        """Take the worker's lines until a file is done; returns what is wrong when the worker is lost."""
        assert process.stdout is not None
        while True:
            try:
                # Not wait_for: on Python 3.11 it may lose a cancellation that comes with the line.
                async with asyncio.timeout(self._time_limit):
                    line = await process.stdout.readline()
            except TimeoutError:
                return f"Reading the file takes too long: no sign of life for {self._time_limit:g} s."
            except ValueError:
                return "Reading the file gives more facts than can be true."
            if not line:
                code = await process.wait()
                return f"Reading the file crashed the reader ({_cause(code)})."
            if take_reply(line, found):
                return None


def _send(process: Process | None, job: Job) -> None:
    if process is not None and process.stdin is not None:
        process.stdin.write(request(*job))


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
