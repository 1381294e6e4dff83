"""Query engine on the library database itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import pyarrow as pa
from sqlalchemy import JSON, Double, Executable, Numeric, Select, Text, text, type_coerce
from sqlalchemy.exc import DBAPIError, StatementError

from mfkit.core.arrow_reader import sqlite_uri
from mfkit.core.database import Database
from mfkit.core.error_mapping import error_text, translate_errors
from mfkit.core.event_loop import CancelToken, QueryThreads, wait_or_interrupt
from mfkit.engines.base import QueryEngine
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.errors import QueryError
from mfkit.frames import BATCH, BatchConsumer, Batches, infer_table, table_with_types

T = TypeVar("T")


class LibraryEngine(QueryEngine):
    """Engine that runs queries directly on the library database, SQLite or PostgreSQL.

    Attributes:
        database: The library database.
    """

    def __init__(self, database: Database) -> None:
        """Create the engine without opening the database."""
        self.database = database
        self._file = database.file.absolute() if database.file is not None else None
        self._threads = QueryThreads("mfkit-sql")
        self._processes = SqlProcesses()

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        columns = getattr(select, "selected_columns", None)
        if columns is None:
            raise QueryError(
                f"frame() needs a SQLAlchemy SELECT, not {type(select).__name__}. Use sql() for SQL text."
            )
        try:
            async with self.database.read_only_connection() as connection:
                result = await self.database.interruptible(connection, connection.execute(_stored(select)))
                types = [column.type for column in columns]
                return table_with_types(list(result.keys()), types, result.all())
        except (pa.ArrowException, ValueError, LookupError, TypeError, OverflowError) as error:
            raise QueryError(
                f"{self.database.name} has a value that does not fit its column: {error}. "
                "Run mfkit doctor to find the column."
            ) from error
        except StatementError as error:
            raise _refused(error) from error

    async def stream(self, select: Select[Any] | Executable, consume: BatchConsumer[T]) -> T:
        types = [column.type for column in cast(Any, select).selected_columns]
        loop = asyncio.get_running_loop()
        token = CancelToken()
        try:
            async with self.database.read_only_connection() as connection:
                result = await connection.stream(_stored(select))
                names = list(result.keys())

                def batches() -> Batches:
                    while True:
                        token.check()
                        rows = asyncio.run_coroutine_threadsafe(result.fetchmany(BATCH), loop).result()
                        if not rows:
                            return
                        yield from table_with_types(names, types, rows).to_batches()

                schema = table_with_types(names, types, []).schema
                work = asyncio.ensure_future(asyncio.to_thread(consume, schema, batches()))
                try:
                    # If this task is cancelled, wait for the thread anyway, because the thread reads from the
                    # connection.
                    await wait_or_interrupt(work, token.stop)
                    return work.result()
                finally:
                    await result.close()
        except StatementError as error:
            raise _refused(error) from error

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        try:
            if self._file is not None:
                return infer_table(*await self._ask_sqlite(statement, parameters))
            async with self.database.read_only_connection() as connection:
                await self.database.require_read_only(connection, text(statement))
                query = connection.execute(text(statement), parameters)
                result = await self.database.interruptible(connection, query)
                if not result.returns_rows:
                    raise QueryError(
                        "The statement returns no rows. Use sql() only for "
                        "statements that return rows, such as SELECT."
                    )
                return infer_table(list(result.keys()), [tuple(row) for row in result])
        except StatementError as error:
            raise _refused(error) from error

    async def _ask_sqlite(
        self, statement: str, parameters: dict[str, Any]
    ) -> tuple[list[str], Sequence[Sequence[Any]]]:
        assert self._file is not None
        uri = sqlite_uri(self._file)
        with translate_errors(self.database.name):
            try:
                return await self._threads.run(
                    lambda token: self._processes.ask_sqlite(uri, statement, parameters, token)
                )
            except sqlite3.OperationalError as error:
                raise DBAPIError(None, None, error) from error

    def close(self) -> None:
        self._processes.close()


def _refused(error: StatementError) -> QueryError:
    return QueryError(f"The database refused the query: {error_text(error)}")


def _stored(select: Select[Any] | Executable) -> Select[Any] | Executable:
    """Return a SELECT statement that returns JSON as text and NUMERIC values as floats.

    Otherwise SQLAlchemy would parse JSON, which mfkit would have to serialize again, and convert NUMERIC
    values to Decimal, which loses digits.
    """
    if not isinstance(select, Select):
        return select
    columns = list(select.selected_columns)
    stored = [_coerced(column) for column in columns]
    if all(one is other for one, other in zip(columns, stored, strict=True)):
        return select
    return select.with_only_columns(*stored, maintain_column_froms=True)


def _coerced(column: Any) -> Any:
    if isinstance(column.type, JSON):
        return type_coerce(column, Text()).label(column.key)
    if isinstance(column.type, Numeric) and column.type.asdecimal:
        return type_coerce(column, Double()).label(column.key)
    return column
