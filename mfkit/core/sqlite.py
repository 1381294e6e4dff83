"""What a SQLite connection needs to serve a library of millions, and to be held read-only."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mfkit.core.openfile import OpenFile
from mfkit.core.sqlite_guard import add_missing_math, authorize

WRITE = "mfkit_write"
"""Execution option of a connection that is going to write."""
_FILE = "mfkit_file"
"""What a connection in the pool bears of the file that it leads to."""

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # Per connection: the inner pages of all indexes of some million rows; the system caches the others. With
    # 64 MiB a scan was no quicker, and its memory grew by that much.
    "PRAGMA cache_size = -24576",
    "PRAGMA temp_store = MEMORY",
)
_WRITER_PRAGMAS = (
    # Readers go on while a scan writes; NORMAL is safe against corruption in WAL mode, and a power
    # cut costs at most the last commits, which the next scan finds again.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # A scan of millions must not leave a log of gigabytes behind.
    "PRAGMA journal_size_limit = 67108864",
)


def file_of(url: URL) -> Path | None:
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


def read_only_url(url: URL, file: Path) -> URL:
    """Return the URL that opens a file without the right to write.

    A library in a folder that cannot be written (a DVD, another person's share) has no place for
    the files that WAL mode needs; SQLite reads it when told that nobody else changes it.
    """
    log = file.with_name(file.name + "-wal")
    still = not os.access(file.parent, os.W_OK) and not (log.exists() and log.stat().st_size)
    path = quote(os.fsencode(file.resolve()))
    return url.set(database=f"file:{path}", query={
        "mode": "ro", "uri": "true", **({"immutable": "1"} if still else {})
    })


def prepare(engine: AsyncEngine, file: OpenFile | None, *, read_only: bool) -> None:
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


def _watch(engine: AsyncEngine, file: OpenFile) -> None:
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
    for pragma in _PRAGMAS if read_only else _PRAGMAS + _WRITER_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
    add_missing_math(connection)


@asynccontextmanager
async def only_reading(connection: AsyncConnection) -> AsyncIterator[None]:
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
