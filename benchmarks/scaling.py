"""Times of mfkit on PostgreSQL, compared with plain alternatives, on the benchmark's own server.

    python benchmarks/scaling.py [ITEMS]        # default 100,000; prints one table per comparison
    python benchmarks/scaling.py datasets [ITEMS]       # default 1,000,000; only the last comparison

Each comparison is a function in :data:`COMPARISONS`. The server runs without fsync, so compare figures within
a table only. Scans on a Dask cluster (``cluster_scan.py``) and queries on Spark come last.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

from cluster_scan import scan_rates
from insert import BATCH, Batches, ready, synthetic  # beside this file
from library import library
from queries import FILTERS, aggregates, run_uncached, timed
from sqlalchemy import insert

sys.path.insert(0, str(Path(__file__).parents[1]))

from mfkit import MediaLibrary  # noqa: E402
from mfkit.core.arrow_reader import connect_postgresql  # noqa: E402
from mfkit.core.database import Database  # noqa: E402
from mfkit.core.postgresql import copy_rows  # noqa: E402
from mfkit.models import Scan, ScanStatus  # noqa: E402
from mfkit.scan.change_journal import ChangeJournal  # noqa: E402
from mfkit.scan.extract.registry import EXTRACTOR_VERSION  # noqa: E402
from mfkit.scan.identity import write_batch  # noqa: E402
from mfkit.scan.item_rows import ITEM_COLUMNS, METADATA_COLUMNS  # noqa: E402
from tests import postgres, spark  # noqa: E402

DATASET_ITEMS = 1_000_000
TABLES = (("media_items", ITEM_COLUMNS), ("media_metadata", METADATA_COLUMNS))


def line(label: str, number: int, seconds: float) -> None:
    """Print one row of a table."""
    print(f"| {label} | {seconds:.1f} | {number / seconds:,.0f} |")


def head(title: str) -> None:
    """Print the head of a table."""
    print(f"\n| {title} | seconds | items/s |\n| --- | ---: | ---: |")


async def _by_copy(database: Database, rows: Batches, *, triggers: bool) -> float:
    started = time.perf_counter()
    for batch in rows:
        async with database.transaction() as connection:
            if not triggers:  # as a restore does it
                await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for (table, columns), values in zip(TABLES, batch, strict=True):
                await copy_rows(connection, table, columns, values)
    return time.perf_counter() - started


async def insert_rate(server: postgres.Server, number: int, turns: int = 4) -> str:
    """Compare the scan's store with COPY of the same rows; return the URL of the filled library."""
    urls = [server.url(server.create()) for _ in range(3)]
    databases = [Database(url) for url in urls]
    for database in databases:
        await database.create_tables()
    scan_id = uuid4()
    async with databases[0].transaction() as connection:
        await connection.execute(
            insert(Scan).values(
                id=scan_id, root="/library", status=ScanStatus.RUNNING, extractor_version=EXTRACTOR_VERSION
            )
        )
    seconds = [0.0, 0.0, 0.0]
    for turn in range(turns):
        found = synthetic(number // turns, turn)
        rows = ready(databases[1], found)
        started = time.perf_counter()
        for start in range(0, len(found), BATCH):
            await write_batch(databases[0], ChangeJournal(scan_id, ()), found[start : start + BATCH])
        seconds[0] += time.perf_counter() - started
        seconds[1] += await _by_copy(databases[1], rows, triggers=True)
        seconds[2] += await _by_copy(databases[2], rows, triggers=False)
    head(f"{number:,} items with metadata into PostgreSQL, transactions of {BATCH:,}")
    line("the scan's store", number, seconds[0])
    line("COPY of the same rows, search and log of changes kept", number, seconds[1])
    line("COPY of the same rows, all triggers off", number, seconds[2])
    for database in databases:
        await database.dispose()
    return urls[0]


def snapshot_build(url: str, number: int) -> None:
    """Compare building a snapshot with reading the same relation through ADBC."""
    with connect_postgresql(Database(url).url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plain, built = [], []
    with MediaLibrary(url) as library:
        for _ in range(3):  # by turns; the first finds nothing in memory
            started = time.perf_counter()
            with connect_postgresql(library.database.url) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT * FROM media")
                rows = sum(batch.num_rows for batch in cursor.fetch_record_batch())
            plain.append(time.perf_counter() - started)
            started = time.perf_counter()
            library.refresh()
            built.append(time.perf_counter() - started)
        snapshot = library.snapshot()
        assert rows == number and snapshot is not None and snapshot.rows == number
    head("from PostgreSQL")
    line("ADBC reads the relation media", number, min(plain))
    line("the snapshot is made: read, sorted, compressed, written", number, min(built))


def moved(url: str, number: int) -> None:
    """Print the time of ``mfkit db copy`` to SQLite, verification included."""
    with tempfile.TemporaryDirectory() as folder, MediaLibrary(url) as library:
        started = time.perf_counter()
        library.copy_to(Path(folder) / "copy.db", progress=False)
        head("copied and verified")
        line("mfkit db copy, PostgreSQL to SQLite", number, time.perf_counter() - started)


def datasets(number: int) -> None:
    """Print the time of publishing, and of the ten aggregates in DuckDB and Spark (two workers)."""
    statements = aggregates(FILTERS["all"])
    with tempfile.TemporaryDirectory() as folder, MediaLibrary(library(number)) as lib:
        lib.count()  # makes the snapshot
        head(f"publishing {number:,} items")
        for label in ("the first version", "again, nothing changed"):
            done = lib.publish(folder)
            files = f"{done.written} of {done.files} files, {done.bytes / 1e6:.0f} MB"
            line(f"{label}: {files}", number, done.seconds)
        item = lib.items(limit=1)
        lib.tag(item, "published")
        done = lib.publish(folder)
        lib.undo()
        line(f"again, one item tagged: {done.written} files", number, done.seconds)
        with (
            MediaLibrary.from_dataset(folder) as duck,
            spark.cluster() as master,
            spark.session(master, memory="2g") as session,
        ):
            on_spark = MediaLibrary.from_dataset(folder, engine=session)
            title = f"aggregate, {number:,} items (ms)"
            print(f"\n| {title} | snapshot | dataset, DuckDB | dataset, Spark |")
            print("| --- | ---: | ---: | ---: |")
            sums = [0.0, 0.0, 0.0]
            for name, statement in statements.items():
                asked = [partial(run_uncached, one, statement) for one in (lib, duck, on_spark)]
                taken = timed(*asked, runs=3)
                sums = [one + other for one, other in zip(sums, taken, strict=True)]
                print(_row(name, taken), flush=True)
            print(_row("all ten", sums))


def _row(label: str, seconds: list[float]) -> str:
    return f"| {label} | " + " | ".join(f"{one * 1e3:.0f}" for one in seconds) + " |"


COMPARISONS: tuple[Callable[[str, int], None], ...] = (snapshot_build, moved)
"""Functions of the URL of a library on PostgreSQL and its number of items."""


def main(number: int) -> None:
    """Print all tables."""
    programs = postgres.binaries()
    if programs is None:
        raise SystemExit("This needs a PostgreSQL server's programs: apt-get install postgresql")
    with postgres.server(programs) as server:
        url = asyncio.run(insert_rate(server, number))
        for compare in COMPARISONS:
            compare(url, number)
    scan_rates()
    datasets(DATASET_ITEMS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["datasets"]:
        datasets(int(sys.argv[2]) if sys.argv[2:] else DATASET_ITEMS)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
