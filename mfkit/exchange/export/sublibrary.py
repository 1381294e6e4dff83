"""Export of items as a new library, with their metadata, streams, copies, tags and collections."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.exc import StatementError

from mfkit.core.bulk_write import insert_rows
from mfkit.core.database import Database
from mfkit.core.error_mapping import error_text
from mfkit.core.sqlite import exclusive_access
from mfkit.errors import ExportError, MfkitError
from mfkit.exchange.export.atomic_file import write_atomically
from mfkit.models import (
    Collection,
    MediaCopy,
    MediaItem,
    MediaMetadata,
    Tag,
    collection_items,
    media_chapters,
    media_streams,
    media_tags,
    picture_quality,
)

_BATCH = 5_000


async def write_sublibrary(
    database: Database, ids: Select[Any], path: Path, *, overwrite: bool, bar: Any
) -> int:
    """Write items, with their metadata, streams, copies, tags and collections, into a new SQLite library.

    Ids are kept. Scans and failures are not copied, because they describe whole folders, and the new library
    may contain only some of the items in a folder.

    Args:
        database: The library database.
        ids: Statement that selects the ids of the items.
        path: Path of the new library.
        overwrite: Replace an existing file.
        bar: Progress bar, which counts the items written.

    Returns:
        The number of items written.

    Raises:
        ExportError: The file cannot be written; nothing is left behind.
        LibraryLockedError: The library to be replaced is open.
    """
    if database.file is not None and path.exists() and path.samefile(database.file):
        raise ExportError(f"{path} is the library itself. Use another file name.")
    written = 0
    # If a library at the target path is open, this block raises LibraryLockedError before any work is done.
    with exclusive_access(path):
        pass
    with write_atomically(path, overwrite=overwrite) as unfinished:
        new = Database(unfinished)
        try:
            await new.create_tables()
            async with database.connect() as source:
                if database.dialect == "postgresql":
                    await source.execution_options(isolation_level="REPEATABLE READ")
                for table, condition in _tables(ids):
                    result = await source.stream(select(table).where(condition))
                    async for rows in result.partitions(_BATCH):
                        async with new.transaction() as target:
                            await insert_rows(target, table, tuple(table.c.keys()), rows)
                        if table is _ITEM:
                            written += len(rows)
                            bar.update(len(rows))
            await _checkpoint(new)
        except ExportError:
            raise
        except MfkitError as error:
            reason = str(error).replace(str(unfinished), str(path))
            raise ExportError(f"{path} cannot be written: {reason}") from error
        # A row with an invalid value, such as JSON that is nested too deeply, can raise any of these errors.
        except (StatementError, ValueError, LookupError, TypeError, RecursionError) as error:
            cause = error_text(error) if isinstance(error, StatementError) else error
            raise ExportError(
                f"{path} cannot be written, because a row of {table.name} cannot be copied: {cause}. "
                "Correct the row (mfkit doctor finds values of the wrong type), then export again."
            ) from error
        finally:
            await new.dispose()
    return written


async def _checkpoint(library: Database) -> None:
    """Copy SQLite's write-ahead log into the database file, because only the database file is kept."""
    async with library.connect() as connection:
        await connection.commit()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_ITEM = cast(Table, MediaItem.__table__)


def _tables(ids: Select[Any]) -> list[tuple[Table, Any]]:
    """Return the tables to copy, parents before children, each with the condition that selects its rows."""
    metadata, copies, tags, collections = (
        cast(Table, model.__table__) for model in (MediaMetadata, MediaCopy, Tag, Collection)
    )
    tagged, collected = media_tags.c.media_item_id.in_(ids), collection_items.c.media_item_id.in_(ids)
    return [
        (_ITEM, _ITEM.c.id.in_(ids)),
        (metadata, metadata.c.media_item_id.in_(ids)),
        (copies, copies.c.media_item_id.in_(ids)),
        *((table, table.c.media_item_id.in_(ids)) for table in (media_streams, media_chapters)),
        (tags, tags.c.id.in_(select(media_tags.c.tag_id).where(tagged))),
        (media_tags, tagged),
        (collections, collections.c.id.in_(select(collection_items.c.collection_id).where(collected))),
        (collection_items, collected),
        (
            picture_quality,
            picture_quality.c.file_hash.in_(select(_ITEM.c.file_hash).where(_ITEM.c.id.in_(ids))),
        ),
    ]
