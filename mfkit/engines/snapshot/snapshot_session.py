"""DuckDB sessions that query one version of a snapshot or dataset. Any thread can use a session."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from mfkit.core.event_loop import CancelToken
from mfkit.engines import duckdb_settings
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.relations import derived_views, snapshot_views
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.errors import QueryError
from mfkit.frames import BATCH, BatchConsumer, Batches, conform
from mfkit.sql.translate import Translated

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
_MAX_CACHED, _MAX_CACHED_BYTES = 200, 50_000
"""Maximum number and maximum size of cached results per session. All results together take at most 10 MB."""


class Session:
    """DuckDB connection to immutable files, with a cache of small query results.

    Attributes:
        source: Files that the session reads.
    """

    def __init__(self, source: duckdb_settings.DuckFiles, processes: SqlProcesses) -> None:
        """Open a DuckDB connection to the files.

        Args:
            source: Files to read.
            processes: Processes that run SQL text from the user.

        Raises:
            duckdb.Error: A file is damaged.
        """
        self.source = source
        self._processes = processes
        self._cached: dict[tuple[str, str], pa.Table] = {}
        self._mutex = Lock()
        self._connection = duckdb_settings.open_for_reading(source)

    def run(self, translated: Translated, token: CancelToken) -> pa.Table:
        """Run a statement that was translated for DuckDB, and return all rows. Small results are cached.

        Results stay valid, because the files never change. The cache helps because several panels run the
        same query for one selection, and because undoing a selection repeats earlier queries.
        """
        sql, parameters = translated.sql, translated.values
        # The cache key contains repr() of the parameters, because 1, 1.0 and True are equal but can give
        # different results.
        key = sql, repr(parameters)
        with self._mutex:
            if (cached := self._cached.pop(key, None)) is not None:
                # The entry moves to the end of the dict, where the most recently used entries are.
                self._cached[key] = cached
                return cached
        with self._connection.cursor() as cursor, token.running(cursor.interrupt):
            table: pa.Table = _relation(cursor, sql, parameters).to_arrow_table()
        if table.nbytes <= _MAX_CACHED_BYTES:
            with self._mutex:
                self._cached[key] = table
                if len(self._cached) > _MAX_CACHED:
                    del self._cached[next(iter(self._cached))]
        return table

    def stream(self, translated: Translated, token: CancelToken, consume: BatchConsumer[T]) -> T:
        """Run a statement that was translated for this engine, and pass its rows to a function in batches.

        Args:
            translated: The statement.
            token: Token that stops the query, also between two batches.
            consume: Function that is called with the schema and an iterator over the batches.
        """
        with self._connection.cursor() as cursor, token.running(cursor.interrupt):
            # A DuckDB relation is used, because execute() would compute all rows before the first batch.
            reader = _relation(cursor, translated.sql, translated.values).to_arrow_reader(BATCH)

            def batches() -> Batches:
                for batch in _read(reader):
                    token.check()
                    yield from conform(translated, pa.Table.from_batches([batch])).to_batches()

            return consume(conform(translated, reader.schema.empty_table()).schema, batches())

    def run_user_sql(self, sql: str, parameters: Mapping[str, Any], token: CancelToken) -> pa.Table:
        """Run one read-only SQL statement from the user in a separate process.

        Raises:
            QueryError: The text is not a single statement, or is not read-only.
            duckdb.Error: DuckDB rejects the statement, or a file is damaged.
        """
        sql, used = _with_duckdb_parameters(sql, parameters)
        return self._processes.ask_duckdb(self.source, sql, used, token)

    def close(self) -> None:
        """Close the connection. Running queries continue."""
        self._connection.close()


class SnapshotSession(Session):
    """DuckDB session that queries one version of a snapshot.

    Attributes:
        manifest: Manifest of this version.
    """

    def __init__(
        self, cache: SnapshotCache, manifest: Manifest, dialect: str, processes: SqlProcesses
    ) -> None:
        """Open a DuckDB connection to the files of a manifest; see :class:`Session`."""
        self.manifest = manifest
        super().__init__(
            duckdb_settings.DuckFiles(
                cache.path,
                dialect,
                (*snapshot_views(cache, manifest), *derived_views()),
                tuple(str(cache.path / name) for name in manifest.files()),
            ),
            processes,
        )


def _read(reader: pa.RecordBatchReader) -> Batches:
    """Yield DuckDB's batches, and convert PyArrow's read errors back to DuckDB's errors."""
    import duckdb

    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except OSError as error:
            raise duckdb.IOException(str(error)) from error
        yield batch


def _relation(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any]
) -> duckdb.DuckDBPyRelation:
    return cursor.sql(sql, params=list(parameters)) if parameters else cursor.sql(sql)


# The last alternative of this regular expression matches a parameter. The other alternatives match text in
# which a colon does not start a parameter, such as strings and comments.
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|::|:=|:(\w+)", re.DOTALL
)


def _with_duckdb_parameters(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Replace ``:name`` with DuckDB's ``$name``, and return the statement and its parameter values."""
    used: dict[str, Any] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[2]
        if name is None or name not in parameters:
            return match[0]
        used[name] = _duckdb_value(parameters[name])
        return f"${name}"

    replaced = _TOKEN.sub(replace, sql)
    unused = sorted(set(parameters) - set(used))
    if unused:
        raise QueryError(f"The statement has no parameter :{unused[0]}.")
    return replaced, used


def _duckdb_value(value: Any) -> Any:
    """Convert a parameter's value to what the snapshot stores, for example a timestamp to UTC."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, (list, tuple)):
        return [_duckdb_value(one) for one in value]
    return value
