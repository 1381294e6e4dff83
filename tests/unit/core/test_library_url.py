"""URLs and paths of libraries, and the secrets in them."""

from __future__ import annotations

import logging
import shutil
import traceback
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from mfkit.core.database import Database
from mfkit.errors import DatabaseUnavailableError, NotALibraryError
from tests import postgres
from tests.samples import item
from tests.unit.core.database_state import count

pytestmark = pytest.mark.usefixtures("no_thread_left")


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

    async def test_creates_folders(self, tmp_path: Path) -> None:
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

    async def test_lost_server(self, postgres_server: postgres.Server) -> None:
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


async def test_more_queries_than_connections(database: Database) -> None:
    """Who waits too long for a connection is told so, and finds one when the others are done."""
    pool: Any = database.engine.sync_engine.pool
    pool._timeout = 0.2
    async with AsyncExitStack() as stack:
        with pytest.raises(DatabaseUnavailableError, match="are in use"):
            for _ in range(50):
                await stack.enter_async_context(database.connect())
    assert await count(database) == 0
