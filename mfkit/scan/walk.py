"""Walk of a folder tree: every regular file below a root, sorted by stored path."""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from stat import S_ISREG
from typing import NamedTuple

from mfkit.scan.ignore import INITIALS, IgnoreRules
from mfkit.scan.stored_path import to_disk_path, to_stored_path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Entry = tuple[str, int, int, int | None]
"""Directory entry of a file: stored path, bytes, the modification time in microseconds since 1970, and the
inode change time in nanoseconds since 1970, None if it is unknown.

It is a plain tuple for speed, because a rescan creates one entry for each file.
"""
# On Windows, the inode change time is unknown, because st_ctime is the creation time.
_HAS_CHANGE_TIME = os.name != "nt"


class FileStatus(NamedTuple):
    """Identity of a file in its file system: device, inode, number of links and inode change time.

    Attributes:
        device: Device number of the file system, as a signed 64-bit number.
        inode: Inode number, as a signed 64-bit number.
        link_count: Number of hard links.
        changed_ns: Inode change time in nanoseconds since 1970.
    """

    device: int | None = None
    inode: int | None = None
    link_count: int | None = None
    changed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """File that the walk found and that may have to be read.

    Attributes:
        path: Stored form of the path.
        size: Size in bytes.
        modified_at: Modification time in the file system, to the microsecond.
        wants_content: Whether the hash of an object must be computed from its content.
        status: Identity of the file; empty for objects.
        fingerprint: Stored fingerprint of a file that may be unchanged; see
            :attr:`mfkit.scan.inspect_file.FileResult.fingerprint`.
        is_reread: Whether the metadata is stored even if the file is unchanged.
        scan_id: Id of the scan that reads the file; see :attr:`mfkit.scan.inspect_file.FileResult.scan_id`.
    """

    path: str
    size: int
    modified_at: datetime
    wants_content: bool = False
    status: FileStatus = FileStatus()
    fingerprint: str | None = None
    is_reread: bool = False
    scan_id: str = ""


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
    """Files and folders that a walk ignored or could not access.

    Attributes:
        unlisted: Entries that could not be accessed; each is added before the walk yields a later path.
        files: Number of ignored files.
        folders: Number of ignored folders.
    """

    unlisted: list[UnlistableEntry] = field(default_factory=list)
    files: int = 0
    folders: int = 0

    def __str__(self) -> str:
        """Return the numbers of ignored files and folders, such as ``1 file, 12 folders``."""
        return (
            f"{self.files:,} {'file' if self.files == 1 else 'files'}, "
            f"{self.folders:,} {'folder' if self.folders == 1 else 'folders'}"
        )


def to_candidate(entry: Entry) -> Candidate:
    """Convert a directory entry that the walk found to a :class:`Candidate`."""
    path, size, modified, changed_ns = entry
    return Candidate(path, size, _to_datetime(modified), status=FileStatus(changed_ns=changed_ns))


def candidates_of(entries: Iterable[Entry]) -> dict[str, Candidate]:
    """Convert directory entries to candidates with the current file status. Return a dict by stored path.

    The status of each file is read again, so that all its values come from one system call. A file that was
    removed since the walk keeps the values of its entry.
    """
    found = {}
    for entry in entries:
        candidate = to_candidate(entry)
        with contextlib.suppress(OSError):
            status = os.lstat(to_disk_path(candidate.path))
            if S_ISREG(status.st_mode):
                candidate = Candidate(
                    candidate.path, status.st_size, modification_time(status), status=file_status(status)
                )
        found[candidate.path] = candidate
    return found


def file_status(status: os.stat_result) -> FileStatus:
    """Return the file system identity of a file. Values that the file system does not provide are None."""
    return FileStatus(
        _signed(status.st_dev) if status.st_ino else None,
        _signed(status.st_ino) or None,
        status.st_nlink or None,
        (status.st_ctime_ns or None) if _HAS_CHANGE_TIME else None,
    )


def _signed(number: int) -> int:
    """Convert an unsigned 64-bit number to the signed number that databases store."""
    return (number + 2**63) % 2**64 - 2**63


def modification_time(status: os.stat_result) -> datetime:
    """Return a file's modification time, rounded down to microseconds like the stored times."""
    return _to_datetime(status.st_mtime_ns // 1000)


def walk(root: str, skipped: SkippedEntries, rules: IgnoreRules = IgnoreRules()) -> Iterator[list[Entry]]:
    """Yield lists of the regular files below a folder. All lists together are sorted by stored path.

    Paths are sorted by code point, as in the database, so that the walk and the library can be compared in
    bounded memory. Symbolic links are not followed, so each file is found only at its real path. Sockets,
    pipes and devices are skipped. Hidden files are included.

    Args:
        root: Stored form of an absolute path.
        skipped: Receives the entries that are not yielded.
        rules: Rules for the files and folders to ignore.

    Yields:
        Lists of entries; the entries of a list are in the same folder.
    """
    # An explicit stack is used, because a folder tree can be deeper than Python's recursion limit.
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
    """Yield a folder's files in sorted lists.

    Its subfolders are yielded between them, at their place in the order.
    """
    prefix = folder if folder.endswith("/") else f"{folder}/"
    files: list[Entry] = []
    folders: list[str] = []
    ignored_initials, has_patterns = INITIALS, rules.has_patterns
    has_change_time = _HAS_CHANGE_TIME
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
                    changed_ns = (status.st_ctime_ns or None) if has_change_time else None
                    files.append((path, status.st_size, status.st_mtime_ns // 1000, changed_ns))
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
    except OverflowError:
        # A broken clock or file system can give a modification time that Python cannot represent. Use the
        # epoch instead. The scan still detects changes by size.
        return _EPOCH
