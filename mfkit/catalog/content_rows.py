"""Rows of the items and copies that a batch of files touches, with one item per content.

Scans (``mfkit.scan.identity``) and imports (``mfkit.exchange.imports.merge_rows``) have different rules for
what a file means. Both load the rows, change them in memory and write them through :class:`ContentRows`
(docs/decisions/0001-one-row-per-content.md).
"""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import insert_rows, new_id, update_rows
from mfkit.models import MediaCopy, MediaItem, utc_now

T = TypeVar("T")
ItemT = TypeVar("ItemT", bound="ItemRow")
_ITEM, _COPY = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy))
STATUS_COLUMNS = ("device", "inode", "link_count", "changed_ns")
"""Columns of items and copies with the identity of a file in its file system."""
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
    """An item of the batch.

    Attributes:
        id: Of the item.
        path: Its path after the batch.
        hash: SHA-256 of its content after the batch.
        size: Bytes, as loaded or read.
        missing_since: When it was found missing.
        stored_path: Its path in the database; None for a new item.
        stored_hash: Its hash in the database; None for a new item.
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
        """True if the batch adds the item."""
        return self.stored_path is None


@dataclass(slots=True)
class CopyRow:
    """A copy of the batch.

    Attributes:
        id: Of the copy.
        item_id: Its item.
        path: Its path.
        hash: SHA-256 of its content.
        size: Of its content, in bytes.
        modified_at: When its file was modified.
        missing_since: When it was found missing.
        scanned_at: When the batch read its file.
        is_new: True if the batch adds it.
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
    """Rows that a batch touches, by the keys that they are looked up with.

    Attributes:
        item_query: Selects the columns that :meth:`make_item` needs from media_items.
        items: Items by id.
        by_hash: Items by the hash of their content.
        by_path: Items by path.
        copies: Copies by path.
        copies_of: Copies by item and path.
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
        """Return the item of a row that :attr:`item_query` selected."""

    async def load(self, connection: AsyncConnection, paths: Sequence[str], hashes: Sequence[str]) -> None:
        """Load the items and copies at some paths, the items of some contents, and all copies of these items.

        Args:
            connection: Open in a write transaction.
            paths: Stored forms.
            hashes: SHA-256 of contents, or placeholders.
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
        """Add an item that was loaded or that the batch creates."""
        self.items[item.id] = item
        self.by_hash[item.hash] = item
        self.by_path[item.path] = item

    def change_hash(self, item: ItemT, file_hash: str) -> None:
        """Record that an item has other content, for example because its file was edited."""
        del self.by_hash[item.hash]
        item.hash = file_hash
        self.by_hash[file_hash] = item

    def move(self, item: ItemT, path: str) -> None:
        """Give an item another path, at which its file was found."""
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
        """Add a copy of an item at a path that no item or copy of the batch holds."""
        copy = CopyRow(new_id(), owner.id, path, owner.hash, owner.size, modified_at, is_new=True)
        self._add_copy(copy)
        self.find_copy(copy, modified_at, scanned_at, status)

    def find_copy(
        self,
        copy: CopyRow,
        modified_at: datetime | None,
        scanned_at: datetime | None,
        status: Status = _NO_STATUS,
    ) -> None:
        """Record that a copy was found with the content that it is known to have."""
        copy.modified_at, copy.scanned_at, copy.missing_since = modified_at, scanned_at, None
        copy.status = status
        self._found_copies[copy.path] = copy

    def drop_copy(self, copy: CopyRow) -> None:
        """Remove a copy, because its path now has other content or belongs to an item."""
        del self.copies[copy.path]
        self.copies_of[copy.item_id].pop(copy.path, None)
        self._found_copies.pop(copy.path, None)
        self._dropped_copies.append(copy.id)

    def promote_copy(self, item: ItemT) -> CopyRow | None:
        """Move an item to the path of its first copy that is not missing.

        Returns:
            The copy, which is removed; None if all copies are missing.
        """
        existing = [one for one in self.copies_of.get(item.id, {}).values() if one.missing_since is None]
        if not existing:
            return None
        copy = min(existing, key=lambda one: one.path)
        self.drop_copy(copy)
        self.move(item, copy.path)
        return copy

    def reassign_copies(self, item: ItemT, owner: ItemT) -> None:
        """Remove an item from the batch and give its copies to another item of the same content."""
        del self.items[item.id], self.by_hash[item.hash], self.by_path[item.path]
        for copy in self.copies_of.get(item.id, {}).values():
            copy.item_id = owner.id
            self.copies_of.setdefault(owner.id, {})[copy.path] = copy

    async def free_keys(self, connection: AsyncConnection) -> None:
        """Free hashes and paths that another item gets, before the items are written.

        Both are unique, so no two items may have the same one even between two statements.
        """
        stored = [item for item in self.items.values() if not item.is_new]
        edited = [(f"{item.id}", item.id) for item in stored if item.hash != item.stored_hash]
        await update_rows(connection, _ITEM, ("file_hash",), edited)
        moved = {item.id: item.path for item in stored if item.path != item.stored_path}
        await take_paths(connection, moved)

    async def write_copies(self, connection: AsyncConnection) -> None:
        """Delete the copies that were dropped, and write those that were found; their items are written."""
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
    """Return the rows of a select whose column has one of the values, for any number of values."""
    rows: list[Any] = []
    for chunk in chunks(values):
        rows += (await connection.execute(statement.where(column.in_(chunk)))).all()
    return rows


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Yield values in parts that one statement takes as parameters."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def replaced_path(path: str, item_id: UUID) -> str:
    """Return the path of an item that lost its own: below a file, where no file can exist."""
    return f"{path}/replaced/{item_id}"


async def take_paths(connection: AsyncConnection, wanted: Mapping[UUID, str]) -> None:
    """Give items new paths, after freeing each path from the item or copy that holds it.

    An item that loses its path and gets no other keeps its row, tags and collections. It becomes missing and
    gets a :func:`replaced_path`. A copy that holds a wanted path is deleted, because its file now has other
    content.

    Args:
        connection: Open in a write transaction.
        wanted: The new path of each item. An item that gets a :func:`replaced_path` keeps its file name.
    """
    # All items release their paths before the first one takes its new path, because items may swap paths.
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
