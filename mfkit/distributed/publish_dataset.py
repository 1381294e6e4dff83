"""Publication of a snapshot as a new version of a dataset; only files with changed rows are written.

To detect changes, the fingerprints of the rows are compared with those in the last manifest, so the old files
do not have to be read. Items are partitioned by media type and year into folders (Hive partitioning). If a
folder would contain a file of more than 256 MB, its rows are divided by a hash of the id, so that an item
always stays in the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from mfkit.distributed.dataset import Dataset
from mfkit.distributed.dataset_manifest import DataFile, DatasetVersion
from mfkit.engines import duckdb_settings
from mfkit.engines.relations import EXTRA_RELATIONS, MEDIA, RELATIONS, Relation, derived_views, snapshot_views
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.sql.duckdb_sql import duckdb_type

if TYPE_CHECKING:
    import duckdb

MAX_FILE_BYTES = 256_000_000
"""Approximate maximum size of a file in bytes. The size is estimated from the snapshot's bytes per row."""
NO_YEAR = "__HIVE_DEFAULT_PARTITION__"
# The searched columns are the same as in mfkit.models.search_index. Each column is a separate line of the
# searchable text, so that a phrase cannot match across two columns.
_LINES = ("file_name", "folder", "title", "artist", "album", "genre", "camera", "location_name", "tag_names")
_WORDS = "lower(strip_accents(concat_ws(chr(10), {})))".format(
    ", ".join(f"replace({line}, chr(10), ' ')" for line in _LINES)
)
_PLACE = f"'media_type=' || media_type || '/date_year=' || coalesce(CAST(year(date) AS VARCHAR), '{NO_YEAR}')"


def publish(
    dataset: Dataset, cache: SnapshotCache, manifest: Manifest, record: str, further: Mapping[str, pa.Table]
) -> tuple[DatasetVersion, int]:
    """Publish a snapshot as a new version of a dataset, unless nothing has changed.

    Args:
        dataset: Dataset to write to.
        cache: Cache directory of the snapshot.
        manifest: Manifest of the snapshot.
        record: Dialect of the library database.
        further: Name -> rows of each relation in :data:`mfkit.engines.relations.EXTRA_RELATIONS`.

    Returns:
        The newest version, and the number of written files, which is 0 if nothing has changed.

    Raises:
        DatasetError: The dataset cannot be written, or its folder contains other files.
        duckdb.Error: A file of the snapshot is missing or damaged.
    """
    names = (*RELATIONS, *EXTRA_RELATIONS)
    dataset.refuse_foreign(names)
    dataset.read()
    with dataset.write_lock():
        dataset.refuse_foreign(names)
        old = dataset.read()
        with dataset.staging_folder() as folder, duckdb_settings.open_for_writing(folder) as connection:
            for statement in (*snapshot_views(cache, manifest), *derived_views()):
                connection.execute(statement)
            for name, table in further.items():
                connection.register(f"{name}_read", table)
                connection.execute(
                    f"CREATE VIEW {name} AS SELECT {EXTRA_RELATIONS[name].cast_sql()} FROM {name}_read"
                )
            made = {}
            for relation in (*RELATIONS.values(), *EXTRA_RELATIONS.values()):
                known = old.relations.get(relation.name, []) if old is not None else []
                if old is not None and relation.name in RELATIONS and _is_unchanged(old, manifest):
                    made[relation.name] = known, 0
                    continue
                row = _bytes_of_a_row(manifest, relation.name)
                made[relation.name] = _Writer(connection, dataset, folder, relation).write(known, row)
            written = sum(number for _, number in made.values())
            relations = {name: data_files for name, (data_files, _) in made.items()}
            if old is not None and relations == old.relations and record == old.record:
                return old, 0
            new = DatasetVersion(
                old.version + 1 if old is not None else 1,
                manifest.library,
                record,
                manifest.position,
                datetime.now(UTC).isoformat(),
                relations,
            )
            dataset.replace_version(new, old)
            return new, written


def _is_unchanged(old: DatasetVersion, manifest: Manifest) -> bool:
    """Return whether the library has not changed since the published version, according to its change log."""
    return bool(old.position) and (old.library, old.position) == (manifest.library, manifest.position)


def _bytes_of_a_row(manifest: Manifest, name: str) -> float:
    """Estimate the bytes per row of a relation in a dataset.

    A row takes more bytes than in the snapshot, because ids are text, and items have an additional column
    with searchable words.
    """
    size = sum(manifest.signatures[file][0] for file in manifest.base.get(name, ()))
    return 1.5 * size / max(manifest.rows.get(name, 0), 1) if size else 100.0


