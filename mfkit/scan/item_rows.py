"""From what was found out about a file to the values of its rows."""

from __future__ import annotations

import base64
import posixpath
from datetime import UTC, datetime, timedelta
from typing import Any

from mfkit.core.ids import new_id
from mfkit.models import MediaItem, MediaMetadata, MediaType
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.stored_path import raw_bytes, to_disk_path

_RACE = timedelta(seconds=2)

METADATA_VALUE_COLUMNS = tuple(
    column.name
    for column in MediaMetadata.__table__.columns
    if column.name not in ("id", "media_item_id", "extra_metadata")
)
METADATA_COLUMNS = ("id", "media_item_id", *METADATA_VALUE_COLUMNS, "extra_metadata")

CONTENT_COLUMNS = (
    "file_path",
    "file_name",
    "file_size",
    "file_hash",
    "mime_type",
    "media_type",
    "file_created_at",
    "file_modified_at",
    "last_scanned_at",
    "is_processed",
    "is_compressed",
    "compression_ratio",
    "missing_since",
    "modified_at",
)
"""What a file that was read says of its item."""
ITEM_COLUMNS = ("id", "created_at", *CONTENT_COLUMNS)
assert set(ITEM_COLUMNS) == set(MediaItem.__table__.columns.keys())


def file_name(path: str) -> str:
    """Return the last part of a stored path."""
    return posixpath.basename(path)


def content_values(found: FileResult, path: str, now: datetime) -> tuple[Any, ...]:
    """Return the values of :data:`CONTENT_COLUMNS` for a file that was read."""
    assert found.kind is not None
    facts = found.facts
    return (
        path,
        file_name(path),
        found.size,
        found.file_hash,
        facts.get("mime_type") or found.kind.mime_type,
        MediaType(facts.get("media_type") or found.kind.media_type),
        _moment(facts.get("taken_at")),
        found.modified_at,
        scanned_at(found),
        found.stage != "probe",
        bool(facts.get("is_compressed")),
        facts.get("compression_ratio"),
        None,
        now,
    )


def scanned_at(found: FileResult) -> datetime | None:
    """Return when the file was read; None when it may have changed since without its time telling.

    A file system's clock may be coarse: a change within two seconds of the reading may bear the time
    that was seen. Such a file is read again by the next scan. Of an object the ETag tells.
    """
    since_change = found.scanned_at - found.modified_at if found.modified_at is not None else _RACE
    if found.hash_kind is None and timedelta(0) <= since_change < _RACE:
        return None
    return found.scanned_at


def metadata_values(found: FileResult, item_id: Any) -> tuple[Any, ...]:
    """Return the values of :data:`METADATA_COLUMNS` for a file that was read."""
    facts: dict[str, Any] = dict(found.facts)
    extra: dict[str, Any] = dict(facts.get("extra") or {})
    if found.kind is not None:
        extra.setdefault("format", found.kind.format)
    if facts.get("taken_at") is not None:
        # As the camera's clock showed it, with the offset where the file states one.
        extra["taken_at"] = facts["taken_at"].isoformat()
    if found.hash_kind is not None:
        extra["hash"] = found.hash_kind
    raw = raw_bytes(to_disk_path(found.path))
    if raw is not None:
        extra["path_bytes"] = base64.b64encode(raw).decode("ascii")
    return (new_id(), item_id, *map(facts.get, METADATA_VALUE_COLUMNS), extra)


def _moment(taken_at: datetime | None) -> datetime | None:
    """Return a capture time as a moment; one without an offset is taken as if it were UTC.

    The camera's zone is then not known, and its wall clock is what people remember.
    """
    if taken_at is None:
        return None
    try:
        return taken_at.replace(tzinfo=UTC) if taken_at.tzinfo is None else taken_at.astimezone(UTC)
    except OverflowError:
        return None
