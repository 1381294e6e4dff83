"""Comparison of found files with the library: which are unchanged, missing, found again, or must be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.content_rows import STATUS_COLUMNS
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, ScanFailure
from mfkit.scan.inspect_file import WHOLE_SAMPLE
from mfkit.scan.walk import Candidate, Entry, FileStatus

_CHUNK = 5000


@dataclass(slots=True)
class StoredItem:
    """Stored values of an item, for comparison with the file that the scan found."""

    id: UUID
    size: int
    modified_at: datetime | None
    scanned_at: datetime | None
    missing: bool
    processed: bool
    file_hash: str
    status: FileStatus = FileStatus()
    fingerprint: str | None = None

    @property
    def changed_ns(self) -> int | None:
        """Inode change time in nanoseconds since 1970, or None if it is not stored."""
        return self.status.changed_ns


@dataclass(slots=True)
class StoredCopy:
    """Stored values of a copy, for comparison with the file that the scan found."""

    id: UUID
    size: int
    modified_at: datetime | None
    scanned_at: datetime | None
    missing: bool
    item_missing: bool
    file_hash: str
    changed_ns: int | None = None
    fingerprint: str | None = None


@dataclass(slots=True)
class StoredFailure:
    """Stored values of an earlier failure, for comparison with the file that the scan found."""

    id: UUID
    size: int | None
    modified_at: datetime | None


@dataclass(slots=True)
class StoredRows:
    """Database rows with the same path. A missing item may have the same path as a copy of another item."""

    item: StoredItem | None = None
    copy: StoredCopy | None = None
    failure: StoredFailure | None = None


@dataclass(slots=True)
class ReconcileResult:
    """Result of comparing the library with some of the files that a scan found.

    Attributes:
        to_read: Files to read, each with its known hash, or None if the whole content must be hashed.
        unchanged: Number of files that need not be opened.
        statuses: Unchanged files whose inode change time is not stored yet.
        still_failing: Failures of unchanged files.
        failing_without_item: Number of failures in `still_failing` whose file has no item.
        items_found_again: Items that were missing and exist again, unchanged.
        copies_found_again: Unchanged copies that were missing, or whose item was missing.
        paths_found_again: Paths of the items and copies that were found again.
        items_missing: Items whose path was not found, without those that were missing before.
        copies_missing: Copies whose path was not found, without those that were missing before.
        failures_missing: Failures whose path was not found.
        paths_missing: The paths of these items, copies and failures.
    """

    to_read: list[tuple[Candidate, str | None]] = field(default_factory=list)
    unchanged: int = 0
    statuses: list[Candidate] = field(default_factory=list)
    still_failing: list[UUID] = field(default_factory=list)
    failing_without_item: int = 0
    items_found_again: list[UUID] = field(default_factory=list)
    copies_found_again: list[UUID] = field(default_factory=list)
    paths_found_again: list[str] = field(default_factory=list)
    items_missing: list[UUID] = field(default_factory=list)
    copies_missing: list[UUID] = field(default_factory=list)
    failures_missing: list[UUID] = field(default_factory=list)
    paths_missing: list[str] = field(default_factory=list)

    @property
    def any_missing(self) -> bool:
        """Whether any file of the stored items, copies and failures was not found."""
        return bool(self.items_missing or self.copies_missing or self.failures_missing)


async def find_differences(
    connection: AsyncConnection, entries: Sequence[Entry], start: str, end: str
) -> tuple[list[Entry], list[str]]:
    """Compare the files that a scan found in a range of paths with the library, and return the differences.

    Most files are unchanged. A set comparison of plain tuples finds the changed files in a fraction of a
    microsecond per file. Only those are then compared one by one.

    Args:
        connection: Connection to the library database.
        entries: All entries of the walk with ``start < path <= end``.
        start: Start of the range of paths, exclusive.
        end: End of the range of paths, inclusive.

    Returns:
        Entries that are new or changed, and paths in the library that were not found unchanged or that need
        a closer look because they were missing or failed.
    """
    result = await connection.exec_driver_sql(_SETTLED[connection.dialect.name], (start, end) * 3)
    rows = result.cursor.fetchall()
    stored = set(rows)
    different = [entry for entry in entries if entry not in stored]
    if len(entries) - len(different) == len(rows):
        return different, []
    # A path can have two rows: one of a copy, and one of a missing item that previously had this path.
    unchanged_paths = {entry[0] for entry in entries if entry in stored}
    return different, [row[0] for row in rows if row[0] not in unchanged_paths]


async def load_stored_rows(connection: AsyncConnection, paths: Sequence[str]) -> dict[str, StoredRows]:
    """Return the database rows of the given paths, as a mapping from path to rows."""
    stored: dict[str, StoredRows] = {}
    for start in range(0, len(paths), _CHUNK):
        chunk = paths[start : start + _CHUNK]
        for statement, set_row in ((_ITEMS, _set_item), (_COPIES, _set_copy), (_FAILURES, _set_failure)):
            for path, *values in await connection.execute(statement, {"paths": chunk}):
                set_row(stored.setdefault(path, StoredRows()), values)
    return stored


def reconcile(
    candidates: dict[str, Candidate], stored: dict[str, StoredRows], unlisted: Sequence[str] = ()
) -> ReconcileResult:
    """Compare the files that a scan found with the database rows of the same paths.

    Args:
        candidates: Files that were found, by path; those with stored rows are removed from the dict.
        stored: Stored rows, by path.
        unlisted: Folders that could not be listed. Paths below them are not treated as missing.
    """
    result = ReconcileResult()
    for path, rows in stored.items():
        candidate = candidates.pop(path, None)
        if candidate is not None:
            _compare(candidate, rows, result)
        elif not any(path == folder or path.startswith(f"{folder}/") for folder in unlisted):
            if _add_missing(rows, result):
                result.paths_missing.append(path)
    return result


def _add_missing(rows: StoredRows, result: ReconcileResult) -> bool:
    """Record the rows of a path that was not found as missing, and return whether any is newly missing."""
    before = len(result.items_missing) + len(result.copies_missing) + len(result.failures_missing)
    if rows.item is not None and not rows.item.missing:
        result.items_missing.append(rows.item.id)
    if rows.copy is not None and not rows.copy.missing:
        result.copies_missing.append(rows.copy.id)
    if rows.failure is not None:
        result.failures_missing.append(rows.failure.id)
    return len(result.items_missing) + len(result.copies_missing) + len(result.failures_missing) > before


def _compare(candidate: Candidate, rows: StoredRows, result: ReconcileResult) -> None:
    item, copy, failure = rows.item, rows.copy, rows.failure
    failed_unchanged = failure is not None and _is_unchanged(candidate, failure)
    if item is not None and _inode_changed(candidate, item):
        # The content may have changed. The file is read again, and counts as failed only if it fails again.
        failed_unchanged = False
    if copy is not None and _is_unchanged(candidate, copy) and copy.scanned_at is not None:
        if _inode_changed(candidate, copy):
            result.to_read.append(_to_check(candidate, copy))
        else:
            result.unchanged += 1
            _note_status(candidate, copy, result)
        if copy.missing or copy.item_missing:
            result.copies_found_again.append(copy.id)
            result.paths_found_again.append(candidate.path)
    elif item is not None and copy is None and _is_unchanged(candidate, item) and item.scanned_at is not None:
        if not item.processed and not failed_unchanged:
            result.to_read.append((candidate, None if _inode_changed(candidate, item) else item.file_hash))
        elif _inode_changed(candidate, item):
            result.to_read.append(_to_check(candidate, item))
        else:
            result.unchanged += 1
            _note_status(candidate, item, result)
        if item.missing:
            result.items_found_again.append(item.id)
            result.paths_found_again.append(candidate.path)
        if failed_unchanged and failure is not None:
            result.still_failing.append(failure.id)
    elif item is None and copy is None and failed_unchanged and failure is not None:
        result.still_failing.append(failure.id)
        result.failing_without_item += 1
    else:
        result.to_read.append((candidate, None))


def _inode_changed(candidate: Candidate, row: StoredItem | StoredCopy) -> bool:
    """Return whether a file's content may have changed although its size and modification time did not.

    Programs can set the modification time, but not the inode change time, which also changes with the
    permissions, the name or the number of links.
    """
    changed_ns = candidate.status.changed_ns
    return changed_ns is not None and row.changed_ns is not None and changed_ns != row.changed_ns


def stored_fingerprint(row: StoredItem | StoredCopy) -> str | None:
    """Return the stored fingerprint of a file's content, or None if no fingerprint is stored."""
    return row.file_hash if row.size <= WHOLE_SAMPLE else row.fingerprint


