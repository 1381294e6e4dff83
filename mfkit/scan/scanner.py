"""The pipeline: walk, compare with what is known, examine what is new, store in batches."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from itertools import islice
from threading import Event
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from mfkit.core.database import Database
from mfkit.errors import FolderNotFoundError
from mfkit.models import MediaItem, Scan, ScanFailure, ScanStage, ScanStatus, utc_now
from mfkit.scan.examine import Examined, examine
from mfkit.scan.facts import EXTRACTOR_VERSION
from mfkit.scan.known import Verdict, compare, known_between
from mfkit.scan.paths import on_disk, stored
from mfkit.scan.progress import progress_bar
from mfkit.scan.report import Counts, ScanReport
from mfkit.scan.settle import settle
from mfkit.scan.store import write
from mfkit.scan.walk import Candidate, Unlisted, walk

_STRETCH = 2000
"""How many files of the walk are compared with the library at a time."""
_BATCH = 2000
"""How many examined files are stored in one transaction."""
_PATIENCE = 5.0
"""Seconds after which a smaller batch is stored all the same, so that an interrupt costs little."""


async def scan(
    database: Database,
    roots: Sequence[str | os.PathLike[str]],
    *,
    workers: int | None = None,
    progress: bool | None = None,
) -> ScanReport:
    """Read folders into the library; see :meth:`mfkit.MediaLibrary.scan`."""
    folders = _checked([os.fspath(root) for root in roots] or await _known_roots(database))
    started = time.monotonic()
    counts: dict[str, Counts] = {}
    notes: list[str] = []
    await _forget_older_extractors(database)
    stop = Event()
    workers = max(1, workers or os.cpu_count() or 1)
    executor = ThreadPoolExecutor(workers, thread_name_prefix="mfkit-scan")
    try:
        for folder in folders:
            run = _Run(database, folder, executor, 4 * workers, stop, progress)
            counts[folder] = await run.scan()
            notes += run.notes
    finally:
        stop.set()
        executor.shutdown(wait=False, cancel_futures=True)
    return ScanReport(counts, time.monotonic() - started, tuple(notes))


class _Run:
    """The scan of one root."""

    def __init__(
        self,
        database: Database,
        root: str,
        executor: Executor,
        in_flight: int,
        stop: Event,
        progress: bool | None,
    ) -> None:
        self.notes: list[str] = []
        self._database, self._root, self._progress = database, root, progress
        self._executor, self._in_flight, self._stop = executor, in_flight, stop
        self._id: UUID = uuid4()
        self._started_at = utc_now()
        self._counts = Counts()
        self._done: list[Examined] = []
        self._stored_at = time.monotonic()
        self._unlisted: list[str] = []

    async def scan(self) -> Counts:
        """Scan the root; whatever happens, the scan's row says how it ended."""
        expected = await self._begin()
        status = ScanStatus.FAILED
        try:
            with progress_bar(self._progress, self._root, expected) as bar:
                await self._pipeline(bar)
            status = ScanStatus.FINISHED
        except asyncio.CancelledError:
            status = ScanStatus.INTERRUPTED
            raise
        finally:
            self._stop_if(status)
            # Shielded: a second cancel must not leave a scan "running" for ever.
            await asyncio.shield(self._end(status))
        return self._counts

    def _stop_if(self, status: ScanStatus) -> None:
        if status is not ScanStatus.FINISHED:
            self._stop.set()

    async def _begin(self) -> int | None:
        async with self._database.transaction() as connection:
            expected: int | None = await connection.scalar(
                select(Scan.files)
                .where(Scan.root == self._root, Scan.status == ScanStatus.FINISHED)
                .order_by(Scan.started_at.desc())
                .limit(1)
            )
            await connection.execute(
                insert(Scan).values(
                    id=self._id,
                    root=self._root,
                    started_at=self._started_at,
                    status=ScanStatus.RUNNING,
                    extractor_version=EXTRACTOR_VERSION,
                )
            )
        return expected

    async def _end(self, status: ScanStatus) -> None:
        async with self._database.transaction() as connection:
            # At the end, since a file that was gone at its old path may have turned up at a later one.
            self._counts.missing = await connection.scalar(
                select(func.count()).where(MediaItem.missing_since >= self._started_at)
            ) or 0
            values = {**asdict(self._counts), "status": status, "finished_at": utc_now()}
            await connection.execute(update(Scan).where(Scan.id == self._id).values(values))

    async def _pipeline(self, bar: Any) -> None:
        running: set[asyncio.Task[None]] = set()
        try:
            async for candidate, known_hash in self._to_read(bar):
                if len(running) >= self._in_flight:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                running.add(asyncio.create_task(self._examine(candidate, known_hash, bar)))
                await self._store_if_due()
            while running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                await self._store_if_due()
            await self._store()
        finally:
            for task in running:
                task.cancel()

    async def _examine(self, candidate: Candidate, known_hash: str | None, bar: Any) -> None:
        work = asyncio.get_running_loop().run_in_executor(
            self._executor, examine, candidate, self._stop, known_hash
        )
        self._done.append(await work)
        bar.update()

    async def _store_if_due(self) -> None:
        if len(self._done) >= _BATCH or (self._done and time.monotonic() - self._stored_at > _PATIENCE):
            await self._store()

    async def _store(self) -> None:
        batch, self._done = self._done, []
        if batch:
            self._counts += await write(self._database, self._id, batch)
        self._stored_at = time.monotonic()

    async def _to_read(self, bar: Any) -> AsyncIterator[tuple[Candidate, str | None]]:
        """Yield the files that must be opened; settle everything else on the way."""
        found = walk(self._root)
        after, any_file = self._root, False
        while True:
            stretch = await asyncio.to_thread(_take, found)
            candidates = {one.path: one for one in stretch if isinstance(one, Candidate)}
            self._note_unlisted([one for one in stretch if isinstance(one, Unlisted)])
            self._counts.files += len(candidates)
            self._counts.size += sum(one.size for one in candidates.values())
            any_file = any_file or bool(candidates)
            last = len(stretch) < _STRETCH
            upto = _end_of(self._root) if last else stretch[-1].path
            async for verdict in self._verdicts(candidates, after, upto):
                await self._settle(verdict, any_file)
                self._counts.unchanged += verdict.unchanged
                self._counts.failed += len(verdict.still_failing)
                bar.update(verdict.unchanged + len(verdict.still_failing))
                for one in verdict.to_read:
                    yield one
            for candidate in candidates.values():
                yield candidate, None
            if last:
                return
            after = upto

    async def _verdicts(
        self, candidates: dict[str, Candidate], after: str, upto: str
    ) -> AsyncIterator[Verdict]:
        """Compare a stretch with the library, page by page; unknown candidates are left over."""
        while after != upto:
            async with self._database.connect() as connection:
                page, after = await known_between(connection, after, upto)
            yield compare(candidates, page, self._unlisted)

    async def _settle(self, verdict: Verdict, any_file: bool) -> None:
        if verdict.any_gone and not any_file:
            note = (
                f"{self._root} holds no file, though the library knows some: is it unmounted? "
                "Nothing was marked as missing."
            )
            if note not in self.notes:
                self.notes.append(note)
        if verdict.any_gone or verdict.items_back or verdict.copies_back or verdict.still_failing:
            await settle(self._database, self._id, verdict, may_be_gone=any_file)

    def _note_unlisted(self, unlisted: Sequence[Unlisted]) -> None:
        for one in unlisted:
            self._unlisted.append(one.path)
            error = f"The folder or entry cannot be looked at: {one.error}."
            self._done.append(Examined(one.path, 0, None, stage=ScanStage.WALK, error=error))


