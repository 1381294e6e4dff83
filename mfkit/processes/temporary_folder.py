"""Temporary folders that are removed even if the process that created them is killed."""

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
"""Minimum age in seconds of folders to remove. A newer folder may be in use, but not locked yet."""


class TemporaryFolder:
    """Temporary folder with a lock file. The lock shows that the process that uses the folder still runs.

    The folder is removed at the end of the ``with`` block, when the object is garbage-collected, or at the
    end of the process. If the process is killed, the next process that creates such a folder removes it.

    Attributes:
        path: The folder.
    """

    def __init__(self, purpose: str) -> None:
        """Create the temporary folder.

        Args:
            purpose: Part of the folder's name.
        """
        _remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=f"mfkit-{purpose}-"))
        # The lock is not bound to a thread, because any thread may garbage-collect this object.
        lock = FileLock(self.path / _LOCK, thread_local=False)
        lock.acquire()
        self._remove = weakref.finalize(self, _remove, self.path, lock)

    def __enter__(self) -> Self:
        """Return this temporary folder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        self.remove()

    def remove(self) -> None:
        """Remove the folder if it still exists."""
        self._remove()


def _remove(path: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(path, ignore_errors=True)


def _remove_abandoned() -> None:
    """Remove temporary folders of this user whose processes have ended."""
    for mark in Path(tempfile.gettempdir()).glob(f"mfkit-*/{_LOCK}"):
        try:
            status = mark.parent.lstat()
            if time.time() - status.st_mtime < _YOUNG or (
                hasattr(os, "getuid") and status.st_uid != os.getuid()
            ):
                continue
            lock = FileLock(mark)
            lock.acquire(timeout=0)
        except (OSError, Timeout):  # The folder is skipped: it is in use or already removed.
            continue
        _remove(mark.parent, lock)
