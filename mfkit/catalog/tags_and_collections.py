"""Tags and collections: what a person says of items, for any number of them in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Table, Text, Uuid, cast, delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.item_selection import ItemsArgument, checked_name, count_items, selected_items, selecting
from mfkit.catalog.undo import Change
from mfkit.core.database import Database
from mfkit.models import Collection, MediaItem, MediaMetadata, Tag, collection_items, media_tags, utc_now


async def tag(database: Database, items: ItemsArgument, names: Sequence[str]) -> Change:
    """Put tags on items; tags that are not there yet are made.

    Args:
        database: Where.
        items: Which items.
        names: Names of tags, taken for existing ones without regard to case.

    Returns:
        What changed: the items that got at least one tag that they did not carry.

    Raises:
        FilterError: No name, an empty name, or an id that is not in the library.
    """
    async with selecting(database, items) as connection:
        names = checked_name(names)
        named = [await _named(connection, Tag, name) for name in names]
        tag_ids = list(dict.fromkeys(tag_id for tag_id, _ in named))
        carried = (
            select(func.count())
            .where(media_tags.c.media_item_id == selected_items.c.id, media_tags.c.tag_id.in_(tag_ids))
            .correlate(selected_items)
            .scalar_subquery()
        )
        changed = await count_items(connection, select(selected_items.c.id).where(carried < len(tag_ids)))
        moment = utc_now()
        for tag_id in tag_ids:
            new = select(
                selected_items.c.id, literal(tag_id, Uuid()), literal(moment, media_tags.c.created_at.type)
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
            added=(tuple(tag_ids), moment),
            made=tuple(tag_id for tag_id, new_one in named if new_one),
        )


async def tag_people(database: Database, since: datetime) -> int:
    """Tag items with the names of the people in them, for what scans have read since a moment.

    The names come from sidecars (Google Takeout) and XMP, where ``extra_metadata`` keeps them.

    Returns:
        How many items got a tag that they did not carry.
    """
    facts, item = MediaMetadata.__table__.c, MediaItem.__table__.c
    statement = (
        select(facts.media_item_id, facts.extra_metadata)
        .join(MediaItem.__table__, item.id == facts.media_item_id)
        .where(
            (item.last_scanned_at >= since) | item.last_scanned_at.is_(None),
            cast(facts.extra_metadata, Text()).contains('"people"', autoescape=True),
        )
    )
    shown: dict[str, list[UUID]] = {}
    async with database.connect() as connection:
        for item_id, extra in await connection.execute(statement):
            for name in extra.get("people") or ():
                if isinstance(name, str) and name.strip():
                    shown.setdefault(name, []).append(item_id)
    changed = 0
    for name, items in shown.items():
        changed += (await tag(database, items, [name])).items
    return changed


async def untag(database: Database, items: ItemsArgument, names: Sequence[str]) -> Change:
    """Take tags off items; the tags themselves stay.

    Returns:
        What changed: the items that carried at least one of the tags.

    Raises:
        FilterError: No name, an empty name, or an id that is not in the library.
    """
    async with selecting(database, items) as connection:
        names = checked_name(names)
        tag_ids = select(Tag.id).where(func.lower(Tag.name).in_([func.lower(name) for name in names]))
        links = media_tags.c.media_item_id.in_(select(selected_items.c.id)) & media_tags.c.tag_id.in_(tag_ids)
        return await _unlinked(connection, media_tags, links, f"untag {_quoted(names)}")


async def add_to(database: Database, collection: str, items: ItemsArgument) -> Change:
    """Put items into a collection; it is made when it is not there yet.

    Items given one by one (a frame or ids) keep their order behind what the collection holds; items
    meant by a filter get no place in the order.

    Returns:
        What changed: the items that were not in it before.

    Raises:
        FilterError: An empty name, or an id that is not in the library.
    """
    async with selecting(database, items) as connection:
        (name,) = checked_name([collection])
        collection_id, new_one = await _named(connection, Collection, name)
        inside = collection_items.c.collection_id == collection_id
        held = select(collection_items.c.media_item_id).where(inside)
        last = await connection.scalar(select(func.max(collection_items.c.position)).where(inside))
        moment = utc_now()
        new = select(
            literal(collection_id, Uuid()),
            selected_items.c.id,
            selected_items.c.place + (0 if last is None else last + 1),
            literal(moment, collection_items.c.added_at.type),
        ).where(selected_items.c.id.not_in(held))
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
            added=((collection_id,), moment),
            made=(collection_id,) if new_one else (),
        )


async def remove_from(database: Database, collection: str, items: ItemsArgument) -> Change:
    """Take items out of a collection; the collection itself stays.

    Returns:
        What changed: the items that were in it.

    Raises:
        FilterError: An empty name, or an id that is not in the library.
    """
    async with selecting(database, items) as connection:
        (name,) = checked_name([collection])
        ids = select(Collection.id).where(func.lower(Collection.name) == func.lower(name))
        links = collection_items.c.media_item_id.in_(
            select(selected_items.c.id)
        ) & collection_items.c.collection_id.in_(ids)
        return await _unlinked(connection, collection_items, links, f"remove from {_quoted([name])}")


async def _unlinked(
    connection: AsyncConnection, table: Table, links: ColumnElement[bool], words: str
) -> Change:
    """Delete links, and keep them as they were."""
    deleted = await connection.execute(delete(table).where(links).returning(*table.c))
    removed = [dict(row) for row in deleted.mappings()]
    return Change(len({row["media_item_id"] for row in removed}), words, table, removed=removed)


async def _named(
    connection: AsyncConnection, model: type[Tag] | type[Collection], name: str
) -> tuple[UUID, bool]:
    """Return the id of the tag or collection of that name, and whether it had to be made."""
    found: UUID | None = await connection.scalar(
        select(model.id)
        .where(func.lower(model.name) == func.lower(name))
        .order_by((model.name == name).desc())
    )
    if found is not None:
        return found, False
    made: Any = uuid4()
    await connection.execute(insert(model).values(id=made, name=name))
    return made, True


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