def _to_check(candidate: Candidate, row: StoredItem | StoredCopy) -> tuple[Candidate, str | None]:
    """Return a file to read again. Its whole content is hashed only if its fingerprint has changed."""
    expected = stored_fingerprint(row)
    return replace(candidate, fingerprint=expected), row.file_hash if expected is not None else None


def _note_status(candidate: Candidate, row: StoredItem | StoredCopy, result: ReconcileResult) -> None:
    if candidate.status.changed_ns is not None and row.changed_ns is None:
        result.statuses.append(candidate)


def _is_unchanged(candidate: Candidate, row: StoredItem | StoredCopy | StoredFailure) -> bool:
    return (candidate.size, candidate.modified_at) == (row.size, row.modified_at)


# A subquery is used, so that the database reads the large column extra_metadata only for the matching rows.
_FINGERPRINT = (
    select(MediaMetadata.extra_metadata["fingerprint"].as_string())
    .where(MediaMetadata.media_item_id == MediaItem.id)
    .scalar_subquery()
)
_ITEMS = select(
    MediaItem.file_path,
    MediaItem.id,
    MediaItem.file_size,
    MediaItem.file_modified_at,
    MediaItem.last_scanned_at,
    MediaItem.missing_since,
    MediaItem.is_processed,
    MediaItem.file_hash,
    _FINGERPRINT,
    *(getattr(MediaItem, name) for name in STATUS_COLUMNS),
).where(MediaItem.file_path.in_(bindparam("paths", expanding=True)))
_COPIES = (
    select(
        MediaCopy.file_path,
        MediaCopy.id,
        MediaItem.file_size,
        MediaCopy.file_modified_at,
        MediaCopy.last_scanned_at,
        MediaCopy.missing_since,
        MediaItem.missing_since,
        MediaItem.file_hash,
        MediaCopy.changed_ns,
        _FINGERPRINT,
    )
    .join(MediaItem, MediaItem.id == MediaCopy.media_item_id)
    .where(MediaCopy.file_path.in_(bindparam("paths", expanding=True)))
)
_FAILURES = select(
    ScanFailure.file_path, ScanFailure.id, ScanFailure.file_size, ScanFailure.file_modified_at
).where(ScanFailure.file_path.in_(bindparam("paths", expanding=True)))

