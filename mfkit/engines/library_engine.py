"""The engine that runs queries straight at the record database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from threading import Event
from typing import Any, TypeVar, cast

import pyarrow as pa
from sqlalchemy import JSON, Double, Executable, Numeric, Select, Text, text, type_coerce
from sqlalchemy.exc import DBAPIError, StatementError

from mfkit.core.arrow_reader import sqlite_uri
from mfkit.core.database import Database
from mfkit.core.error_mapping import error_text, translate_errors
from mfkit.engines.arrow_types import BATCH, BatchConsumer, Batches, declared, inferred
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.query_threads import QueryThreads
from mfkit.errors import QueryError

T = TypeVar("T")


class LibraryEngine:
    """Runs statements at SQLite or PostgreSQL.

    Attributes:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        """Take the database to run at."""
        self.database = database
        self._file = database.file.absolute() if database.file is not None else None
        self._threads = QueryThreads("mfkit-sql")
        self._processes = SqlProcesses()

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        """Run a statement that yields rows.

        Args:
            select: A SQLAlchemy select, or a union or CTE of such.

        Returns:
            A table with the columns and types that the statement declares.

        Raises:
            QueryError: The database refuses the statement.
        """
        columns = getattr(select, "selected_columns", None)
        if columns is None:
            raise QueryError(f"frame() takes a select, not {type(select).__name__}; for text there is sql().")
        try:
            async with self.database.only_reading() as connection:
                result = await self.database.interruptible(connection, connection.execute(_plain(select)))
                return declared(list(result.keys()), [column.type for column in columns], result.all())
        except (pa.ArrowException, ValueError, LookupError, TypeError, OverflowError) as error:
            raise _unreadable(self.database, error) from error
        except StatementError as error:
            raise QueryError(f"The database refused the query: {error_text(error)}") from error

    async def state(self) -> None:
        """Return None: a database does not say whether it is as it was."""

    async def pour(self, select: Select[Any] | Executable, take: BatchConsumer[T]) -> T:
        """Run a statement and hand its rows on in batches, so that they are never all in memory.

        Args:
            select: As for :meth:`run`.
            take: Gets the schema and the batches, on a thread; what it returns is returned.

        Raises:
            QueryError: The database refuses the statement.
        """
        types = [column.type for column in cast(Any, select).selected_columns]
        loop = asyncio.get_running_loop()
        stopped = Event()
        try:
            async with self.database.only_reading() as connection:
                result = await connection.stream(_plain(select))
                names = list(result.keys())

                def batches() -> Batches:
                    while not stopped.is_set():
                        rows = asyncio.run_coroutine_threadsafe(result.fetchmany(BATCH), loop).result()
                        if not rows:
                            return
                        yield from declared(names, types, rows).to_batches()
                    raise QueryError("The query was interrupted.")

                schema = declared(names, types, []).schema
                work = asyncio.ensure_future(asyncio.to_thread(take, schema, batches()))
                try:
                    return await asyncio.shield(work)
                finally:
                    # The connection must not go before the thread that reads from it.
                    stopped.set()
                    await asyncio.gather(work, return_exceptions=True)
                    await result.close()
        except StatementError as error:
            raise QueryError(f"The database refused the query: {error_text(error)}") from error

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        """Run one statement of free SQL, read-only by the database's own means.

        Args:
            statement: SQL with parameters as ``:name``.
            parameters: Their values.

        Raises:
            QueryError: The statement would write, is wrong, or lacks a parameter.
        """
        try:
            if self._file is not None:
                return inferred(*await self._ask_sqlite(statement, parameters))
            async with self.database.only_reading() as connection:
                await self.database.refuse_all_but_reading(connection, text(statement))
                query = connection.execute(text(statement), parameters)
                result = await self.database.interruptible(connection, query)
                if not result.returns_rows:
                    raise QueryError("The statement returns no rows; sql() is for reading.")
                return inferred(list(result.keys()), [tuple(row) for row in result])
        except StatementError as error:
            raise QueryError(f"The database refused the query: {error_text(error)}") from error

    async def _ask_sqlite(
        self, statement: str, parameters: dict[str, Any]
    ) -> tuple[list[str], Sequence[Sequence[Any]]]:
        assert self._file is not None
        uri = sqlite_uri(self._file)
        with translate_errors(self.database.name):
            try:
                return await self._threads.run(
                    lambda call: self._processes.ask_sqlite(uri, statement, parameters, call)
                )
            except sqlite3.OperationalError as error:
                raise DBAPIError(None, None, error) from error

    def close(self) -> None:
        """End the processes that ran free SQL; a later statement starts one again."""
        self._processes.close()


def _unreadable(database: Database, error: Exception) -> QueryError:
    return QueryError(
        f"{database.name} holds a value that does not fit its column: {error}. mfkit doctor names the column."
    )


def _plain(select: Select[Any] | Executable) -> Select[Any] | Executable:
    """Return a select whose values come as the database holds them.

    Else JSON would be parsed to be written anew, and a fraction would lose digits as a Decimal.
    """
    if not isinstance(select, Select):
        return select
    columns = list(select.selected_columns)
    plain = [_coerced(column) for column in columns]
    if all(one is other for one, other in zip(columns, plain, strict=True)):
        return select
    return select.with_only_columns(*plain, maintain_column_froms=True)


def _coerced(column: Any) -> Any:
    if isinstance(column.type, JSON):
        return type_coerce(column, Text()).label(column.key)
    if isinstance(column.type, Numeric) and column.type.asdecimal:
        return type_coerce(column, Double()).label(column.key)
    return column
