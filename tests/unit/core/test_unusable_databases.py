"""Errors for databases that cannot be opened, read or written."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from mfkit.core.database import Database
from mfkit.core.event_loop import run_sync
from mfkit.errors import (
    DatabaseUnavailableError,
    LibraryLockedError,
    LibraryNotFoundError,
    MfkitError,
    NewerLibraryError,
    NotALibraryError,
    ReadOnlyLibraryError,
)
from tests import postgres
from tests.samples import item
from tests.unit.core.database_state import count

pytestmark = pytest.mark.usefixtures("no_thread_left")


class TestBadInput:
    """Each thing that can be wrong with a library, and what a person is told."""

    def test_directory(self, tmp_path: Path) -> None:
        """A path that is a directory is refused by a message that suggests a file."""
        with pytest.raises(NotALibraryError, match=r"is a directory. Use a file in it"):
            Database(tmp_path)

    @pytest.mark.parametrize("content", [b"not a database, but some text " * 100, b"\x00" * 5000, b"xy"])
    async def test_no_database(self, tmp_path: Path, content: bytes) -> None:
        """A file of another sort is refused, and not changed."""
        path = tmp_path / "notes.txt"
        path.write_bytes(content)
        database = Database(path)
        with pytest.raises(NotALibraryError, match=r"notes\.txt is not a SQLite database. Use another file"):
            await database.upgrade()
        await database.dispose()
        assert path.read_bytes() == content

    async def test_damaged(self, sqlite_path: Path) -> None:
        """A library with overwritten pages is called damaged."""
        content = bytearray(sqlite_path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        sqlite_path.write_bytes(content)
        database = Database(sqlite_path)
        with pytest.raises(NotALibraryError, match="is damaged .*mfkit doctor.*recover"):
            await count(database)
        await database.dispose()

    async def test_another_program(self, tmp_path: Path) -> None:
        """Another program's SQLite database is refused, and not changed."""
        path = tmp_path / "places.sqlite"
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE moz_places (id)")
        database = Database(path)
        with pytest.raises(NotALibraryError, match="of another program .*'moz_places'"):
            await database.upgrade()
        await database.dispose()
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("moz_places",)]

    @pytest.mark.parametrize("revision", ["0001", "a1b2c3"])
    async def test_another_program_with_migrations(self, tmp_path: Path, revision: str) -> None:
        """So is that of another program which uses Alembic too: it is no newer mfkit's."""
        path = tmp_path / "app.db"
        with closing(sqlite3.connect(path)) as other:
            other.executescript(
                "CREATE TABLE users (id); CREATE TABLE alembic_version (version_num);"
                f"INSERT INTO alembic_version VALUES ('{revision}');"
            )
        database = Database(path)
        with pytest.raises(NotALibraryError, match="of another program .*'users'"):
            await database.upgrade()
        await database.dispose()

    async def test_shared_server(self, postgres_server: postgres.Server) -> None:
        """On a server, other tables in the same database are no hindrance, and are let alone."""
        name = postgres_server.create()
        postgres_server.run("CREATE TABLE users (id int)", name)
        database = Database(postgres_server.url(name))
        await database.upgrade()
        assert await count(database) == 0
        await database.drop_tables()
        await database.dispose()
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert postgres_server.run(tables, name) == ["users"]
        postgres_server.drop(name)

    async def test_empty_file(self, tmp_path: Path) -> None:
        """An empty file becomes a library."""
        (tmp_path / "x.db").touch()
        database = Database(tmp_path / "x.db")
        await database.upgrade()
        assert await count(database) == 0
        await database.dispose()

    async def test_locked(self, sqlite_path: Path) -> None:
        """While another program writes, reading works and writing waits, then says so."""
        database = Database(sqlite_path, busy_timeout=0.1)
        with locked(sqlite_path):
            assert await count(database) == 0
            with pytest.raises(LibraryLockedError, match="Another program is writing to"):
                async with database.transaction():
                    pytest.fail("the lock was not taken")
            with pytest.raises(LibraryLockedError, match="Another program is writing to"):
                async with database.session() as session:
                    session.add(item())
        async with database.session() as session:
            session.add(item())
        assert await count(database) == 1
        await database.dispose()

    async def test_locked_when_created(self, tmp_path: Path) -> None:
        """A library that another program is just making is locked, too."""
        database = Database(tmp_path / "x.db", busy_timeout=0.1)
        with closing(sqlite3.connect(tmp_path / "x.db")) as other:
            other.execute("PRAGMA journal_mode = WAL")
        with locked(tmp_path / "x.db"), pytest.raises(LibraryLockedError):
            await database.upgrade()
        await database.dispose()

    @pytest.mark.parametrize("kind", ["upgrade", "create_tables", "drop_tables"])
    async def test_read_only_schema(self, database_url: str, kind: str) -> None:
        """A library opened to be read refuses to be made, dropped or changed."""
        writer = Database(database_url)
        if kind == "upgrade":
            await writer.drop_tables()
        database = Database(database_url, read_only=True)
        with pytest.raises(ReadOnlyLibraryError, match="read-only"):
            await getattr(database, kind)()
        await database.dispose()
        await writer.dispose()

    async def test_read_only(self, database_url: str) -> None:
        """A library opened to be read is read, and refuses every way to write."""
        database = Database(database_url, read_only=True)
        await database.upgrade()
        assert await count(database) == 0
        with pytest.raises(ReadOnlyLibraryError, match="read-only"):
            async with database.transaction():
                pytest.fail("a transaction to write was given")
        with pytest.raises(ReadOnlyLibraryError, match="read-only"):
            async with database.session() as session:
                session.add(item())
        await database.dispose()

    def test_read_only_and_missing(self, tmp_path: Path) -> None:
        """A library to be read must be there; neither it nor its folder is made."""
        # On a loop that lives on: aiosqlite's thread tells it of a connection that failed a little later.
        database = Database(tmp_path / "a" / "x.db", read_only=True)
        with pytest.raises(LibraryNotFoundError, match="The library .* does not exist"):
            run_sync(database.upgrade())
        with pytest.raises(LibraryNotFoundError, match=r"x\.db cannot be opened"):
            run_sync(count(database))
        assert not (tmp_path / "a").exists()

    async def test_newer_revision(self, database: Database) -> None:
        """A schema of a newer mfkit is refused by a message that says how to upgrade."""
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(NewerLibraryError, match=r"'9999'.*pip install --upgrade mfkit"):
            await database.upgrade()

    def test_unknown_backend(self) -> None:
        """A database of another kind is refused by a message that names the two."""
        with pytest.raises(NotALibraryError, match="stored in mysql. Use SQLite or PostgreSQL"):
            Database("mysql://u:hunter2@h/d")

    def test_missing_driver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without asyncpg the message says what to install."""
        monkeypatch.setitem(sys.modules, "asyncpg", None)
        with pytest.raises(DatabaseUnavailableError, match=r"pip install 'mfkit\[postgres\]'"):
            Database("postgresql://u@h/d")

    async def test_folder_that_cannot_be_created(self, tmp_path: Path) -> None:
        """A folder below a file cannot be made; the message says why."""
        (tmp_path / "file").touch()
        database = Database(tmp_path / "file" / "folder" / "x.db")
        with pytest.raises(LibraryNotFoundError, match=r"folder does not exist and cannot be created: \w+"):
            await database.create_tables()

    async def test_full_disk(self, sqlite_path: Path) -> None:
        """A full disk is called so (SQLite's own page limit stands for it)."""
        database = Database(sqlite_path)
        with pytest.raises(MfkitError, match="The disk with .* is full"):
            async with database.transaction() as connection:
                await connection.execute(text("PRAGMA max_page_count = 1"))
                await connection.execute(text("CREATE TABLE big AS SELECT randomblob(9000000) AS b"))
        await database.dispose()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock of a SQLite file, as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


# Root may write whatever the permissions say. All modules are loaded first: the interpreter may lie
# where others cannot look.
AS_NOBODY = """
import asyncio, os, sys
from sqlalchemy import text
from mfkit.core.database import Database
from tests.unit.core.test_database import count, item

async def warm():
    database = Database(sys.argv[1])
    await database.upgrade()
    await count(database)
    async with database.session() as session:
        session.add(item())
    await database.dispose()

async def main():
    database = Database(sys.argv[2])
    try:
        await database.upgrade()
        print("items", await count(database), "read_only", database.read_only)
        async with database.session() as session:
            session.add(item("/new.jpg"))
        print("written")
    except Exception as error:
        print(type(error).__name__, error)
    await database.dispose()

asyncio.run(warm())
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main())
"""


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that everyone may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="mfkit-shared-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_nobody(library: Path, spare: Path) -> str:
    """Open a library without root's rights, read it and write to it; return what was printed."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, spare, library],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestPermissions:
    """Files and folders that this user may not write."""

    def test_file(self, sqlite_path: Path, shared_folder: Path) -> None:
        """A file without write permission is opened to be read, by itself."""
        library = shared_folder / "library.db"
        shutil.copyfile(sqlite_path, library)
        library.chmod(0o444)
        shared_folder.chmod(0o777)
        said = as_nobody(library, sqlite_path)
        assert said.startswith("items 0 read_only True\nReadOnlyLibraryError"), said
        assert "is read-only" in said

    def test_folder(self, sqlite_path: Path, shared_folder: Path) -> None:
        """A library in WAL mode is read from a folder that has no place for the log."""
        library = shared_folder / "library.db"
        shutil.copyfile(sqlite_path, library)
        assert library.read_bytes()[18:20] == b"\x02\x02"  # the file header says WAL
        library.chmod(0o444)
        shared_folder.chmod(0o555)
        said = as_nobody(library, sqlite_path)
        assert said.startswith("items 0 read_only True\nReadOnlyLibraryError"), said

    def test_folder_only(self, sqlite_path: Path, shared_folder: Path) -> None:
        """So is one whose file may be written, but which has no place for the log."""
        library = shared_folder / "library.db"
        shutil.copyfile(sqlite_path, library)
        library.chmod(0o666)
        shared_folder.chmod(0o555)
        said = as_nobody(library, sqlite_path)
        assert said.startswith("items 0 read_only True\nReadOnlyLibraryError"), said

    async def test_log_of_another(self, sqlite_path: Path, shared_folder: Path) -> None:
        """What another program has written to the log is seen, though the folder cannot be written."""
        library = shared_folder / "library.db"
        shutil.copyfile(sqlite_path, library)
        library.chmod(0o644)
        writer = Database(library)
        async with writer.session() as session:
            session.add(item())
        shared_folder.chmod(0o555)
        said = await asyncio.to_thread(as_nobody, library, sqlite_path)
        await writer.dispose()
        assert said.startswith("items 1 read_only True\nReadOnlyLibraryError"), said
