"""A small picture of a file, by a worker process of its own with a time and a memory limit.

A process per picture: to start one takes a third of a second, which nobody waits for since pictures are
made beside everything else and kept, and there is none to look after.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import DEVNULL, PIPE, Process

from mfkit.errors import ThumbnailError
from mfkit.processes.start import python_child
from mfkit.scan.paths import is_url, on_disk
from mfkit.thumbs.cache import ThumbnailCache

SIDE = 480
"""The longest side, pixels."""
MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 20.0
_MOST = 1 << 20
"""Bytes of an answer; a picture of this size is far below."""
_AT_ONCE = 2


class Thumbnails:
    """Makes and keeps small pictures of files."""

    def __init__(
        self,
        cache: ThumbnailCache | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        """Set the bounds.

        Args:
            cache: Where pictures are kept; the user's when not given.
            time_limit: Seconds that one may take.
            memory_limit: Bytes that its process may allocate.
        """
        self._cache = cache or ThumbnailCache()
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def get(self, paths: list[str], file_hash: str) -> bytes:
        """Return a JPEG of a content, no side longer than :data:`SIDE`.

        Args:
            paths: Where the content lies, in stored form; the first that is there is read.
            file_hash: Its SHA-256.

        Raises:
            ThumbnailError: There is no picture of it, or its file is gone or does harm.
        """
        if (kept := await asyncio.to_thread(self._cache.get, file_hash)) is not None:
            return kept
        files = sorted(paths, key=is_url)  # rather from a disk than over a network
        there = next((one for one in files if is_url(one) or os.path.isfile(on_disk(one))), None)
        if there is None:
            raise ThumbnailError("The file is not there; is its disk connected?")
        async with self._room:
            answer = await self._ask(there)
        # A worker that a file got hold of may answer anything: only what begins as a JPEG goes on.
        if answer[:4] != b"+\xff\xd8\xff":
            raise ThumbnailError(answer[1:400].decode("utf-8", "replace") or "The file cannot be drawn.")
        await asyncio.to_thread(self._cache.put, file_hash, answer[1:])
        return answer[1:]

    async def _ask(self, path: str) -> bytes:
        command, environment = python_child(
            "mfkit.thumbs.worker", str(self._memory_limit), str(self._time_limit)
        )
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        )
        try:
            async with asyncio.timeout(self._time_limit):
                return await _answer(process, json.dumps([path, SIDE]).encode() + b"\n")
        except TimeoutError:
            raise ThumbnailError(f"To draw the file takes longer than {self._time_limit:g} s.") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _answer(process: Process, request: bytes) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(request)
    answer = b""
    while len(answer) <= _MOST and (part := await process.stdout.read(_MOST)):
        answer += part
    if not answer:
        raise ThumbnailError("The file crashed the process that draws it.")
    if len(answer) > _MOST:
        raise ThumbnailError("The picture of the file is larger than it can be.")
    return answer