class _Writer:
    """Writer of the Parquet files of one relation."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, folder: Path, relation: Relation
    ) -> None:
        self._connection, self._dataset, self._folder = connection, dataset, folder
        self._name = relation.name
        place, rows = "''", relation.name
        columns = [
            # Ids are converted to text, because Spark does not support UUIDs in Parquet files.
            f"CAST({name} AS VARCHAR) AS {name}" if duckdb_type(type_) == "UUID" else name
            for name, type_ in relation.columns
        ]
        if relation is MEDIA:
            place, rows = _PLACE, f"({_ITEMS})"
            columns.append(f"{_WORDS} AS words")
        key = "id" if any(name == "id" for name, _ in relation.columns) else relation.key or "revision"
        connection.execute(
            f"CREATE VIEW publish_{self._name} AS SELECT {', '.join(columns)}, "
            f"{place} AS publish_place, hash(CAST({key} AS VARCHAR)) AS publish_key FROM {rows}"
        )

    def write(self, known: list[DataFile], row: float) -> tuple[list[DataFile], int]:
        """Write the changed files, and return all files of the relation and the number of written files.

        Args:
            known: Files of the relation in the last version.
            row: Estimated bytes per row.
        """
        before = {data_file.key: data_file for data_file in known}
        self._choose_file_counts(known, row)
        data_files, fresh = [], []
        for data_file in self._data_files():
            old = before.get(data_file.key)
            if old is not None and old.fingerprint == data_file.fingerprint:
                data_files.append(old)
            else:
                fresh.append(data_file)
        if fresh:
            data_files += self._copy(fresh)
        return sorted(data_files, key=lambda data_file: data_file.key), len(fresh)

    def _choose_file_counts(self, known: list[DataFile], row: float) -> None:
        """Choose the number of files in each subfolder, and keep the previous number if possible."""
        counted = self._rows(f"SELECT publish_place, count(*) FROM publish_{self._name} GROUP BY ALL")
        parts = {data_file.place: data_file.parts for data_file in known}
        shares = {place: _number_of_files(number * row, parts.get(place, 1)) for place, number in counted}
        self._connection.register(
            "shares_read",
            pa.table(
                {
                    "place": pa.array(shares.keys(), pa.string()),
                    "parts": pa.array(shares.values(), pa.uint64()),
                }
            ),
        )
        self._connection.execute("CREATE OR REPLACE TEMP TABLE shares AS SELECT * FROM shares_read")

    def _data_files(self) -> list[DataFile]:
        found = self._rows(
            "SELECT publish_place, publish_part, parts, count(*), bit_xor(h), sum(h) FROM ("
            f"SELECT publish_place, publish_key % parts AS publish_part, parts, {self._hash()} AS h "
            f"FROM publish_{self._name} JOIN shares ON place = publish_place) GROUP BY ALL"
        )
        return [
            DataFile(place, part, parts, rows, f"{mixed:016x}{total:032x}")
            for place, part, parts, rows, mixed, total in found
        ]

    def _hash(self) -> str:
        described = self._rows(f"DESCRIBE publish_{self._name}")
        return f"hash({', '.join(row[0] for row in described if not row[0].startswith('publish_'))})"

    def _copy(self, fresh: list[DataFile]) -> list[DataFile]:
        """Write all changed files with one query, so that the rows are read only once."""
        self._connection.register(
            "fresh_read",
            pa.table(
                {
                    "place": [data_file.place for data_file in fresh],
                    "part": pa.array([data_file.part for data_file in fresh], pa.uint64()),
                    "publish_file": range(len(fresh)),
                }
            ),
        )
        self._connection.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM fresh_read")
        target = self._folder / self._name
        # This setting lets DuckDB keep all written files open. By default, DuckDB would close some of them
        # early and write their remaining rows to second files.
        self._connection.execute(f"SET partitioned_write_max_open_files = {len(fresh) + 1}")
        self._connection.execute(
            "COPY (SELECT p.* EXCLUDE (publish_place, publish_key), fresh.publish_file "
            f"FROM publish_{self._name} AS p JOIN shares ON shares.place = publish_place "
            "JOIN fresh ON fresh.place = publish_place AND fresh.part = publish_key % parts) "
            f"TO {duckdb_settings.quote(str(target))} ({duckdb_settings.PARQUET_FORMAT}, "
            "PARTITION_BY (publish_file))"
        )
        written = []
        for number, data_file in enumerate(fresh):
            (made,) = (target / f"publish_file={number}").iterdir()
            folder = f"{self._name}/{data_file.place}" if data_file.place else self._name
            file = f"{folder}/{uuid4().hex}.parquet"
            written.append(replace(data_file, file=file, bytes=self._dataset.add_file(made, file)))
        return written

    def _rows(self, query: str) -> list[Any]:
        return self._connection.execute(query).fetchall()


_ITEMS = (
    "SELECT m.*, nullif(trim(concat_ws(' ', camera_make, camera_model)), '') AS camera, t.tag_names "
    "FROM media_with_id AS m LEFT JOIN (SELECT media_item_id, string_agg(name, ' ' ORDER BY name) "
    "AS tag_names FROM media_tags JOIN tags ON tags.id = tag_id GROUP BY ALL) AS t "
    "ON t.media_item_id = m.id"
)


def _number_of_files(size: float, parts: int) -> int:
    """Return the number of files into which rows of an estimated total size are divided.

    The previous number of files, ``parts``, is doubled if the files would be too large. It is halved only if
    they would be much too small, because a new number means that all files are written again.
    """
    while size / parts > MAX_FILE_BYTES:
        parts *= 2
    while parts > 1 and size / parts < MAX_FILE_BYTES / 4:
        parts //= 2
    return parts
