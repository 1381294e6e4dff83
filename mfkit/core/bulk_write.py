"""Many rows in one statement, without the cost of building each through the ORM.

Core's ``executemany`` converts every value of every row through functions looked up per row; here the
conversions are looked up once per column and done column by column, and the driver gets plain tuples. The
statements are plain text too, so that no default of the model asks for a value that the rows do not hold.

On SQLite a statement takes as many rows as it has room for values. Where triggers write into the full-text
index, that writes down at the end of each statement what it held in memory: once for a thousand rows instead
of once for each, an insert takes two fifths of the time. And Python's lock is free meanwhile, so that other
threads work.

New rows go into PostgreSQL by COPY: one statement for all of them, after which the triggers that work by
statement run once and not once a row (docs/decisions/0006-postgresql.md has the measurement).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Dialect, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.postgresql import copy_rows
from mfkit.models.long_text_indexes import digest

Row = Sequence[Any]
Chunk = list[tuple[Any, ...]]
"""Rows for one statement, in the driver's own values."""
_MAX_VALUES = 32_766
"""In one statement (https://www.sqlite.org/limits.html, section 9)."""


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Insert rows.

    Args:
        connection: Open in a write transaction.
        table: Where.
        columns: Names of the columns that the rows fill.
        rows: Python values in the order of ``columns``.
    """
    bites = converted(connection.dialect, table, _by_column(columns, rows))
    await insert_converted(connection, table, columns, bites)


async def insert_converted(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], bites: Iterable[Chunk]
) -> None:
    """Insert rows that :func:`converted` made of columns of these names."""
    if connection.dialect.name == "postgresql":
        for bite in bites:
            await copy_rows(connection, table.name, columns, bite)
    else:
        await _insert(connection, table, columns, bites)


def converted(dialect: Dialect, table: Table, columns: Mapping[str, Sequence[Any]]) -> Iterator[Chunk]:
    """Yield rows in the driver's own values, as many at a time as a statement takes."""
    count = len(next(iter(columns.values())))
    at_once = _MAX_VALUES // len(columns) if dialect.name == "sqlite" else max(count, 1)
    for start in range(0, count, at_once):
        yield list(
            zip(
                *(
                    _column(values[start : start + at_once], _converter(table, name, dialect))
                    for name, values in columns.items()
                ),
                strict=True,
            )
        )


async def upsert_rows(
    connection: AsyncConnection, table: Table, key: str, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Insert rows, or overwrite those that hold the same unique ``key``; their ids stay as they are."""
    kept = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (key, "id"))
    is_text = connection.dialect.name == "postgresql" and isinstance(table.c[key].type, Text)
    unique = digest(table.c[key]).compile(dialect=connection.dialect) if is_text else key
    conflict = f" ON CONFLICT ({unique}) DO UPDATE SET {kept}"
    bites = converted(connection.dialect, table, _by_column(columns, rows))
    await _insert(connection, table, columns, bites, conflict)


async def update_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Update rows by id: each row holds the values of ``columns``, then the id, and no two have one id."""
    filled = (*columns, "id")
    bites = converted(connection.dialect, table, _by_column(filled, rows))
    if connection.dialect.name == "sqlite":
        assignments = ", ".join(f"{name} = new.{name}" for name in columns)
        await _execute_chunks(
            connection,
            f"WITH new ({', '.join(filled)}) AS (VALUES ",
            bites,
            f") UPDATE {table.name} SET {assignments} FROM new WHERE {table.name}.id = new.id",
        )
        return
    marks = _placeholders(len(filled))
    assignments = ", ".join(f"{name} = {mark}" for name, mark in zip(columns, marks, strict=False))
    statement = f"UPDATE {table.name} SET {assignments} WHERE id = {marks[-1]}"
    for bite in bites:
        await connection.exec_driver_sql(statement, bite)


def _by_column(columns: tuple[str, ...], rows: Iterable[Row]) -> Mapping[str, Sequence[Any]]:
    return dict(zip(columns, zip(*rows, strict=True), strict=False)) or dict.fromkeys(columns, ())


async def _insert(
    connection: AsyncConnection,
    table: Table,
    columns: tuple[str, ...],
    bites: Iterable[Chunk],
    conflict: str = "",
) -> None:
    head = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "
    if connection.dialect.name == "sqlite":
        await _execute_chunks(connection, head, bites, conflict)
        return
    row = f"({', '.join(_placeholders(len(columns)))})"
    for bite in bites:
        await connection.exec_driver_sql(f"{head}{row}{conflict}", bite)


async def _execute_chunks(connection: AsyncConnection, head: str, bites: Iterable[Chunk], tail: str) -> None:
    """Run a statement for each bite.

    The next one is converted meanwhile: SQLite works on its own thread, without Python's lock.
    """
    running = None
    try:
        for bite in bites:
            row = f"({', '.join('?' * len(bite[0]))})"
            statement = f"{head}{', '.join([row] * len(bite))}{tail}"
            values = tuple(chain.from_iterable(bite))
            if running is not None:
                await running
            running = asyncio.ensure_future(connection.exec_driver_sql(statement, values))
            await asyncio.sleep(0)  # so that it begins
        if running is not None:
            await running
    finally:
        if running is not None and not running.done():
            await asyncio.wait([running])


def _placeholders(number: int) -> list[str]:
    """Return the parameter marks of PostgreSQL's driver."""
    return [f"${place}" for place in range(1, number + 1)]


def _column(values: Sequence[Any], function: Callable[[Any], Any] | None) -> Sequence[Any]:
    if function is None:
        return values
    first = values[0]
    if all(value is first for value in values):  # nothing, or the time of the batch
        return [None if first is None else function(first)] * len(values)
    return [None if value is None else function(value) for value in values]


def _converter(table: Table, name: str, dialect: Dialect) -> Any:
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
