"""What a comparison says without a file being opened: gone, back, still failing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import update_rows
from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, ScanFailure, utc_now
from mfkit.scan.change_journal import ChangeJournal
from mfkit.scan.reconcile import ReconcileResult
from mfkit.scan.scan_lock import write_lock
from mfkit.scan.take_path import take_paths

_CHUNK = 5000


async def write_reconcile_result(
    database: Database, journal: ChangeJournal, verdict: ReconcileResult, *, may_be_gone: bool
) -> None:
    """Write down what is gone, back, or failing as before.

    Args:
        database: Where.
        journal: Of the scan that found it so.
        verdict: The comparison.
        may_be_gone: Whether what was not found counts as gone; not so below a folder that could not
            be listed.
    """
    async with write_lock(database) as connection:
        await journal.note_back(connection, verdict.items_back, verdict.copies_back)
        for model, back in ((MediaItem, verdict.items_back), (MediaCopy, verdict.copies_back)):
            await _set(connection, model.__table__, back, missing_since=None)
        await _set(connection, ScanFailure.__table__, verdict.still_failing, scan_id=journal.scan_id)
        if may_be_gone:
            await journal.note_gone(connection, verdict.items_gone, verdict.copies_gone)
            for model, gone in ((MediaItem, verdict.items_gone), (MediaCopy, verdict.copies_gone)):
                await _set(connection, model.__table__, gone, missing_since=utc_now())
            for chunk in _chunks(verdict.failures_gone):
                await connection.execute(delete(ScanFailure).where(ScanFailure.id.in_(chunk)))
        journal.inherited |= await _promote(connection, MediaCopy.id, verdict.copies_back)
        if may_be_gone:
            journal.inherited |= await _promote(connection, MediaItem.id, verdict.items_gone)


async def _promote(connection: AsyncConnection, column: Any, ids: Sequence[UUID]) -> set[str]:
    """Give missing items the path of a copy that is there.

    Args:
        connection: Open in a write transaction.
        column: What the ids are of: the items, or the copies to take paths from.
        ids: Where to look.

    Returns:
        The paths that the items have now.
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
        heirs = (
            await connection.execute(select(MediaCopy).join(first, first.c.file_path == MediaCopy.file_path))
        ).all()
        await take_paths(connection, {heir.media_item_id: heir.file_path for heir in heirs})
        await update_rows(
            connection,
            cast(Table, MediaItem.__table__),
            ("file_modified_at", "last_scanned_at", "missing_since", "modified_at"),
            [
                (heir.file_modified_at, heir.last_scanned_at, None, utc_now(), heir.media_item_id)
                for heir in heirs
            ],
        )
        paths.update(heir.file_path for heir in heirs)
    return paths


async def _set(connection: AsyncConnection, table: Any, ids: Sequence[UUID], **values: Any) -> None:
    for chunk in _chunks(ids):
        await connection.execute(update(table).where(table.c.id.in_(chunk)).values(**values))


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]


async def forget_placeholder_hashes(database: Database, root: str) -> None:
    """Have the objects below a URL read again of which nobody has read the content yet.

    Args:
        database: Where they are known.
        root: Stored form of the URL.
    """
    of_stand_ins = select(MediaMetadata.media_item_id).where(
        MediaMetadata.extra_metadata["hash"].as_string() == "stand-in"
    )
    async with write_lock(database) as connection:
        for model, item_id in ((MediaItem, MediaItem.id), (MediaCopy, MediaCopy.media_item_id)):
            await connection.execute(
                update(model)
                .where(model.file_path > f"{root}/", model.file_path < f"{root}0", item_id.in_(of_stand_ins))
                .values(last_scanned_at=None)
            )
