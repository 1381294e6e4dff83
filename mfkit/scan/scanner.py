"""Pipeline of a scan: walk the folders, compare with the library, inspect new files, store in batches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, replace
from posixpath import dirname
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from mfkit.catalog.content_rows import record_statuses
from mfkit.core.database import Database
from mfkit.errors import FolderNotFoundError, MfkitError
from mfkit.lazy_layers import load_distributed
from mfkit.models import MediaItem, Scan, ScanStatus, utc_now
from mfkit.progress import progress_bar
from mfkit.scan.change_journal import ChangeJournal, Decisions, scanned_roots
from mfkit.scan.extract.registry import EXTRACTOR_VERSION
from mfkit.scan.identity import write_batch
from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.missing_files import write_reconcile_result
from mfkit.scan.places import geocoding
from mfkit.scan.reconcile import ReconcileResult, find_differences, load_stored_rows, reconcile
from mfkit.scan.reread import (
    candidate_to_reread,
    item_paths_of_copies,
    items_to_reread,
    keep_known_contents,
    media_of_sidecars,
    reread_metadata,
    reread_outdated_metadata,
    reread_placeholder_hashes,
)
from mfkit.scan.roots import resolve_roots, walk_batches
from mfkit.scan.scan_lock import scan_lock, write_lock
from mfkit.scan.scan_report import Counts, Effort, ScanReport
from mfkit.scan.sidecars.live_photos import is_live_video_name, link_live_photos, may_be_live_photo
from mfkit.scan.sidecars.sidecar import is_sidecar_name
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.scan.walk import Candidate, Entry, SkippedEntries, candidates_of, to_candidate
from mfkit.scan.workers.resource_limits import TIME_LIMIT
from mfkit.scan.workers.worker_pool import FilePool, WorkerPool

BATCH_SIZE = 250
"""Number of files whose results are stored in one transaction.

