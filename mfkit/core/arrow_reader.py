"""Readers that return rows of the library database as Arrow batches, to build and update snapshots.

SQLite is read through Python's sqlite3 module, which can be used in any process and is fast enough for
thousands of rows. For millions of rows see mfkit.core.bulk_reader. PostgreSQL is read through ADBC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from sqlalchemy import URL

from mfkit.core.sqlite import HOSTILE_FILE, read_only_url

BATCH = 65_536
Columns = Sequence[tuple[str, pa.DataType]]


class Reader(Protocol):
    """Database connection with one open read transaction, so that all queries see the same data."""

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query with a small result and return all its rows."""
        ...

    def table(self, statement: str, columns: Columns) -> pa.RecordBatchReader:
        """Run a query with a large result and return its rows as Arrow batches.

        With SQLite, the columns have the types in ``columns``. With PostgreSQL, they have the types that the
        server returns.

        Raises:
            pa.ArrowException: A value in a SQLite database does not have the type of its column.
        """
        ...


class SqliteReader(Reader):
    """Reader of a SQLite file through Python's sqlite3 module."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Create a reader for a connection that has an open read transaction."""
        self._connection = connection

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def table(self, statement: str, columns: Columns) -> pa.RecordBatchReader:
        schema = pa.schema(list(columns))
        cursor = self._connection.execute(statement)

        def batches() -> Iterator[pa.RecordBatch]:
            while rows := cursor.fetchmany(BATCH):
                values = zip(*rows, strict=True)
                yield pa.record_batch(
                    [pa.array(one, field.type) for one, field in zip(values, schema, strict=True)],
                    schema=schema,
                )

        return pa.RecordBatchReader.from_batches(schema, batches())


class PostgresqlReader(Reader):
    """Reader of a PostgreSQL database through ADBC."""

    def __init__(self, connection: Any) -> None:
        """Create a reader for an ADBC connection that has an open read transaction."""
        self._connection = connection
        self._cursors: list[Any] = []

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def table(self, statement: str, columns: Columns) -> pa.RecordBatchReader:
        cursor = self._connection.cursor()
        self._cursors.append(cursor)
        cursor.execute(statement)
        return cursor.fetch_record_batch()

    def close(self) -> None:
        """Close all cursors."""
        for cursor in self._cursors:
            cursor.close()


@contextmanager
def sqlite_reader(file: Path) -> Iterator[SqliteReader]:
    """Open a SQLite file with one read transaction, in which all queries see the same data."""
    connection = connect_sqlite(file)
    try:
        connection.execute("BEGIN")
        yield SqliteReader(connection)
    finally:
        connection.close()


def connect_sqlite(file: Path) -> sqlite3.Connection:
    """Open a read-only connection to a SQLite file. Only one thread may use the connection at a time."""
    connection = sqlite3.connect(
        sqlite_uri(file), uri=True, isolation_level=None, check_same_thread=False, timeout=30
    )
    for pragma in HOSTILE_FILE:
        connection.execute(pragma)
    return connection


@contextmanager
def postgresql_reader(url: URL) -> Iterator[PostgresqlReader]:
    """Open a PostgreSQL database with one read-only transaction, in which all queries see the same data."""
    connection = connect_postgresql(url)
    reader = PostgresqlReader(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield reader
    finally:
        reader.close()
        connection.close()


def connect_postgresql(url: URL, *, autocommit: bool = False) -> Any:
    """Open an ADBC connection to PostgreSQL with the options of a SQLAlchemy URL."""
    from adbc_driver_postgresql import dbapi

    libpq_url = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return dbapi.connect(libpq_url, autocommit=autocommit)


def sqlite_uri(file: Path) -> str:
    """Return the SQLite URI that opens a file read-only."""
    url = read_only_url(URL.create("sqlite", database=str(file)), file)
    query = "&".join(f"{name}={value}" for name, value in url.query.items() if name != "uri")
    return f"{url.database}?{query}"
