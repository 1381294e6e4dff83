"""The pipeline: walk, compare with what is known, examine what is new, store in batches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, replace
from posixpath import dirname
from typing import Any, Literal, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from mfkit.core.database import Database
from mfkit.distributed.executor_pool import ExecutorPool
from mfkit.errors import FilterError, FolderNotFoundError, MfkitError
from mfkit.models import MediaItem, Scan, ScanFailure, ScanStatus, utc_now
from mfkit.progress import progress_bar
from mfkit.scan.change_journal import ChangeJournal, known_roots
from mfkit.scan.extract.registry import EXTRACTOR_VERSION
from mfkit.scan.identity import write_batch
from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.missing_files import forget_placeholder_hashes, write_reconcile_result
from mfkit.scan.places import geocoding
from mfkit.scan.reconcile import (
    ReconcileResult,
    find_differences,
    items_to_reread,
    load_stored_rows,
    media_of_sidecars,
    reconcile,
)
from mfkit.scan.roots import resolve_roots, walker_for
from mfkit.scan.scan_lock import scan_lock, write_lock
from mfkit.scan.scan_report import Counts, Effort, ScanReport
from mfkit.scan.sidecars.live_photos import is_live_video_name, link_live_photos, may_be_live_photo
from mfkit.scan.sidecars.sidecar import is_sidecar_name
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.walk import Candidate, Entry, SkippedEntries, candidate
from mfkit.scan.workers.worker_pool import TIME_LIMIT, WorkerPool

_STRETCH = 5000
"""How many files of the walk are compared with the library at a time."""
_BATCH = 250
"""How many examined files are stored in one transaction, while the next as many are examined.

