"""Parent's side of one worker process: start it, send requests, receive replies, and kill it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Self, cast

from mfkit.errors import MfkitError
from mfkit.processes.child_process import python_child

_MAX_LINE_BYTES = 1 << 24
"""Maximum length of a reply line in bytes. Valid metadata is far smaller."""
_MAX_START_SECONDS = 120.0
"""Maximum seconds that a worker may take to start, which can be slow on a busy disk."""
_READ_INTERVAL = 0.005
"""Seconds between two reads of a worker's replies.

If the parent woke up for every reply, that would take longer than storing the files. Unread replies wait in
the pipe and are not lost if the worker crashes.
"""
_GRACE_SECONDS = 0.1
"""Seconds added to the time limit, to read replies that arrived while the event loop was blocked."""


class WorkerLostError(Exception):
    """Error that a worker process crashed or must be killed.

    Its message is stored as the current file's error.
    """


class WorkerProcess(asyncio.SubprocessProtocol):
    """Running worker process; created by :meth:`start`."""

    def __init__(self, time_limit: float) -> None:
        """Create the asyncio protocol of a process that is about to start."""
        self._time_limit = time_limit
        self._lines: list[bytes] = []
        self._incomplete = b""
        self._arrived, self._exited = asyncio.Event(), asyncio.Event()
        self._is_open = True
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def start(
        cls, memory_limit: int, time_limit: float, module: str = "mfkit.scan.workers.worker_main"
    ) -> Self:
        """Start a worker and wait for its first heartbeat.

        Args:
            memory_limit: Bytes that the worker may allocate; 0 for no limit.
            time_limit: Seconds that the worker may work on one file without a heartbeat.
            module: The module that the worker runs.

        Raises:
            MfkitError: The worker exits before it is ready.
        """
        command, environment = python_child(module, str(memory_limit), str(time_limit))
        _, worker = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(time_limit),
            *command,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_MAX_START_SECONDS):
                await worker._arrived.wait()
            if not worker._is_open:
                await worker._exited.wait()
                raise MfkitError(
                    "The worker process exited during startup "
                    f"(exit code {worker._transport.get_returncode()}). To see the cause, run: "
                    f"{sys.executable} -P -m {module}"
                )
            await worker.replies()
        except BaseException:
            # The worker is killed here, because the caller has not received it yet and so cannot kill it.
            await worker.kill()
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        """Whether the worker process still has its standard output open."""
        return self._is_open

    def send(self, lines: bytes) -> None:
        """Write request lines without waiting."""
        cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0)).write(lines)

    async def replies(self) -> list[bytes]:
        """Wait for reply lines, and return all that have arrived, without newline characters.

        Raises:
            WorkerLostError: The worker crashed, exceeded the time limit, or sent a line that is too long.
        """
        for seconds in (self._time_limit, _GRACE_SECONDS):
            # asyncio.wait_for() is not used, because it can lose a cancellation on Python 3.11.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
        self._arrived.clear()
        if self._lines:
            lines, self._lines = self._lines, []
            if not self._is_open:
                self._arrived.set()
            return lines
        if len(self._incomplete) > _MAX_LINE_BYTES:
            raise WorkerLostError("The file has more metadata than is plausible.")
        if self._is_open:
            raise WorkerLostError(f"Reading the file took too long: no progress for {self._time_limit:g} s.")
        await self._exited.wait()
        raise WorkerLostError(f"Reading the file crashed the worker process ({self._exit_reason()}).")

    async def kill(self) -> None:
        """Kill the process and wait until it has ended."""
        try:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()
            await self._exited.wait()
        finally:
            self._transport.close()

    def _exit_reason(self) -> str:
        code = self._transport.get_returncode() or 0
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport of the process."""
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Split received data into lines, and pause reading, so that more lines arrive at once."""
        *lines, self._incomplete = (self._incomplete + data).split(b"\n")
        self._lines += lines
        if lines or len(self._incomplete) > _MAX_LINE_BYTES:
            self._arrived.set()
            self._set_reading(False)
            self._loop.call_later(_READ_INTERVAL, self._set_reading, True)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Record that the worker closed its output."""
        if fd == 1:
            self._is_open = False
            self._arrived.set()

    def process_exited(self) -> None:
        """Record that the worker process ended."""
        self._exited.set()

    def _set_reading(self, enabled: bool) -> None:
        output = cast(asyncio.ReadTransport | None, self._transport.get_pipe_transport(1))
        if output is None or output.is_closing():
            return
        if enabled:
            output.resume_reading()
        else:
            output.pause_reading()
