"""Jobs that worker processes do for one file each, such as inspections and verifications of files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import Select

from mfkit.core.database import Database
from mfkit.scan.workers.resource_limits import MEMORY_LIMIT
from mfkit.scan.workers.worker_pool import JobPool

PAGE = 2_000
"""Number of files that are read from the database at a time."""
_BATCH = 200
"""Number of results that are stored in one transaction."""
_MAX_BATCH_SECONDS = 5.0
_MAX_ERROR = 500
"""Maximum number of characters of a stored error message."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


J = TypeVar("J", bound="FileJob")
J_co = TypeVar("J_co", bound="FileJob", covariant=True)


@dataclass(slots=True)
class FileJob(ABC):
    """Job for a worker process: one file to read.

    Attributes:
        file_hash: Hash of the content that the file had in the last scan.
        path: Path of the file.
        size: Size of the file in bytes in the last scan.
        modified_us: Modification time in the last scan, in microseconds since 1970; None if unknown.
        reply: Reply of the worker process.
    """

    file_hash: str
    path: str
    size: int
    modified_us: int | None
    reply: dict[str, Any] = field(default_factory=dict, kw_only=True)

    @classmethod
    def of(cls, row: Any, *values: Any) -> Self:
        """Create a job from a database row.

        Args:
            row: Row with the columns ``file_hash``, ``file_path``, ``file_size`` and ``file_modified_at``.
            values: Values of the fields that the subclass adds.
        """
        modified = row.file_modified_at
        microseconds = None if modified is None else (modified - _EPOCH) // timedelta(microseconds=1)
        return cls(row.file_hash, row.file_path, row.file_size, microseconds, *values)

    @property
    @abstractmethod
    def request(self) -> bytes:
        """Request to send to the worker process, as one line of JSON."""

    @abstractmethod
    def apply(self, line: bytes) -> bool:
        """Store a reply of the worker process in the job, and return whether the job is complete."""

    @abstractmethod
    def crashed(self, error: str) -> bool:
        """Record that the file crashed the worker process. The file is not tried again."""

    @property
    def error(self) -> str | None:
        """Error in the reply as a text that databases can store; None if there was no error."""
        error = self.reply.get("error")
        return None if error is None else str(error).replace("\0", "")[:_MAX_ERROR]


class FileSource(Protocol[J_co]):
    """Source of files to read. Its SELECT statements return the files in pages of :data:`PAGE` rows."""

    def page(self, is_known: bool, last: Any) -> Select[Any]:
        """Return the SELECT statement for the next page of files.

        Args:
            is_known: True selects files that were read before, oldest result first. False selects all
                other files, sorted by path.
            last: Last row of the previous page; None for the first page.
        """
        ...

    def job(self, row: Any) -> J_co:
        """Create the job for a row that the statement of :meth:`page` returned."""
        ...


async def run_jobs(
    database: Database,
    sources: Sequence[FileSource[J]],
    store: Callable[[Sequence[J]], Awaitable[None]],
    bar: Any,
    *,
    module: str,
    workers: int | None,
    time_limit: float,
    deadline: float | None,
) -> None:
    """Read files in worker processes and store the results in batches.

    Finished results are stored even if the user interrupts the call.

    Args:
        database: Library database.
        sources: Files to read.
        store: Stores the results of finished jobs in the database.
        bar: Progress bar.
        module: Module that the worker processes run.
        workers: Number of worker processes; None for one per processor core.
        time_limit: Maximum number of seconds for one file.
        deadline: Time of :func:`time.monotonic` after which no further job starts; None for no deadline.
    """
    number = max(1, workers or os.cpu_count() or 1)
    pool = JobPool[J](number, time_limit=time_limit, memory_limit=MEMORY_LIMIT, module=module)
    async with pool:
        feeding = asyncio.create_task(_feed(database, pool, sources, deadline))
        waiting: list[J] = []
        stored_at = time.monotonic()
        try:
            async for done in pool.done_jobs():
                waiting += done
                bar.update(len(done))
                if len(waiting) >= _BATCH or time.monotonic() - stored_at > _MAX_BATCH_SECONDS:
                    await store(waiting)
                    waiting, stored_at = [], time.monotonic()
            await feeding
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await feeding
            if waiting:
                await asyncio.shield(store(waiting))


async def _feed(
    database: Database, pool: JobPool[J], sources: Sequence[FileSource[J]], deadline: float | None
) -> None:
    """Submit jobs to the worker pool until all files are submitted or the deadline has passed."""
    try:
        async for job in _jobs(database, sources):
            if deadline is not None and time.monotonic() >= deadline:
                break
            await pool.put_job(job)
    except Exception:
        # The pool is finished after an error too. Otherwise, run_jobs() would wait forever for further
        # results, and never raise the error.
        await pool.finish()
        raise
    await pool.finish()


async def _jobs(database: Database, sources: Sequence[FileSource[J]]) -> AsyncIterator[J]:
    """Yield a job for each file of the sources. Files that were never read come first."""
    for is_known in (False, True):
        for source in sources:
            last: Any = None
            rows: list[Any] = [None] * PAGE
            while len(rows) == PAGE:
                async with database.connect() as connection:
                    rows = list((await connection.execute(source.page(is_known, last))).all())
                for row in rows:
                    yield source.job(row)
                    last = row
