"""Parent's side of a worker process, with a time limit, and the supervisor that replaces a crashed process.

A :class:`WorkerSupervisor` sends files to one process, and replaces the process when a file crashes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import deque
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar, cast

from mfkit.errors import MfkitError
from mfkit.processes.child_process import python_child
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.workers.worker_main import apply_reply, encode_request

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
    """Error for a worker process that crashed or must be killed.

    The message is stored as the current file's error.
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
        """Write request lines to the process, without waiting until it reads them."""
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
        """Split received data into lines, and stop reading for a moment, to receive more lines at a time."""
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


_MAX_SENT_FILES = 64
"""Maximum number of files sent to a worker in advance, so that it never has to wait."""
_MAX_SENT_BYTES = 16 << 20
"""Total size in bytes from which no more files are sent in advance. Another worker may take them earlier."""


SCAN_WORKER = "mfkit.scan.workers.worker_main"


class WorkerJob(Protocol):
    """Interface of a job for a worker process, such as inspecting or decoding one file."""

    @property
    def size(self) -> int:
        """Size of the file in bytes."""

    @property
    def request(self) -> bytes:
        """JSON line that asks a worker process to do the job."""

    def apply(self, line: bytes) -> bool:
        """Store a worker's reply line, and return whether the job is finished.

        Raises:
            ValueError: The line is not a reply; a TypeError or LookupError means the same.
        """

    def crashed(self, error: str) -> bool:
        """Record that the file crashed a worker, and return True if the job must not be tried again."""


J = TypeVar("J", bound=WorkerJob)


@dataclass(slots=True)
class Job:
    """File to inspect during a scan.

    Attributes:
        result: Receives the values of the worker's reply.
        known_hash: Hash of the content if the content is known to be unchanged.
        wants_metadata: Whether to extract metadata.
        number: Position in the order in which files were queued.
        metadata_error: Error of a first attempt that crashed a worker. If set, the file is only hashed.
    """

    result: FileResult
    known_hash: str | None
    wants_metadata: bool = True
    number: int = 0
    metadata_error: str | None = None

    @property
    def request(self) -> bytes:
        """JSON line that asks a worker process to do the job."""
        wants_metadata = self.wants_metadata and self.metadata_error is None
        # Without metadata, the fingerprint is incomplete and cannot show whether the file is unchanged. So
        # the request lacks the known hash, and the worker process hashes the file again.
        is_known = wants_metadata or self.result.expected_fingerprint is None
        known_hash = self.known_hash if is_known else None
        return encode_request(self.result, known_hash, wants_metadata=wants_metadata)

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return self.result.size

    def apply(self, line: bytes) -> bool:
        """Store a worker's reply line in the result, and return whether the file is finished."""
        if not apply_reply(line, self.result):
            return False
        if self.metadata_error is not None and self.result.stage is None:
            self.result.failed("probe", self.metadata_error)
        return True

    def crashed(self, error: str) -> bool:
        """Record the first crash that the file causes as a metadata error, and the second as a read error."""
        if self.metadata_error is None:
            self.metadata_error = error
            return False
        self.result.failed("read", error)
        return True


class WorkerSupervisor(Generic[J]):
    """Supervisor that runs jobs in an isolated process, one after the other.

    A process that crashes or exceeds the time limit is replaced. Its current job decides whether the job is
    tried again (:meth:`WorkerJob.crashed`). The remaining jobs go to the new process.
    """

    def __init__(self, memory_limit: int, time_limit: float, module: str = SCAN_WORKER) -> None:
        """Create the supervisor. The process is started with the first file, or by :meth:`start`.

        Args:
            memory_limit: Bytes that the process may allocate; 0 for no limit.
            time_limit: Seconds that the process may work on one file without a heartbeat.
            module: The module that the process runs.
        """
        self._memory_limit, self._time_limit, self._module = memory_limit, time_limit, module
        self._worker: WorkerProcess | None = None

    async def start(self) -> None:
        """Start the process if none is running.

        Raises:
            MfkitError: The process exits before it is ready.
        """
        if self._worker is None:
            self._worker = await WorkerProcess.start(self._memory_limit, self._time_limit, self._module)

    async def serve(self, jobs: asyncio.Queue[J | None], results: asyncio.Queue[list[J] | None]) -> None:
        """Run the jobs of a queue in a worker process until None arrives. Keep the process for later calls.

        Args:
            jobs: The jobs.
            results: Receives lists of finished jobs, in order.

        Raises:
            MfkitError: A process cannot be started, or cannot import a Python package.
        """
        if self._worker is not None and not self._worker.is_alive:
            # The worker process may have ended since the last call for earlier files. If so, a new one is
            # started below.
            await self.end()
        sent: deque[J] = deque()
        has_more = True
        while True:
            new: list[J] = []
            sent_bytes = sum(job.size for job in sent)
            while has_more and _has_room(len(sent), sent_bytes) and (not sent or not jobs.empty()):
                job = await jobs.get()
                if job is None:
                    has_more = False
                else:
                    sent.append(job)
                    sent_bytes += job.size
                    new.append(job)
            if not sent:
                return
            if self._worker is None:
                await self.start()
                assert self._worker is not None
                new = list(sent)
            if new:
                self._worker.send(b"".join(job.request for job in new))
            done: list[J] = []
            try:
                _apply_replies(await self._worker.replies(), sent, done)
            except WorkerLostError as error:
                await self.end()
                if sent and sent[0].crashed(str(error)):
                    done.append(sent.popleft())
            if done:
                await results.put(done)

    async def end(self) -> None:
        """Kill the process, if one is running."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.kill()


def _has_room(files: int, size: int) -> bool:
    return files < 2 or files < _MAX_SENT_FILES and size < _MAX_SENT_BYTES


def _apply_replies(lines: list[bytes], sent: deque[J], done: list[J]) -> None:
    """Pass a worker's reply lines to the sent jobs in order, and move finished jobs from `sent` to `done`."""
    for line in lines:
        try:
            is_done = sent[0].apply(line)
        except (ValueError, TypeError, LookupError) as error:
            raise WorkerLostError("The worker process sent an invalid reply for the file.") from error
        if is_done:
            done.append(sent.popleft())
