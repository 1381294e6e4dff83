"""From checked rows to the library's: which item each row means, and what it changes of it.

A row means the item that has its path; a row with a hash, the item of that content. docs/exchange.md has
the table. A batch is decided in memory against the rows it touches and written in one transaction.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.exchange.checks import BadRow
from mfkit.exchange.incoming import Incoming
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, MediaType, utc_now
from mfkit.core.rows import insert_rows, update_rows, upsert_rows
from mfkit.scan.ingested import MARK
from mfkit.scan.rows import FACT_COLUMNS, ITEM_COLUMNS, METADATA_COLUMNS, file_name

_ITEM, _COPY, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy, MediaMetadata))
_UPDATED = tuple(name for name in ITEM_COLUMNS if name not in ("id", "created_at"))
_COPY_COLUMNS = ("id", "media_item_id", "file_path", "file_name", "file_modified_at")
_ITEM_ROW, _FACTS_ROW = itemgetter(*ITEM_COLUMNS), itemgetter(*METADATA_COLUMNS)
_UPDATED_ROW = itemgetter(*_UPDATED, "id")
_WIDTH = len(ITEM_COLUMNS)
_WIDE = select(
    *(_ITEM.c[name] for name in ITEM_COLUMNS), *(_METADATA.c[name] for name in METADATA_COLUMNS)
).select_from(_ITEM.outerjoin(_METADATA, _METADATA.c.media_item_id == _ITEM.c.id))
_CHUNK = 5_000


@dataclass(slots=True)
class _Item:
    """An item as the batch sees and changes it."""

    values: dict[str, Any]
    facts: dict[str, Any]
    is_new: bool = False
    changed: bool = False
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

    def __init__(self, now: datetime) -> None:
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

    def take(self, row: Incoming, outcome: Outcome) -> None:
        """Apply one row."""
        here = self.by_path.get(row.path)
        owner = self.by_hash.get(row.key)
        copied = self.items.get(self.copies[row.path]) if row.path in self.copies else None
        if row.file_hash is None:
            target = here or copied or owner
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
        self, here: _Item | None, copied: _Item | None, row: Incoming, outcome: Outcome
    ) -> None:
        if copied is not None or (here is not None and here.values["id"] in self.have_copies):
            raise _Contradiction(
                "the library knows another content at this path, which has copies; scan the folder"
            )
        if here is not None:
            assert row.file_hash is not None
            del self.by_hash[here.values["file_hash"]]
            here.values["file_hash"], here.changed = row.file_hash, True
            self.by_hash[row.file_hash] = here
        self._update(here, row, outcome)

    def _move(self, item: _Item, row: Incoming) -> None:
        del self.by_path[item.values["file_path"]]
        item.values.update(file_path=row.path, missing_since=None)
        item.changed = True
        self.by_path[row.path] = item

    def _copy(self, owner: _Item, row: Incoming) -> None:
        owner_id = owner.values["id"]
        self.copies[row.path] = owner_id
        self.have_copies.add(owner_id)
        modified_at = row.item.get("file_modified_at", row.modified_at)
        self.new_copies.append((uuid4(), owner_id, row.path, file_name(row.path), modified_at))

    def _update(
        self, item: _Item | None, row: Incoming, outcome: Outcome | None, *, as_copy: bool = False
    ) -> None:
        """Write what the row states over what the item has; a copy's row tells of the content alone."""
        if item is None:
            assert outcome is not None
            self.add(_new(row, self.now))
            outcome.added += 1
            return
        stated = row.item
        if as_copy:
            stated = {name: value for name, value in stated.items() if name not in _OF_THE_FILE}
        names = sorted({*item.facts["extra_metadata"].get(MARK, ()), *row.extra.get(MARK, ())})
        extra = {**item.facts["extra_metadata"], **row.extra, **({MARK: names} if names else {})}
        facts = {**row.facts, **({"extra_metadata": extra} if row.facts or row.extra else {})}
        differs = item.changed or any(item.values[name] != value for name, value in stated.items())
        differs = differs or any(item.facts[name] != value for name, value in facts.items())
        if differs:
            item.values.update(stated, modified_at=self.now)
            item.facts.update(facts)
            item.changed = True
        if outcome is not None:
            outcome.updated += differs
            outcome.unchanged += not differs


_OF_THE_FILE = ("file_name", "file_modified_at")


def _random_ids() -> Iterator[UUID]:
    """Yield random UUIDs (RFC 9562, version 4), of which uuid4() makes one per call of the system."""
    while True:
        drawn = os.urandom(16 * 1024)
        for at in range(0, len(drawn), 16):
            # Version and variant by hand: UUID() takes as long again to set them.
            number = int.from_bytes(drawn[at:at + 16], "big") & _FREE | _FIXED
            yield UUID(int=number)


