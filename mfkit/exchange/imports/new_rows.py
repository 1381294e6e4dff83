"""Columns of new items and their metadata, for imported rows that the library does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import Chunk, converted, insert_converted
from mfkit.core.ids import new_ids
from mfkit.exchange.imports.prepared_rows import PreparedRows
from mfkit.exchange.imports.validation import Columns
from mfkit.models import MediaItem, MediaMetadata, MediaType, utc_now
from mfkit.scan.formats.identify import format_by_name
from mfkit.scan.item_rows import CAPTURE_COLUMNS, ITEM_COLUMNS, METADATA_COLUMNS

_TYPE_BY_MIME_PREFIX = {one.value: one for one in (MediaType.VIDEO, MediaType.AUDIO, MediaType.IMAGE)}
_ITEM, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaMetadata))


@dataclass(frozen=True, slots=True)
class NewRows:
    """New items in the driver's own values.

    Attributes:
        indexes: Positions of the rows in their batch.
        items: Rows of media_items.
        metadata: Rows of media_metadata.
    """

    indexes: list[int]
    items: list[Chunk]
    metadata: list[Chunk]

    async def write(self, connection: AsyncConnection) -> None:
        """Insert the rows."""
        await insert_converted(connection, _ITEM, ITEM_COLUMNS, self.items)
        await insert_converted(connection, _METADATA, METADATA_COLUMNS, self.metadata)


def convert_new(rows: PreparedRows, indexes: list[int], dialect: Dialect) -> NewRows:
    """Return rows as new items in the driver's own values; see :func:`new_columns`."""
    items, metadata = new_columns(rows, indexes, utc_now())
    return NewRows(
        indexes, list(converted(dialect, _ITEM, items)), list(converted(dialect, _METADATA, metadata))
    )


def new_columns(rows: PreparedRows, indexes: Sequence[int], now: datetime) -> tuple[Columns, Columns]:
    """Return the columns of media_items and of media_metadata for rows that become new items.

    Args:
        rows: Prepared rows.
        indexes: Positions of the rows to take; their sizes are known.
        now: Creation time of the items.
    """
    count = len(indexes)
    is_whole = count == len(rows.paths)

    def take(values: Sequence[Any]) -> list[Any]:
        return list(values) if is_whole else [values[index] for index in indexes]

    def stated_or(name: str, defaults: Sequence[Any]) -> list[Any]:
        if name not in rows.item:
            return list(defaults)
        return [
            default if value is None else value
            for value, default in zip(take(rows.item[name]), defaults, strict=True)
        ]

    nothing: list[Any] = [None] * count
    sizes, modified = nothing, nothing
    if rows.on_disk:
        on_disk = [rows.on_disk.get(index, (None, None)) for index in indexes]
        sizes, modified = [size for size, _ in on_disk], [time for _, time in on_disk]
    paths, ids = take(rows.paths), new_ids(count)
    formats = [format_by_name(path) for path in paths]
    mime_types = stated_or("mime_type", [one.mime_type for one in formats])
    media_types = [
        _media_type(mime_type, one.media_type) for mime_type, one in zip(mime_types, formats, strict=True)
    ]
    items: Columns = {
        "id": ids,
        "created_at": [now] * count,
        "modified_at": [now] * count,
        "file_path": paths,
        "file_hash": take(rows.keys),
        "file_name": take(rows.item["file_name"]),
        "file_size": stated_or("file_size", sizes),
        "mime_type": mime_types,
        "media_type": stated_or("media_type", media_types),
        "file_created_at": stated_or("file_created_at", nothing),
        "file_modified_at": stated_or("file_modified_at", modified),
        "last_scanned_at": nothing,
        "is_processed": [False] * count,
        "is_compressed": stated_or("is_compressed", [False] * count),
        "compression_ratio": stated_or("compression_ratio", nothing),
        "missing_since": nothing,
        "device": nothing,
        "inode": nothing,
        "link_count": nothing,
        "changed_ns": nothing,
        **{name: stated_or(name, nothing) for name in CAPTURE_COLUMNS},
    }
    metadata: Columns = {
        "id": new_ids(count),
        "media_item_id": ids,
        "extra_metadata": take(rows.extra),
        **{name: take(values) for name, values in rows.metadata.items()},
    }
    return (
        {name: items[name] for name in ITEM_COLUMNS},
        {name: metadata.get(name, nothing) for name in METADATA_COLUMNS},
    )


@lru_cache(maxsize=1_024)
def _media_type(mime_type: str, by_name: str) -> MediaType:
    """Return the media type of a MIME type, or else the one that the file's name implies."""
    return _TYPE_BY_MIME_PREFIX.get(mime_type.partition("/")[0]) or MediaType(by_name)
