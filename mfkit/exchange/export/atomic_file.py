"""Atomic writing of files: a temporary file in the same folder is renamed when it is complete."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from uuid import uuid4

from filelock import FileLock

from mfkit.core import sqlite
from mfkit.errors import ExportError

_UNFINISHED = re.compile(r"\..{1,100}\.[0-9a-f]{12}\.part", re.DOTALL)
_LOCK = ".lock"
_FOLDER = ".tmp"
_TEMPORARY_SUFFIXES = ("", *sqlite.COMPANIONS, _FOLDER)
"""Suffixes of an unfinished file, SQLite's companion files such as ``-wal``, and :func:`working_folder`."""
_LOCK_TIMEOUT = 10.0
"""Seconds to wait for the lock of an unfinished file.

Another export may hold the lock for a moment, to find out whether the file was abandoned.
"""


def refuse_existing(path: Path, *, overwrite: bool, can_overwrite: bool = True) -> None:
    """Check that an export can create or overwrite its file, before the export does any work.

    Args:
        path: The file.
        overwrite: Replace an existing file.
        can_overwrite: Whether the caller has an argument ``overwrite`` that the error can name.

    Raises:
        ExportError: The folder does not exist, the path is a folder, or the file already exists.
    """
    try:
        path.exists()
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error
    if not path.parent.is_dir():
        raise ExportError(f"The folder {path.parent} does not exist. Create it, or use another folder.")
    if path.is_dir():
        raise ExportError(f"{path} is a folder. Name a file in it.")
    if path.exists() and not overwrite:
        alternative = ", or use overwrite=True (--overwrite)" if can_overwrite else ""
        raise ExportError(f"{path} already exists. Use another file name{alternative}.")


@contextmanager
def write_atomically(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield the path of a temporary file, which is renamed to the final path if no error occurs.

    Args:
        path: The final path.
        overwrite: Replace an existing file.

    Raises:
        ExportError: The file cannot be written, for example because the disk is full; nothing is left behind.
        LibraryLockedError: The existing file is a SQLite database that is open.
        ReadOnlyLibraryError: The existing file is a SQLite database that is read-only.
    """
    refuse_existing(path, overwrite=overwrite)
    _remove_abandoned(path.parent)
    stem = path.name.encode("utf-8", "ignore")[:100].decode("utf-8", "ignore")
    unfinished = path.with_name(f".{stem}.{uuid4().hex[:12]}.part")
    # The unfinished file is locked. If this process dies, the operating system releases the lock, and the
    # next export to this folder removes the file.
    lock = _lock_of(unfinished)
    try:
        lock.acquire(timeout=_LOCK_TIMEOUT)
        yield unfinished
        refuse_existing(path, overwrite=overwrite)
        if sqlite.is_database(unfinished):
            sqlite.replace_file(unfinished, path)
        else:
            os.replace(unfinished, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(f"{path} cannot be written: {reason}. The unfinished file was removed.") from error
    finally:
        _remove(unfinished)
        lock.release()
        _remove(unfinished, _LOCK)


def working_folder(unfinished: Path) -> Path:
    """Create a temporary folder next to an unfinished export file. It is removed when the export ends."""
    folder = unfinished.with_name(unfinished.name + _FOLDER)
    folder.mkdir(exist_ok=True)
    return folder


def _lock_of(unfinished: Path) -> FileLock:
    return FileLock(unfinished.with_name(unfinished.name + _LOCK), timeout=0, thread_local=False)


def _remove_abandoned(folder: Path) -> None:
    """Remove the unfinished files of exports that were killed. Such files are no longer locked."""
    with suppress(OSError):
        for lock in list(folder.iterdir()):
            unfinished = lock.with_name(lock.name.removesuffix(_LOCK))
            if unfinished == lock or not _UNFINISHED.fullmatch(unfinished.name):
                continue
            # If an export still runs, filelock raises Timeout, which is an OSError, and the export's file is
            # kept.
            with suppress(OSError):
                if S_ISREG(lock.lstat().st_mode):
                    with _lock_of(unfinished):
                        _remove(unfinished)
                    _remove(unfinished, _LOCK)


def _remove(unfinished: Path, *suffixes: str) -> None:
    """Remove an unfinished export file and its temporary files, or only those with the given suffixes."""
    for suffix in suffixes or _TEMPORARY_SUFFIXES:
        left = unfinished.with_name(unfinished.name + suffix)
        with suppress(OSError):
            if suffix == _FOLDER:
                shutil.rmtree(left)
            else:
                left.unlink()
