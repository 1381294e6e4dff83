"""Query engine that reads a published dataset with Spark, on the machines of a Spark session.

Each version of the dataset has its own Spark session with views, so that names and settings do not conflict
with those of the user's session.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

import pyarrow as pa

from mfkit.core.event_loop import CancelToken
from mfkit.distributed.dataset import Dataset
from mfkit.distributed.dataset_engine import (
    PUBLISHED_RELATIONS,
    QUERYABLE_NAMES,
    WORDS_COLUMN,
    DatasetEngine,
    VersionSession,
    relation_columns,
)
from mfkit.distributed.dataset_manifest import DatasetVersion
from mfkit.distributed.spark_guard import SparkGuard
from mfkit.engines.relations import ITEM_COLUMNS, MEDIA, METADATA_COLUMNS, Relation
from mfkit.errors import QueryError
from mfkit.frames import BATCH, BatchConsumer, Batches, conform
from mfkit.models import media
from mfkit.sql.duckdb_sql import LIBRARY_DIALECTS
from mfkit.sql.elements import media_words
from mfkit.sql.spark_sql import SparkDialect, spark_type
from mfkit.sql.translate import Translated

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # ANSI mode is used, because an integer overflow is then an error instead of a wrong result.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.caseSensitive": "false",
}


class SparkEngine(DatasetEngine):
    """Engine that runs queries on a dataset with Spark SQL."""

    dialects = {record: SparkDialect(record, QUERYABLE_NAMES) for record in LIBRARY_DIALECTS}
    sql_hint = "sql() takes Spark SQL here."

    def __init__(self, dataset: Dataset, spark: SparkSession) -> None:
        """Create the engine. The given Spark session is only used to create other sessions."""
        super().__init__(dataset)
        self._spark = spark

    def _session(self, version: DatasetVersion) -> VersionSession:
        return _SparkSession(self._spark, self.dataset, version)

    def _errors(self) -> tuple[type[Exception], ...]:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        return PySparkException, Py4JError


class _SparkSession:
    """Spark session with views on one version of a dataset."""

    def __init__(self, spark: SparkSession, dataset: Dataset, version: DatasetVersion) -> None:
        self._spark = spark.newSession()
        for name, value in _SETTINGS.items():
            self._spark.conf.set(name, value)
        for relation in PUBLISHED_RELATIONS.values():
            name = f"{relation.name}_with_id" if relation is MEDIA else relation.name
            self._read(dataset, version, relation).createOrReplaceTempView(name)
        items = self._spark.table("media_with_id")
        metadata = items.where("metadata_id IS NOT NULL")
        for name, frame in {
            "media": items.select(*media.c.keys()),
            "media_items": items.select(*ITEM_COLUMNS),
            "media_metadata": metadata.selectExpr(
                "metadata_id AS id", "id AS media_item_id", *METADATA_COLUMNS
            ),
            media_words.name: items.selectExpr("id AS media_item_id", WORDS_COLUMN),
        }.items():
            frame.createOrReplaceTempView(name)
        self._guard = SparkGuard(self._spark, QUERYABLE_NAMES)

    def _read(self, dataset: Dataset, version: DatasetVersion, relation: Relation) -> DataFrame:
        columns = ", ".join(f"{name} {spark_type(type_)}" for name, type_ in relation_columns(relation))
        data_files = version.relations[relation.name]
        if not data_files:
            return self._spark.createDataFrame([], columns)
        # With the base path, Spark derives partition columns from the folder names, so a query on a media
        # type reads only the folders of this media type.
        reader = self._spark.read.option("basePath", _address(dataset, relation.name))
        if relation is MEDIA:
            columns += ", date_year INT"
        return reader.schema(columns).parquet(
            *(_address(dataset, data_file.file) for data_file in data_files)
        )

    def run(self, translated: Translated, token: CancelToken) -> pa.Table:
        with self._running(token):
            return _arrow(self._spark.sql(translated.sql, args=_spark_values(translated.parameters)))

    def stream(self, translated: Translated, token: CancelToken, consume: BatchConsumer[T]) -> T:
        with self._running(token):
            frame = self._spark.sql(translated.sql, args=_spark_values(translated.parameters))
            schema = _arrow(frame.limit(0)).schema

            def batches() -> Batches:
                rows: Iterator[Any] = frame.toLocalIterator()
                while some := list(islice(rows, BATCH)):
                    token.check()
                    columns = zip(*some, strict=True)
                    arrays = [pa.array(one, type_) for one, type_ in zip(columns, schema.types, strict=True)]
                    yield from conform(translated, pa.Table.from_arrays(arrays, schema=schema)).to_batches()

            return consume(conform(translated, schema.empty_table()).schema, batches())

    def run_user_sql(self, sql: str, parameters: Mapping[str, Any], token: CancelToken) -> pa.Table:
        named = set(re.findall(r":(\w+)", sql))
        if unused := sorted(set(parameters) - named):
            raise QueryError(f"The statement has no parameter :{unused[0]}.")
        with self._running(token):
            self._guard.refuse_all_but_reading(sql)
            return _arrow(self._spark.sql(sql, args=_spark_values(parameters)))

    def close(self) -> None:
        """Do nothing, because Spark opens and closes the files itself."""

    @contextmanager
    def _running(self, token: CancelToken) -> Iterator[None]:
        tag = f"mfkit-{uuid4().hex[:12]}"
        self._spark.addTag(tag)
        try:
            with token.running(lambda: self._spark.interruptTag(tag)):
                yield
        finally:
            self._spark.removeTag(tag)


def _address(dataset: Dataset, file: str) -> str:
    # A local path gets the scheme file://, because otherwise a Spark cluster would look for the path in its
    # default file system.
    return dataset.uri(file) if dataset.local is None else f"file://{dataset.uri(file)}"


def _arrow(frame: DataFrame) -> pa.Table:
    with warnings.catch_warnings():
        # PySpark's warning about pandas 3 is suppressed, because this function does not use pandas.
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        table: pa.Table = frame.toArrow()
    return table


def _spark_values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Convert parameters to types that Spark accepts; timestamps become text in UTC."""
    return {name: _spark_value(value) for name, value in parameters.items()}


def _spark_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)).isoformat(" ")
    return value