_FREE, _FIXED = ~(0xF << 76 | 0x3 << 62), 0x4 << 76 | 0x2 << 62
_IDS = _random_ids()
_OF_MIME_TYPE = {one.value: one for one in (MediaType.VIDEO, MediaType.AUDIO, MediaType.IMAGE)}
_NO_FACTS = dict.fromkeys(FACT_COLUMNS)


def _new(row: Incoming, now: datetime) -> _Item:
    size = row.item.get("file_size", row.size)
    if size is None:
        raise _Contradiction("the size is missing, and there is no file to ask")
    item_id = next(_IDS)
    values: dict[str, Any] = {
        "id": item_id, "created_at": now, "modified_at": now, "file_path": row.path,
        "file_hash": row.key, "mime_type": row.kind.mime_type,
        "media_type": _media_type(row), "file_created_at": None, "file_modified_at": row.modified_at,
        "last_scanned_at": None, "is_processed": False, "is_compressed": False, "compression_ratio": None,
        "missing_since": None, **row.item, "file_size": size,
    }
    facts = {
        **_NO_FACTS, **row.facts, "extra_metadata": row.extra, "id": next(_IDS), "media_item_id": item_id,
    }
    return _Item(values, facts, is_new=True, changed=True)


def _media_type(row: Incoming) -> MediaType:
    """Return what a MIME type says where the row states one, else what the name says."""
    first = row.item.get("mime_type", row.kind.mime_type).partition("/")[0]
    return _OF_MIME_TYPE.get(first) or MediaType(row.kind.media_type)


async def merge_rows(connection: AsyncConnection, rows: Sequence[Incoming]) -> Outcome:
    """Bring a batch of rows into the library, in an open write transaction."""
    batch = _Batch(utc_now())
    outcome = Outcome()
    await _load(connection, batch, rows)
    for row in rows:
        try:
            batch.take(row, outcome)
        except _Contradiction as error:
            outcome.bad.append(BadRow(row.number, row.path, "", str(error)))
    await _write(connection, batch)
    return outcome


async def _load(connection: AsyncConnection, batch: _Batch, rows: Sequence[Incoming]) -> None:
    paths = [row.path for row in rows]
    hashes = [row.key for row in rows]
    copies = select(_COPY.c.file_path, _COPY.c.media_item_id)
    owners = {path: item for path, item in await _in(connection, copies, _COPY.c.file_path, paths)}
    batch.copies = owners
    for column, keys, known in (
        (_ITEM.c.file_path, paths, batch.by_path),
        (_ITEM.c.file_hash, hashes, batch.by_hash),
        (_ITEM.c.id, list(owners.values()), batch.items),
    ):
        unknown = [key for key in dict.fromkeys(keys) if key not in known]
        for found in await _in(connection, _WIDE, column, unknown):
            values = dict(zip(ITEM_COLUMNS, found[:_WIDTH], strict=True))
            facts = dict(zip(METADATA_COLUMNS, found[_WIDTH:], strict=True))
            facts["id"] = facts["id"] or uuid4()
            facts["media_item_id"] = values["id"]
            facts["extra_metadata"] = facts["extra_metadata"] or {}
            batch.add(_Item(values, facts, stored_hash=values["file_hash"]))
    held = await _in(connection, copies, _COPY.c.media_item_id, list(batch.items))
    batch.have_copies = {item for _, item in held}


async def _in(connection: AsyncConnection, statement: Any, column: Any, values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(values), _CHUNK):
        chunk = values[start:start + _CHUNK]
        found += (await connection.execute(statement.where(column.in_(chunk)))).all()
    return found


async def _write(connection: AsyncConnection, batch: _Batch) -> None:
    changed = [item for item in batch.items.values() if item.changed]
    new, old = ([item for item in changed if item.is_new is is_new] for is_new in (True, False))
    # What one item's content was before may be another's now; none may hold it twice for a moment.
    edited = [item.values["id"] for item in old if item.values["file_hash"] != item.stored_hash]
    await update_rows(connection, _ITEM, ("file_hash",), [(str(id_), id_) for id_ in edited])
    await insert_rows(connection, _ITEM, ITEM_COLUMNS, [_ITEM_ROW(one.values) for one in new])
    await update_rows(connection, _ITEM, _UPDATED, [_UPDATED_ROW(one.values) for one in old])
    await insert_rows(connection, _METADATA, METADATA_COLUMNS, [_FACTS_ROW(one.facts) for one in new])
    await upsert_rows(
        connection, _METADATA, "media_item_id", METADATA_COLUMNS, [_FACTS_ROW(one.facts) for one in old]
    )
    await insert_rows(connection, _COPY, _COPY_COLUMNS, batch.new_copies)
