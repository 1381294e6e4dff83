"""From examined files to rows: what is new, changed, moved, or a further copy of a known content.

One row per content (docs/decisions/0001). A batch is decided in memory against the rows it touches,
in the order of its files, and written in one transaction.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, Table, delete, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import insert_rows, update_rows, upsert_rows
from mfkit.core.database import Database
from mfkit.core.error_mapping import error_text
from mfkit.core.ids import new_id
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, ScanFailure, ScanStage, utc_now
from mfkit.scan.change_journal import ChangeJournal, Content
from mfkit.scan.imported_items import absorb_placeholders, keep_imported, placeholder_hash
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.item_rows import (
    CONTENT_COLUMNS,
    ITEM_COLUMNS,
    METADATA_COLUMNS,
    content_values,
    file_name,
    metadata_values,
    scanned_at,
)
from mfkit.scan.scan_lock import write_lock
from mfkit.scan.scan_report import Counts
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.take_path import no_path, take_paths

T = TypeVar("T")
_ITEM, _COPY, _METADATA, _FAILURE = (
    cast(Table, model.__table__) for model in (MediaItem, MediaCopy, MediaMetadata, ScanFailure)
)
_COPY_COLUMNS = (
    "id",
    "media_item_id",
    "file_path",
    "file_name",
    "file_modified_at",
    "last_scanned_at",
    "missing_since",
)
_FAILURE_COLUMNS = (
    "id",
    "scan_id",
    "file_path",
    "stage",
    "error",
    "file_size",
    "file_modified_at",
    "created_at",
)
_CHUNK = 5000


@dataclass(slots=True)
class _Item:
    """An item as the batch sees and changes it."""

    id: UUID
    path: str
    hash: str
    size: int
    modified_at: datetime | None
    missing_since: datetime | None
    stored_path: str | None = None
    stored_hash: str | None = None
    found: FileResult | None = None
    facts_changed: bool = False
    is_new: bool = False
    changed: bool = False


@dataclass(slots=True)
class _Copy:
    """A further path as the batch sees and changes it."""

    id: UUID
    item_id: UUID
    path: str
    hash: str
    size: int
    modified_at: datetime | None
    missing_since: datetime | None
    scanned_at: datetime | None = None


@dataclass
class _Batch:
    """The rows that a batch touches, by the keys it looks them up with."""

    scan_id: UUID
    now: datetime = field(default_factory=utc_now)
    items: dict[UUID, _Item] = field(default_factory=dict)
    by_hash: dict[str, _Item] = field(default_factory=dict)
    by_path: dict[str, _Item] = field(default_factory=dict)
    copies: dict[str, _Copy] = field(default_factory=dict)
    copies_of: dict[UUID, dict[str, _Copy]] = field(default_factory=dict)
    there: dict[str, bool] = field(default_factory=dict)
    dropped: list[UUID] = field(default_factory=list)
    touched: dict[str, _Copy] = field(default_factory=dict)
    absorbed: dict[UUID, UUID] = field(default_factory=dict)
    inherited: set[str] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)

    def contents(self) -> dict[str, Content]:
        """Return what lies at each path."""
        rows: list[_Item | _Copy] = [*self.copies.values(), *self.items.values()]
        return {one.path: Content(one.hash, one.size) for one in rows if one.missing_since is None}

    def add_item(self, item: _Item) -> None:
        self.items[item.id] = item
        self.by_hash[item.hash] = item
        self.by_path[item.path] = item

    def add_copy(self, copy: _Copy) -> None:
        self.copies[copy.path] = copy
        self.copies_of.setdefault(copy.item_id, {})[copy.path] = copy

    def drop_copy(self, copy: _Copy) -> None:
        del self.copies[copy.path]
        self.copies_of[copy.item_id].pop(copy.path, None)
        self.touched.pop(copy.path, None)
        self.dropped.append(copy.id)

    def move(self, item: _Item, path: str) -> None:
        """Give an item another path of its own."""
        if self.by_path.get(item.path) is item:
            del self.by_path[item.path]
        item.path, item.changed, item.missing_since = path, True, None
        self.by_path[path] = item

    def absorb(self, item: _Item, owner: _Item) -> None:
        """Drop a row that only stood in for a content which has a row; tags and collections move there."""
        del self.items[item.id], self.by_hash[item.hash], self.by_path[item.path]
        for copy in self.copies_of.get(item.id, {}).values():
            copy.item_id = owner.id
            self.copies_of.setdefault(owner.id, {})[copy.path] = copy
        self.absorbed[item.id] = owner.id

    def leave(self, item: _Item) -> None:
        """Take an item's path, which holds other content now: a copy takes over, or the item is missing."""
        heirs = sorted(
            path for path, copy in self.copies_of.get(item.id, {}).items() if copy.missing_since is None
        )
        if heirs:
            heir = self.copies[heirs[0]]
            self.drop_copy(heir)
            self.move(item, heir.path)
            self.inherited.add(heir.path)
            item.modified_at = heir.modified_at
        else:
            item.missing_since, item.changed = item.missing_since or self.now, True


