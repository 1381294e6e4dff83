"""The timeout of free SQL is kept, whatever the statement computes, and the library answers afterwards."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.errors import QueryError

DUCKDB_LONG = [
    "SELECT count(*) FROM range(100000) WHERE repeat('a', 100000) || range LIKE '%a%a%a%a%b'",
    "SELECT sum(instr(repeat('a', 2000000) || i, repeat('a', 1000000) || 'b' || i)) FROM range(100000) r(i)",
    "SELECT sum(len(list_sort(list_reverse(range(9000000 + i))))) FROM range(1000) r(i)",
    "SELECT sum(levenshtein(repeat('a', 30000 + i), repeat('b', 30000))) FROM range(1000) r(i)",
]
SQLITE_LONG = [
    "SELECT hex(zeroblob(8000000)) LIKE '%' || hex(zeroblob(20000)) || '1'",
    "SELECT instr(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || '1')",
    "SELECT hex(zeroblob(8000000)) GLOB '*' || hex(zeroblob(20000)) || '1'",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT sum(length(hex(zeroblob(i)))) FROM n WHERE i < 8000000",
]
POSTGRESQL_LONG = [
    "SELECT repeat('a', 1500000) LIKE '%' || repeat('a', 30000) || 'b'",
    "SELECT pg_sleep(60)",
    "SELECT sum(length(repeat('a', 10000000 + i))) FROM generate_series(1, 1000000) i",
]
BOUND = 15.0
"""Seconds, of which the timeout is one and the rest for a busy machine."""


def _overruns(library: MediaLibrary, statement: str, **options: Any) -> None:
    started = time.monotonic()
    with pytest.raises(QueryError, match="stopped after"):
        library.sql(statement, timeout=1, **options)
    assert time.monotonic() - started < BOUND, statement
    assert library.sql("SELECT 1 AS one", **options)["one"][0] == 1
    assert library.count() > 0


@pytest.mark.parametrize("statement", DUCKDB_LONG)
def test_snapshot(library: MediaLibrary, statement: str) -> None:
    """DuckDB on the snapshot."""
    library.sql("SELECT 1 AS one")
    _overruns(library, statement)


def test_dataset(library: MediaLibrary, tmp_path: Path) -> None:
    """DuckDB on a dataset."""
    library.publish(tmp_path / "dataset")
    with MediaLibrary.from_dataset(tmp_path / "dataset") as dataset:
        for statement in DUCKDB_LONG[:2]:
            _overruns(dataset, statement)


@pytest.mark.parametrize("statement", SQLITE_LONG)
def test_sqlite(record: MediaLibrary, statement: str) -> None:
    """SQLite, the library database."""
    record.count()
    _overruns(record, statement)


@pytest.fixture
def server(file: Path, postgres_server: Any) -> Iterator[MediaLibrary]:
    """The library on a PostgreSQL server."""
    name = postgres_server.create()
    with MediaLibrary(file) as source:
        source.copy_to(postgres_server.url(name), progress=False)
    with MediaLibrary(postgres_server.url(name), engine="database") as library:
        # Not dropped: the server may still work on the statement that was given up.
        yield library


def test_postgresql(server: MediaLibrary) -> None:
    """PostgreSQL, whose server checks for an interruption between rows."""
    for statement in POSTGRESQL_LONG:
        _overruns(server, statement)


def test_memory(library: MediaLibrary) -> None:
    """A statement that makes texts of gigabytes ends with an error and leaves this process alone."""
    with pytest.raises(QueryError):
        library.sql("SELECT repeat('a', 1000000000 + i) FROM range(8) r(i)", timeout=30)
    assert library.count() > 0


@pytest.mark.parametrize(
    ("engine", "statement"), [("snapshot", DUCKDB_LONG[2]), ("database", SQLITE_LONG[0])]
)
def test_the_process_ends(file: Path, engine: str, statement: str) -> None:
    """A program that gave up a statement ends at once, with its own exit code."""
    code = f"""
import sys, time, mfkit
lib = mfkit.MediaLibrary({str(file)!r})
try:
    lib.sql({statement!r}, timeout=1, engine={engine!r})
except mfkit.MfkitError:
    print(time.time(), flush=True)
    sys.exit(7)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 7 and time.time() - float(done.stdout) < 3 * BOUND, done.stderr


def test_the_worker_ends_with_its_parent(file: Path) -> None:
    """A killed program leaves no process that goes on computing."""
    code = f"""
import mfkit, threading, time
lib = mfkit.MediaLibrary({str(file)!r})
lib.sql("SELECT 1 AS one")
threading.Thread(target=lib.sql, args=({DUCKDB_LONG[0]!r},), daemon=True).start()
time.sleep(1)
print("ready", flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "ready\n"
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    found = {
        int(pid)
        for task in Path(f"/proc/{parent.pid}/task").iterdir()
        for pid in (task / children.name).read_text().split()
    }
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 20
    while (left := [pid for pid in found if _runs(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    assert found and not left


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