Twice as many made large scans no quicker, and small ones wait at their end for what is left to store.
"""
_PATIENCE = 5.0
"""Seconds after which a smaller batch is stored all the same, so that an interrupt costs little."""

Pool = WorkerPool | ExecutorPool
"""What files are given to: this machine's processes, or an executor's machines."""


async def scan(
    database: Database,
    roots: Sequence[str | os.PathLike[str]],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    workers: int | None = None,
    executor: Executor | None = None,
    time_limit: float = TIME_LIMIT,
    hash: Literal["content"] | None = None,
    progress: bool | None = None,
) -> ScanReport:
    """Read folders into the library; see :meth:`mfkit.MediaLibrary.scan`."""
    if hash not in (None, "content"):
        raise FilterError(f"hash is 'content' or not given, and is {hash!r}.")
    folders = await asyncio.to_thread(resolve_roots, roots or await _known_roots(database))
    started = time.monotonic()
    counts: dict[str, Counts] = {}
    notes: list[str] = []
    effort = Effort()
    rule = IgnoreRules(include, exclude)

    def pool(at_once: bool) -> Pool:
        if executor is not None:
            return ExecutorPool(executor, workers, time_limit=time_limit)
        number = max(1, workers or os.cpu_count() or 1)
        return WorkerPool(number, at_once=at_once, time_limit=time_limit)

    async with scan_lock(database, folders):
        await _forget_older_extractors(database)
        inherited: set[str] = set()
        for folder in folders:
            run = _Run(database, folder, rule, pool, progress, effort, inherited)
            if hash is not None and is_url(folder):
                run.wants_content = True
                await forget_placeholder_hashes(database, folder)
            counts[folder] = await run.scan()
            notes += run.notes
    return ScanReport(counts, time.monotonic() - started, effort, tuple(notes))


class _Stretch(NamedTuple):
    """The next files of a walk, whether they are the last, and the seconds it took to find them."""

    entries: list[Entry]
    last: bool
    seconds: float


class _Run:
    """The scan of one root."""

    def __init__(
        self,
        database: Database,
        root: str,
        exclude: IgnoreRules,
        pool: Callable[[bool], Pool],
        progress: bool | None,
        effort: Effort,
        inherited: set[str],
    ) -> None:
        self._effort = effort
        self.notes: list[str] = []
        self.wants_content = False
        self._database, self._root, self._exclude, self._progress = database, root, exclude, progress
        self._pool = pool
        self._id: UUID = uuid4()
        self._journal = ChangeJournal(self._id, (), inherited)
        self._started_at = utc_now()
        self._counts = Counts()
        self._done: list[FileResult] = []
        self._storing: asyncio.Task[None] | None = None
        self._stored_at = time.monotonic()
        self._place_names: asyncio.Task[None] | None = None
        self._aside = SkippedEntries()
        self._noted = 0
        self._again: set[str] = set()
        self._folders: set[str] = set()
        self._with_films: set[str] = set()

    async def scan(self) -> Counts:
        """Scan the root; whatever happens, the scan's row says how it ended."""
        expected = await self._begin()
        status = ScanStatus.FAILED
        try:
            with progress_bar(self._progress, self._root, expected) as bar:
                await self._pipeline(bar, is_new=expected is None)
            await link_live_photos(self._database, sorted(self._folders & self._with_films))
            self._note_left_out()
            status = ScanStatus.FINISHED
        except asyncio.CancelledError:
            status = ScanStatus.INTERRUPTED
            raise
        finally:
            # Shielded: a second cancel must not leave a scan "running" for ever. What ended the scan
            # (a full disk, a lost server) may keep its end from being written too; the next scan does.
            with contextlib.suppress(*(() if status is ScanStatus.FINISHED else (MfkitError,))):
                await asyncio.shield(self._end(status))
        return self._counts

    async def _begin(self) -> int | None:
        async with write_lock(self._database) as connection:
            expected: int | None = await connection.scalar(
                select(Scan.files)
                .where(Scan.root == self._root, Scan.status == ScanStatus.FINISHED)
                .order_by(Scan.started_at.desc())
                .limit(1)
            )
            self._journal = ChangeJournal(self._id, await known_roots(connection), self._journal.inherited)
            await connection.execute(
                insert(Scan).values(
                    id=self._id,
                    root=self._root,
                    started_at=self._started_at,
                    status=ScanStatus.RUNNING,
                    extractor_version=EXTRACTOR_VERSION,
                    keeps_changes=True,
                )
            )
        return expected

    async def _end(self, status: ScanStatus) -> None:
        async with write_lock(self._database) as connection:
            # At the end, since a file that was gone at its old path may have turned up at a later one.
            self._counts.missing = (
                await connection.scalar(
                    select(func.count()).where(
                        MediaItem.missing_since >= self._started_at,
                        # Not what another scan, of another folder at the same time, missed.
                        MediaItem.file_path > f"{self._root.rstrip('/')}/",
                        MediaItem.file_path < _end_of(self._root),
                    )
                )
                or 0
            )
            values = {**asdict(self._counts), "status": status, "finished_at": utc_now()}
            await connection.execute(update(Scan).where(Scan.id == self._id).values(values))

    async def _pipeline(self, bar: Any, *, is_new: bool) -> None:
        # The processes start while a new folder is walked; one that is known may have nothing for them.
        async with self._pool(is_new) as pool:
            feeding = asyncio.create_task(self._feed(pool, bar))
            try:
                async for block in pool.results():
                    self._done += block
                    for found in block:
                        self._account(found)
                    bar.update(len(block))
                    if self._is_due():
                        await self._store()
                await feeding
                while self._done:
                    await self._store()
                await self._stored()
            finally:
                begun = [task for task in (feeding, self._storing, self._place_names) if task is not None]
                for task in begun:
                    task.cancel()
                await asyncio.gather(*begun, return_exceptions=True)

    def _account(self, found: FileResult) -> None:
        for stage, seconds in found.spent.items():
            self._effort.spend(stage, seconds, 1)
        if found.file_hash is not None:
            self._effort.read_bytes += found.size
        if found.stage is not None:
            self._effort.fail(found.stage)
        if self._place_names is None and found.facts.get("latitude") is not None:
            self._place_names = asyncio.create_task(asyncio.to_thread(geocoding.load_cities))

    async def _feed(self, pool: Pool, bar: Any) -> None:
        try:
            async with contextlib.aclosing(self._to_read(bar)) as files:
                async for file, known_hash in files:
                    await pool.put(replace(file, wants_content=self.wants_content), known_hash)
        except Exception:
            await pool.finish()  # the results must end, so that the failure is seen
            raise
        await pool.finish()

    def _is_due(self) -> bool:
        return len(self._done) >= _BATCH or time.monotonic() - self._stored_at > _PATIENCE

    async def _store(self) -> None:
        """Begin to store what is done, once the batch before it is stored: two are in memory at most."""
        await self._stored()
        # Batches of one size make statements of one text, which the database need not prepare again.
        batch, self._done = self._done[:_BATCH], self._done[_BATCH:]
        self._storing = asyncio.create_task(self._write(batch))
        self._stored_at = time.monotonic()

    async def _stored(self) -> None:
        if self._storing is not None:
            await self._storing

    async def _write(self, batch: list[FileResult]) -> None:
        if batch:
            await asyncio.to_thread(geocoding.add_place_names, [found.facts for found in batch])
            self._folders |= {dirname(found.path) for found in batch if may_be_live_photo(found.path)}
            started = time.monotonic()
            sound = [found for found in batch if found.file_hash is not None]
            self._counts += await write_batch(self._database, self._journal, batch)
            for found in sound:
                if found.file_hash is None:
                    self._effort.fail("store")
            self._effort.spend("store", time.monotonic() - started, len(batch))

    async def _to_read(self, bar: Any) -> AsyncGenerator[tuple[Candidate, str | None]]:
        """Yield the files that must be opened; settle everything else on the way."""
        # With the slash: "/photos-old/x" too lies behind "/photos", and is nobody's business here.
        after = f"{self._root.rstrip('/')}/"
        runs = walker_for(self._root)(self._root, self._aside, self._exclude)
        async with contextlib.aclosing(_stretches(runs)) as stretches:
            async for entries, last, seconds in stretches:
                self._effort.spend("walk", seconds, len(entries))
                upto = _end_of(self._root) if last else entries[-1][0]
                for one in await self._compare(entries, after, upto, bar):
                    yield one
                after = upto
        async with self._database.connect() as connection:
            known = await load_stored_rows(connection, sorted(self._again))
        for again in items_to_reread(known, self._started_at):
            yield again

    async def _compare(
        self, entries: list[Entry], after: str, upto: str, bar: Any
    ) -> list[tuple[Candidate, str | None]]:
        """Hold a stretch of the walk against the library; return what must be opened."""
        self._note_unlisted()
        self._counts.files += len(entries)
        self._counts.size += sum(size for _, size, _ in entries)
        self._with_films |= {dirname(path) for path, _, _ in entries if is_live_video_name(path)}
        async with self._database.connect() as connection:
            unknown, odd = await find_differences(connection, entries, after, upto)
            known = await load_stored_rows(connection, [*{*odd, *(path for path, _, _ in unknown)}])
            await self._database.shrink(connection)
        candidates = {entry[0]: candidate(entry) for entry in unknown}
        verdict = reconcile(candidates, known, [one.path for one in self._aside.unlisted])
        await self._settle(verdict)
        to_read = [*verdict.to_read, *((new, None) for new in candidates.values())]
        await self._note_sidecars([one.path for one, _ in to_read], verdict.paths_gone)
        unchanged = len(entries) - len(unknown) + verdict.unchanged
        self._counts.unchanged += unchanged
        self._counts.failed += len(verdict.still_failing)
        bar.update(unchanged + verdict.failing_unread)
        return to_read

    async def _settle(self, verdict: ReconcileResult) -> None:
        any_file = self._counts.files > 0
        if verdict.any_gone and not any_file:
            note = (
                f"{self._root} holds no file, though the library knows some: is it unmounted? "
                "Nothing was marked as missing."
            )
            if note not in self.notes:
                self.notes.append(note)
        if verdict.any_gone or verdict.items_back or verdict.copies_back or verdict.still_failing:
            await write_reconcile_result(self._database, self._journal, verdict, may_be_gone=any_file)

    async def _note_sidecars(self, read: Sequence[str], gone: Sequence[str]) -> None:
        """Have media read again whose sidecar is new, changed or gone, though they are unchanged."""
        self._folders |= {dirname(path) for path in gone if may_be_live_photo(path)}
        self._with_films |= {dirname(path) for path in gone if is_live_video_name(path)}
        sidecars = [path for path in (*read, *gone) if is_sidecar_name(path)]
        if sidecars:
            self._again |= await asyncio.to_thread(media_of_sidecars, sidecars)
            self._again.difference_update(read)

    def _note_left_out(self) -> None:
        if self._aside.files or self._aside.folders:
            self.notes.append(
                f"{self._aside.files:,} files and {self._aside.folders:,} folders of {self._root} were "
                "left out by rule."
            )

    def _note_unlisted(self) -> None:
        unlisted = self._aside.unlisted
        for one in unlisted[self._noted :]:
            error = f"The folder or entry cannot be looked at: {one.error}."
            self._done.append(FileResult(one.path, 0, None, stage="walk", error=error))
            self._effort.fail("walk")
        self._noted = len(unlisted)


