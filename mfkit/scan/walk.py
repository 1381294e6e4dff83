"""Walk of a folder tree: every regular file below a root, sorted by stored path."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from stat import S_ISREG

from mfkit.scan.ignore import FILES, IgnoreRules
from mfkit.scan.stored_path import to_disk_path, to_stored_path

# First characters of the file names that the defaults ignore. Other names need no further check.
_IGNORED_INITIALS = frozenset(one for name in FILES for one in (name[0], name[0].upper())) | {"."}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Entry = tuple[str, int, int]
"""Directory entry of a file: stored path, bytes, and the modification time in microseconds since 1970.

A plain tuple for speed, because a rescan creates one per file.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """File that may have to be read.

    Attributes:
        path: Stored form of the path.
        size: Bytes.
        modified_at: Modification time in the file system, to the microsecond.
        wants_content: Whether the hash of an object must be computed from its content.
    """

    path: str
    size: int
    modified_at: datetime
    wants_content: bool = False


@dataclass(frozen=True, slots=True)
class UnlistableEntry:
    """Folder or directory entry that could not be accessed.

    Attributes:
        path: Stored form of the path.
        error: Error message of the operating system.
    """

    path: str
    error: str


@dataclass(slots=True)
class SkippedEntries:
    """Entries that the walk does not yield.

    Attributes:
        unlisted: Entries that could not be accessed; each is added before the walk yields a later path.
        files: Number of ignored files.
        folders: Number of ignored folders.
    """

    unlisted: list[UnlistableEntry] = field(default_factory=list)
    files: int = 0
    folders: int = 0


def to_candidate(entry: Entry) -> Candidate:
    """Return an entry as a candidate."""
    path, size, modified = entry
    return Candidate(path, size, _to_datetime(modified))


def modification_time(status: os.stat_result) -> datetime:
    """Return the modification time to the microsecond, as it is compared and stored."""
    return _to_datetime(status.st_mtime_ns // 1000)


def walk(root: str, skipped: SkippedEntries, rules: IgnoreRules = IgnoreRules()) -> Iterator[list[Entry]]:
    """Yield the regular files below a folder in lists, sorted by stored path across all lists.

    Paths are sorted by code point, as in the database, so that the walk and the library can be compared in
    bounded memory. Symbolic links are not followed: a file is found where it is stored. Sockets, pipes and
    devices are skipped. Hidden files are included.

    Args:
        root: Stored form of an absolute path.
        skipped: Receives the entries that are not yielded.
        rules: Rules for the files and folders to ignore.

    Yields:
        Lists of entries; the entries of a list are in the same folder.
    """
    # An explicit stack, because a tree can be deeper than Python's recursion limit.
    prefix_length = len(root) if root.endswith("/") else len(root) + 1
    stack = [_list_folder(root, prefix_length, skipped, rules)]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
        elif isinstance(found, str):
            stack.append(_list_folder(found, prefix_length, skipped, rules))
        else:
            yield found


def _list_folder(
    folder: str, prefix_length: int, skipped: SkippedEntries, rules: IgnoreRules
) -> Iterator[list[Entry] | str]:
    """Yield the files of one folder in sorted lists, and between them, in order, each subfolder to walk."""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    files: list[Entry] = []
    folders: list[str] = []
    ignored_initials, has_patterns = _IGNORED_INITIALS, rules.has_patterns
    try:
        with os.scandir(to_disk_path(prefix)) as listing:
            # This loop runs once per file of every rescan, so it avoids function calls.
            for entry in listing:
                name = entry.name
                path = prefix + (name if name.isascii() and "\\" not in name else to_stored_path(name))
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if rules.matches(path[prefix_length:], True):
                            skipped.folders += 1
                        else:
                            folders.append(f"{path}/")
                        continue
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    skipped.unlisted.append(UnlistableEntry(path, error.strerror or str(error)))
                    continue
                if not S_ISREG(status.st_mode):
                    continue
                if (name[0] in ignored_initials or has_patterns) and rules.matches(
                    path[prefix_length:], False
                ):
                    skipped.files += 1
                else:
                    files.append((path, status.st_size, status.st_mtime_ns // 1000))
    except OSError as error:
        skipped.unlisted.append(UnlistableEntry(folder, error.strerror or str(error)))
        return
    files.sort()
    folders.sort()
    start = 0
    for subfolder in folders:
        end = bisect_left(files, (subfolder,), start)
        if end > start:
            yield files[start:end]
            start = end
        yield subfolder[:-1]
    if start < len(files):
        yield files[start:] if start else files


def _to_datetime(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:  # a broken clock or file system; changes are still detected by size
        return _EPOCH
