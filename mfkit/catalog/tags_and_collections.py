"""Tags and collections of any number of items, changed in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Table, Text, Uuid, cast, delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.item_selection import ItemsArgument, checked_names, count_items, selected_items, selecting
from mfkit.catalog.undo import Change
from mfkit.core.database import Database
from mfkit.models import Collection, MediaItem, MediaMetadata, Tag, collection_items, media_tags, utc_now


async def tag(database: Database, items: ItemsArgument, names: Sequence[str]) -> Change:
    """Add tags to items; tags that do not exist are created.

    Args:
        database: The library database.
        items: The items.
        names: Names of tags; an existing tag matches regardless of case.

    Returns:
        The change; its items are those that got at least one new tag.

    Raises:
        FilterError: A name is missing or empty, or an id is not in the library.
    """
    async with selecting(database, items) as connection:
        names = checked_names(names)
        found = [await _find_or_create(connection, Tag, name) for name in names]
        tag_ids = list(dict.fromkeys(tag_id for tag_id, _ in found))
        existing = (
            select(func.count())
            .where(media_tags.c.media_item_id == selected_items.c.id, media_tags.c.tag_id.in_(tag_ids))
            .correlate(selected_items)
            .scalar_subquery()
        )
        changed = await count_items(connection, select(selected_items.c.id).where(existing < len(tag_ids)))
        now = utc_now()
        for tag_id in tag_ids:
            new = select(
                selected_items.c.id, literal(tag_id, Uuid()), literal(now, media_tags.c.created_at.type)
            )
            has = select(media_tags.c.media_item_id).where(media_tags.c.tag_id == tag_id)
            await connection.execute(
                insert(media_tags).from_select(
                    ["media_item_id", "tag_id", "created_at"], new.where(selected_items.c.id.not_in(has))
                )
            )
        return Change(
            changed,
            f"tag {_quoted(names)}",
            media_tags,
            added=(tuple(tag_ids), now),
            created=tuple(tag_id for tag_id, is_new in found if is_new),
        )


async def tag_people(database: Database, since: datetime) -> int:
    """Tag items that were scanned since a time with the names of the people they show.

    The names come from sidecars (Google Takeout) and XMP; scans store them in ``extra_metadata``.

    Returns:
        The number of items that got a new tag, counted once for each tag.
    """
    metadata, item = MediaMetadata.__table__.c, MediaItem.__table__.c
    statement = (
        select(metadata.media_item_id, metadata.extra_metadata)
        .join(MediaItem.__table__, item.id == metadata.media_item_id)
        .where(
            (item.last_scanned_at >= since) | item.last_scanned_at.is_(None),
            cast(metadata.extra_metadata, Text()).contains('"people"', autoescape=True),
        )
    )
    items_by_name: dict[str, list[UUID]] = {}
    async with database.connect() as connection:
        for item_id, extra in await connection.execute(statement):
            for name in extra.get("people") or ():
                if isinstance(name, str) and name.strip():
                    items_by_name.setdefault(name, []).append(item_id)
    changed = 0
    for name, items in items_by_name.items():
        changed += (await tag(database, items, [name])).items
    return changed


async def untag(database: Database, items: ItemsArgument, names: Sequence[str]) -> Change:
    """Remove tags from items; the tags themselves are kept.

    Returns:
        The change; its items are those that had at least one of the tags.

    Raises:
        FilterError: A name is missing or empty, or an id is not in the library.
    """
    async with selecting(database, items) as connection:
        names = checked_names(names)
        tag_ids = select(Tag.id).where(func.lower(Tag.name).in_([func.lower(name) for name in names]))
        links = media_tags.c.media_item_id.in_(select(selected_items.c.id)) & media_tags.c.tag_id.in_(tag_ids)
        return await _delete_links(connection, media_tags, links, f"untag {_quoted(names)}")


async def add_to(database: Database, collection: str, items: ItemsArgument) -> Change:
    """Add items to a collection; it is created if it does not exist.

    Items given as a DataFrame or ids are appended in their order; items selected by a filter get no position.

    Returns:
        The change; its items are those that were not in the collection before.

    Raises:
        FilterError: The name is empty, or an id is not in the library.
    """
    async with selecting(database, items) as connection:
        (name,) = checked_names([collection])
        collection_id, is_new = await _find_or_create(connection, Collection, name)
        in_collection = collection_items.c.collection_id == collection_id
        present = select(collection_items.c.media_item_id).where(in_collection)
        last = await connection.scalar(select(func.max(collection_items.c.position)).where(in_collection))
        now = utc_now()
        new = select(
            literal(collection_id, Uuid()),
            selected_items.c.id,
            selected_items.c.position + (0 if last is None else last + 1),
            literal(now, collection_items.c.added_at.type),
        ).where(selected_items.c.id.not_in(present))
        changed = await count_items(connection, new)
        await connection.execute(
            insert(collection_items).from_select(
                ["collection_id", "media_item_id", "position", "added_at"], new
            )
        )
        return Change(
            changed,
            f"add to {_quoted([name])}",
            collection_items,
            added=((collection_id,), now),
            created=(collection_id,) if is_new else (),
        )


async def remove_from(database: Database, collection: str, items: ItemsArgument) -> Change:
    """Remove items from a collection; the collection itself is kept.

    Returns:
        The change; its items are those that were in the collection.

    Raises:
        FilterError: The name is empty, or an id is not in the library.
    """
    async with selecting(database, items) as connection:
        (name,) = checked_names([collection])
        ids = select(Collection.id).where(func.lower(Collection.name) == func.lower(name))
        links = collection_items.c.media_item_id.in_(
            select(selected_items.c.id)
        ) & collection_items.c.collection_id.in_(ids)
        return await _delete_links(connection, collection_items, links, f"remove from {_quoted([name])}")


async def _delete_links(
    connection: AsyncConnection, table: Table, links: ColumnElement[bool], description: str
) -> Change:
    """Delete links, and return them in the change."""
    deleted = await connection.execute(delete(table).where(links).returning(*table.c))
    removed = [dict(row) for row in deleted.mappings()]
    return Change(len({row["media_item_id"] for row in removed}), description, table, removed=removed)


async def _find_or_create(
    connection: AsyncConnection, model: type[Tag] | type[Collection], name: str
) -> tuple[UUID, bool]:
    """Return the id of the tag or collection of a name, and whether it was created."""
    found: UUID | None = await connection.scalar(
        select(model.id)
        .where(func.lower(model.name) == func.lower(name))
        .order_by((model.name == name).desc())
    )
    if found is not None:
        return found, False
    created: Any = uuid4()
    await connection.execute(insert(model).values(id=created, name=name))
    return created, True


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
