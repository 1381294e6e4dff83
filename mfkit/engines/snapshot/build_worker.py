"""The process that writes the snapshot files of one large SQLite library.

It reads through ADBC (mfkit.core.bulk_reader) on several threads, each with its own connection and range of
rows. Standard input gives the plan as SQL, so the process imports neither the models nor SQLAlchemy. It ends
with its parent, which holds the cache's lock and writes the manifest.
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
class Part:
    """One file to write.

    Attributes:
        file: Its name.
        statement: SQL for SQLite that reads the rows. Its first row is a sample of the columns' types.
        query: SQL for DuckDB that converts those rows, which it sees as ``incoming``.
    """

    file: str
    statement: str
    query: str


@dataclass(frozen=True)
class Plan:
    """All files to write.

    Attributes:
        uri: URI of the SQLite file.
        directory: The directory for the files.
        position: SQL that reads the position in the change log.
        stages: The files. Queries of a stage may read the files of earlier stages.
        count: SQL whose single number goes into the result.
        threads: Number of files written at once.
    """

    uri: str
    directory: str
    position: str
    stages: list[list[Part]]
    count: str
    threads: int


@dataclass(frozen=True)
class Result:
    """The result of a plan.

    Attributes:
        position: Rows that the plan's ``position`` returned.
        rows: Number of rows in each file.
        count: Number that the plan's ``count`` returned.
    """

    position: list[list[Any]]
    rows: dict[str, int]
    count: int


def run(plan: Plan) -> Result:
    """Write all files."""
    directory = Path(plan.directory)
    with (
        duckdb_settings.open_for_writing(directory) as connection,
        consistent_readers(plan.uri, plan.threads, plan.position) as (readers, position),
    ):
        # Each thread of this process does all work for its file, from reading to compression.
        connection.execute("SET threads = 1")
        # DuckDB does not know the size of a stream, and would buffer all of it for a join with a small table.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        free: SimpleQueue[BulkReader] = SimpleQueue()
        for reader in readers:
            free.put(reader)

        def write(part: Part) -> int:
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
        return Result([list(row) for row in position], rows, readers[0].rows(plan.count)[0][0])


def main() -> None:
    """Read the plan from standard input and write the result to standard output."""
    given = json.loads(next(requests()))
    stages = [[Part(**part) for part in stage] for stage in given["stages"]]
    plan = Plan(**{**given, "stages": stages})
    json.dump(asdict(run(plan)), sys.stdout)


if __name__ == "__main__":
    main()
