"""Checked rows made fit for the database, by the rules of a scan: by column, and row by row where asked."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, repeat
from typing import Any

from mfkit.exchange.imports.validation import CheckedRows, Columns
from mfkit.scan.extract.plausible import clean_columns, clean_extra, clean_text
from mfkit.scan.imported_items import MARK, placeholder_hash
from mfkit.scan.item_rows import METADATA_VALUE_COLUMNS
from mfkit.scan.stored_path import to_disk_path
from mfkit.scan.walk import modification_time

_OF_ITEM = ("mime_type", "media_type", "is_compressed", "compression_ratio")
_OF_FILE = ("file_size", "file_modified_at")


@dataclass(slots=True)
class PreparedRow:
    """A row whose values are fit for the database.

    Attributes:
        place: In its batch, counted from 0.
        number: In the source, counted from 1.
        path: Stored form.
        file_hash: As stated; None where nothing is.
        key: The hash, or what stands in for it where the row states none.
        item: Columns of media_items that the row states.
        facts: Columns of media_metadata that the row states.
        extra: Members of extra_metadata that it states.
        modified_at: When the file was modified that is there, where the row states no size.
    """

    place: int
    number: int
    path: str
    file_hash: str | None
    key: str
    item: dict[str, Any]
    facts: dict[str, Any]
    extra: dict[str, Any]
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """Rows whose values are fit for the database: for each column a value a row, None where it says nothing.

    Attributes:
        numbers: Of the rows, counted from 1.
        paths: Stored forms.
        hashes: As stated; None where none is.
        keys: The hashes, or what stands in for them.
        item: Columns of media_items; ``file_name`` is always among them.
        facts: Columns of media_metadata.
        extra: Members of extra_metadata; rows may share one.
        on_disk: Size and modification time of the file, where it is there and the row states no size.
    """

    numbers: Sequence[int]
    paths: list[str]
    hashes: list[str | None]
    keys: list[str]
    item: Columns
    facts: Columns
    extra: list[dict[str, Any]]
    on_disk: dict[int, tuple[int, datetime]]

    def sized(self) -> list[int]:
        """Return the places of the rows whose file's size is known."""
        sizes = self.item.get("file_size", [])
        known = [place for place, size in enumerate(sizes) if size is not None]
        return sorted([*known, *self.on_disk]) if self.on_disk else known

    def row(self, place: int) -> PreparedRow:
        """Return one row, counted from 0."""
        item, facts = (
            {name: values[place] for name, values in columns.items() if values[place] is not None}
            for columns in (self.item, self.facts)
        )
        _, modified_at = self.on_disk.get(place, (None, None))
        return PreparedRow(
            place,
            self.numbers[place],
            self.paths[place],
            self.hashes[place],
            self.keys[place],
            item,
            facts,
            self.extra[place],
            modified_at,
        )


def prepare_rows(rows: CheckedRows) -> PreparedRows:
    """Return checked rows fit for the database."""
    columns = rows.columns
    count = len(rows.numbers)
    facts = clean_columns(
        {name: columns[name] for name in (*_OF_ITEM, *METADATA_VALUE_COLUMNS) if name in columns}
    )
    if "file_created_at" in columns:
        facts |= clean_columns({"taken_at": columns["file_created_at"]})
    item = {name: facts.pop(name) for name in _OF_ITEM if name in facts}
    item |= {name: columns[name] for name in _OF_FILE if name in columns}
    extra = list(_extra(columns.get("extra_metadata", [None] * count), facts, item))
    if "taken_at" in facts:
        item["file_created_at"] = facts.pop("taken_at")
    paths = columns.get("file_path", [])  # no row of a batch of objects need have one; then all are refused
    names = columns.get("file_name")
    item["file_name"] = (
        [posixpath.basename(path) for path in paths]
        if names is None
        else [clean_text(name) or posixpath.basename(path) for name, path in zip(names, paths, strict=True)]
    )
    hashes = [one and one.lower() for one in columns.get("file_hash", [None] * count)]
    keys = [one or placeholder_hash(path) for one, path in zip(hashes, paths, strict=True)]
    sizes = item.get("file_size", [None] * count)
    unsized = [(place, _on_disk(paths[place])) for place, size in enumerate(sizes) if size is None]
    seen = {place: found for place, found in unsized if found is not None}
    return PreparedRows(rows.numbers, paths, hashes, keys, item, facts, extra, seen)


def _extra(further: list[Any], facts: Columns, item: Columns) -> Iterator[dict[str, Any]]:
    """Yield each row's extra_metadata, with the names of what the row brings."""
    names = (*facts, *item)
    flags = [[value is not None for value in values] for values in (*facts.values(), *item.values())]
    marked: dict[tuple[bool, ...], dict[str, Any]] = {}
    rows = zip(*flags, strict=True) if flags else repeat((), len(further))
    for stated, given in zip(rows, further, strict=True):
        if given:
            extra = clean_extra(given, set(compress(names, stated)))
            brought = {*compress(facts, stated), *extra} - {MARK, "origins"}
            yield {**extra, MARK: sorted(brought)} if brought else extra
            continue
        if stated not in marked:
            brought = {*compress(facts, stated)}
            marked[stated] = {MARK: sorted(brought)} if brought else {}
        yield marked[stated]


def _on_disk(path: str) -> tuple[int, datetime] | None:
    """Return size and modification time of a file that is there."""
    try:
        found = os.stat(to_disk_path(path))
    except (OSError, ValueError):
        return None
    return (found.st_size, modification_time(found)) if stat.S_ISREG(found.st_mode) else None
