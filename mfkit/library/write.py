"""Methods that scan folders, publish datasets, and copy libraries to other databases."""

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
from mfkit.lazy_layers import load_distributed
from mfkit.library.base import LibraryBase
from mfkit.models import utc_now
from mfkit.progress import progress_bar

if TYPE_CHECKING:
    from mfkit.scan.scan_report import ScanReport


@dataclass(frozen=True)
class PublishResult:
    """Result of :meth:`mfkit.MediaLibrary.publish`.

    Attributes:
        path: Folder or URL of the dataset.
        version: Newest version of the dataset.
        items: Number of items in that version.
        files: Number of files in that version.
        bytes: Size of these files.
        written: Number of new files; 0 if nothing had changed, in which case no version was added.
        seconds: Duration of the call.
    """

    path: str
    version: int
    items: int
    files: int
    bytes: int
    written: int
    seconds: float


class WriteMethods(LibraryBase):
    """Methods that scan folders, publish datasets and copy libraries."""

    async def scan(
        self,
        *roots: str | os.PathLike[str],
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        workers: int | None = None,
        executor: Executor | None = None,
        time_limit: float = 60.0,
        hash_content: bool = False,
        reread: bool = False,
        people_as_tags: bool = False,
        progress: bool | None = None,
    ) -> ScanReport:
        """Scan folders into the library, which is created if it does not exist.

        Files are not read again if their size, modification time and (where available) inode change time are
        the same as before. Files that are no longer found are marked as missing. Nothing is deleted.

        Args:
            roots: Folders, or URLs of object storage (``s3://bucket/prefix``, extra ``s3``). If none are
                given, all roots of earlier scans are scanned.
            include: Patterns of files to scan even if another rule excludes them, in gitignore syntax.
            exclude: Patterns of files to leave out, in addition to the defaults (docs/scanning.md).
            workers: Number of worker processes, each of which reads one file at a time; None for the number
                of processor cores. With an executor, the number of running tasks; None adapts it to the
                machines.
            executor: Executor that reads the files, such as ``client.get_executor()`` of a Dask cluster whose
                machines see the storage at the same paths (docs/scaling.md). It is not shut down.
            time_limit: Seconds without progress after which a file is recorded as failed.
            reread: Read the metadata of unchanged files again. Their content is hashed again only if the
                metadata or samples of the content differ. This detects edits also on file systems that
                record no change times of inodes.
            hash_content: Read objects in object storage completely to compute the SHA-256 of their content,
                instead of identifying them by ETag and size. Files are always read completely.
            people_as_tags: Tag items with the names of people in sidecars and XMP.
            progress: Show a progress bar; None shows one in notebooks and terminals.

        Returns:
            Numbers of files, in total and for each root.

        Raises:
            FolderNotFoundError: A folder or bucket does not exist or cannot be read, and nothing was scanned;
                or a machine of the executor does not see its files.
            StorageUnavailableError: Object storage cannot be reached, or refuses the login or the listing.
            MfkitError: The executor's machines cannot read files. Stored results are kept.
            ReadOnlyLibraryError: The library is read-only.
            LibraryLockedError: Another program holds the write lock.
        """
        # The scan modules are imported in this method, because queries do not need PyAV and Pillow.
        from mfkit.scan.scanner import scan
        from mfkit.scan.walk import resolve_roots

        if roots:
            # The folders to scan are checked first, so that a misspelt path does not create a library.
            await self._open_or_create(lambda: resolve_roots(roots))
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
            reread=reread,
            progress=progress,
        )
        if people_as_tags:
            await catalog.tag_people(self.database, started)
        return report

    async def publish(self, target: str | os.PathLike[str]) -> PublishResult:
        """Publish the library's current state as a new version of a dataset of Parquet files.

        The files are grouped in folders by media type and year, and are rarely larger than 256 MB. Only files
        whose rows changed since the last version are written. The files of the last three versions are kept,
        so that their readers are not interrupted. :meth:`from_dataset` and all programs that support Parquet
        can read a dataset (docs/howto/datasets.md).

        Args:
            target: A folder that is empty or contains a dataset, or a URL that PyArrow supports, such as
                ``s3://bucket/media``. Only one program at a time can publish to a bucket.

        Returns:
            ``path``, ``version``, ``items``, ``files``, ``bytes``, ``written`` (new files) and ``seconds``.

        Raises:
            DatasetError: The target cannot be written, has other files, or another program published at the
                same time. Earlier versions do not change.
        """
        started = time.monotonic()
        await self.open()
        if not isinstance(self._snapshot, SnapshotEngine):
            raise ReadOnlyLibraryError(
                f"{self.database.name} is a published dataset. Publish the library that it came from."
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

        Ids, timestamps, tags, collections and scans do not change. If a copy is interrupted, call the method
        again to continue it. The target cannot be used as a library before it is complete.

        Args:
            target: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL). The database is empty
                or, with SQLite, does not exist.
            progress: Show a progress bar; None shows one in notebooks and terminals.

        Returns:
            One row per table: ``table``, ``rows``, ``checksum`` (SHA-256 of all values, equal in both
            databases) and ``replaced`` (number of rows in which a NUL character or an unpaired surrogate,
            which PostgreSQL cannot store, was replaced by U+FFFD).

        Raises:
            TransferError: The target has other data, refuses a row, or differs from the library.
            MfkitError: The target cannot be opened or written.
        """
        await self.open()
        other = Database(target)
        try:
            # The progress bar counts each row twice, because it is first copied and then verified.
            rows = 2 * await count_rows(self.database)
            with progress_bar(progress, f"to {other.name}", rows, " rows") as bar:
                copied = await copy_library(self.database, other, bar.update)
        finally:
            await other.dispose()
        return pd.DataFrame(copied)
