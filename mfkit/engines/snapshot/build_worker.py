"""A process that writes the files of one large SQLite library, ``mfkit.engines.snapshot.build_worker``.

It reads through ADBC (mfkit.core.arrow_reader) on several threads, each with its own connection and part of
the rows. What to read and to write is told on stdin, in SQL, so that it need import
neither the models nor SQLAlchemy. It ends with its parent, which holds the lock and puts the manifest in
place.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from mfkit.core.arrow_reader import BulkReader, consistent_readers
from mfkit.engines import duckdb_settings
from mfkit.processes.parent_watch import requests


@dataclass(frozen=True)
class Part:
    """One file to be written.

    Attributes:
        file: Its name.
        statement: What SQLite is asked for; its first row is a sample of the columns' types.
        query: What DuckDB makes of those rows, which it sees as ``incoming``.
    """

    file: str
    statement: str
    query: str


@dataclass(frozen=True)
class Plan:
    """All that is to be done.

    Attributes:
        uri: The SQLite file, as a URI.
        directory: Where the files go.
        moment: Query whose answer tells the moment that the files show.
        stages: The files; those of a stage may be read by the queries of the next.
        count: Query whose one number goes into the result.
        threads: How many files are written at once.
    """

    uri: str
    directory: str
    moment: str
    stages: list[list[Part]]
    count: str
    threads: int


@dataclass(frozen=True)
class Result:
    """What was done.

    Attributes:
        moment: Answer to the plan's query.
        rows: File -> how many rows it has.
        count: Answer to the plan's count.
    """

    moment: list[list[Any]]
    rows: dict[str, int]
    count: int


def run(plan: Plan) -> Result:
    """Write all files."""
    directory = Path(plan.directory)
    with (
        duckdb_settings.open_for_writing(directory) as connection,
        consistent_readers(plan.uri, plan.threads, plan.moment) as (readers, moment),
    ):
        # Each thread does its own part's work from reading to compression.
        connection.execute("SET threads = 1")
        # Of a stream DuckDB knows no size, and would keep all of it for a join with little.
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
        return Result([list(row) for row in moment], rows, readers[0].rows(plan.count)[0][0])


def main() -> None:
    """Do what stdin says, and say on stdout what was done."""
    stated = json.loads(next(requests()))
    stages = [[Part(**part) for part in stage] for stage in stated["stages"]]
    plan = Plan(**{**stated, "stages": stages})
    json.dump(asdict(run(plan)), sys.stdout)


if __name__ == "__main__":
    main()
