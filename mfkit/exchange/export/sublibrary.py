"""A part of a library as a library of its own: items with their facts, copies, tags and collections."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sqlalchemy import Select, Table, select

from mfkit.core.bulk_write import insert_rows
from mfkit.core.database import Database
from mfkit.core.sqlite import held_alone
from mfkit.errors import ExportError, MfkitError
from mfkit.exchange.export.atomic_file import write_atomically
from mfkit.models import Collection, MediaCopy, MediaItem, MediaMetadata, Tag, collection_items, media_tags

_BATCH = 5_000


async def write_sublibrary(
    database: Database, ids: Select[Any], path: Path, *, overwrite: bool, bar: Any
) -> int:
    """Write a SQLite library that holds the chosen items and what belongs to them.

    Ids stay as they are. Scans and failures stay behind: they are of whole folders.

    Args:
        database: Where the items are.
        ids: Selects the ids of the items.
        path: Of the new library.
        overwrite: Whether a file that is there may be replaced.
        bar: Told how many items are written.

    Returns:
        How many items.

    Raises:
        ExportError: The file cannot be written; nothing is left behind.
        LibraryLockedError: A library that is there is open.
    """
    if database.file is not None and path.exists() and path.samefile(database.file):
        raise ExportError(f"{path} is the library itself; name another file.")
    written = 0
    with held_alone(path):  # a library that is in use is refused before the work
        pass
    with write_atomically(path, overwrite=overwrite) as unfinished:
        part = Database(unfinished)
        try:
            await part.create_tables()
            async with database.connect() as source:
                if database.dialect == "postgresql":
                    await source.execution_options(isolation_level="REPEATABLE READ")
                for table, which in _parts(ids):
                    result = await source.stream(select(table).where(which))
                    async for rows in result.partitions(_BATCH):
                        async with part.transaction() as target:
                            await insert_rows(target, table, tuple(table.c.keys()), rows)
                        if table is _ITEM:
                            written += len(rows)
                            bar.update(len(rows))
            await _settle(part)
        except ExportError:
            raise
        except MfkitError as error:
            said = str(error).replace(str(unfinished), str(path))
            raise ExportError(f"{path} cannot be written: {said}") from error
        finally:
            await part.dispose()
    return written


async def _settle(part: Database) -> None:
    """Bring everything into the one file that is renamed."""
    async with part.connect() as connection:
        await connection.commit()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_ITEM = cast(Table, MediaItem.__table__)


def _parts(ids: Select[Any]) -> list[tuple[Table, Any]]:
    """Return the tables in an order that foreign keys allow, each with the condition on its rows."""
    facts, copies, tags, collections = (
        cast(Table, model.__table__) for model in (MediaMetadata, MediaCopy, Tag, Collection)
    )
    tagged, collected = media_tags.c.media_item_id.in_(ids), collection_items.c.media_item_id.in_(ids)
    return [
        (_ITEM, _ITEM.c.id.in_(ids)),
        (facts, facts.c.media_item_id.in_(ids)),
        (copies, copies.c.media_item_id.in_(ids)),
        (tags, tags.c.id.in_(select(media_tags.c.tag_id).where(tagged))),
        (media_tags, tagged),
        (collections, collections.c.id.in_(select(collection_items.c.collection_id).where(collected))),
        (collection_items, collected),
    ]
