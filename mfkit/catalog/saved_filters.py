"""Selections that a person keeps by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.item_selection import checked_name
from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import SavedFilter, utc_now


async def save_filter(database: Database, name: str, chosen: MediaFilter) -> None:
    """Keep a filter under a name; one that is there, without regard to case, is replaced.

    Raises:
        FilterError: The name is empty, or cannot be stored.
    """
    (name,) = checked_name([name])
    fields = json.loads(chosen.model_dump_json(include=set(chosen.given())))
    async with database.transaction() as connection:
        found = await _stored_name(connection, name)
        if found is None:
            await connection.execute(insert(SavedFilter).values(id=uuid4(), name=name, filter=fields))
        else:
            await connection.execute(
                update(SavedFilter)
                .where(SavedFilter.name == found)
                .values(filter=fields, modified_at=utc_now())
            )


async def delete_filter(database: Database, name: str) -> None:
    """Forget the filter of a name.

    Raises:
        FilterError: There is none of that name.
    """
    async with database.transaction() as connection:
        found = await _stored_name(connection, name.strip())
        if found is None:
            raise await _unknown(connection, name)
        await connection.execute(delete(SavedFilter).where(SavedFilter.name == found))


async def _stored_name(connection: AsyncConnection, name: str) -> str | None:
    """Return the name as it is stored: the very same before one of another case."""
    exact: ColumnElement[bool] = SavedFilter.name == name
    found: str | None = await connection.scalar(
        select(SavedFilter.name)
        .where(func.lower(SavedFilter.name) == func.lower(name))
        .order_by(exact.desc())
    )
    return found


async def _unknown(connection: AsyncConnection, name: str) -> FilterError:
    names = (await connection.scalars(select(SavedFilter.name).order_by(SavedFilter.name))).all()
    return unknown_filter(name, names)


def unknown_filter(name: str, names: Sequence[str]) -> FilterError:
    """Return the error that there is no view of a name, and which there are."""
    there = f"there are {', '.join(repr(one) for one in names[:20])}" if len(names) else "there is none yet"
    return FilterError(f"There is no view {name!r}; {there}.")
