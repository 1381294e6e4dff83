"""Creation of thumbnails, and a size-limited cache of thumbnail files that are named by content hash."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from uuid import uuid4

from platformdirs import user_cache_path

from mfkit.errors import ThumbnailError
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.thumbnails.drawing_processes import Drawing, DrawingProcesses

CACHE_LIMIT = 200_000_000
"""Maximum size of the thumbnail cache in bytes."""
_PRUNE_INTERVAL = 64
"""Number of thumbnails that are stored between two checks of the cache's size."""
_HASH = re.compile("[0-9a-f]{64}")
_CACHE_FILE_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|[0-9a-f]{1,32}\.part)")


class ThumbnailCache:
    """Folder of JPEG files. The name of a thumbnail is the SHA-256 of its item's content.

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
        # In an untrusted library, the key can be any text, even a path that leads out of the cache folder. A
        # key that is not a SHA-256 is therefore replaced by its SHA-256.
        name = key if _HASH.fullmatch(key) else sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / name[:2] / f"{name}.jpg"


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder and not a symbolic link."""
    return S_ISDIR(path.lstat().st_mode)


MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 20.0


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
        self._processes = DrawingProcesses(time_limit, memory_limit)

    async def get(self, paths: list[str], file_hash: str) -> bytes:
        """Return an item's thumbnail as JPEG, upright, at most 480 pixels wide and high.

        Args:
            paths: Stored paths of the item and its copies. The first existing file is read.
            file_hash: SHA-256 of the content.

        Raises:
            ThumbnailError: The item has no thumbnail, or no file exists or can be read.
        """
        return await self._cached(file_hash, paths, "thumbnail")

    async def frames(self, paths: list[str], file_hash: str) -> bytes:
        """Return five frames of a video side by side as one JPEG; see :func:`.video_frames.draw_strip`.

        Args:
            paths: Stored paths of the item and its copies. The first existing file is read.
            file_hash: SHA-256 of the content.

        Raises:
            ThumbnailError: The item is not a video, or no file exists or can be read.
        """
        return await self._cached(f"{file_hash} frames", paths, "frames")

    async def _cached(self, key: str, paths: list[str], drawing: Drawing) -> bytes:
        if (cached := await asyncio.to_thread(self._cache.get, key)) is not None:
            return cached
        drawn = await self._processes.draw(_existing(paths), drawing)
        await asyncio.to_thread(self._cache.put, key, drawn)
        return drawn

    async def picture(self, paths: list[str]) -> bytes:
        """Return an item's image in full size as JPEG, upright. It is not cached.

        Args:
            paths: Stored paths of the item and its copies. The first existing file is read.

        Raises:
            ThumbnailError: The item is not an image, or no file exists or can be read.
        """
        return await self._processes.draw(_existing(paths), "full size")


def _existing(paths: list[str]) -> str:
    """Return the first local file that exists, or else the first URL, because URLs are slower to read.

    Raises:
        ThumbnailError: No file exists.
    """
    for path in sorted(paths, key=is_url):
        if is_url(path) or os.path.isfile(to_disk_path(path)):
            return path
    raise ThumbnailError("The file was not found. Check that its disk is connected.")
