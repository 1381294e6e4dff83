"""Query times of mfkit, compared with alternatives in one run on one file.

    python benchmarks/queries.py [ITEMS] [FOLDER]      # default 1,000,000; the library is created once and
    kept

Every figure is the median of five runs (of three if a run takes seconds). The alternatives take turns. Peak
memory is that of a separate process, above the interpreter with its imports.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from library import library as make  # beside this file
from sqlalchemy import BigInteger, Executable, cast, func, select

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.dimensions import period_start
from mfkit.analysis.facets import facets
from mfkit.engines.relations import NAMES
from mfkit.engines.snapshot.snapshot_engine import SnapshotEngine
from mfkit.engines.snapshot.snapshot_session import Session
from mfkit.filters.conditions import conditions, item_date
from mfkit.models import media
from mfkit.sql.duckdb_sql import DuckdbDialect
from mfkit.sql.translate import translate

c = media.c
FILTERS = {
    "all": MediaFilter(),
    "three-way": MediaFilter.of(media_type=["image", "video"], min_size="1 MB", after="2015"),
}
MOST_AS_A_FRAME = 2_000_000


def aggregates(chosen: MediaFilter) -> dict[str, Executable]:
    """Return the queries that the explorer runs at once."""
    where = conditions(chosen)
    files, size = func.count().label("files"), func.sum(c.file_size).label("bytes")
    month = period_start("month", item_date).label("month")
    bin_ = (c.file_size // 1_000_000).label("megabytes")
    row, column = c.latitude * 2, c.longitude * 2
    cell = [func.coalesce(cast_down(one), 0).label(name) for one, name in ((row, "row"), (column, "column"))]
    return {
        "type": select(c.media_type, files, size).where(*where).group_by(c.media_type),
        "codec": select(c.video_codec, c.audio_codec, files, size)
        .where(*where)
        .group_by(c.video_codec, c.audio_codec),
        "year-month": select(month, c.media_type, files, size).where(*where).group_by(month, c.media_type),
        "size histogram": select(bin_, files).where(*where).group_by(bin_),
        "camera": facets(["camera"], chosen, limit=1000),
        "folder treemap": select(c.folder, files, size)
        .where(*where)
        .group_by(c.folder)
        .order_by(size.desc())
        .limit(1000),
        "map grid": select(*cell, files).where(*where, c.latitude.is_not(None)).group_by(*cell),
        "top 100": select(media).where(*where).order_by(c.file_size.desc(), c.id).limit(100),
        "completeness": select(
            c.media_type,
            *(
                func.count(c[one]).label(one)
                for one in (
                    "file_created_at",
                    "latitude",
                    "artist",
                    "camera_model",
                    "duration",
                    "width",
                    "title",
                )
            ),
        )
        .where(*where)
        .group_by(c.media_type),
        "text match": select(files, size).where(*where, func.lower(c.file_name).like("%0042%")),
    }


def cast_down(expression: Any) -> Any:
    """Return the whole part of a number."""
    return cast(expression, BigInteger)


def timed(*ways: Callable[[], object], runs: int = 5) -> list[float]:
    """Return the median seconds of functions, which alternate. The first of several runs is ignored."""
    for way in ways if runs > 1 else ():
        way()
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(runs):
        for times, way in zip(taken, ways, strict=True):
            started = time.perf_counter()
            way()
            times.append(time.perf_counter() - started)
    return [statistics.median(times) for times in taken]


def run_uncached(lib: MediaLibrary, *statements: Executable) -> None:
    """Run statements without cached results."""
    engine = lib._library._snapshot
    for statement in statements:
        if isinstance(engine, SnapshotEngine):
            engine._current_session()._cached.clear()
        elif isinstance(session := engine._newest()[1], Session):
            session._cached.clear()
        lib.frame(statement)


def by_hand(file: Path) -> Any:
    """Return a DuckDB connection to the snapshot's files, as an expert would write it."""
    import duckdb

    with MediaLibrary(file) as lib:
        found = lib.snapshot()
        assert found is not None
        base = json.loads((found.path / "manifest.json").read_text())["base"]["media"]
    connection = duckdb.connect()
    files = [str(found.path / file) for file in base]
    shown = f"SELECT * EXCLUDE (metadata_id) FROM read_parquet({files})"
    connection.execute(f"CREATE VIEW media AS {shown}")
    connection.execute("CREATE MACRO mfkit_fold(t) AS lower(t)")
    connection.execute("SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")
    return connection


