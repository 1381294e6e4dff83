"""SQLite connections and files: settings, read-only and exclusive access, and detection of deleted files."""

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
"""Suffixes of the log and journal files that SQLite creates next to a database file."""
WRITE = "mfkit_write"
"""Name of the SQLAlchemy execution option of connections that will write."""
_FILE = "mfkit_file"
"""Key in a pooled connection's ``info`` that stores the device and inode of its file."""

HOSTILE_FILE = (
    # Turning trusted_schema off is recommended by https://www.sqlite.org/security.html. Connections that
    # write leave it on, because SQLite 3.40 would otherwise reject the triggers that update the full-text
    # index. Instead, mfkit.core.schema_version checks the triggers when a library is opened.
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
"""Settings of read-only connections that protect against malicious files from other people."""
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # A page cache of 24 MiB holds the inner pages of all indexes of a few million rows. The operating system
    # caches the other pages. A scan was not faster with 64 MiB.
    "PRAGMA cache_size = -24576",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cell_size_check = ON",
)
_WRITER_PRAGMAS = (
    # In WAL mode readers are not blocked while a scan writes. With synchronous = NORMAL, a power failure
    # cannot corrupt the file. At most the last commits are lost, and the next scan repeats their work.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # The size of the log file is limited, because a scan of millions of files would leave several gigabytes.
    "PRAGMA journal_size_limit = 67108864",
)
_MAGIC = b"SQLite format 3\0"
"""Magic number of a SQLite database file (https://www.sqlite.org/fileformat.html, section 1.3.1)."""
_EXCLUSIVE_TIMEOUT = 2.0
"""Maximum number of seconds to wait until other connections to a file are closed."""


def database_file(url: URL) -> Path | None:
    """Return the file path in a SQLite URL, or None for an in-memory database or another kind of database."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    if url.database.startswith("file:"):
        path = url.database.removeprefix("file:").partition("?")[0]
        return None if path.startswith(":memory:") else Path(path)
    return Path(url.database)


def may_write(file: Path) -> bool:
    """Return whether this user can write to a file and to its folder, both of which WAL mode requires."""
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


@contextmanager
def exclusive_access(file: Path) -> Iterator[None]:
    """Merge a SQLite file's log or journal into the file, then lock the file exclusively during the block.

    A file that does not exist or is not a database is not locked. In rollback journal mode, an idle
    connection holds no lock and is not detected. But mfkit's libraries use WAL mode.

    Raises:
        LibraryLockedError: This program or another program has the file open.
        ReadOnlyLibraryError: The file, its log or its journal cannot be written.
    """
    connection = _lock_exclusively(file) if file.exists() else None
    try:
        if connection is not None and os.name == "nt":
            # The connection is closed, because Windows cannot replace an open file.
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
        # If the journal mode is WAL again, another connection has set it, so the file is in use.
        if connection.execute("PRAGMA journal_mode").fetchone() != ("delete",):
            raise _in_use(file)
        return connection
    except BaseException as error:
        if connection is not None:
            connection.close()
        if not isinstance(error, sqlite3.Error):
            raise
        # The low byte of an extended result code is the primary result code.
        code = error.sqlite_errorcode & 0xFF
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
    """Replace a database file with another database file. The old file may be missing or incomplete.

    SQLite would apply the log or journal of the old file to the new file. So :func:`exclusive_access` first
    merges them into the old file. If the process is killed, either the old or the new database remains.

    Args:
        new: A complete database in the same folder, which no program has open.
        old: File to replace.

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
    """Return whether a file has the magic number of a SQLite database. The file must not be open."""
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def read_only_url(url: URL, file: Path) -> URL:
    """Return the URL that opens a SQLite file read-only.

    In a read-only folder (a DVD, another person's share), SQLite cannot create the files that WAL mode needs.
    It can still read a library there if the URL declares the file immutable.
    """
    log = file.with_name(file.name + "-wal")
    immutable = not os.access(file.parent, os.W_OK) and not (log.exists() and log.stat().st_size)
    path = quote(os.fsencode(file.resolve()))
    return url.set(
        database=f"file:{path}",
        query={"mode": "ro", "uri": "true", **({"immutable": "1"} if immutable else {})},
    )


