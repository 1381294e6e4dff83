"""Fast reader of large SQLite files as Arrow batches through ADBC, for use in a separate process.

ADBC is about three times as fast as Python's sqlite3 module. But ADBC contains its own copy of the SQLite
library, and two copies in one process release each other's file locks
(https://www.sqlite.org/howtocorrupt.html, section 2.2.1). So the process must have no other connection to the
file. This module has few imports, so that the process starts quickly. It does not use ADBC's DB-API layer,
because that imports pandas and other packages, which takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from typing import Any

import pyarrow as pa

BULK_BATCH = 16_384
_ATTEMPTS = 50
# Memory-mapped I/O is not enabled, because its page faults took longer than normal reads.
_PRAGMAS = ("busy_timeout = 30000", "cache_size = -65536", "trusted_schema = OFF", "cell_size_check = ON")


class BulkReader:
    """ADBC connection to a SQLite file with one open read transaction, for use by one thread.

    The process must not also open the file with Python's sqlite3 module.
    """

    def __init__(self, uri: str) -> None:
        """Open a file by its SQLite URI (see :func:`sqlite_uri`)."""
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
        """Run a query with a small result and return all its rows."""
        with self._execute(statement) as reader:
            return [tuple(row.values()) for row in reader.read_all().to_pylist()]

    @contextmanager
    def stream(self, statement: str) -> Iterator[pa.RecordBatchReader]:
        """Run a query, and return its rows except the first one as Arrow batches.

        The query must return an additional first row, with a value of the right type in each column. This is
        needed because the driver infers the column types from the first batch, in which all other values of a
        column can be null.
        """
        with self._execute(statement) as reader:
            first = reader.read_next_batch().slice(1)
            yield pa.RecordBatchReader.from_batches(reader.schema, chain([first], reader))

    def close(self) -> None:
        """End the transaction and close the connection."""
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
def consistent_readers(uri: str, number: int, position: str) -> Iterator[tuple[list[BulkReader], Any]]:
    """Open several connections that see the same version of the data.

    The function opens all connections and compares the results of the query ``position``. If they differ,
    another program committed in the meantime, and the function tries again.

    Args:
        uri: SQLite URI of the file.
        number: Number of connections. After many failed attempts, the function opens only one connection.
        position: Query whose result changes with every relevant commit.

    Yields:
        The connections, and the result of the query.
    """
    for attempt in range(_ATTEMPTS):
        with ExitStack() as stack:
            wanted = number if attempt < _ATTEMPTS - 1 else 1
            readers = [stack.enter_context(closing(BulkReader(uri))) for _ in range(wanted)]
            seen = [reader.rows(position) for reader in readers]
            if all(one == seen[0] for one in seen):
                yield readers, seen[0]
                return
