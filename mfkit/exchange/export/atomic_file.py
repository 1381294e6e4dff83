"""A file that is there whole or not at all: written beside its place, then renamed."""

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
_BESIDE = ("", *sqlite.COMPANIONS, _FOLDER)
"""Ends of the names beside an unfinished file: SQLite's files, and a folder to work in."""
_PATIENCE = 10.0
"""Seconds; another export holds the lock only while it looks whether this one is still running."""


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Say before any work that a file cannot be written.

    Raises:
        ExportError: The folder is not there, the path is a folder, or a file is there already.
    """
    try:
        path.exists()
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error
    if not path.parent.is_dir():
        raise ExportError(f"The folder {path.parent} is not there; make it, or name another.")
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name a file in it.")
    if path.exists() and not overwrite:
        raise ExportError(f"{path} is there already; name another file, or say overwrite=True (--overwrite).")


@contextmanager
def write_atomically(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a new file's path; what is written there takes its place at the end, all or nothing.

    Args:
        path: Where the file shall be.
        overwrite: Whether one that is there may be replaced.

    Raises:
        ExportError: It cannot be written, for example because the disk is full; nothing is left behind.
        LibraryLockedError: The file that is there is a SQLite database that is open.
        ReadOnlyLibraryError: It is such a database, and may only be read.
    """
    refuse_existing(path, overwrite=overwrite)
    _remove_killed(path.parent)
    stem = path.name.encode("utf-8", "ignore")[:100].decode("utf-8", "ignore")
    unfinished = path.with_name(f".{stem}.{uuid4().hex[:12]}.part")
    # The system releases it when this process dies: the next export then knows that nobody writes there.
    lock = _lock_of(unfinished)
    try:
        lock.acquire(timeout=_PATIENCE)
        yield unfinished
        refuse_existing(path, overwrite=overwrite)
        if sqlite.is_database(unfinished):
            sqlite.replace_file(unfinished, path)
        else:
            os.replace(unfinished, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(f"{path} cannot be written: {reason}. Nothing was left behind.") from error
    finally:
        _remove(unfinished)
        lock.release()
        _remove(unfinished, _LOCK)


def working_folder(unfinished: Path) -> Path:
    """Make a folder for temporary files beside an unfinished file; it is removed with the file."""
    folder = unfinished.with_name(unfinished.name + _FOLDER)
    folder.mkdir(exist_ok=True)
    return folder


def _lock_of(unfinished: Path) -> FileLock:
    return FileLock(unfinished.with_name(unfinished.name + _LOCK), timeout=0, thread_local=False)


def _remove_killed(folder: Path) -> None:
    """Remove what killed exports left; the lock of one that is still running is held."""
    with suppress(OSError):
        for lock in list(folder.iterdir()):
            unfinished = lock.with_name(lock.name.removesuffix(_LOCK))
            if unfinished == lock or not _UNFINISHED.fullmatch(unfinished.name):
                continue
            with suppress(OSError):  # such as Timeout: it is held
                if S_ISREG(lock.lstat().st_mode):
                    with _lock_of(unfinished):
                        _remove(unfinished)
                    _remove(unfinished, _LOCK)


def _remove(unfinished: Path, *ends: str) -> None:
    """Remove an unfinished file and what lies beside it, or only what has one of these ends."""
    for end in ends or _BESIDE:
        left = unfinished.with_name(unfinished.name + end)
        with suppress(OSError):
            if end == _FOLDER:
                shutil.rmtree(left)
            else:
                left.unlink()
