"""Bulk inserts, updates and upserts on both databases."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table, select

from mfkit.core import bulk_write
from mfkit.core.bulk_write import insert_rows, new_id, new_ids, update_rows, upsert_rows
from mfkit.core.database import Database
from mfkit.models import Tag
from tests.samples import NOON

TAGS = cast(Table, Tag.__table__)
COLUMNS = ("id", "name", "color", "created_at")


async def stored(database: Database) -> dict[str, tuple[Any, Any]]:
    """Return id and colour of each tag by name."""
    async with database.connect() as connection:
        rows = await connection.execute(select(TAGS.c.name, TAGS.c.id, TAGS.c.color))
        return {name: (id_, color) for name, id_, color in rows}


async def test_upsert_keeps_ids(database: Database) -> None:
    """Rows with a known key are overwritten except for their ids, and others are inserted."""
    first, second, third = new_id(), new_id(), new_id()
    async with database.transaction() as connection:
        await insert_rows(connection, TAGS, COLUMNS, [(first, "a", "red", NOON)])
        await upsert_rows(
            connection, TAGS, "name", COLUMNS, [(second, "a", "blue", NOON), (third, "b", None, NOON)]
        )
    assert await stored(database) == {"a": (first, "blue"), "b": (third, None)}


async def test_rows_of_many_statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond the first statement are inserted and updated too, each with its own values."""
    monkeypatch.setattr(bulk_write, "_MAX_VALUES", 12)
    ids = [new_id() for _ in range(8)]
    async with database.transaction() as connection:
        await insert_rows(
            connection, TAGS, COLUMNS, [(one, f"{place}", f"c{place}", NOON) for place, one in enumerate(ids)]
        )
        await update_rows(connection, TAGS, ("color",), [(f"d{place}", ids[place]) for place in range(1, 8)])
    expected = {f"{place}": (one, f"d{place}" if place else "c0") for place, one in enumerate(ids)}
    assert await stored(database) == expected


async def test_first_and_last_values_may_be_equal(database: Database) -> None:
    """A value that occurs in several rows is converted once, but other rows keep their own values."""
    times = [NOON, NOON + timedelta(days=1), NOON]
    async with database.transaction() as connection:
        rows = [(new_id(), f"{place}", None, at) for place, at in enumerate(times)]
        await insert_rows(connection, TAGS, COLUMNS, rows)
        found = await connection.scalars(select(TAGS.c.created_at).order_by(TAGS.c.name))
        assert list(found) == times


@given(st.integers(0, 300))
def test_version_and_variant(count: int) -> None:
    """Each is of version 7 and the variant of the RFC, holds when it was made, and is there once."""
    before = time.time_ns() // 1_000_000
    ids = new_ids(count)
    after = time.time_ns() // 1_000_000
    assert len(ids) == count == len(set(ids))
    assert all(one.version == 7 and one.variant == RFC_4122 for one in ids)
    assert all(before <= one.int >> 80 <= after for one in ids)


def test_order() -> None:
    """They are in order within one call, and later ones come after, as bytes and as text."""
    made = new_ids(1_000)
    time.sleep(0.005)
    made.append(new_id())
    assert all(a.bytes < b.bytes and a.hex < b.hex for a, b in pairwise(made))


def test_the_rest_is_random() -> None:
    """Of 5,000 ids each free bit is set in about half."""
    ids = new_ids(5_000)
    fixed = {*range(76, 80), 62, 63}
    for bit in set(range(80)) - fixed:
        assert 2_000 < sum(one.int >> bit & 1 for one in ids) < 3_000