async def _stretches(runs: Iterator[list[Entry]]) -> AsyncGenerator[_Stretch]:
    """Yield a walk stretch by stretch.

    Not one ahead: SQLite gives Python's lock away for every row, and a walk beside it would take it.
    """
    while not (stretch := await asyncio.to_thread(_stretch, runs)).last:
        yield stretch
    yield stretch


def _stretch(runs: Iterator[list[Entry]]) -> _Stretch:
    started = time.monotonic()
    entries: list[Entry] = []
    for run in runs:
        entries += run
        if len(entries) >= _STRETCH:
            return _Stretch(entries, False, time.monotonic() - started)
    return _Stretch(entries, True, time.monotonic() - started)


def _end_of(root: str) -> str:
    """Return the first path behind everything below a root: "0" is the character after "/"."""
    return "0" if root == "/" else f"{root}0"


async def _known_roots(database: Database) -> list[str]:
    async with database.connect() as connection:
        roots = (await connection.execute(select(Scan.root).distinct().order_by(Scan.root))).scalars().all()
    if not roots:
        raise FolderNotFoundError("No folder was scanned before; name one, as in mfkit scan ~/Pictures.")
    return [to_disk_path(root) for root in roots]


async def _forget_older_extractors(database: Database) -> None:
    """Have everything probed again that an older version of the extractors has read."""
    async with write_lock(database) as connection:
        newest = await connection.scalar(select(func.max(Scan.extractor_version)))
        if newest is not None and newest < EXTRACTOR_VERSION:
            await connection.execute(update(MediaItem).values(is_processed=False))
            await connection.execute(update(ScanFailure).values(file_modified_at=None))
