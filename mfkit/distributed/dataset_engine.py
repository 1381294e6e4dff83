"""Engines that run queries on a published dataset: with DuckDB here, with Spark in `spark_engine`.

Before each query it looks which version is the newest. A query sees one version whole, also while another is
being put in its place.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from sqlalchemy import Executable, Select

from mfkit.distributed.dataset import Dataset, DatasetVersion
from mfkit.engines.arrow_types import BatchConsumer, conform, conform_free
from mfkit.engines.duckdb_settings import DuckFiles, parquet_rows
from mfkit.engines.duckdb_sql import LIBRARY_DIALECTS, DuckdbDialect, Translated, UnsupportedError, translate
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.query_threads import QueryCall, QueryThreads
from mfkit.engines.relations import (
    EXTRA_RELATIONS,
    MEDIA,
    NAMES,
    RELATIONS,
    Relation,
    derived_views,
    duckdb_type,
)
from mfkit.engines.snapshot.snapshot_engine import Snapshot
from mfkit.engines.snapshot.snapshot_session import Session
from mfkit.errors import DatasetError, QueryError
from mfkit.filters.text_search import media_words

T = TypeVar("T")
PUBLISHED_RELATIONS = {**RELATIONS, **EXTRA_RELATIONS}
"""Every relation that has files of its own in a dataset."""
QUERYABLE_NAMES = NAMES | EXTRA_RELATIONS.keys() | {media_words.name}
"""Every relation that a query on a dataset may name."""
WORDS_RELATION = "words"


class VersionSession(Protocol):
    """One version of a dataset, open for queries on any thread."""

    def run(self, translated: Translated, call: QueryCall) -> pa.Table:
        """Run a statement."""
        ...

    def pour(
        self,
        translated: Translated,
        call: QueryCall,
        conformed: Callable[[pa.Table], pa.Table],
        take: BatchConsumer[T],
    ) -> T:
        """Run a statement and hand its rows on in batches."""
        ...

    def run_free(self, sql: str, parameters: Mapping[str, Any], call: QueryCall) -> pa.Table:
        """Run free SQL that reads."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class DatasetEngine(ABC):
    """Runs statements on the newest version of a dataset.

    Attributes:
        dataset: Which.
    """

    dialects: Mapping[str, DuckdbDialect]
    speaks: str

    def __init__(self, dataset: Dataset) -> None:
        """Take the dataset; nothing is read yet."""
        self.dataset = dataset
        self._threads = QueryThreads("mfkit-dataset")
        self._mutex = threading.Lock()
        self._open: tuple[DatasetVersion, VersionSession] | None = None

    @abstractmethod
    def _session(self, version: DatasetVersion) -> VersionSession:
        """Open a version."""

    @abstractmethod
    def _errors(self) -> tuple[type[Exception], ...]:
        """Return what the other engine raises."""

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        """Run a statement that yields rows.

        Args:
            select: A SQLAlchemy select, or a union or CTE of such.

        Returns:
            A table with the columns and types that the statement declares.

        Raises:
            QueryError: The statement has a part that only a database understands, or is refused.
            DatasetError: There is no dataset, or it cannot be read.
        """

        def ask(version: DatasetVersion, session: VersionSession, call: QueryCall) -> pa.Table:
            translated = self._translated(select, version)
            return _conformed(session.run(translated, call), translated)

        return await self._answer(ask)

    async def pour(self, select: Select[Any] | Executable, take: BatchConsumer[T]) -> T:
        """Run a statement and hand its rows on in batches.

        Args:
            select: As for :meth:`run`.
            take: Gets the schema and the batches, on a thread; what it returns is returned. Called anew
                from the first row where files of an old version went in the middle.

        Raises:
            QueryError: As :meth:`run`.
            DatasetError: As :meth:`run`.
        """

        def ask(version: DatasetVersion, session: VersionSession, call: QueryCall) -> T:
            translated = self._translated(select, version)
            return session.pour(translated, call, lambda table: _conformed(table, translated), take)

        return await self._answer(ask)

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        """Run one statement of free SQL in the engine's own words.

        Args:
            statement: SQL with parameters as ``:name``.
            parameters: Their values.

        Raises:
            QueryError: The statement would do more than read, is wrong, or lacks a parameter.
            DatasetError: As :meth:`run`.
        """

        def ask(version: DatasetVersion, session: VersionSession, call: QueryCall) -> pa.Table:
            return conform_free(session.run_free(statement, parameters, call))

        return await self._threads.run_apart(self._work(ask), self._forget)

    async def refresh(self) -> None:
        """Open the newest version anew."""
        self.close()
        await self._threads.run(lambda call: self._newest())

    async def state(self) -> None:
        """Return None: it would have to be looked up as for a query."""
        return None

    async def info(self) -> Snapshot | None:
        """Return None: a dataset is asked itself, there is no snapshot of it."""
        return None

    def close(self) -> None:
        """Let go of the files; a later query opens them again."""
        with self._mutex:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    def _translated(self, select: Select[Any] | Executable, version: DatasetVersion) -> Translated:
        try:
            return translate(select, self.dialects[version.record])
        except UnsupportedError as error:
            raise QueryError(
                f"A dataset cannot be asked this, for {error}; ask the library that it was published from."
            ) from error

    async def _answer(self, ask: Callable[[DatasetVersion, VersionSession, QueryCall], T]) -> T:
        return await self._threads.run(self._work(ask))

    def _work(
        self, ask: Callable[[DatasetVersion, VersionSession, QueryCall], T]
    ) -> Callable[[QueryCall], T]:
        def work(call: QueryCall) -> T:
            while True:
                version, session = self._newest()
                try:
                    return ask(version, session, call)
                except (*self._errors(), pa.ArrowException, KeyError) as error:
                    if call.stopped.is_set():
                        raise QueryError("The query was interrupted.") from error
                    # Files of a version go when it is no longer among the last; then there is a newer one.
                    if self.dataset.need().version == version.version:
                        raise QueryError(
                            f"The dataset refused the query: {error}\n({self.speaks})"
                        ) from error

        return work

    def _forget(self) -> None:
        """Let the next query open a session of its own, as one that was abandoned is still busy."""
        self._open = None

    def _newest(self) -> tuple[DatasetVersion, VersionSession]:
        """Return the newest version, open."""
        newest = self.dataset.need()
        with self._mutex:
            opened = self._open
            if opened is None or opened[0] != newest:
                # The one before is not closed: queries on other threads may be reading from it.
                try:
                    self._open = opened = newest, self._session(newest)
                except self._errors() as error:
                    raise DatasetError(f"{self.dataset.name} cannot be read: {error}") from error
            return opened


