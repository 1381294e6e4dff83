"""Several processes on one library: one writes, four ask; and one is killed while it makes the snapshot."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from tests.samples import new_library

ITEM = (
    "INSERT INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type, media_type, "
    "created_at, is_processed, is_compressed, modified_at) "
    "VALUES (printf('%032x', :n), '/f/' || :n, 'f' || :n, 1, "
    "printf('%064x', :n), 'a/b', 'image', '2026-01-01 00:00:00.000000', 1, 1, '2026-01-01 00:00:00.000000')"
)
# Every commit adds one item, puts its number into the title of all, and takes one tag to the newest:
# an answer that mixes two moments shows titles that differ, or a number that is not the count's.
WRITER = """
import sqlite3, sys, time
file, seconds = sys.argv[1], float(sys.argv[2])
db = sqlite3.connect(file, isolation_level=None, timeout=30)
number = db.execute("SELECT count(*) FROM media_items").fetchone()[0]
end = time.monotonic() + seconds
while time.monotonic() < end:
    number += 1
    db.execute("BEGIN IMMEDIATE")
    db.execute({item!r}, {{"n": number}})
    db.execute("UPDATE media_items SET file_size = ?, modified_at = modified_at", (number,))
    db.execute("DELETE FROM media_tags")
    db.execute("INSERT INTO media_tags SELECT printf('%032x', ?), id, created_at FROM tags", (number,))
    begun = time.monotonic()
    db.execute("COMMIT")
    print(number, begun, time.monotonic(), flush=True)
    time.sleep(0.005)
"""
READER = """
import sys, time, warnings, mfkit
warnings.simplefilter("error")
file, seconds, anew = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "anew"
lib = mfkit.MediaLibrary(file)
if anew:  # by a process of its own, which reads over several connections
    from mfkit.engines.snapshot import parallel_build
    parallel_build.LARGE_LIBRARY = 1
end = time.monotonic() + seconds
while time.monotonic() < end:
    asked = time.monotonic()
    if anew:
        lib.refresh()
    row = lib.sql(
        "SELECT count(*) AS n, min(file_size) AS low, max(file_size) AS high, (SELECT max(m.file_path) FROM "
        "media_tags t JOIN media m ON m.id = t.media_item_id) AS tagged FROM media"
    ).iloc[0]
    print(row.n, row.low, row.high, row.tagged, asked, time.monotonic(), flush=True)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small library."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "library.db"
    with new_library(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.executemany(ITEM, [{"n": number} for number in range(1, 301)])
        connection.execute("UPDATE media_items SET file_size = 300")
        connection.execute(
            "INSERT INTO tags (id, name, created_at) VALUES (printf('%032x', 1), 'newest', "
            "'2026-01-01 00:00:00.000000')"
        )
        connection.execute("INSERT INTO media_tags SELECT printf('%032x', 300), id, created_at FROM tags")
    connection.close()
    return path


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run Python code in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines(child: subprocess.Popen[str]) -> list[list[Any]]:
    """Return what a child printed; fails when it failed."""
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return [line.split() for line in out.splitlines()]


@pytest.mark.parametrize(("how", "readers"), [("as it is", 4), ("anew", 2)])
def test_one_process_writes_while_others_query(file: Path, how: str, readers: int) -> None:
    """Every answer is the database as it was at one moment between question and answer."""
    asking = [start(READER, file, 8, how) for _ in range(readers)]
    writer = start(WRITER.format(item=ITEM), file, 6)
    committed = {300: (0.0, 0.0)}
    committed |= {int(number): (float(begun), float(done)) for number, begun, done in lines(writer)}
    answers = [answer for reader in asking for answer in lines(reader)]
    assert len(answers) >= (8 if how == "as it is" else 2) and len(committed) >= 20
    for count, low, high, tagged, asked, answered in answers:
        number = int(count)
        assert int(low) == int(high) == number and tagged == f"/f/{number}"
        # A commit can be seen from some moment between its beginning and its end.
        begun, (_, next_done) = committed[number][0], committed.get(number + 1, (0.0, float("inf")))
        assert float(asked) <= next_done, "older than the question"
        assert begun <= float(answered), "newer than the answer"
    end = committed[max(committed)][1]
    last = [int(answer[0]) for answer in answers if float(answer[4]) > end]
    assert set(last) <= {max(committed)}


def test_killed_while_creating_the_library(file: Path) -> None:
    """What was there stays usable, and the next process makes what is missing."""
    with MediaLibrary(file) as library:
        assert library.count() == 300
    code = """
import sys, time, mfkit
from mfkit.engines import duckdb_settings
lib = mfkit.MediaLibrary(sys.argv[1])
whole = duckdb_settings.copy_to_parquet
def slow(*args):
    written = whole(*args)
    print("one file", flush=True)
    time.sleep(0.5)
    return written
duckdb_settings.copy_to_parquet = slow
lib.refresh()
"""
    for files in (1, 3):
        child = start(code, file)
        assert child.stdout is not None
        for _ in range(files):
            assert child.stdout.readline() == "one file\n"
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        started = time.monotonic()
        with MediaLibrary(file) as library:
            assert library.count() == 300
            assert time.monotonic() - started < 5
            with sqlite3.connect(file) as connection:
                connection.execute("UPDATE media_items SET missing_since = created_at WHERE file_size < 5000")
            connection.close()
            assert library.count() == 0
            with sqlite3.connect(file) as connection:
                connection.execute("UPDATE media_items SET missing_since = NULL")
            connection.close()
            assert library.count() == 300