def whole_relation(file: Path, name: str) -> Callable[[], object]:
    """Return a function that loads all of ``media`` as a DataFrame."""
    statement = "SELECT * FROM media"
    if name == "mfkit":
        lib = MediaLibrary(file)
        return lambda: lib.frame(select(media))
    if name in ("DuckDB by hand, NumPy", "DuckDB by hand, Arrow"):
        connection = by_hand(file)
        if name.endswith("NumPy"):
            return lambda: connection.sql(statement).df()
        return lambda: connection.sql(statement).to_arrow_table().to_pandas()
    if name == "pandas.read_sql, sqlite3":
        import pandas as pd

        plain = sqlite3.connect(file)
        return lambda: pd.read_sql(statement, plain)
    if name == "SQLAlchemy on aiosqlite":
        return lambda: asyncio.run(_sqlalchemy(file))
    if name == "connectorx":
        import connectorx

        return lambda: connectorx.read_sql(f"sqlite://{file}", statement)
    if name == "ADBC":
        from adbc_driver_sqlite import dbapi

        def adbc() -> object:
            with dbapi.connect(str(file)) as connection, connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
                cursor.execute(statement)
                return cursor.fetch_arrow_table().to_pandas()

        return adbc
    import polars

    plain = sqlite3.connect(file)
    return lambda: polars.read_database(statement, plain, infer_schema_length=None).to_pandas()


async def _sqlalchemy(file: Path) -> object:
    import pandas as pd

    from mfkit.core.database import Database

    database = Database(file)
    async with database.connect() as connection:
        rows = (await connection.execute(select(media))).all()
    await database.dispose()
    return pd.DataFrame(rows)


WHOLE = (
    "mfkit",
    "DuckDB by hand, Arrow",
    "DuckDB by hand, NumPy",
    "connectorx",
    "ADBC",
    "polars",
    "pandas.read_sql, sqlite3",
    "SQLAlchemy on aiosqlite",
)


