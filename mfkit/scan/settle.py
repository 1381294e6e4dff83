"""What a comparison says without a file being opened: gone, back, still failing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, ScanFailure, utc_now
from mfkit.scan.journal import Journal
from mfkit.scan.known import Verdict
from mfkit.scan.lock import writing

_CHUNK = 5000


async def settle(database: Database, journal: Journal, verdict: Verdict, *, may_be_gone: bool) -> None:
    """Write down what is gone, back, or failing as before.

    Args:
        database: Where.
        journal: Of the scan that found it so.
        verdict: The comparison.
        may_be_gone: Whether what was not found counts as gone; not so below a folder that could not
            be listed.
    """
    async with writing(database) as connection:
        await journal.note_back(connection, verdict.items_back, verdict.copies_back)
        for model, back in ((MediaItem, verdict.items_back), (MediaCopy, verdict.copies_back)):
            await _set(connection, model.__table__, back, missing_since=None)
        await _set(connection, ScanFailure.__table__, verdict.still_failing, scan_id=journal.scan_id)
        if may_be_gone:
            await journal.note_gone(connection, verdict.items_gone, verdict.copies_gone)
            await _set(connection, MediaCopy.__table__, verdict.copies_gone, missing_since=utc_now())
            for chunk in _chunks(verdict.failures_gone):
                await connection.execute(delete(ScanFailure).where(ScanFailure.id.in_(chunk)))
            heirs = await _promote(connection, verdict.items_gone)
            orphans = [id_ for id_ in verdict.items_gone if id_ not in heirs]
            await _set(connection, MediaItem.__table__, orphans, missing_since=utc_now())


async def _promote(connection: AsyncConnection, gone: Sequence[UUID]) -> set[UUID]:
    """Give items whose path is gone the path of a copy; returns those that had one."""
    promoted: set[UUID] = set()
    for chunk in _chunks(gone):
        first = (
            select(MediaCopy.media_item_id, func.min(MediaCopy.file_path).label("file_path"))
            .where(MediaCopy.media_item_id.in_(chunk), MediaCopy.missing_since.is_(None))
            .group_by(MediaCopy.media_item_id)
            .subquery()
        )
        heirs = (
            await connection.execute(
                select(MediaCopy).join(first, first.c.file_path == MediaCopy.file_path)
            )
        ).all()
        for heir in heirs:
            await connection.execute(delete(MediaCopy).where(MediaCopy.id == heir.id))
            await connection.execute(
                update(MediaItem)
                .where(MediaItem.id == heir.media_item_id)
                .values(
                    file_path=heir.file_path,
                    file_name=heir.file_name,
                    file_modified_at=heir.file_modified_at,
                    last_scanned_at=heir.last_scanned_at,
                )
            )
            promoted.add(heir.media_item_id)
    return promoted


async def _set(connection: AsyncConnection, table: Any, ids: Sequence[UUID], **values: Any) -> None:
    for chunk in _chunks(ids):
        await connection.execute(update(table).where(table.c.id.in_(chunk)).values(**values))


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start:start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
