"""Query engines for published datasets: DuckDB in this module, Spark in `spark_engine`.

Each query reads the version that is the newest when the query starts, even if a newer version is published in
the meantime.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import pyarrow as pa
from sqlalchemy import Executable, Select

from mfkit.core.event_loop import CancelToken, QueryThreads
from mfkit.distributed.dataset import Dataset
from mfkit.distributed.dataset_manifest import DatasetVersion
from mfkit.engines.base import QueryEngine
from mfkit.engines.duckdb_settings import DuckFiles, parquet_rows
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.relations import EXTRA_RELATIONS, MEDIA, NAMES, RELATIONS, Relation, derived_views
from mfkit.engines.snapshot.snapshot_session import Session
from mfkit.errors import DatasetError, QueryError
from mfkit.frames import BatchConsumer, conform, conform_free
from mfkit.sql.duckdb_sql import LIBRARY_DIALECTS, DuckdbDialect, UnsupportedError, duckdb_type
from mfkit.sql.elements import media_words
from mfkit.sql.translate import Translated, translate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

T = TypeVar("T")
PUBLISHED_RELATIONS = {**RELATIONS, **EXTRA_RELATIONS}
"""Name -> relation that is stored in its own files in a dataset."""
QUERYABLE_NAMES = NAMES | EXTRA_RELATIONS.keys() | {media_words.name}
"""Names of the tables and views that a query on a dataset can read."""
WORDS_COLUMN = "words"


class VersionSession(Protocol):
    """Session on one version of a dataset. It is already open, and any thread can run queries in it."""

    def run(self, translated: Translated, token: CancelToken) -> pa.Table:
        """Run a statement that was translated for this engine, and return all rows."""
        ...

    def stream(self, translated: Translated, token: CancelToken, consume: BatchConsumer[T]) -> T:
        """Run a statement that was translated for this engine, and pass its rows to a function in batches."""
        ...

    def run_user_sql(self, sql: str, parameters: Mapping[str, Any], token: CancelToken) -> pa.Table:
        """Run an SQL statement that the user wrote, and reject it if it is not read-only."""
        ...

    def close(self) -> None:
        """Close all open files."""
        ...


class DatasetEngine(QueryEngine, ABC):
    """Base class of engines that run queries on the newest version of a dataset.

    Attributes:
        dataset: The dataset.
        dialects: Name of the library database's dialect -> dialect for which statements are compiled.
        sql_hint: Sentence in error messages that states which SQL dialect :meth:`sql` expects.
    """

    dialects: Mapping[str, DuckdbDialect]
    sql_hint: str

    def __init__(self, dataset: Dataset) -> None:
        """Create the engine without reading the dataset."""
        self.dataset = dataset
        self._threads = QueryThreads("mfkit-dataset")
        self._mutex = threading.Lock()
        self._open: tuple[DatasetVersion, VersionSession] | None = None

    @abstractmethod
    def _session(self, version: DatasetVersion) -> VersionSession:
        """Open a session on one version of the dataset."""

    @abstractmethod
    def _errors(self) -> tuple[type[Exception], ...]:
        """Return the exception types that DuckDB or Spark raises."""

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        def query(version: DatasetVersion, session: VersionSession, token: CancelToken) -> pa.Table:
            translated = self._translated(select, version)
            return conform(translated, session.run(translated, token))

        return await self._answer(query)

    async def stream(self, select: Select[Any] | Executable, consume: BatchConsumer[T]) -> T:
        def query(version: DatasetVersion, session: VersionSession, token: CancelToken) -> T:
            translated = self._translated(select, version)
            return session.stream(translated, token, consume)

        return await self._answer(query)

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        def query(version: DatasetVersion, session: VersionSession, token: CancelToken) -> pa.Table:
            return conform_free(session.run_user_sql(statement, parameters, token))

        return await self._threads.run_apart(self._work(query), self._forget)

    async def refresh(self) -> None:
        """Close the current session and open a session on the newest version."""
        self.close()
        await self._threads.run(lambda token: self._newest())

    def close(self) -> None:
        with self._mutex:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    def _translated(self, select: Select[Any] | Executable, version: DatasetVersion) -> Translated:
        try:
            return translate(select, self.dialects[version.record])
        except UnsupportedError as error:
            raise QueryError(
                f"A dataset does not support {error}. Run the query on the library that was published."
            ) from error

    async def _answer(self, query: Callable[[DatasetVersion, VersionSession, CancelToken], T]) -> T:
        return await self._threads.run(self._work(query))

    def _work(
        self, query: Callable[[DatasetVersion, VersionSession, CancelToken], T]
    ) -> Callable[[CancelToken], T]:
        def work(token: CancelToken) -> T:
            while True:
                version, session = self._newest()
                try:
                    return query(version, session, token)
                except (*self._errors(), pa.ArrowException, KeyError) as error:
                    token.check(error)
                    # The query may have failed because files of an old version were removed. If a newer
                    # version exists, the query is run again on that version.
                    if self.dataset.newest().version == version.version:
                        raise QueryError(
                            f"The dataset refused the query: {error}\n({self.sql_hint})"
                        ) from error

        return work

    def _forget(self) -> None:
        """Make the next query open a new session, because a cancelled query may still use the current one."""
        self._open = None

    def _newest(self) -> tuple[DatasetVersion, VersionSession]:
        """Return the newest version of the dataset and an open session on this version."""
        newest = self.dataset.newest()
        with self._mutex:
            opened = self._open
            if opened is None or opened[0] != newest:
                # The old session stays open, because queries on other threads may use it.
                try:
                    self._open = opened = newest, self._session(newest)
                except self._errors() as error:
                    raise DatasetError(f"{self.dataset.name} cannot be read: {error}") from error
            return opened


class DuckDatasetEngine(DatasetEngine):
    """Engine that runs queries on a dataset with DuckDB on this machine."""

    dialects = {record: DuckdbDialect(record, QUERYABLE_NAMES) for record in LIBRARY_DIALECTS}
    sql_hint = "sql() takes DuckDB's SQL here."

    def __init__(self, dataset: Dataset) -> None:
        """Create the engine without reading the dataset.

        Raises:
            DatasetError: The dataset is not in a local folder.
        """
        if dataset.local is None:
            raise DatasetError(
                f"DuckDB reads datasets in local folders, and {dataset.name} is not one. Pass a Spark "
                "session as engine=, or copy the dataset to a folder."
            )
        super().__init__(dataset)
        self._processes = SqlProcesses()

    def close(self) -> None:
        self._processes.close()
        super().close()

    def _session(self, version: DatasetVersion) -> Session:
        folder = self.dataset.local
        assert folder is not None
        views = [_view(folder, version, relation) for relation in PUBLISHED_RELATIONS.values()]
        words = (
            f"CREATE VIEW {media_words.name} AS SELECT id AS media_item_id, {WORDS_COLUMN} FROM media_with_id"
        )
        files = tuple(str(folder / file) for file in version.files())
        statements = (*views, *derived_views(), words)
        return Session(DuckFiles(folder, version.record, statements, files), self._processes)

    def _errors(self) -> tuple[type[Exception], ...]:
        import duckdb

        return (duckdb.Error,)


def relation_columns(relation: Relation) -> list[tuple[str, Any]]:
    """Return the names and types of the columns in the data files of a relation."""
    return [*relation.columns, *([(WORDS_COLUMN, media_words.c.words.type)] if relation is MEDIA else [])]


def _view(folder: Path, version: DatasetVersion, relation: Relation) -> str:
    files = [data_file.file for data_file in version.relations[relation.name]]
    columns = ", ".join(
        f"CAST({name if files else 'NULL'} AS {duckdb_type(type_)}) AS {name}"
        for name, type_ in relation_columns(relation)
    )
    name = f"{relation.name}_with_id" if relation is MEDIA else relation.name
    source = f"FROM {parquet_rows(folder, files)}" if files else "WHERE false"
    return f"CREATE VIEW {name} AS SELECT {columns} {source}"


def open_dataset(target: str | os.PathLike[str], engine: SparkSession | Literal["duckdb"]) -> DatasetEngine:
    """Create a query engine for a dataset.

    Args:
        target: Folder or URL of the dataset.
        engine: ``"duckdb"`` or a Spark session.

    Raises:
        QueryError: ``engine`` is neither ``"duckdb"`` nor a Spark session.
        DatasetError: The URL is invalid, or DuckDB cannot read from this location.
    """
    dataset = Dataset(target)
    if engine == "duckdb":
        return DuckDatasetEngine(dataset)
    if not hasattr(engine, "newSession"):
        raise QueryError(
            f'{engine!r} cannot run queries on a dataset. Use "duckdb" or a Spark session: '
            "pip install 'mfkit[spark]', then pyspark.sql.SparkSession.builder.getOrCreate()."
        )
    # The module spark_engine is imported only here, because it requires PySpark, which is optional.
    from mfkit.distributed.spark_engine import SparkEngine

    return SparkEngine(dataset, engine)
