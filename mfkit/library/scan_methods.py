"""Methods that scan folders, and methods that list, compare and count what scans found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING
from uuid import UUID

import pandas as pd

from mfkit import catalog
from mfkit.analysis import scan_history
from mfkit.filters.media_filter import MediaFilter
from mfkit.library.base import LibraryBase
from mfkit.models import utc_now

if TYPE_CHECKING:
    from mfkit.scan.scan_report import ScanReport


class ScanMethods(LibraryBase):
    """Methods that scan folders and report on the scans."""

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
        from mfkit.scan.roots import resolve_roots
        from mfkit.scan.scanner import scan

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

    async def compare(
        self,
        /,
        scan_a: str | UUID | None = None,
        scan_b: str | UUID | None = None,
        *,
        root: str | os.PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """List the changes of files between two scans of a folder.

        Args:
            scan_a: Id of the earlier scan, from :meth:`scans`; None for the last finished scan before
                ``scan_b``.
            scan_b: Id of the later scan; None for the last finished scan.
            root: The scanned folder, used if no id is given; None for the folder of the last scan.

        Returns:
            One row per changed path, sorted by change and path: ``change`` (``added``, ``removed``,
            ``moved``, ``grown``, ``shrunk``, or ``edited`` for other content of the same size),
            ``file_path``, ``old_path`` (of moved files), ``file_size`` and ``old_size`` (null if the file
            did not exist), ``bytes`` (their difference), ``media_type`` and ``id`` (of the item with that
            content; null if the library no longer has it).

        Raises:
            FilterError: A scan does not exist, the scans have different roots or the wrong order, there is
                only one scan, or a scan between them did not record its changes.
        """
        scans = await self.frame(scan_history.scans())
        first, last = (None if one is None else str(one) for one in (scan_a, scan_b))
        path = None if root is None else MediaFilter.of(folder=os.fspath(root)).folder
        earlier, later = scan_history.scan_pair(scans.to_dict("records"), first, last, path)
        return await self.frame(scan_history.compare(earlier, later))

    async def scans(self) -> pd.DataFrame:
        """List the scans of the library, starting with the newest scan (docs/schema.md)."""
        return await self.frame(scan_history.scans())

    async def failures(self) -> pd.DataFrame:
        """List the files that the scans could not read or understand, sorted by path.

        Returns:
            ``file_path``, ``stage``, ``error``, ``file_size``, ``file_modified_at``, ``created_at`` (of the
            first failure), and ``root``, ``scanned_at`` and ``scan_id`` of the last scan that failed on the
            file.
        """
        return await self.frame(scan_history.failures())

    async def totals(self) -> pd.DataFrame:
        """Count the files in all scanned folders.

        Returns:
            One row: ``files`` and ``bytes``, as ``find`` lists them, and their parts: ``items`` and
            ``item_bytes``, ``copies`` and ``copy_bytes``, ``hard_links`` and ``hard_link_bytes`` (further
            paths of these files, which take no space), ``unread`` and ``unread_bytes`` (empty or unreadable
            files). ``bytes_on_disk``, as ``du`` counts them, are ``bytes`` without ``hard_link_bytes``.
        """
        return await self.frame(scan_history.totals())
