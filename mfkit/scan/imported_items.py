"""Merging of imported metadata into items whose files are scanned later.

An import (`mfkit.exchange`) may know a file only by its path. Its row then has a placeholder hash instead of
the hash of the content, and ``extra_metadata["ingested"]`` lists the imported fields. When a scan reads the
file, it stores the real hash. Metadata that the file states replaces the imported values; the other imported
values are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, Text, delete, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.models import MediaCopy, MediaItem, MediaMetadata, collection_items, media_tags
from mfkit.scan.extract.schema import Metadata, merge
from mfkit.scan.inspect_file import FileResult

_ITEM, _COPY, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy, MediaMetadata))
_CHUNK = 5_000
_MAX_OFFSET = timedelta(hours=14)
MARK = "ingested"
"""Key in ``extra_metadata`` that lists the names of the imported fields."""


def placeholder_hash(path: str) -> str:
    """Return a placeholder hash, computed from the path, for an item whose content has not been read.

    It is the SHA-256 of a NUL byte, a label and the path. The leading NUL makes it unlikely that a real file
    has this hash.
    """
    return hashlib.sha256(b"\0mfkit path\0" + path.encode("utf-8", "surrogatepass")).hexdigest()


def with_imported(metadata: Metadata, stored: Mapping[str, Any], taken_at: datetime | None) -> Metadata:
    """Return a file's metadata, completed with imported values for the fields that the file does not state.

    Args:
        metadata: The metadata that the scan read.
        stored: The item's stored metadata, by column.
        taken_at: The item's stored capture time.
    """
    extra = stored["extra_metadata"] or {}
    names = extra.get(MARK)
    if not isinstance(names, list):
        return metadata
    imported: dict[str, Any] = {name: stored[name] for name in names if name in stored}
    if "taken_at" in names and taken_at is not None:
        imported["taken_at"] = taken_at
    imported_extra = {name: extra[name] for name in names if name in extra}
    origins = dict.fromkeys(imported, MARK)
    imported["extra"] = {**imported_extra, MARK: names, "origins": origins}
    return merge(metadata, cast(Metadata, imported))


async def keep_imported(connection: AsyncConnection, results: Mapping[UUID, FileResult]) -> None:
    """Add the imported values of items to the metadata that a scan read from their files.

    Args:
        connection: Open in a write transaction.
        results: Scan results of existing items, by item id. Their metadata may be changed.
    """
    imported_rows = (
        select(_METADATA, _ITEM.c.captured_at, _ITEM.c.capture_offset, _ITEM.c.file_created_at)
        .join(_ITEM, _ITEM.c.id == _METADATA.c.media_item_id)
        .where(sql_cast(_METADATA.c.extra_metadata, Text()).contains(f'"{MARK}"', autoescape=True))
    )
    ids = list(results)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        for row in await connection.execute(imported_rows.where(_METADATA.c.media_item_id.in_(chunk))):
            result = results[row.media_item_id]
            result.metadata = with_imported(result.metadata, row._asdict(), _capture_time(row))


def _capture_time(row: Any) -> datetime | None:
    """Return an item's stored local capture time, with its UTC offset if the offset is known.

    An import can state the local time and the UTC time without an offset. The offset is then their
    difference, unless they are equal: an unknown offset is also stored in this way.
    """
    local: datetime | None = row.captured_at
    created: datetime | None = row.file_created_at
    if local is None:
        return None
    if row.capture_offset is not None:
        return local.replace(tzinfo=timezone(timedelta(minutes=row.capture_offset)))
    offset = None if created is None else local - created.astimezone(UTC).replace(tzinfo=None)
    if not offset or abs(offset) > _MAX_OFFSET or offset % timedelta(minutes=1):
        return local
    return local.replace(tzinfo=timezone(offset))


async def merge_placeholder_items(connection: AsyncConnection, owners: Mapping[UUID, UUID]) -> None:
    """Delete items with a placeholder hash after another item was found to have the same content.

    Their copies, tags and collections move to the other item.

    Args:
        connection: Open in a write transaction.
        owners: Ids of the items to delete, each with the id of the item that has the content.
    """
    for from_id, to_id in owners.items():
        await connection.execute(
            update(_COPY).where(_COPY.c.media_item_id == from_id).values(media_item_id=to_id)
        )
        for links, other in ((media_tags, "tag_id"), (collection_items, "collection_id")):
            has = select(links.c[other]).where(links.c.media_item_id == to_id)
            await connection.execute(
                update(links)
                .where(links.c.media_item_id == from_id, links.c[other].not_in(has))
                .values(media_item_id=to_id)
            )
        await connection.execute(delete(_ITEM).where(_ITEM.c.id == from_id))
