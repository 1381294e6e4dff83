"""Which scans may run at once, who writes when, and what a scan that was killed left behind.

A SQLite library takes one scan at a time. On PostgreSQL several machines scan different folders at once:
they read and probe side by side, and write their batches one after the other, as a batch is decided
against the rows it finds.
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
"""How many busy timeouts a scan waits for another program's write, five minutes as a rule."""

# A machine that lost its power closes no connection; its locks are free after two minutes.
_KEEPALIVES = {"tcp_keepalives_idle": "60", "tcp_keepalives_interval": "15", "tcp_keepalives_count": "4"}
_HELD = text("""
    SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND mode = 'ExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


class _ServerLock:
    """Advisory locks on the scanned folders, held by a connection that does nothing else.

    As in a file system, a folder is locked for itself and what lies above it is locked against being
    scanned as a whole: two scans meet when one's folder lies in the other's.
    """

    def __init__(self, name: str, connection: AsyncConnection) -> None:
        self._name, self._connection = name, connection
        self._one = asyncio.Lock()  # the scan writes from two tasks
        self._roots: frozenset[int] = frozenset()

    async def take(self, roots: Sequence[str]) -> bool:
        """Take the locks of all roots, or tell that another scan is in the way."""
        self._roots = frozenset(_key(root) for root in roots)
        for setting, value in _KEEPALIVES.items():
            await self._connection.execute(
                text("SELECT set_config(:setting, :value, false)"), {"setting": setting, "value": value}
            )
        above = {folder for root in roots for folder in _above(root)} - set(roots)
        for folders, function in ((roots, ""), (above, "_shared")):
            for folder in folders:
                taken = text(f"SELECT pg_try_advisory_lock{function}(:key)")
                if not await self._connection.scalar(taken, {"key": _key(folder)}):
                    return False
        return True

    async def check(self) -> None:
        """Make sure that the locks are still held: they end with their connection.

        Raises:
            DatabaseUnavailableError: The connection was lost.
        """
        async with self._one:
            if self._connection.invalidated:
                raise DatabaseUnavailableError(
                    f"The connection to {self._name} was lost. What the scan stored is kept; scan again."
                )
            with translate_errors(self._name):
                await self._connection.execute(text("SELECT 1"))

    async def of_others(self) -> set[int]:
        """Return the locks on folders that other scans hold now."""
        async with self._one:
            return set((await self._connection.scalars(_HELD)).all()) - self._roots

    async def release(self) -> None:
        """Give the locks back, unless they ended with a lost connection."""
        if not self._connection.invalidated:
            with suppress(MfkitError), translate_errors(self._name):
                await self._connection.execute(text("SELECT pg_advisory_unlock_all()"))


_held: ContextVar[_ServerLock | None] = ContextVar("_held", default=None)
"""The lock of the scan that the present task belongs to."""


@asynccontextmanager
async def scan_lock(database: Database, roots: Sequence[str]) -> AsyncIterator[None]:
    """Hold the scan lock, which the system gives back when a process dies.

    A scan that still calls itself running while its lock is free was killed: it is marked so.

    Args:
        database: The library.
        roots: The folders to be scanned.

    Raises:
        ScanRunningError: Another scan of the library, on PostgreSQL one of these folders, is under way.
        LibraryLockedError: The lock file cannot be opened.
        DatabaseUnavailableError: The server cannot be reached.
    """
    refused = ScanRunningError(
        f"Another scan of {database.name} is under way; wait for it to end, or stop it."
    )
    if database.file is not None:
        lock = FileLock(f"{database.file}.scan-lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise refused from None
        except OSError as error:
            raise LibraryLockedError(
                f"The lock file {lock.lock_file} cannot be opened: {error.strerror or error}. Check what "
                "lies there and the permissions of the folder, then scan again."
            ) from error
        try:
            await _mark_killed(database)
            yield
        finally:
            lock.release()
    elif database.dialect == "postgresql":
        async with database.connect() as plain:
            # Without a transaction, which would stand open for as long as the scan takes.
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            held = _ServerLock(database.name, connection)
            try:
                if not await held.take(roots):
                    raise ScanRunningError(
                        f"Another scan of these folders, of one in them or above them, into {database.name} "
                        "is under way; wait for it to end, or stop it."
                    )
                _held.set(held)
                await _mark_killed(database)
                yield
            finally:
                _held.set(None)
                await held.release()
    else:  # a database in memory has no other process
        yield


@asynccontextmanager
async def write_lock(database: Database) -> AsyncIterator[AsyncConnection]:
    """Open a transaction of a scan, in which no other scan writes.

    Raises:
        LibraryLockedError: Another program holds the write lock for minutes.
        DatabaseUnavailableError: The server is gone, or was for a while: the scan's lock went with it.
    """
    held = _held.get()
    if held is not None:
        await held.check()
    async with database.transaction(tries=LOCK_TRIES) as connection:
        if database.dialect == "postgresql":
            # What a batch finds known or unknown must still be so when it is written.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key("")})
        yield connection


async def _mark_killed(database: Database) -> None:
    async with write_lock(database) as connection:
        running = (
            await connection.execute(select(Scan.id, Scan.root).where(Scan.status == ScanStatus.RUNNING))
        ).all()
        held = _held.get()
        scanned = await held.of_others() if held is not None else set()
        killed = [id_ for id_, root in running if _key(root) not in scanned]
        await connection.execute(
            update(Scan)
            .where(Scan.id.in_(killed))
            .values(status=ScanStatus.INTERRUPTED, finished_at=utc_now())
        )


def _key(folder: str) -> int:
    """Return the number of a folder's lock, far from those that other programs choose by hand."""
    return int.from_bytes(sha256(f"mfkit scan {folder}".encode()).digest()[:8], signed=True)


def _above(folder: str) -> list[str]:
    # Never the empty text, whose lock is that of the writers: "s3://bucket" and "C:/media" do not end at "/".
    found = []
    while (above := dirname(folder)) not in ("", folder):
        found.append(above)
        folder = above
    return found
