"""Rows for tests: valid as they stand, every field open to change."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from mfkit import MediaLibrary
from mfkit.core.database import Database
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaItem, MediaMetadata

NOON = datetime(2024, 5, 17, 12, 30, 15, 123456, tzinfo=UTC)
_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "mp4": "video/mp4",
    "mkv": "video/x-matroska",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "pdf": "application/pdf",
}


def digest(text: str) -> str:
    """Return a hash of the form that files have."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def row(path: str = "/media/a.jpg", **fields: Any) -> dict[str, Any]:
    """Return the least that a media item must state, for Core statements."""
    name = PurePosixPath(path).name
    mime_type = _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    kind = mime_type.partition("/")[0]
    return {
        "file_path": path,
        "file_name": name,
        "file_size": 1000,
        "file_hash": digest(path),
        "mime_type": mime_type,
        "media_type": kind if kind != "application" else "document" if "pdf" in mime_type else "other",
        **fields,
    }


def item(path: str = "/media/a.jpg", *, facts: dict[str, Any] | None = None, **fields: Any) -> MediaItem:
    """Return a media item, with metadata when facts are given."""
    made = MediaItem(**row(path, **fields))
    if facts is not None:
        made.media_metadata = MediaMetadata(**facts)
    return made


def store(library: MediaLibrary, *rows: Any) -> None:
    """Store rows of any tables in a library that exists."""

    async def add() -> None:
        async with library.database.session() as session:
            session.add_all(rows)

    run_sync(add())


def new_library(library: str | os.PathLike[str], **how: Any) -> MediaLibrary:
    """Create a library without items, and open it. A SQLite file is a copy, because that is faster."""
    path = Path(library)
    if "://" in str(library) or path.exists():
        _upgrade(library)
    else:
        path.write_bytes(_empty_library())
    return MediaLibrary(library, **how)


@cache
def _empty_library() -> bytes:
    with TemporaryDirectory() as folder:
        _upgrade(Path(folder) / "library.db")
        return (Path(folder) / "library.db").read_bytes()


def _upgrade(library: str | os.PathLike[str]) -> None:
    async def upgrade() -> None:
        database = Database(library)
        await database.upgrade()
        await database.dispose()

    run_sync(upgrade())
