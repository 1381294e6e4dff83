"""Creation of thumbnails, and a size-limited cache of thumbnail files that are named by content hash."""

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

CACHE_LIMIT = 200_000_000
"""Maximum size of the thumbnail cache in bytes."""
_PRUNE_INTERVAL = 64
"""Number of thumbnails that are stored between two checks of the cache's size."""
_HASH = re.compile("[0-9a-f]{64}")
_CACHE_FILE_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|[0-9a-f]{1,32}\.part)")


class ThumbnailCache:
    """Folder of JPEG files named by the SHA-256 of the item's content.

    Errors of the file system are ignored, because the cache only saves time. Symbolic links in the folder are
    not followed, and files with other names are never removed.
    """

    def __init__(self, folder: Path | None = None, limit: int = CACHE_LIMIT) -> None:
        """Create a thumbnail cache.

        Args:
            folder: Folder of the cache, created when needed. Defaults to a folder in the user's cache.
            limit: Maximum size in bytes.
        """
        self._folder = folder or user_cache_path("mfkit") / "thumbnails"
        self._limit = limit
        self._stored = 0

    def get(self, key: str) -> bytes | None:
        """Return a thumbnail from the cache and mark it as recently used."""
        path = self._path(key)
        with suppress(OSError):
            if _is_folder(path.parent) and S_ISREG(path.lstat().st_mode):
                found = path.read_bytes()
                os.utime(path)
                return found
        return None

    def put(self, key: str, thumbnail: bytes) -> None:
        """Store a thumbnail. At intervals, also remove old thumbnails until the size limit is met."""
        path = self._path(key)
        unfinished = path.with_suffix(f".{uuid4().hex}.part")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not _is_folder(path.parent):
                return
            with unfinished.open("xb") as file:
                file.write(thumbnail)
            unfinished.replace(path)
            if self._stored % _PRUNE_INTERVAL == 0:
                self.prune()
            self._stored += 1

    def prune(self) -> None:
        """Remove the least recently used thumbnails until the cache is not larger than its limit."""
        folders = [one for one in self._folder.iterdir() if re.fullmatch("[0-9a-f]{2}", one.name)]
        found = [
            (one.lstat(), one)
            for folder in folders
            if _is_folder(folder)
            for one in folder.iterdir()
            if _CACHE_FILE_NAME.fullmatch(one.name)
        ]
        files = [(state, one) for state, one in found if S_ISREG(state.st_mode)]
        size = sum(state.st_size for state, _ in files)
        for state, one in sorted(files, key=lambda entry: entry[0].st_mtime):
            if size <= self._limit:
                return
            one.unlink(missing_ok=True)
            size -= state.st_size

    def _path(self, key: str) -> Path:
        # In an untrusted library, a hash can be any text, even a path that leads out of the cache folder.
        name = key if _HASH.fullmatch(key) else sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / name[:2] / f"{name}.jpg"


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder and not a symbolic link."""
    return S_ISDIR(path.lstat().st_mode)


MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 20.0
_MAX_RESPONSE = 1 << 20
"""Maximum size of a worker's response in bytes. Thumbnails are far smaller."""
_MAX_WORKERS = 2


class Thumbnailer:
    """Service that creates thumbnails in worker processes and caches them."""

    def __init__(
        self,
        cache: ThumbnailCache | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        """Create a thumbnailer.

        Args:
            cache: Cache of thumbnails. Defaults to the user's cache.
            time_limit: Maximum seconds per thumbnail.
            memory_limit: Maximum bytes that the worker process can allocate.
        """
        self._cache = cache or ThumbnailCache()
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._workers = asyncio.Semaphore(_MAX_WORKERS)

    async def get(self, paths: list[str], file_hash: str) -> bytes:
        """Return an item's thumbnail as JPEG, upright, at most 480 pixels wide and high.

        Args:
            paths: Stored paths of the item and its copies. The first existing file is read.
            file_hash: SHA-256 of the content.

        Raises:
            ThumbnailError: The item has no thumbnail, or no file exists or can be read.
        """
        if (cached := await asyncio.to_thread(self._cache.get, file_hash)) is not None:
            return cached
        # Local files are tried before objects in object storage, because they are faster to read.
        files = sorted(paths, key=is_url)
        path = next((one for one in files if is_url(one) or os.path.isfile(to_disk_path(one))), None)
        if path is None:
            raise ThumbnailError("The file was not found. Check that its disk is connected.")
        async with self._workers:
            response = await self._render(path)
        # A malicious file could make the worker send any bytes, so only JPEG data is accepted.
        if response[:4] != b"+\xff\xd8\xff":
            raise ThumbnailError(
                response[1:400].decode("utf-8", "replace") or "Cannot create a thumbnail of this file."
            )
        await asyncio.to_thread(self._cache.put, file_hash, response[1:])
        return response[1:]

    async def _render(self, path: str) -> bytes:
        command, environment = python_child(
            "mfkit.thumbnails.thumbnail_worker", str(self._memory_limit), str(self._time_limit)
        )
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(self._time_limit):
                return await _exchange(process, json.dumps(path).encode() + b"\n")
        except TimeoutError:
            raise ThumbnailError(f"Creating the thumbnail took longer than {self._time_limit:g} s.") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _exchange(process: Process, request: bytes) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(request)
    response = b""
    while len(response) <= _MAX_RESPONSE and (part := await process.stdout.read(_MAX_RESPONSE)):
        response += part
    if not response:
        raise ThumbnailError("The file crashed the thumbnail process.")
    if len(response) > _MAX_RESPONSE:
        raise ThumbnailError("The thumbnail is too large.")
    return response