def child(file: Path, what: str) -> dict[str, float]:
    """Measure seconds and peak memory of one task in a separate process."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", str(file), what],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if done.returncode:
        print(f"  {what}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {"seconds": float("nan"), "memory": float("nan")}
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def measure(file: Path, what: str) -> None:
    """Print the measurement as JSON."""
    if what == "the ten":
        lib = MediaLibrary(file)
        lib.sql("SELECT 1 AS one")  # brings DuckDB
        before = _peak()
        statements = aggregates(FILTERS["all"]).values()
        (seconds,) = timed(partial(run_uncached, lib, *statements))
    elif what == "reading two tables":
        before = _peak()
        (seconds,) = timed(lambda: _read_two(file), runs=3)
    elif what == "first build":
        lib = MediaLibrary(file)
        before = _peak()
        (seconds,) = timed(lib.refresh, runs=3)
    else:
        before = _peak()
        way = whole_relation(file, what)
        slow = what in WHOLE[3:]
        (seconds,) = timed(way, runs=1 if slow else 5)
    print(json.dumps({"seconds": seconds, "memory": (_peak() - before) / 2**20}))


def _read_two(file: Path) -> None:
    from adbc_driver_sqlite import dbapi

    for table in ("media_items", "media_metadata"):
        with dbapi.connect(str(file)) as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
            cursor.execute(f"SELECT * FROM {table}")
            for _ in cursor.fetch_record_batch():
                pass


def _peak() -> int:
    # Not getrusage(), because there a child starts with its parent's peak.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024


def main(number: int, folder: Path | None) -> None:
    """Print the tables."""
    file = make(number, folder)
    lib = MediaLibrary(file)
    started = time.perf_counter()
    lib.count()
    counted, held = time.perf_counter() - started, lib.snapshot()
    print(
        f"{number:,} items, {file.stat().st_size / 1e9:.2f} GB of SQLite; "
        f"first query {counted:.1f} s; snapshot {held.bytes / 1e6:.0f} MB\n"
        if held
        else "no snapshot\n"
    )
    # Ten million rows in one DataFrame exceed the memory of most machines, and the rest would take an hour.
    if number <= MOST_AS_A_FRAME:
        print("| all of `media` as a DataFrame | seconds | peak memory, MB |\n| --- | ---: | ---: |")
        for name in WHOLE:
            measured = child(file, name)
            print(f"| {name} | {measured['seconds']:.2f} | {measured['memory']:.0f} |", flush=True)
    imports()
    if number <= MOST_AS_A_FRAME:
        print("\n| building the snapshot | seconds |\n| --- | ---: |")
        for what in ("reading two tables", "first build"):
            print(f"| {what} | {child(file, what)['seconds']:.2f} |", flush=True)
    floor = by_hand(file)
    plain = sqlite3.connect(file)
    for label, chosen in FILTERS.items():
        print(f"\n| aggregate, {label} (ms) | mfkit | DuckDB by hand | plain SQLite |")
        print("| --- | ---: | ---: | ---: |")
        sums = [0.0, 0.0, 0.0]
        for name, statement in aggregates(chosen).items():
            ours, hand = timed(partial(run_uncached, lib, statement), _by_hand(floor, statement))
            sqlite = float("nan")
            if number <= MOST_AS_A_FRAME:
                (sqlite,) = timed(_plain(plain, statement), runs=1)
            print(f"| {name} | {ours * 1e3:.1f} | {hand * 1e3:.1f} | {sqlite * 1e3:.0f} |", flush=True)
            sums = [one + other for one, other in zip(sums, (ours, hand, sqlite), strict=True)]
        print(f"| all ten | {sums[0] * 1e3:.0f} | {sums[1] * 1e3:.0f} | {sums[2] * 1e3:.0f} |")
    print(
        f"\nthe ten aggregates, peak memory above the interpreter: {child(file, 'the ten')['memory']:.0f} MB"
    )
    single(lib, file)


def imports() -> None:
    """Print the time of imports, and their slowest part (-X importtime)."""
    print("\n| import | seconds |\n| --- | ---: |")
    for what in ("pandas", "mfkit", "pandas, mfkit", "mfkit.library"):
        taken = []
        for _ in range(5):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {what}"], check=True)
            taken.append(time.perf_counter() - started)
        print(f"| {what} | {statistics.median(taken):.2f} |", flush=True)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import mfkit.library"],
        check=True,
        capture_output=True,
        text=True,
    )
    parts = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines()[1:]]
    largest = sorted(parts, key=lambda part: int(part[1]), reverse=True)[:400]
    roots = [part for part in largest if "." not in part[2].strip()][:8]
    print(
        "-X importtime of mfkit.library: "
        + ", ".join(f"{name.strip()} {int(total) / 1e6:.2f} s" for _, total, name in roots)
        + "\n",
        flush=True,
    )


def _by_hand(connection: Any, statement: Executable) -> Callable[[], object]:
    ready = translate(statement, DuckdbDialect("sqlite", NAMES))
    return lambda: connection.sql(ready.sql, params=ready.values).df()


def _plain(connection: sqlite3.Connection, statement: Executable) -> Callable[[], object]:
    from sqlalchemy.dialects import sqlite

    dialect: Any = sqlite.dialect
    compiled: Any = statement.compile(dialect=dialect(paramstyle="named"))  # type: ignore[attr-defined]
    state = compiled.construct_expanded_state()
    processors = {**compiled._bind_processors, **state.processors}
    values = {
        name: process(value) if callable(process := processors.get(name)) else value
        for name, value in state.parameters.items()
    }
    return lambda: connection.execute(state.statement, values).fetchall()


def single(lib: MediaLibrary, file: Path) -> None:
    """Print the times of lookups, of the check for changes, and of updating the snapshot."""
    some = lib.frame(select(c.id, c.file_path).limit(1))
    by_path = select(media).where(c.file_path == some["file_path"][0])
    (lookup,) = timed(partial(run_uncached, lib, by_path))
    engine = lib._library._snapshot
    assert isinstance(engine, SnapshotEngine)
    (check,) = timed(engine._current_session)
    print(
        f"\none item by its path: {lookup * 1e3:.1f} ms; "
        f"seeing that nothing changed: {check * 1e6:.0f} microseconds"
    )
    plain = sqlite3.connect(file, timeout=60)
    taken = []
    for turn in range(3):
        plain.execute(
            "UPDATE media_metadata SET iso = ? WHERE rowid IN (SELECT abs(random()) % (SELECT max(rowid) "
            "FROM media_metadata) + 1 FROM media_metadata LIMIT 1000)",
            (turn,),
        )
        plain.commit()
        started = time.perf_counter()
        lib.count()
        taken.append(time.perf_counter() - started)
    print(f"updating 1,000 changed rows, first query included: {statistics.median(taken):.2f} s")
    statements = aggregates(FILTERS["all"]).values()
    (ten,) = timed(partial(run_uncached, lib, *statements))
    print(f"the ten aggregates with 3,000 changed rows: {ten * 1e3:.0f} ms")
    lib.refresh()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if sys.argv[1:2] == ["--child"]:
        measure(Path(sys.argv[2]), sys.argv[3])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000, Path(sys.argv[2]) if sys.argv[2:] else None)
