"""SQLite connections and files: settings for large libraries, read-only and exclusive access, lost files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mfkit.core import schema_version
from mfkit.core.sqlite_guard import add_missing_math, authorize
from mfkit.errors import LibraryLockedError, LibraryNotFoundError, ReadOnlyLibraryError

COMPANIONS = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite keeps beside a database file."""
WRITE = "mfkit_write"
"""Execution option of a connection that will write."""
_FILE = "mfkit_file"
"""Key of a pooled connection's ``info`` with the identity of its file."""

HOSTILE_FILE = (
    # https://www.sqlite.org/security.html. Not for writers, because SQLite 3.40 would refuse the triggers
    # that update the full-text index. mfkit.core.schema_version checks the triggers when a library is opened.
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
"""Settings of a read-only connection, because another person may have created the file."""
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # Enough for the inner pages of all indexes of some million rows; the system caches the others. With
    # 64 MiB a scan was not faster.
    "PRAGMA cache_size = -24576",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cell_size_check = ON",
)
_WRITER_PRAGMAS = (
    # Readers are not blocked while a scan writes. NORMAL cannot corrupt a file in WAL mode, and a power
    # failure loses at most the last commits, which the next scan repeats.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # A scan of millions must not leave a log of gigabytes behind.
    "PRAGMA journal_size_limit = 67108864",
)
_MAGIC = b"SQLite format 3\0"
"""First bytes of a database file (https://www.sqlite.org/fileformat.html, section 1.3.1)."""
_EXCLUSIVE_TIMEOUT = 2.0
"""Seconds to wait until other connections to a file are closed."""


