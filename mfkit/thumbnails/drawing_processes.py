"""Isolated processes that each draw the thumbnails and pictures of many files."""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Literal

from mfkit.errors import ThumbnailError
from mfkit.processes.child_process import python_child

Drawing = Literal["thumbnail", "full size", "frames"]
"""What is drawn of a file; ``frames`` are frames of a video side by side."""
MAX_THUMBNAIL = 1 << 20
"""Maximum size of a thumbnail or of the frames of a video in bytes. They are far smaller."""
MAX_PICTURE = 1 << 26
"""Maximum size of a full-size picture in bytes."""
_MAX_PROCESSES = 2
_MAX_FILES = 200
"""Number of files after which a process is replaced, which bounds memory that a decoder does not free."""
_LINGER_SECONDS = 10.0
"""Seconds that a process waits for its next file. Starting a process takes longer than drawing."""


class DrawingProcesses:
    """Up to two processes that each draw one file at a time, and that end after ten seconds without work."""

    def __init__(self, time_limit: float, memory_limit: int) -> None:
        """Create the pool without a process.

        Args:
            time_limit: Maximum seconds per file.
            memory_limit: Maximum bytes that a process can allocate.
        """
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._slots = asyncio.Semaphore(_MAX_PROCESSES)
        self._idle: dict[asyncio.Task[None], tuple[Process, int]] = {}

    async def draw(self, path: str, drawing: Drawing = "thumbnail") -> bytes:
        """Return a file's thumbnail, its picture in full size or its frames as JPEG.

        If the call is cancelled, a process that is drawing finishes its file. Ending the process would take
        longer, because a new one must then be started.

        Args:
            path: Stored path of the file.
            drawing: What is drawn.

        Raises:
            ThumbnailError: The file has no picture, or its process crashed, took too long or sent nonsense.
        """
        await self._slots.acquire()
        task = asyncio.create_task(self._exchange(path, drawing))
        task.add_done_callback(self._release)
        response = await asyncio.shield(task)
        # A malicious file could make the process send any bytes, so only JPEG data is accepted.
        if response[:4] != b"+\xff\xd8\xff":
            raise ThumbnailError(
                response[1:400].decode("utf-8", "replace") or "Cannot create a thumbnail of this file."
            )
        return response[1:]

    def _release(self, drawing: asyncio.Task[bytes]) -> None:
        self._slots.release()
        if not drawing.cancelled():
            # If the caller was cancelled, nobody awaits the task. exception() then prevents asyncio from
            # logging the error of the task as never retrieved.
            drawing.exception()

    async def _exchange(self, path: str, drawing: Drawing) -> bytes:
        process, files = self._take_idle() or (await self._start(), 0)
        succeeded = False
        try:
            async with asyncio.timeout(self._time_limit):
                response = await _exchange(process, path, drawing)
            succeeded = True
            return response
        except TimeoutError:
            raise ThumbnailError(f"Creating the thumbnail took longer than {self._time_limit:g} s.") from None
        finally:
            if succeeded and files + 1 < _MAX_FILES:
                self._idle[asyncio.create_task(self._linger())] = process, files + 1
            else:
                await _kill(process)

    def _take_idle(self) -> tuple[Process, int] | None:
        while self._idle:
            task, (process, files) = self._idle.popitem()
            task.cancel()
            if process.returncode is None:
                return process, files
        return None

    async def _linger(self) -> None:
        """End a process that is still idle after some seconds, or at the end of the event loop."""
        try:
            await asyncio.sleep(_LINGER_SECONDS)
        finally:
            task = asyncio.current_task()
            if task in self._idle:
                await _kill(self._idle.pop(task)[0])

    async def _start(self) -> Process:
        command, environment = python_child(
            "mfkit.thumbnails.thumbnail_worker", str(self._memory_limit), str(self._time_limit)
        )
        return await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )


async def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    # communicate() is used, because it also reads the remaining output. wait() would never return if this
    # output is larger than the buffer for it.
    await process.communicate()


async def _exchange(process: Process, path: str, drawing: Drawing) -> bytes:
    """Send a request, read the line that states the length of the response, and return the response."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps({"path": path, "drawing": drawing}).encode() + b"\n")
    try:
        head = await process.stdout.readuntil(b"\n")
        size = int(head) if head.strip().isdigit() and len(head) < 20 else -1
        if size > (MAX_PICTURE if drawing == "full size" else MAX_THUMBNAIL):
            raise ThumbnailError("The thumbnail is too large.")
        if size < 0:
            raise ThumbnailError("The thumbnail process sent an invalid response.")
        return await process.stdout.readexactly(size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ThumbnailError("The thumbnail process sent an invalid response.") from None
        raise ThumbnailError("The file crashed the thumbnail process.") from None
    except asyncio.LimitOverrunError:
        raise ThumbnailError("The thumbnail process sent an invalid response.") from None