async def write_batch(database: Database, journal: ChangeJournal, examined: Sequence[FileResult]) -> Counts:
    """Write what was found out about a batch of files, in one transaction where the database takes all rows.

    A batch with a row that the database refuses is written in halves, down to the file at fault. That one is
    recorded as a failure.

    Args:
        database: Where.
        journal: Of the scan that found it.
        examined: The files; at most one per path.

    Returns:
        How many were added, updated, moved, copies and failed.

    Raises:
        LibraryLockedError: Another program holds the write lock.
    """
    try:
        return await _write(database, journal, examined)
    except (StatementError, ValueError, TypeError, OverflowError) as error:  # the driver's own too
        if len(examined) == 1:
            _refused(examined[0], error)
            return await _write(database, journal, examined)
    middle = len(examined) // 2
    counts = await write_batch(database, journal, examined[:middle])
    counts += await write_batch(database, journal, examined[middle:])
    return counts


def _refused(found: FileResult, error: Exception) -> None:
    """Turn a file whose row the database refused into a failure, to be tried again by the next scan.

    Raises:
        Exception: It is a failure already, and not even that can be written.
    """
    if found.stage == "read" and found.file_hash is None or found.stage == "walk":
        raise error
    cause = error_text(error) if isinstance(error, StatementError) else str(error)
    found.file_hash = None
    found.failed("read", f"The database refuses the row of this file: {cause.splitlines()[0].rstrip('.')}.")


async def _write(database: Database, journal: ChangeJournal, examined: Sequence[FileResult]) -> Counts:
    async with write_lock(database) as connection:
        batch = _Batch(journal.scan_id, inherited=journal.paths_from_copies)
        read = [found for found in examined if found.file_hash is not None]
        await _load(connection, batch, read)
        before = batch.contents()
        for found in read:
            _decide(batch, found)
        await journal.record_changes(connection, before, batch.contents())
        again = (item for item in batch.items.values() if not item.is_new)
        await keep_imported(connection, {item.id: item.found for item in again if item.found is not None})
        await absorb_placeholders(connection, batch.absorbed)
        await _write_items(connection, batch)
        await _write_copies(connection, batch)
        await _write_failures(connection, batch, examined)
    batch.counts.failed = sum(found.stage is not None for found in examined)
    return batch.counts


