"""From a snapshot to a version of a dataset: only the files whose rows changed are written anew.

Which those are is told by fingerprints, so that nothing has to be remembered but the last manifest. The rows
of items lie in a folder for each media type and year, as other programs know it (Hive); where such a folder
would be a file larger than 256 MB, a hash of the id divides it, so that an item keeps its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from mfkit.distributed.dataset import Dataset, DatasetVersion, Unit
from mfkit.engines import duckdb_settings
from mfkit.engines.relations import (
    EXTRA_RELATIONS,
    MEDIA,
    RELATIONS,
    Relation,
    derived_views,
    duckdb_type,
    snapshot_views,
)
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache

if TYPE_CHECKING:
    import duckdb

MAX_FILE_BYTES = 256_000_000
"""Of one file, as far as the snapshot's bytes a row tell; files that are divided have half of it at least."""
NO_YEAR = "__HIVE_DEFAULT_PARTITION__"
# What search looks through, as mfkit.models.search_index has it: no phrase goes beyond a line.
_LINES = ("file_name", "folder", "title", "artist", "album", "genre", "camera", "location_name", "tag_names")
_WORDS = "lower(strip_accents(concat_ws(chr(10), {})))".format(
    ", ".join(f"replace({line}, chr(10), ' ')" for line in _LINES)
)
_PLACE = (
    "'media_type=' || media_type || '/date_year=' || "
    f"coalesce(CAST(year(coalesce(file_created_at, file_modified_at)) AS VARCHAR), '{NO_YEAR}')"
)


@dataclass(frozen=True)
class PublishResult:
    """What :meth:`mfkit.MediaLibrary.publish` did.

    Attributes:
        path: The dataset's folder or URL.
        version: The version that is now the newest.
        items: How many items it holds.
        files: How many files it consists of.
        bytes: What they take.
        written: How many of them are new; 0 when nothing had changed, and the version is the old one.
        seconds: How long it took.
    """

    path: str
    version: int
    items: int
    files: int
    bytes: int
    written: int
    seconds: float


def publish(
    dataset: Dataset, cache: SnapshotCache, manifest: Manifest, record: str, further: Mapping[str, pa.Table]
) -> tuple[DatasetVersion, int]:
    """Bring a dataset to the state of a snapshot.

    Args:
        dataset: Where.
        cache: Directory of the snapshot.
        manifest: Its state.
        record: Kind of the record database.
        further: The rows of :data:`mfkit.engines.relations.EXTRA_RELATIONS`.

    Returns:
        The newest version, and how many files were written: none when it is the one that was there.

    Raises:
        DatasetError: The place cannot be written, or holds something else.
        duckdb.Error: A file of the snapshot is gone or damaged.
    """
    own = (*RELATIONS, *EXTRA_RELATIONS)
    dataset.refuse_foreign(own)
    dataset.read()
    with dataset.only_writer():
        dataset.refuse_foreign(own)
        old = dataset.read()
        with dataset.workshop() as folder, duckdb_settings.open_for_writing(folder) as connection:
            for statement in (*snapshot_views(cache, manifest), *derived_views()):
                connection.execute(statement)
            for name, table in further.items():
                connection.register(f"{name}_read", table)
                connection.execute(
                    f"CREATE VIEW {name} AS SELECT {EXTRA_RELATIONS[name].typed()} FROM {name}_read"
                )
            made = {}
            for relation in (*RELATIONS.values(), *EXTRA_RELATIONS.values()):
                known = old.relations.get(relation.name, []) if old is not None else []
                if old is not None and relation.name in RELATIONS and _same(old, manifest):
                    made[relation.name] = known, 0
                    continue
                row = _bytes_of_a_row(manifest, relation.name)
                made[relation.name] = _Writer(connection, dataset, folder, relation).write(known, row)
            written = sum(number for _, number in made.values())
            relations = {name: units for name, (units, _) in made.items()}
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
            dataset.swap(new, old)
            return new, written


def _same(old: DatasetVersion, manifest: Manifest) -> bool:
    """Return whether the library has not changed since; a position bears a mark that no other library has."""
    return bool(old.position) and (old.library, old.position) == (manifest.library, manifest.position)


def _bytes_of_a_row(manifest: Manifest, name: str) -> float:
    """Return what a row of a relation takes in a file, about: ids are text, and items have their words."""
    size = sum(manifest.signatures[file][0] for file in manifest.base.get(name, ()))
    return 1.5 * size / max(manifest.rows.get(name, 0), 1) if size else 100.0


