"""The record database: sessions, connections, and what a person is told when it cannot be used."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError

from mfkit.core import schema_version
from mfkit.core.database import Database
from mfkit.core.event_loop import run_sync
from mfkit.errors import (
    DatabaseUnavailableError,
    LibraryLockedError,
    LibraryNotFoundError,
    MfkitError,
    NewerLibraryError,
    NotALibraryError,
    QueryError,
    ReadOnlyLibraryError,
)
from mfkit.models import MediaItem, Tag
from tests import postgres
from tests.samples import item


@pytest.fixture(autouse=True)
async def no_thread_left() -> AsyncIterator[None]:
    """No test leaves a connection's thread behind, whatever failed in it."""
    yield
    for _ in range(200):
        left = [thread for thread in threading.enumerate() if "_connection_worker" in thread.name]
        if not left:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"threads of connections that nobody closed: {left}")


async def count(database: Database) -> int:
    """Count the items by a connection of its own."""
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(MediaItem)) or 0)


async def test_the_example_of_the_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example works as it stands, relative URL and missing folder included."""
    monkeypatch.chdir(tmp_path)

    from mfkit.core.database import Database
    from mfkit.models.media import MediaItem, MediaMetadata

    db = Database("sqlite+aiosqlite:///data/mediaforge.db")  # creates data/ when it is not there
    await db.create_tables()
    async with db.session() as session:
        session.add(
            MediaItem(
                file_path="/media/video.mp4",
                file_name="video.mp4",
                file_size=1024000,
                file_hash="abc123...",
                mime_type="video/mp4",
                media_type="video",
            )
        )
        await session.commit()

    assert MediaMetadata.__tablename__ == "media_metadata"
    assert await count(db) == 1
    await db.dispose()
    assert (tmp_path / "data" / "mediaforge.db").is_file()


class TestSession:
    """Commits on success, rolls back on error, always closes."""

    async def test_commits(self, database: Database) -> None:
        """What was added without error is there for everyone."""
        async with database.session() as session:
            session.add(item())
        assert await count(database) == 1

    async def test_rolls_back(self, database: Database) -> None:
        """After an error nothing of the session is there, and the error is passed on as it was."""
        with pytest.raises(ZeroDivisionError):
            async with database.session() as session:
                session.add(item())
                await session.flush()
                raise ZeroDivisionError
        assert await count(database) == 0

    async def test_rolls_back_when_cancelled(self, database: Database) -> None:
        """A cancelled task leaves nothing behind, and no lock."""
        flushed = asyncio.Event()

        async def work() -> None:
            async with database.session() as session:
                session.add(item())
                await session.flush()
                flushed.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await flushed.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.session() as session:
            session.add(item("/other.jpg"))
        assert await count(database) == 1

    async def test_a_failed_commit_rolls_back(self, database: Database) -> None:
        """A violated constraint is SQLAlchemy's own error, and nothing of the session is kept."""
        with pytest.raises(IntegrityError):
            async with database.session() as session:
                session.add_all([item("/a.jpg"), item("/a.jpg")])
        assert await count(database) == 0

    @pytest.mark.parametrize("fails", [False, True])
    async def test_closes(self, database: Database, fails: bool) -> None:
        """The connection is back in the pool afterwards, error or not."""
        try:
            async with database.session() as session:
                await session.execute(text("SELECT 1"))
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    async def test_objects_stay_usable(self, database: Database) -> None:
        """An object's columns can be read after the commit, without another query."""
        made = item()
        async with database.session() as session:
            session.add(made)
        assert made.id and made.created_at

    async def test_many_at_once(self, database: Database) -> None:
        """Sessions that write at the same time wait for each other."""

        async def add(number: int) -> None:
            async with database.session() as session:
                session.add(item(f"/{number}.jpg"))

        faults = await asyncio.gather(*(add(number) for number in range(12)), return_exceptions=True)
        assert [fault for fault in faults if fault] == []
        assert await count(database) == 12

    async def test_none_is_lost(self, sqlite_path: Path) -> None:
        """On SQLite a session that reads and then writes what follows from it waits for the others."""
        database = Database(sqlite_path)
        made = item(file_size=0)
        async with database.session() as session:
            session.add(made)

        async def add_one() -> None:
            async with database.session() as session:
                found = await session.get_one(MediaItem, made.id)
                await asyncio.sleep(0)
                found.file_size += 1

        await asyncio.gather(*(add_one() for _ in range(8)))
        async with database.session(write=False) as session:
            assert (await session.get_one(MediaItem, made.id)).file_size == 8
        await database.dispose()

    async def test_reads_beside_a_writer(self, database: Database) -> None:
        """A session that only reads waits for nobody."""
        async with database.session() as writing:
            writing.add(item())
            await writing.flush()
            async with database.session(write=False) as reading:
                assert (await reading.scalars(select(MediaItem))).all() == []


