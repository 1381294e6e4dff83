"""Adding and removing tags and collections for many items in one transaction, with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    Column,
    ColumnElement,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.item_selection import ItemsArgument, checked_names, count_items, selected_items, selecting
from mfkit.core.database import Database
from mfkit.errors import FilterError, did_you_mean
from mfkit.models import Collection, MediaItem, MediaMetadata, Tag, collection_items, media_tags, utc_now

# Keys are link tables. Values are the model of the linked tag or collection, the foreign key column that
# refers to it, and the column with the creation time of the link.
_LINK_TABLES: dict[Table, tuple[type[Tag] | type[Collection], Column[Any], Column[Any]]] = {
    media_tags: (Tag, media_tags.c.tag_id, media_tags.c.created_at),
    collection_items: (Collection, collection_items.c.collection_id, collection_items.c.added_at),
}


@dataclass(frozen=True)
class Change:
    """Undoable record of added or removed links: between items and tags, or items and collections.

    Attributes:
        items: Number of items that changed.
        description: Description in plain text, such as ``tag “holiday”``.
        table: Link table that changed.
        added: Ids of the tags or collections of the new links, and the creation time of these links, which
            distinguishes them from older links.
        removed: Deleted links as dictionaries (column name -> value).
        created: Ids of tags or collections that were created by the change.
    """

    items: int
    description: str
    table: Table
    added: tuple[Sequence[UUID], datetime] | None = None
    removed: Sequence[dict[str, Any]] = field(default=(), repr=False)
    created: Sequence[UUID] = ()


async def tag(database: Database, items: ItemsArgument, names: Sequence[str]) -> Change:
    """Add tags to items. ``Change.items`` counts the items that got at least one new tag.

    If no item is selected, no tag is created.
    """
    async with selecting(database, items) as connection:
        names = checked_names(names)
        if not await count_items(connection, select(selected_items.c.id)):
            return Change(0, f"tag {_quoted(names)}", media_tags)
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
    """Tag recently scanned items with the names of the people that they show.

    The names of the people come from sidecar files (Google Takeout) and XMP. Scans store the names in
    ``extra_metadata``.

    Args:
        database: The library database.
        since: Only items that were scanned at or after this time, or never, are tagged.

    Returns:
        The number of new tags of items: an item that gets two tags counts twice.
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
    """Remove tags from items. The tags themselves are not deleted."""
    async with selecting(database, items) as connection:
        names = checked_names(names)
        tag_ids = select(Tag.id).where(func.lower(Tag.name).in_([func.lower(name) for name in names]))
        links = media_tags.c.media_item_id.in_(select(selected_items.c.id)) & media_tags.c.tag_id.in_(tag_ids)
        return await _delete_links(connection, media_tags, links, f"untag {_quoted(names)}")


async def delete_tag(database: Database, name: str) -> int:
    """Delete a tag, and return the number of items that had the tag.

    Raises:
        FilterError: No tag has the name.
    """
    (name,) = checked_names([name])
    async with database.transaction() as connection:
        tag_id = await connection.scalar(_by_name(Tag, name))
        if tag_id is None:
            known = (await connection.scalars(select(Tag.name).order_by(Tag.name))).all()
            raise FilterError(
                f"No tag has the name {name!r}. {did_you_mean(name, known)}List the tags with tags()."
            )
        change = await _delete_links(connection, media_tags, media_tags.c.tag_id == tag_id, "")
        await connection.execute(delete(Tag).where(Tag.id == tag_id))
        return change.items


async def add_to(database: Database, collection: str, items: ItemsArgument) -> Change:
    """Add items to a collection; see :meth:`mfkit.MediaLibrary.add_to`.

    Items that are given as a DataFrame or as ids are appended in the given order. Items that a filter selects
    get no position.
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
    """Remove items from a collection. The collection itself is not deleted."""
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
    """Delete the links that match a condition, and return a change that contains the deleted links."""
    deleted = await connection.execute(delete(table).where(links).returning(*table.c))
    removed = [dict(row) for row in deleted.mappings()]
    return Change(len({row["media_item_id"] for row in removed}), description, table, removed=removed)


def _by_name(model: type[Tag] | type[Collection], name: str) -> Select[UUID]:
    """Return the SELECT statement for the id of a tag or collection with the given name, ignoring case.

    If several names differ only by case, an exact match comes first.
    """
    return (
        select(model.id)
        .where(func.lower(model.name) == func.lower(name))
        .order_by((model.name == name).desc())
    )


async def _find_or_create(
    connection: AsyncConnection, model: type[Tag] | type[Collection], name: str
) -> tuple[UUID, bool]:
    """Find a tag or collection by name, or create it. Return its id and whether it is new."""
    found: UUID | None = await connection.scalar(_by_name(model, name))
    if found is not None:
        return found, False
    created: Any = uuid4()
    await connection.execute(insert(model).values(id=created, name=name))
    return created, True


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


async def undo_change(database: Database, change: Change) -> None:
    """Undo a change: delete the links that it added, and restore the links that it removed.

    Later changes are kept: a link that was created again later is not deleted, and a link is not restored if
    its item, tag or collection no longer exists.
    """
    model, label, created_at = _LINK_TABLES[change.table]
    async with database.transaction() as connection:
        if change.added is not None:
            ids, added_at = change.added
            await connection.execute(delete(change.table).where(label.in_(ids), created_at == added_at))
        if change.removed:
            restored = Table(
                "mfkit_restored",
                MetaData(),
                *(Column(one.name, one.type) for one in change.table.c),
                prefixes=["TEMPORARY"],
            )
            await connection.run_sync(restored.create)
            await connection.execute(insert(restored), change.removed)
            same = exists().where(
                and_(*(change.table.c[key.name] == restored.c[key.name] for key in change.table.primary_key))
            )
            rows = select(*restored.c).where(
                restored.c.media_item_id.in_(select(MediaItem.id)),
                restored.c[label.name].in_(select(model.id)),
                ~same,
            )
            await connection.execute(insert(change.table).from_select([one.name for one in restored.c], rows))
            await connection.run_sync(restored.drop)
        if change.created:
            await connection.execute(
                delete(model).where(model.id.in_(change.created), model.id.not_in(select(label)))
            )
