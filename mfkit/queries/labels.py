"""The tags and collections there are, with how many items each has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from mfkit.models import Collection, Tag, collection_items, media_tags
from mfkit.queries.ordering import by_code_point

_tag, _collection = Tag.__table__, Collection.__table__


def tags() -> Select[Any]:
    """Return the statement that lists tags by name: ``name``, ``items``, ``description``, ``color``,
    ``created_at``, ``id``."""
    return (
        select(
            _tag.c.name, func.count(media_tags.c.media_item_id).label("items"), _tag.c.description,
            _tag.c.color, _tag.c.created_at, _tag.c.id,
        )
        .select_from(_tag.outerjoin(media_tags, media_tags.c.tag_id == _tag.c.id))
        # All of them: that the others follow from the id is known to the record database only.
        .group_by(_tag.c.name, _tag.c.description, _tag.c.color, _tag.c.created_at, _tag.c.id)
        .order_by(by_code_point(_tag.c.name))
    )


def collections() -> Select[Any]:
    """Return the statement that lists collections by name: ``name``, ``items``, ``description``,
    ``created_at``, ``modified_at``, ``id``."""
    held = collection_items.c
    return (
        select(
            _collection.c.name, func.count(held.media_item_id).label("items"), _collection.c.description,
            _collection.c.created_at, _collection.c.modified_at, _collection.c.id,
        )
        .select_from(_collection.outerjoin(collection_items, held.collection_id == _collection.c.id))
        .group_by(
            _collection.c.name, _collection.c.description, _collection.c.created_at,
            _collection.c.modified_at, _collection.c.id,
        )
        .order_by(by_code_point(_collection.c.name))
    )
