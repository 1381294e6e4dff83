"""Changes of items' paths: each path is freed before another item takes it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import update_rows
from mfkit.models import MediaCopy, MediaItem, utc_now

_ITEM, _COPY = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy))
_CHUNK = 5000


def replaced_path(path: str, item_id: UUID) -> str:
    """Return the path of an item that lost its own: below a file, where no file can exist."""
    return f"{path}/replaced/{item_id}"


async def take_paths(connection: AsyncConnection, wanted: Mapping[UUID, str]) -> None:
    """Give items new paths, after freeing each path from the item or copy that holds it.

    An item that loses its path and gets no other keeps its row, tags and collections. It becomes missing and
    gets a :func:`replaced_path`. A copy that holds a wanted path is deleted, because its file now has other
    content.

    Args:
        connection: Open in a write transaction.
        wanted: The new path of each item. An item that gets a :func:`replaced_path` keeps its file name.
    """
    # All items release their paths before the first one takes its new path, because items may swap paths.
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
            [
                (replaced_path(path, id_), missing_since or now, now, id_)
                for id_, path, missing_since in holders
            ],
        )
        await connection.execute(delete(_COPY).where(_COPY.c.file_path.in_(paths)))
    replaced = {id_ for id_, path in wanted.items() if path.endswith(f"/replaced/{id_}")}
    await update_rows(connection, _ITEM, ("file_path",), [(wanted[id_], id_) for id_ in replaced])
    await update_rows(
        connection,
        _ITEM,
        ("file_path", "file_name"),
        [(path, posixpath.basename(path), id_) for id_, path in wanted.items() if id_ not in replaced],
    )
