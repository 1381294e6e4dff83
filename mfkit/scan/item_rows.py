"""Rows of items, metadata, streams, chapters and failures, built from the results of inspecting files."""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.catalog.content_rows import STATUS_COLUMNS, chunks
from mfkit.core.bulk_write import insert_rows, new_id, update_rows, upsert_rows
from mfkit.models import (
    EARLIEST_DATE,
    MediaItem,
    MediaMetadata,
    MediaType,
    ScanFailure,
    ScanStage,
    StreamKind,
    media_chapters,
    media_streams,
)
from mfkit.scan.extract.capture_time import IN_UTC, MOVIE_HEADER
from mfkit.scan.extract.plausible_values import clean
from mfkit.scan.extract.schema import CREATE_DATE, LAST_CHANGE, Metadata
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.stored_path import raw_bytes, to_disk_path

_ITEM, _METADATA, _FAILURE = (
    cast(Table, model.__table__) for model in (MediaItem, MediaMetadata, ScanFailure)
)
ReadItem = tuple[UUID, str, FileResult]
"""Id and path of an item, with the result of inspecting its file."""

CLOCK_RESOLUTION = timedelta(seconds=2)
"""Coarsest resolution of a file system's modification times (FAT)."""

METADATA_VALUE_COLUMNS = tuple(
    column.name
    for column in MediaMetadata.__table__.columns
    if column.name not in ("id", "media_item_id", "extra_metadata")
)
METADATA_COLUMNS = ("id", "media_item_id", *METADATA_VALUE_COLUMNS, "extra_metadata")

CAPTURE_COLUMNS = ("captured_at", "capture_offset", "capture_precision", "capture_source", "capture_flag")
"""Columns of an item for its local capture time."""
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
    *CAPTURE_COLUMNS,
    "device",
    "inode",
    "link_count",
    "changed_ns",
)
"""Columns of an item that are updated when its file is read."""
UNREAD_COLUMNS = ("file_modified_at", "missing_since", "modified_at", *STATUS_COLUMNS)
"""Columns of an item that can change without reading its file."""
ITEM_COLUMNS = ("id", "created_at", *CONTENT_COLUMNS)
assert set(ITEM_COLUMNS) == set(MediaItem.__table__.columns.keys())


_FAILURE_COLUMNS = (
    "id",
    "scan_id",
    "file_path",
    "stage",
    "error",
    "file_size",
    "file_modified_at",
    "created_at",
)


def file_name(path: str) -> str:
    """Return the last part of a stored path."""
    return posixpath.basename(path)


def content_values(result: FileResult, path: str, now: datetime) -> tuple[Any, ...]:
    """Return the values of the item columns that describe a file's content (:data:`CONTENT_COLUMNS`)."""
    assert result.file_format is not None
    metadata = result.metadata
    return (
        path,
        file_name(path),
        result.size,
        result.file_hash,
        metadata.get("mime_type") or result.file_format.mime_type,
        MediaType(metadata.get("media_type") or result.file_format.media_type),
        utc_of(metadata.get("taken_at")),
        result.modified_at,
        scanned_at(result),
        result.stage != "probe",
        bool(metadata.get("is_compressed")),
        metadata.get("compression_ratio"),
        None,
        now,
        *_capture_values(metadata, result.file_format.format, now),
        *result.status,
    )


def capture_values(
    taken_at: datetime | None,
    source: str | None,
    now: datetime,
    precision: str | None = None,
    *,
    has_clock: bool = True,
) -> tuple[Any, ...]:
    """Return the values of the item columns that describe the capture time (:data:`CAPTURE_COLUMNS`).

    Args:
        taken_at: Capture time, time-zone-aware if its UTC offset is known.
        source: Name of the source that states the capture time, such as ``exif``.
        now: Current time.
        precision: A value of ``capture_precision``; None for seconds.
        has_clock: Whether the UTC offset is that of the camera's clock. A movie header, for example, is in
            UTC wherever the camera was.
    """
    if taken_at is None:
        return (None,) * 5
    offset = taken_at.utcoffset() if has_clock else None
    local = taken_at.replace(tzinfo=None)
    flag = None
    if local < EARLIEST_DATE:
        flag = "before 1826"
    elif local > now.replace(tzinfo=None) + timedelta(days=1):
        flag = "future"
    minutes = None if offset is None else round(offset / timedelta(minutes=1))
    return local, minutes, precision or "second", source, flag


def _capture_values(metadata: Metadata, file_format: str, now: datetime) -> tuple[Any, ...]:
    taken_at = metadata.get("taken_at")
    origin = metadata.get("extra", {}).get("origins", {}).get("taken_at", "")
    has_clock = origin not in IN_UTC or taken_at is None or bool(taken_at.utcoffset())
    source = _SOURCES.get(origin, origin) or None
    if origin == MOVIE_HEADER and file_format in _QUICKTIME_FORMATS:
        source = "quicktime"
    return capture_values(taken_at, source, now, metadata.get("taken_precision"), has_clock=has_clock)


_SOURCES = {LAST_CHANGE: "exif", CREATE_DATE: "xmp", "sidecar": "xmp"}
_QUICKTIME_FORMATS = frozenset("mp4 m4v mov 3gp 3g2 f4v m4a m4b heic heif avif cr3".split())


