"""Live Photos linked to each other, once a scan has read the files of their folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.models import MediaItem, MediaMetadata
from mfkit.core.rows import update_rows
from mfkit.scan.lock import writing
from mfkit.scan.pairs import FILMS, STILLS, live_photos

_CHUNK = 5000


def is_film(path: str) -> bool:
    """Tell whether a file's name is one that the film of a Live Photo may have."""
    return path[-4:].lower() in FILMS


def may_be_half(path: str) -> bool:
    """Tell whether a file's name is one that half of a Live Photo may have."""
    return is_film(path) or path.lower().endswith(tuple(STILLS))


async def link_live_photos(database: Database, folders: Iterable[str]) -> None:
    """Write ``live_photo``, the path of the other half, to the items of some folders.

    Args:
        database: Where.
        folders: Stored paths of the folders with films in which something was read or is gone.
    """
    for folder in folders:
        async with database.connect() as connection:
            changed = await _changed_in(connection, folder)
        if changed:
            async with writing(database) as connection:
                table = cast(Table, MediaMetadata.__table__)
                await update_rows(connection, table, ("extra_metadata",), changed)


async def _changed_in(connection: AsyncConnection, folder: str) -> list[tuple[dict[str, Any], Any]]:
    prefix = folder if folder.endswith("/") else f"{folder}/"
    extra = MediaMetadata.extra_metadata
    # The database picks the two fields, so that not all that is known of every picture comes here.
    statement = (
        select(MediaItem.file_path, extra["live_photo"].as_string(), extra["content_identifier"].as_string())
        .join(MediaMetadata, MediaMetadata.media_item_id == MediaItem.id)
        .where(
            MediaItem.file_path > prefix,
            MediaItem.file_path < f"{prefix[:-1]}0",
            MediaItem.missing_since.is_(None),
        )
    )
    rows = [
        row for row in await connection.execute(statement)
        if may_be_half(row[0]) and "/" not in row[0][len(prefix):]
    ]
    pairs = live_photos(
        [path for path, _, _ in rows], {path: identifier for path, _, identifier in rows if identifier}
    )
    changed = [path for path, known, _ in rows if known != pairs.get(path)]
    return [
        ({**_unlinked(extra), **({"live_photo": pairs[path]} if path in pairs else {})}, id_)
        for path, id_, extra in await _extra_of(connection, changed)
    ]


async def _extra_of(connection: AsyncConnection, paths: Sequence[str]) -> list[Any]:
    rows: list[Any] = []
    for start in range(0, len(paths), _CHUNK):
        rows += await connection.execute(
            select(MediaItem.file_path, MediaMetadata.id, MediaMetadata.extra_metadata)
            .join(MediaMetadata, MediaMetadata.media_item_id == MediaItem.id)
            .where(MediaItem.file_path.in_(paths[start:start + _CHUNK]))
        )
    return rows


def _unlinked(extra: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if name != "live_photo"}
