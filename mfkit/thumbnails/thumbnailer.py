"""Where small pictures are kept: by content, in the user's cache, never more than a bound."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from uuid import uuid4

from platformdirs import user_cache_path

from mfkit.errors import ThumbnailError
from mfkit.processes.child_process import python_child
from mfkit.scan.stored_path import is_url, to_disk_path

LIMIT = 200_000_000
"""Bytes that all pictures may take."""
_LOOK_EVERY = 64
_HASH = re.compile("[0-9a-f]{64}")
_OWN = re.compile(r"[0-9a-f]{64}\.(jpg|[0-9a-f]{1,32}\.part)")


class ThumbnailCache:
    """A folder of JPEG files named by the SHA-256 of what they show.

    A cache that cannot be written only makes things slower. Nothing is read, written or removed through a
    symbolic link in it, and nothing is removed that does not have the name of a picture of its own.
    """

    def __init__(self, folder: Path | None = None, limit: int = LIMIT) -> None:
        """Name the folder; it is made when it is first needed.

        Args:
            folder: Where; in the user's cache when not given.
            limit: Bytes.
        """
        self._folder = folder or user_cache_path("mfkit") / "thumbnails"
        self._limit = limit
        self._puts = 0

    def get(self, key: str) -> bytes | None:
        """Return a picture, and note that it was wanted."""
        path = self._path(key)
        with suppress(OSError):
            if _is_folder(path.parent) and S_ISREG(path.lstat().st_mode):
                found = path.read_bytes()
                os.utime(path)
                return found
        return None

    def put(self, key: str, picture: bytes) -> None:
        """Keep a picture; now and then those that nobody wanted for longest go."""
        path = self._path(key)
        unfinished = path.with_suffix(f".{uuid4().hex}.part")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not _is_folder(path.parent):
                return
            with unfinished.open("xb") as file:
                file.write(picture)
            unfinished.replace(path)
            if self._puts % _LOOK_EVERY == 0:
                self._prune()
            self._puts += 1

    def _path(self, key: str) -> Path:
        # A library may state anything as a hash, also what leads out of the folder.
        name = key if _HASH.fullmatch(key) else sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / name[:2] / f"{name}.jpg"

    def _prune(self) -> None:
        folders = [one for one in self._folder.iterdir() if re.fullmatch("[0-9a-f]{2}", one.name)]
        found = [
            (one.lstat(), one)
            for folder in folders
            if _is_folder(folder)
            for one in folder.iterdir()
            if _OWN.fullmatch(one.name)
        ]
        files = [(state, one) for state, one in found if S_ISREG(state.st_mode)]
        size = sum(state.st_size for state, _ in files)
        for state, one in sorted(files, key=lambda entry: entry[0].st_mtime):
            if size <= self._limit:
                return
            one.unlink(missing_ok=True)
            size -= state.st_size


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder itself, and not a link to one."""
    return S_ISDIR(path.lstat().st_mode)


THUMBNAIL_SIDE = 480
"""The longest side, pixels."""
MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 20.0
_MOST = 1 << 20
"""Bytes of an answer; a picture of this size is far below."""
_AT_ONCE = 2


class Thumbnailer:
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
        there = next((one for one in files if is_url(one) or os.path.isfile(to_disk_path(one))), None)
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
            "mfkit.thumbnails.thumbnail_worker", str(self._memory_limit), str(self._time_limit)
        )
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(self._time_limit):
                return await _answer(process, json.dumps([path, THUMBNAIL_SIDE]).encode() + b"\n")
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
