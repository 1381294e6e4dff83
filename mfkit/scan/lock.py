"""One scan of a library at a time, and what a scan that was killed left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from filelock import FileLock, Timeout
from sqlalchemy import text, update

from mfkit.core.database import Database
from mfkit.errors import ScanRunningError
from mfkit.models import Scan, ScanStatus, utc_now

LOCK_TRIES = 10
"""How many busy timeouts a scan waits for another program's write, five minutes as a rule."""
_POSTGRESQL_KEY = 0x6D666B6974  # "mfkit"


@asynccontextmanager
async def only_scan(database: Database) -> AsyncIterator[None]:
    """Hold the library's scan lock, which the system gives back when a process dies.

    A scan that still calls itself running while the lock is free was killed: it is marked so.

    Raises:
        ScanRunningError: Another scan holds it.
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
        try:
            await _mark_killed(database)
            yield
        finally:
            lock.release()
    elif database.dialect == "postgresql":
        async with database.connect() as connection:
            held = text("SELECT pg_try_advisory_lock(:key)")
            if not await connection.scalar(held, {"key": _POSTGRESQL_KEY}):
                raise refused
            try:
                await _mark_killed(database)
                yield
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _POSTGRESQL_KEY})
    else:  # a database in memory has no other process
        yield


async def _mark_killed(database: Database) -> None:
    async with database.transaction(tries=LOCK_TRIES) as connection:
        await connection.execute(
            update(Scan)
            .where(Scan.status == ScanStatus.RUNNING)
            .values(status=ScanStatus.INTERRUPTED, finished_at=utc_now())
        )