def _decide(batch: _Batch, found: FileResult) -> None:
    """Decide what a file that was read means for the rows."""
    assert found.file_hash is not None
    here, copy = batch.by_path.get(found.path), batch.copies.get(found.path)
    owner = batch.by_hash.get(found.file_hash)
    stands_in = here is not None and here.hash in (placeholder_hash(here.path), found.placeholder_hash)
    if here is not None and owner is not None and here is not owner and stands_in:
        batch.absorb(here, owner)
        here = None
    if owner is not None and owner is here:
        if copy is not None:
            batch.drop_copy(copy)
        batch.counts.updated += 1
        _fill(owner, found)
        return
    if owner is not None and copy is not None and copy.item_id == owner.id and _is_there(batch, owner):
        copy.modified_at, copy.scanned_at, copy.missing_since = found.modified_at, scanned_at(found), None
        batch.touched[copy.path] = copy
        batch.counts.updated += 1
        return
    if copy is not None:
        batch.drop_copy(copy)
    if owner is not None and _is_there(batch, owner):
        if here is not None:
            batch.leave(here)
        new = _Copy(
            new_id(), owner.id, found.path, owner.hash, owner.size, found.modified_at, None, scanned_at(found)
        )
        batch.add_copy(new)
        batch.touched[new.path] = new
        batch.counts.copies += 1
    elif owner is not None:
        if here is not None:
            _vacate(batch, here)
        batch.move(owner, found.path)
        _fill(owner, found)
        batch.counts.moved += 1
    elif here is not None and copy is None and (stands_in or _is_edited(batch, here)):
        del batch.by_hash[here.hash]
        here.hash = found.file_hash
        batch.by_hash[here.hash] = here
        _fill(here, found)
        batch.counts.updated += 1
    else:
        if here is not None:
            _vacate(batch, here)
        item = _Item(new_id(), found.path, found.file_hash, found.size, found.modified_at, None, is_new=True)
        _fill(item, found)
        batch.add_item(item)
        batch.counts.added += 1


def _fill(item: _Item, found: FileResult) -> None:
    item.found, item.facts_changed, item.changed = found, True, True
    item.missing_since, item.modified_at, item.size = None, found.modified_at, found.size


def _vacate(batch: _Batch, here: _Item) -> None:
    """Free a path for another item; a row that has nowhere to go keeps a path that no file can have."""
    batch.leave(here)
    if batch.by_path.get(here.path) is here and here.missing_since is not None:
        missing_since = here.missing_since
        batch.move(here, no_path(here.path, here.id))
        here.missing_since = missing_since


def _is_edited(batch: _Batch, item: _Item) -> bool:
    """Tell whether unknown content at an item's path is the item's own, edited.

    It is not when the item lives on at a copy's path, or got this path from a copy in the same scan: the file
    at that path may have been another's by then.
    """
    has_heir = any(copy.missing_since is None for copy in batch.copies_of.get(item.id, {}).values())
    return not has_heir and item.path not in batch.inherited


def _is_there(batch: _Batch, item: _Item) -> bool:
    return item.missing_since is None and batch.there.get(item.path, True)


async def _load(connection: AsyncConnection, batch: _Batch, read: Sequence[FileResult]) -> None:
    """Load the items and copies that the batch's paths and hashes lead to."""
    columns: Select[Any] = select(
        _ITEM.c.id,
        _ITEM.c.file_path,
        _ITEM.c.file_hash,
        _ITEM.c.file_size,
        _ITEM.c.file_modified_at,
        _ITEM.c.missing_since,
    )
    paths = [found.path for found in read]
    rows = await _in(connection, columns, _ITEM.c.file_hash, [found.file_hash for found in read])
    rows += await _in(connection, columns, _ITEM.c.file_path, paths)
    for id_, path, hash_, size, modified_at, missing_since in rows:
        if id_ not in batch.items:
            batch.add_item(_Item(id_, path, hash_, size, modified_at, missing_since, path, hash_))
    further: Select[Any] = select(
        _COPY.c.id,
        _COPY.c.media_item_id,
        _COPY.c.file_path,
        _ITEM.c.file_hash,
        _ITEM.c.file_size,
        _COPY.c.file_modified_at,
        _COPY.c.missing_since,
    ).join_from(_COPY, _ITEM, _ITEM.c.id == _COPY.c.media_item_id)
    known = {row.id: row for row in await _in(connection, further, _COPY.c.file_path, paths)}
    known |= {row.id: row for row in await _in(connection, further, _COPY.c.media_item_id, list(batch.items))}
    for row in known.values():
        batch.add_copy(_Copy(*row))
    elsewhere = [item.path for item in batch.items.values() if item.missing_since is None]
    batch.there = await asyncio.to_thread(_there, elsewhere, frozenset(paths))