# The statement selects path, size, modification time and inode change time of all rows in a range of paths.
# The size is NULL for rows that must be compared in detail. NULL never equals the size of a found file, so
# these rows never look unchanged.
_SETTLED_SQL = """
    SELECT file_path, CASE WHEN is_processed AND missing_since IS NULL AND last_scanned_at IS NOT NULL
        THEN file_size END, {item_time}, changed_ns
    FROM media_items WHERE file_path > {0} AND file_path <= {1}
    UNION ALL
    SELECT c.file_path, CASE WHEN c.missing_since IS NULL AND c.last_scanned_at IS NOT NULL
        AND i.missing_since IS NULL THEN i.file_size END, {copy_time}, c.changed_ns
    FROM media_copies c JOIN media_items i ON i.id = c.media_item_id
    WHERE c.file_path > {2} AND c.file_path <= {3}
    UNION ALL
    SELECT file_path, NULL, NULL, NULL FROM scan_failures WHERE file_path > {4} AND file_path <= {5}
"""
_SQLITE_TIME = "strftime('%s', {0}) * 1000000 + substr({0}, 21)"
_POSTGRESQL_TIME = "(extract(epoch FROM {0}) * 1000000)::bigint"
_SETTLED = {
    "sqlite": _SETTLED_SQL.format(
        *"??????",
        item_time=_SQLITE_TIME.format("file_modified_at"),
        copy_time=_SQLITE_TIME.format("c.file_modified_at"),
    ),
    "postgresql": _SETTLED_SQL.format(
        *(f"${number}" for number in range(1, 7)),
        item_time=_POSTGRESQL_TIME.format("file_modified_at"),
        copy_time=_POSTGRESQL_TIME.format("c.file_modified_at"),
    ),
}


def _set_item(rows: StoredRows, values: list[Any]) -> None:
    id_, size, modified_at, scanned_at, missing_since, processed, file_hash, fingerprint, *status = values
    missing = missing_since is not None
    rows.item = StoredItem(
        id_, size, modified_at, scanned_at, missing, processed, file_hash, FileStatus(*status), fingerprint
    )


def _set_copy(rows: StoredRows, values: list[Any]) -> None:
    id_, size, modified_at, scanned_at, missing_since, item_missing_since, *others = values
    missing, item_missing = missing_since is not None, item_missing_since is not None
    rows.copy = StoredCopy(id_, size, modified_at, scanned_at, missing, item_missing, *others)


def _set_failure(rows: StoredRows, values: list[Any]) -> None:
    rows.failure = StoredFailure(*values)
