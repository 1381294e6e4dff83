"""One state of a snapshot or a dataset, open for queries on any thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from mfkit.engines import duckdb_settings
from mfkit.engines.arrow_types import BATCH, BatchConsumer, Batches
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.query_threads import QueryCall
from mfkit.engines.relations import derived_views, snapshot_views
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.errors import QueryError

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
_KEPT, _SMALL = 200, 50_000
"""Answers that a session keeps, and the bytes that one may have: 10 MB at most, mostly a tenth of it."""


class Session:
    """A DuckDB over files that do not change; it never sees another state.

    Attributes:
        source: The files.
    """

    def __init__(self, source: duckdb_settings.DuckFiles) -> None:
        """Open the files.

        Raises:
            duckdb.Error: A file is damaged.
        """
        self.source = source
        self._answers: dict[tuple[str, str], pa.Table] = {}
        self._answering = Lock()
        self._connection = duckdb_settings.open_for_reading(source)

    def run(self, sql: str, parameters: Sequence[Any], call: QueryCall) -> pa.Table:
        """Run a statement that was translated; a small answer is kept, as the state never changes.

        Several panels ask the same of one selection, and who takes a condition back asks what was asked.
        """
        question = sql, repr(parameters)  # 1, 1.0 and True are equal and not the same
        with self._answering:
            if (known := self._answers.pop(question, None)) is not None:
                self._answers[question] = known  # the newest again
                return known
        with self._connection.cursor() as cursor, call.running(cursor.interrupt):
            table = _table(cursor, sql, list(parameters))
        if table.nbytes <= _SMALL:
            with self._answering:
                self._answers[question] = table
                if len(self._answers) > _KEPT:
                    del self._answers[next(iter(self._answers))]
        return table

    def pour(
        self,
        sql: str,
        parameters: Sequence[Any],
        call: QueryCall,
        conformed: Callable[[pa.Table], pa.Table],
        take: BatchConsumer[T],
    ) -> T:
        """Run a statement that was translated, and hand its rows on in batches.

        Args:
            sql: Text.
            parameters: Values.
            call: Stops it between two batches too.
            conformed: Gives a batch the names and types that were declared.
            take: Gets the batches.
        """
        with self._connection.cursor() as cursor, call.running(cursor.interrupt):
            # A relation, not execute(): that would hold the whole answer before the first batch.
            relation = cursor.sql(sql, params=list(parameters)) if parameters else cursor.sql(sql)
            reader = relation.to_arrow_reader(BATCH)

            def batches() -> Batches:
                for batch in _read(reader):
                    if call.stopped.is_set():
                        raise QueryError("The query was interrupted.")
                    yield from conformed(pa.Table.from_batches([batch])).to_batches()

            return take(conformed(reader.schema.empty_table()).schema, batches())

    def run_free(
        self, sql: str, parameters: Mapping[str, Any], call: QueryCall, processes: SqlProcesses
    ) -> pa.Table:
        """Run one statement of free SQL that reads, in a process of its own.

        Raises:
            QueryError: It is not one statement, or does something else than read.
            duckdb.Error: DuckDB refuses it, or a file is damaged.
        """
        sql, used = _named(sql, parameters)
        return processes.ask_duckdb(self.source, sql, used, call)

    def close(self) -> None:
        """Let go of the files; queries that run go on."""
        self._connection.close()


class SnapshotSession(Session):
    """A session on one state of a snapshot.

    Attributes:
        manifest: The state.
    """

    def __init__(self, cache: SnapshotCache, manifest: Manifest, dialect: str) -> None:
        """Open the files, as :class:`Session`."""
        self.manifest = manifest
        super().__init__(
            duckdb_settings.DuckFiles(
                cache.path,
                dialect,
                (*snapshot_views(cache, manifest), *derived_views()),
                tuple(str(cache.path / name) for name in manifest.files()),
            )
        )


def _read(reader: pa.RecordBatchReader) -> Batches:
    """Yield DuckDB's batches; what goes wrong in the middle is DuckDB's error, not PyArrow's."""
    import duckdb

    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except OSError as error:
            raise duckdb.IOException(str(error)) from error
        yield batch


def _table(cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Any) -> pa.Table:
    relation = cursor.sql(sql, params=parameters) if parameters else cursor.sql(sql)
    table: pa.Table = relation.to_arrow_table()
    return table


# What may hold a colon that means something else, and then a parameter.
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|::|:=|:(\w+)", re.DOTALL
)


def _named(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return free SQL with ``:name`` as DuckDB's ``$name``, and the parameters that it names."""
    used: dict[str, Any] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[2]
        if name is None or name not in parameters:
            return match[0]
        used[name] = _plain(parameters[name])
        return f"${name}"

    replaced = _TOKEN.sub(replace, sql)
    unused = sorted(set(parameters) - set(used))
    if unused:
        raise QueryError(f"The statement has no parameter :{unused[0]}.")
    return replaced, used


def _plain(value: Any) -> Any:
    """Return a parameter as the snapshot keeps such values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
