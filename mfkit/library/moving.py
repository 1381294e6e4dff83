"""The verb that moves a library to another database."""

from __future__ import annotations

import os

import pandas as pd

from mfkit.core.database import Database
from mfkit.core.transfer import rows_of, transfer
from mfkit.library.opened import Opened
from mfkit.progress import progress_bar


class Moving(Opened):
    """Copies."""

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
