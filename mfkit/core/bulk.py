"""Rows of a large SQLite file as Arrow, through ADBC: for a process that opens the file in no other way.

ADBC reads about three times as fast as Python's own driver, but brings its own copy of the SQLite library,
and two copies in one process drop each other's file locks (https://www.sqlite.org/howtocorrupt.html,
section 2.2.1). This module imports little, since a process that does nothing else waits for it: ADBC's
comfortable layer would bring pandas and more, a second of work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from typing import Any

import pyarrow as pa

BATCH = 16_384
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
            handle.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH)})
            handle.set_sql_query(statement)
            stream, _ = handle.execute_query()
            with pa.RecordBatchReader._import_from_c(stream.address) as reader:
                yield reader


@contextmanager
def readers_of_one_moment(uri: str, number: int, moment: str) -> Iterator[tuple[list[BulkReader], Any]]:
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
