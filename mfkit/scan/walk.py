"""Folders to files: every regular file below a root, in the order of the stored paths."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from stat import S_ISREG

from mfkit.scan.ignore import FILES, IgnoreRules
from mfkit.scan.stored_path import to_disk_path, to_stored_path

# First characters of the file names that the default rule leaves out: one look spares most files the rule.
_SUSPECT = frozenset(one for name in FILES for one in (name[0], name[0].upper())) | {"."}
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
        wants_content: Whether an object's hash must be that of its content.
    """

    path: str
    size: int
    modified_at: datetime
    wants_content: bool = False


@dataclass(frozen=True, slots=True)
class UnlistableEntry:
    """A folder or entry that could not be looked at.

    Attributes:
        path: Stored form of the path.
        error: The system's words.
    """

    path: str
    error: str


@dataclass(slots=True)
class SkippedEntries:
    """What the walk met and did not yield.

    Attributes:
        unlisted: What could not be looked at, before any run that sorts behind it.
        files: How many files were left out by rule.
        folders: How many folders were left out by rule.
    """

    unlisted: list[UnlistableEntry] = field(default_factory=list)
    files: int = 0
    folders: int = 0


def candidate(entry: Entry) -> Candidate:
    """Return an entry with its time as a moment."""
    path, size, modified = entry
    return Candidate(path, size, _moment(modified))


def modification_time(status: os.stat_result) -> datetime:
    """Return the modification time to the microsecond, exactly as it is compared and stored."""
    return _moment(status.st_mtime_ns // 1000)


def walk(root: str, aside: SkippedEntries, exclude: IgnoreRules = IgnoreRules()) -> Iterator[list[Entry]]:
    """Yield the regular files below a folder, run by run, sorted by stored path through all runs.

    The order is the database's own (by code point), so that what is found and what is known can be
    compared side by side in bounded memory. Symbolic links are not followed: what they point to
    counts where it lies. Sockets, pipes and devices are no files. Hidden files are files.

    Args:
        root: Stored form of an absolute path.
        aside: Gets what is not yielded.
        exclude: What to leave out.

    Yields:
        Runs of entries; a run is at most one folder's.
    """
    # A stack, since a tree may be deeper than Python's own.
    below = len(root) if root.endswith("/") else len(root) + 1
    stack = [_runs(root, below, aside, exclude)]
    while stack:
        run = next(stack[-1], None)
        if run is None:
            stack.pop()
        elif isinstance(run, str):
            stack.append(_runs(run, below, aside, exclude))
        else:
            yield run


def _runs(
    folder: str, below: int, aside: SkippedEntries, exclude: IgnoreRules
) -> Iterator[list[Entry] | str]:
    """Yield the files of one folder, and between them, where it sorts, each folder to descend into."""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    files: list[Entry] = []
    folders: list[str] = []
    suspect, has_patterns = _SUSPECT, exclude.has_patterns
    try:
        with os.scandir(to_disk_path(prefix)) as listing:
            # This loop runs once per file of every rescan: nothing is called that need not be.
            for entry in listing:
                name = entry.name
                path = prefix + (name if name.isascii() and "\\" not in name else to_stored_path(name))
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if exclude.matches(path[below:], True):
                            aside.folders += 1
                        else:
                            folders.append(f"{path}/")
                        continue
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    aside.unlisted.append(UnlistableEntry(path, error.strerror or str(error)))
                    continue
                if not S_ISREG(status.st_mode):
                    continue
                if (name[0] in suspect or has_patterns) and exclude.matches(path[below:], False):
                    aside.files += 1
                else:
                    files.append((path, status.st_size, status.st_mtime_ns // 1000))
    except OSError as error:
        aside.unlisted.append(UnlistableEntry(folder, error.strerror or str(error)))
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