class DuckDatasetEngine(DatasetEngine):
    """Runs statements on a dataset by DuckDB, on this machine."""

    dialects = {record: DuckdbDialect(record, QUERYABLE_NAMES) for record in LIBRARY_DIALECTS}
    speaks = "sql() speaks DuckDB's SQL here."

    def __init__(self, dataset: Dataset) -> None:
        """Take the dataset.

        Raises:
            DatasetError: It lies in no folder.
        """
        if dataset.local is None:
            raise DatasetError(
                f"DuckDB reads datasets that lie in a folder, and {dataset.name} does not; give engine= a "
                "Spark session, or copy it to a folder."
            )
        super().__init__(dataset)
        self._processes = SqlProcesses()

    def close(self) -> None:
        """Let go of the files; a later query opens them again."""
        self._processes.close()
        super().close()

    def _session(self, version: DatasetVersion) -> VersionSession:
        return DuckSession(self.dataset, version, self._processes)

    def _errors(self) -> tuple[type[Exception], ...]:
        import duckdb

        return (duckdb.Error,)


class DuckSession:
    """A version in a DuckDB.

    Attributes:
        session: Which has the views.
    """

    def __init__(self, dataset: Dataset, version: DatasetVersion, processes: SqlProcesses) -> None:
        """Make the views."""
        assert dataset.local is not None
        views = [_view(dataset, version, relation) for relation in PUBLISHED_RELATIONS.values()]
        words = (
            f"CREATE VIEW {media_words.name} AS "
            f"SELECT id AS media_item_id, {WORDS_RELATION} FROM media_with_id"
        )
        self.session = Session(
            DuckFiles(
                dataset.local,
                version.record,
                (*views, *derived_views(), words),
                tuple(str(dataset.local / file) for file in version.files()),
            )
        )
        self._processes = processes

    def run(self, translated: Translated, call: QueryCall) -> pa.Table:
        """Run a statement."""
        return self.session.run(translated.sql, translated.values, call)

    def pour(
        self,
        translated: Translated,
        call: QueryCall,
        conformed: Callable[[pa.Table], pa.Table],
        take: BatchConsumer[T],
    ) -> T:
        """Run a statement and hand its rows on in batches."""
        return self.session.pour(translated.sql, translated.values, call, conformed, take)

    def run_free(self, sql: str, parameters: Mapping[str, Any], call: QueryCall) -> pa.Table:
        """Run free SQL that reads."""
        return self.session.run_free(sql, parameters, call, self._processes)

    def close(self) -> None:
        """Let go of the files."""
        self.session.close()


def relation_columns(relation: Relation) -> list[tuple[str, Any]]:
    """Return the columns of a relation's files: names and types."""
    return [*relation.columns, *([(WORDS_RELATION, media_words.c.words.type)] if relation is MEDIA else [])]


def _view(dataset: Dataset, version: DatasetVersion, relation: Relation) -> str:
    assert dataset.local is not None
    files = [unit.file for unit in version.relations[relation.name]]
    columns = ", ".join(
        f"CAST({name if files else 'NULL'} AS {duckdb_type(type_)}) AS {name}"
        for name, type_ in relation_columns(relation)
    )
    name = f"{relation.name}_with_id" if relation is MEDIA else relation.name
    source = f"FROM {parquet_rows(dataset.local, files)}" if files else "WHERE false"
    return f"CREATE VIEW {name} AS SELECT {columns} {source}"


def _conformed(table: pa.Table, translated: Translated) -> pa.Table:
    return conform(table.rename_columns(translated.names), translated.types)
