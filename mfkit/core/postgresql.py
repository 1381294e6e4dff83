"""What SQLAlchemy has no words for: rows by COPY, and what read-only transactions let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.errors import QueryError


async def refuse_commands(connection: AsyncConnection, statement: TextClause) -> None:
    """Let the server describe a statement without running it, and refuse one that yields no rows.

    A read-only transaction does not stop COPY from writing a file or running a program on the server,
    where the login may do that, nor DO, SET or COMMIT.

    Raises:
        QueryError: The statement is wrong, or more than one, or yields no rows.
    """
    from asyncpg import InterfaceError, PostgresError  # the extra "postgres"

    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        prepared = await raw.prepare(str(statement.compile(dialect=connection.dialect)))
    except (PostgresError, InterfaceError) as error:
        raise QueryError(f"The database refused the query: {error}") from error
    if not prepared.get_attributes():
        raise QueryError("The statement returns no rows; sql() is for reading.")


async def copy_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Send rows by COPY, in the transaction that the connection is in.

    Args:
        connection: Open in a write transaction.
        table: Name of the table.
        columns: Names of the columns that the rows fill.
        rows: The driver's own values.

    Raises:
        IntegrityError: A row violates a constraint.
        DBAPIError: The server refuses a row, or the connection is lost.
    """
    from asyncpg import InterfaceError, PostgresError  # the extra "postgres"

    await connection.exec_driver_sql("SELECT 1")  # SQLAlchemy begins the transaction with a statement
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        await raw.copy_records_to_table(table, records=rows, columns=columns)
    except (PostgresError, InterfaceError, OSError) as error:
        code = getattr(error, "sqlstate", None) or ""
        kind = IntegrityError if code.startswith("23") else DBAPIError
        lost = raw.is_closed()
        if lost:
            await connection.invalidate()
        raise kind(f"COPY {table}", None, error, connection_invalidated=lost) from error
