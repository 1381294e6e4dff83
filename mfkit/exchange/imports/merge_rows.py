"""From checked rows to the library's: which item each row means, and what it changes of it.

A row means the item that has its path; a row with a hash, the item of that content. docs/exchange.md has
the table. A batch is decided in memory against the rows it touches and written in one transaction. Rows that
touch nothing, as most of a first ingest do, stay columns from the check to the statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import insert_rows, update_rows
from mfkit.core.ids import new_id
from mfkit.exchange.imports.new_rows import NewRows, new_items, select_new
from mfkit.exchange.imports.prepared_rows import PreparedRow, PreparedRows
from mfkit.exchange.imports.validation import BadRow
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, utc_now
from mfkit.scan.imported_items import MARK
from mfkit.scan.item_rows import ITEM_COLUMNS, METADATA_COLUMNS, file_name
from mfkit.scan.take_path import take_paths

_ITEM, _COPY, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy, MediaMetadata))
_COPY_COLUMNS = ("id", "media_item_id", "file_path", "file_name", "file_modified_at")
_ITEM_ROW, _FACTS_ROW = itemgetter(*ITEM_COLUMNS), itemgetter(*METADATA_COLUMNS)
_WIDTH = len(ITEM_COLUMNS)
_WIDE = select(
    *(_ITEM.c[name] for name in ITEM_COLUMNS), *(_METADATA.c[name] for name in METADATA_COLUMNS)
).select_from(_ITEM.outerjoin(_METADATA, _METADATA.c.media_item_id == _ITEM.c.id))
_CHUNK = 5_000


@dataclass(slots=True)
class _Item:
    """An item as the batch sees it, and the names of the columns that the batch changes."""

    values: dict[str, Any]
    facts: dict[str, Any]
    is_new: bool = False
    has_facts: bool = False
    changed: set[str] = field(default_factory=set)
    stored_hash: str = ""


@dataclass
class Outcome:
    """What became of the rows.

    Attributes:
        added: Items that were not known.
        updated: Items of which something changed.
        unchanged: Rows that say what the library says.
        copies: Further paths of known contents.
        bad: Rows that contradict the library.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    copies: int = 0
    bad: list[BadRow] = field(default_factory=list)


class _Contradiction(Exception):
    """A row says what cannot be beside what the library knows; the message says why."""


