"""Database updates for files that are missing, found again, or unchanged since an earlier failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.content_rows import STATUS_COLUMNS, take_paths
from mfkit.core.bulk_write import update_rows
from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, ScanFailure, utc_now
from mfkit.scan.change_journal import ChangeJournal
from mfkit.scan.reconcile import ReconcileResult
from mfkit.scan.scan_lock import write_lock

_CHUNK = 5000


async def write_reconcile_result(
    database: Database, journal: ChangeJournal, result: ReconcileResult, *, mark_missing: bool
) -> None:
    """Update the database rows of files that are missing, found again, or unchanged since an earlier failure.

    Args:
        database: The library database.
        journal: Journal of the scan.
        result: Result of comparing the walk with the library.
        mark_missing: Whether to mark rows as missing whose files were not found.
    """
    async with write_lock(database) as connection:
        await journal.record_found_again(connection, result.items_found_again, result.copies_found_again)
        for model, ids in ((MediaItem, result.items_found_again), (MediaCopy, result.copies_found_again)):
            await _set(connection, model.__table__, ids, missing_since=None)
        await _set(connection, ScanFailure.__table__, result.still_failing, scan_id=journal.scan_id)
        if mark_missing:
            await journal.record_missing(connection, result.items_missing, result.copies_missing)
            for model, ids in ((MediaItem, result.items_missing), (MediaCopy, result.copies_missing)):
                await _set(connection, model.__table__, ids, missing_since=utc_now())
            for chunk in _chunks(result.failures_missing):
                await connection.execute(delete(ScanFailure).where(ScanFailure.id.in_(chunk)))
        journal.decisions.paths_from_copies |= await _promote_copies(
            connection, MediaCopy.id, result.copies_found_again
        )
        if mark_missing:
            journal.decisions.paths_from_copies |= await _promote_copies(
                connection, MediaItem.id, result.items_missing
            )


async def _promote_copies(connection: AsyncConnection, column: Any, ids: Sequence[UUID]) -> set[str]:
    """Make an existing copy's path the path of its item if the item's own file is gone.

    Args:
        connection: Open in a write transaction.
        column: Column that contains `ids`: ``MediaItem.id`` or ``MediaCopy.id``.
        ids: Ids of items or copies.

    Returns:
        The new paths of the items.
    """
    paths: set[str] = set()
    for chunk in _chunks(ids):
        first = (
            select(func.min(MediaCopy.file_path).label("file_path"))
            .join(MediaItem, MediaItem.id == MediaCopy.media_item_id)
            .where(column.in_(chunk), MediaCopy.missing_since.is_(None), MediaItem.missing_since.is_not(None))
            .group_by(MediaItem.id)
            .subquery()
        )
        copies = (
            await connection.execute(select(MediaCopy).join(first, first.c.file_path == MediaCopy.file_path))
        ).all()
        await take_paths(connection, {copy.media_item_id: copy.file_path for copy in copies})
        await update_rows(
            connection,
            cast(Table, MediaItem.__table__),
            ("file_modified_at", "last_scanned_at", "missing_since", "modified_at", *STATUS_COLUMNS),
            [
                (
                    copy.file_modified_at,
                    copy.last_scanned_at,
                    None,
                    utc_now(),
                    *(getattr(copy, name) for name in STATUS_COLUMNS),
                    copy.media_item_id,
                )
                for copy in copies
            ],
        )
        paths.update(copy.file_path for copy in copies)
    return paths


async def _set(connection: AsyncConnection, table: Any, ids: Sequence[UUID], **values: Any) -> None:
    for chunk in _chunks(ids):
        await connection.execute(update(table).where(table.c.id.in_(chunk)).values(**values))


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
