"""Temporary table with the items that a change applies to, and validation of tag and collection names."""

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
"""Type of an argument that selects items: a DataFrame from mfkit, a filter, one id, or several ids."""

_ITEMS = "Give the DataFrame of items() or its column 'id', or a filter such as mfkit.MediaFilter(year=2014)."

selected_items = Table(
    "mfkit_selected",
    MetaData(),
    Column("id", Uuid(), primary_key=True),
    Column("position", Integer()),
    prefixes=["TEMPORARY"],
)
"""Temporary table that :func:`selecting` fills; ``position`` is NULL if a filter selected the items."""


@asynccontextmanager
async def selecting(database: Database, items: ItemsArgument) -> AsyncIterator[AsyncConnection]:
    """Open a write transaction in which the temporary table ``selected_items`` lists the given items.

    With a table, a million ids do not need a million bind parameters. Also, a filter on tags is evaluated
    once, before the tags change.

    Raises:
        FilterError: An id is invalid or does not exist in the library.
    """
    async with database.transaction() as connection:
        await connection.run_sync(selected_items.create)
        if isinstance(items, (MediaFilter, Mapping)):
            ids = matches(MediaFilter.of(items))
            await connection.execute(insert(selected_items).from_select(["id"], ids))
        elif rows := [{"id": one, "position": position} for position, one in enumerate(_ids(items))]:
            await connection.execute(insert(selected_items), rows)
            known = select(selected_items.c.id).where(selected_items.c.id.in_(select(MediaItem.id)))
            if unknown := len(rows) - await count_items(connection, known):
                raise FilterError(
                    f"{unknown} of the {len(rows)} ids are not in this library. Take ids from items()."
                )
        yield connection
        await connection.run_sync(selected_items.drop)


def _ids(items: pd.DataFrame | UUID | str | Iterable[UUID | str]) -> list[UUID]:
    """Convert items to a list of distinct ids in the given order."""
    if isinstance(items, pd.DataFrame):
        if "id" not in items.columns:
            raise FilterError("The DataFrame has no column 'id'. Use a DataFrame from items() or search().")
        items = items["id"].tolist()
    elif isinstance(items, (UUID, str)):
        items = [items]
    try:
        return list(dict.fromkeys(map(_id, items)))
    except TypeError as error:
        raise FilterError(f"{items!r} are not items. {_ITEMS}") from error


def _id(value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise FilterError(f"{value!r} is not the id of an item. {_ITEMS}") from error


def checked_names(names: Sequence[str]) -> list[str]:
    """Strip whitespace from names, remove duplicates, and check that the names can be stored.

    Raises:
        FilterError: There are no names, or a name is empty or cannot be stored.
    """
    cleaned = list(dict.fromkeys(name.strip() for name in names))
    if not cleaned or not all(cleaned):
        raise FilterError("No tag or collection is named, or a name is empty. Give one or more names.")
    try:
        for name in cleaned:
            storable_words(name)
    except ValueError as error:
        raise FilterError(f"{error}.") from None
    return cleaned


async def count_items(connection: AsyncConnection, rows: Select[Any]) -> int:
    """Return the number of rows that a SELECT statement returns."""
    return int(await connection.scalar(select(func.count()).select_from(rows.subquery())) or 0)
