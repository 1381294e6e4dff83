"""Tags and collections: what a person says of items, for any number of them in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.models import Collection, MediaItem, MediaMetadata, Tag, collection_items, media_tags, utc_now
from mfkit.queries.conditions import matching
from mfkit.queries.filters import MediaFilter
from mfkit.queries.text import storable

Items = pd.DataFrame | MediaFilter | Mapping[str, Any] | UUID | str | Iterable[UUID | str]
"""How items are named: a frame that came from mfkit, a filter, one id, or several."""

_item = MediaItem.__table__
_chosen = Table(
    "mfkit_chosen", MetaData(),
    Column("id", Uuid(), primary_key=True), Column("place", Integer()),
    prefixes=["TEMPORARY"],
)


async def tag(database: Database, items: Items, names: Sequence[str]) -> int:
    """Put tags on items; tags that are not there yet are made.

    Args:
        database: Where.
        items: Which items.
        names: Names of tags, taken for existing ones without regard to case.

    Returns:
        How many items got at least one tag that they did not carry.

    Raises:
        FilterError: No name, an empty name, or an id that is not in the library.
    """
    async with _choosing(database, items) as connection:
        tag_ids = [await _named(connection, Tag, name) for name in _checked(names)]
        carried = (
            select(func.count())
            .where(media_tags.c.media_item_id == _chosen.c.id, media_tags.c.tag_id.in_(tag_ids))
            .correlate(_chosen).scalar_subquery()
        )
        changed = await _number(connection, select(_chosen.c.id).where(carried < len(tag_ids)))
        now = literal(utc_now(), media_tags.c.created_at.type)
        for tag_id in tag_ids:
            new = select(_chosen.c.id, literal(tag_id, Uuid()), now)
            has = select(media_tags.c.media_item_id).where(media_tags.c.tag_id == tag_id)
            await connection.execute(
                insert(media_tags).from_select(
                    ["media_item_id", "tag_id", "created_at"], new.where(_chosen.c.id.not_in(has))
                )
            )
        return changed


async def tag_people(database: Database, since: datetime) -> int:
    """Tag items with the names of the people in them, for what scans have read since a moment.

    The names come from sidecars (Google Takeout) and XMP, where ``extra_metadata`` keeps them.

    Returns:
        How many items got a tag that they did not carry.
    """
    facts, item = MediaMetadata.__table__.c, _item.c
    statement = (
        select(facts.media_item_id, facts.extra_metadata)
        .join(_item, item.id == facts.media_item_id)
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
        changed += await tag(database, items, [name])
    return changed


async def untag(database: Database, items: Items, names: Sequence[str]) -> int:
    """Take tags off items; the tags themselves stay.

    Returns:
        How many items carried at least one of the tags.

    Raises:
        FilterError: No name, an empty name, or an id that is not in the library.
    """
    async with _choosing(database, items) as connection:
        folded = [func.lower(name) for name in _checked(names)]
        tag_ids = select(Tag.id).where(func.lower(Tag.name).in_(folded))
        links = media_tags.c.media_item_id.in_(select(_chosen.c.id)) & media_tags.c.tag_id.in_(tag_ids)
        changed = await _number(connection, select(media_tags.c.media_item_id).where(links).distinct())
        await connection.execute(delete(media_tags).where(links))
        return changed


async def add_to(database: Database, collection: str, items: Items) -> int:
    """Put items into a collection; it is made when it is not there yet.

    Items given one by one (a frame or ids) keep their order behind what the collection holds; items
    meant by a filter get no place in the order.

    Returns:
        How many items were not in it before.

    Raises:
        FilterError: An empty name, or an id that is not in the library.
    """
    async with _choosing(database, items) as connection:
        (name,) = _checked([collection])
        collection_id = await _named(connection, Collection, name)
        inside = collection_items.c.collection_id == collection_id
        held = select(collection_items.c.media_item_id).where(inside)
        last = await connection.scalar(select(func.max(collection_items.c.position)).where(inside))
        new = select(
            literal(collection_id, Uuid()),
            _chosen.c.id,
            _chosen.c.place + (0 if last is None else last + 1),
            literal(utc_now(), collection_items.c.added_at.type),
        ).where(_chosen.c.id.not_in(held))
        changed = await _number(connection, new)
        await connection.execute(
            insert(collection_items).from_select(
                ["collection_id", "media_item_id", "position", "added_at"], new
            )
        )
        return changed


async def remove_from(database: Database, collection: str, items: Items) -> int:
    """Take items out of a collection; the collection itself stays.

    Returns:
        How many items were in it.

    Raises:
        FilterError: An empty name, or an id that is not in the library.
    """
    async with _choosing(database, items) as connection:
        (name,) = _checked([collection])
        ids = select(Collection.id).where(func.lower(Collection.name) == func.lower(name))
        links = (
            collection_items.c.media_item_id.in_(select(_chosen.c.id))
            & collection_items.c.collection_id.in_(ids)
        )
        changed = await _number(connection, select(collection_items.c.media_item_id).where(links).distinct())
        await connection.execute(delete(collection_items).where(links))
        return changed


@asynccontextmanager
async def _choosing(database: Database, items: Items) -> AsyncIterator[AsyncConnection]:
    """Hold a write transaction in which a temporary table lists the items.

    A table, so that a million ids need no million parameters, and so that a filter on tags means the
    items as they were before the tags change.
    """
    async with database.transaction() as connection:
        await connection.run_sync(_chosen.create)
        if isinstance(items, (MediaFilter, Mapping)):
            ids = matching(MediaFilter.of(items))
            await connection.execute(insert(_chosen).from_select(["id"], ids))
        elif rows := [{"id": one, "place": place} for place, one in enumerate(_ids(items))]:
            await connection.execute(insert(_chosen), rows)
            known = select(_chosen.c.id).where(_chosen.c.id.in_(select(_item.c.id)))
            if unknown := len(rows) - await _number(connection, known):
                raise FilterError(f"{unknown} of the {len(rows)} ids are not in this library.")
        yield connection
        await connection.run_sync(_chosen.drop)


def _ids(items: pd.DataFrame | UUID | str | Iterable[UUID | str]) -> list[UUID]:
    """Return distinct ids in the order given."""
    if isinstance(items, pd.DataFrame):
        if "id" not in items.columns:
            raise FilterError("The frame has no column 'id'; take one from items(), search() or largest().")
        items = items["id"].tolist()
    elif isinstance(items, (UUID, str)):
        items = [items]
    try:
        return list(dict.fromkeys(one if isinstance(one, UUID) else UUID(one) for one in items))
    except (ValueError, TypeError, AttributeError) as error:
        raise FilterError(f"An item's id is wrong: {error}.") from error


def _checked(names: Sequence[str]) -> list[str]:
    cleaned = list(dict.fromkeys(name.strip() for name in names))
    if not cleaned or not all(cleaned):
        raise FilterError("Give at least one name, and none that is empty.")
    try:
        for name in cleaned:
            storable(name)
    except ValueError as error:
        raise FilterError(f"{error}.") from None
    return cleaned


async def _named(connection: AsyncConnection, model: type[Tag] | type[Collection], name: str) -> UUID:
    """Return the id of the tag or collection of that name, made when it is not there."""
    found: UUID | None = await connection.scalar(
        select(model.id)
        .where(func.lower(model.name) == func.lower(name))
        .order_by((model.name == name).desc())
    )
    if found is None:
        found = uuid4()
        await connection.execute(insert(model).values(id=found, name=name))
    return found


async def _number(connection: AsyncConnection, rows: Select[Any]) -> int:
    return int(await connection.scalar(select(func.count()).select_from(rows.subquery())) or 0)
