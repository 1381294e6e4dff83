"""Replacement of a SQLite file: beside leftovers of a killed writer, in use, and interrupted."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.core.database import Database
from mfkit.core.event_loop import run_sync
from mfkit.core.sqlite import SqliteFile
from mfkit.errors import LibraryLockedError, LibraryNotFoundError
from mfkit.library.base import Engine
from mfkit.scan import scanner
from tests.commands import call
from tests.samples import item
from tests.unit.core.database_state import count

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
def library(sqlite_path, tmp_path) -> Iterator[MediaLibrary]:
    """A library of three items."""
    folder = tmp_path / "media"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(name * 100)
    with MediaLibrary(sqlite_path) as lib:
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


def test_killed_between_the_steps_of_a_replacement(library, old, tmp_path):
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


pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is open"),
    pytest.mark.filterwarnings("error"),
]
METHODS: dict[str, Callable[[MediaLibrary], Any]] = {
    "count": lambda lib: lib.count(),
    "items": lambda lib: lib.items(),
    "sql": lambda lib: lib.sql("SELECT 1"),
    "snapshot": lambda lib: lib.snapshot(),
    "refresh": lambda lib: lib.refresh(),
    "tag": lambda lib: lib.tag([], "sea"),
    "scan": lambda lib: lib.scan(Path(__file__).parent, progress=False),
}


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(params=["library.db", os.fsdecode(b"\xff 100%25?#.db")])
def path(request: pytest.FixtureRequest, sqlite_path: Path) -> Path:
    """A library with one item in a folder of its own, under a name that is hard to spell too."""
    path = sqlite_path.parent / "folder" / request.param
    path.parent.mkdir()
    sqlite_path.rename(path)
    add(path, "/a.jpg")
    return path


def add(path: Path, *files: str) -> None:
    """Put items into a library, and everything into its one file."""

    async def work() -> None:
        database = Database(path)
        async with database.session() as session:
            session.add_all(item(file) for file in files)
        await database.dispose()

    run_sync(work())


@pytest.fixture(params=["snapshot", "database"])
def opened(request: pytest.FixtureRequest, path: Path) -> Iterator[MediaLibrary]:
    """The library, with several connections in its pool."""
    engine: Engine = request.param
    with MediaLibrary(path, engine=engine) as library:
        assert library.count() == 1

        async def many() -> None:
            async with AsyncExitStack() as stack:
                for _ in range(3):
                    await stack.enter_async_context(library.database.connect())

        run_sync(many())
        yield library


def in_folder(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir()) if path.parent.exists() else []


@pytest.mark.parametrize(
    "lost",
    [
        Path.unlink,
        lambda path: path.rename(path.parent.parent / "away.db"),
        lambda path: shutil.rmtree(path.parent),
    ],
    ids=["deleted", "moved", "with its folder"],
)
def test_deleted_file(opened: MediaLibrary, path: Path, lost: Callable[[Path], object]) -> None:
    """Every method says so and what to do, again and again, and makes nothing anew, closed or not."""
    lost(path)
    left = in_folder(path)
    for _ in range(2):
        for name, method in METHODS.items():
            with pytest.raises(LibraryNotFoundError, match="library at .* was deleted or moved. Restore"):
                pytest.fail(f"{name}: {method(opened)}")
    opened.close()
    with pytest.raises(LibraryNotFoundError, match="was deleted or moved"):
        opened.count()
    assert in_folder(path) == left


async def test_connections(sqlite_path: Path) -> None:
    """So does every connection, be it from the pool or new, to read or to write."""
    database = Database(sqlite_path)
    assert await count(database) == 0
    sqlite_path.unlink()
    left = in_folder(sqlite_path)
    for _ in range(2):
        for context in (database.connect, database.transaction, database.read_only_connection):
            with pytest.raises(LibraryNotFoundError, match="was deleted or moved"):
                async with context():
                    pytest.fail("a connection was given")
        with pytest.raises(LibraryNotFoundError, match="was deleted or moved"):
            async with database.session() as session:
                session.add(item())
    assert in_folder(sqlite_path) == left
    await database.dispose()


def test_no_connection_creates_the_file(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself makes none, where the file goes just after it was looked for."""
    # On a loop that lives on: aiosqlite's thread tells it of a connection that failed a little later.
    database = Database(sqlite_path)
    assert run_sync(count(database)) == 0
    run_sync(database.dispose())
    there = SqliteFile(sqlite_path).identity()
    sqlite_path.unlink()
    monkeypatch.setattr(SqliteFile, "identity", lambda self: there)
    with pytest.raises(LibraryNotFoundError, match="cannot be opened"):
        run_sync(count(database))
    assert not sqlite_path.exists()


@pytest.mark.parametrize("content", [b"", b"some notes " * 1000])
def test_another_file(opened: MediaLibrary, path: Path, content: bytes) -> None:
    """What lies there by now and is no library is named, and left as it is."""
    path.rename(path.parent.parent / "away.db")
    path.write_bytes(content)
    for method in METHODS.values():
        with pytest.raises(LibraryNotFoundError, match="now has this path. Restore the library, or"):
            pytest.fail(f"returned {method(opened)}")
    assert path.read_bytes() == content


def test_restored_file(opened: MediaLibrary, path: Path) -> None:
    """The library goes on when its file is there again."""
    path.rename(path.parent / "away.db")
    with pytest.raises(LibraryNotFoundError):
        opened.count()
    (path.parent / "away.db").rename(path)
    assert opened.count() == opened.tag(opened.items(), "sea") == opened.count(tags="sea") == 1


def test_replaced_library(opened: MediaLibrary, path: Path) -> None:
    """Another library in its place, a backup say, is read and written by all connections."""
    backup = path.parent / "backup.db"
    shutil.copyfile(path, backup)
    add(backup, "/b.jpg")
    for rest in ("-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    backup.rename(path)
    for word in "abcd":
        assert opened.tag(opened.items(), word) == 2
    with MediaLibrary(path) as other:
        assert sorted(other.tags()["name"]) == list("abcd")


def test_unchanged_file_raises_no_error(
    opened: MediaLibrary, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that was mounted anew gives the file another number; it is the library all the same."""
    opened.sql("SELECT 1", engine="database")
    found = path.stat()
    monkeypatch.setattr(SqliteFile, "identity", lambda self: (found.st_dev + 1, found.st_ino + 1))
    assert opened.tag(opened.items(), "sea") == opened.count() == 1


def test_another_folder(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library named by a relative path stays where it is when the process goes elsewhere."""
    monkeypatch.chdir(sqlite_path.parent)
    with MediaLibrary(sqlite_path.name, engine="database") as library:
        assert library.count() == 0
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert library.count() == library.tag([], "sea") == 0
    assert list(Path.cwd().iterdir()) == []


def test_scan(path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan under which the file goes ends with the same words, and makes nothing anew."""
    write = scanner.write_batch

    async def late(*given: Any) -> Any:
        path.unlink(missing_ok=True)
        return await write(*given)

    monkeypatch.setattr(scanner, "write_batch", late)
    with MediaLibrary(path) as library:
        with pytest.raises(LibraryNotFoundError, match="was deleted or moved"):
            library.scan(demo / "Music", progress=False)
    assert not path.exists()
