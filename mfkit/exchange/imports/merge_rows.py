"""Merging of imported rows into the library: find the item that a row describes, and update or add it.

A row describes the item at its path or, if it has a hash, the item with that content (docs/exchange.md has
the table of cases). The changes of a batch are determined in memory from the stored rows that it affects, and
then written in one transaction. Rows that affect no stored rows, such as most rows of a first import, stay in
columnar form until they are inserted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.content_rows import ContentRows, ItemRow
from mfkit.core.bulk_write import insert_rows, new_id, update_rows
from mfkit.exchange.imports.prepared_rows import NewRows, PreparedRow, PreparedRows, convert_new, new_columns
from mfkit.exchange.imports.validation import BadRow
from mfkit.models import MediaItem, MediaMetadata, utc_now
from mfkit.scan.imported_items import MARK
from mfkit.scan.item_rows import CAPTURE_COLUMNS, ITEM_COLUMNS, METADATA_COLUMNS

_ITEM, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaMetadata))
_ITEM_VALUES, _METADATA_VALUES = itemgetter(*ITEM_COLUMNS), itemgetter(*METADATA_COLUMNS)
_WIDTH = len(ITEM_COLUMNS)
_FILE_COLUMNS = ("file_name", "file_modified_at")
"""Columns of media_items that describe the file at the item's path, and do not apply to its copies."""


@dataclass(slots=True)
class _Item(ItemRow):
    """Stored or new item that a batch of imported rows updates or adds.

    Attributes:
        values: Values by column of media_items. ``file_path``, ``file_hash`` and ``missing_since`` are set
            when the item is written.
        metadata: Values by column of media_metadata.
        has_metadata: True if the database has a metadata row for the item.
        changed: Names of the columns that the batch changes.
    """

    values: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    has_metadata: bool = False
    changed: set[str] = field(default_factory=set)


