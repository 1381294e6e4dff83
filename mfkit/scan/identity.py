"""Classification of scanned files as new, changed or moved items, or as further copies of known content.

The library has one row per distinct content (docs/decisions/0001-one-row-per-content.md). A batch of files is
compared in memory with the rows that it affects, in the order of its files, and written in one transaction.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.content_rows import (
    STATUS_COLUMNS,
    ContentRows,
    CopyRow,
    ItemRow,
    Status,
    record_statuses,
    replaced_path,
)
from mfkit.core.bulk_write import new_id
from mfkit.core.database import Database
from mfkit.core.error_mapping import error_text
from mfkit.lazy_layers import load_distributed
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, ScanFailure, utc_now
from mfkit.scan.change_journal import ChangeJournal, Content, Decisions
from mfkit.scan.imported_items import keep_imported, merge_placeholder_items, placeholder_hash
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.item_rows import scanned_at, write_failures, write_items
from mfkit.scan.scan_lock import write_lock
from mfkit.scan.scan_report import Counts
from mfkit.scan.sidecars_of_copies import SidecarFolders, with_sidecars_of_copies
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.walk import FileStatus

_ITEM, _COPY, _METADATA, _FAILURE = (
    cast(Table, model.__table__) for model in (MediaItem, MediaCopy, MediaMetadata, ScanFailure)
)


@dataclass(slots=True)
class _Item(ItemRow):
    """In-memory row of an item that a batch may change, with the result of inspecting the item's file.

    Attributes:
        modified_at: Modification time of the item's file.
        status: Values of :data:`STATUS_COLUMNS`.
        result: Result of inspecting the item's file; None if the file is not part of the batch.
        changed: Whether the row must be written.
    """

    modified_at: datetime | None = None
    status: Status = (None, None, None, None)
    result: FileResult | None = None
    changed: bool = False


class _ScanBatch(ContentRows[_Item]):
    """In-memory rows of the items and copies that a batch of scanned files may change."""

    item_query = select(
        _ITEM.c.id,
        _ITEM.c.file_path,
        _ITEM.c.file_hash,
        _ITEM.c.file_size,
        _ITEM.c.file_modified_at,
        _ITEM.c.missing_since,
        *(_ITEM.c[name] for name in STATUS_COLUMNS),
    )

    def __init__(self, scan_id: UUID, decisions: Decisions) -> None:
        super().__init__()
        self.scan_id = scan_id
        self.now = utc_now()
        self.decisions = decisions
        self.merged: dict[UUID, UUID] = {}
        self.copy_results: dict[UUID, FileResult] = {}
        self.counts = Counts()
        self._exists: dict[str, bool] = {}

    def make_item(self, row: Any) -> _Item:
        id_, path, hash_, size, modified_at, missing_since, *status = row
        return _Item(
            id_, path, hash_, size, missing_since, path, hash_, modified_at, cast(Status, tuple(status))
        )

    async def load_for(self, connection: AsyncConnection, read: Sequence[FileResult]) -> None:
        """Load the items and copies with the paths or hashes of files, and check which paths still exist."""
        paths = [result.path for result in read]
        await self.load(
            connection, paths, [result.file_hash for result in read if result.file_hash is not None]
        )
        expected = [item.path for item in self.items.values() if item.missing_since is None]
        self._exists = await asyncio.to_thread(_check_paths, expected, frozenset(paths))

    def contents(self) -> dict[str, Content]:
        """Return a dict from path to content hash and size, for items and copies that are not missing."""
        rows: list[_Item | CopyRow] = [*self.copies.values(), *self.items.values()]
        return {one.path: Content(one.hash, one.size) for one in rows if one.missing_since is None}

    def exists(self, item: _Item) -> bool:
        """Return whether a file exists at the item's path."""
        return item.missing_since is None and self._exists.get(item.path, True)

    def move(self, item: _Item, path: str) -> None:
        super().move(item, path)
        item.changed = True

    def change_hash(self, item: _Item, file_hash: str) -> None:
        self.decisions.replaced_hashes.add(item.hash)
        super().change_hash(item, file_hash)

    def merge(self, item: _Item, owner: _Item) -> None:
        """Merge an item with a placeholder hash into the item with the same content.

        The copies and tags of the merged item are moved to the other item.
        """
        self.reassign_copies(item, owner)
        self.merged[item.id] = owner.id

    def detach(self, item: _Item) -> None:
        """Detach an item from its path, because the file at this path now has different content.

        The item moves to the path of one of its existing copies. If it has none, it becomes missing.
        """
        copy = self.promote_copy(item)
        if copy is not None:
            self.decisions.paths_from_copies.add(copy.path)
            item.modified_at, item.status = copy.modified_at, copy.status
        else:
            item.missing_since, item.changed = item.missing_since or self.now, True

    def vacate(self, item: _Item) -> None:
        """Take an item's path away from the item, so that another item can have the path."""
        self.detach(item)
        if self.by_path.get(item.path) is item and item.missing_since is not None:
            missing_since = item.missing_since
            self.move(item, replaced_path(item.path, item.id))
            item.missing_since = missing_since


