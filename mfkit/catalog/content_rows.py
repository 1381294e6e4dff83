"""Database rows of items and copies that a scan or an import loads into memory, changes and writes back.

Scans (``mfkit.scan.identity``) and imports (``mfkit.exchange.imports.merge_rows``) have different rules to
assign files to items and copies. Both use :class:`ContentRows` to load the rows, change them in memory and
write them (docs/decisions/0001-one-row-per-content.md).
"""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import insert_rows, new_id, update_rows
from mfkit.models import MediaCopy, MediaItem, utc_now

T = TypeVar("T")
ItemT = TypeVar("ItemT", bound="ItemRow")
_ITEM, _COPY = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy))
STATUS_COLUMNS = ("device", "inode", "link_count", "changed_ns")
"""Columns of items and copies that identify a file in its file system."""
Status = tuple[int | None, int | None, int | None, int | None]
_NO_STATUS: Status = (None, None, None, None)
_STATE_COLUMNS = ("file_modified_at", "last_scanned_at", "missing_since", *STATUS_COLUMNS)
_COPY_COLUMNS = ("id", "media_item_id", "file_path", "file_name", *_STATE_COLUMNS)
_COPIES = select(
    _COPY.c.id,
    _COPY.c.media_item_id,
    _COPY.c.file_path,
    _COPY.c.file_modified_at,
    _COPY.c.missing_since,
    *(_COPY.c[name] for name in STATUS_COLUMNS),
)
_CHUNK = 5000


@dataclass(slots=True)
class ItemRow:
    """In-memory row of an item, which a scan or an import may change before it writes a batch of files.

    Attributes:
        id: Id of the item.
        path: Path of the item after the batch.
        hash: SHA-256 of the item's content after the batch.
        size: Size of the content in bytes.
        missing_since: Time when a scan first did not find the item; None if it exists.
        stored_path: Path of the item in the database; None for a new item.
        stored_hash: Hash of the item in the database; None for a new item.
    """

    id: UUID
    path: str
    hash: str
    size: int
    missing_since: datetime | None = None
    stored_path: str | None = None
    stored_hash: str | None = None

    @property
    def is_new(self) -> bool:
        """True if the item is not in the database yet."""
        return self.stored_path is None


@dataclass(slots=True)
class CopyRow:
    """In-memory row of a copy, which a scan or an import may change before it writes a batch of files.

    Attributes:
        id: Id of the copy.
        item_id: Id of the item with the same content.
        path: Path of the copy.
        hash: SHA-256 of the content.
        size: Size of the content in bytes.
        modified_at: Modification time of the file.
        missing_since: Time when a scan first did not find the copy; None if it exists.
        scanned_at: Time when the batch read the file.
        is_new: True if the batch adds the copy.
        status: Values of :data:`STATUS_COLUMNS`.
    """

    id: UUID
    item_id: UUID
    path: str
    hash: str
    size: int
    modified_at: datetime | None
    missing_since: datetime | None = None
    scanned_at: datetime | None = None
    is_new: bool = False
    status: Status = _NO_STATUS


