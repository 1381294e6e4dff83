"""Rows of a batch: loaded by path and content, changed in memory, written without a clash of unique keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, select, update

from mfkit.catalog.content_rows import (
    STATUS_COLUMNS,
    ContentRows,
    ItemRow,
    record_statuses,
    replaced_path,
    take_paths,
)
from mfkit.core.bulk_write import insert_rows, new_id
from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, MediaType, utc_now
from tests.samples import NOON

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
        assert {path: item.hash for path, item in rows.by_path.items()} == {"/a": B, "/b": A, "/c": "d" * 64}
        assert set(rows.by_hash) == {A, B, "d" * 64}
        await rows.free_hashes_and_paths(connection)
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
        assert set(rows.by_path) == {"/x"} and set(rows.copies) == {"/y"}
        assert copy is not None and copy.path == "/x"
        await rows.free_hashes_and_paths(connection)
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


async def test_values_of_copies(database: Database) -> None:
    """A new copy and one that is found again have the values of the file, and are not missing."""
    await _fill(database, {"/a": A})
    columns = (
        MediaCopy.file_path,
        MediaCopy.file_name,
        MediaCopy.file_modified_at,
        MediaCopy.last_scanned_at,
        MediaCopy.missing_since,
        MediaCopy.device,
        MediaCopy.inode,
        MediaCopy.link_count,
        MediaCopy.changed_ns,
    )
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a"], [])
        for place, path in enumerate(("/x/one.jpg", "/x/two.jpg")):
            at = NOON + timedelta(hours=place)
            rows.attach_copy(rows.by_path["/a"], path, at, at + timedelta(days=1), (1, 2 + place, 3, 4))
        await rows.write_copies(connection)
        await connection.execute(update(MediaCopy).values(missing_since=NOON))
    later = NOON + timedelta(days=9)
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/x/two.jpg"], [])
        assert rows.copies["/x/one.jpg"].status == (1, 2, 3, 4)
        assert (rows.copies["/x/one.jpg"].missing_since, rows.copies["/x/one.jpg"].size) == (NOON, 1)
        rows.mark_copy_found(rows.copies["/x/two.jpg"], later, later + timedelta(days=1), (5, 6, 7, 8))
        await rows.write_copies(connection)
        found = (await connection.execute(select(*columns).order_by(MediaCopy.file_path))).all()
    assert [tuple(row) for row in found] == [
        ("/x/one.jpg", "one.jpg", NOON, NOON + timedelta(days=1), NOON, 1, 2, 3, 4),
        ("/x/two.jpg", "two.jpg", later, later + timedelta(days=1), None, 5, 6, 7, 8),
    ]


async def test_dropped_and_reassigned_copies(database: Database) -> None:
    """A copy that is found and then dropped is deleted; the others belong to their new item."""
    await _fill(database, {"/a": A, "/b": B})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a", "/b"], [])
        a, b = rows.by_path["/a"], rows.by_path["/b"]
        for path in ("/x", "/y"):
            rows.attach_copy(a, path, None)
        rows.drop_copy(rows.copies["/x"])
        rows.reassign_copies(a, b)
        assert (set(rows.items), set(rows.by_hash), set(rows.by_path)) == ({b.id}, {B}, {"/b"})
        assert set(rows.copies_of[b.id]) == {"/y"}
        await rows.write_copies(connection)
    assert await _contents(database) == {"/a": A, "/b": B, "copy /y": B}


async def test_items_lose_their_paths(database: Database) -> None:
    """An item without its path is missing and keeps its name, and copies at the path are deleted."""
    await _fill(database, {"/m/a.jpg": A, "/m/b.jpg": B, "/m/c.jpg": C, "/m/d.jpg": "d" * 64})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, [f"/m/{name}.jpg" for name in "abcd"], [])
        ids = {path: item.id for path, item in rows.by_path.items()}
        rows.attach_copy(rows.by_path["/m/d.jpg"], "/m/new.jpg", None)
        rows.attach_copy(rows.by_path["/m/d.jpg"], "/m/kept.jpg", None)
        await rows.write_copies(connection)
        gone = _ITEM.c.id == ids["/m/c.jpg"]
        await connection.execute(update(_ITEM).where(gone).values(missing_since=NOON))
    before = utc_now()
    async with database.transaction() as connection:
        c, d = ids["/m/c.jpg"], ids["/m/d.jpg"]
        given = {ids["/m/a.jpg"]: "/m/b.jpg", c: "/m/new.jpg", d: replaced_path("/m/d.jpg", d)}
        await take_paths(connection, given)
        columns = (_ITEM.c.id, _ITEM.c.file_path, _ITEM.c.file_name, _ITEM.c.missing_since)
        found = {row.id: tuple(row[1:]) for row in await connection.execute(select(*columns))}
        left = list(await connection.scalars(select(MediaCopy.file_path)))
    b = ids["/m/b.jpg"]
    path, name, missing_since = found.pop(b)
    assert (path, name) == (f"/m/b.jpg/replaced/{b}", "b.jpg") and before <= missing_since <= utc_now()
    assert found == {
        ids["/m/a.jpg"]: ("/m/b.jpg", "b.jpg", None),
        c: ("/m/new.jpg", "new.jpg", NOON),
        d: (f"/m/d.jpg/replaced/{d}", "d.jpg", None),
    }
    assert left == ["/m/kept.jpg"]


async def test_missing_item_without_its_path(database: Database) -> None:
    """An item that was missing already keeps the time since when it is missing."""
    await _fill(database, {"/a": A, "/b": B})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/a", "/b"], [])
        a, b = rows.by_path["/a"].id, rows.by_path["/b"].id
        await connection.execute(update(_ITEM).where(_ITEM.c.id == b).values(missing_since=NOON))
        await take_paths(connection, {a: "/b"})
        found = dict((await connection.execute(select(_ITEM.c.file_path, _ITEM.c.missing_since))).all())
    assert found == {"/b": None, f"/b/replaced/{b}": NOON}


async def test_statuses_are_those_of_their_paths(database: Database) -> None:
    """Items and copies get the status of the file at their path; other rows do not change."""
    await _fill(database, {"/a": A, "/b": B, "/c": C})
    async with database.transaction() as connection:
        rows = _Rows()
        await rows.load(connection, ["/b"], [])
        for path in ("/b2", "/b3"):
            rows.attach_copy(rows.by_path["/b"], path, None)
        await rows.write_copies(connection)
        await record_statuses(connection, {"/b": (1, 2, 3, 4), "/b2": (5, 6, 7, 8)})
        found = {}
        for table in (_ITEM, cast(Table, MediaCopy.__table__)):
            columns = (table.c[name] for name in STATUS_COLUMNS)
            found |= {
                row[0]: row[1:] for row in await connection.execute(select(table.c.file_path, *columns))
            }
    nothing = (None, None, None, None)
    assert found == {"/a": nothing, "/b": (1, 2, 3, 4), "/c": nothing, "/b2": (5, 6, 7, 8), "/b3": nothing}
