"""What a SQLite connection needs to serve a library of millions, and to be held read-only."""

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

from mfkit.core.sqlite_file import SqliteFile
from mfkit.core.sqlite_guard import add_missing_math, authorize
from mfkit.errors import LibraryLockedError, ReadOnlyLibraryError

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file: its name with one of these behind it."""
WRITE = "mfkit_write"
"""Execution option of a connection that is going to write."""
_FILE = "mfkit_file"
"""What a connection in the pool bears of the file that it leads to."""

HOSTILE_FILE = (
    # https://www.sqlite.org/security.html. Not for writers: SQLite 3.40 refuses the triggers that keep the
    # full-text index then. What triggers may do is checked at opening (mfkit.core.altered_schema).
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
"""What a connection that only reads sets first, since somebody else may have made the file."""
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # Per connection: the inner pages of all indexes of some million rows; the system caches the others. With
    # 64 MiB a scan was no quicker, and its memory grew by that much.
    "PRAGMA cache_size = -24576",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cell_size_check = ON",
)
_WRITER_PRAGMAS = (
    # Readers go on while a scan writes; NORMAL is safe against corruption in WAL mode, and a power
    # cut costs at most the last commits, which the next scan finds again.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # A scan of millions must not leave a log of gigabytes behind.
    "PRAGMA journal_size_limit = 67108864",
)
_MAGIC = b"SQLite format 3\0"
"""How a database begins (https://www.sqlite.org/fileformat.html, section 1.3.1)."""
_PATIENCE = 2.0
"""Seconds to wait until a file that is to be replaced is closed elsewhere."""


def database_file(url: URL) -> Path | None:
    """Return the file behind a SQLite URL; None for a database in memory or another kind of database."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    if url.database.startswith("file:"):
        path = url.database.removeprefix("file:").partition("?")[0]
        return None if path.startswith(":memory:") else Path(path)
    return Path(url.database)


def may_write(file: Path) -> bool:
    """Return whether this user may write a file and, as WAL mode needs, others beside it."""
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


@contextmanager
def held_alone(file: Path) -> Iterator[None]:
    """Hold a SQLite file so that nobody else can open it; its log or journal is first brought into it.

    A file that does not exist or is not a database needs no holding. A program that has the file open in
    SQLite's rollback mode and is idle holds no lock, and goes unseen; mfkit's libraries are in WAL mode.

    Raises:
        LibraryLockedError: Another connection has it open, here or in another program.
        ReadOnlyLibraryError: The file, or what lies beside it, cannot be written.
    """
    connection = _hold_alone(file) if file.exists() else None
    try:
        if connection is not None and os.name == "nt":  # where no file that is open can be replaced
            connection.close()
        yield
    finally:
        if connection is not None:
            connection.close()


def _hold_alone(file: Path) -> sqlite3.Connection | None:
    connection = None
    try:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(file.resolve()))}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=_PATIENCE,
        )
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        connection.execute("BEGIN EXCLUSIVE")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("delete",):
            raise _opened(file)  # in between
        return connection
    except BaseException as error:
        if connection is not None:
            connection.close()
        if not isinstance(error, sqlite3.Error):
            raise
        code = error.sqlite_errorcode & 0xFF  # the rest tells variants apart
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _opened(file) from error
        raise ReadOnlyLibraryError(
            f"{file} cannot be replaced: {error}. Check its permissions and those of its folder."
        ) from error


def _opened(file: Path) -> LibraryLockedError:
    return LibraryLockedError(f"{file} is open in another program; close it there, or name another file.")


def replace_file(new: Path, old: Path) -> None:
    """Put a finished database into a place where another one, or what is left of one, may lie.

    SQLite applies a log or journal that it finds beside a file, whosever it was, so those go first: into
    their own database, with :func:`held_alone`. A kill at any moment leaves the old database or the new one.

    Args:
        new: A whole database that nobody has open, in the same folder.
        old: Where it is to be.

    Raises:
        LibraryLockedError: Another connection has the old one open.
        ReadOnlyLibraryError: The old one cannot be written.
        OSError: A file cannot be removed or renamed.
    """
    with held_alone(old):
        for end in COMPANIONS:
            old.with_name(old.name + end).unlink(missing_ok=True)
        os.replace(new, old)


def is_database(file: Path) -> bool:
    """Return whether a file, which no connection has open, begins as SQLite databases do."""
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def read_only_url(url: URL, file: Path) -> URL:
    """Return the URL that opens a file without the right to write.

    A library in a folder that cannot be written (a DVD, another person's share) has no place for
    the files that WAL mode needs; SQLite reads it when told that nobody else changes it.
    """
    log = file.with_name(file.name + "-wal")
    still = not os.access(file.parent, os.W_OK) and not (log.exists() and log.stat().st_size)
    path = quote(os.fsencode(file.resolve()))
    return url.set(
        database=f"file:{path}", query={"mode": "ro", "uri": "true", **({"immutable": "1"} if still else {})}
    )


def prepare(engine: AsyncEngine, file: SqliteFile | None, *, read_only: bool) -> None:
    """Hold connections to the file that was opened, set their pragmas, and begin transactions explicitly.

    Python's sqlite3 begins a transaction only before some statements, so that DDL would commit half
    a migration; with ``isolation_level=None`` the begin is ours. A transaction that will write takes
    the write lock at once (IMMEDIATE): one that reads first and writes later fails, without waiting,
    when another writer came between.
    """

    if file is not None:
        _watch(engine, file)

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        try:
            if file is not None:
                file.refuse_stranger(connection)
            _set_up(connection, read_only=read_only)
            record.info[_FILE] = file.remember() if file is not None else None
        except BaseException:
            connection.close()  # the pool forgets a connection that it could not set up, open as it is
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _watch(engine: AsyncEngine, file: SqliteFile) -> None:
    """Look for the file before a connection is made or taken again."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def _before(dialect: Any, record: Any, positional: list[Any], named: dict[str, Any]) -> None:
        file.identity()
        if file.opened and not named.get("uri"):
            positional[0], named["uri"] = file.uri(), True

    @event.listens_for(engine.sync_engine, "checkout")
    def _again(connection: Any, record: Any, proxy: Any) -> None:
        if record.info[_FILE] is not None and record.info[_FILE] != file.identity():
            raise DisconnectionError(f"{file.path} is another file")  # the pool makes a new connection


def _set_up(connection: Any, *, read_only: bool) -> None:
    cursor = connection.cursor()
    for pragma in (*_PRAGMAS, *(HOSTILE_FILE if read_only else _WRITER_PRAGMAS)):
        cursor.execute(pragma)
    cursor.close()
    add_missing_math(connection)


@asynccontextmanager
async def read_only_session(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let SQLite refuse all but reading on this connection for a while."""
    # SQLAlchemy's own BEGIN comes before the authorizer, its COMMIT or ROLLBACK after it.
    if not connection.in_transaction():
        await connection.begin()
    # SQLite loads the full-text table when it is first named, and asks the authorizer as if that wrote.
    await connection.exec_driver_sql("PRAGMA table_info(media_fts)")
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        # Cancelled here, it is set all the same, on the connection's thread.
        await raw.set_authorizer(authorize)
        yield
    finally:
        await raw.set_authorizer(None)
