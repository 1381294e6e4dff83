"""The verbs that take a whole library elsewhere: to another database, or into a dataset to be read."""

from __future__ import annotations

import os
import time

import pandas as pd

from mfkit.core.database import Database
from mfkit.core.transfer import rows_of, transfer
from mfkit.engines.dataset import Dataset
from mfkit.engines.publish import Published
from mfkit.engines.snapshot import SnapshotEngine
from mfkit.errors import ReadOnlyLibraryError
from mfkit.library.opened import Opened
from mfkit.progress import progress_bar


class Moving(Opened):
    """Copies and publications."""

    async def publish(self, target: str | os.PathLike[str]) -> Published:
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
        dataset = Dataset(target)
        version, written = await self._snapshot.publish(dataset)
        items = sum(unit.rows for unit in version.relations["media"])
        files = len(list(version.files()))
        seconds = time.monotonic() - started
        return Published(dataset.name, version.version, items, files, version.bytes, written, seconds)

    async def copy_to(
        self, target: str | os.PathLike[str], *, progress: bool | None = None
    ) -> pd.DataFrame:
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
            with progress_bar(progress, f"to {there.name}", 2 * await rows_of(self.database), " rows") as bar:
                copied = await transfer(self.database, there, lambda doing, rows: bar.update(rows))
        finally:
            await there.dispose()
        return pd.DataFrame({
            "table": [one.table for one in copied], "rows": [one.rows for one in copied],
            "checksum": [one.checksum for one in copied], "replaced": [one.replaced for one in copied],
        })
