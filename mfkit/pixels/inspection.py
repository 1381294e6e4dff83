"""Inspection of images: select images, decode and analyse them in worker processes, and store the results."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self, get_args

from sqlalchemy import Select, and_, delete, func, literal, or_, select

from mfkit.core.bulk_write import insert_rows
from mfkit.core.database import Database
from mfkit.errors import MfkitError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_duration, parse_duration
from mfkit.models import (
    MediaType,
    UTCDateTime,
    media,
    picture_hashes,
    picture_miniatures,
    pixel_inspections,
    utc_now,
)
from mfkit.pixels.pixel_worker import MODULE, decode_reply
from mfkit.progress import progress_bar
from mfkit.scan.stored_path import URL
from mfkit.scan.workers.resource_limits import MEMORY_LIMIT, TIME_LIMIT
from mfkit.scan.workers.worker_pool import JobPool

Step = Literal["similarity"]
STEPS: tuple[Step, ...] = get_args(Step)
INSPECTOR_VERSION = 1
"""Version of the inspection. Increase it if results change, so that all files are inspected again."""
_BATCH = 200
"""Number of results that are stored in one transaction."""
_MAX_BATCH_SECONDS = 5.0
_PAGE = 2_000
"""Number of items that are read from the database at a time."""
_KINDS = (MediaType.IMAGE,)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_ERROR = 500
"""Maximum number of characters of a stored error message."""

c = media.c
_done = pixel_inspections


@dataclass
class InspectionReport:
    """Result of :meth:`mfkit.MediaLibrary.inspect`: numbers of inspected, failed and remaining files.

    Attributes:
        inspected: Number of files whose pixels were decoded.
        failed: Number of files that could not be decoded.
        changed: Number of files that are missing or have changed since the last scan.
        left: Number of selected files that are not yet inspected.
        seconds: Duration of the call.
    """

    inspected: int = 0
    failed: int = 0
    changed: int = 0
    left: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return a one-line summary of the results."""
        total = self.inspected + self.failed
        rate = f", {total / self.seconds:,.0f} files/s" if total else ""
        files = "file" if total == 1 else "files"
        text = f"{total:,} {files} inspected in {format_duration(self.seconds)}{rate}"
        parts = [f"{self.failed:,} failed"] if self.failed else []
        if self.changed:
            parts.append(f"{self.changed:,} missing or changed since the last scan")
        if self.left:
            parts.append(f"{self.left:,} left; run it again to go on")
        return "; ".join((text, *parts)) + "."


@dataclass(slots=True)
class InspectionJob:
    """Job for a worker process: one file to inspect."""

    file_hash: str
    path: str
    size: int
    modified_us: int | None
    steps: tuple[Step, ...]
    reply: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Any, steps: tuple[Step, ...]) -> Self:
        """Create a job from a database row with an item's hash, path, size and modification time."""
        modified = row.file_modified_at
        microseconds = None if modified is None else (modified - _EPOCH) // timedelta(microseconds=1)
        return cls(row.file_hash, row.file_path, row.file_size, microseconds, steps)

    @property
    def request(self) -> bytes:
        """Request to send to the worker process, as one line of JSON."""
        return json.dumps([self.path, self.size, self.modified_us, self.steps]).encode() + b"\n"

    def apply(self, line: bytes) -> bool:
        """Store a reply of the worker process in the job, and return whether the job is complete."""
        reply = decode_reply(line)
        if reply is None:
            return False
        self.reply = reply
        return True

    def crashed(self, error: str) -> bool:
        """Record that the file crashed the worker process. The file is not tried again."""
        self.reply = {"error": error}
        return True


async def inspect(
    database: Database,
    chosen: MediaFilter,
    *,
    what: Sequence[str] = STEPS,
    budget: str | float | None = None,
    again: bool = False,
    workers: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: bool | None = None,
) -> InspectionReport:
    """Inspect the pixels of items and store the results; see :meth:`mfkit.MediaLibrary.inspect`."""
    steps = _steps(what)
    started = time.monotonic()
    deadline = None if budget is None else started + _seconds(budget)
    report = InspectionReport()
    outstanding = _Outstanding(chosen, steps, utc_now() if again else None)
    async with database.connect() as connection:
        total = await connection.scalar(outstanding.count()) or 0
    number = max(1, workers or os.cpu_count() or 1)
    pool = JobPool[InspectionJob](number, time_limit=time_limit, memory_limit=MEMORY_LIMIT, module=MODULE)
    with progress_bar(progress, "inspect", total) as bar:
        async with pool:
            feeding = asyncio.create_task(_feed(database, pool, outstanding, steps, deadline))
            waiting: list[InspectionJob] = []
            stored_at = time.monotonic()
            try:
                async for done in pool.done_jobs():
                    waiting += done
                    bar.update(len(done))
                    if len(waiting) >= _BATCH or time.monotonic() - stored_at > _MAX_BATCH_SECONDS:
                        await _store(database, waiting, report)
                        waiting, stored_at = [], time.monotonic()
                await feeding
            finally:
                feeding.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await feeding
                # Finished results are stored even if the user interrupts the inspection.
                if waiting:
                    await asyncio.shield(_store(database, waiting, report))
    report.left = max(0, total - report.inspected - report.failed - report.changed)
    report.seconds = time.monotonic() - started
    return report


