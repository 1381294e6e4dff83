"""Functions that save, replace and delete filters by name."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.item_selection import checked_names
from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import SavedFilter, utc_now


async def save_filter(database: Database, name: str, filter_: MediaFilter) -> None:
    """Save a filter under a name, or replace the saved filter that has this name (ignoring case).

    Raises:
        FilterError: The name is empty or cannot be stored.
    """
    (name,) = checked_names([name])
    fields = filter_.model_dump(mode="json", exclude_defaults=True)
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
    """Delete the saved filter with the given name.

    Raises:
        FilterError: No saved filter has the name.
    """
    async with database.transaction() as connection:
        found = await _stored_name(connection, name.strip())
        if found is None:
            raise await _unknown(connection, name)
        await connection.execute(delete(SavedFilter).where(SavedFilter.name == found))


async def _stored_name(connection: AsyncConnection, name: str) -> str | None:
    """Find a stored filter name, ignoring case. An exact match takes precedence."""
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
    """Create the error for an unknown filter name. The error message lists the existing names."""
    listed = ", ".join(repr(one) for one in names[:20])
    existing = f"Saved filters are {listed}" if listed else "None is saved yet"
    return FilterError(f"No saved filter has the name {name!r}. {existing}.")
