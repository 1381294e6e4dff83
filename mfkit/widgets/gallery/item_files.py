"""Query for the files of a few items: names, paths, and the values that tiles and captions show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pandas as pd
from sqlalchemy import select

from mfkit.filters.units import format_size
from mfkit.library import MediaLibrary
from mfkit.library.details import readable_paths
from mfkit.models import MediaCopy, media
from mfkit.widgets.controls.row_grid import replace_surrogates

c = media.c


@dataclass(frozen=True)
class ItemFiles:
    """An item and the paths from which its content may be read.

    Attributes:
        id: Id of the item.
        name: File name.
        media_type: ``"image"``, ``"video"``, ``"audio"``, ``"document"`` or ``"other"``.
        mime_type: MIME type of the content.
        file_hash: SHA-256 of the content.
        paths: Stored paths of the item and its copies.
        duration: Duration such as ``1:05``; empty if the item has none.
        size: Size in bytes.
        width: Width in pixels; None if it is unknown.
        caption: Date and size, for example ``2014-05-31 · 4.1 MB``.
    """

    id: str
    name: str
    media_type: str
    mime_type: str
    file_hash: str
    paths: list[str]
    duration: str
    size: int
    width: int | None
    caption: str

    @property
    def has_picture(self) -> bool:
        """Whether a thumbnail can exist: an image, a frame of a video, or the cover of an audio file."""
        return self.media_type in ("image", "video", "audio")


async def item_files(lib: MediaLibrary, ids: Sequence[str]) -> dict[str, ItemFiles]:
    """Return the files of the given items by id. Items that the library no longer has are left out."""
    if not ids:
        return {}
    keys = [UUID(one) for one in ids]
    columns = (
        c.id, c.file_name, c.file_path, c.file_hash, c.media_type, c.mime_type, c.file_size, c.duration,
        c.date, c.width, c.last_scanned_at,
    )  # fmt: skip
    rows = await lib.aio.frame(select(*columns).where(c.id.in_(keys)))
    copies = await lib.aio.frame(
        select(MediaCopy.media_item_id, MediaCopy.file_path)
        .where(MediaCopy.media_item_id.in_(keys), MediaCopy.missing_since.is_(None))
        .order_by(MediaCopy.file_path)
    )
    further: dict[str, list[str]] = {}
    for key, path in copies.itertuples(index=False, name=None):
        further.setdefault(str(key), []).append(str(path))
    return {
        str(row["id"]): ItemFiles(
            id=str(row["id"]),
            name=replace_surrogates(str(row["file_name"])),
            media_type=str(row["media_type"]),
            mime_type=str(row["mime_type"]),
            file_hash=str(row["file_hash"]),
            paths=readable_paths(
                [str(row["file_path"]), *further.get(str(row["id"]), [])], row["last_scanned_at"]
            ),
            duration="" if pd.isna(row["duration"]) else _clock(row["duration"]),
            size=int(row["file_size"]),
            width=None if pd.isna(row["width"]) else int(row["width"]),
            caption=("" if pd.isna(row["date"]) else f"{row['date']:%Y-%m-%d} · ")
            + format_size(row["file_size"]),
        )
        for row in rows.to_dict("records")
    }


def _clock(seconds: float) -> str:
    """Format a duration as players show it, for example ``0:07`` or ``1:02:33``."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