class TestTransaction:
    """A connection to write with."""

    async def test_commits(self, database: Database) -> None:
        """What was done is there for everyone."""
        async with database.transaction() as connection:
            await connection.execute(insert(Tag).values(name="sea"))
        async with database.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM tags")) == 1

    async def test_rolls_back_tables_too(self, database: Database) -> None:
        """A table made in a transaction that fails is not there: half a migration cannot stay."""
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as connection:
                await connection.execute(text("CREATE TABLE extra (x integer)"))
                raise ZeroDivisionError
        async with database.connect() as connection:
            with pytest.raises(Exception, match="extra"):
                await connection.execute(text("SELECT * FROM extra"))

    async def test_faults_of_the_caller_pass_unchanged(self, database: Database) -> None:
        """A wrong statement is SQLAlchemy's own error."""
        with pytest.raises(Exception, match="nonsense") as caught:
            async with database.connect() as connection:
                await connection.execute(text("SELECT nonsense"))
        assert not isinstance(caught.value, MfkitError)
        assert database.dialect == "sqlite" or isinstance(caught.value, ProgrammingError)

    async def test_reading_goes_on_while_another_writes(self, database: Database) -> None:
        """A reader sees the state before a transaction that is still open."""
        async with database.session() as session:
            session.add(item())
            await session.flush()
            assert await count(database) == 0
        assert await count(database) == 1


class TestOnlyReading:
    """A connection on which the database refuses all but reading."""

    async def test_reads(self, database: Database) -> None:
        """Selects work."""
        async with database.read_only_connection() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM media")) == 0

    async def test_refuses_writing(self, database: Database) -> None:
        """A delete is refused by the database, in mfkit's words."""
        with pytest.raises(QueryError, match="[Oo]nly reading"):
            async with database.read_only_connection() as connection:
                await connection.execute(text("DELETE FROM media_items"))

    async def test_ends(self, database: Database) -> None:
        """The same pooled connection writes again afterwards."""
        async with database.read_only_connection() as connection:
            await connection.execute(text("SELECT 1"))
        with pytest.raises(QueryError):
            async with database.read_only_connection() as connection:
                await connection.execute(text("DELETE FROM media_items"))
        async with database.session() as session:
            session.add(item())
        assert await count(database) == 1


class TestTables:
    """Made, dropped and made again."""

    async def test_create_bears_repetition(self, empty_url: str) -> None:
        """Creating what is there changes nothing, rows included."""
        database = Database(empty_url)
        await database.create_tables()
        async with database.session() as session:
            session.add(item())
        await database.create_tables()
        await database.upgrade()
        assert await count(database) == 1
        await database.dispose()

    async def test_drop_bears_repetition(self, empty_url: str) -> None:
        """Dropping what is not there is no error, and the tables can be made again."""
        database = Database(empty_url)
        await database.drop_tables()
        await database.create_tables()
        await database.drop_tables()
        await database.drop_tables()
        await database.upgrade()
        assert await count(database) == 0
        await database.dispose()

    async def test_create_states_the_revision(self, empty_url: str) -> None:
        """create_tables() leaves nothing to upgrade."""
        database = Database(empty_url)
        await database.create_tables()
        async with database.connect() as connection:
            assert await connection.run_sync(schema_version.current) == schema_version.HEAD
        await database.dispose()

    async def test_disposed_opens_again(self, database: Database) -> None:
        """A database that was disposed of serves the next call."""
        await count(database)
        await database.dispose()
        assert await count(database) == 0


