"""Worker process that writes the snapshot files of one large SQLite library.

The process reads through ADBC (mfkit.core.bulk_reader) on several threads, each with its own connection and
range of rows. It receives the SQL to run on standard input, so it does not need to import the models or
SQLAlchemy. It exits when its parent exits. The parent holds the lock of the cache and writes the manifest.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from mfkit.core.bulk_reader import BulkReader, consistent_readers
from mfkit.engines import duckdb_settings
from mfkit.processes.child_process import requests


@dataclass(frozen=True)
class SnapshotFile:
    """One snapshot file to write, with the SQL that produces its rows.

    Attributes:
        file: Name of the file.
        statement: SQLite statement that reads the rows. Its first row only shows the types of the columns.
        query: DuckDB query that converts these rows. It reads them from the relation ``incoming``.
    """

    file: str
    statement: str
    query: str


@dataclass(frozen=True)
class BuildPlan:
    """Instructions for the process that builds a snapshot: the database to read and all files to write.

    Attributes:
        uri: URI of the SQLite file.
        directory: Directory to write the files to.
        position: SQL that reads the current position in the change log.
        stages: Files to write, grouped into stages. A stage can read the files of earlier stages.
        count: SQL that returns a single number, which becomes :attr:`BuildResult.count`.
        threads: Number of files to write at the same time.
    """

    uri: str
    directory: str
    position: str
    stages: list[list[SnapshotFile]]
    count: str
    threads: int


@dataclass(frozen=True)
class BuildResult:
    """Result of the process that builds a snapshot: change log position and row counts.

    Attributes:
        position: Rows that :attr:`BuildPlan.position` returned.
        rows: File name -> number of rows in the file.
        count: Number that :attr:`BuildPlan.count` returned.
    """

    position: list[list[Any]]
    rows: dict[str, int]
    count: int


def run(plan: BuildPlan) -> BuildResult:
    """Write all snapshot files that a plan lists, several at the same time."""
    directory = Path(plan.directory)
    with (
        duckdb_settings.open_for_writing(directory) as connection,
        consistent_readers(plan.uri, plan.threads, plan.position) as (readers, position),
    ):
        # One DuckDB thread is enough, because each thread of this process writes its own file.
        connection.execute("SET threads = 1")
        # DuckDB does not know the size of a stream. Without this setting, a join of a stream with a small
        # table could buffer the whole stream instead of the small table.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        free: SimpleQueue[BulkReader] = SimpleQueue()
        for reader in readers:
            free.put(reader)

        def write(part: SnapshotFile) -> int:
            reader = free.get()
            try:
                with connection.cursor() as cursor, reader.stream(part.statement) as incoming:
                    cursor.register("incoming", incoming)
                    return duckdb_settings.copy_to_parquet(cursor, part.query, directory / part.file)
            finally:
                free.put(reader)

        rows: dict[str, int] = {}
        with ThreadPoolExecutor(len(readers)) as pool:
            for stage in plan.stages:
                written = pool.map(write, stage)
                rows |= {part.file: number for part, number in zip(stage, written, strict=True)}
        return BuildResult([list(row) for row in position], rows, readers[0].rows(plan.count)[0][0])


def main() -> None:
    """Read the build plan as JSON from standard input, and write the result to standard output."""
    given = json.loads(next(requests()))
    stages = [[SnapshotFile(**part) for part in stage] for stage in given["stages"]]
    plan = BuildPlan(**{**given, "stages": stages})
    json.dump(asdict(run(plan)), sys.stdout)


if __name__ == "__main__":
    main()
