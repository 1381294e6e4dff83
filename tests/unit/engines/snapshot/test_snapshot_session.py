"""Free SQL on the snapshot: reads, and does nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from mfkit import MediaLibrary
from mfkit.errors import QueryError
from tests.frame_comparison import assert_same_frame

SLOW = (
    "SELECT sum(a.width + b.width * c.width + d.width + e.width) AS n FROM media a, media b, media c, "
    "media d, media e"
)


@pytest.fixture(scope="module")
def shared(nasty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library that no test changes."""
    path = tmp_path_factory.mktemp("shared") / "library.db"
    path.write_bytes(nasty_template.read_bytes())
    with MediaLibrary(path) as library:
        yield library


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY media TO '/tmp/out.csv'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CREATE TABLE x (y INT)",
        "DROP VIEW media",
        "DELETE FROM media",
        "INSERT INTO tags SELECT * FROM tags",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "",
        "EXPORT DATABASE 'x'",
        "CREATE MACRO m() AS 1",
        "CHECKPOINT",
        "BEGIN",
        "SELECT nothing FROM media",
        "SELEC",
        "USE temp",
        "WITH x AS (INSERT INTO media_delta SELECT * FROM media RETURNING id) SELECT * FROM x",
        "EXPLAIN ANALYZE COPY media TO '/tmp/out.csv'",
        "SELECT * FROM media WHERE title = :missing",
    ],
)
def test_refused(shared: MediaLibrary, statement: str) -> None:
    """Files, extensions, settings, writes, several statements and nonsense."""
    count = shared.count()
    with pytest.raises(QueryError):
        shared.sql(statement)
    assert shared.count() == count and not Path("/tmp/out.csv").exists()


def test_python_variables_are_not_tables(library: MediaLibrary) -> None:
    """A frame in the caller's hands is not what SQL can see."""
    media_frame = library.items()
    with pytest.raises(QueryError):
        library.sql("SELECT * FROM media_frame")
    assert len(media_frame)


def test_parameters(library: MediaLibrary) -> None:
    """Parameters are values wherever they stand, and only outside of texts and comments."""
    hostile = "'; drop table media; --"
    frame = library.sql(
        "SELECT :text AS text, ':text' AS quoted, 1::BIGINT AS cast, :n + 1 AS n, :at AS at "
        "/* :text */ -- :n",
        text=hostile,
        n=2**40,
        at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    assert frame["text"][0] == hostile and frame["quoted"][0] == ":text" and frame["n"][0] == 2**40 + 1
    assert str(frame["at"].dtype) == "datetime64[us, UTC]"
    first = library.items(limit=1)["id"][0]
    assert len(library.sql("SELECT id FROM media WHERE id = :id", id=first)) == 1
    assert len(library.sql("SELECT id FROM media WHERE id = :id", id=UUID(first))) == 1
    listed = "SELECT id FROM media WHERE id::VARCHAR IN (SELECT unnest(:ids))"
    assert len(library.sql(listed, ids=[first])) == 1
    with pytest.raises(QueryError, match="no parameter :extra"):
        library.sql("SELECT 1 AS one", extra=1)


def test_types(library: MediaLibrary, record: MediaLibrary) -> None:
    """Columns of media have its dtypes, with rows and without, as from the database."""
    for statement in (
        "SELECT * FROM media ORDER BY id",
        "SELECT * FROM media WHERE file_size < 0",
        "SELECT media_type, count(*) AS n, avg(width) AS w FROM media GROUP BY 1 ORDER BY 1",
    ):
        assert_same_frame(library.sql(statement), record.sql(statement))
    own = library.sql("SELECT 'text' AS width, sum(file_size::HUGEINT) * 2^70::HUGEINT AS big FROM media")
    assert str(own["width"].dtype) == "str" and str(own["big"].dtype) == "float64"


def test_engine_for_one_statement(library: MediaLibrary) -> None:
    """The database's own SQL runs where it is at home."""
    frame = library.sql("SELECT count(*) AS n FROM media_fts WHERE media_fts MATCH 'a'", engine="database")
    assert frame["n"][0] >= 0
    with pytest.raises(QueryError):
        library.sql("SELECT count(*) FROM media_fts")


@pytest.mark.parametrize("engine", ["snapshot", "database"])
def test_timeout(library: MediaLibrary, engine: str) -> None:
    """A statement that takes too long is stopped."""
    library.count()
    started = time.monotonic()
    with pytest.raises(QueryError, match="stopped after"):
        library.sql(SLOW, timeout=0.3, engine=engine)
    assert time.monotonic() - started < 1.5


def test_interrupt(file: Path) -> None:
    """Ctrl-C ends a query within half a second, and the library goes on."""
    code = f"""
import signal, time, mfkit
lib = mfkit.MediaLibrary({str(file)!r})
lib.count()
print("ready", flush=True)
try:
    lib.sql({SLOW!r})
except KeyboardInterrupt:
    print("stopped", time.time(), lib.count() > 0, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    time.sleep(1.0)
    sent = time.time()
    os.kill(child.pid, signal.SIGINT)
    out, _ = child.communicate(timeout=30)
    word, at, usable = out.split()
    assert word == "stopped" and usable == "True" and float(at) - sent < 1.0


def test_threads(library: MediaLibrary) -> None:
    """Many threads ask at once and each gets its own answer."""
    answers: dict[int, int] = {}

    def ask(number: int) -> None:
        answers[number] = int(library.sql("SELECT :n AS n", n=number)["n"][0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: number for number in range(16)}