The workers read the next files meanwhile. Larger batches did not make large scans faster, and small scans
would wait longer for the last batch.
"""
_MAX_BATCH_SECONDS = 5.0
"""Seconds after which a smaller batch is stored, so that an interrupt loses little work."""


async def scan(
    database: Database,
    roots: Sequence[str | os.PathLike[str]],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    workers: int | None = None,
    executor: Executor | None = None,
    time_limit: float = TIME_LIMIT,
    hash_content: bool = False,
    reread: bool = False,
    progress: bool | None = None,
) -> ScanReport:
    """Scan folders into the library; see :meth:`mfkit.MediaLibrary.scan`."""
    folders = await asyncio.to_thread(resolve_roots, roots or await _earlier_roots(database))
    started = time.monotonic()
    counts: dict[str, Counts] = {}
    notes: list[str] = []
    effort = Effort()
    rules = IgnoreRules(include, exclude)

    def create_pool(start_early: bool) -> FilePool:
        if executor is not None:
            pool: FilePool = load_distributed("executor_pool").ExecutorPool(
                executor, workers, time_limit=time_limit
            )
            return pool
        number = max(1, workers or os.cpu_count() or 1)
        return WorkerPool(number, start_early=start_early, time_limit=time_limit)

    async with scan_lock(database, folders):
        is_outdated = await reread_outdated_metadata(database, EXTRACTOR_VERSION)
        if reread:
            await reread_metadata(database, folders)
        decisions = Decisions()
        for folder in folders:
            root_scan = _RootScan(database, folder, rules, create_pool, progress, effort, decisions)
            # Do not compare fingerprints if the extractors are newer than in the last scan. Newer extractors
            # return different metadata for the same content, and fingerprints depend on the metadata.
            root_scan.checks_content = reread and not is_outdated
            if hash_content and is_url(folder):
                root_scan.wants_content = True
                await reread_placeholder_hashes(database, folder)
            counts[folder] = await root_scan.run()
            notes += root_scan.notes
    return ScanReport(counts, time.monotonic() - started, effort, tuple(notes))


class _RootScan:
    """Scan of one root, from the walk to the stored rows."""

    def __init__(
        self,
        database: Database,
        root: str,
        rules: IgnoreRules,
        create_pool: Callable[[bool], FilePool],
        progress: bool | None,
        effort: Effort,
        decisions: Decisions,
    ) -> None:
        self.notes: list[str] = []
        self.wants_content = False
        self.checks_content = False
        self._database, self._root, self._rules, self._progress = database, root, rules, progress
        self._create_pool = create_pool
        self._effort = effort
        self._id: UUID = uuid4()
        self._journal = ChangeJournal(self._id, (), decisions)
        self._started_at = utc_now()
        self._counts = Counts()
        self._unstored: list[FileResult] = []
        self._store_task: asyncio.Task[None] | None = None
        self._last_store = time.monotonic()
        self._place_names_task: asyncio.Task[None] | None = None
        self._skipped = SkippedEntries()
        self._recorded_unlisted = 0
        self._media_to_reread: set[str] = set()
        self._read_before: Sequence[str] = ()
        self._changed_photo_folders: set[str] = set()
        self._video_folders: set[str] = set()

    async def run(self) -> Counts:
        """Scan the root, record the final status in the scan's row, and return the counts."""
        expected = await self._begin()
        status = ScanStatus.FAILED
        try:
            with progress_bar(self._progress, self._root, expected) as bar:
                await self._run_pipeline(bar, is_new=expected is None)
            await link_live_photos(self._database, sorted(self._changed_photo_folders & self._video_folders))
            if not self._counts.files and not self.notes:
                self.notes.append(f"No files were found in {self._root}.")
            if self._skipped.files or self._skipped.folders:
                self.notes.append(f"Ignored in {self._root}: {self._skipped}.")
            status = ScanStatus.FINISHED
        except asyncio.CancelledError:
            status = ScanStatus.INTERRUPTED
            raise
        finally:
            # The final status is written in a shielded task, because a second cancellation must not leave the
            # status "running". An error that stopped the scan (full disk, lost server) may also prevent this
            # write. The next scan then corrects the row.
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
            earlier_roots = await scanned_roots(connection)
            self._journal = ChangeJournal(self._id, earlier_roots, self._journal.decisions)
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
            # Missing items are counted after the walk, because the walk may find a missing file at a later
            # path.
            self._counts.missing = (
                await connection.scalar(
                    select(func.count()).where(
                        MediaItem.missing_since >= self._started_at,
                        # Items that a concurrent scan of another folder marked as missing are not counted.
                        MediaItem.file_path > f"{self._root.rstrip('/')}/",
                        MediaItem.file_path < _end_of(self._root),
                    )
                )
                or 0
            )
            values = {**asdict(self._counts), "status": status, "finished_at": utc_now()}
            await connection.execute(update(Scan).where(Scan.id == self._id).values(values))

    async def _run_pipeline(self, bar: Any, *, is_new: bool) -> None:
        # Worker processes start immediately only for a root that was never scanned. Other roots may have no
        # files to read.
        async with self._create_pool(is_new) as pool:
            feed_task = asyncio.create_task(self._feed(pool, bar))
            try:
                async for results in pool.results():
                    self._unstored += results
                    for result in results:
                        self._record_effort(result)
                    bar.update(len(results))
                    if self._is_batch_due():
                        await self._start_storing()
                await feed_task
                while self._unstored:
                    await self._start_storing()
                await self._wait_until_stored()
            finally:
                tasks = [
                    task for task in (feed_task, self._store_task, self._place_names_task) if task is not None
                ]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _record_effort(self, result: FileResult) -> None:
        for stage, seconds in result.stage_seconds.items():
            self._effort.add_seconds(stage, seconds, 1)
        if result.file_hash is not None:
            self._effort.read_bytes += result.size
        if result.stage is not None:
            self._effort.count_failure(result.stage)
        if self._place_names_task is None and result.metadata.get("latitude") is not None:
            self._place_names_task = asyncio.create_task(asyncio.to_thread(geocoding.load_cities))

    async def _feed(self, pool: FilePool, bar: Any) -> None:
        options: dict[str, Any] = {"wants_content": self.wants_content, "scan_id": str(self._id)}
        try:
            async with contextlib.aclosing(self._files_to_read(bar)) as files:
                async for candidate, known_hash in files:
                    await pool.put(replace(candidate, **options), known_hash)
        except Exception:
            # finish() ends the loop over pool.results(). After this loop, the scan awaits this task, which
            # raises the error there.
            await pool.finish()
            raise
        await pool.finish()

    def _is_batch_due(self) -> bool:
        return len(self._unstored) >= BATCH_SIZE or time.monotonic() - self._last_store > _MAX_BATCH_SECONDS

    async def _start_storing(self) -> None:
        """Start storing a batch once the previous batch is stored, so that at most two are in memory."""
        await self._wait_until_stored()
        # Batches of equal size use the same SQL text, so the database can reuse prepared statements.
        batch, self._unstored = self._unstored[:BATCH_SIZE], self._unstored[BATCH_SIZE:]
        self._store_task = asyncio.create_task(self._store(batch))
        self._last_store = time.monotonic()

    async def _wait_until_stored(self) -> None:
        if self._store_task is not None:
            await self._store_task

    async def _store(self, batch: list[FileResult]) -> None:
        if batch:
            if located := [one.metadata for one in batch if one.metadata.get("latitude") is not None]:
                await asyncio.to_thread(geocoding.add_place_names, located)
            self._changed_photo_folders |= {
                dirname(result.path) for result in batch if may_be_live_photo(result.path)
            }
            started = time.monotonic()
            read = [result for result in batch if result.file_hash is not None]
            self._counts += await write_batch(self._database, self._journal, batch)
            rewritten = self._journal.decisions.rewritten_paths
            self._changed_photo_folders |= {dirname(path) for path in rewritten if may_be_live_photo(path)}
            rewritten.clear()
            for result in read:
                if result.file_hash is None:
                    self._effort.count_failure("store")
            self._effort.add_seconds("store", time.monotonic() - started, len(batch))

    async def _files_to_read(self, bar: Any) -> AsyncGenerator[tuple[Candidate, str | None]]:
        """Yield the files that must be opened, and update the database rows of all other files."""
        # The path range starts with "/photos/", because a range from "/photos" would contain "/photos-old/x".
        start = f"{self._root.rstrip('/')}/"
        async with contextlib.aclosing(walk_batches(self._root, self._skipped, self._rules)) as batches:
            async for entries, is_last, seconds in batches:
                self._effort.add_seconds("walk", seconds, len(entries))
                end = _end_of(self._root) if is_last else entries[-1][0]
                for file in await self._compare(entries, start, end, bar):
                    yield file
                start = end
        async with self._database.connect() as connection:
            stored = await load_stored_rows(connection, sorted(self._media_to_reread))
            stored |= await load_stored_rows(connection, await item_paths_of_copies(connection, stored))
        for candidate, known_hash in items_to_reread(stored, self._started_at):
            # The walk counted this file (or its copy beside the sidecar) as unchanged, and as failed if it
            # failed before. Undo this, because the file is counted again after it is read.
            self._counts.unchanged -= 1
            failure = stored[candidate.path].failure
            is_below = candidate.path.startswith(f"{self._root.rstrip('/')}/")
            if is_below and failure is not None and failure.modified_at is not None:
                self._counts.failed -= 1
            yield candidate, known_hash

    async def _compare(
        self, entries: list[Entry], start: str, end: str, bar: Any
    ) -> list[tuple[Candidate, str | None]]:
        """Compare a batch of found files with the library, and return the files that must be opened."""
        self._record_unlisted()
        self._counts.files += len(entries)
        self._counts.size += sum(entry[1] for entry in entries)
        self._video_folders |= {dirname(path) for path, *_ in entries if is_live_video_name(path)}
        async with self._database.connect() as connection:
            different, stored_paths = await find_differences(connection, entries, start, end)
            stored = await load_stored_rows(
                connection, [*{*stored_paths, *(entry[0] for entry in different)}]
            )
            await self._database.shrink(connection)
        if is_url(self._root):
            candidates = {entry[0]: to_candidate(entry) for entry in different}
        else:
            candidates = await asyncio.to_thread(candidates_of, different)
        result = reconcile(candidates, stored, [entry.path for entry in self._skipped.unlisted])
        if not self.checks_content:
            started = time.monotonic()
            if kept := await keep_known_contents(result):
                self._effort.add_seconds("read", time.monotonic() - started, kept)
        await self._write_reconcile_result(result)
        if self.checks_content:
            result.to_read = [
                (candidate_to_reread(candidate, stored[candidate.path]), known_hash)
                for candidate, known_hash in result.to_read
            ]
        new_files = [(candidate, None) for candidate in candidates.values()]
        appeared_or_missing = (*result.paths_missing, *result.paths_found_again)
        self._changed_photo_folders |= {
            dirname(path) for path in appeared_or_missing if may_be_live_photo(path)
        }
        self._video_folders |= {dirname(path) for path in appeared_or_missing if is_live_video_name(path)}
        paths = [candidate.path for candidate, _ in (*result.to_read, *new_files)]
        await self._find_media_of_sidecars(paths, appeared_or_missing)
        # A file whose fingerprint is compared would keep its metadata if the fingerprint is equal.
        result.to_read = [
            (candidate_to_reread(candidate, stored[candidate.path]), known_hash)
            if candidate.path in self._media_to_reread
            else (candidate, known_hash)
            for candidate, known_hash in result.to_read
        ]
        to_read = [*result.to_read, *new_files]
        # Leave out the media files that are read anyway, in the same batch as the sidecar or in the batch
        # before or after it.
        read = [
            candidate.path for candidate, _ in to_read if candidate.is_reread or not candidate.fingerprint
        ]
        self._media_to_reread.difference_update(self._read_before, read)
        self._read_before = read
        unchanged = len(entries) - len(different) + result.unchanged
        self._counts.unchanged += unchanged
        self._counts.failed += len(result.still_failing)
        bar.update(unchanged + result.failing_without_item)
        return to_read

    async def _write_reconcile_result(self, result: ReconcileResult) -> None:
        any_file = self._counts.files > 0
        if result.any_missing and not any_file:
            note = (
                f"{self._root} contains no files, but the library has items from it. Check whether the drive "
                "is mounted. Nothing was marked as missing."
            )
            if note not in self.notes:
                self.notes.append(note)
        if result.statuses:
            async with write_lock(self._database) as connection:
                await record_statuses(connection, {file.path: file.status for file in result.statuses})
        if (
            result.any_missing
            or result.items_found_again
            or result.copies_found_again
            or result.still_failing
        ):
            await write_reconcile_result(self._database, self._journal, result, mark_missing=any_file)

    async def _find_media_of_sidecars(
        self, to_read: Sequence[str], appeared_or_missing: Sequence[str]
    ) -> None:
        """Collect unchanged media files whose sidecar is new, changed, missing or found again."""
        sidecars = [path for path in (*to_read, *appeared_or_missing) if is_sidecar_name(path)]
        if sidecars:
            self._media_to_reread |= await asyncio.to_thread(media_of_sidecars, sidecars)

    def _record_unlisted(self) -> None:
        unlisted = self._skipped.unlisted
        for entry in unlisted[self._recorded_unlisted :]:
            error = f"The file or folder cannot be accessed: {entry.error}."
            self._unstored.append(FileResult(entry.path, 0, None, stage="walk", error=error))
            self._effort.count_failure("walk")
        self._recorded_unlisted = len(unlisted)


def _end_of(root: str) -> str:
    """Return the first path that sorts after everything below a root.

    Below the root, paths continue with "/", and "0" is the next character.
    """
    return "0" if root == "/" else f"{root}0"


async def _earlier_roots(database: Database) -> list[str]:
    async with database.connect() as connection:
        roots = await scanned_roots(connection)
    if not roots:
        raise FolderNotFoundError(
            "No folder has been scanned yet. Name one, for example: mfkit scan ~/Pictures"
        )
    return [to_disk_path(root) for root in roots]