def _seconds(budget: str | float) -> float:
    try:
        return parse_duration(budget)
    except ValueError as error:
        raise MfkitError(f"{error}.") from None


def _steps(what: Sequence[str]) -> tuple[Step, ...]:
    names = (what,) if isinstance(what, str) else tuple(what)
    for name in names:
        if name not in STEPS:
            raise MfkitError(f"{name!r} cannot be inspected. Use {', '.join(STEPS)}.")
    if not names:
        raise MfkitError(f"Nothing is to be inspected. Use {', '.join(STEPS)}.")
    return tuple(one for one in STEPS if one in names)


class _Outstanding:
    """Builder of the SELECT statements for the items whose files must be inspected."""

    def __init__(self, chosen: MediaFilter, steps: Sequence[Step], before: datetime | None) -> None:
        """Create a builder for the items that a filter selects.

        Args:
            chosen: Filter of the items.
            steps: Steps of the inspection.
            before: Select all items that were not inspected since this time. None selects the items that
                were not inspected by the current version of the inspection.
        """
        own = (_done.c.file_hash == c.file_hash, _done.c.step.in_(steps))
        current = (
            _done.c.inspected_at >= before
            if before is not None
            else _done.c.inspector_version == INSPECTOR_VERSION
        )
        done = select(func.count()).where(*own, current).correlate(media).scalar_subquery()
        self._earliest = select(func.min(_done.c.inspected_at)).where(*own).correlate(media).scalar_subquery()
        self._where = (
            *conditions(chosen),
            c.media_type.in_(_KINDS),
            # Only objects that a scan has read are read from object storage, because an imported list can
            # contain any URL.
            or_(~c.file_path.startswith(URL), c.last_scanned_at.is_not(None)),
            done < len(steps),
        )

    def count(self) -> Select[Any]:
        """Return the SELECT statement that counts the items to inspect."""
        return select(func.count()).select_from(media).where(*self._where)

    def pages(self, is_known: bool, last: Any) -> Select[Any]:
        """Return the SELECT statement for the next page of items to inspect.

        Args:
            is_known: True selects items that were inspected before, oldest inspection first. False selects
                all other items, sorted by path.
            last: Last row of the previous page; None for the first page.
        """
        earliest = self._earliest.label("earliest")
        statement = select(c.file_hash, c.file_path, c.file_size, c.file_modified_at, earliest).where(
            *self._where, self._earliest.is_not(None) if is_known else self._earliest.is_(None)
        )
        if last is not None:
            later = c.file_path > last.file_path
            if is_known:
                when = literal(last.earliest, UTCDateTime())
                later = or_(self._earliest > when, and_(self._earliest == when, later))
            statement = statement.where(later)
        order = (earliest, c.file_path) if is_known else (c.file_path,)
        return statement.order_by(*order).limit(_PAGE)


async def _feed(
    database: Database,
    pool: JobPool[InspectionJob],
    outstanding: _Outstanding,
    steps: tuple[Step, ...],
    deadline: float | None,
) -> None:
    """Submit jobs to the worker pool until all files are submitted or the deadline has passed."""
    try:
        for is_known in (False, True):
            last = None
            while True:
                async with database.connect() as connection:
                    rows = (await connection.execute(outstanding.pages(is_known, last))).all()
                for row in rows:
                    if deadline is not None and time.monotonic() >= deadline:
                        return await pool.finish()
                    await pool.put_job(InspectionJob.of(row, steps))
                if len(rows) < _PAGE:
                    break
                last = rows[-1]
    except Exception:
        # The pool must be finished, because the caller waits for its last result before it sees the error.
        await pool.finish()
        raise
    await pool.finish()


async def _store(database: Database, jobs: Sequence[InspectionJob], report: InspectionReport) -> None:
    """Store the results of finished jobs in the database, and add their numbers to the report."""
    known = {job.file_hash: job for job in jobs if not job.reply.get("changed")}
    report.changed += len(jobs) - len(known)
    failed = sum("error" in job.reply for job in known.values())
    report.failed += failed
    report.inspected += len(known) - failed
    if not known:
        return
    now = utc_now()
    hashes = list(known)
    inspections, pictures, miniatures = [], [], []
    for job in known.values():
        error = job.reply.get("error")
        error = None if error is None else str(error).replace("\0", "")[:_MAX_ERROR]
        inspections += [(job.file_hash, step, now, INSPECTOR_VERSION, error) for step in job.steps]
        for part, difference, dct, is_flat, pixels in job.reply.get("pictures", ()):
            pictures.append((job.file_hash, part, difference, dct, is_flat))
            miniatures.append((job.file_hash, part, pixels))
    steps = jobs[0].steps
    async with database.transaction(tries=10) as connection:
        await connection.execute(
            delete(pixel_inspections).where(and_(_done.c.file_hash.in_(hashes), _done.c.step.in_(steps)))
        )
        if "similarity" in steps:
            for table in (picture_hashes, picture_miniatures):
                await connection.execute(delete(table).where(table.c.file_hash.in_(hashes)))
        for filled, columns, rows in (
            (
                pixel_inspections,
                ("file_hash", "step", "inspected_at", "inspector_version", "error"),
                inspections,
            ),
            (picture_hashes, ("file_hash", "part", "difference_hash", "dct_hash", "is_flat"), pictures),
            (picture_miniatures, ("file_hash", "part", "pixels"), miniatures),
        ):
            if rows:
                await insert_rows(connection, filled, columns, rows)
