"""Bulk inserts and updates, which are faster than the ORM, and generation of ids for new rows.

SQLAlchemy's ``executemany`` looks up a conversion function for every value. This module looks up the function
once per column, converts the values column by column, and passes tuples to the driver. The statements are
plain SQL text, so the defaults of the models do not apply to columns that the rows do not have.

On SQLite, one statement inserts as many rows as the maximum number of values allows. The full-text index
writes to disk at the end of each statement. With a thousand rows per statement instead of one, an insert
takes 60 % less time, and other Python threads can run in the meantime.

On PostgreSQL, new rows are written with COPY. COPY is a single statement, so statement-level triggers run
once instead of once per row. For the measurement see docs/decisions/0006-postgresql.md.

Ids are UUIDs that sort by creation time (RFC 9562, section 5.7, version 7; Python 3.14 and later can generate
them). Random ids would be spread over the whole index, so in a large library nearly every new row would
change another page of the index. For the measurement see docs/decisions/0010-ids-by-time.md.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.postgresql import copy_rows
from mfkit.models.long_text_indexes import digest

Row = Sequence[Any]
Chunk = list[tuple[Any, ...]]
"""Rows for one statement, whose values are already converted for the database driver."""
_MAX_VALUES = 32_766
"""Maximum number of values in a SQLite statement (https://www.sqlite.org/limits.html, section 9)."""
_RANDOM = 10
"""Number of bytes in a UUID after the timestamp: random bits, except 6 bits for version and variant."""
_FREE, _FIXED = ~(0xF << 76 | 0x3 << 62), 0x7 << 76 | 0x2 << 62


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Insert many rows of Python values into a table.

    Args:
        connection: A connection in a write transaction.
        table: The table.
        columns: Names of the columns to fill.
        rows: Rows of Python values in the order of ``columns``.
    """
    chunks = converted(connection.dialect, table, _by_column(columns, rows))
    await insert_converted(connection, table, columns, chunks)


async def insert_converted(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], chunks: Iterable[Chunk]
) -> None:
    """Insert rows that :func:`converted` prepared for the database driver."""
    if connection.dialect.name == "postgresql":
        for chunk in chunks:
            await copy_rows(connection, table.name, columns, chunk)
    else:
        await _insert(connection, table, columns, chunks)


def converted(dialect: Dialect, table: Table, columns: Mapping[str, Sequence[Any]]) -> Iterator[Chunk]:
    """Convert columns of Python values to rows for the database driver.

    Yields:
        Chunks of as many rows as fit into one statement.
    """
    count = len(next(iter(columns.values())))
    per_statement = _MAX_VALUES // len(columns) if dialect.name == "sqlite" else max(count, 1)
    for start in range(0, count, per_statement):
        yield list(
            zip(
                *(
                    _column(values[start : start + per_statement], _converter(table, name, dialect))
                    for name, values in columns.items()
                ),
                strict=True,
            )
        )


async def upsert_rows(
    connection: AsyncConnection,
    table: Table,
    key: str,
    columns: tuple[str, ...],
    rows: Iterable[Row],
    *,
    keep: Sequence[str] = ("id",),
) -> None:
    """Insert rows. If a row with the same unique ``key`` exists, overwrite its columns, except those to keep.

    Args:
        connection: A connection in a write transaction.
        table: The table.
        key: Name of a unique column.
        columns: Names of the columns to fill.
        rows: Rows of Python values in the order of ``columns``.
        keep: Names of the columns that keep the values of an existing row.
    """
    overwritten = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (key, *keep))
    is_text = connection.dialect.name == "postgresql" and isinstance(table.c[key].type, Text)
    unique = digest(table.c[key]).compile(dialect=connection.dialect) if is_text else key
    conflict = f" ON CONFLICT ({unique}) DO UPDATE SET {overwritten}"
    chunks = converted(connection.dialect, table, _by_column(columns, rows))
    await _insert(connection, table, columns, chunks, conflict)


async def update_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Update rows by id. Each row consists of the values of ``columns``, followed by the id."""
    filled = (*columns, "id")
    chunks = converted(connection.dialect, table, _by_column(filled, rows))
    if connection.dialect.name == "sqlite":
        assignments = ", ".join(f"{name} = new.{name}" for name in columns)
        await _execute_chunks(
            connection,
            f"WITH new ({', '.join(filled)}) AS (VALUES ",
            chunks,
            f") UPDATE {table.name} SET {assignments} FROM new WHERE {table.name}.id = new.id",
        )
        return
    marks = _placeholders(len(filled))
    assignments = ", ".join(f"{name} = {mark}" for name, mark in zip(columns, marks, strict=False))
    statement = f"UPDATE {table.name} SET {assignments} WHERE id = {marks[-1]}"
    for chunk in chunks:
        await connection.exec_driver_sql(statement, chunk)


def _by_column(columns: tuple[str, ...], rows: Iterable[Row]) -> Mapping[str, Sequence[Any]]:
    return dict(zip(columns, zip(*rows, strict=True), strict=False)) or dict.fromkeys(columns, ())


async def _insert(
    connection: AsyncConnection,
    table: Table,
    columns: tuple[str, ...],
    chunks: Iterable[Chunk],
    conflict: str = "",
) -> None:
    head = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "
    if connection.dialect.name == "sqlite":
        await _execute_chunks(connection, head, chunks, conflict)
        return
    row = f"({', '.join(_placeholders(len(columns)))})"
    for chunk in chunks:
        await connection.exec_driver_sql(f"{head}{row}{conflict}", chunk)


async def _execute_chunks(connection: AsyncConnection, head: str, chunks: Iterable[Chunk], tail: str) -> None:
    """Run one SQLite statement per chunk of rows, while the values of the next chunk are prepared.

    While a statement runs, the next chunk is converted. This is possible because SQLite runs on its own
    thread and releases Python's global interpreter lock.
    """
    running = None
    try:
        for chunk in chunks:
            row = f"({', '.join('?' * len(chunk[0]))})"
            statement = f"{head}{', '.join([row] * len(chunk))}{tail}"
            values = tuple(chain.from_iterable(chunk))
            if running is not None:
                await running
            running = asyncio.ensure_future(connection.exec_driver_sql(statement, values))
            await asyncio.sleep(0)  # Let the event loop start the statement.
        if running is not None:
            await running
    finally:
        if running is not None and not running.done():
            await asyncio.wait([running])


def _placeholders(number: int) -> list[str]:
    """Return placeholders for the bind parameters of PostgreSQL's driver: ``$1``, ``$2`` and so on."""
    return [f"${place}" for place in range(1, number + 1)]


def _column(values: Sequence[Any], function: Callable[[Any], Any] | None) -> Sequence[Any]:
    if function is None:
        return values
    first = values[0]
    if all(value is first for value in values):
        # In many columns all rows have the same value, such as None, which is then converted only once.
        return [None if first is None else function(first)] * len(values)
    return [None if value is None else function(value) for value in values]


def _converter(table: Table, name: str, dialect: Dialect) -> Any:
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)


def new_id() -> UUID:
    """Return a new unique id (UUID version 7)."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[UUID]:
    """Return new unique ids in ascending order (UUID version 7)."""
    milliseconds = time.time_ns() // 1_000_000 << 80
    drawn = os.urandom(_RANDOM * count)
    # The version and variant bits of the UUIDs are set here, because UUID(version=...) would take twice as
    # long.
    rests = sorted(
        int.from_bytes(drawn[at : at + _RANDOM], "big") & _FREE | _FIXED
        for at in range(0, len(drawn), _RANDOM)
    )
    return [UUID(int=milliseconds | rest) for rest in rests]
