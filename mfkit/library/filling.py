"""The verbs that bring files into a library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Literal

from mfkit import curate
from mfkit.library.opened import Opened
from mfkit.models import utc_now

if TYPE_CHECKING:
    from mfkit.scan.report import ScanReport


class Filling(Opened):
    """Scans."""

    async def scan(
        self,
        *roots: str | os.PathLike[str],
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        workers: int | None = None,
        executor: Executor | None = None,
        time_limit: float = 60.0,
        hash: Literal["content"] | None = None,
        people_as_tags: bool = False,
        progress: bool | None = None,
    ) -> ScanReport:
        """Read folders into the library.

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
            hash: Of objects in object storage: read the whole content for its SHA-256 (``"content"``)
                instead of letting ETag and size stand for it. The content of files is always read.
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
        from mfkit.scan.scanner import scan  # brings PyAV and Pillow, which reading does not need

        await self.open()
        started = utc_now()
        report = await scan(
            self.database, roots, include=include, exclude=exclude,
            workers=workers, executor=executor, time_limit=time_limit, hash=hash, progress=progress,
        )
        if people_as_tags:
            await curate.tag_people(self.database, started)
        return report