def _take(found: Iterator[Candidate | Unlisted]) -> list[Candidate | Unlisted]:
    return list(islice(found, _STRETCH))


def _end_of(root: str) -> str:
    """Return the first path behind everything below a root: "0" is the character after "/"."""
    return "0" if root == "/" else f"{root}0"


def _checked(roots: Sequence[str]) -> list[str]:
    """Return the stored paths of folders that can be scanned, without those that lie in another one.

    Raises:
        FolderNotFoundError: One is not there, is no folder, or cannot be read.
    """
    folders = []
    for root in roots:
        path = os.path.abspath(os.path.expanduser(root))
        if not os.path.exists(path):
            raise FolderNotFoundError(f"{root} is not there; check the spelling, or whether it is mounted.")
        if not os.path.isdir(path):
            raise FolderNotFoundError(f"{root} is a file; name the folder that it lies in.")
        try:
            os.scandir(path).close()
        except OSError as error:
            raise FolderNotFoundError(f"{root} cannot be read: {error.strerror}.") from error
        folders.append(stored(path))
    return [
        folder
        for folder in dict.fromkeys(folders)
        if not any(folder != other and folder.startswith(other.rstrip("/") + "/") for other in folders)
    ]


async def _known_roots(database: Database) -> list[str]:
    async with database.connect() as connection:
        roots = (await connection.execute(select(Scan.root).distinct().order_by(Scan.root))).scalars().all()
    if not roots:
        raise FolderNotFoundError("No folder was scanned before; name one: lib.scan(\"~/Pictures\").")
    return [on_disk(root) for root in roots]


async def _forget_older_extractors(database: Database) -> None:
    """Have everything probed again that an older version of the extractors has read."""
    async with database.transaction() as connection:
        newest = await connection.scalar(select(func.max(Scan.extractor_version)))
        if newest is not None and newest < EXTRACTOR_VERSION:
            await connection.execute(update(MediaItem).values(is_processed=False))
            await connection.execute(update(ScanFailure).values(file_modified_at=None))