async def write_batch(database: Database, journal: ChangeJournal, results: Sequence[FileResult]) -> Counts:
    """Write the results of inspecting a batch of files to the library database.

    The batch is written in one transaction. If the database rejects a row, the batch is split in halves until
    the rejected file is alone. That file is then recorded as a failure.

    Args:
        database: The library database.
        journal: Change journal of the scan.
        results: The results; at most one per path.

    Returns:
        The numbers of files that were added, updated, moved, found to be copies, and failed.

    Raises:
        LibraryLockedError: Another program holds the write lock.
    """
    try:
        return await _write(database, journal, results)
    except (StatementError, ValueError, TypeError, OverflowError) as error:
        # Python's own errors are caught too, because some database drivers raise them instead of a
        # StatementError.
        if len(results) == 1:
            _record_rejection(results[0], error)
            return await _write(database, journal, results)
    middle = len(results) // 2
    counts = await write_batch(database, journal, results[:middle])
    counts += await write_batch(database, journal, results[middle:])
    return counts


def _record_rejection(result: FileResult, error: Exception) -> None:
    """Record a failure for a file whose row the database rejected, so that the next scan reads it again.

    Raises:
        Exception: `error`, if the file is already a failure, because then its failure row was rejected.
    """
    if result.stage == "read" and result.file_hash is None or result.stage == "walk":
        raise error
    cause = error_text(error) if isinstance(error, StatementError) else str(error)
    result.file_hash = None
    result.failed("read", f"The database rejected the row of this file: {cause.splitlines()[0].rstrip('.')}.")


async def _write(database: Database, journal: ChangeJournal, results: Sequence[FileResult]) -> Counts:
    async with write_lock(database) as connection:
        batch = _ScanBatch(journal.scan_id, journal.decisions)
        unchanged = {result.path: result.status for result in results if result.is_unchanged}
        await record_statuses(connection, unchanged)
        batch.counts.unchanged = len(unchanged)
        results = [result for result in results if not result.is_unchanged]
        read = [result for result in results if result.file_hash is not None]
        await batch.load_for(connection, read)
        before = batch.contents()
        for result in read:
            _decide(batch, result)
        if batch.copies:
            await asyncio.to_thread(_add_sidecars_of_copies, batch)
        await journal.record_changes(connection, before, batch.contents())
        known = (item for item in batch.items.values() if not item.is_new)
        if read_again := {item.id: item.result for item in known if item.result is not None}:
            await keep_imported(connection, read_again)
        if batch.merged:
            await merge_placeholder_items(connection, batch.merged)
        await batch.free_hashes_and_paths(connection)
        await _write_items(connection, batch)
        await batch.write_copies(connection)
        await write_failures(connection, batch.scan_id, results, batch.now)
    batch.counts.failed = sum(result.stage is not None for result in results)
    return batch.counts