class TestPragmas:
    """What each SQLite connection is set to."""

    @pytest.mark.parametrize(
        ("pragma", "value"),
        [
            ("foreign_keys", 1),
            ("journal_mode", "wal"),
            ("synchronous", 1),
            ("busy_timeout", 1500),
            ("cache_size", -24576),
            ("temp_store", 2),
            ("journal_size_limit", 67108864),
        ],
    )
    async def test_is_set(self, sqlite_path: Path, pragma: str, value: object) -> None:
        """Foreign keys are on, the log is WAL, the timeout is as asked for."""
        database = Database(sqlite_path, busy_timeout=1.5)
        async with database.connect() as connection:
            assert await connection.scalar(text(f"PRAGMA {pragma}")) == value
        await database.dispose()

    async def test_the_math_of_distances_is_there(self, database: Database) -> None:
        """Sine, cosine and radians work on both databases, and null stays null."""
        async with database.connect() as connection:
            query = text("SELECT sin(radians(90.0)), cos(radians(180.0)), radians(NULL)")
            assert tuple((await connection.execute(query)).one()) == (1.0, -1.0, None)


class TestUrls:
    """Paths and URLs of all sorts lead to the right place."""

    @pytest.mark.parametrize(
        "form", ["{}", "sqlite:///{}", "sqlite+aiosqlite:///{}", "sqlite+pysqlite:///{}"]
    )
    async def test_sqlite(self, tmp_path: Path, form: str) -> None:
        """A path and each form of URL open the same file, whatever driver is named."""
        database = Database(form.format(tmp_path / "x.db"))
        await database.create_tables()
        await database.dispose()
        assert database.file == tmp_path / "x.db" and database.file.is_file()
        assert database.url.drivername == "sqlite+aiosqlite"

    def test_path_objects(self, tmp_path: Path) -> None:
        """A path object is as good as its text."""
        assert Database(tmp_path / "x.db").file == tmp_path / "x.db"

    def test_url_objects(self) -> None:
        """So is SQLAlchemy's URL."""
        assert Database(make_url("sqlite+aiosqlite:///x.db")).file == Path("x.db")

    def test_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A tilde is the home folder."""
        monkeypatch.setenv("HOME", str(tmp_path))
        assert Database("~/x.db").file == tmp_path / "x.db"

    @pytest.mark.parametrize("name", ["a b.db", "100%.db", "a?b#c&d=e.db", "été.db", "a%20b.db", ":x.db"])
    @pytest.mark.parametrize("read_only", [False, True])
    async def test_odd_names(self, tmp_path: Path, sqlite_path: Path, name: str, read_only: bool) -> None:
        """Characters that mean something in URLs are part of the file's name."""
        path = tmp_path / "folder %41?" / name
        path.parent.mkdir()
        shutil.copyfile(sqlite_path, path)
        database = Database(path, read_only=read_only)
        assert await count(database) == 0
        await database.dispose()
        assert all(one.name.startswith(name) for one in path.parent.iterdir())

    @pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", ":memory:"])
    async def test_memory(self, url: str) -> None:
        """A library in memory is made and serves, without a file."""
        database = Database(url)
        assert database.file is None
        await database.upgrade()
        async with database.session() as session:
            session.add(item())
        assert await count(database) == 1
        await database.dispose()

    @pytest.mark.parametrize("form", ["postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"])
    def test_postgresql(self, form: str) -> None:
        """Whatever driver is named, asyncpg is taken."""
        database = Database(form)
        assert (database.dialect, database.file) == ("postgresql", None)
        assert database.url.drivername == "postgresql+asyncpg"

    async def test_makes_folders(self, tmp_path: Path) -> None:
        """Folders on the way to the file are made by the first use, not before."""
        database = Database(tmp_path / "a" / "b" / "x.db")
        assert not (tmp_path / "a").exists()
        await database.create_tables()
        await database.dispose()
        assert (tmp_path / "a" / "b" / "x.db").is_file()


def everything_said(error: BaseException) -> str:
    """Return all that a notebook would show of an error, causes included."""
    return "".join(traceback.format_exception(error))


