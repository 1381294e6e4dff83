"""Undo of the last change of tags or collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, MetaData, Table, and_, delete, exists, insert, select

from mfkit.core.database import Database
from mfkit.models import Collection, MediaItem, Tag, collection_items, media_tags

# link table -> the model that its links refer to, the column that refers to it, and the creation time column
_LINK_TABLES: dict[Table, tuple[type[Tag] | type[Collection], Column[Any], Column[Any]]] = {
    media_tags: (Tag, media_tags.c.tag_id, media_tags.c.created_at),
    collection_items: (Collection, collection_items.c.collection_id, collection_items.c.added_at),
}


@dataclass(frozen=True)
class Change:
    """A change of the links between items and tags, or items and collections.

    Attributes:
        items: Number of items that changed.
        description: Plain text, such as ``tag “holiday”``.
        table: The link table.
        added: Ids of the tags or collections that got links, and the creation time of all these links, which
            distinguishes them from older ones.
        removed: The deleted links, as dictionaries by column.
        created: Ids of the tags or collections that the change created.
    """

    items: int
    description: str
    table: Table
    added: tuple[Sequence[UUID], datetime] | None = None
    removed: Sequence[dict[str, Any]] = field(default=(), repr=False)
    created: Sequence[UUID] = ()


async def undo_change(database: Database, change: Change) -> None:
    """Undo a change: delete the links that it added, and restore the links that it removed.

    Later changes are kept: a link that was created again since is not deleted, and a link is not restored if
    its item, tag or collection does not exist any more.
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
