"""A file that is there whole or not at all: written beside its place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from mfkit.core import sqlite
from mfkit.errors import ExportError


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
def replacing(path: Path, *, overwrite: bool) -> Iterator[Path]:
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
    unfinished = path.with_name(f".{path.name[:100]}.{uuid4().hex[:12]}.part")
    try:
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
        for end in ("", *sqlite.COMPANIONS):
            with suppress(OSError):
                unfinished.with_name(unfinished.name + end).unlink()
