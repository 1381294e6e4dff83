"""All that is known of one item: its row, and what hangs on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from mfkit.models import Collection, MediaCopy, Tag, collection_items, media, media_tags
from mfkit.queries.ordering import by_code_point


_tag, _collection = Tag.__table__.c, Collection.__table__.c


def item(item_id: UUID) -> Select[Any]:
    """Return the statement that gives the row of an item, or none."""
    return select(media).where(media.c.id == item_id)


def tags_of(item_id: UUID) -> Select[Any]:
    """Return the statement that lists an item's tags: ``name``."""
    return (
        select(Tag.name).join(media_tags, media_tags.c.tag_id == Tag.id)
        .where(media_tags.c.media_item_id == item_id).order_by(by_code_point(_tag.name))
    )


def collections_of(item_id: UUID) -> Select[Any]:
    """Return the statement that lists the collections an item lies in: ``name``."""
    held = collection_items.c
    return (
        select(Collection.name).join(collection_items, held.collection_id == Collection.id)
        .where(held.media_item_id == item_id).order_by(by_code_point(_collection.name))
    )


def copies_of(item_id: UUID) -> Select[Any]:
    """Return the statement that lists the further paths of an item's content that are there: ``name``."""
    return (
        select(MediaCopy.file_path.label("name"))
        .where(MediaCopy.media_item_id == item_id, MediaCopy.missing_since.is_(None))
        .order_by(MediaCopy.file_path)
    )
