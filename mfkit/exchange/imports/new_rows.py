"""Rows of files that nobody has: the columns of new items and of their facts."""

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
from mfkit.scan.item_rows import ITEM_COLUMNS, METADATA_COLUMNS

_OF_MIME_TYPE = {one.value: one for one in (MediaType.VIDEO, MediaType.AUDIO, MediaType.IMAGE)}
_ITEM, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaMetadata))


@dataclass(frozen=True, slots=True)
class NewRows:
    """New items in the driver's own values.

    Attributes:
        places: Which rows of their batch they are, counted from 0.
        items: For media_items.
        facts: For media_metadata.
    """

    places: list[int]
    items: list[Chunk]
    facts: list[Chunk]

    async def write(self, connection: AsyncConnection) -> None:
        """Insert them."""
        await insert_converted(connection, _ITEM, ITEM_COLUMNS, self.items)
        await insert_converted(connection, _METADATA, METADATA_COLUMNS, self.facts)


def new_items(rows: PreparedRows, places: list[int], dialect: Dialect) -> NewRows:
    """Return the new items that rows are to be; see :func:`fresh`."""
    items, facts = select_new(rows, places, utc_now())
    return NewRows(places, list(converted(dialect, _ITEM, items)), list(converted(dialect, _METADATA, facts)))


def select_new(rows: PreparedRows, places: Sequence[int], now: datetime) -> tuple[Columns, Columns]:
    """Return the columns of media_items and of media_metadata for rows that are to be new items.

    Args:
        rows: Fit for the database.
        places: Which of them, counted from 0; their sizes are known.
        now: When they come to be.
    """
    count = len(places)
    whole = count == len(rows.paths)

    def of(values: Sequence[Any]) -> list[Any]:
        return list(values) if whole else [values[place] for place in places]

    def stated(name: str, otherwise: Sequence[Any]) -> list[Any]:
        if name not in rows.item:
            return list(otherwise)
        said = of(rows.item[name])
        return [other if one is None else one for one, other in zip(said, otherwise, strict=True)]

    nothing: list[Any] = [None] * count
    sizes, modified = nothing, nothing
    if rows.on_disk:
        found = [rows.on_disk.get(place, (None, None)) for place in places]
        sizes, modified = [size for size, _ in found], [moment for _, moment in found]
    paths, ids = of(rows.paths), new_ids(count)
    kinds = [format_by_name(path) for path in paths]
    mime_types = stated("mime_type", [kind.mime_type for kind in kinds])
    by_mime_type = [
        _media_type(mime_type, kind.media_type) for mime_type, kind in zip(mime_types, kinds, strict=True)
    ]
    items: Columns = {
        "id": ids,
        "created_at": [now] * count,
        "modified_at": [now] * count,
        "file_path": paths,
        "file_hash": of(rows.keys),
        "file_name": of(rows.item["file_name"]),
        "file_size": stated("file_size", sizes),
        "mime_type": mime_types,
        "media_type": stated("media_type", by_mime_type),
        "file_created_at": stated("file_created_at", nothing),
        "file_modified_at": stated("file_modified_at", modified),
        "last_scanned_at": nothing,
        "is_processed": [False] * count,
        "is_compressed": stated("is_compressed", [False] * count),
        "compression_ratio": stated("compression_ratio", nothing),
        "missing_since": nothing,
    }
    facts: Columns = {
        "id": new_ids(count),
        "media_item_id": ids,
        "extra_metadata": of(rows.extra),
        **{name: of(values) for name, values in rows.facts.items()},
    }
    return (
        {name: items[name] for name in ITEM_COLUMNS},
        {name: facts.get(name, nothing) for name in METADATA_COLUMNS},
    )


@lru_cache(maxsize=1_024)
def _media_type(mime_type: str, of_kind: str) -> MediaType:
    """Return what a MIME type says, else what the file's name does."""
    return _OF_MIME_TYPE.get(mime_type.partition("/")[0]) or MediaType(of_kind)
