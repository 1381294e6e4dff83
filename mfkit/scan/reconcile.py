"""What the library knows of a stretch of paths, to hold against what the walk found there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from posixpath import dirname
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.models import MediaCopy, MediaItem, ScanFailure
from mfkit.scan.sidecars.sidecar import FolderNames, names_in
from mfkit.scan.stored_path import to_disk_path, to_stored_path
from mfkit.scan.walk import Candidate, Entry

_PAGE = 5000


@dataclass(slots=True)
class StoredItem:
    """An item's own path."""

    id: UUID
    size: int
    modified_at: datetime | None
    scanned_at: datetime | None
    missing: bool
    processed: bool
    file_hash: str


@dataclass(slots=True)
class StoredCopy:
    """A further path of an item."""

    id: UUID
    size: int
    modified_at: datetime | None
    scanned_at: datetime | None
    missing: bool
    item_missing: bool


@dataclass(slots=True)
class StoredFailure:
    """A path that failed in an earlier scan."""

    id: UUID
    size: int | None
    modified_at: datetime | None


@dataclass(slots=True)
class StoredRows:
    """All rows of one path: an item that went missing may share its path with a copy of another."""

    item: StoredItem | None = None
    copy: StoredCopy | None = None
    failure: StoredFailure | None = None


@dataclass(slots=True)
class ReconcileResult:
    """What the comparison of a stretch says.

    Attributes:
        to_read: Files to examine, with the known hash where only the facts are out of date.
        unchanged: How many files need not be opened.
        still_failing: Failures that stand: the file is as it was.
        failing_unread: How many of those are files that there is no item for.
        items_back: Items that are there again, unchanged.
        copies_back: Copies that are there, unchanged, and were missing, or whose items are.
        items_gone: Items whose path is no longer found.
        copies_gone: Copies whose path is no longer found.
        failures_gone: Failures whose path is no longer found.
        paths_gone: The paths of all of those.
    """

    to_read: list[tuple[Candidate, str | None]] = field(default_factory=list)
    unchanged: int = 0
    still_failing: list[UUID] = field(default_factory=list)
    failing_unread: int = 0
    items_back: list[UUID] = field(default_factory=list)
    copies_back: list[UUID] = field(default_factory=list)
    items_gone: list[UUID] = field(default_factory=list)
    copies_gone: list[UUID] = field(default_factory=list)
    failures_gone: list[UUID] = field(default_factory=list)
    paths_gone: list[str] = field(default_factory=list)

    @property
    def any_gone(self) -> bool:
        """Whether anything known was not found."""
        return bool(self.items_gone or self.copies_gone or self.failures_gone)


async def find_differences(
    connection: AsyncConnection, entries: Sequence[Entry], after: str, upto: str
) -> tuple[list[Entry], list[str]]:
    """Return what differs between a stretch of the walk and the library.

    Most files are as they were. Sets of plain tuples find the others at a fraction of a microsecond a
    file; only what differs is then looked at one by one.

    Args:
        connection: To read with.
        entries: What the walk found with ``after < path <= upto``.
        after: Where the stretch begins.
        upto: Where it ends.

    Returns:
        Entries that are unknown or not as they are known, and paths that are known and were not found
        as they are known, or need attention otherwise (missing, never understood, failed).
    """
    result = await connection.exec_driver_sql(_AT_REST[connection.dialect.name], (after, upto) * 3)
    rows = result.cursor.fetchall()
    at_rest = set(rows)
    unknown = [entry for entry in entries if entry not in at_rest]
    if len(entries) - len(unknown) == len(rows):
        return unknown, []
    # A path may have two rows: a copy's, and that of an item which went missing there before.
    resting = {entry[0] for entry in entries if entry in at_rest}
    return unknown, [row[0] for row in rows if row[0] not in resting]


async def load_stored_rows(connection: AsyncConnection, paths: Sequence[str]) -> dict[str, StoredRows]:
    """Return what is known of some paths."""
    known: dict[str, StoredRows] = {}
    for start in range(0, len(paths), _PAGE):
        page = paths[start : start + _PAGE]
        for statement, put in ((_ITEMS, _put_item), (_COPIES, _put_copy), (_FAILURES, _put_failure)):
            for path, *values in await connection.execute(statement, {"paths": page}):
                put(known.setdefault(path, StoredRows()), values)
    return known


def reconcile(
    candidates: dict[str, Candidate], known: dict[str, StoredRows], unlisted: Sequence[str] = ()
) -> ReconcileResult:
    """Hold found against known for the same stretch of paths.

    Args:
        candidates: Files found, by path; those that are known are taken out.
        known: What the library knows.
        unlisted: Folders that could not be listed: nothing below them is gone for not being found.
    """
    verdict = ReconcileResult()
    for path, rows in known.items():
        candidate = candidates.pop(path, None)
        if candidate is not None:
            _found(candidate, rows, verdict)
        elif not any(path == folder or path.startswith(f"{folder}/") for folder in unlisted):
            _gone(rows, verdict)
            verdict.paths_gone.append(path)
    return verdict


def _gone(rows: StoredRows, verdict: ReconcileResult) -> None:
    if rows.item is not None and not rows.item.missing:
        verdict.items_gone.append(rows.item.id)
    if rows.copy is not None and not rows.copy.missing:
        verdict.copies_gone.append(rows.copy.id)
    if rows.failure is not None:
        verdict.failures_gone.append(rows.failure.id)


