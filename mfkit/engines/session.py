"""One state of a snapshot, open for queries on any thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from mfkit.engines import duck
from mfkit.engines.arrow import BATCH, Batches, Take
from mfkit.engines.cache import Manifest, SnapshotCache
from mfkit.engines.relations import FACT_COLUMNS, ITEM_COLUMNS, MEDIA, RELATIONS
from mfkit.errors import QueryError

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
_KEPT, _SMALL = 200, 50_000
"""Answers that a session keeps, and the bytes that one may have: 10 MB at most, mostly a tenth of it."""


class Call:
    """A query that may be told to stop, from another thread, before or while it runs."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.stopped = Event()
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def stop(self) -> None:
        """Interrupt the query; says nothing when it is done. To be repeated until it is."""
        self.stopped.set()
        if (cursor := self._cursor) is not None:
            cursor.interrupt()

    @contextmanager
    def running(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Be interruptible."""
        self._cursor = cursor
        try:
            if self.stopped.is_set():
                raise QueryError("The query was interrupted.")
            yield
        finally:
            self._cursor = None


class Session:
    """A DuckDB over the files of one manifest; it never sees another state.

    Attributes:
        manifest: The state.
    """

    def __init__(self, cache: SnapshotCache, manifest: Manifest, dialect: str) -> None:
        """Open the files.

        Raises:
            duckdb.Error: A file is damaged.
        """
        self.manifest = manifest
        self._answers: dict[tuple[str, tuple[Any, ...]], pa.Table] = {}
        self._answering = Lock()
        self._connection = duck.reading(cache.path, dialect)
        try:
            for name in RELATIONS:
                self._connection.execute(_view(cache, manifest, name))
            for name, text in _derived().items():
                self._connection.execute(f"CREATE VIEW {name} AS {text}")
            duck.lock_down(self._connection, cache.path)
        except BaseException:
            self._connection.close()
            raise

    def run(self, sql: str, parameters: Sequence[Any], call: Call) -> pa.Table:
        """Run a statement that was translated; a small answer is kept, as the state never changes.

        Several panels ask the same of one selection, and who takes a condition back asks what was asked.
        """
        question = sql, tuple(parameters)
        with self._answering:
            if (known := self._answers.pop(question, None)) is not None:
                self._answers[question] = known  # the newest again
                return known
        with self._connection.cursor() as cursor, call.running(cursor):
            table = _table(cursor, sql, list(parameters))
        if table.nbytes <= _SMALL:
            with self._answering:
                self._answers[question] = table
                if len(self._answers) > _KEPT:
                    del self._answers[next(iter(self._answers))]
        return table

    def pour(
        self, sql: str, parameters: Sequence[Any], call: Call, conformed: Callable[[pa.Table], pa.Table],
        take: Take[T],
    ) -> T:
        """Run a statement that was translated, and hand its rows on in batches.

        Args:
            sql: Text.
            parameters: Values.
            call: Stops it between two batches too.
            conformed: Gives a batch the names and types that were declared.
            take: Gets the batches.
        """
        with self._connection.cursor() as cursor, call.running(cursor):
            # A relation, not execute(): that would hold the whole answer before the first batch.
            relation = cursor.sql(sql, params=list(parameters)) if parameters else cursor.sql(sql)
            reader = relation.to_arrow_reader(BATCH)

            def batches() -> Batches:
                for batch in reader:
                    if call.stopped.is_set():
                        raise QueryError("The query was interrupted.")
                    yield from conformed(pa.Table.from_batches([batch])).to_batches()

            return take(conformed(reader.schema.empty_table()).schema, batches())

    def run_free(self, sql: str, parameters: Mapping[str, Any], call: Call) -> pa.Table:
        """Run one statement of free SQL that reads.

        Raises:
            QueryError: It is not one statement, or does something else than read.
        """
        import duckdb

        with self._connection.cursor() as cursor, call.running(cursor):
            sql, used = _named(sql, parameters)
            statements = cursor.extract_statements(sql)
            if len(statements) != 1:
                raise QueryError(f"sql() takes one statement, and this is {len(statements)}.")
            if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
                raise QueryError("Only reading is allowed here: sql() takes a SELECT.")
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            try:
                return _table(cursor, sql, used)
            finally:
                cursor.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the files; queries that run go on."""
        self._connection.close()


def _table(cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Any) -> pa.Table:
    relation = cursor.sql(sql, params=parameters) if parameters else cursor.sql(sql)
    table: pa.Table = relation.to_arrow_table()
    return table


def _view(cache: SnapshotCache, manifest: Manifest, name: str) -> str:
    """Return the statement that makes a relation of its files."""
    base = duck.rows_of(cache.path, manifest.base[name])
    shown = f"{name}_with_id" if RELATIONS[name] is MEDIA else name
    if name not in manifest.delta:
        return f"CREATE VIEW {shown} AS SELECT * FROM {base}"
    delta, changed = (duck.rows_of(cache.path, [part[name]]) for part in (manifest.delta, manifest.changed))
    return (
        # Both are small: read once, they cost a query a few milliseconds.
        f"CREATE TABLE {name}_changed AS SELECT id FROM {changed}; "
        f"CREATE TABLE {name}_delta AS SELECT * FROM {delta}; "
        f"CREATE VIEW {shown} AS SELECT * FROM {base} "
        f"WHERE {RELATIONS[name].key} NOT IN (SELECT id FROM {name}_changed) "
        f"UNION ALL SELECT * FROM {name}_delta"
    )


def _derived() -> dict[str, str]:
    return {
        "media": "SELECT * EXCLUDE (metadata_id) FROM media_with_id",
        "media_items": f"SELECT {', '.join(ITEM_COLUMNS)} FROM media_with_id",
        "media_metadata": (
            f"SELECT metadata_id AS id, id AS media_item_id, {', '.join(FACT_COLUMNS)} "
            "FROM media_with_id WHERE metadata_id IS NOT NULL"
        ),
    }


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
