"""The verbs that bring files into a library."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from mfkit import catalog
from mfkit.core.database import Database
from mfkit.core.library_copy import copy_library, count_rows
from mfkit.engines.snapshot.snapshot_engine import SnapshotEngine
from mfkit.errors import ReadOnlyLibraryError
from mfkit.library.base import LibraryBase
from mfkit.models import utc_now
from mfkit.progress import progress_bar
from mfkit.upper_layers import load_distributed

if TYPE_CHECKING:
    from mfkit.scan.scan_report import ScanReport


class WriteMethods(LibraryBase):
    """Scans."""

    async def scan(
        self,
        *roots: str | os.PathLike[str],
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        workers: int | None = None,
        executor: Executor | None = None,
        time_limit: float = 60.0,
        hash_content: bool = False,
        people_as_tags: bool = False,
        progress: bool | None = None,
    ) -> ScanReport:
        """Read folders into the library, which is created if it does not exist.

        Files whose size and modification time are as they were are not opened again. What is no
        longer found is marked as missing; nothing is ever deleted.

        Args:
            roots: Folders, or URLs of object storage (``s3://bucket/prefix``, with the extra ``s3``);
                without any, those that were scanned before.
            include: Patterns, in gitignore's syntax, of what is read although it would be left out.
            exclude: Patterns of what is left out, besides the defaults (docs/scanning.md).
            workers: How many files to read at the same time, each in a process of its own; the number
                of processor cores when not given. With an executor, how many tasks are under way; when
                not given, as many as keep its machines at work.
            executor: Where files are read instead, such as ``client.get_executor()`` of a Dask cluster
                whose machines see the storage at the same paths (docs/scaling.md). It is left open.
            time_limit: Seconds without a sign of life after which a file is given up as failed.
            hash_content: Read objects in object storage whole, for the SHA-256 of their content, instead of
                identifying them by ETag and size. The content of files is always read.
            people_as_tags: Tag what is read with the names of the people that sidecars and XMP state.
            progress: Whether to show a progress bar; when not given, where a person can see it.

        Returns:
            What was found, per root and in sum.

        Raises:
            FolderNotFoundError: A folder or bucket is not there or cannot be read, and nothing was
                scanned; or a machine of the executor does not see what lies in it.
            StorageUnavailableError: Object storage cannot be reached, or refuses the login or the listing.
            MfkitError: The executor's machines cannot do the work; what was stored is kept.
            ReadOnlyLibraryError: The library may only be read.
            LibraryLockedError: Another program holds the write lock.
        """
        from mfkit.scan.roots import resolve_roots
        from mfkit.scan.scanner import scan  # brings PyAV and Pillow, which reading does not need

        if roots:
            await self._open_or_create(lambda: resolve_roots(roots))  # a misspelt folder creates no library
        else:
            await self.open()
        started = utc_now()
        report = await scan(
            self.database,
            roots,
            include=include,
            exclude=exclude,
            workers=workers,
            executor=executor,
            time_limit=time_limit,
            hash_content=hash_content,
            progress=progress,
        )
        if people_as_tags:
            await catalog.tag_people(self.database, started)
        return report


@dataclass(frozen=True)
class PublishResult:
    """Result of :meth:`mfkit.MediaLibrary.publish`.

    Attributes:
        path: Folder or URL of the dataset.
        version: Its newest version.
        items: Number of items in that version.
        files: Number of files in that version.
        bytes: Size of these files.
        written: Number of new files; 0 if nothing had changed, so that no version was added.
        seconds: Duration of the call.
    """

    path: str
    version: int
    items: int
    files: int
    bytes: int
    written: int
    seconds: float


class TransferMethods(LibraryBase):
    """Copies and publications."""

    async def publish(self, target: str | os.PathLike[str]) -> PublishResult:
        """Write the library's present state as a dataset for other machines: Parquet files, by versions.

        The files lie in folders by media type and year, none much larger than 256 MB. Only those whose
        rows changed since the last version are written; when none did, nothing is. Readers of an older
        version are not disturbed: the last three versions keep their files. What reads it is
        :meth:`from_dataset`, and every other program that knows Parquet (docs/howto/datasets.md).

        Args:
            target: A folder that is empty or holds such a dataset, or a URL that PyArrow knows, such as
                ``s3://bucket/media``. In a bucket only one may publish at a time.

        Returns:
            ``path``, ``version``, ``items``, ``files``, ``bytes``, ``written`` (new files) and ``seconds``.

        Raises:
            DatasetError: The place cannot be written, holds something else, or somebody else published
                there meanwhile. What was published before is as it was.
        """
        started = time.monotonic()
        await self.open()
        if not isinstance(self._snapshot, SnapshotEngine):
            raise ReadOnlyLibraryError(
                f"{self.database.name} is a published dataset; publish the library that it came from."
            )
        dataset = load_distributed("dataset").Dataset(target)
        publish = load_distributed("publish_dataset").publish
        version, written = await self._snapshot.publish(partial(publish, dataset))
        items = sum(unit.rows for unit in version.relations["media"])
        files = len(list(version.files()))
        seconds = time.monotonic() - started
        return PublishResult(dataset.name, version.version, items, files, version.bytes, written, seconds)

    async def copy_to(self, target: str | os.PathLike[str], *, progress: bool | None = None) -> pd.DataFrame:
        """Copy the whole library into another database, and verify the copy.

        Ids, moments, tags, collections and scans stay as they are. A copy that was interrupted goes on
        where it was when it is called again; until it is finished, the target is no library.

        Args:
            target: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL): a database that
                is empty or, with SQLite, not there.
            progress: Whether to show a progress bar; when not given, where a person can see it.

        Returns:
            One row per table: ``table``, ``rows``, ``checksum`` (SHA-256 over all values, equal in both
            databases) and ``replaced`` (rows with a NUL or half a character, which PostgreSQL has no
            place for and U+FFFD stands for in the copy).

        Raises:
            TransferError: The target holds something else, refuses a row, or is not what the library is.
            MfkitError: The target cannot be opened or written.
        """
        await self.open()
        there = Database(target)
        try:
            with progress_bar(
                progress, f"to {there.name}", 2 * await count_rows(self.database), " rows"
            ) as bar:
                copied = await copy_library(self.database, there, lambda doing, rows: bar.update(rows))
        finally:
            await there.dispose()
        return pd.DataFrame(
            {
                "table": [one.table for one in copied],
                "rows": [one.rows for one in copied],
                "checksum": [one.checksum for one in copied],
                "replaced": [one.replaced for one in copied],
            }
        )
