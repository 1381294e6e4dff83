"""One step back: a change of tags or collections, and how it is taken back exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, MetaData, Table, and_, delete, exists, insert, select

from mfkit.core.database import Database
from mfkit.models import Collection, MediaItem, Tag, collection_items, media_tags

# table -> the model that its links point at, the column that does, and when a link was made
_SIDES: dict[Table, tuple[type[Tag] | type[Collection], Column[Any], Column[Any]]] = {
    media_tags: (Tag, media_tags.c.tag_id, media_tags.c.created_at),
    collection_items: (Collection, collection_items.c.collection_id, collection_items.c.added_at),
}


@dataclass(frozen=True)
class Change:
    """What a verb did to the links between items and tags, or items and collections.

    Attributes:
        items: How many items it changed.
        words: What it was, for a person.
        table: Where the links are.
        added: The tags or collections that got links, and the moment that all these links bear: it
            tells them from those which were there before.
        removed: The links that were taken away, as they were.
        made: The tags or collections that were not there before.
    """

    items: int
    words: str
    table: Table
    added: tuple[Sequence[UUID], datetime] | None = None
    removed: Sequence[dict[str, Any]] = field(default=(), repr=False)
    made: Sequence[UUID] = ()


async def undo_change(database: Database, change: Change) -> None:
    """Take a change back: what it added goes, what it removed returns as it was.

    What others did since stays: a link that was made anew is not taken away, and none returns to an
    item, tag or collection that is gone.
    """
    model, label, moment = _SIDES[change.table]
    async with database.transaction() as connection:
        if change.added is not None:
            ids, made_at = change.added
            await connection.execute(delete(change.table).where(label.in_(ids), moment == made_at))
        if change.removed:
            kept = Table(
                "mfkit_kept",
                MetaData(),
                *(Column(one.name, one.type) for one in change.table.c),
                prefixes=["TEMPORARY"],
            )
            await connection.run_sync(kept.create)
            await connection.execute(insert(kept), change.removed)
            same = exists().where(
                and_(*(change.table.c[key.name] == kept.c[key.name] for key in change.table.primary_key))
            )
            rows = select(*kept.c).where(
                kept.c.media_item_id.in_(select(MediaItem.id)),
                kept.c[label.name].in_(select(model.id)),
                ~same,
            )
            await connection.execute(insert(change.table).from_select([one.name for one in kept.c], rows))
            await connection.run_sync(kept.drop)
        if change.made:
            await connection.execute(
                delete(model).where(model.id.in_(change.made), model.id.not_in(select(label)))
            )
