"""Rows of the record database as Arrow, many at a time: what a snapshot is made from.

SQLite is read by Python's own driver, which is right in any process and quick enough for thousands of rows
(mfkit.core.arrow_reader is for millions), PostgreSQL by ADBC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
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
        sqlite_uri(file), uri=True, isolation_level=None, check_same_thread=False, timeout=30
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


def sqlite_uri(file: Path) -> str:
    """Return the URI by which SQLite opens a file without the right to write."""
    url = read_only_url(URL.create("sqlite", database=str(file)), file)
    query = "&".join(f"{name}={value}" for name, value in url.query.items() if name != "uri")
    return f"{url.database}?{query}"


BULK_BATCH = 16_384
_ATTEMPTS = 50
# Without a memory map: its page faults took longer than reading does.
_PRAGMAS = ("busy_timeout = 30000", "cache_size = -65536", "trusted_schema = OFF", "cell_size_check = ON")


class BulkReader:
    """One connection in one read transaction, for one thread."""

    def __init__(self, uri: str) -> None:
        """Open a file by its SQLite URI."""
        import adbc_driver_manager
        import adbc_driver_sqlite

        self._new_statement = adbc_driver_manager.AdbcStatement
        with ExitStack() as stack:
            database = stack.enter_context(adbc_driver_sqlite.connect(uri))
            self._connection = stack.enter_context(adbc_driver_manager.AdbcConnection(database))
            for pragma in _PRAGMAS:
                self.rows(f"PRAGMA {pragma}")
            self._connection.set_autocommit(False)
            self._open = stack.pop_all()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a short answer."""
        with self._execute(statement) as reader:
            return [tuple(row.values()) for row in reader.read_all().to_pylist()]

    @contextmanager
    def stream(self, statement: str) -> Iterator[pa.RecordBatchReader]:
        """Give the rows of a long one, but for the first: that is a sample.

        The driver takes a column's type from the first batch, where it may be null throughout; the
        sample says what the types are.
        """
        with self._execute(statement) as reader:
            first = reader.read_next_batch().slice(1)
            yield pa.RecordBatchReader.from_batches(reader.schema, chain([first], reader))

    def close(self) -> None:
        """End the transaction."""
        self._open.close()

    @contextmanager
    def _execute(self, statement: str) -> Iterator[pa.RecordBatchReader]:
        with self._new_statement(self._connection) as handle:
            handle.set_options(**{"adbc.sqlite.query.batch_rows": str(BULK_BATCH)})
            handle.set_sql_query(statement)
            stream, _ = handle.execute_query()
            with pa.RecordBatchReader._import_from_c(stream.address) as reader:
                yield reader


@contextmanager
def consistent_readers(uri: str, number: int, moment: str) -> Iterator[tuple[list[BulkReader], Any]]:
    """Open several connections that see the same state of the file.

    Args:
        uri: The file.
        number: How many connections; but one where others commit too often to begin several at once.
        moment: Query whose answer is another after every commit that matters.

    Yields:
        The connections, and what the query answered to each.
    """
    for attempt in range(_ATTEMPTS):
        with ExitStack() as stack:
            wanted = number if attempt < _ATTEMPTS - 1 else 1
            readers = [stack.enter_context(closing(BulkReader(uri))) for _ in range(wanted)]
            seen = [reader.rows(moment) for reader in readers]
            if all(one == seen[0] for one in seen):
                yield readers, seen[0]
                return