class _Batch:
    """The rows of the library that a batch touches, by what they are looked up with."""

    def __init__(self, rows: PreparedRows, now: datetime) -> None:
        self.rows = rows
        self.now = now
        self.items: dict[UUID, _Item] = {}
        self.by_hash: dict[str, _Item] = {}
        self.by_path: dict[str, _Item] = {}
        self.copies: dict[str, UUID] = {}
        self.have_copies: set[UUID] = set()
        self.new_copies: list[tuple[Any, ...]] = []

    def add(self, item: _Item) -> None:
        self.items[item.values["id"]] = item
        self.by_hash[item.values["file_hash"]] = item
        self.by_path[item.values["file_path"]] = item

    def unknown(self) -> list[int]:
        """Return the places of rows that share path and content with no other row and nothing stored."""
        rows = self.rows
        paths, keys = Counter(rows.paths), Counter(rows.keys)
        known = {*self.by_path, *self.copies}
        return [
            place
            for place in rows.sized()
            if rows.paths[place] not in known
            and rows.keys[place] not in self.by_hash
            and paths[rows.paths[place]] == keys[rows.keys[place]] == 1
        ]

    def take(self, row: PreparedRow, outcome: Outcome) -> None:
        """Apply one row."""
        here = self.by_path.get(row.path)
        owner = self.by_hash.get(row.key)
        copied = self.items.get(self.copies[row.path]) if row.path in self.copies else None
        if row.file_hash is None:
            is_here = here is not None and (copied is None or here.values["missing_since"] is None)
            target = here if is_here else copied or owner
            self._update(target, row, outcome, as_copy=target is not None and target is not here)
        elif owner is None:
            self._new_content(here, copied, row, outcome)
        elif owner is here or owner is copied:
            self._update(owner, row, outcome, as_copy=owner is not here)
        elif here is not None or copied is not None:
            raise _Contradiction(
                "the library knows another content at this path, and this content at "
                f"{owner.values['file_path']}; scan the folder, which looks at the files"
            )
        elif owner.values["missing_since"] is not None:
            self._move(owner, row)
            self._update(owner, row, outcome)
        else:
            self._copy(owner, row)
            outcome.copies += 1
            self._update(owner, row, None, as_copy=True)

    def _new_content(
        self, here: _Item | None, copied: _Item | None, row: PreparedRow, outcome: Outcome
    ) -> None:
        if copied is not None or (here is not None and here.values["id"] in self.have_copies):
            raise _Contradiction(
                "the library knows another content at this path, which has copies; scan the folder"
            )
        if here is not None:
            assert row.file_hash is not None
            del self.by_hash[here.values["file_hash"]]
            here.values["file_hash"] = row.file_hash
            here.changed.add("file_hash")
            self.by_hash[row.file_hash] = here
        self._update(here, row, outcome)

    def _new(self, row: PreparedRow) -> _Item:
        if "file_size" not in row.item and row.place not in self.rows.on_disk:
            raise _Contradiction("the size is missing, and there is no file to ask")
        item, facts = (
            {name: values[0] for name, values in columns.items()}
            for columns in select_new(self.rows, [row.place], self.now)
        )
        return _Item(item, facts, is_new=True)

    def _move(self, item: _Item, row: PreparedRow) -> None:
        del self.by_path[item.values["file_path"]]
        item.values.update(file_path=row.path, missing_since=None)
        item.changed |= {"file_path", "file_name", "missing_since"}
        self.by_path[row.path] = item

    def _copy(self, owner: _Item, row: PreparedRow) -> None:
        owner_id = owner.values["id"]
        self.copies[row.path] = owner_id
        self.have_copies.add(owner_id)
        modified_at = row.item.get("file_modified_at", row.modified_at)
        self.new_copies.append((new_id(), owner_id, row.path, file_name(row.path), modified_at))

    def _update(
        self, item: _Item | None, row: PreparedRow, outcome: Outcome | None, *, as_copy: bool = False
    ) -> None:
        """Write what the row states over what the item has; a copy's row tells of the content alone."""
        if item is None:
            assert outcome is not None
            self.add(self._new(row))
            outcome.added += 1
            return
        stated = row.item
        if as_copy:
            stated = {name: value for name, value in stated.items() if name not in _OF_THE_FILE}
        names = sorted({*item.facts["extra_metadata"].get(MARK, ()), *row.extra.get(MARK, ())})
        extra = {**item.facts["extra_metadata"], **row.extra, **({MARK: names} if names else {})}
        facts = {**row.facts, **({"extra_metadata": extra} if row.facts or row.extra else {})}
        item.changed.update(name for name, value in stated.items() if item.values[name] != value)
        item.changed.update(name for name, value in facts.items() if item.facts[name] != value)
        differs = bool(item.changed)
        if differs:
            item.values.update(stated, modified_at=self.now)
            item.facts.update(facts)
        if outcome is not None:
            outcome.updated += differs
            outcome.unchanged += not differs


_OF_THE_FILE = ("file_name", "file_modified_at")


@dataclass(frozen=True, slots=True)
class MergeBatch:
    """A batch that is decided and not written.

    Attributes:
        outcome: What becomes of its rows.
    """

    outcome: Outcome
    _batch: _Batch
    _new: NewRows

    async def write(self, connection: AsyncConnection) -> None:
        """Write it, in the transaction that it was decided in."""
        await _write(connection, self._batch, self._new)


