"""Inspection of images and videos: select files, analyse them in worker processes, and store the results."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

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
    picture_quality,
    pixel_inspections,
    utc_now,
)
from mfkit.pixels.file_jobs import PAGE, FileJob, run_jobs
from mfkit.pixels.pixel_worker import MODULE, decode_reply
from mfkit.progress import progress_bar
from mfkit.scan.stored_path import URL
from mfkit.scan.workers.resource_limits import TIME_LIMIT

Step = Literal["similarity", "quality"]
STEPS: tuple[Step, ...] = get_args(Step)
INSPECTOR_VERSION = 2
"""Version of the inspection. Increase it if results change, so that all files are inspected again."""
MAX_FAILURES = 20
"""Maximum number of failed files that a report names."""
_KINDS = (MediaType.IMAGE, MediaType.VIDEO)

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
        failures: Stored paths of the first failed files, at most :data:`MAX_FAILURES`, each with the reason.
    """

    inspected: int = 0
    failed: int = 0
    changed: int = 0
    left: int = 0
    seconds: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)

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
            parts.append(f"{self.left:,} left; run it again to continue")
        return "; ".join((text, *parts)) + "."


@dataclass(slots=True)
class InspectionJob(FileJob):
    """Job for a worker process: one file to inspect."""

    steps: tuple[Step, ...]

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

    async def store(jobs: Sequence[InspectionJob]) -> None:
        await _store(database, jobs, report)

    with progress_bar(progress, "inspect", total) as bar:
        await run_jobs(
            database,
            [outstanding],
            store,
            bar,
            module=MODULE,
            workers=workers,
            time_limit=time_limit,
            deadline=deadline,
        )
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
        if name == "decode":
            raise MfkitError('Inspections do not look for damage. Use verify(how="decode") or mfkit verify.')
        if name not in STEPS:
            raise MfkitError(f"{name!r} is not an inspection step. Use one of {', '.join(STEPS)}.")
    if not names:
        raise MfkitError(f"No inspection step is given. Use one or more of {', '.join(STEPS)}.")
    return tuple(one for one in STEPS if one in names)


class _Outstanding:
    """Builder of the SELECT statements for the items whose files must be inspected."""

    def __init__(self, chosen: MediaFilter, steps: tuple[Step, ...], before: datetime | None) -> None:
        """Create a builder of the SELECT statements for an inspection of the items that a filter selects.

        Args:
            chosen: Filter of the items.
            steps: Steps of the inspection.
            before: Select all items that were not inspected since this time. None selects the items that
                were not inspected by the current version of the inspection.
        """
        self._steps = steps
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
            # An imported list can contain any URL, and mfkit would send a request with the user's credentials
            # for it. So only objects that a scan has read are read from object storage.
            or_(~c.file_path.startswith(URL), c.last_scanned_at.is_not(None)),
            done < len(steps),
        )

    def count(self) -> Select[Any]:
        """Return the SELECT statement that counts the items to inspect."""
        return select(func.count()).select_from(media).where(*self._where)

    def job(self, row: Any) -> InspectionJob:
        """Create the job for a row that the statement of :meth:`page` returned."""
        return InspectionJob.of(row, self._steps)

    def page(self, is_known: bool, last: Any) -> Select[Any]:
        """Return the SELECT statement for the next page of items; see :class:`FileSource`."""
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
        return statement.order_by(*order).limit(PAGE)


async def _store(database: Database, jobs: Sequence[InspectionJob], report: InspectionReport) -> None:
    """Store the results of finished jobs in the database, and update the counts in the report."""
    known = {job.file_hash: job for job in jobs if not job.reply.get("changed")}
    report.changed += len(jobs) - len(known)
    failures = [(job.path, job.error) for job in known.values() if job.error is not None]
    report.failures += failures[: MAX_FAILURES - len(report.failures)]
    report.failed += len(failures)
    report.inspected += len(known) - len(failures)
    if not known:
        return
    now = utc_now()
    hashes = list(known)
    inspections, pictures, miniatures, qualities = [], [], [], []
    for job in known.values():
        inspections += [(job.file_hash, step, now, INSPECTOR_VERSION, job.error) for step in job.steps]
        for part, difference, dct, is_flat, pixels in job.reply.get("pictures", ()):
            pictures.append((job.file_hash, part, difference, dct, is_flat))
            miniatures.append((job.file_hash, part, pixels))
        if (measures := job.reply.get("quality")) is not None:
            qualities.append((job.file_hash, *measures))
    steps = jobs[0].steps
    async with database.transaction(tries=10) as connection:
        await connection.execute(
            delete(pixel_inspections).where(and_(_done.c.file_hash.in_(hashes), _done.c.step.in_(steps)))
        )
        if "similarity" in steps:
            for table in (picture_hashes, picture_miniatures):
                await connection.execute(delete(table).where(table.c.file_hash.in_(hashes)))
        if "quality" in steps:
            await connection.execute(delete(picture_quality).where(picture_quality.c.file_hash.in_(hashes)))
        for filled, columns, rows in (
            (
                pixel_inspections,
                ("file_hash", "step", "inspected_at", "inspector_version", "error"),
                inspections,
            ),
            (picture_hashes, ("file_hash", "part", "difference_hash", "dct_hash", "is_flat"), pictures),
            (picture_miniatures, ("file_hash", "part", "pixels"), miniatures),
            (picture_quality, tuple(picture_quality.c.keys()), qualities),
        ):
            if rows:
                await insert_rows(connection, filled, columns, rows)
