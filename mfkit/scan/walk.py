"""Folders to files: every regular file below a root, in the order of the stored paths."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from stat import S_ISREG

from mfkit.scan.paths import on_disk, stored

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Entry = tuple[str, int, int]
"""A file as its directory entry shows it: stored path, bytes, and the modification time in microseconds
since 1970. A plain tuple, since there is one per file of every rescan."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may have to be read.

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


def candidate(entry: Entry) -> Candidate:
    """Return an entry with its time as a moment."""
    path, size, modified = entry
    return Candidate(path, size, _moment(modified))


def modification_time(status: os.stat_result) -> datetime:
    """Return the modification time to the microsecond, exactly as it is compared and stored."""
    return _moment(status.st_mtime_ns // 1000)


def walk(root: str, unlisted: list[Unlisted]) -> Iterator[list[Entry]]:
    """Yield the regular files below a folder, run by run, sorted by stored path through all runs.

    The order is the database's own (by code point), so that what is found and what is known can be
    compared side by side in bounded memory. Symbolic links are not followed: what they point to
    counts where it lies. Sockets, pipes and devices are no files. Hidden files are files.

    Args:
        root: Stored form of an absolute path.
        unlisted: Gets what could not be looked at, before any run that sorts behind it.

    Yields:
        Runs of entries; a run is at most one folder's.
    """
    # A stack, since a tree may be deeper than Python's own.
    stack = [_runs(root, unlisted)]
    while stack:
        run = next(stack[-1], None)
        if run is None:
            stack.pop()
        elif isinstance(run, str):
            stack.append(_runs(run, unlisted))
        else:
            yield run


def _runs(folder: str, unlisted: list[Unlisted]) -> Iterator[list[Entry] | str]:
    """Yield the files of one folder, and between them, where it sorts, each folder to descend into."""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    files: list[Entry] = []
    folders: list[str] = []
    try:
        with os.scandir(on_disk(prefix)) as listing:
            # This loop runs once per file of every rescan: nothing is called that need not be.
            for entry in listing:
                name = entry.name
                path = prefix + (name if name.isascii() and "\\" not in name else stored(name))
                try:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{path}/")
                        continue
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    unlisted.append(Unlisted(path, error.strerror or str(error)))
                    continue
                if S_ISREG(status.st_mode):
                    files.append((path, status.st_size, status.st_mtime_ns // 1000))
    except OSError as error:
        unlisted.append(Unlisted(folder, error.strerror or str(error)))
        return
    files.sort()
    folders.sort()
    start = 0
    for inner in folders:
        end = bisect_left(files, (inner,), start)
        if end > start:
            yield files[start:end]
            start = end
        yield inner[:-1]
    if start < len(files):
        yield files[start:] if start else files


def _moment(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:  # a broken clock or file system; the size still tells of changes
        return _EPOCH
