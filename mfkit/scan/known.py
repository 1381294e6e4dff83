"""What the library knows of a stretch of paths, to hold against what the walk found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from mfkit.models import MediaCopy, MediaItem, ScanFailure
from mfkit.scan.walk import Candidate

_PAGE = 5000
_RACE = timedelta(seconds=2)


@dataclass(slots=True)
class KnownItem:
    """An item's own path."""

    id: UUID
    size: int
    modified_at: datetime | None
    scanned_at: datetime | None
    missing: bool
    processed: bool
    file_hash: str


@dataclass(slots=True)
class KnownCopy:
    """A further path of an item."""

    id: UUID
    size: int
    modified_at: datetime | None
    scanned_at: datetime | None
    missing: bool


@dataclass(slots=True)
class KnownFailure:
    """A path that failed in an earlier scan."""

    id: UUID
    size: int | None
    modified_at: datetime | None


@dataclass(slots=True)
class Known:
    """All rows of one path: an item that went missing may share its path with a copy of another."""

    item: KnownItem | None = None
    copy: KnownCopy | None = None
    failure: KnownFailure | None = None


@dataclass(slots=True)
class Verdict:
    """What the comparison of a stretch says.

    Attributes:
        to_read: Files to examine, with the known hash where only the facts are out of date.
        unchanged: How many files need not be opened.
        still_failing: Failures that stand: the file is as it was.
        items_back: Items that are there again, unchanged.
        copies_back: Copies that are there again, unchanged.
        items_gone: Items whose path is no longer found.
        copies_gone: Copies whose path is no longer found.
        failures_gone: Failures whose path is no longer found.
    """

    to_read: list[tuple[Candidate, str | None]] = field(default_factory=list)
    unchanged: int = 0
    still_failing: list[UUID] = field(default_factory=list)
    items_back: list[UUID] = field(default_factory=list)
    copies_back: list[UUID] = field(default_factory=list)
    items_gone: list[UUID] = field(default_factory=list)
    copies_gone: list[UUID] = field(default_factory=list)
    failures_gone: list[UUID] = field(default_factory=list)

    @property
    def any_gone(self) -> bool:
        """Whether anything known was not found."""
        return bool(self.items_gone or self.copies_gone or self.failures_gone)


async def known_between(
    connection: AsyncConnection, after: str, upto: str
) -> tuple[dict[str, Known], str]:
    """Return what is known of the paths ``after < path <= upto``: a page of them, and where it ends.

    A page is complete for its paths. The last one ends at ``upto``.
    """
    page: dict[str, Known] = {}
    end = upto
    for statement, put in ((_ITEMS, _put_item), (_COPIES, _put_copy), (_FAILURES, _put_failure)):
        rows = (await connection.execute(statement, {"after": after, "upto": upto})).all()
        if len(rows) == _PAGE:
            end = min(end, rows[-1][0])
        for path, *values in rows:
            put(page.setdefault(path, Known()), values)
    return {path: known for path, known in page.items() if path <= end}, end


def compare(
    candidates: dict[str, Candidate], known: dict[str, Known], unlisted: Sequence[str] = ()
) -> Verdict:
    """Hold found against known for the same stretch of paths.

    Args:
        candidates: Files found, by path; those that are known are taken out.
        known: What the library knows.
        unlisted: Folders that could not be listed: nothing below them is gone for not being found.
    """
    verdict = Verdict()
    for path, rows in known.items():
        candidate = candidates.pop(path, None)
        if candidate is not None:
            _found(candidate, rows, verdict)
        elif not any(path == folder or path.startswith(f"{folder}/") for folder in unlisted):
            _gone(rows, verdict)
    return verdict


def _gone(rows: Known, verdict: Verdict) -> None:
    if rows.item is not None and not rows.item.missing:
        verdict.items_gone.append(rows.item.id)
    if rows.copy is not None and not rows.copy.missing:
        verdict.copies_gone.append(rows.copy.id)
    if rows.failure is not None:
        verdict.failures_gone.append(rows.failure.id)


def _found(candidate: Candidate, rows: Known, verdict: Verdict) -> None:
    item, copy, failure = rows.item, rows.copy, rows.failure
    failed_so = failure is not None and _same(candidate, failure)
    if copy is not None and _same(candidate, copy) and not _racy(copy):
        verdict.unchanged += 1
        if copy.missing:
            verdict.copies_back.append(copy.id)
    elif item is not None and copy is None and _same(candidate, item) and not _racy(item):
        if item.processed or failed_so:
            verdict.unchanged += 1
        else:
            verdict.to_read.append((candidate, item.file_hash))
        if item.missing:
            verdict.items_back.append(item.id)
        if failed_so and failure is not None:
            verdict.still_failing.append(failure.id)
    elif item is None and copy is None and failed_so and failure is not None:
        verdict.still_failing.append(failure.id)
    else:
        verdict.to_read.append((candidate, None))


def _same(candidate: Candidate, row: KnownItem | KnownCopy | KnownFailure) -> bool:
    return (candidate.size, candidate.modified_at) == (row.size, row.modified_at)


def _racy(row: KnownItem | KnownCopy) -> bool:
    """Tell whether the file may have changed after it was read without its time telling so."""
    return (
        row.modified_at is None or row.scanned_at is None
        or timedelta(0) <= row.scanned_at - row.modified_at < _RACE
    )


def _between(
    path: InstrumentedAttribute[str], statement: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    return statement.where(path > bindparam("after"), path <= bindparam("upto")).order_by(path).limit(_PAGE)


_ITEMS = _between(MediaItem.file_path, select(
    MediaItem.file_path, MediaItem.id, MediaItem.file_size, MediaItem.file_modified_at,
    MediaItem.last_scanned_at, MediaItem.missing_since, MediaItem.is_processed, MediaItem.file_hash,
))
_COPIES = _between(MediaCopy.file_path, select(
    MediaCopy.file_path, MediaCopy.id, MediaItem.file_size, MediaCopy.file_modified_at,
    MediaCopy.last_scanned_at, MediaCopy.missing_since,
).join(MediaItem, MediaItem.id == MediaCopy.media_item_id))
_FAILURES = _between(ScanFailure.file_path, select(
    ScanFailure.file_path, ScanFailure.id, ScanFailure.file_size, ScanFailure.file_modified_at,
))


def _put_item(known: Known, row: list[Any]) -> None:
    id_, size, modified_at, scanned_at, missing_since, processed, file_hash = row
    missing = missing_since is not None
    known.item = KnownItem(id_, size, modified_at, scanned_at, missing, processed, file_hash)


def _put_copy(known: Known, row: list[Any]) -> None:
    id_, size, modified_at, scanned_at, missing_since = row
    known.copy = KnownCopy(id_, size, modified_at, scanned_at, missing_since is not None)


def _put_failure(known: Known, row: list[Any]) -> None:
    known.failure = KnownFailure(*row)
