"""A SQLite library's file that is deleted, moved or exchanged while the library is open."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.core.database import Database
from mfkit.core.event_loop import run_sync
from mfkit.core.sqlite_file import SqliteFile
from mfkit.errors import LibraryNotFoundError
from mfkit.library.base import Engine
from mfkit.scan import scanner
from tests.samples import item
from tests.unit.core.test_database import count

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is open"),
    pytest.mark.filterwarnings("error"),
]
VERBS: dict[str, Callable[[MediaLibrary], Any]] = {
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


@pytest.fixture(params=["snapshot", "record"])
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
def test_gone(opened: MediaLibrary, path: Path, lost: Callable[[Path], object]) -> None:
    """Every verb says so and what to do, again and again, and makes nothing anew, closed or not."""
    lost(path)
    left = in_folder(path)
    for _ in range(2):
        for name, call in VERBS.items():
            with pytest.raises(LibraryNotFoundError, match="library at .* was deleted or moved. Restore"):
                pytest.fail(f"{name}: {call(opened)}")
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


def test_no_connection_makes_the_file(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    for call in VERBS.values():
        with pytest.raises(LibraryNotFoundError, match="another file has its path now. Restore it, or"):
            pytest.fail(f"answered {call(opened)}")
    assert path.read_bytes() == content


def test_put_back(opened: MediaLibrary, path: Path) -> None:
    """The library goes on when its file is there again."""
    path.rename(path.parent / "away.db")
    with pytest.raises(LibraryNotFoundError):
        opened.count()
    (path.parent / "away.db").rename(path)
    assert opened.count() == opened.tag(opened.items(), "sea") == opened.count(tags="sea") == 1


def test_exchanged(opened: MediaLibrary, path: Path) -> None:
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


def test_no_false_alarm(opened: MediaLibrary, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that was mounted anew gives the file another number; it is the library all the same."""
    opened.sql("SELECT 1", engine="record")
    found = path.stat()
    monkeypatch.setattr(SqliteFile, "identity", lambda self: (found.st_dev + 1, found.st_ino + 1))
    assert opened.tag(opened.items(), "sea") == opened.count() == 1


def test_another_folder(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library named by a relative path stays where it is when the process goes elsewhere."""
    monkeypatch.chdir(sqlite_path.parent)
    with MediaLibrary(sqlite_path.name, engine="record") as library:
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
