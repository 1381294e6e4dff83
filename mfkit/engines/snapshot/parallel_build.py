"""Snapshot of a large SQLite library, built in a separate process (``build_worker``).

The fastest reader of SQLite files must not be used in the same process as Python's sqlite3 module (see
mfkit.core.bulk_reader). This module sends a build plan to the separate process and receives the result.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import asdict
from itertools import chain

import pyarrow as pa

from mfkit.core.arrow_reader import Reader, sqlite_uri
from mfkit.engines import duckdb_settings
from mfkit.engines.relations import ITEM_COLUMNS, MEDIA, METADATA_COLUMNS, ON_DEMAND, RELATIONS, Relation
from mfkit.engines.snapshot.build_worker import BuildPlan, BuildResult, SnapshotFile
from mfkit.engines.snapshot.catch_up import COUNT_METADATA, count_with_metadata
from mfkit.engines.snapshot.change_cursor import SqliteChangeSource, format_position
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.models.looks_like_sql import looks_like, looks_like_rule
from mfkit.models.wide_view import FILE_OF_COPY, QUALITY_COLUMNS
from mfkit.processes.child_process import python_child
from mfkit.sql.duckdb_sql import fold_case

LARGE_LIBRARY = 50_000
"""Number of items from which a build in a separate process is faster, including the start of the process."""
_MAX_PROCESSES = 8
_MAX_SORTED = 1_000_000
"""Maximum number of rows that all threads together sort in memory at once; they take about 0.5 GB."""


def is_large(reader: Reader) -> bool:
    """Return whether a library has at least :data:`LARGE_LIBRARY` items."""
    return bool(reader.rows("SELECT count(*) FROM media_items")[0][0] >= LARGE_LIBRARY)


def build_in_process(
    source: SqliteChangeSource, reader: Reader, cache: SnapshotCache, library: str
) -> Manifest | None:
    """Build a snapshot in a separate process, without the relations that are added on demand.

    Args:
        source: The change log of the library database.
        reader: A read transaction on the library database. The process opens its own transaction later, so
            the files can contain later changes.
        cache: Snapshot cache to write the files to. The caller must hold its lock.
        library: Name of the library for the manifest.

    Returns:
        The manifest, still without file signatures, or None if the process failed.
    """
    base, plan = _plan(source, reader, cache)
    result = _run_build_worker(plan)
    if result is None:
        return None
    rows = _count_rows(base, result)
    with duckdb_settings.open_for_writing(cache.path) as connection:
        whole = count_with_metadata(connection, cache, base["media"]) == result.count
    return Manifest(
        library, format_position(result.position), base, rows=rows, items=rows["media"], whole_metadata=whole
    )


def add_in_process(
    source: SqliteChangeSource, reader: Reader, cache: SnapshotCache, old: Manifest, names: Collection[str]
) -> Manifest | None:
    """Add relations to a snapshot in a separate process; see `mfkit.engines.snapshot.catch_up.add_relations`.

    Returns:
        The manifest, still without file signatures, or None if the process failed.
    """
    threads = _threads()
    parts = {name: _ranges_of_rows(reader, cache, RELATIONS[name], threads) for name in names}
    stages = [list(chain.from_iterable(parts.values()))]
    result = _run_build_worker(_plan_of(source, cache, stages, threads))
    if result is None:
        return None
    base = {name: [part.file for part in files] for name, files in parts.items()}
    return old.with_relations(base, _count_rows(base, result))


def _run_build_worker(plan: BuildPlan) -> BuildResult | None:
    """Build snapshot files in a separate process as planned. Return None if the process failed."""
    command, environment = python_child("mfkit.engines.snapshot.build_worker")
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            # The error is ignored: if the process has exited, its exit code is checked below.
            process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
            process.stdin.flush()
        answer = process.stdout.read()
        with contextlib.suppress(OSError):
            # The error is ignored: if the process has exited, close() fails, because it tries again to write
            # the rest of the plan.
            process.stdin.close()
    return None if process.returncode else BuildResult(**json.loads(answer))


def _count_rows(base: dict[str, list[str]], result: BuildResult) -> dict[str, int]:
    return {name: sum(result.rows[file] for file in files) for name, files in base.items()}


def _threads() -> int:
    return min(os.cpu_count() or 1, _MAX_PROCESSES)


def _plan(
    source: SqliteChangeSource, reader: Reader, cache: SnapshotCache
) -> tuple[dict[str, list[str]], BuildPlan]:
    """Return the file names of each relation, and the plan for the process that builds the snapshot."""
    small = {
        name: SnapshotFile(
            cache.new_file(name, "base"),
            f"{_sample(relation.raw())} UNION ALL {relation.select('sqlite')}",
            relation.sorted_sql(),
        )
        for name, relation in RELATIONS.items()
        if relation is not MEDIA and name not in ON_DEMAND
    }
    query = _typed(duckdb_settings.parquet_rows(cache.path, [small["media_copies"].file]))
    threads = _threads()
    ranges = _ranges(reader, "media_items", threads)
    wide = [SnapshotFile(cache.new_file("media", "base"), _wide(rows), query) for rows in ranges]
    base = {"media": [part.file for part in wide], **{name: [part.file] for name, part in small.items()}}
    return base, _plan_of(source, cache, [list(small.values()), wide], threads)


def _plan_of(
    source: SqliteChangeSource, cache: SnapshotCache, stages: list[list[SnapshotFile]], threads: int
) -> BuildPlan:
    return BuildPlan(
        sqlite_uri(source.file), str(cache.path), source.position_query, stages, COUNT_METADATA, threads
    )


def _ranges_of_rows(
    reader: Reader, cache: SnapshotCache, relation: Relation, threads: int
) -> list[SnapshotFile]:
    """Divide a relation with possibly many rows per item into files, each with a range of the rows."""
    read = f"{_sample(relation.raw())} UNION ALL {relation.select('sqlite')}"
    return [
        SnapshotFile(
            cache.new_file(relation.name, "base"), f"{read} AS i WHERE {rows}", relation.sorted_sql()
        )
        for rows in _ranges(reader, relation.name, threads)
    ]


def _ranges(reader: Reader, table: str, least: int) -> list[str]:
    """Return SQL conditions that divide the rows of a table into ranges of row ids.

    Args:
        reader: A read transaction on the library database.
        table: Name of the table. In the conditions, the table has the alias ``i``.
        least: Number of ranges. A very large table has more ranges, and a table with few rows may have fewer.
    """
    lowest, highest = reader.rows(f"SELECT min(rowid), max(rowid) FROM {table}")[0]
    if lowest is None:
        return ["true"]
    step = min((highest - lowest) // least + 1, _MAX_SORTED // least)
    inner = range(lowest + step, highest + 1, step)
    # The first and last range of row ids are unbounded, because rows may be added before the process reads.
    lower = ["true", *(f"i.rowid >= {bound}" for bound in inner)]
    upper = [*(f"i.rowid < {bound}" for bound in inner), "true"]
    return [f"{low} AND {high}" for low, high in zip(lower, upper, strict=True)]


def _wide(rows: str) -> str:
    """Return SQL that selects a range of items joined with their metadata and quality measures.

    Items and metadata are usually written in the same order, so both rows usually have the same row id. The
    query tries this row id first. Only if it does not match, SQLite uses the index, which takes longer.
    """
    columns = ", ".join(
        [f"i.{name}" for name in ITEM_COLUMNS]
        + [f"m.{name}" for name in METADATA_COLUMNS]
        + [f"q.{name}" for name in QUALITY_COLUMNS]
        + ["m.id"]
    )
    joined = (
        "media_items i LEFT JOIN media_metadata m ON m.rowid = coalesce("
        "(SELECT near.rowid FROM media_metadata near WHERE near.rowid = i.rowid "
        "AND near.media_item_id = i.id), "
        "(SELECT far.rowid FROM media_metadata far WHERE far.media_item_id = i.id)) "
        "LEFT JOIN picture_quality q ON q.file_hash = i.file_hash"
    )
    raw = [column for column in MEDIA.raw() if column[0] not in _COMPUTED]
    return f"{_sample(raw)} UNION ALL SELECT {columns} FROM {joined} WHERE {rows}"


def _sample(raw: Iterable[tuple[str, pa.DataType]]) -> str:
    return "SELECT " + ", ".join(f"{_SAMPLES[type_]} AS {name}" for name, type_ in raw)


_COMPUTED = ("folder", "extension", "copies", "date", "date_source")
_SAMPLES = {pa.string(): "'x'", pa.int64(): "1", pa.float64(): "0.5"}
# These expressions return the same values as the view `media` (mfkit.models.wide_view), but are at least 8
# times faster.
_FOLDER = (
    "CASE WHEN regexp_matches(file_path, '^/[^/]*$') THEN '/' WHEN NOT contains(file_path, '/') THEN '' "
    "ELSE regexp_replace(file_path, '/+[^/]*$', '') END"
)
_EXTENSION = "CASE WHEN contains(substr(file_name, 2), '.') THEN split_part(file_name, '.', -1) ELSE '' END"


def _typed(copies: str) -> str:
    """Return DuckDB SQL that adds the computed columns, converts the column types, and sorts the rows."""
    return (
        f"SELECT {MEDIA.cast_sql()} FROM (SELECT *, {looks_like('looks_like_rule')} AS looks_like FROM ("
        f"SELECT incoming.*, {_FOLDER} AS folder, {looks_like_rule('duckdb')} AS looks_like_rule, "
        f"{fold_case(_EXTENSION)} AS extension, "
        "coalesce(len(counted.files) - CASE WHEN list_contains(counted.files, device || ':' || inode) "
        "THEN 1 ELSE 0 END, 0) AS copies, "
        "coalesce(captured_at, file_created_at, file_modified_at) AS date, "
        "CASE WHEN coalesce(captured_at, file_created_at) IS NOT NULL THEN 'capture' "
        "WHEN file_modified_at IS NOT NULL THEN 'file' END AS date_source FROM incoming "
        f"LEFT JOIN (SELECT media_item_id, list(DISTINCT {FILE_OF_COPY}) AS files FROM {copies} AS c "
        "WHERE missing_since IS NULL GROUP BY ALL) AS counted "
        "ON counted.media_item_id = CAST(incoming.id AS UUID))) "
        f"ORDER BY {MEDIA.order}"
    )
