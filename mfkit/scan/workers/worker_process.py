"""A worker process as its parent sees it: started, written to, listened to, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Self, cast

from mfkit.errors import MfkitError
from mfkit.processes.child_process import python_child

_LINE = 1 << 24
"""Longest line of a worker; its facts are bounded far below."""
_PATIENCE = 120.0
"""Seconds that a worker may take to start: a cold disk under load is slow."""
_PAUSE = 0.005
"""Seconds between two looks at what a worker has written.

To be woken for every file took the parent longer than to store it. The lines wait in the pipe, where a
worker that crashes cannot lose them.
"""
_SECOND_LOOK = 0.1
"""Seconds that a silent worker gets on top, so that what came while the loop was held up is seen."""


class WorkerLostError(Exception):
    """A worker has ended, or must be: the message says what it did with the file it was at."""


class WorkerProcess(asyncio.SubprocessProtocol):
    """One running worker; made by :meth:`start`."""

    def __init__(self, time_limit: float) -> None:
        """Prepare to be told what the process does."""
        self._time_limit = time_limit
        self._lines: list[bytes] = []
        self._rest = b""
        self._arrived, self._exited = asyncio.Event(), asyncio.Event()
        self._is_open = True
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def start(cls, memory_limit: int, time_limit: float) -> Self:
        """Start a worker and wait for its first word.

        Args:
            memory_limit: Bytes that it may allocate; 0 for no limit.
            time_limit: Seconds that it may be silent over one file.

        Raises:
            MfkitError: It ends before it can work.
        """
        command, environment = python_child(
            "mfkit.scan.workers.worker_main", str(memory_limit), str(time_limit)
        )
        _, worker = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(time_limit),
            *command,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                await worker._arrived.wait()
            if not worker._is_open:
                await worker._exited.wait()
                raise MfkitError(
                    "The process that reads files ends at once "
                    f"(exit code {worker._transport.get_returncode()}); "
                    f"see why with: {sys.executable} -P -m mfkit.scan.workers.worker_main"
                )
            await worker.lines()
        except BaseException:
            await worker.end()  # nobody else knows of it yet
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked for files, as far as is known."""
        return self._is_open

    def send(self, lines: bytes) -> None:
        """Write requests; does not wait."""
        cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0)).write(lines)

    async def lines(self) -> list[bytes]:
        """Wait for lines and take all that have come, without their ends.

        Raises:
            WorkerLostError: No more come: it crashed, says nothing for the time limit, or too much.
        """
        for patience in (self._time_limit, _SECOND_LOOK):
            # Not wait_for: on Python 3.11 it may lose a cancellation that comes with the line.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._arrived.wait()
        self._arrived.clear()
        if self._lines:
            lines, self._lines = self._lines, []
            if not self._is_open:
                self._arrived.set()
            return lines
        if len(self._rest) > _LINE:
            raise WorkerLostError("Reading the file gives more facts than can be true.")
        if self._is_open:
            raise WorkerLostError(
                f"Reading the file takes too long: no sign of life for {self._time_limit:g} s."
            )
        await self._exited.wait()
        raise WorkerLostError(f"Reading the file crashed the reader ({self._cause()}).")

    async def end(self) -> None:
        """End the process, whatever it is at."""
        try:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()
            await self._exited.wait()
        finally:
            self._transport.close()

    def _cause(self) -> str:
        code = self._transport.get_returncode() or 0
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the process; asyncio calls this."""
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what the worker has written, and let more of it gather."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines
        if lines or len(self._rest) > _LINE:
            self._arrived.set()
            self._listen(False)
            self._loop.call_later(_PAUSE, self._listen, True)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Take note that the worker says no more."""
        if fd == 1:
            self._is_open = False
            self._arrived.set()

    def process_exited(self) -> None:
        """Take note that the process has ended."""
        self._exited.set()

    def _listen(self, on: bool) -> None:
        replies = cast(asyncio.ReadTransport | None, self._transport.get_pipe_transport(1))
        if replies is None or replies.is_closing():
            return
        if on:
            replies.resume_reading()
        else:
            replies.pause_reading()
