"""The record database: the one place that opens a connection to it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, TextClause, inspect, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from mfkit.core import postgresql, schema_version, sqlite
from mfkit.core.altered_schema import refuse_altered
from mfkit.core.error_mapping import translate_errors
from mfkit.core.sqlite_file import SqliteFile
from mfkit.credentials import hide_credentials, is_secret
from mfkit.errors import (
    DatabaseUnavailableError,
    LibraryLockedError,
    LibraryNotFoundError,
    NotALibraryError,
    ReadOnlyLibraryError,
)
from mfkit.models import Base, MediaItem
from mfkit.path_argument import checked_path

T = TypeVar("T")
BUSY_TIMEOUT = 30.0
_AGAIN = 0.05
"""Seconds after which a query that should stop is told so again."""


class Database:
    """A media library's database: an engine with its pool, and sessions on it.

    Attributes:
        url: Where the database is; prints without the password.
        file: The SQLite file, or None.
        read_only: Whether the database may only be read.
        engine: The SQLAlchemy engine.
    """

    _open_file: SqliteFile | None = None

    def __init__(
        self,
        url: str | URL | os.PathLike[str],
        *,
        busy_timeout: float = BUSY_TIMEOUT,
        read_only: bool = False,
    ) -> None:
        """Prepare the engine; nothing is opened yet.

        Args:
            url: A SQLAlchemy URL (``sqlite+aiosqlite:///library.db``,
                ``postgresql+asyncpg://user@host/name``) or the path of a SQLite file.
            busy_timeout: Seconds to wait for another program's write to end (SQLite).
            read_only: Open without the right to write. A SQLite file that this user may not write,
                or whose folder has no place for SQLite's log, is opened so by itself.

        Raises:
            NotALibraryError: The URL makes no sense, or the path is empty or a directory.
            DatabaseUnavailableError: The driver for PostgreSQL is not installed.
        """
        self.url = _as_url(url)
        self.file = sqlite.database_file(self.url)
        self.read_only = read_only
        connect_args: dict[str, Any] = {}
        engine_url = self.url
        if self.dialect == "sqlite":
            connect_args = {"timeout": busy_timeout, "isolation_level": None}
            if self.file is not None:
                if self.file.is_dir():
                    raise NotALibraryError(
                        f"{self.file} is a directory; name a file in it, such as {self.file / 'library.db'}."
                    )
                if self.file.exists():
                    self.read_only = read_only or not sqlite.may_write(self.file)
                if self.read_only:
                    engine_url = sqlite.read_only_url(self.url, self.file)
        else:
            # The year of a moment is that in UTC, wherever the server stands.
            settings = {"timezone": "UTC"}
            if read_only:
                settings["default_transaction_read_only"] = "on"
            connect_args = {"server_settings": settings}
        try:
            self.engine: AsyncEngine = create_async_engine(
                engine_url,
                json_serializer=_json,
                connect_args=connect_args,
                # A server may have been restarted since a connection was last used.
                pool_pre_ping=self.dialect == "postgresql",
            )
        except ModuleNotFoundError as error:
            raise DatabaseUnavailableError(
                f"{self.name} needs the driver {error.name}: pip install 'mfkit[postgres]'"
            ) from error
        if self.dialect == "sqlite":
            if self.file is not None:
                self._open_file = SqliteFile(self.file)
            sqlite.prepare(self.engine, self._open_file, read_only=self.read_only)

    @property
    def dialect(self) -> str:
        """Name of the kind of database: ``sqlite`` or ``postgresql``."""
        return self.url.get_backend_name()

    @property
    def name(self) -> str:
        """The path, or the URL without the password: what messages call this database."""
        if self.file is not None:
            return str(self.file)
        return hide_credentials(self.url.render_as_string(hide_password=True))

    def __repr__(self) -> str:
        """Show the URL without the password."""
        return f"Database({hide_credentials(self.url.render_as_string(hide_password=True))!r})"

    async def create_tables(self) -> None:
        """Create all tables, indexes, triggers and views that are not there yet.

        Raises:
            NotALibraryError: The file is no SQLite database.
            ReadOnlyLibraryError: The database may only be read.
            LibraryLockedError: Another program holds the write lock.
            LibraryNotFoundError: The file was deleted or moved since it was opened.
        """
        async with self.transaction() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.run_sync(schema_version.stamp)

    async def drop_tables(self) -> None:
        """Drop everything that :meth:`create_tables` makes, with all rows.

        Raises:
            ReadOnlyLibraryError: The database may only be read.
            LibraryLockedError: Another program holds the write lock.
            LibraryNotFoundError: The file was deleted or moved since it was opened.
        """
        async with self.transaction() as connection:
            await connection.run_sync(Base.metadata.drop_all)
            await connection.run_sync(schema_version.unstamp)

    async def upgrade(self) -> None:
        """Bring the schema to this mfkit's revision; creates a database that is not there.

        Raises:
            LibraryNotFoundError: It is not there and may not be made, or was there once.
            NotALibraryError: The database holds other tables than mfkit's, is no database, or its schema has
                triggers, views or columns that mfkit did not create.
            NewerLibraryError: A newer mfkit has changed the schema.
            ReadOnlyLibraryError: The schema is old, or the file is not there, and may not be written.
            LibraryLockedError: Another program holds the write lock.
        """
        if self.read_only and self.file is not None and not self.file.exists():
            raise LibraryNotFoundError(f"There is no library at {self.file}.")
        if self.file is None or self.file.exists():
            async with self.connect() as connection:
                revision = await connection.run_sync(schema_version.current)
                await self._refuse_foreign(connection, revision)
                if self.dialect == "sqlite":
                    await connection.run_sync(refuse_altered, self.name)
            if revision == schema_version.HEAD:
                return
            schema_version.refuse_newer(revision, self.name)
        if self.read_only:
            raise ReadOnlyLibraryError(
                f"{self.name} needs a change of its schema and may only be read; "
                "open it once with the right to write."
            )
        async with self.transaction() as connection:
            await connection.run_sync(schema_version.upgrade)

    async def refuse_gone(self) -> None:
        """Refuse to go on without the SQLite file that was opened; connections do so by themselves.

        Raises:
            LibraryNotFoundError: It was deleted or moved, and no other library lies there.
        """
        if self._open_file is not None and self._open_file.is_another():
            async with self.connect():
                pass

    async def _refuse_foreign(self, connection: AsyncConnection, revision: str | None) -> None:
        """Refuse what another program made, which may use Alembic as well; a server may be shared."""
        if revision is None and self.dialect != "sqlite":
            return
        found = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
        others = sorted(found - {"alembic_version"})
        if others and MediaItem.__tablename__ not in found:
            raise NotALibraryError(
                f"{self.name} is a database of another program (it has the table {others[0]!r} "
                "and no mfkit schema); name another."
            )

    @asynccontextmanager
    async def session(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """Open a session: commits on success, rolls back on error, always closes.

        Args:
            write: Hold SQLite's write lock from the first statement on, waiting for other writers
                to end: SQLite lets nobody write, without a wait, who has read before another wrote.
                False for a session that only reads, beside whoever writes.

        Yields:
            An async session whose objects stay usable after the commit.

        Raises:
            ReadOnlyLibraryError: Something was written, and the database may only be read.
            LibraryLockedError: Another program holds the write lock.
            LibraryNotFoundError: The file was deleted or moved since it was opened.
        """
        self._make_folder()
        engine = self.engine.execution_options(**{sqlite.WRITE: write and not self.read_only})
        async with AsyncSession(engine, expire_on_commit=False) as session:
            with translate_errors(self.name, writing=self.read_only):
                try:
                    yield session
                    await session.commit()
                except BaseException:
                    await session.rollback()
                    raise

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection to read with."""
        self._make_folder()
        with translate_errors(self.name):
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self, *, tries: int = 1) -> AsyncIterator[AsyncConnection]:
        """Open a connection to write with: holds the write lock, commits on success, else rolls back.

        Args:
            tries: How many busy timeouts to wait for another program's lock.

        Raises:
            ReadOnlyLibraryError: The database may only be read.
            LibraryLockedError: Another program holds the write lock.
            LibraryNotFoundError: The file was deleted or moved since it was opened.
        """
        if self.read_only:
            raise ReadOnlyLibraryError(f"{self.name} may only be read.")
        self._make_folder()
        with translate_errors(self.name):
            async with self.engine.connect() as plain:
                connection = await plain.execution_options(**{sqlite.WRITE: True})
                await self._begin(connection, tries)
                try:
                    yield connection
                    await connection.commit()
                except BaseException:
                    await connection.rollback()
                    raise

    async def _begin(self, connection: AsyncConnection, tries: int) -> None:
        for left in reversed(range(tries)):
            try:
                with translate_errors(self.name):
                    await connection.begin()
                return
            except LibraryLockedError:
                if not left:
                    raise
                await connection.rollback()

    @asynccontextmanager
    async def only_reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which the database itself refuses all but reading."""
        async with self.connect() as connection:
            if self.dialect == "sqlite":
                async with sqlite.read_only_session(connection):
                    yield connection
            else:
                await connection.execute(text("SET TRANSACTION READ ONLY"))
                yield connection
            await connection.rollback()

    async def refuse_all_but_reading(self, connection: AsyncConnection, statement: TextClause) -> None:
        """Refuse free SQL that does more than read, before it runs.

        Raises:
            QueryError: It does, or is wrong. SQLite's authorizer says so when it runs.
        """
        if self.dialect == "postgresql":
            await postgresql.refuse_all_but_reading(connection, statement)

    async def interruptible(self, connection: AsyncConnection, query: Awaitable[T]) -> T:
        """Await a query; when this task is cancelled, stop the query too.

        A cancelled await leaves SQLite at work in its thread, with the connection in its hands, so
        the query runs shielded and SQLite is told to stop.
        """
        if self.dialect != "sqlite":
            return await query
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        task = asyncio.ensure_future(query)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():  # SQLite forgets it where the query has not begun on its thread yet
                await raw.interrupt()
                with suppress(asyncio.CancelledError):  # cancelled once more: the query still has to end
                    await asyncio.wait([task], timeout=_AGAIN)
            with suppress(BaseException):
                task.exception()
            raise

    async def shrink(self, connection: AsyncConnection) -> None:
        """Give back the pages that a connection holds, after it has read what is not read again soon."""
        if self.dialect == "sqlite":
            await connection.exec_driver_sql("PRAGMA shrink_memory")

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        if self._open_file is not None:
            self._open_file.forget()

    def _make_folder(self) -> None:
        if self._open_file is None or self._open_file.opened or self.read_only:
            return
        if self.file is not None and not self.file.parent.exists():
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryNotFoundError(
                    f"The folder {self.file.parent} is not there and cannot be made: {error.strerror}."
                ) from error


_ENCODER = json.JSONEncoder(ensure_ascii=False)  # json.dumps() would make one for each value


def _json(value: Any) -> str:
    """Write JSON with its letters as they are, as PostgreSQL does, so that text can be found in it."""
    text_ = _ENCODER.encode(value)
    try:
        text_.encode()
    except UnicodeEncodeError:  # half a letter, which no database stores as it is
        return json.dumps(value)
    return text_


def _as_url(url: str | URL | os.PathLike[str]) -> URL:
    if isinstance(url, URL):
        return _password_apart(url)
    given = checked_path(url, "the library", NotALibraryError)
    if "://" not in given:
        return URL.create("sqlite+aiosqlite", database=str(Path(given).expanduser()))
    try:
        parsed = make_url(given)
    except (ArgumentError, ValueError):
        # Without the cause: its message may quote a part of the URL, and with it of a password.
        raise NotALibraryError(
            "The library's URL cannot be read; it should look like sqlite+aiosqlite:///library.db or "
            "postgresql+asyncpg://user@host/name (special characters in a password as %40 and so on)."
        ) from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise NotALibraryError(f"mfkit keeps libraries in SQLite or PostgreSQL, not in {backend}.")
    if backend == "sqlite" and (parsed.username or parsed.host):
        raise NotALibraryError(
            "A SQLite library is a file on this machine; its URL looks like sqlite+aiosqlite:///library.db."
        )
    return _password_apart(parsed.set(drivername=drivers[backend]))


def _password_apart(url: URL) -> URL:
    """Return a URL with the password where SQLAlchemy hides it, and not among the parameters.

    Raises:
        NotALibraryError: Another parameter holds a secret, or a part of the password is taken for the host.
    """
    password = url.query.get("password", url.password)
    url = url.difference_update_query(["password"])
    secrets = [name for name in url.query if is_secret(name)]
    if secrets:
        raise NotALibraryError(
            f"The database's driver takes no parameter {secrets[0]!r} in a URL; give the password as in "
            "postgresql+asyncpg://user:password@host/name."
        )
    if "@" in (url.host or ""):
        raise NotALibraryError(
            "The library's URL has more than one @; write one that belongs to the password as %40."
        )
    return url.set(password=password if password is None or isinstance(password, str) else password[-1])
