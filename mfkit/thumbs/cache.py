"""Where small pictures are kept: by content, in the user's cache, never more than a bound."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

LIMIT = 200_000_000
"""Bytes that all pictures may take."""
_LOOK_EVERY = 64


class ThumbnailCache:
    """A folder of JPEG files named by the SHA-256 of what they show.

    A cache that cannot be written only makes things slower.
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
            found = path.read_bytes()
            os.utime(path)
            return found
        return None

    def put(self, key: str, picture: bytes) -> None:
        """Keep a picture; now and then those that nobody wanted for longest go."""
        path = self._path(key)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(picture)
            unfinished.replace(path)
            if self._puts % _LOOK_EVERY == 0:
                self._prune()
            self._puts += 1

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.jpg"

    def _prune(self) -> None:
        files = [(one.stat(), one) for one in self._folder.glob("*/*")]
        size = sum(state.st_size for state, _ in files)
        for state, one in sorted(files, key=lambda entry: entry[0].st_mtime):
            if size <= self._limit:
                return
            one.unlink(missing_ok=True)
            size -= state.st_size