def _decide(batch: _ScanBatch, result: FileResult) -> None:
    """Classify one scanned file: add, update or move its in-memory item, or add a copy."""
    assert result.file_hash is not None
    here, copy = batch.by_path.get(result.path), batch.copies.get(result.path)
    owner = batch.by_hash.get(result.file_hash)
    is_placeholder = here is not None and here.hash in (placeholder_hash(here.path), result.placeholder_hash)
    if here is not None and owner is not None and here is not owner and is_placeholder:
        batch.merge(here, owner)
        here = None
    if owner is not None and owner is here:
        if copy is not None:
            batch.drop_copy(copy)
        batch.counts.updated += 1
        _fill(owner, result)
        return
    if owner is not None and copy is not None and copy.item_id == owner.id and batch.exists(owner):
        batch.mark_copy_found(copy, result.modified_at, scanned_at(result), result.status)
        batch.copy_results[owner.id] = result
        batch.counts.updated += 1
        return
    if copy is not None:
        batch.drop_copy(copy)
    if owner is not None and batch.exists(owner):
        if here is not None:
            batch.detach(here)
        batch.attach_copy(owner, result.path, result.modified_at, scanned_at(result), result.status)
        batch.copy_results[owner.id] = result
        batch.counts.copies += 1
    elif owner is not None:
        if here is not None:
            batch.vacate(here)
        batch.move(owner, result.path)
        _fill(owner, result)
        batch.counts.moved += 1
    elif here is not None and copy is None and (is_placeholder or _is_edited(batch, here, result.file_hash)):
        batch.change_hash(here, result.file_hash)
        _fill(here, result)
        batch.counts.updated += 1
    else:
        if here is not None:
            batch.vacate(here)
        item = _Item(new_id(), result.path, result.file_hash, result.size)
        _fill(item, result)
        batch.add_item(item)
        batch.counts.added += 1


def _add_sidecars_of_copies(batch: _ScanBatch) -> None:
    """For each item with a file in the batch, add the metadata of sidecars beside the item's copies.

    Such a file is at the item's path or at the path of one of the item's copies.
    """
    folders = SidecarFolders()
    for item in batch.items.values():
        copies = [copy.path for copy in batch.copies_of.get(item.id, {}).values() if not copy.missing_since]
        read = item.result or batch.copy_results.get(item.id)
        if read is None or not copies or item.missing_since is not None:
            continue
        result = with_sidecars_of_copies(read, item.path, copies, folders)
        if result is not None and item.result is None:
            result.modified_at, result.status = item.modified_at, FileStatus(*item.status)
            batch.decisions.rewritten_paths.add(item.path)
        if result is not None:
            item.result, item.changed = result, True


def _fill(item: _Item, result: FileResult) -> None:
    """Set the values of an in-memory item to the values that were read from its file."""
    item.result, item.changed = result, True
    item.missing_since, item.modified_at, item.size = None, result.modified_at, result.size


def _is_edited(batch: _ScanBatch, item: _Item, file_hash: str) -> bool:
    """Return whether new content at an item's path is an edited version of the item's file.

    It is not if the item still has an existing copy, or took this path from a copy in the same scan, because
    the file at the path may have been replaced by a different file. It is also not an edit if another item
    had the content when the scan began, because then that item's file was moved here.
    """
    has_copy = any(copy.missing_since is None for copy in batch.copies_of.get(item.id, {}).values())
    was_known = file_hash in batch.decisions.replaced_hashes
    return not has_copy and not was_known and item.path not in batch.decisions.paths_from_copies


def _check_paths(paths: Sequence[str], read: frozenset[str]) -> dict[str, bool]:
    """Check which of the paths have a file, and return a mapping from path to True or False.

    Each check of an object is a request, so objects are checked only if the batch itself comes from object
    storage. Objects that were just read are not checked again and are left out.
    """
    exists = {path: os.path.lexists(to_disk_path(path)) for path in paths if not is_url(path)}
    if any(map(is_url, read)):
        exists |= load_distributed("s3_walk").existing_objects(
            [path for path in paths if is_url(path) and path not in read]
        )
    return exists


async def _write_items(connection: AsyncConnection, batch: _ScanBatch) -> None:
    changed = [item for item in batch.items.values() if item.changed]
    read = [(item, item.result) for item in changed if item.result is not None]
    await write_items(
        connection,
        new=[(item.id, item.path, result) for item, result in read if item.is_new],
        known=[(item.id, item.path, result) for item, result in read if not item.is_new],
        unread=[
            (item.modified_at, item.missing_since, batch.now, *item.status, item.id)
            for item in changed
            if item.result is None
        ],
        now=batch.now,
    )
