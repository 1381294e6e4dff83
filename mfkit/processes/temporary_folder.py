"""Temporary folders that outlive no process for long, also if the process is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

_LOCK = ".mfkit-lock"
_YOUNG = 60.0
"""Seconds in which a folder may have its lock still to be taken."""


class TemporaryFolder:
    """A temporary folder, locked by this process.

    It is removed at the end of the block, with the object, or at the end of the process. If the process is
    killed, the next one that makes such a folder removes it.

    Attributes:
        path: The folder.
    """

    def __init__(self, purpose: str) -> None:
        """Create the folder.

        Args:
            purpose: A word for its name.
        """
        _remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=f"mfkit-{purpose}-"))
        lock = FileLock(self.path / _LOCK, thread_local=False)  # any thread may collect the object
        lock.acquire()
        self._remove = weakref.finalize(self, _remove, self.path, lock)

    def __enter__(self) -> Self:
        """Return the folder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        self.remove()

    def remove(self) -> None:
        """Remove the folder, if it is still there."""
        self._remove()


def _remove(path: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(path, ignore_errors=True)


def _remove_abandoned() -> None:
    """Remove this user's folders whose processes have ended."""
    for mark in Path(tempfile.gettempdir()).glob(f"mfkit-*/{_LOCK}"):
        try:
            seen = mark.parent.lstat()
            if time.time() - seen.st_mtime < _YOUNG or (hasattr(os, "getuid") and seen.st_uid != os.getuid()):
                continue
            lock = FileLock(mark)
            lock.acquire(timeout=0)
        except (OSError, Timeout):  # in use, or removed by another process meanwhile
            continue
        _remove(mark.parent, lock)
