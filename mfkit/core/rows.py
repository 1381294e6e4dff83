"""Many rows in one statement, without the cost of building each through the ORM.

Core's ``executemany`` converts every value of every row through functions looked up per row; here the
conversions are looked up once per column and done column by column, and the driver gets plain tuples. The
statements are plain text too, so that no default of the model asks for a value that the rows do not hold.

New rows go into PostgreSQL by COPY: one statement for all of them, after which the triggers that work by
statement run once and not once a row (docs/decisions/0006-postgresql.md has the measurement).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.postgresql import copy_rows

Row = Sequence[Any]


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
    plain = _plain(connection.dialect, table, columns, rows)
    if plain and connection.dialect.name == "postgresql":
        await copy_rows(connection, table.name, columns, plain)
    elif plain:
        await connection.exec_driver_sql(_insert(connection.dialect, table, columns), plain)


async def upsert_rows(
    connection: AsyncConnection, table: Table, key: str, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Insert rows, or overwrite those that hold the same unique ``key``; their ids stay as they are."""
    kept = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (key, "id"))
    plain = _plain(connection.dialect, table, columns, rows)
    if plain:
        statement = f"{_insert(connection.dialect, table, columns)} ON CONFLICT ({key}) DO UPDATE SET {kept}"
        await connection.exec_driver_sql(statement, plain)


async def update_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Update rows by id: each row holds the values of ``columns``, then the id."""
    filled = (*columns, "id")
    marks = _marks(connection.dialect, len(filled))
    assignments = ", ".join(f"{name} = {mark}" for name, mark in zip(columns, marks, strict=False))
    statement = f"UPDATE {table.name} SET {assignments} WHERE id = {marks[-1]}"
    plain = _plain(connection.dialect, table, filled, rows)
    if plain:
        await connection.exec_driver_sql(statement, plain)


def _insert(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    marks = ", ".join(_marks(dialect, len(columns)))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"


def _marks(dialect: Dialect, number: int) -> list[str]:
    """Return the driver's parameter marks."""
    if dialect.paramstyle == "numeric_dollar":
        return [f"${place}" for place in range(1, number + 1)]
    return ["?"] * number


def _plain(
    dialect: Dialect, table: Table, filled: tuple[str, ...], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """Return rows in the driver's own values."""
    columns = [
        _converted(values, _converter(table, name, dialect))
        for name, values in zip(filled, zip(*rows, strict=True), strict=False)
    ]
    return list(zip(*columns, strict=True))


def _converted(values: Sequence[Any], function: Callable[[Any], Any] | None) -> Sequence[Any]:
    if function is None:
        return values
    first = values[0]
    if all(value is first for value in values):  # nothing, or the time of the batch
        return [None if first is None else function(first)] * len(values)
    return [None if value is None else function(value) for value in values]


def _converter(table: Table, name: str, dialect: Dialect) -> Any:
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