class ContentRows(ABC, Generic[ItemT]):
    """In-memory rows of the items and copies that a batch of files may change, with dictionaries for lookup.

    Attributes:
        item_query: SELECT statement for the columns of media_items that :meth:`make_item` needs.
        items: Id -> item.
        by_hash: SHA-256 of the content -> item.
        by_path: Path -> item.
        copies: Path -> copy.
        copies_of: Item id -> path -> copy.
    """

    item_query: Select[Any]

    def __init__(self) -> None:
        self.items: dict[UUID, ItemT] = {}
        self.by_hash: dict[str, ItemT] = {}
        self.by_path: dict[str, ItemT] = {}
        self.copies: dict[str, CopyRow] = {}
        self.copies_of: dict[UUID, dict[str, CopyRow]] = {}
        self._found_copies: dict[str, CopyRow] = {}
        self._dropped_copies: list[UUID] = []

    @abstractmethod
    def make_item(self, row: Any) -> ItemT:
        """Create an item from a row that :attr:`item_query` returned."""

    async def load(self, connection: AsyncConnection, paths: Sequence[str], hashes: Sequence[str]) -> None:
        """Load items and copies with the given paths or content hashes, and all other copies of these items.

        Args:
            connection: Connection in a write transaction.
            paths: Paths in the form in which the database stores them.
            hashes: SHA-256 of contents, or placeholders for unknown hashes.
        """
        rows = {row.file_path: row for row in await select_in(connection, _COPIES, _COPY.c.file_path, paths)}
        known: Iterable[object]
        for column, keys, known in (
            (_ITEM.c.file_path, paths, self.by_path),
            (_ITEM.c.file_hash, hashes, self.by_hash),
            (_ITEM.c.id, [row.media_item_id for row in rows.values()], self.items),
        ):
            unknown = [key for key in dict.fromkeys(keys) if key not in known]
            for row in await select_in(connection, self.item_query, column, unknown):
                self.add_item(self.make_item(row))
        of_items = await select_in(connection, _COPIES, _COPY.c.media_item_id, list(self.items))
        rows.update((row.file_path, row) for row in of_items)
        for id_, item_id, path, modified_at, missing_since, *status in rows.values():
            owner = self.items[item_id]
            copy = CopyRow(id_, item_id, path, owner.hash, owner.size, modified_at, missing_since)
            copy.status = cast(Status, tuple(status))
            self._add_copy(copy)

    def add_item(self, item: ItemT) -> None:
        """Add an item, new or loaded from the database, to the rows held in memory."""
        self.items[item.id] = item
        self.by_hash[item.hash] = item
        self.by_path[item.path] = item

    def change_hash(self, item: ItemT, file_hash: str) -> None:
        """Record that the content of an item changed, for example because its file was edited."""
        del self.by_hash[item.hash]
        item.hash = file_hash
        self.by_hash[file_hash] = item

    def move(self, item: ItemT, path: str) -> None:
        """Change the path of an item to the path at which its file was found."""
        if self.by_path.get(item.path) is item:
            del self.by_path[item.path]
        item.path, item.missing_since = path, None
        self.by_path[path] = item

    def attach_copy(
        self,
        owner: ItemT,
        path: str,
        modified_at: datetime | None,
        scanned_at: datetime | None = None,
        status: Status = _NO_STATUS,
    ) -> None:
        """Add a copy of an item at a path that no other item or copy in memory has."""
        copy = CopyRow(new_id(), owner.id, path, owner.hash, owner.size, modified_at, is_new=True)
        self._add_copy(copy)
        self.mark_copy_found(copy, modified_at, scanned_at, status)

    def mark_copy_found(
        self,
        copy: CopyRow,
        modified_at: datetime | None,
        scanned_at: datetime | None,
        status: Status = _NO_STATUS,
    ) -> None:
        """Record that the file of a copy exists with unchanged content."""
        copy.modified_at, copy.scanned_at, copy.missing_since = modified_at, scanned_at, None
        copy.status = status
        self._found_copies[copy.path] = copy

    def drop_copy(self, copy: CopyRow) -> None:
        """Remove a copy, because the content at its path changed or the path now belongs to an item."""
        del self.copies[copy.path]
        self.copies_of[copy.item_id].pop(copy.path, None)
        self._found_copies.pop(copy.path, None)
        self._dropped_copies.append(copy.id)

    def promote_copy(self, item: ItemT) -> CopyRow | None:
        """Change an item's path to the path of one of its copies, and remove the row of this copy.

        The first path in alphabetical order that is not missing is used.

        Returns:
            The removed copy; None if all copies are missing.
        """
        existing = [one for one in self.copies_of.get(item.id, {}).values() if one.missing_since is None]
        if not existing:
            return None
        copy = min(existing, key=lambda one: one.path)
        self.drop_copy(copy)
        self.move(item, copy.path)
        return copy

    def reassign_copies(self, item: ItemT, owner: ItemT) -> None:
        """Remove an item from memory, and assign its copies to another item with the same content."""
        del self.items[item.id], self.by_hash[item.hash], self.by_path[item.path]
        for copy in self.copies_of.get(item.id, {}).values():
            copy.item_id = owner.id
            self.copies_of.setdefault(owner.id, {})[copy.path] = copy

    async def free_hashes_and_paths(self, connection: AsyncConnection) -> None:
        """Free the old hashes of edited items and the old paths of moved items in the database.

        Call this method before items are written. Hashes and paths have unique constraints, and another item
        can get the hash or the path that an item has lost.
        """
        stored = [item for item in self.items.values() if not item.is_new]
        edited = [(f"{item.id}", item.id) for item in stored if item.hash != item.stored_hash]
        await update_rows(connection, _ITEM, ("file_hash",), edited)
        moved = {item.id: item.path for item in stored if item.path != item.stored_path}
        await take_paths(connection, moved)

    async def write_copies(self, connection: AsyncConnection) -> None:
        """Delete the rows of dropped copies, and write the rows of copies that were found.

        The items of the copies must already be written.
        """
        for chunk in chunks(self._dropped_copies):
            await connection.execute(delete(_COPY).where(_COPY.c.id.in_(chunk)))
        found = self._found_copies.values()
        new = [
            (
                one.id,
                one.item_id,
                one.path,
                posixpath.basename(one.path),
                one.modified_at,
                one.scanned_at,
                None,
                *one.status,
            )
            for one in found
            if one.is_new
        ]
        await insert_rows(connection, _COPY, _COPY_COLUMNS, new)
        known = [
            (one.modified_at, one.scanned_at, None, *one.status, one.id) for one in found if not one.is_new
        ]
        await update_rows(connection, _COPY, _STATE_COLUMNS, known)

    def _add_copy(self, copy: CopyRow) -> None:
        self.copies[copy.path] = copy
        self.copies_of.setdefault(copy.item_id, {})[copy.path] = copy


