"""State of a database, for the tests of the core."""

from __future__ import annotations

from sqlalchemy import func, select

from mfkit.core.database import Database
from mfkit.models import MediaItem


async def count(database: Database) -> int:
    """Count the items by a connection of its own."""
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(MediaItem)) or 0)
