"""Reader of a large SQLite file as Arrow batches, through ADBC, for a process with no other connection to it.

ADBC is about three times as fast as Python's own driver, but it has its own copy of the SQLite library, and
two copies in one process release each other's file locks (https://www.sqlite.org/howtocorrupt.html, section
2.2.1). This module imports little, so that its process starts quickly. ADBC's DB-API layer would import
pandas and more, which takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from typing import Any

import pyarrow as pa

BULK_BATCH = 16_384
_ATTEMPTS = 50
# No memory map, because its page faults took longer than reading.
_PRAGMAS = ("busy_timeout = 30000", "cache_size = -65536", "trusted_schema = OFF", "cell_size_check = ON")


class BulkReader:
    """ADBC connection to a SQLite file in one read transaction, for one thread.

    The process must not also use Python's own driver on the file.
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
        """Return all rows of a small result."""
        with self._execute(statement) as reader:
            return [tuple(row.values()) for row in reader.read_all().to_pylist()]

    @contextmanager
    def stream(self, statement: str) -> Iterator[pa.RecordBatchReader]:
        """Return the rows of a large result without the first one, which is a sample.

        The driver takes a column's type from the first batch, in which all values may be null. The sample row
        has a value of the right type in each column.
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
def consistent_readers(uri: str, number: int, position: str) -> Iterator[tuple[list[BulkReader], Any]]:
    """Open several connections that see the same state of the file.

    Args:
        uri: The file's SQLite URI.
        number: Number of connections. Only one is opened if others commit too often to open several.
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
