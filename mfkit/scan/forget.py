"""What has to be read again though it did not change."""

from __future__ import annotations

from sqlalchemy import select, update

from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, MediaMetadata
from mfkit.scan.lock import writing


async def forget_stand_ins(database: Database, root: str) -> None:
    """Have the objects below a URL read again of which nobody has read the content yet.

    Args:
        database: Where they are known.
        root: Stored form of the URL.
    """
    of_stand_ins = select(MediaMetadata.media_item_id).where(
        MediaMetadata.extra_metadata["hash"].as_string() == "stand-in"
    )
    async with writing(database) as connection:
        for model, item_id in ((MediaItem, MediaItem.id), (MediaCopy, MediaCopy.media_item_id)):
            await connection.execute(
                update(model)
                .where(
                    model.file_path > f"{root}/", model.file_path < f"{root}0", item_id.in_(of_stand_ins)
                )
                .values(last_scanned_at=None)
            )