@dataclass
class Outcome:
    """Results of merging a batch of rows.

    Attributes:
        added: Number of new items.
        updated: Number of rows that changed an item.
        unchanged: Number of rows whose values are already in the library.
        copies: Number of rows that add a copy of an existing item.
        bad: Rows that contradict the library.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    copies: int = 0
    bad: list[BadRow] = field(default_factory=list)


class _Contradiction(Exception):
    """Raised if an imported row contradicts the library. The message gives the reason."""


class ImportBatch(ContentRows[_Item]):
    """Batch of imported rows, and the rows of the library that the batch updates.

    Attributes:
        outcome: Numbers of added, changed and invalid rows.
        wholly_new: New items from rows whose path and content occur neither in the library nor in other rows.
    """

    item_query = select(
        *(_ITEM.c[name] for name in ITEM_COLUMNS), *(_METADATA.c[name] for name in METADATA_COLUMNS)
    ).select_from(_ITEM.outerjoin(_METADATA, _METADATA.c.media_item_id == _ITEM.c.id))

    def __init__(self, rows: PreparedRows, now: datetime) -> None:
        super().__init__()
        self.rows = rows
        self.now = now
        self.outcome = Outcome()
        self.wholly_new: NewRows | None = None

    def make_item(self, row: Any) -> _Item:
        values = dict(zip(ITEM_COLUMNS, row[:_WIDTH], strict=True))
        metadata = dict(zip(METADATA_COLUMNS, row[_WIDTH:], strict=True))
        has_metadata = metadata["id"] is not None
        metadata["id"] = metadata["id"] or new_id()
        metadata["media_item_id"] = values["id"]
        metadata["extra_metadata"] = metadata["extra_metadata"] or {}
        return _Item(
            values["id"],
            values["file_path"],
            values["file_hash"],
            values["file_size"],
            values["missing_since"],
            values["file_path"],
            values["file_hash"],
            values,
            metadata,
            has_metadata,
        )

    def wholly_new_rows(self) -> list[int]:
        """Return the positions of rows whose path and content are new and occur in no other imported row."""
        rows = self.rows
        paths, keys = Counter(rows.paths), Counter(rows.keys)
        return [
            index
            for index in rows.sized()
            if rows.paths[index] not in self.by_path
            and rows.paths[index] not in self.copies
            and rows.keys[index] not in self.by_hash
            and paths[rows.paths[index]] == keys[rows.keys[index]] == 1
        ]

    def merge_row(self, row: PreparedRow) -> None:
        """Update or add the item that an imported row describes, in memory only.

        Raises:
            _Contradiction: The row contradicts the library.
        """
        here, owner, copy = self.by_path.get(row.path), self.by_hash.get(row.key), self.copies.get(row.path)
        copied = self.items[copy.item_id] if copy is not None else None
        if row.file_hash is None:
            is_here = here is not None and (copied is None or here.missing_since is None)
            target = here if is_here else copied or owner
            self._update_or_add(target, row, as_copy=target is not None and target is not here)
        elif owner is None:
            self._set_new_content(here, copied, row)
        elif owner is here or owner is copied:
            self._update_or_add(owner, row, as_copy=owner is not here)
        elif here is not None or copied is not None:
            raise _Contradiction(
                "the library has another content at this path, and has this content at "
                f"{owner.path}; scan the folder, which reads the files"
            )
        elif owner.missing_since is not None:
            self.move(owner, row.path)
            owner.changed |= {"file_path", "file_name", "missing_since"}
            self._update_or_add(owner, row, is_changed=True)
        else:
            self.attach_copy(owner, row.path, row.item.get("file_modified_at", row.modified_at))
            self.outcome.copies += 1
            self._update(owner, row, as_copy=True)

    def _set_new_content(self, here: _Item | None, copied: _Item | None, row: PreparedRow) -> None:
        if copied is not None or (here is not None and self.copies_of.get(here.id)):
            raise _Contradiction(
                "the library has another content at this path, which has copies; scan the folder"
            )
        if here is not None:
            assert row.file_hash is not None
            self.change_hash(here, row.file_hash)
            here.changed.add("file_hash")
        self._update_or_add(here, row, is_changed=True)

    def _update_or_add(
        self, item: _Item | None, row: PreparedRow, *, as_copy: bool = False, is_changed: bool = False
    ) -> None:
        """Add an item or overwrite an existing one, and count the row as added, updated or unchanged.

        Args:
            item: The item that the row describes; None if the item is new.
            row: The row.
            as_copy: See :meth:`_update`.
            is_changed: Whether the row has already changed the item's path or content.
        """
        if item is None:
            self.add_item(self._new_item(row))
            self.outcome.added += 1
        elif self._update(item, row, as_copy=as_copy) or is_changed:
            self.outcome.updated += 1
        else:
            self.outcome.unchanged += 1

    def _new_item(self, row: PreparedRow) -> _Item:
        if "file_size" not in row.item and row.index not in self.rows.on_disk:
            raise _Contradiction("the size is missing, and the file does not exist here")
        values, metadata = (
            {name: column[0] for name, column in columns.items()}
            for columns in new_columns(self.rows, [row.index], self.now)
        )
        return _Item(
            values["id"],
            values["file_path"],
            values["file_hash"],
            values["file_size"],
            values=values,
            metadata=metadata,
        )

    def _update(self, item: _Item, row: PreparedRow, *, as_copy: bool) -> bool:
        """Overwrite an item with a row's values, and return whether these values change the item.

        Args:
            item: The item that the row describes.
            row: The row.
            as_copy: True if the row's path is that of a copy, so that the row describes only the content.
        """
        stated = row.item
        if as_copy:
            stated = {name: value for name, value in stated.items() if name not in _FILE_COLUMNS}
        if "captured_at" in stated:
            # A new capture time replaces all capture columns, because the old UTC offset does not apply to
            # the new time.
            stated = dict.fromkeys(CAPTURE_COLUMNS) | stated
        names = sorted({*item.metadata["extra_metadata"].get(MARK, ()), *row.extra.get(MARK, ())})
        extra = {**item.metadata["extra_metadata"], **row.extra, **({MARK: names} if names else {})}
        metadata = {**row.metadata, **({"extra_metadata": extra} if row.metadata or row.extra else {})}
        changed = {name for name, value in stated.items() if item.values[name] != value}
        changed.update(name for name, value in metadata.items() if item.metadata[name] != value)
        item.changed |= changed
        if not item.changed:
            return False
        item.values.update(stated, modified_at=self.now)
        item.metadata.update(metadata)
        return bool(changed)

    async def write(self, connection: AsyncConnection) -> None:
        """Write the batch's changes to the database, in the same transaction as :func:`decide`."""
        assert self.wholly_new is not None
        await self.free_hashes_and_paths(connection)
        await self.wholly_new.write(connection)
        changed = [item for item in self.items.values() if item.is_new or item.changed]
        for item in changed:
            item.values.update(file_path=item.path, file_hash=item.hash, missing_since=item.missing_since)
        new = [item for item in changed if item.is_new]
        known = [item for item in changed if not item.is_new]
        await insert_rows(connection, _ITEM, ITEM_COLUMNS, [_ITEM_VALUES(item.values) for item in new])
        await _update_changed(
            connection, _ITEM, ITEM_COLUMNS, {"modified_at"}, [(item.values, item.changed) for item in known]
        )
        without = [_METADATA_VALUES(item.metadata) for item in changed if not item.has_metadata]
        await insert_rows(connection, _METADATA, METADATA_COLUMNS, without)
        await _update_changed(
            connection,
            _METADATA,
            METADATA_COLUMNS,
            set(),
            [(item.metadata, item.changed) for item in known if item.has_metadata],
        )
        await self.write_copies(connection)


async def decide(connection: AsyncConnection, rows: PreparedRows, expected: NewRows | None) -> ImportBatch:
    """Determine the changes that a batch of rows makes to the library, without writing them.

    Args:
        connection: Connection with an open write transaction.
        rows: The batch.
        expected: The rows, already converted on the assumption that all are new; None if not converted yet.
    """
    batch = ImportBatch(rows, utc_now())
    await batch.load(connection, rows.paths, rows.keys)
    wholly_new = batch.wholly_new_rows()
    if expected is None or expected.indexes != wholly_new:
        expected = convert_new(rows, wholly_new, connection.dialect)
    batch.wholly_new = expected
    batch.outcome.added += len(wholly_new)
    for index in sorted({*range(len(rows.paths))}.difference(wholly_new)):
        row = rows.row(index)
        try:
            batch.merge_row(row)
        except _Contradiction as error:
            batch.outcome.bad.append(BadRow(row.number, row.path, "", str(error)))
    return batch


async def _update_changed(
    connection: AsyncConnection,
    table: Table,
    columns: tuple[str, ...],
    always: set[str],
    rows: Sequence[tuple[dict[str, Any], set[str]]],
) -> None:
    """Update rows of a table, but only the columns that change in at least one of the rows.

    Naming other columns would be slower, because the database rewrites the index entries of each column that
    a statement names.
    """
    names = always.union(*(changed for _, changed in rows)).intersection(columns)
    if names:
        values = itemgetter(*names, "id")
        await update_rows(connection, table, tuple(names), [values(row) for row, _ in rows])