def _found(candidate: Candidate, rows: StoredRows, verdict: ReconcileResult) -> None:
    item, copy, failure = rows.item, rows.copy, rows.failure
    failed_so = failure is not None and _same(candidate, failure)
    if copy is not None and _same(candidate, copy) and copy.scanned_at is not None:
        verdict.unchanged += 1
        if copy.missing or copy.item_missing:
            verdict.copies_back.append(copy.id)
    elif item is not None and copy is None and _same(candidate, item) and item.scanned_at is not None:
        if item.processed or failed_so:
            verdict.unchanged += 1
        else:
            verdict.to_read.append((candidate, item.file_hash))
        if item.missing:
            verdict.items_back.append(item.id)
        if failed_so and failure is not None:
            verdict.still_failing.append(failure.id)
    elif item is None and copy is None and failed_so and failure is not None:
        verdict.still_failing.append(failure.id)
        verdict.failing_unread += 1
    else:
        verdict.to_read.append((candidate, None))


def _same(candidate: Candidate, row: StoredItem | StoredCopy | StoredFailure) -> bool:
    return (candidate.size, candidate.modified_at) == (row.size, row.modified_at)


_ITEMS = select(
    MediaItem.file_path,
    MediaItem.id,
    MediaItem.file_size,
    MediaItem.file_modified_at,
    MediaItem.last_scanned_at,
    MediaItem.missing_since,
    MediaItem.is_processed,
    MediaItem.file_hash,
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
    )
    .join(MediaItem, MediaItem.id == MediaCopy.media_item_id)
    .where(MediaCopy.file_path.in_(bindparam("paths", expanding=True)))
)
_FAILURES = select(
    ScanFailure.file_path, ScanFailure.id, ScanFailure.file_size, ScanFailure.file_modified_at
).where(ScanFailure.file_path.in_(bindparam("paths", expanding=True)))

# Path, size and time of every file that is at rest; a null size matches no entry and so marks the rest.
_AT_REST_SQL = """
    SELECT file_path, CASE WHEN is_processed AND missing_since IS NULL AND last_scanned_at IS NOT NULL
        THEN file_size END, {item_time}
    FROM media_items WHERE file_path > {0} AND file_path <= {1}
    UNION ALL
    SELECT c.file_path, CASE WHEN c.missing_since IS NULL AND c.last_scanned_at IS NOT NULL
        AND i.missing_since IS NULL THEN i.file_size END, {copy_time}
    FROM media_copies c JOIN media_items i ON i.id = c.media_item_id
    WHERE c.file_path > {2} AND c.file_path <= {3}
    UNION ALL
    SELECT file_path, NULL, NULL FROM scan_failures WHERE file_path > {4} AND file_path <= {5}
"""
_SQLITE_TIME = "strftime('%s', {0}) * 1000000 + substr({0}, 21)"
_POSTGRESQL_TIME = "(extract(epoch FROM {0}) * 1000000)::bigint"
_AT_REST = {
    "sqlite": _AT_REST_SQL.format(
        *"??????",
        item_time=_SQLITE_TIME.format("file_modified_at"),
        copy_time=_SQLITE_TIME.format("c.file_modified_at"),
    ),
    "postgresql": _AT_REST_SQL.format(
        *(f"${place}" for place in range(1, 7)),
        item_time=_POSTGRESQL_TIME.format("file_modified_at"),
        copy_time=_POSTGRESQL_TIME.format("c.file_modified_at"),
    ),
}


def _put_item(known: StoredRows, row: list[Any]) -> None:
    id_, size, modified_at, scanned_at, missing_since, processed, file_hash = row
    missing = missing_since is not None
    known.item = StoredItem(id_, size, modified_at, scanned_at, missing, processed, file_hash)


def _put_copy(known: StoredRows, row: list[Any]) -> None:
    id_, size, modified_at, scanned_at, *missing_since = row
    known.copy = StoredCopy(id_, size, modified_at, scanned_at, *(one is not None for one in missing_since))


def _put_failure(known: StoredRows, row: list[Any]) -> None:
    known.failure = StoredFailure(*row)


def media_of_sidecars(sidecars: Iterable[str]) -> set[str]:
    """Return the stored paths of the media that some sidecars speak for, or spoke for when they are gone."""
    media: set[str] = set()
    for folder, paths in groupby(sorted(sidecars), key=dirname):
        names = {to_disk_path(path[len(folder.rstrip("/")) + 1 :]) for path in paths}
        try:
            there = names_in(to_disk_path(folder))
        except OSError:  # the folder is gone, and its media with it
            continue
        of_folder = FolderNames({*there, *names})
        prefix = folder if folder.endswith("/") else f"{folder}/"
        media |= {prefix + to_stored_path(one) for name in names for one in of_folder.media_of(name)}
    return media


def items_to_reread(known: Mapping[str, StoredRows], since: datetime) -> Iterator[tuple[Candidate, str]]:
    """Yield what to read for its facts alone: items that are there and that this scan has not read yet."""
    for path, rows in known.items():
        item = rows.item
        if item is not None and not item.missing and item.modified_at is not None:
            if item.scanned_at is None or item.scanned_at < since:
                yield Candidate(path, item.size, item.modified_at), item.file_hash
