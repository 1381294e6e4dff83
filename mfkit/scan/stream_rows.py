"""Rows of an item's streams and chapters, and the metadata columns that summarize the streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.content_rows import chunks
from mfkit.core.bulk_write import insert_rows
from mfkit.models import StreamKind, media_chapters, media_streams
from mfkit.scan.extract.schema import Metadata

STREAM_COLUMNS: tuple[str, ...] = tuple(media_streams.c.keys())
CHAPTER_COLUMNS: tuple[str, ...] = tuple(media_chapters.c.keys())
MAX_LISTED = 50
"""Maximum number of values in a column with several."""
_INTERLACED = frozenset(("tt", "bb", "tb", "bt"))


async def write_streams(
    connection: AsyncConnection, metadata: Mapping[UUID, Metadata], known: Sequence[UUID]
) -> None:
    """Replace the streams and chapters of items by those in the metadata that was read from their files.

    Args:
        connection: Connection in a write transaction.
        metadata: Item id -> metadata of the item's file.
        known: Ids of the items that may already have streams.
    """
    for table, columns, values in (
        (media_streams, STREAM_COLUMNS, stream_values),
        (media_chapters, CHAPTER_COLUMNS, chapter_values),
    ):
        for ids in chunks(known):
            await connection.execute(delete(table).where(table.c.media_item_id.in_(ids)))
        rows = [row for item_id, read in metadata.items() for row in values(read, item_id)]
        await insert_rows(connection, table, columns, rows)


def stream_values(metadata: Metadata, item_id: UUID) -> Iterator[tuple[Any, ...]]:
    """Yield the values of an item's rows of the table media_streams (:data:`STREAM_COLUMNS`)."""
    for stream in metadata.get("streams") or ():
        row = {"is_main": False, **stream, "media_item_id": item_id, "kind": StreamKind(stream["kind"])}
        yield tuple(map(row.get, STREAM_COLUMNS))


def chapter_values(metadata: Metadata, item_id: UUID) -> Iterator[tuple[Any, ...]]:
    """Yield the values of an item's rows of the table media_chapters (:data:`CHAPTER_COLUMNS`)."""
    for index, chapter in enumerate(metadata.get("chapters") or ()):
        row = {**chapter, "media_item_id": item_id, "chapter_index": index}
        yield tuple(map(row.get, CHAPTER_COLUMNS))


def stream_columns(metadata: Metadata) -> dict[str, Any]:
    """Return the columns of media_metadata that summarize an item's streams, or none if they are unknown."""
    streams = metadata.get("streams")
    if streams is None:
        return {}
    audio, subtitles = (
        [stream for stream in streams if stream["kind"] == kind] for kind in ("audio", "subtitle")
    )
    main_video, main_audio = _main(streams, "video"), _main(audio, "audio")
    field_order = main_video.get("field_order")
    return {
        "stream_count": len(streams),
        "audio_languages": _listed(stream.get("language") for stream in audio),
        "subtitle_languages": _listed(stream.get("language") for stream in subtitles),
        "audio_codecs": _listed(stream.get("codec") for stream in audio),
        "most_channels": max((stream.get("channels") or 0 for stream in audio), default=0) or None,
        "subtitle_count": len(subtitles),
        "chapter_count": len(metadata.get("chapters") or ()),
        "hdr": main_video.get("hdr"),
        "dolby_vision": main_video.get("dv_profile"),
        "bit_depth": main_video.get("bit_depth"),
        "pixel_format": main_video.get("pixel_format"),
        "audio_layout": main_audio.get("channel_layout"),
        "is_vfr": main_video.get("is_vfr"),
        "is_interlaced": None if field_order is None else field_order in _INTERLACED,
    }


def _main(streams: Iterable[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    return next((one for one in streams if one["kind"] == kind and one.get("is_main")), {})


def _listed(values: Iterable[str | None]) -> str | None:
    """Return the distinct values in alphabetical order, joined with "; ", or None if there are none."""
    distinct = sorted({value for value in values if value})
    return "; ".join(distinct[:MAX_LISTED]) or None