def database_file(url: URL) -> Path | None:
    """Return the file of a SQLite URL; None for a database in memory or another kind of database."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    if url.database.startswith("file:"):
        path = url.database.removeprefix("file:").partition("?")[0]
        return None if path.startswith(":memory:") else Path(path)
    return Path(url.database)


def may_write(file: Path) -> bool:
    """Return whether this user can write a file and its folder, as WAL mode needs."""
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


@contextmanager
def exclusive_access(file: Path) -> Iterator[None]:
    """Lock a SQLite file so that no other connection can open it, after merging its log or journal.

    A file that does not exist or is not a database is not locked. An idle connection in SQLite's rollback
    mode has no lock and is not noticed, but mfkit's libraries use WAL mode.

    Raises:
        LibraryLockedError: This or another program has the file open.
        ReadOnlyLibraryError: The file or its companions cannot be written.
    """
    connection = _lock_exclusively(file) if file.exists() else None
    try:
        if connection is not None and os.name == "nt":  # Windows cannot replace an open file
            connection.close()
        yield
    finally:
        if connection is not None:
            connection.close()


def _lock_exclusively(file: Path) -> sqlite3.Connection | None:
    connection = None
    try:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(file.resolve()))}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=_EXCLUSIVE_TIMEOUT,
        )
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        connection.execute("BEGIN EXCLUSIVE")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("delete",):
            raise _in_use(file)  # another connection changed the mode in between
        return connection
    except BaseException as error:
        if connection is not None:
            connection.close()
        if not isinstance(error, sqlite3.Error):
            raise
        code = error.sqlite_errorcode & 0xFF  # the other bits distinguish variants
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _in_use(file) from error
        raise ReadOnlyLibraryError(
            f"{file} cannot be replaced: {error}. Check its permissions and those of its folder."
        ) from error


def _in_use(file: Path) -> LibraryLockedError:
    return LibraryLockedError(f"{file} is open in another program. Close it there, or use another file.")


def replace_file(new: Path, old: Path) -> None:
    """Replace a database file with a finished one. The old file may be missing or incomplete.

    SQLite applies any log or journal next to a file, so those of the old file are first merged into
    it with :func:`exclusive_access`. If the process is killed, either the old or the new database remains.

    Args:
        new: A complete database in the same folder, which no program has open.
        old: The file to replace.

    Raises:
        LibraryLockedError: Another connection has the old file open.
        ReadOnlyLibraryError: The old file cannot be written.
        OSError: A file cannot be removed or renamed.
    """
    with exclusive_access(old):
        for end in COMPANIONS:
            old.with_name(old.name + end).unlink(missing_ok=True)
        os.replace(new, old)


def is_database(file: Path) -> bool:
    """Return whether a file that no connection has open starts like a SQLite database."""
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def read_only_url(url: URL, file: Path) -> URL:
    """Return the URL that opens a file read-only.

    A folder that cannot be written (a DVD, another person's share) has no room for the files that WAL mode
    needs. SQLite can read a library there if it is told that the file is immutable.
    """
    log = file.with_name(file.name + "-wal")
    immutable = not os.access(file.parent, os.W_OK) and not (log.exists() and log.stat().st_size)
    path = quote(os.fsencode(file.resolve()))
    return url.set(
        database=f"file:{path}",
        query={"mode": "ro", "uri": "true", **({"immutable": "1"} if immutable else {})},
    )


class SqliteFile:
    """The file of a SQLite library, which is checked whenever a connection is opened or reused.

    A connection continues to read and write a file that was deleted, and the written data is lost when it
    closes. A new connection would create a new file.

    Attributes:
        path: Absolute path of the file.
        opened: True if a connection has opened the file. From then on no connection creates it.
    """

    def __init__(self, file: Path) -> None:
        """Name the file without checking it."""
        self.path = file.absolute()
        self.opened = False
        self._identity: tuple[int, int] | None = None

    def identity(self) -> tuple[int, int] | None:
        """Return the file's device and inode, which identify it; None if they are unknown.

        Raises:
            LibraryNotFoundError: The file does not exist any more.
        """
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.opened:
                return None
            raise LibraryNotFoundError(
                f"The library at {self.path} was deleted or moved. Restore it, or open it at its new path."
            ) from error
        except OSError:  # such as a share that does not respond; SQLite will report it
            return self._identity
        return found.st_dev, found.st_ino

    def is_another(self) -> bool:
        """Return whether the path may have another file than the one opened last.

        It may also be the same file, because a share that is mounted again may have new inodes.

        Raises:
            LibraryNotFoundError: The file does not exist any more.
        """
        return self._identity is not None and self.identity() != self._identity

    def refuse_other_file(self, connection: Any) -> None:
        """Refuse a new connection to another file, unless it is a library, such as a restored one.

        Raises:
            LibraryNotFoundError: The other file is not a library of this mfkit's schema revision.
        """
        if not self.is_another():
            return
        try:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT version_num FROM alembic_version, sqlite_master WHERE name = 'media_items'"
            )
            revision, cause = cursor.fetchone(), None
            cursor.close()
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise
            revision, cause = None, error
        if revision != (schema_version.HEAD,):
            raise LibraryNotFoundError(
                f"The library at {self.path} was deleted or moved, and another file has its path now. "
                "Restore it, or close this library and open the one that you want."
            ) from cause

    def remember(self) -> tuple[int, int] | None:
        """Store the identity of the file that a connection opened, and return it."""
        self._identity = self.identity()
        self.opened = self.opened or self._identity is not None
        return self._identity

    def forget(self) -> None:
        """Let the next connection open any library at the path. It still creates no file."""
        self._identity = None

    def uri(self) -> str:
        """Return the URI with which SQLite opens the file for writing without creating it."""
        return f"file:{quote(os.fsencode(self.path), safe='')}?mode=rw"


def prepare(engine: AsyncEngine, file: SqliteFile | None, *, read_only: bool) -> None:
    """Set up an engine's connections: check the file, set pragmas, and begin transactions explicitly.

    Python's sqlite3 begins a transaction only before some statements, so DDL would commit half a migration.
    With ``isolation_level=None`` this function begins it. A transaction that will write takes the write lock
    at once (IMMEDIATE), because SQLite fails without waiting when a read transaction is upgraded after
    another connection wrote.
    """

    if file is not None:
        _watch(engine, file)

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        try:
            if file is not None:
                file.refuse_other_file(connection)
            _set_up(connection, read_only=read_only)
            record.info[_FILE] = file.remember() if file is not None else None
        except BaseException:
            connection.close()  # the pool does not close a connection that it could not set up
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _watch(engine: AsyncEngine, file: SqliteFile) -> None:
    """Check that the file exists before a connection is opened or reused."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def _before(dialect: Any, record: Any, positional: list[Any], named: dict[str, Any]) -> None:
        file.identity()
        if file.opened and not named.get("uri"):
            positional[0], named["uri"] = file.uri(), True

    @event.listens_for(engine.sync_engine, "checkout")
    def _again(connection: Any, record: Any, proxy: Any) -> None:
        if record.info[_FILE] is not None and record.info[_FILE] != file.identity():
            raise DisconnectionError(f"{file.path} is another file")  # the pool opens a new connection


def _set_up(connection: Any, *, read_only: bool) -> None:
    cursor = connection.cursor()
    for pragma in (*_PRAGMAS, *(HOSTILE_FILE if read_only else _WRITER_PRAGMAS)):
        cursor.execute(pragma)
    cursor.close()
    add_missing_math(connection)


@asynccontextmanager
async def read_only_session(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let SQLite refuse everything except reading on a connection inside the block."""
    # The authorizer would refuse SQLAlchemy's own BEGIN, COMMIT and ROLLBACK.
    if not connection.in_transaction():
        await connection.begin()
    # SQLite loads the full-text table at its first use, and asks the authorizer as for a write.
    await connection.exec_driver_sql("PRAGMA table_info(media_fts)")
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        # If this task is cancelled here, the connection's thread sets it nevertheless.
        await raw.set_authorizer(authorize)
        yield
    finally:
        await raw.set_authorizer(None)
