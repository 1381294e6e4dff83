"""Locks that prevent two scans of the same folder at once, and cleanup after scans that were killed.

A SQLite library allows one scan at a time. On PostgreSQL several machines can scan different folders at once.
They read files in parallel, but write their batches one after the other, because the rows of a batch depend
on the rows that exist when it is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from hashlib import sha256
from posixpath import dirname

from filelock import FileLock, Timeout
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.core.error_mapping import translate_errors
from mfkit.errors import DatabaseUnavailableError, LibraryLockedError, MfkitError, ScanRunningError
from mfkit.models import Scan, ScanStatus, utc_now

LOCK_TRIES = 10
"""Number of busy timeouts that a scan waits for another program's write; five minutes by default."""

# A machine that loses power does not close its connection. These settings free its locks after two minutes.
_KEEPALIVES = {"tcp_keepalives_idle": "60", "tcp_keepalives_interval": "15", "tcp_keepalives_count": "4"}
_HELD_LOCKS = text("""
    SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND mode = 'ExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


class _ServerLock:
    """Advisory locks of a scan on PostgreSQL, held by a connection that does nothing else.

    Each scanned folder is locked exclusively, and the folders above it are locked in shared mode. So two
    scans conflict if their folders are the same or one contains the other.
    """

    def __init__(self, name: str, connection: AsyncConnection) -> None:
        self._name, self._connection = name, connection
        # This lock between asyncio tasks is needed, because two tasks of a scan use the same database
        # connection.
        self._mutex = asyncio.Lock()
        self._roots: frozenset[int] = frozenset()

    async def acquire(self, roots: Sequence[str]) -> bool:
        """Lock all scanned folders, and return False if another scan holds a conflicting lock."""
        self._roots = frozenset(_key(root) for root in roots)
        for setting, value in _KEEPALIVES.items():
            await self._connection.execute(
                text("SELECT set_config(:setting, :value, false)"), {"setting": setting, "value": value}
            )
        parents = {folder for root in roots for folder in _parents(root)} - set(roots)
        for folders, function in ((roots, ""), (parents, "_shared")):
            for folder in folders:
                try_lock = text(f"SELECT pg_try_advisory_lock{function}(:key)")
                if not await self._connection.scalar(try_lock, {"key": _key(folder)}):
                    return False
        return True

    async def check(self) -> None:
        """Check that the scan's locks are still held. The server releases them when their connection is lost.

        Raises:
            DatabaseUnavailableError: The connection was lost.
        """
        async with self._mutex:
            if self._connection.invalidated:
                raise DatabaseUnavailableError(
                    f"The connection to {self._name} was lost. Results stored so far are kept. Scan again."
                )
            with translate_errors(self._name):
                await self._connection.execute(text("SELECT 1"))

    async def keys_of_others(self) -> set[int]:
        """Return the keys of the folder locks that other scans currently hold."""
        async with self._mutex:
            return set((await self._connection.scalars(_HELD_LOCKS)).all()) - self._roots

    async def release(self) -> None:
        """Release the locks, unless the connection was lost."""
        if not self._connection.invalidated:
            with suppress(MfkitError), translate_errors(self._name):
                await self._connection.execute(text("SELECT pg_advisory_unlock_all()"))


_held: ContextVar[_ServerLock | None] = ContextVar("_held", default=None)
"""Server lock of the scan that the current task belongs to."""


@asynccontextmanager
async def scan_lock(database: Database, roots: Sequence[str]) -> AsyncIterator[None]:
    """Hold the scan lock, which the system releases if the process dies.

    A scan whose row says that it is running, but whose lock is free, was killed. Its row is marked as
    interrupted.

    Args:
        database: The library database.
        roots: The folders to scan.

    Raises:
        ScanRunningError: Another scan of the library is running; on PostgreSQL, of one of these folders.
        LibraryLockedError: The lock file cannot be opened.
        DatabaseUnavailableError: The server cannot be reached.
    """
    if database.file is not None:
        lock = FileLock(f"{database.file}.scan-lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise ScanRunningError(
                f"Another scan of {database.name} is running. Wait for it to finish, or stop it."
            ) from None
        except OSError as error:
            raise LibraryLockedError(
                f"The lock file {lock.lock_file} cannot be opened: {error.strerror or error}. Check that "
                "path and the permissions of its folder, then scan again."
            ) from error
        try:
            await _mark_killed_scans(database)
            yield
        finally:
            lock.release()
    elif database.dialect == "postgresql":
        async with database.connect() as connection:
            # Autocommit is used, because a transaction would stay open as long as the scan runs. A server can
            # be set to end connections that are idle in a transaction.
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            server_lock = _ServerLock(database.name, connection)
            try:
                if not await server_lock.acquire(roots):
                    raise ScanRunningError(
                        f"Another scan into {database.name} is running in one of these folders, or in one "
                        "below or above it. Wait for it to finish, or stop it."
                    )
                _held.set(server_lock)
                await _mark_killed_scans(database)
                yield
            finally:
                _held.set(None)
                await server_lock.release()
    else:  # An in-memory database belongs to one process and needs no lock.
        yield


@asynccontextmanager
async def write_lock(database: Database) -> AsyncIterator[AsyncConnection]:
    """Open a write transaction of a scan, during which no other scan writes.

    Raises:
        LibraryLockedError: Another program held the write lock for minutes.
        DatabaseUnavailableError: The connection to the server was lost, and the scan lock with it.
    """
    server_lock = _held.get()
    if server_lock is not None:
        await server_lock.check()
    async with database.transaction(tries=LOCK_TRIES) as connection:
        if database.dialect == "postgresql":
            # The lock is held until the batch is written, so that no other scan changes the rows that the
            # batch has read.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key("")})
        yield connection


async def _mark_killed_scans(database: Database) -> None:
    async with write_lock(database) as connection:
        running = (
            await connection.execute(select(Scan.id, Scan.root).where(Scan.status == ScanStatus.RUNNING))
        ).all()
        server_lock = _held.get()
        locked = await server_lock.keys_of_others() if server_lock is not None else set()
        killed = [id_ for id_, root in running if _key(root) not in locked]
        await connection.execute(
            update(Scan)
            .where(Scan.id.in_(killed))
            .values(status=ScanStatus.INTERRUPTED, finished_at=utc_now())
        )


def _key(folder: str) -> int:
    """Return the key of a folder's lock, a hash that is unlikely to equal a key of another program."""
    return int.from_bytes(sha256(f"mfkit scan {folder}".encode()).digest()[:8], signed=True)


def _parents(folder: str) -> list[str]:
    # Leave out the empty string, with which the parents of "s3://bucket" and "C:/media" end, because _key("")
    # is the key of the write lock.
    parents = []
    while (parent := dirname(folder)) not in ("", folder):
        parents.append(parent)
        folder = parent
    return parents