async def decide(connection: AsyncConnection, rows: PreparedRows, expected: NewRows | None) -> MergeBatch:
    """Decide what a batch of rows brings into the library.

    Args:
        connection: Open in a write transaction.
        rows: The batch.
        expected: What is to be written if all of them are new, where that was made ready.
    """
    batch = _Batch(rows, utc_now())
    outcome = Outcome()
    await _load(connection, batch)
    places = batch.unknown()
    if expected is None or expected.places != places:
        expected = new_items(rows, places, connection.dialect)
    outcome.added += len(places)
    for place in sorted({*range(len(rows.paths))}.difference(places)):
        row = rows.row(place)
        try:
            batch.take(row, outcome)
        except _Contradiction as error:
            outcome.bad.append(BadRow(row.number, row.path, "", str(error)))
    return MergeBatch(outcome, batch, expected)


async def _load(connection: AsyncConnection, batch: _Batch) -> None:
    rows = batch.rows
    copies = select(_COPY.c.file_path, _COPY.c.media_item_id)
    owners = dict(await _in(connection, copies, _COPY.c.file_path, rows.paths))
    batch.copies = owners
    for column, keys, known in (
        (_ITEM.c.file_path, rows.paths, batch.by_path),
        (_ITEM.c.file_hash, rows.keys, batch.by_hash),
        (_ITEM.c.id, list(owners.values()), batch.items),
    ):
        unknown = [key for key in dict.fromkeys(keys) if key not in known]
        for found in await _in(connection, _WIDE, column, unknown):
            values = dict(zip(ITEM_COLUMNS, found[:_WIDTH], strict=True))
            facts = dict(zip(METADATA_COLUMNS, found[_WIDTH:], strict=True))
            has_facts = facts["id"] is not None
            facts["id"] = facts["id"] or new_id()
            facts["media_item_id"] = values["id"]
            facts["extra_metadata"] = facts["extra_metadata"] or {}
            batch.add(_Item(values, facts, has_facts=has_facts, stored_hash=values["file_hash"]))
    held = await _in(connection, copies, _COPY.c.media_item_id, list(batch.items))
    batch.have_copies = {item for _, item in held}


async def _in(connection: AsyncConnection, statement: Any, column: Any, values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        found += (await connection.execute(statement.where(column.in_(chunk)))).all()
    return found


async def _write(connection: AsyncConnection, batch: _Batch, unknown: NewRows) -> None:
    new = [item for item in batch.items.values() if item.is_new]
    old = [item for item in batch.items.values() if item.changed and not item.is_new]
    # What one item's content was before may be another's now; none may hold it twice for a moment.
    edited = [item.values["id"] for item in old if item.values["file_hash"] != item.stored_hash]
    await update_rows(connection, _ITEM, ("file_hash",), [(str(id_), id_) for id_ in edited])
    moved = {one.values["id"]: one.values["file_path"] for one in old if "file_path" in one.changed}
    await take_paths(connection, moved)
    await unknown.write(connection)
    await insert_rows(connection, _ITEM, ITEM_COLUMNS, [_ITEM_ROW(one.values) for one in new])
    await _update(
        connection, _ITEM, ITEM_COLUMNS, {"modified_at"}, [(one.values, one.changed) for one in old]
    )
    without = [item for item in (*new, *old) if not item.has_facts]
    await insert_rows(connection, _METADATA, METADATA_COLUMNS, [_FACTS_ROW(one.facts) for one in without])
    await _update(
        connection,
        _METADATA,
        METADATA_COLUMNS,
        set(),
        [(one.facts, one.changed) for one in old if one.has_facts],
    )
    await insert_rows(connection, _COPY, _COPY_COLUMNS, batch.new_copies)


async def _update(
    connection: AsyncConnection,
    table: Table,
    columns: tuple[str, ...],
    always: set[str],
    rows: Sequence[tuple[dict[str, Any], set[str]]],
) -> None:
    """Update what any of the rows changes: a column that is named is written into its indexes anew."""
    names = always.union(*(changed for _, changed in rows)).intersection(columns)
    if names:
        values = itemgetter(*names, "id")
        await update_rows(connection, table, tuple(names), [values(row) for row, _ in rows])