def _there(paths: Sequence[str], read: frozenset[str]) -> dict[str, bool]:
    """Tell which paths are there, apart from those that were just read; files ask for no object.

    To look whether an object is there takes a request, so the scan of a folder takes its word for it.
    """
    there = {path: os.path.lexists(to_disk_path(path)) for path in paths if not is_url(path)}
    if any(map(is_url, read)):
        from mfkit.distributed.s3_walk import still_there

        there |= still_there([path for path in paths if is_url(path) and path not in read])
    return there


async def _in(
    connection: AsyncConnection, statement: Select[Any], column: Any, values: Sequence[Any]
) -> list[Any]:
    rows: list[Any] = []
    for chunk in _chunks(values):
        rows += (await connection.execute(statement.where(column.in_(chunk)))).all()
    return rows


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


async def _write_items(connection: AsyncConnection, batch: _Batch) -> None:
    changed = [item for item in batch.items.values() if item.changed]
    old = [item for item in changed if not item.is_new]
    moved = [item for item in old if item.path != item.stored_path]
    await take_paths(connection, {item.id: item.path for item in moved})
    # What one file held before may be what a new file holds now; none may hold it twice for a moment.
    edited = [item for item in old if item.hash != item.stored_hash]
    await update_rows(connection, _ITEM, ("file_hash",), [(f"{item.id}", item.id) for item in edited])
    await insert_rows(
        connection,
        _ITEM,
        ITEM_COLUMNS,
        [
            (item.id, batch.now, *content_values(item.found, item.path, batch.now))
            for item in changed
            if item.is_new and item.found is not None
        ],
    )
    await update_rows(
        connection,
        _ITEM,
        CONTENT_COLUMNS,
        [
            (*content_values(item.found, item.path, batch.now), item.id)
            for item in old
            if item.found is not None
        ],
    )
    await update_rows(
        connection,
        _ITEM,
        ("file_modified_at", "missing_since", "modified_at"),
        [(item.modified_at, item.missing_since, batch.now, item.id) for item in old if item.found is None],
    )
    filled = [item for item in changed if item.found is not None and item.facts_changed]
    new = [metadata_values(item.found, item.id) for item in filled if item.is_new and item.found]
    await insert_rows(connection, _METADATA, METADATA_COLUMNS, new)
    again = [metadata_values(item.found, item.id) for item in filled if not item.is_new and item.found]
    await upsert_rows(connection, _METADATA, "media_item_id", METADATA_COLUMNS, again)


async def _write_copies(connection: AsyncConnection, batch: _Batch) -> None:
    for chunk in _chunks(batch.dropped):
        await connection.execute(delete(_COPY).where(_COPY.c.id.in_(chunk)))
    await upsert_rows(
        connection,
        _COPY,
        "file_path",
        _COPY_COLUMNS,
        [
            (copy.id, copy.item_id, copy.path, file_name(copy.path), copy.modified_at, copy.scanned_at, None)
            for copy in batch.touched.values()
        ],
    )


async def _write_failures(connection: AsyncConnection, batch: _Batch, examined: Sequence[FileResult]) -> None:
    understood = [found.path for found in examined if found.stage is None]
    for chunk in _chunks(understood):
        await connection.execute(delete(_FAILURE).where(_FAILURE.c.file_path.in_(chunk)))
    await upsert_rows(
        connection,
        _FAILURE,
        "file_path",
        _FAILURE_COLUMNS,
        [
            (
                new_id(),
                batch.scan_id,
                found.path,
                ScanStage(found.stage),
                found.error,
                found.size,
                # A read that failed is tried again; what was read and not understood stays so.
                found.modified_at if found.stage == "probe" or _is_empty(found) else None,
                batch.now,
            )
            for found in examined
            if found.stage is not None
        ],
    )


def _is_empty(found: FileResult) -> bool:
    return found.stage == "read" and found.size == 0
