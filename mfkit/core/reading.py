"""Rows of the record database as Arrow, many at a time: what a snapshot is made from.

SQLite is read by Python's own driver, which is right in any process and quick enough for thousands of rows
(mfkit.core.bulk is for millions), PostgreSQL by ADBC.
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
    """A connection in one read transaction: all it reads is of one moment."""

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a short answer."""
        ...

    def table(self, statement: str, columns: Columns) -> pa.RecordBatchReader:
        """Return the rows of a long one, in the columns' raw types."""
        ...


class SqliteReader:
    """Reads a SQLite file through Python's own driver."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection in a read transaction."""
        self._connection = connection

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a short answer."""
        return self._connection.execute(statement).fetchall()

    def table(self, statement: str, columns: Columns) -> pa.RecordBatchReader:
        """Return the rows of a long one; a value of another type than its column's is an error."""
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


class PostgresqlReader:
    """Reads PostgreSQL through ADBC."""

    def __init__(self, connection: Any) -> None:
        """Take a connection in a read transaction."""
        self._connection = connection
        self._cursors: list[Any] = []

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a short answer."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def table(self, statement: str, columns: Columns) -> pa.RecordBatchReader:
        """Return the rows of a long one, in the types that the server states."""
        cursor = self._connection.cursor()
        self._cursors.append(cursor)
        cursor.execute(statement)
        return cursor.fetch_record_batch()

    def close(self) -> None:
        """Let go of what was read."""
        for cursor in self._cursors:
            cursor.close()


@contextmanager
def sqlite_reader(file: Path) -> Iterator[SqliteReader]:
    """Open a SQLite file in one read transaction, in a process that may have it open otherwise."""
    connection = connect_sqlite(file)
    try:
        connection.execute("BEGIN")
        yield SqliteReader(connection)
    finally:
        connection.close()


def connect_sqlite(file: Path) -> sqlite3.Connection:
    """Open a SQLite file so that it cannot be written, for use by one thread at a time."""
    connection = sqlite3.connect(
        uri_of(file), uri=True, isolation_level=None, check_same_thread=False, timeout=30
    )
    for pragma in HOSTILE_FILE:
        connection.execute(pragma)
    return connection


@contextmanager
def postgresql_reader(url: URL) -> Iterator[PostgresqlReader]:
    """Open a PostgreSQL database in one read-only transaction that sees one moment throughout."""
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
    """Open a connection through libpq, with what the URL says."""
    from adbc_driver_postgresql import dbapi

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return dbapi.connect(plain, autocommit=autocommit)


def uri_of(file: Path) -> str:
    """Return the URI by which SQLite opens a file without the right to write."""
    url = read_only_url(URL.create("sqlite", database=str(file)), file)
    query = "&".join(f"{name}={value}" for name, value in url.query.items() if name != "uri")
    return f"{url.database}?{query}"
