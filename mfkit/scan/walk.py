"""Folders to candidates: every regular file below a root, in the order of the stored paths."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mfkit.scan.paths import on_disk, stored

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that the walk found.

    Attributes:
        path: Stored form of the path.
        size: Bytes.
        modified_at: The file system's modification time, to the microsecond.
    """

    path: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A folder or entry that could not be looked at.

    Attributes:
        path: Stored form of the path.
        error: The system's words.
    """

    path: str
    error: str


def walk(root: str) -> Iterator[Candidate | Unlisted]:
    """Yield the regular files below a folder, sorted by stored path.

    The order is the database's own (by code point), so that what is found and what is known can be
    compared side by side in bounded memory. Symbolic links are not followed: what they point to
    counts where it lies. Sockets, pipes and devices are no files. Hidden files are files.

    Args:
        root: Stored form of an absolute path.

    Yields:
        Candidates, and what could not be listed.
    """
    folders = [root]
    # A stack of folders yet to list would lose the order: entries are taken one by one instead.
    pending: list[Iterator[tuple[str, os.DirEntry[str]]]] = []
    while folders or pending:
        if folders:
            folder = folders.pop()
            try:
                pending.append(iter(_sorted_entries(folder)))
            except OSError as error:
                yield Unlisted(folder, error.strerror or str(error))
            continue
        try:
            path, entry = next(pending[-1])
        except StopIteration:
            pending.pop()
            continue
        if path.endswith("/"):
            folders.append(path[:-1])
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield Unlisted(path, error.strerror or str(error))
            continue
        if stat.S_ISREG(status.st_mode):
            yield Candidate(path, status.st_size, modification_time(status))


def modification_time(status: os.stat_result) -> datetime:
    """Return the modification time to the microsecond, exactly as it is compared and stored."""
    microseconds = status.st_mtime_ns // 1000
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:  # a broken clock or file system; the size still tells of changes
        return _EPOCH


def _sorted_entries(folder: str) -> list[tuple[str, os.DirEntry[str]]]:
    """Return a folder's entries by stored path; a folder's path ends in a slash, for the order's sake."""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    entries = []
    with os.scandir(on_disk(prefix)) as listing:
        for entry in listing:
            path = prefix + stored(entry.name)
            entries.append((f"{path}/" if entry.is_dir(follow_symlinks=False) else path, entry))
    entries.sort(key=lambda pair: pair[0])
    return entries
