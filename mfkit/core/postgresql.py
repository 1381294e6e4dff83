"""What PostgreSQL's read-only transactions let through, and how to stop it."""

from __future__ import annotations

from sqlalchemy import TextClause
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
