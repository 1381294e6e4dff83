"""Where small pictures are kept: by content, in the user's cache, never more than a bound."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from uuid import uuid4

from platformdirs import user_cache_path

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
            (one.lstat(), one) for folder in folders if _is_folder(folder) for one in folder.iterdir()
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
