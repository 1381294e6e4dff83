"""Checked rows made fit for the database by the rules of a scan, column by column."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import compress, repeat
from typing import Any

from mfkit.exchange.imports.validation import CheckedRows, Columns
from mfkit.models import utc_now
from mfkit.scan.extract.plausible import clean_columns, clean_extra, clean_text, clean_timestamp
from mfkit.scan.imported_items import MARK, placeholder_hash
from mfkit.scan.item_rows import CAPTURE_COLUMNS, METADATA_VALUE_COLUMNS, capture_values, utc_of
from mfkit.scan.stored_path import to_disk_path
from mfkit.scan.walk import modification_time

_ITEM_COLUMNS = ("mime_type", "media_type", "is_compressed", "compression_ratio")
_FILE_COLUMNS = ("file_size", "file_modified_at")


@dataclass(slots=True)
class PreparedRow:
    """A row whose values are fit for the database.

    Attributes:
        index: Position in its batch, from 0.
        number: Position in the source, from 1.
        path: Stored form.
        file_hash: SHA-256 that the row states; None if it states none.
        key: The hash, or the placeholder for it if the row states none.
        item: Values by column of media_items that the row states.
        metadata: Values by column of media_metadata that the row states.
        extra: Members of extra_metadata that the row states.
        modified_at: Modification time of the file on disk, read only if the row states no size.
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
    """Rows whose values are fit for the database: one value per row and column, None for nothing.

    Attributes:
        numbers: Positions in the source, from 1.
        paths: Stored forms.
        hashes: SHA-256 that the rows state; None if a row states none.
        keys: The hashes, or the placeholders for them.
        item: Columns of media_items; ``file_name`` is always among them.
        metadata: Columns of media_metadata.
        extra: Members of extra_metadata; rows may share one object.
        on_disk: Size and modification time by index, of files that exist and whose rows state no size.
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
        """Return the indexes of the rows whose file size is known."""
        sizes = self.item.get("file_size", [])
        stated = [index for index, size in enumerate(sizes) if size is not None]
        return sorted([*stated, *self.on_disk]) if self.on_disk else stated

    def row(self, index: int) -> PreparedRow:
        """Return one row by its index."""
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
    """Clean checked rows and split their columns between media_items and media_metadata."""
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
    paths = columns.get("file_path", [])  # absent if no JSON object of the batch has one; then no row is left
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
    """Return the plausible capture times; None if no row states one."""
    if "captured_at" not in columns and "file_created_at" not in columns:
        return None
    count = len(columns["file_path"])
    local, minutes, created = (
        columns.get(name, [None] * count) for name in ("captured_at", "capture_offset", "file_created_at")
    )
    # The local time has the offset that its own column states, and else none.
    return [
        clean_timestamp(_with_offset(own, offset) if own is not None else stated)
        for own, offset, stated in zip(local, minutes, created, strict=True)
    ]


def _with_offset(local: datetime, minutes: int | None) -> datetime:
    return local if minutes is None else local.replace(tzinfo=timezone(timedelta(minutes=minutes)))


def _capture_columns(taken: Sequence[datetime | None], columns: Columns) -> Columns:
    """Return the columns of media_items for capture times."""
    nothing = [None] * len(taken)
    now = utc_now()
    rows = [
        # UTC without a local time states a point in time, and not the offset of a clock.
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
    """Yield the extra_metadata of each row, with the names of the fields that the row states."""
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
    """Return the size and modification time of a file; None if it does not exist."""
    try:
        found = os.stat(to_disk_path(path))
    except (OSError, ValueError):
        return None
    return (found.st_size, modification_time(found)) if stat.S_ISREG(found.st_mode) else None