class SqliteFile:
    """File of a SQLite library, with checks whether it was deleted or replaced by another file.

    The checks run whenever a connection is opened or reused. Without them, an open connection would continue
    to write to a deleted file, and the data would be lost. A new connection would create an empty file.

    Attributes:
        path: Absolute path of the file.
        opened: True if a connection has opened the file. From then on, connections never create the file.
    """

    def __init__(self, file: Path) -> None:
        """Store the path of the file without checking it."""
        self.path = file.absolute()
        self.opened = False
        self._identity: tuple[int, int] | None = None

    def identity(self) -> tuple[int, int] | None:
        """Return the device and inode numbers that identify the file, or None if they are unknown.

        Raises:
            LibraryNotFoundError: The file no longer exists.
        """
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.opened:
                return None
            raise LibraryNotFoundError(
                f"The library at {self.path} was deleted or moved. Restore it, or open it at its new path."
            ) from error
        except OSError:
            # The error is ignored: if the file is unreachable, for example on a network share, SQLite will
            # report it.
            return self._identity
        return found.st_dev, found.st_ino

    def may_be_replaced(self) -> bool:
        """Return whether another file may have replaced the library's file since it was last opened.

        True is not certain: a network share that is mounted again can have new inodes for the same files.

        Raises:
            LibraryNotFoundError: The file no longer exists.
        """
        return self._identity is not None and self.identity() != self._identity

    def refuse_other_file(self, connection: Any) -> None:
        """Raise an error if the file was replaced by a file that is not a library.

        Another library is accepted, for example one that was restored from a backup.

        Raises:
            LibraryNotFoundError: The new file is not a library with the newest schema revision.
        """
        if not self.may_be_replaced():
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
                f"The library at {self.path} was deleted or moved, and another file now has this path. "
                "Restore the library, or open it at its new path."
            ) from cause

    def remember(self) -> tuple[int, int] | None:
        """Store and return the device and inode numbers of the file that a connection has just opened."""
        self._identity = self.identity()
        self.opened = self.opened or self._identity is not None
        return self._identity

    def accept_another_file(self) -> None:
        """Forget which file was opened. The next connection may open any library there, but not create one.

        The device and inode numbers of the opened file are forgotten.
        """
        self._identity = None

    def uri(self) -> str:
        """Return the SQLite URI that opens the file for writing but does not create it."""
        return f"file:{quote(os.fsencode(self.path), safe='')}?mode=rw"


def prepare(engine: AsyncEngine, file: SqliteFile | None, *, read_only: bool) -> None:
    """Register event handlers that check the file, set pragmas and begin transactions explicitly.

    By default, Python's sqlite3 begins a transaction only before some statements, so DDL could commit half a
    migration. With ``isolation_level=None``, the handlers begin all transactions. A transaction that will
    write acquires the write lock at once (BEGIN IMMEDIATE), because SQLite fails without waiting when a read
    transaction is upgraded after another connection wrote.
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
            # The connection is closed here, because the pool does not close it if its setup fails.
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _watch(engine: AsyncEngine, file: SqliteFile) -> None:
    """Register event handlers that check the file before a connection is opened or reused."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def _before(dialect: Any, record: Any, positional: list[Any], named: dict[str, Any]) -> None:
        file.identity()
        if file.opened and not named.get("uri"):
            positional[0], named["uri"] = file.uri(), True

    @event.listens_for(engine.sync_engine, "checkout")
    def _again(connection: Any, record: Any, proxy: Any) -> None:
        if record.info[_FILE] is not None and record.info[_FILE] != file.identity():
            # A DisconnectionError makes SQLAlchemy's connection pool open a new connection.
            raise DisconnectionError(f"{file.path} was replaced by another file")


def _set_up(connection: Any, *, read_only: bool) -> None:
    cursor = connection.cursor()
    for pragma in (*_PRAGMAS, *(HOSTILE_FILE if read_only else _WRITER_PRAGMAS)):
        cursor.execute(pragma)
    cursor.close()
    add_missing_math(connection)


@asynccontextmanager
async def read_only_session(connection: AsyncConnection) -> AsyncIterator[None]:
    """Inside the block, make SQLite reject all statements of a connection except reads."""
    # The transaction begins before the authorizer is set, because the authorizer denies BEGIN, COMMIT and
    # ROLLBACK.
    if not connection.in_transaction():
        await connection.begin()
    # The full-text table is loaded before the authorizer is set, because SQLite reports the loading to the
    # authorizer as a write.
    await connection.exec_driver_sql("PRAGMA table_info(media_fts)")
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        # set_authorizer() is called inside the try block, because the authorizer is set even if this task is
        # cancelled in the meantime. The finally block then removes it.
        await raw.set_authorizer(authorize)
        yield
    finally:
        await raw.set_authorizer(None)