class _Writer:
    """Writes the files of one relation."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, dataset: Dataset, folder: Path, relation: Relation
    ) -> None:
        self._connection, self._dataset, self._folder = connection, dataset, folder
        self._name = relation.name
        place, rows = "''", relation.name
        columns = [
            # Ids as text: of the programs that read Parquet, Spark knows no UUIDs.
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

    def write(self, known: list[Unit], row: float) -> tuple[list[Unit], int]:
        """Write what is not known yet; return all files, and how many were written.

        Args:
            known: The files of the last version.
            row: Bytes that a row takes, about.
        """
        before = {unit.key: unit for unit in known}
        self._divide(known, row)
        units, fresh = [], []
        for unit in self._units():
            same = before.get(unit.key)
            if same is not None and same.fingerprint == unit.fingerprint:
                units.append(same)
            else:
                fresh.append(unit)
        if fresh:
            units += self._copy(fresh)
        return sorted(units, key=lambda unit: unit.key), len(fresh)

    def _divide(self, known: list[Unit], row: float) -> None:
        """Decide among how many files the rows of each place are divided, as they were where that will do."""
        counted = self._rows(f"SELECT publish_place, count(*) FROM publish_{self._name} GROUP BY ALL")
        parts = {unit.place: unit.parts for unit in known}
        shares = {place: _parts(number * row, parts.get(place, 1)) for place, number in counted}
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

    def _units(self) -> list[Unit]:
        found = self._rows(
            "SELECT publish_place, publish_part, parts, count(*), bit_xor(h), sum(h) FROM ("
            f"SELECT publish_place, publish_key % parts AS publish_part, parts, {self._hash()} AS h "
            f"FROM publish_{self._name} JOIN shares ON place = publish_place) GROUP BY ALL"
        )
        return [
            Unit(place, part, parts, rows, f"{mixed:016x}{total:032x}")
            for place, part, parts, rows, mixed, total in found
        ]

    def _hash(self) -> str:
        described = self._rows(f"DESCRIBE publish_{self._name}")
        return f"hash({', '.join(row[0] for row in described if not row[0].startswith('publish_'))})"

    def _copy(self, fresh: list[Unit]) -> list[Unit]:
        """Write files in one pass over the rows."""
        self._connection.register(
            "fresh_read",
            pa.table(
                {
                    "place": [unit.place for unit in fresh],
                    "part": pa.array([unit.part for unit in fresh], pa.uint64()),
                    "publish_file": range(len(fresh)),
                }
            ),
        )
        self._connection.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM fresh_read")
        target = self._folder / self._name
        # One file each: none is closed before all rows are there.
        self._connection.execute(f"SET partitioned_write_max_open_files = {len(fresh) + 1}")
        self._connection.execute(
            "COPY (SELECT p.* EXCLUDE (publish_place, publish_key), fresh.publish_file "
            f"FROM publish_{self._name} AS p JOIN shares ON shares.place = publish_place "
            "JOIN fresh ON fresh.place = publish_place AND fresh.part = publish_key % parts) "
            f"TO {duckdb_settings.quote(str(target))} ({duckdb_settings.PARQUET_FORMAT}, "
            "PARTITION_BY (publish_file))"
        )
        written = []
        for number, unit in enumerate(fresh):
            (made,) = (target / f"publish_file={number}").iterdir()
            folder = f"{self._name}/{unit.place}" if unit.place else self._name
            file = f"{folder}/{uuid4().hex}.parquet"
            written.append(replace(unit, file=file, bytes=self._dataset.put(made, file)))
        return written

    def _rows(self, query: str) -> list[Any]:
        return self._connection.execute(query).fetchall()


_ITEMS = (
    "SELECT m.*, nullif(trim(concat_ws(' ', camera_make, camera_model)), '') AS camera, t.tag_names "
    "FROM media_with_id AS m LEFT JOIN (SELECT media_item_id, string_agg(name, ' ' ORDER BY name) "
    "AS tag_names FROM media_tags JOIN tags ON tags.id = tag_id GROUP BY ALL) AS t "
    "ON t.media_item_id = m.id"
)


def _parts(size: float, parts: int) -> int:
    """Return among how many files so many bytes are divided; fewer than before only for far fewer bytes."""
    while size / parts > MAX_FILE_BYTES:
        parts *= 2
    while parts > 1 and size / parts < MAX_FILE_BYTES / 4:
        parts //= 2
    return parts