def scanned_at(result: FileResult) -> datetime | None:
    """Return the time when the file was read, or None if the next scan must read the file again.

    File systems round modification times, some to two seconds. If a file changed less than two seconds
    before it was read, a second change could get the same time, so the next scan reads the file again.
    Objects do not need this, because their ETag changes.
    """
    since_change = (
        result.scanned_at - result.modified_at if result.modified_at is not None else CLOCK_RESOLUTION
    )
    if result.hash_kind is None and timedelta(0) <= since_change < CLOCK_RESOLUTION:
        return None
    return result.scanned_at


def metadata_values(result: FileResult, item_id: Any) -> tuple[Any, ...]:
    """Return the values of a row of the table media_metadata (:data:`METADATA_COLUMNS`) for a file."""
    metadata: dict[str, Any] = dict(result.metadata)
    extra: dict[str, Any] = dict(metadata.get("extra") or {})
    if result.file_format is not None:
        extra.setdefault("format", result.file_format.format)
    if metadata.get("taken_at") is not None:
        # taken_at is the local time of the camera's clock, with the UTC offset if the file states the offset.
        extra["taken_at"] = metadata["taken_at"].isoformat()
    if result.hash_kind is not None:
        extra["hash"] = result.hash_kind
    if result.fingerprint not in (None, result.file_hash):
        extra["fingerprint"] = result.fingerprint
    raw = raw_bytes(to_disk_path(result.path))
    if raw is not None:
        extra["path_bytes"] = base64.b64encode(raw).decode("ascii")
    metadata |= _text_columns(extra) | stream_columns(result.metadata)
    return (new_id(), item_id, *map(metadata.get, METADATA_VALUE_COLUMNS), extra)


def _text_columns(extra: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata columns whose values need conversion, such as "3/12" for track 3."""
    people = extra.get("people")
    columns = {
        "rating": extra.get("rating"),
        "people": "; ".join(map(str, people)) if isinstance(people, list) else people,
        "description": extra.get("description"),
        "album_artist": extra.get("album_artist"),
        **{name: str(extra.get(name) or "").partition("/")[0] or None for name in ("track", "disc")},
    }
    return dict(clean(cast(Metadata, columns)))


def utc_of(taken_at: datetime | None) -> datetime | None:
    """Return a capture time in UTC, or None if it is unknown or outside the range of Python's datetime.

    A capture time without an offset is stored as if it were UTC: the camera's time zone is unknown, and
    people remember the time that its clock showed.
    """
    if taken_at is None:
        return None
    try:
        return taken_at.replace(tzinfo=UTC) if taken_at.tzinfo is None else taken_at.astimezone(UTC)
    except OverflowError:
        return None


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
    """Return the columns of media_metadata that summarize an item's streams.

    No columns are returned if the streams are unknown.
    """
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


async def write_items(
    connection: AsyncConnection,
    *,
    new: Sequence[ReadItem],
    known: Sequence[ReadItem],
    unread: Sequence[tuple[Any, ...]],
    now: datetime,
) -> None:
    """Write the rows of items, with their metadata, streams and chapters.

    Args:
        connection: Connection in a write transaction.
        new: Items to insert, each with the result of inspecting its file.
        known: Items to update.
        unread: Values of :data:`UNREAD_COLUMNS`, and the id, of items that changed although their files were
            not read, for example because they are missing.
        now: Time of the write.
    """
    await insert_rows(
        connection,
        _ITEM,
        ITEM_COLUMNS,
        [(item_id, now, *content_values(result, path, now)) for item_id, path, result in new],
    )
    await update_rows(
        connection,
        _ITEM,
        CONTENT_COLUMNS,
        [(*content_values(result, path, now), item_id) for item_id, path, result in known],
    )
    await update_rows(connection, _ITEM, UNREAD_COLUMNS, unread)
    await insert_rows(
        connection,
        _METADATA,
        METADATA_COLUMNS,
        [metadata_values(result, item_id) for item_id, _, result in new],
    )
    await upsert_rows(
        connection,
        _METADATA,
        "media_item_id",
        METADATA_COLUMNS,
        [metadata_values(result, item_id) for item_id, _, result in known],
    )
    metadata = {item_id: result.metadata for item_id, _, result in (*new, *known)}
    await write_streams(connection, metadata, [item_id for item_id, _, _ in known])


async def write_failures(
    connection: AsyncConnection, scan_id: UUID, results: Sequence[FileResult], now: datetime
) -> None:
    """Write a row for each file that failed, and delete the rows of files that no longer fail.

    A file that failed before keeps its row's ``created_at``, which is the time of the first failure.
    """
    succeeded = [result.path for result in results if result.stage is None]
    for chunk in chunks(succeeded):
        await connection.execute(delete(_FAILURE).where(_FAILURE.c.file_path.in_(chunk)))
    await upsert_rows(
        connection,
        _FAILURE,
        "file_path",
        _FAILURE_COLUMNS,
        [
            (
                new_id(),
                scan_id,
                result.path,
                ScanStage(result.stage),
                result.error,
                result.size,
                # No modification time is stored for a file that could not be read, so that the next scan
                # reads it again. For a file that could be read but not parsed, the time is stored, so that
                # the file is read again only after it has changed.
                result.modified_at if result.stage == "probe" or _is_empty(result) else None,
                now,
            )
            for result in results
            if result.stage is not None
        ],
        keep=("id", "created_at"),
    )


def _is_empty(result: FileResult) -> bool:
    return result.stage == "read" and result.size == 0
