"""Replacement of a SQLite file: beside leftovers of a killed writer, in use, and interrupted."""

from __future__ import annotations

import functools
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from mfkit.errors import LibraryLockedError
from tests.commands import call

COMPANIONS = ("-wal", "-shm", "-journal")

_KILLED = {
    # The last commits are in the log alone, as after a kill of a scan.
    "wal": """
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("UPDATE media_items SET file_name = 'of the killed writer'")
""",
    # Killed in the middle of a transaction whose first pages are in the file already.
    "journal": """
connection.execute("PRAGMA journal_mode = DELETE")
connection.execute("PRAGMA cache_size = 2")
connection.execute("PRAGMA cache_spill = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE media_items SET file_name = 'half a transaction' || hex(randomblob(2000))")
connection.execute("CREATE TABLE more AS SELECT randomblob(3000) FROM media_items, (SELECT 1 UNION SELECT 2)")
""",
}


def _kill_a_writer(file: Path, kind: str) -> None:
    code = (
        f"import os, sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        f"{_KILLED[kind]}\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], timeout=60)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def library(tmp_path) -> Iterator[MediaLibrary]:
    """A library of three items."""
    folder = tmp_path / "media"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(name * 100)
    with MediaLibrary(tmp_path / "library.db") as lib:
        lib.scan(folder, progress=False)
        yield lib


@pytest.fixture
def old(library, tmp_path) -> Path:
    """A library of many other items, which is to be replaced."""
    file = tmp_path / "old.db"
    with MediaLibrary(file) as lib:
        (tmp_path / "rows.csv").write_text(
            "file_path,file_size\n" + "".join(f"/there/{number}.jpg,5\n" for number in range(500))
        )
        lib.ingest(tmp_path / "rows.csv", progress=False)
    assert _beside(file) == []
    return file


def _beside(file: Path) -> list[str]:
    return sorted(end for end in COMPANIONS if file.with_name(file.name + end).exists())


def _names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in connection.execute("SELECT file_name FROM media_items ORDER BY 1")]


NEW = ["a.txt", "b.txt", "c.txt"]


@pytest.mark.parametrize("kind, left", [("wal", ["-shm", "-wal"]), ("journal", ["-journal"])])
def test_leftovers_of_a_killed_writer(library, old, kind, left):
    """The new library has its own rows, and no log or journal of the old one."""
    _kill_a_writer(old, kind)
    assert _beside(old) == left
    library.export(old, overwrite=True, progress=False)
    assert _beside(old) == []
    assert _names(old) == NEW
    with MediaLibrary(old) as lib:
        assert lib.count() == 3


@pytest.mark.parametrize("kind", ["wal", "journal"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_log_without_a_database(library, old, kind, overwrite):
    """A log or journal without its database is not applied to the new library."""
    _kill_a_writer(old, kind)
    old.unlink()
    library.export(old, overwrite=overwrite, progress=False)
    assert _names(old) == NEW


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + b"\xff" * 9000, b""])
def test_damaged_database(library, old, content):
    """A damaged file and the files beside it are replaced."""
    _kill_a_writer(old, "wal")
    old.write_bytes(content)
    library.export(old, overwrite=True, progress=False)
    assert _beside(old) == []
    assert _names(old) == NEW


def test_companions_of_other_files_are_kept(library, tmp_path):
    """Only a database has companions; a file with such a name beside a CSV file is kept."""
    (tmp_path / "x.csv").write_text("old")
    (tmp_path / "x.csv-wal").write_text("somebody's")
    library.export(tmp_path / "x.csv", overwrite=True, progress=False)
    assert (tmp_path / "x.csv-wal").read_text() == "somebody's"


@contextmanager
def _open_elsewhere(file: Path) -> Iterator[None]:
    code = (
        "import sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('SELECT 1 FROM media_items').fetchall()\nprint('open', flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == "open\n"
        yield
        other.stdin.write("\n")


@pytest.mark.parametrize("suffix", [".db", ".sqlite"])
def test_database_open_in_another_program(library, old, suffix):
    """The export is refused and the database is unchanged, even if the other program is idle."""
    file = old.rename(old.with_suffix(suffix))
    before = _names(file)
    with _open_elsewhere(file):
        with pytest.raises(LibraryLockedError, match="open in another program.*Close it"):
            library.export(file, overwrite=True, progress=False)
    assert _names(file) == before
    assert not list(file.parent.glob(".*.part*"))
    library.export(file, overwrite=True, progress=False)
    assert _names(file) == NEW


def test_database_open_in_this_program(library, old):
    """The export is refused if another library object has the database open."""
    with MediaLibrary(old) as lib:
        assert lib.count() == 500
        with pytest.raises(LibraryLockedError, match="open"):
            library.export(old, overwrite=True, progress=False)
        assert lib.count() == 500


def test_command_refuses_an_open_database(library, old, capsys):
    """The command exits with status 2 and one line."""
    run = functools.partial(call, capsys)
    with _open_elsewhere(old):
        done = run("export", old, "--overwrite", "--library", library.database.file)
    assert done.code == 2 and "open in another program" in done.err and done.err.count("\n") == 1


_KILLED_AT = """
import os, sys
from pathlib import Path
from mfkit.core.sqlite import replace_file
left = int(sys.argv[1])

def count(event, arguments):
    global left
    if event in ("sqlite3.connect", "os.remove", "os.rename"):
        left -= 1
        if not left:
            os.kill(os.getpid(), 9)

sys.addaudithook(count)
replace_file(Path(sys.argv[2]), Path(sys.argv[3]))
"""


def test_killed_between_its_steps(library, old, tmp_path):
    """A kill before any step leaves the old library with its last commits, or the new one."""
    _kill_a_writer(old, "wal")
    new = tmp_path / "new.db"
    library.export(new, progress=False)
    outcomes, step, killed = [], 0, True
    while killed:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        for file in (new, *(old.with_name(old.name + end) for end in ("", "-wal", "-shm"))):
            shutil.copyfile(file, folder / file.name)
        arguments = [str(step), str(folder / new.name), str(folder / old.name)]
        done = subprocess.run([sys.executable, "-c", _KILLED_AT, *arguments], timeout=60)
        killed = done.returncode == -signal.SIGKILL
        assert killed or done.returncode == 0
        outcomes.append(_names(folder / old.name))
    assert outcomes == [["of the killed writer"] * 500] * (step - 1) + [NEW]
    assert step > len(COMPANIONS) + 1


def test_database_copy_beside_leftover_logs(library, old, tmp_path):
    """``db copy`` writes a complete library beside the log of another database."""
    _kill_a_writer(old, "wal")
    old.unlink()
    copied = library.copy_to(old, progress=False)
    assert copied.rows.sum() > 3 and _names(old) == NEW
