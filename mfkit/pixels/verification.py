"""Verification that files are undamaged, by their hash, by their structure or by decoding them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, Table, and_, func, literal, or_, select

from mfkit.analysis.summary import integer_sum
from mfkit.core.bulk_write import insert_rows
from mfkit.core.database import Database
from mfkit.errors import MfkitError
from mfkit.filters.conditions import conditions, matches
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_duration, format_size, parse_duration
from mfkit.models import MediaCopy, UTCDateTime, VerificationOutcome, media, utc_now, verifications
from mfkit.pixels.file_jobs import PAGE, FileJob, run_jobs
from mfkit.pixels.verify_worker import MODULE
from mfkit.progress import progress_bar
from mfkit.scan.stored_path import URL
from mfkit.scan.workers.resource_limits import TIME_LIMIT

How = Literal["hash", "headers", "decode"]
HOWS: tuple[How, ...] = get_args(How)
OLDER_THAN = "30 days"
"""Default age of a verification after which a file is verified again."""

c = media.c
v = verifications.c
_copies: Table = MediaCopy.__table__  # type: ignore[assignment]


@dataclass
class VerificationReport:
    """Result of :meth:`mfkit.MediaLibrary.verify`: numbers of undamaged, damaged and other files.

    Attributes:
        ok: Number of files without damage.
        damaged: Number of damaged files; :meth:`mfkit.MediaLibrary.damaged` lists them.
        unsupported: Number of files with a format that the method cannot verify.
        undecided: Number of files that crashed a worker or took too much time or memory.
        changed: Number of files that are missing or have changed since the last scan.
        left: Number of selected files that are not yet verified.
        bytes: Total size of the verified files.
        seconds: Duration of the call.
    """

    ok: int = 0
    damaged: int = 0
    unsupported: int = 0
    undecided: int = 0
    changed: int = 0
    left: int = 0
    bytes: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return a one-line summary of the results."""
        total = self.ok + self.damaged
        files = "file" if total == 1 else "files"
        text = f"{total:,} {files} ({format_size(self.bytes)}) verified in {format_duration(self.seconds)}"
        names = {
            "damaged": "damaged",
            "unsupported": "of formats that cannot be verified",
            "undecided": "undecided",
            "changed": "missing or changed since the last scan",
            "left": "left; run it again to continue",
        }
        parts = [f"{getattr(self, one):,} {name}" for one, name in names.items() if getattr(self, one)]
        return "; ".join((text, *parts)) + "."


@dataclass(slots=True)
class VerificationJob(FileJob):
    """Job for a worker process: one file to verify."""

    how: How

    @property
    def request(self) -> bytes:
        """Request to send to the worker process, as one line of JSON."""
        values = [self.path, self.size, self.modified_us, self.how, self.file_hash]
        return json.dumps(values).encode() + b"\n"

    def apply(self, line: bytes) -> bool:
        """Store a reply of the worker process in the job, and return whether the job is complete."""
        reply = json.loads(line)
        if not isinstance(reply, dict):
            raise ValueError("the reply of the worker process is not a JSON object")
        if not reply.get("done"):
            return False
        if reply["outcome"] != "changed":
            reply["outcome"] = VerificationOutcome(reply["outcome"])
        position, found = reply.get("position"), reply.get("found_hash")
        if not (position is None or isinstance(position, int)) or not (
            found is None or isinstance(found, str)
        ):
            raise ValueError("the reply of the worker process has a value of the wrong type")
        self.reply = reply
        return True

    def crashed(self, error: str) -> bool:
        """Record that the file crashed the worker process. The file is not tried again."""
        self.reply = {"outcome": VerificationOutcome.UNDECIDED, "error": error}
        return True


async def verify(
    database: Database,
    chosen: MediaFilter,
    *,
    how: str = "hash",
    budget: str | float | None = None,
    older_than: str | float = OLDER_THAN,
    workers: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: bool | None = None,
) -> VerificationReport:
    """Verify files and store the results; see :meth:`mfkit.MediaLibrary.verify`."""
    if how not in HOWS:
        raise MfkitError(f"{how!r} is not a way to verify files. Use one of {', '.join(HOWS)}.")
    method: How = how
    started = time.monotonic()
    try:
        deadline = None if budget is None else started + parse_duration(budget)
        before = utc_now() - timedelta(seconds=min(parse_duration(older_than), 1e10))
    except ValueError as error:
        raise MfkitError(f"{error}.") from None
    sources = [_Source(chosen, method, before, of_copies=one) for one in (False, True)]
    async with database.connect() as connection:
        total = sum([await connection.scalar(one.count()) or 0 for one in sources])
    report = VerificationReport()

    async def store(jobs: Sequence[VerificationJob]) -> None:
        await _store(database, jobs, report)

    with progress_bar(progress, f"verify ({how})", total) as bar:
        await run_jobs(
            database,
            sources,
            store,
            bar,
            module=MODULE,
            workers=workers,
            time_limit=time_limit,
            deadline=deadline,
        )
    done_count = report.ok + report.damaged + report.unsupported + report.undecided + report.changed
    report.left = max(0, total - done_count)
    report.seconds = time.monotonic() - started
    return report


