"""Preparation of validated import rows: cleaning of values as in a scan, and conversion to new items."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import compress, repeat
from typing import Any, cast

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import Chunk, converted, insert_converted, new_ids
from mfkit.exchange.imports.validation import CheckedRows, Columns
from mfkit.models import MediaItem, MediaMetadata, MediaType, utc_now
from mfkit.scan.extract.plausible_values import clean_columns, clean_extra, clean_text, clean_timestamp
from mfkit.scan.formats.identify import format_by_name
from mfkit.scan.imported_items import MARK, placeholder_hash
from mfkit.scan.item_rows import (
    CAPTURE_COLUMNS,
    ITEM_COLUMNS,
    METADATA_COLUMNS,
    METADATA_VALUE_COLUMNS,
    capture_values,
    utc_of,
)
from mfkit.scan.stored_path import to_disk_path
from mfkit.scan.walk import modification_time

_ITEM_COLUMNS = ("mime_type", "media_type", "is_compressed", "compression_ratio")
_FILE_COLUMNS = ("file_size", "file_modified_at")
_TYPE_BY_MIME_PREFIX = {one.value: one for one in (MediaType.VIDEO, MediaType.AUDIO, MediaType.IMAGE)}
_ITEM, _METADATA = (cast(Table, model.__table__) for model in (MediaItem, MediaMetadata))


@dataclass(slots=True)
class PreparedRow:
    """Row to import, with cleaned values that the database accepts.

    Attributes:
        index: Position in its batch, from 0.
        number: Position in the source, from 1.
        path: Path in its stored form.
        file_hash: SHA-256 given by the row, or None.
        key: The SHA-256, or a placeholder if the row gives no SHA-256.
        item: Values given by the row, by column of media_items.
        metadata: Values given by the row, by column of media_metadata.
        extra: Members of extra_metadata given by the row.
        modified_at: Modification time of the file on disk, read only if the row has no size.
    """

    index: int
    number: int
    path: str
    file_hash: str | None
    key: str
    item: dict[str, Any]
    metadata: dict[str, Any]
    extra: dict[str, Any]
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """Rows to import, as columns of cleaned values that the database accepts. None marks a missing value.

    Attributes:
        numbers: Positions in the source, from 1.
        paths: Paths in their stored form.
        hashes: SHA-256 given by each row, or None.
        keys: The SHA-256 of each row, or a placeholder if the row gives no SHA-256.
        item: Columns of media_items; ``file_name`` is always among them.
        metadata: Columns of media_metadata.
        extra: Members of extra_metadata; rows may share one object.
        on_disk: Index of a row without a size -> size and modification time of its file, if that exists.
    """

    numbers: Sequence[int]
    paths: list[str]
    hashes: list[str | None]
    keys: list[str]
    item: Columns
    metadata: Columns
    extra: list[dict[str, Any]]
    on_disk: dict[int, tuple[int, datetime]]

    def sized(self) -> list[int]:
        """Return the positions of the rows whose file size is stated in the row or known from the disk."""
        sizes = self.item.get("file_size", [])
        stated = [index for index, size in enumerate(sizes) if size is not None]
        return sorted([*stated, *self.on_disk]) if self.on_disk else stated

    def row(self, index: int) -> PreparedRow:
        """Return the import row at the given position."""
        item, metadata = (
            {name: values[index] for name, values in columns.items() if values[index] is not None}
            for columns in (self.item, self.metadata)
        )
        _, modified_at = self.on_disk.get(index, (None, None))
        return PreparedRow(
            index,
            self.numbers[index],
            self.paths[index],
            self.hashes[index],
            self.keys[index],
            item,
            metadata,
            self.extra[index],
            modified_at,
        )


def prepare_rows(rows: CheckedRows) -> PreparedRows:
    """Clean validated rows, and distribute their columns to the tables media_items and media_metadata."""
    columns = rows.columns
    count = len(rows.numbers)
    metadata = clean_columns(
        {name: columns[name] for name in (*_ITEM_COLUMNS, *METADATA_VALUE_COLUMNS) if name in columns}
    )
    taken = _capture_times(columns)
    if taken is not None:
        metadata["taken_at"] = taken
    item = {name: metadata.pop(name) for name in _ITEM_COLUMNS if name in metadata}
    item |= {name: columns[name] for name in _FILE_COLUMNS if name in columns}
    extra = list(_extra_metadata(columns.get("extra_metadata", [None] * count), metadata, item))
    if taken is not None:
        del metadata["taken_at"]
        item |= _capture_columns(taken, columns)
    # The column file_path is absent if no row has a path. In this case, all rows are invalid.
    paths = columns.get("file_path", [])
    names = columns.get("file_name")
    item["file_name"] = (
        [posixpath.basename(path) for path in paths]
        if names is None
        else [clean_text(name) or posixpath.basename(path) for name, path in zip(names, paths, strict=True)]
    )
    hashes = [one and one.lower() for one in columns.get("file_hash", [None] * count)]
    keys = [one or placeholder_hash(path) for one, path in zip(hashes, paths, strict=True)]
    sizes = item.get("file_size", [None] * count)
    unsized = [(index, _on_disk(paths[index])) for index, size in enumerate(sizes) if size is None]
    on_disk = {index: found for index, found in unsized if found is not None}
    return PreparedRows(rows.numbers, paths, hashes, keys, item, metadata, extra, on_disk)


def _capture_times(columns: Columns) -> list[datetime | None] | None:
    """Return the capture time of each row, or None if the source has no column with capture times.

    Implausible capture times are replaced by None.
    """
    if "captured_at" not in columns and "file_created_at" not in columns:
        return None
    count = len(columns["file_path"])
    local, minutes, created = (
        columns.get(name, [None] * count) for name in ("captured_at", "capture_offset", "file_created_at")
    )
    # The column captured_at has local times. Their UTC offsets are in the column capture_offset.
    return [
        clean_timestamp(_with_offset(own, offset) if own is not None else stated)
        for own, offset, stated in zip(local, minutes, created, strict=True)
    ]


def _with_offset(local: datetime, minutes: int | None) -> datetime:
    return local if minutes is None else local.replace(tzinfo=timezone(timedelta(minutes=minutes)))


def _capture_columns(taken: Sequence[datetime | None], columns: Columns) -> Columns:
    """Return the columns of media_items that store the given capture times."""
    nothing = [None] * len(taken)
    now = utc_now()
    rows = [
        # If a row has a UTC time but no local time, the UTC offset of the camera's clock is unknown.
        capture_values(
            one,
            clean_text(source) or MARK,
            now,
            precision,
            has_clock=local is not None or one is None or bool(one.utcoffset()),
        )
        for one, local, source, precision in zip(
            taken,
            columns.get("captured_at", nothing),
            columns.get("capture_source", nothing),
            columns.get("capture_precision", nothing),
            strict=True,
        )
    ]
    created = [
        stated if one is not None and stated is not None and stated.tzinfo is not None else one
        for one, stated in zip(taken, columns.get("file_created_at", nothing), strict=True)
    ]
    return {
        "file_created_at": list(map(utc_of, created)),
        **dict(zip(CAPTURE_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)),
    }


def _extra_metadata(given: list[Any], metadata: Columns, item: Columns) -> Iterator[dict[str, Any]]:
    """Yield the extra_metadata of each row, with a list of the imported fields, which later scans need."""
    names = (*metadata, *item)
    flags = [[value is not None for value in values] for values in (*metadata.values(), *item.values())]
    shared: dict[tuple[bool, ...], dict[str, Any]] = {}
    rows = zip(*flags, strict=True) if flags else repeat((), len(given))
    for is_stated, further in zip(rows, given, strict=True):
        if further:
            extra = clean_extra(further, set(compress(names, is_stated)))
            imported = {*compress(metadata, is_stated), *extra} - {MARK, "origins"}
            yield {**extra, MARK: sorted(imported)} if imported else extra
            continue
        if is_stated not in shared:
            imported = {*compress(metadata, is_stated)}
            shared[is_stated] = {MARK: sorted(imported)} if imported else {}
        yield shared[is_stated]


def _on_disk(path: str) -> tuple[int, datetime] | None:
    """Return the size and modification time of a file, or None if the file does not exist."""
    try:
        found = os.stat(to_disk_path(path))
    except (OSError, ValueError):
        return None
    return (found.st_size, modification_time(found)) if stat.S_ISREG(found.st_mode) else None


@dataclass(frozen=True, slots=True)
class NewRows:
    """Rows of new items, with values converted for the database driver.

    Attributes:
        indexes: Positions of the rows in their batch.
        items: Rows of media_items.
        metadata: Rows of media_metadata.
    """

    indexes: list[int]
    items: list[Chunk]
    metadata: list[Chunk]

    async def write(self, connection: AsyncConnection) -> None:
        """Insert the new items and their metadata into the database."""
        await insert_converted(connection, _ITEM, ITEM_COLUMNS, self.items)
        await insert_converted(connection, _METADATA, METADATA_COLUMNS, self.metadata)


def convert_new(rows: PreparedRows, indexes: list[int], dialect: Dialect) -> NewRows:
    """Convert import rows to new items, with the values in the form that the database driver expects."""
    items, metadata = new_columns(rows, indexes, utc_now())
    return NewRows(
        indexes, list(converted(dialect, _ITEM, items)), list(converted(dialect, _METADATA, metadata))
    )


def new_columns(rows: PreparedRows, indexes: Sequence[int], now: datetime) -> tuple[Columns, Columns]:
    """Return the columns of media_items and media_metadata for import rows that become new items.

    Args:
        rows: Prepared rows.
        indexes: Positions of the rows to convert. Their file sizes must be known.
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
    """Return the media type for a MIME type, or ``by_name`` if the MIME type is missing or unknown."""
    return _TYPE_BY_MIME_PREFIX.get(mime_type.partition("/")[0]) or MediaType(by_name)
