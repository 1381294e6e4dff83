"""Rows of a batch: loaded by path and content, changed in memory, written without a clash of unique keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select

from mfkit.catalog.content_rows import ContentRows, ItemRow
from mfkit.core.bulk_write import insert_rows, new_id
from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, MediaType, utc_now

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
_ITEM = cast(Table, MediaItem.__table__)
_COLUMNS = ("id", "file_path", "file_hash", "file_size")


@dataclass(slots=True)
class _Item(ItemRow):
    """An item without further values."""


class _Rows(ContentRows[_Item]):
    """Rows with the columns that every batch needs."""

    item_query = select(*(_ITEM.c[name] for name in (*_COLUMNS, "missing_since")))

    def make_item(self, row: Any) -> _Item:
        id_, path, hash_, size, missing_since = row
        return _Item(id_, path, hash_, size, missing_since, path, hash_)


async def _fill(database: Database, files: dict[str, str]) -> None:
    now = utc_now()
    common: dict[str, Any] = {
        "created_at": now,
        "modified_at": now,
        "file_size": 1,
        "mime_type": "image/jpeg",
        "media_type": MediaType.IMAGE,
        "is_processed": True,
        "is_compressed": False,
    }
    async with database.transaction() as connection:
        columns = ("id", "file_path", "file_name", "file_hash", *common)
        rows = [
            (new_id(), path, path.rpartition("/")[2], hash_, *common.values())
            for path, hash_ in files.items()
        ]
        await insert_rows(connection, _ITEM, columns, rows)


async def _contents(database: Database) -> dict[str, str]:
    async with database.connect() as connection:
        items = dict((await connection.execute(select(_ITEM.c.file_path, _ITEM.c.file_hash))).all())
        copies = await connection.execute(
            select(MediaCopy.file_path, _ITEM.c.file_hash).join(_ITEM, _ITEM.c.id == MediaCopy.media_item_id)
        )
        return {**items, **{f"copy {path}": hash_ for path, hash_ in copies}}


async def test_loads_items_by_path_hash_and_copy(database: Database) -> None:
    """An item is found by its path, by its content, or by the path of one of its copies, with all copies."""
    await _fill(database, {"/a": A, "/b": B, "/c": C})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/c"], [])
        for path in ("/c2", "/c3"):
            rows.attach_copy(rows.by_path["/c"], path, None)
        await rows.write_copies(connection)
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a", "/c2", "/new"], [B])
        assert set(rows.by_path) == {"/a", "/b", "/c"}
        assert set(rows.copies) == {"/c2", "/c3"}
        assert {copy.hash for copy in rows.copies.values()} == {C}


async def test_items_swap_paths_and_contents(database: Database) -> None:
    """Unique paths and hashes that change hands within a batch do not clash in the database."""
    await _fill(database, {"/a": A, "/b": B, "/c": C})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a", "/b", "/c"], [])
        a, b = rows.by_path["/a"], rows.by_path["/b"]
        rows.move(a, "/b")
        rows.move(b, "/a")
        rows.change_hash(rows.by_path["/c"], "d" * 64)
        await rows.free_keys(connection)
    stored = await _contents(database)
    assert (stored["/a"], stored["/b"]) == (B, A)
    assert stored["/c"] not in (A, B, C)


async def test_a_promoted_copy_gives_its_path_to_the_item(database: Database) -> None:
    """An item moves to its first copy; the copy's row is deleted and others are kept."""
    await _fill(database, {"/a": A})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a"], [])
        for path in ("/y", "/x"):
            rows.attach_copy(rows.by_path["/a"], path, None)
        await rows.write_copies(connection)
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, [], [A])
        copy = rows.promote_copy(rows.by_hash[A])
        assert copy is not None and copy.path == "/x"
        await rows.free_keys(connection)
        await rows.write_copies(connection)
    assert await _contents(database) == {"/x": A, "copy /y": A}


async def test_no_copy_is_promoted_if_all_are_missing(database: Database) -> None:
    """An item whose copies are missing keeps its path."""
    await _fill(database, {"/a": A})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a"], [])
        item = rows.by_path["/a"]
        rows.attach_copy(item, "/x", None)
        rows.copies["/x"].missing_since = utc_now()
        assert rows.promote_copy(item) is None and item.path == "/a"
