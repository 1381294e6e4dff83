"""Details of one item, and the lists of tags, collections and saved filters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select

from mfkit.models import Collection, MediaCopy, SavedFilter, Tag, collection_items, media, media_tags
from mfkit.sql.elements import OrderedTexts, by_code_point

_tag, _collection = Tag.__table__.c, Collection.__table__.c


def item_row(item_id: UUID) -> Select[Any]:
    """Return the statement that selects the row of an item."""
    return select(media).where(media.c.id == item_id)


def tags_of(item_id: UUID) -> Select[Any]:
    """Return the statement that lists an item's tags: ``name``."""
    return (
        select(Tag.name)
        .join(media_tags, media_tags.c.tag_id == Tag.id)
        .where(media_tags.c.media_item_id == item_id)
        .order_by(by_code_point(_tag.name))
    )


def collections_of(item_id: UUID) -> Select[Any]:
    """Return the statement that lists an item's collections: ``name``."""
    links = collection_items.c
    return (
        select(Collection.name)
        .join(collection_items, links.collection_id == Collection.id)
        .where(links.media_item_id == item_id)
        .order_by(by_code_point(_collection.name))
    )


def copies_of(item_id: UUID) -> Select[Any]:
    """Return the statement that lists the paths of an item's copies that are not missing: ``name``."""
    return (
        select(MediaCopy.file_path.label("name"))
        .where(MediaCopy.media_item_id == item_id, MediaCopy.missing_since.is_(None))
        .order_by(MediaCopy.file_path)
    )


_tags_table, _collections_table = Tag.__table__, Collection.__table__


tag_names = (
    select(OrderedTexts(_tags_table.c.name))
    .select_from(media_tags.join(_tags_table, _tags_table.c.id == media_tags.c.tag_id))
    .where(media_tags.c.media_item_id == media.c.id)
    .scalar_subquery()
    .correlate(media)
)
"""Names of an item's tags in alphabetical order, separated by ", "; null if it has none."""


def tags() -> Select[Any]:
    """Return the statement that lists tags by name: ``name``, ``items``, ``description``, ``color``,
    ``created_at``, ``id``."""
    return (
        select(
            _tags_table.c.name,
            func.count(media_tags.c.media_item_id).label("items"),
            _tags_table.c.description,
            _tags_table.c.color,
            _tags_table.c.created_at,
            _tags_table.c.id,
        )
        .select_from(_tags_table.outerjoin(media_tags, media_tags.c.tag_id == _tags_table.c.id))
        # By all columns: DuckDB and Spark do not know that they depend on the id.
        .group_by(
            _tags_table.c.name,
            _tags_table.c.description,
            _tags_table.c.color,
            _tags_table.c.created_at,
            _tags_table.c.id,
        )
        .order_by(by_code_point(_tags_table.c.name))
    )


def collections() -> Select[Any]:
    """Return the statement that lists collections by name: ``name``, ``items``, ``description``,
    ``created_at``, ``modified_at``, ``id``."""
    links = collection_items.c
    return (
        select(
            _collections_table.c.name,
            func.count(links.media_item_id).label("items"),
            _collections_table.c.description,
            _collections_table.c.created_at,
            _collections_table.c.modified_at,
            _collections_table.c.id,
        )
        .select_from(
            _collections_table.outerjoin(collection_items, links.collection_id == _collections_table.c.id)
        )
        .group_by(
            _collections_table.c.name,
            _collections_table.c.description,
            _collections_table.c.created_at,
            _collections_table.c.modified_at,
            _collections_table.c.id,
        )
        .order_by(by_code_point(_collections_table.c.name))
    )


_saved = SavedFilter.__table__.c


def saved_filters() -> Select[Any]:
    """Return the statement that lists saved filters by name.

    Its columns are ``name``, ``filter`` (JSON), ``created_at``, ``modified_at`` and ``id``.
    """
    return select(_saved.name, _saved.filter, _saved.created_at, _saved.modified_at, _saved.id).order_by(
        by_code_point(_saved.name)
    )


def saved_filter(name: str) -> Select[Any]:
    """Return the statement that finds a saved filter by name, without case but preferring an exact match.

    Its column is ``filter`` (JSON).
    """
    return (
        select(_saved.filter)
        .where(func.lower(_saved.name) == func.lower(name))
        .order_by(case((_saved.name == name, 0), else_=1), _saved.name)
        .limit(1)
    )
