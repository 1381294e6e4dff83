"""Many rows in one statement, without the cost of building each through the ORM.

Core's ``executemany`` converts every value in every row through Python functions looked up per row;
here the conversions are looked up once per column and the driver gets plain tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Insert, Table, Update, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Sequence[Any]


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Insert rows.

    Args:
        connection: Open in a write transaction.
        table: Where.
        columns: Names of the columns that the rows fill; a default of the model is not applied.
        rows: Python values in the order of ``columns``.
    """
    await _run(connection, insert(table), table, columns, columns, rows)


async def upsert_rows(
    connection: AsyncConnection, table: Table, key: str, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Insert rows, or overwrite those that hold the same unique ``key``; their ids stay as they are."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    kept = {name: statement.excluded[name] for name in columns if name not in (key, "id")}
    conflict = statement.on_conflict_do_update(index_elements=[key], set_=kept)
    await _run(connection, conflict, table, columns, columns, rows)


async def update_rows(
    connection: AsyncConnection, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    """Update rows by id: each row holds the values of ``columns``, then the id."""
    statement = (
        update(table)
        .where(table.c.id == bindparam("key", type_=table.c.id.type))
        .values({name: bindparam(name, type_=table.c[name].type) for name in columns})
    )
    await _run(connection, statement, table, (*columns, "id"), columns, rows)


async def _run(
    connection: AsyncConnection,
    statement: Insert | Update,
    table: Table,
    filled: tuple[str, ...],
    set_: tuple[str, ...],
    rows: Iterable[Row],
) -> None:
    dialect = connection.dialect
    convert = [_converter(table, name, dialect) for name in filled]
    plain = [
        tuple(
            value if value is None or function is None else function(value)
            for function, value in zip(convert, row, strict=True)
        )
        for row in rows
    ]
    if plain:
        # The order of the parameters in the text is the order of column_keys: that of the table for
        # an insert, of the call for values() with bind parameters.
        compiled = statement.compile(dialect=dialect, column_keys=list(set_))
        order = [_place(name, filled) for name in compiled.positiontup or ()]
        if order != list(range(len(filled))):
            plain = [tuple(row[place] for place in order) for row in plain]
        await connection.exec_driver_sql(str(compiled), plain)


def _place(name: str, filled: tuple[str, ...]) -> int:
    return filled.index("id") if name == "key" else filled.index(name)


@lru_cache(maxsize=256)
def _converter(table: Table, name: str, dialect: Dialect) -> Any:
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
