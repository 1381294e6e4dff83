"""What was said of a file before any scan read it, and what becomes of that when one does.

An ingest (mfkit.exchange) may know a file by its path alone. Its row then bears a hash that stands in for
the content's own, and ``extra_metadata["ingested"]`` names what was brought in. The scan that reads the file
puts the content's hash in place; what the file itself states is written over what was brought in, and what
the file does not state stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
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
MARK = "ingested"
"""Member of ``extra_metadata``: the names of the facts that an ingest brought."""


def placeholder_hash(path: str) -> str:
    """Return the hash of an item whose content nobody has read: SHA-256 of the path behind a NUL.

    A file whose content is just that text would need a NUL for its first byte.
    """
    return hashlib.sha256(b"\0mfkit path\0" + path.encode("utf-8", "surrogatepass")).hexdigest()


def with_imported(facts: Metadata, stored: Mapping[str, Any], created_at: datetime | None) -> Metadata:
    """Return what a file states, and behind it what an ingest said that the file does not state.

    Args:
        facts: As the scan read them.
        stored: The item's metadata as it is, by column.
        created_at: The item's ``file_created_at`` as it is.
    """
    extra = stored["extra_metadata"] or {}
    names = extra.get(MARK)
    if not isinstance(names, list):
        return facts
    kept: dict[str, Any] = {name: stored[name] for name in names if name in stored}
    if "taken_at" in names and created_at is not None:
        kept["taken_at"] = created_at
    rest = {name: extra[name] for name in names if name in extra}
    origins = dict.fromkeys(kept, MARK)
    kept["extra"] = {**rest, MARK: names, "origins": origins}
    return merge(facts, cast(Metadata, kept))


async def keep_imported(connection: AsyncConnection, read: Mapping[UUID, FileResult]) -> None:
    """Put behind what files state what an ingest said of their items.

    Args:
        connection: Open in a write transaction.
        read: Items that were known, with what their files were found to be; their facts may change.
    """
    marked = (
        select(_METADATA, _ITEM.c.file_created_at)
        .join(_ITEM, _ITEM.c.id == _METADATA.c.media_item_id)
        .where(sql_cast(_METADATA.c.extra_metadata, Text()).contains(f'"{MARK}"', autoescape=True))
    )
    ids = list(read)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        for row in await connection.execute(marked.where(_METADATA.c.media_item_id.in_(chunk))):
            found = read[row.media_item_id]
            found.facts = with_imported(found.facts, row._asdict(), row.file_created_at)


async def absorb_placeholders(connection: AsyncConnection, owners: Mapping[UUID, UUID]) -> None:
    """Drop items that only stood in for a content which has an item, and give it their tags and collections.

    Args:
        connection: Open in a write transaction.
        owners: The items to drop, each with that of its content.
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