class _Source:
    """Builder of the SELECT statements for the files to verify: the main files of items, or the copies."""

    def __init__(self, chosen: MediaFilter, how: How, before: datetime, *, of_copies: bool) -> None:
        self.how = how
        self._path: ColumnElement[str] = _copies.c.file_path if of_copies else c.file_path
        self._modified = _copies.c.file_modified_at if of_copies else c.file_modified_at
        self._from: Any = media.join(_copies, _copies.c.media_item_id == c.id) if of_copies else media
        own = (v.file_hash == c.file_hash, v.file_path == self._path, v.how == how)
        correlated = (media, _copies) if of_copies else (media,)
        self._last = select(func.max(v.verified_at)).where(*own).correlate(*correlated).scalar_subquery()
        self._where: tuple[ColumnElement[bool], ...] = (
            *(
                (c.id.in_(matches(chosen.replace(missing=None))), _copies.c.missing_since.is_(None))
                if of_copies
                else conditions(chosen)
            ),
            # Objects in object storage are left out, because the storage service verifies them itself.
            ~self._path.startswith(URL),
            or_(self._last.is_(None), self._last < before),
        )

    def count(self) -> Select[Any]:
        """Return the SELECT statement that counts the files to verify."""
        return select(func.count()).select_from(self._from).where(*self._where)

    def job(self, row: Any) -> VerificationJob:
        """Create the job for a row that the statement of :meth:`page` returned."""
        return VerificationJob.of(row, self.how)

    def page(self, is_known: bool, last: Any) -> Select[Any]:
        """Return the SELECT statement for the next page of files; see :class:`FileSource`."""
        when = self._last.label("verified_at")
        statement = (
            select(
                c.file_hash,
                self._path.label("file_path"),
                c.file_size,
                self._modified.label("file_modified_at"),
                when,
            )
            .select_from(self._from)
            .where(*self._where, self._last.is_not(None) if is_known else self._last.is_(None))
        )
        if last is not None:
            later: ColumnElement[bool] = self._path > last.file_path
            if is_known:
                moment = literal(last.verified_at, UTCDateTime())
                later = or_(self._last > moment, and_(self._last == moment, later))
            statement = statement.where(later)
        order = (when, self._path) if is_known else (self._path,)
        return statement.order_by(*order).limit(PAGE)


async def _store(database: Database, jobs: Sequence[VerificationJob], report: VerificationReport) -> None:
    now = utc_now()
    rows = []
    for job in jobs:
        outcome = job.reply["outcome"]
        setattr(report, outcome, getattr(report, outcome) + 1)
        if outcome == "changed":
            continue
        if outcome in ("ok", "damaged"):
            report.bytes += job.size
        position, found = job.reply.get("position"), job.reply.get("found_hash")
        rows.append((job.file_hash, job.path, job.how, now, outcome, position, job.error, found))
    if rows:
        columns = (
            "file_hash", "file_path", "how", "verified_at", "outcome", "position", "error", "found_hash",
        )  # fmt: skip
        async with database.transaction(tries=10) as connection:
            await insert_rows(connection, verifications, columns, rows)


_newest = select(func.max(v.revision).label("revision")).group_by(v.file_hash, v.file_path, v.how).subquery()
_is_present = or_(
    v.file_path == c.file_path,
    select(_copies.c.id)
    .where(
        _copies.c.file_path == v.file_path, _copies.c.media_item_id == c.id, _copies.c.missing_since.is_(None)
    )
    .exists(),
)
"""SQL condition that the item or one of its copies still has the verified path."""


def damaged(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement that lists a file once for each method that last found it damaged."""
    return (
        select(
            c.id,
            v.file_path,
            c.media_type,
            c.file_size,
            v.how,
            v.verified_at,
            v.position,
            v.error,
            v.file_hash,
            v.found_hash,
        )
        .join_from(verifications, _newest, _newest.c.revision == v.revision)
        .join(media, c.file_hash == v.file_hash)
        .where(*conditions(chosen), v.outcome == VerificationOutcome.DAMAGED, _is_present)
        .order_by(v.file_path, v.how)
    )


def verified(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement that counts files by the method and outcome of their last verification."""
    return (
        select(
            v.how,
            v.outcome,
            integer_sum(func.count()).label("files"),
            integer_sum(func.sum(c.file_size)).label("bytes"),
            func.min(v.verified_at, type_=UTCDateTime()).label("first_verified_at"),
            func.max(v.verified_at, type_=UTCDateTime()).label("last_verified_at"),
        )
        .join_from(verifications, _newest, _newest.c.revision == v.revision)
        .join(media, c.file_hash == v.file_hash)
        .where(*conditions(chosen), _is_present)
        .group_by(v.how, v.outcome)
        .order_by(v.how, v.outcome)
    )