class TestSecrets:
    """A password is never shown."""

    def test_repr_and_name(self) -> None:
        """Neither the database's repr nor its name has the password."""
        database = Database("postgresql://u:hunter2@h/d")
        assert "hunter2" not in f"{database!r} {database} {database.name} {database.engine!r} {database.url}"
        assert "u:***@h/d" in repr(database)

    async def test_wrong_password(
        self, postgres_server: postgres.Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A refused login is told without the password that was tried, in message, trace and log."""
        caplog.set_level(logging.DEBUG)
        url = postgres_server.url("postgres").replace(postgres.PASSWORD, "hunter2")
        database = Database(url)
        with pytest.raises(DatabaseUnavailableError, match="password authentication failed") as caught:
            await count(database)
        assert "hunter2" not in everything_said(caught.value) + caplog.text

    async def test_unreachable(self, caplog: pytest.LogCaptureFixture) -> None:
        """A server that does not answer is named by host and port, without the password."""
        caplog.set_level(logging.DEBUG)
        database = Database("postgresql://u:hunter2@127.0.0.1:1/d")
        with pytest.raises(DatabaseUnavailableError, match=r"127\.0\.0\.1:1/d") as caught:
            await count(database)
        assert "hunter2" not in everything_said(caught.value) + caplog.text

    async def test_unknown_host(self) -> None:
        """A host that has no address is a server that does not answer."""
        with pytest.raises(DatabaseUnavailableError, match="does not answer"):
            await count(Database("postgresql://u:hunter2@host.invalid/d"))

    async def test_unknown_database(self, postgres_server: postgres.Server) -> None:
        """A database that the server does not have is told so."""
        with pytest.raises(DatabaseUnavailableError, match='"nowhere" does not exist') as caught:
            await Database(postgres_server.url("nowhere")).upgrade()
        assert postgres.PASSWORD not in everything_said(caught.value)

    @pytest.mark.parametrize(
        "url", ["://u:hunter2@h", "postgresql://u:hunter2@h:x/d", "postgresql://u:p@h:hunter2@h/d"]
    )
    def test_broken_url(self, url: str) -> None:
        """A URL that makes no sense is refused without showing any part of it."""
        with pytest.raises(NotALibraryError, match="cannot be read") as caught:
            Database(url)
        assert "hunter2" not in everything_said(caught.value)

    async def test_server_that_goes_away(self, postgres_server: postgres.Server) -> None:
        """A connection that the server ends is told so, and the next call connects anew."""
        name = postgres_server.create()
        database = Database(postgres_server.url(name))
        with pytest.raises(DatabaseUnavailableError, match="lost") as caught:
            async with database.connect() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        assert postgres.PASSWORD not in everything_said(caught.value)
        async with database.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
        await database.dispose()
        postgres_server.drop(name)


async def test_more_at_once_than_the_pool_holds(database: Database) -> None:
    """Who waits too long for a connection is told so, and finds one when the others are done."""
    pool: Any = database.engine.sync_engine.pool
    pool._timeout = 0.2
    async with AsyncExitStack() as stack:
        with pytest.raises(DatabaseUnavailableError, match="are in use"):
            for _ in range(50):
                await stack.enter_async_context(database.connect())
    assert await count(database) == 0


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

    async def test_locked_when_made(self, tmp_path: Path) -> None:
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

    def test_read_only_and_not_there(self, tmp_path: Path) -> None:
        """A library to be read must be there; neither it nor its folder is made."""
        # On a loop that lives on: aiosqlite's thread tells it of a connection that failed a little later.
        database = Database(tmp_path / "a" / "x.db", read_only=True)
        with pytest.raises(LibraryNotFoundError, match="There is no library at"):
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
        with pytest.raises(NotALibraryError, match="SQLite or PostgreSQL, not in mysql"):
            Database("mysql://u:hunter2@h/d")

    def test_missing_driver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without asyncpg the message says what to install."""
        monkeypatch.setitem(sys.modules, "asyncpg", None)
        with pytest.raises(DatabaseUnavailableError, match=r"pip install 'mfkit\[postgres\]'"):
            Database("postgresql://u@h/d")

    async def test_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
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