async def select_in(
    connection: AsyncConnection, statement: Select[Any], column: Any, values: Sequence[Any]
) -> list[Any]:
    """Return all rows whose column has one of the given values. The number of values is not limited."""
    rows: list[Any] = []
    for chunk in chunks(values):
        rows += (await connection.execute(statement.where(column.in_(chunk)))).all()
    return rows


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Split values into chunks that are small enough for the bind parameters of one statement."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def replaced_path(path: str, item_id: UUID) -> str:
    """Return a placeholder path for an item whose path now belongs to another item.

    The placeholder is inside the path of a file, so no real file can have it.
    """
    return f"{path}/replaced/{item_id}"


async def take_paths(connection: AsyncConnection, wanted: Mapping[UUID, str]) -> None:
    """Assign new paths to items, after freeing these paths from the items and copies that have them.

    An item that loses its path without a new one keeps its row, tags and collections. It becomes missing and
    gets a :func:`replaced_path`. A copy that has one of the new paths is deleted, because the content at this
    path changed.

    Args:
        connection: Connection in a write transaction.
        wanted: Item id -> new path. An item that gets a :func:`replaced_path` keeps its file name.
    """
    # All items give up their old paths before the first item gets a new path, because items may swap paths.
    await update_rows(connection, _ITEM, ("file_path",), [(f"{id_}", id_) for id_ in wanted])
    now = utc_now()
    holders = select(_ITEM.c.id, _ITEM.c.file_path, _ITEM.c.missing_since)
    for paths in chunks(list(wanted.values())):
        losers = [
            (replaced_path(path, id_), missing_since or now, now, id_)
            for id_, path, missing_since in await select_in(connection, holders, _ITEM.c.file_path, paths)
        ]
        await update_rows(connection, _ITEM, ("file_path", "missing_since", "modified_at"), losers)
        await connection.execute(delete(_COPY).where(_COPY.c.file_path.in_(paths)))
    replaced = {id_ for id_, path in wanted.items() if path.endswith(replaced_path("", id_))}
    await update_rows(connection, _ITEM, ("file_path",), [(wanted[id_], id_) for id_ in replaced])
    await update_rows(
        connection,
        _ITEM,
        ("file_path", "file_name"),
        [(path, posixpath.basename(path), id_) for id_, path in wanted.items() if id_ not in replaced],
    )


async def record_statuses(connection: AsyncConnection, statuses: Mapping[str, Status]) -> None:
    """Store the file status (device, inode, number of links, change time) of unchanged files, by path."""
    values = [
        {"path": path, **{f"new_{name}": value for name, value in zip(STATUS_COLUMNS, status)}}
        for path, status in statuses.items()
    ]
    for table in (_ITEM, _COPY):
        statement = (
            update(table)
            .where(table.c.file_path == bindparam("path"))
            .values({name: bindparam(f"new_{name}") for name in STATUS_COLUMNS})
        )
        for chunk in chunks(values):
            await connection.execute(statement, chunk)
