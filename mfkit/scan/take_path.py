"""The one place where an item's path changes: no two items hold one path, not even for a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import update_rows
from mfkit.models import MediaCopy, MediaItem, utc_now
from mfkit.scan.item_rows import file_name

_ITEM, _COPY = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy))
_CHUNK = 5000


def no_path(path: str, item_id: UUID) -> str:
    """Return the path of an item that gave up its own: one that no file can have, below that of a file."""
    return f"{path}/replaced/{item_id}"


async def take_paths(connection: AsyncConnection, wanted: Mapping[UUID, str]) -> None:
    """Give items other paths, each freed first of whatever holds it.

    An item in the way that is given no other path keeps its row, its tags and its collections: it is missing
    and gets :func:`no_path`. A copy in the way goes, because its path belongs to another content now.

    Args:
        connection: Open in a write transaction.
        wanted: The new path of each item. An item that gets :func:`no_path` keeps its file name.
    """
    # All step aside before the first takes its path: several may exchange theirs.
    await update_rows(connection, _ITEM, ("file_path",), [(f"{id_}", id_) for id_ in wanted])
    all_paths, now = list(wanted.values()), utc_now()
    for start in range(0, len(all_paths), _CHUNK):
        paths = all_paths[start : start + _CHUNK]
        holders = (
            await connection.execute(
                select(_ITEM.c.id, _ITEM.c.file_path, _ITEM.c.missing_since).where(
                    _ITEM.c.file_path.in_(paths)
                )
            )
        ).all()
        await update_rows(
            connection,
            _ITEM,
            ("file_path", "missing_since", "modified_at"),
            [(no_path(path, id_), missing_since or now, now, id_) for id_, path, missing_since in holders],
        )
        await connection.execute(delete(_COPY).where(_COPY.c.file_path.in_(paths)))
    gave_up = {id_ for id_, path in wanted.items() if path.endswith(f"/replaced/{id_}")}
    await update_rows(connection, _ITEM, ("file_path",), [(wanted[id_], id_) for id_ in gave_up])
    await update_rows(
        connection,
        _ITEM,
        ("file_path", "file_name"),
        [(path, file_name(path), id_) for id_, path in wanted.items() if id_ not in gave_up],
    )
