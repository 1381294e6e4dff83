"""Library database: connections, sessions, transactions and schema upgrades."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

from sqlalchemy import URL, TextClause, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from mfkit.core import postgresql, schema_version, sqlite
from mfkit.core.error_mapping import translate_errors
from mfkit.core.event_loop import wait_or_interrupt
from mfkit.credentials import hide_credentials
from mfkit.errors import (
    DatabaseUnavailableError,
    LibraryLockedError,
    LibraryNotFoundError,
    NotALibraryError,
    ReadOnlyLibraryError,
)
from mfkit.models import Base, MediaItem
from mfkit.models.base import encode_json
from mfkit.path_argument import library_url

T = TypeVar("T")
BUSY_TIMEOUT = 30.0


class Database:
    """Library database, with its SQLAlchemy engine, sessions and transactions.

    Attributes:
        url: URL of the database. ``str(url)`` hides the password.
        file: Path of the SQLite file; None for other databases.
        read_only: True if the database cannot be written.
        engine: SQLAlchemy engine that manages the connections.
    """

    _open_file: sqlite.SqliteFile | None = None

    def __init__(
        self,
        url: str | URL | os.PathLike[str],
        *,
        busy_timeout: float = BUSY_TIMEOUT,
        read_only: bool = False,
    ) -> None:
        """Prepare the engine without opening the database.

        Args:
            url: A SQLAlchemy URL (``sqlite+aiosqlite:///library.db``,
                ``postgresql+asyncpg://user@host/name``) or the path of a SQLite file.
            busy_timeout: Seconds to wait while another program writes (SQLite only).
            read_only: Open the database read-only. A SQLite file is always opened read-only if this user has
                no write permission for the file or for its folder, in which SQLite creates its log.

        Raises:
            NotALibraryError: The URL is invalid, or the path is empty or a directory.
            DatabaseUnavailableError: The driver for PostgreSQL is not installed.
        """
        self.url = library_url(url)
        self.file = sqlite.database_file(self.url)
        self.read_only = read_only
        connect_args: dict[str, Any] = {}
        engine_url = self.url
        if self.dialect == "sqlite":
            connect_args = {"timeout": busy_timeout, "isolation_level": None}
            if self.file is not None:
                if self.file.is_dir():
                    raise NotALibraryError(
                        f"{self.file} is a directory. Use a file in it, such as {self.file / 'library.db'}."
                    )
                if self.file.exists():
                    self.read_only = read_only or not sqlite.may_write(self.file)
                if self.read_only:
                    engine_url = sqlite.read_only_url(self.url, self.file)
        else:
            # The session uses UTC, so that extract(year) returns the UTC year in any server time zone.
            settings = {"timezone": "UTC"}
            if read_only:
                settings["default_transaction_read_only"] = "on"
            connect_args = {"server_settings": settings}
        try:
            self.engine: AsyncEngine = create_async_engine(
                engine_url,
                json_serializer=encode_json,
                connect_args=connect_args,
                # Each connection is tested before use, because a server that restarts closes all connections.
                pool_pre_ping=self.dialect == "postgresql",
            )
        except ModuleNotFoundError as error:
            raise DatabaseUnavailableError(
                f"{self.name} needs the driver {error.name}. Install it with: pip install 'mfkit[postgres]'"
            ) from error
        if self.dialect == "sqlite":
            if self.file is not None:
                self._open_file = sqlite.SqliteFile(self.file)
            sqlite.prepare(self.engine, self._open_file, read_only=self.read_only)

    @property
    def dialect(self) -> str:
        """Name of the SQL dialect: ``sqlite`` or ``postgresql``."""
        return self.url.get_backend_name()

    @property
    def name(self) -> str:
        """Name of the database for messages: the file's path, or the URL without the password."""
        if self.file is not None:
            return str(self.file)
        return hide_credentials(self.url.render_as_string(hide_password=True))

    def __repr__(self) -> str:
        """Return the class name and the URL without the password."""
        return f"Database({hide_credentials(self.url.render_as_string(hide_password=True))!r})"

    async def create_tables(self) -> None:
        """Create all tables, indexes, triggers and views that do not exist yet.

        Raises:
            NotALibraryError: The file is not a SQLite database.
            MfkitError: See :meth:`transaction`.
        """
        async with self.transaction() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.run_sync(schema_version.stamp)

    async def drop_tables(self) -> None:
        """Drop all tables, indexes, triggers and views that :meth:`create_tables` creates, with all rows."""
        async with self.transaction() as connection:
            await connection.run_sync(Base.metadata.drop_all)
            await connection.run_sync(schema_version.unstamp)

    async def upgrade(self, *, create: bool = True) -> None:
        """Migrate the schema to the newest revision that this version of mfkit knows.

        Args:
            create: Create the library if it does not exist.

        Raises:
            LibraryNotFoundError: The library does not exist and should not or cannot be created, or its file
                was deleted or moved.
            NotALibraryError: The database belongs to another program, the file is not a database, or the
                schema has triggers, views or columns that mfkit did not create.
            NewerLibraryError: A newer version of mfkit has changed the schema.
            ReadOnlyLibraryError: The schema is old and the database is read-only.
            LibraryLockedError: Another program holds the write lock.
        """
        if self.read_only and self.file is not None and not self.file.exists():
            raise LibraryNotFoundError(f"The library {self.file} does not exist. Check the path.")
        if self.file is None or self.file.exists():
            async with self.connect() as connection:
                revision = await connection.run_sync(schema_version.current)
                await self._refuse_foreign(connection, revision)
                if self.dialect == "sqlite":
                    await connection.run_sync(schema_version.refuse_altered, self.name)
            if revision == schema_version.HEAD:
                return
            schema_version.refuse_newer(revision, self.name)
            create = create or revision is not None or (self.dialect == "sqlite" and self.file is None)
        elif self._open_file is not None and self._open_file.opened:
            # No error is raised here if the file was deleted or moved, because transaction() below raises one
            # that says so.
            create = True
        if not create:
            raise LibraryNotFoundError(
                f"The library {self.name} does not exist. Check the name, or create the library with a first "
                'lib.scan("folder") or lib.ingest("list.csv").'
            )
        if self.read_only:
            raise ReadOnlyLibraryError(
                f"The schema of {self.name} must be updated, but the library is read-only. "
                "Open it once with write access."
            )
        async with self.transaction() as connection:
            await connection.run_sync(schema_version.upgrade)

    async def check_file(self) -> None:
        """Check that the SQLite file still exists. Every new connection makes the same check.

        Raises:
            LibraryNotFoundError: The file was deleted or moved, and no other library has its path.
        """
        if self._open_file is not None and self._open_file.may_be_replaced():
            async with self.connect():
                pass

    async def _refuse_foreign(self, connection: AsyncConnection, revision: str | None) -> None:
        """Raise an error if the database has tables of another program but no mfkit schema."""
        if revision is None and self.dialect != "sqlite":
            return
        found = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
        others = sorted(found - {"alembic_version"})
        if others and MediaItem.__tablename__ not in found:
            raise NotALibraryError(
                f"{self.name} is a database of another program (it has the table {others[0]!r} "
                "and no mfkit schema). Use another database."
            )

    @asynccontextmanager
    async def session(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """Open a session that commits on success, rolls back on error and always closes.

        Args:
            write: Wait for other writers and acquire SQLite's write lock before the first statement. This is
                necessary because SQLite fails at once when a read transaction is upgraded after another
                connection wrote. Use False for a session that only reads; it does not block writers.

        Yields:
            An async session whose objects stay usable after the commit.

        Raises:
            ReadOnlyLibraryError: The session tried to write, but the database is read-only.
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
        """Open a database connection for reading."""
        self._make_folder()
        with translate_errors(self.name):
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self, *, tries: int = 1) -> AsyncIterator[AsyncConnection]:
        """Open a write transaction, which commits on success and rolls back on error.

        Args:
            tries: Number of attempts to acquire the write lock. Each attempt waits for the busy timeout.

        Raises:
            ReadOnlyLibraryError: The database is read-only.
            LibraryLockedError: Another program holds the write lock.
            LibraryNotFoundError: The file was deleted or moved since it was opened.
        """
        self._make_folder()
        if self.read_only:
            raise ReadOnlyLibraryError(f"{self.name} is read-only.")
        with translate_errors(self.name):
            async with self.engine.connect() as opened:
                connection = await opened.execution_options(**{sqlite.WRITE: True})
                await self._begin(connection, tries)
                try:
                    yield connection
                    await connection.commit()
                except BaseException:
                    await connection.rollback()
                    raise

    async def _begin(self, connection: AsyncConnection, tries: int) -> None:
        for tries_left in reversed(range(tries)):
            try:
                with translate_errors(self.name):
                    await connection.begin()
                return
            except LibraryLockedError:
                if not tries_left:
                    raise
                await connection.rollback()

    @asynccontextmanager
    async def read_only_connection(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which the database itself rejects all writes."""
        async with self.connect() as connection:
            if self.dialect == "sqlite":
                async with sqlite.read_only_session(connection):
                    yield connection
            else:
                await connection.execute(text("SET TRANSACTION READ ONLY"))
                yield connection
            await connection.rollback()

    async def require_read_only(self, connection: AsyncConnection, statement: TextClause) -> None:
        """Check that a user's SQL statement only reads, before it runs.

        On SQLite this method does nothing, because the authorizer checks statements when they run.

        Raises:
            QueryError: The statement is not read-only, or is invalid.
        """
        if self.dialect == "postgresql":
            await postgresql.require_read_only(connection, statement)

    async def interruptible(self, connection: AsyncConnection, query: Awaitable[T]) -> T:
        """Await a query. If this task is cancelled, interrupt the query and wait until the query has ended.

        Without the interrupt, SQLite's thread would continue to run the query and to use the connection.
        """
        if self.dialect != "sqlite":
            return await query
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        task = asyncio.ensure_future(query)
        await wait_or_interrupt(task, raw.interrupt)
        return task.result()

    async def shrink(self, connection: AsyncConnection) -> None:
        """Free the memory of a SQLite connection's page cache, for example after a large read."""
        if self.dialect == "sqlite":
            await connection.exec_driver_sql("PRAGMA shrink_memory")

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        if self._open_file is not None:
            self._open_file.accept_another_file()

    def _make_folder(self) -> None:
        if self._open_file is None or self._open_file.opened or self.read_only:
            return
        if self.file is not None and not self.file.parent.exists():
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryNotFoundError(
                    f"The folder {self.file.parent} does not exist and cannot be created: {error.strerror}."
                ) from error


class NullDatabase(Database):
    """Placeholder for a library database, because published datasets have none. Every access raises an error.

    Attributes:
        file: Always None.
        read_only: Always True.
    """

    def __init__(self, name: str) -> None:
        """Store the dataset's path or URL for error messages."""
        self._name = name
        self.file = None
        self.read_only = True

    @property
    def name(self) -> str:
        """Path or URL of the dataset."""
        return self._name

    @property
    def dialect(self) -> str:
        """Raise an error, because a published dataset has no database and so no SQL dialect.

        Raises:
            ReadOnlyLibraryError: In every call.
        """
        self._make_folder()
        raise AssertionError

    @property
    def engine(self) -> NoReturn:  # type: ignore[override]
        """Raise an error, because a published dataset has no database to connect to."""
        self._make_folder()
        raise AssertionError

    def __repr__(self) -> str:
        """Return the class name and the dataset's name."""
        return f"NullDatabase({self._name!r})"

    async def upgrade(self, *, create: bool = True) -> None:
        """Do nothing, because a dataset keeps the schema with which it was published."""

    async def dispose(self) -> None:
        """Do nothing, because a published dataset has no database connections."""

    def _make_folder(self) -> NoReturn:
        raise ReadOnlyLibraryError(
            f"{self._name} is a published dataset, which is read-only. Change the library that it was "
            "published from, then publish it again."
        )
