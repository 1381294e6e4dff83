"""Which items are meant, as a temporary table, and names that can be stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import Column, Integer, MetaData, Select, Table, Uuid, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.conditions import matches
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.text_search import storable_words
from mfkit.models import MediaItem

ItemsArgument = pd.DataFrame | MediaFilter | Mapping[str, Any] | UUID | str | Iterable[UUID | str]
"""How items are named: a frame that came from mfkit, a filter, one id, or several."""

selected_items = Table(
    "mfkit_chosen",
    MetaData(),
    Column("id", Uuid(), primary_key=True),
    Column("place", Integer()),
    prefixes=["TEMPORARY"],
)
"""The items that :func:`choosing` was given; ``place`` is null where a filter chose them."""


@asynccontextmanager
async def selecting(database: Database, items: ItemsArgument) -> AsyncIterator[AsyncConnection]:
    """Hold a write transaction in which a temporary table lists the items.

    A table, so that a million ids need no million parameters, and so that a filter on tags means the
    items as they were before the tags change.

    Raises:
        FilterError: An id is none, or is not in the library.
    """
    async with database.transaction() as connection:
        await connection.run_sync(selected_items.create)
        if isinstance(items, (MediaFilter, Mapping)):
            ids = matches(MediaFilter.of(items))
            await connection.execute(insert(selected_items).from_select(["id"], ids))
        elif rows := [{"id": one, "place": place} for place, one in enumerate(_ids(items))]:
            await connection.execute(insert(selected_items), rows)
            known = select(selected_items.c.id).where(selected_items.c.id.in_(select(MediaItem.id)))
            if unknown := len(rows) - await count_items(connection, known):
                raise FilterError(f"{unknown} of the {len(rows)} ids are not in this library.")
        yield connection
        await connection.run_sync(selected_items.drop)


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


def checked_name(names: Sequence[str]) -> list[str]:
    """Return distinct names without the blanks around them.

    Raises:
        FilterError: There is none, or one is empty or cannot be stored.
    """
    cleaned = list(dict.fromkeys(name.strip() for name in names))
    if not cleaned or not all(cleaned):
        raise FilterError("Give at least one name, and none that is empty.")
    try:
        for name in cleaned:
            storable_words(name)
    except ValueError as error:
        raise FilterError(f"{error}.") from None
    return cleaned


async def count_items(connection: AsyncConnection, rows: Select[Any]) -> int:
    """Return how many rows a select has."""
    return int(await connection.scalar(select(func.count()).select_from(rows.subquery())) or 0)
