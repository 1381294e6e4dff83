"""Checked rows made fit for the database, by the rules of a scan."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mfkit.exchange.checks import Checked, Columns
from mfkit.scan.clean import clean_columns, clean_extra, clean_text
from mfkit.scan.ingested import MARK, stand_in
from mfkit.scan.kinds import Kind, named
from mfkit.scan.paths import on_disk
from mfkit.scan.rows import FACT_COLUMNS
from mfkit.scan.walk import modification_time

_OF_ITEM = ("mime_type", "media_type", "is_compressed", "compression_ratio")
_OF_FILE = ("file_size", "file_modified_at")


@dataclass(slots=True)
class Incoming:
    """A row whose values are fit for the database.

    Attributes:
        number: Counted from 1.
        path: Stored form.
        file_hash: As stated; None where nothing is.
        key: The hash, or what stands in for it where the row states none.
        item: Columns of media_items that the row states.
        facts: Columns of media_metadata that the row states.
        extra: Members of extra_metadata that it states.
        kind: By the file's name; for an item that is new.
        size: Of the file, where it is there and the row states none.
        modified_at: The same.
    """

    number: int
    path: str
    file_hash: str | None
    key: str
    item: dict[str, Any]
    facts: dict[str, Any]
    extra: dict[str, Any]
    kind: Kind
    size: int | None
    modified_at: datetime | None


def incoming(rows: Checked) -> Iterator[Incoming]:
    """Yield checked rows fit for the database."""
    columns = rows.columns
    count = len(rows.numbers)
    fit = clean_columns({name: columns[name] for name in (*_OF_ITEM, *FACT_COLUMNS) if name in columns})
    if "file_created_at" in columns:
        fit |= clean_columns({"taken_at": columns["file_created_at"]})
    item_columns = {name: fit.pop(name) for name in _OF_ITEM if name in fit}
    item_columns |= {name: columns[name] for name in _OF_FILE if name in columns}
    nothing = [None] * count
    for number, path, name, file_hash, further, facts, item in zip(
        rows.numbers, columns["file_path"], columns.get("file_name", nothing),
        columns.get("file_hash", nothing), columns.get("extra_metadata", nothing), _stated(fit, count),
        _stated(item_columns, count), strict=True,
    ):
        extra = clean_extra(further, {**facts, **item}) if further else {}
        names = sorted({*facts, *extra} - {MARK, "origins"})
        if names:
            extra[MARK] = names
        if "taken_at" in facts:
            item["file_created_at"] = facts.pop("taken_at")
        item["file_name"] = clean_text(name) or posixpath.basename(path)
        file_hash = file_hash and file_hash.lower()
        size, modified_at = (None, None) if "file_size" in item else _on_disk(path)
        yield Incoming(
            number, path, file_hash, file_hash or stand_in(path), item, facts, extra, named(path), size,
            modified_at,
        )


def _stated(columns: Columns, count: int) -> Iterator[dict[str, Any]]:
    """Yield what each row states, by column."""
    if not columns:
        yield from ({} for _ in range(count))
    names = tuple(columns)
    for values in zip(*columns.values(), strict=True):
        yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _on_disk(path: str) -> tuple[int | None, datetime | None]:
    """Return size and modification time of a file that is there."""
    try:
        found = os.stat(on_disk(path))
    except (OSError, ValueError):
        return None, None
    return (found.st_size, modification_time(found)) if stat.S_ISREG(found.st_mode) else (None, None)
