"""File with the last change of tags on the command line, so that a later command can undo the change.

Each command is a process of its own, and a library object remembers only its own last change.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from platformdirs import user_state_path

from mfkit.catalog import Change
from mfkit.engines.snapshot.snapshot_cache import library_identity
from mfkit.models import media_tags

if TYPE_CHECKING:
    from mfkit.core.database import Database

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


def store_change(database: Database, change: Change) -> None:
    """Store a change of tags, which replaces the stored change of the same library.

    Args:
        database: The library database. The file is found again by the library's path or URL.
        change: The change.

    Raises:
        OSError: The file cannot be written.
    """
    file = _file(database)
    file.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    added = change.added and [list(change.added[0]), change.added[1]]
    names = [column.name for column in media_tags.c]
    record = {
        "items": change.items,
        "description": change.description,
        "added": added,
        "removed": [[row[name] for name in names] for row in change.removed],
        "created": list(change.created),
    }
    new = file.with_suffix(f".{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE), "w") as stream:
            json.dump(record, stream, default=_text)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def stored_change(database: Database) -> Change | None:
    """Return the stored change of a library, or None if there is none or its file is damaged."""
    try:
        record = json.loads(_file(database).read_text())
        added = record["added"]
        types: list[Callable[[str], Any]] = [UUID, UUID, datetime.fromisoformat]
        names = [column.name for column in media_tags.c]
        return Change(
            int(record["items"]),
            str(record["description"]),
            media_tags,
            added=added and ([UUID(one) for one in added[0]], datetime.fromisoformat(added[1])),
            removed=[
                {name: type_(value) for name, type_, value in zip(names, types, row, strict=True)}
                for row in record["removed"]
            ],
            created=[UUID(one) for one in record["created"]],
        )
    except (OSError, ValueError, TypeError, LookupError):
        return None


def forget_change(database: Database) -> None:
    """Delete the stored change of a library."""
    with suppress(OSError):
        _file(database).unlink()


def _file(database: Database) -> Path:
    digest = hashlib.sha256(library_identity(database).encode("utf-8", "surrogateescape")).hexdigest()
    return user_state_path("mfkit") / "undo" / f"{digest[:32]}.json"


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
