"""Items that filters select."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from mfkit.core.database import Database
from mfkit.filters.conditions import matches
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaItem
from tests.samples import item


async def names(database: Database, chosen: MediaFilter | None = None, /, **fields: Any) -> set[str]:
    """Return the file names (without extension) of the items that a filter means."""
    query = matches(MediaFilter.of(chosen, **fields))
    async with database.connect() as connection:
        rows = await connection.execute(
            text("SELECT id, file_name FROM media_items").columns(
                MediaItem.__table__.c.id, MediaItem.__table__.c.file_name
            )
        )
        known = {row.id: row.file_name.partition(".")[0] for row in rows}
        return {known[one] for one in (await connection.scalars(query)).all()}


async def fill(database: Database, rows: dict[str, dict[str, Any]]) -> None:
    """Store items by name; what is no column of an item is a fact of it."""
    columns = MediaItem.__table__.c.keys()
    async with database.session() as session:
        for name, given_ in rows.items():
            own = {key: value for key, value in given_.items() if key in columns}
            facts = {key: value for key, value in given_.items() if key not in columns}
            path = own.pop("file_path", f"/media/{name}.bin")
            session.add(item(path, facts=facts or None, **own))


def shown(value: object) -> str:
    """Show a parameter the same way in every process; a set has no order of its own."""
    return str(sorted(value) if isinstance(value, set) else value)
