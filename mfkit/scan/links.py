"""Live Photos linked to each other, once a scan has read the files of their folders."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.models import MediaItem, MediaMetadata
from mfkit.scan.bulk import update_rows
from mfkit.scan.lock import LOCK_TRIES
from mfkit.scan.pairs import live_photos

_SUFFIXES = (".heic", ".heif", ".jpg", ".jpeg", ".mov", ".mp4")


def may_be_half(path: str) -> bool:
    """Tell whether a file's name is one that half of a Live Photo may have."""
    return path.lower().endswith(_SUFFIXES)


async def link_live_photos(database: Database, folders: Iterable[str]) -> None:
    """Write ``live_photo``, the path of the other half, to the items of some folders.

    Args:
        database: Where.
        folders: Stored paths of the folders in which something was read or is gone.
    """
    for folder in folders:
        async with database.connect() as connection:
            changed = await _changed_in(connection, folder)
        if changed:
            async with database.transaction(tries=LOCK_TRIES) as connection:
                table = cast(Table, MediaMetadata.__table__)
                await update_rows(connection, table, ("extra_metadata",), changed)


async def _changed_in(connection: AsyncConnection, folder: str) -> list[tuple[dict[str, Any], Any]]:
    prefix = folder if folder.endswith("/") else f"{folder}/"
    statement = (
        select(MediaItem.file_path, MediaMetadata.id, MediaMetadata.extra_metadata)
        .join(MediaMetadata, MediaMetadata.media_item_id == MediaItem.id)
        .where(
            MediaItem.file_path > prefix,
            MediaItem.file_path < f"{prefix[:-1]}0",
            MediaItem.missing_since.is_(None),
        )
    )
    rows = {
        path: (id_, extra)
        for path, id_, extra in await connection.execute(statement)
        if may_be_half(path) and posixpath.dirname(path) == posixpath.dirname(prefix)
    }
    identifiers = {
        path: str(extra["content_identifier"])
        for path, (_, extra) in rows.items() if extra.get("content_identifier")
    }
    pairs = live_photos(rows, identifiers)
    changed = []
    for path, (id_, extra) in rows.items():
        if extra.get("live_photo") != pairs.get(path):
            rest = {name: value for name, value in extra.items() if name != "live_photo"}
            changed.append(({**rest, **({"live_photo": pairs[path]} if path in pairs else {})}, id_))
    return changed
