"""Pairing of Live Photos: an image and a short video that a phone took together.

Apple stores the same content identifier in both files (in the image's maker notes and in the video's
metadata) and gives both the same name. Converters and exports drop the identifier, and cameras reuse names.
Files without an identifier are therefore a pair only if they were taken within seconds of each other and the
video is short.

Pixel phones write a motion photo's video into the image (`mfkit.scan.extract.motion_photo`). Google's exports
contain it once more, as ``IMG.MP`` beside ``IMG.MP.jpg``; they also change a MOV's extension to ``.MP4``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import update_rows
from mfkit.core.database import Database
from mfkit.models import MediaItem, MediaMetadata
from mfkit.scan.scan_lock import write_lock

IMAGE_EXTENSIONS = {".heic": 0, ".heif": 1, ".jpg": 2, ".jpeg": 3}
VIDEO_EXTENSIONS = {".mov": 0, ".mp4": 1, ".mp": 2}
"""Extension → priority of image and video files; the lowest number is preferred."""

MAX_SECONDS_APART = 10
"""Maximum difference of the capture times in seconds; a phone may store the end time of the video."""
MAX_VIDEO_SECONDS = 6.0
"""Maximum duration of the video in seconds. Apple's videos last three seconds."""
_MAX_OFFSET = timedelta(hours=14)
_OFFSET_STEP = timedelta(minutes=15)
_HEVC = "_hevc"  # The program icloudpd appends this suffix to the name of a Live Photo's video.


class LivePhotoHalf(NamedTuple):
    """Metadata from which mfkit decides whether a file is the image or the video of a Live Photo.

    Attributes:
        identifier: ``extra["content_identifier"]``.
        taken_at: Capture time, with the offset if the file states one.
        duration: Duration of a video in seconds.
    """

    identifier: str | None = None
    taken_at: datetime | None = None
    duration: float | None = None


def live_photos(shots: Mapping[str, LivePhotoHalf]) -> dict[str, str]:
    """Find the pairs of an image and a video that are a Live Photo.

    If exactly one image and one video share an identifier, they are a pair, even in different folders. If
    copies share it too, files with the same folder and name are a pair. Otherwise files with the same folder
    and stem are a pair if they were taken at the same time and the video is short (case does not matter; HEIC
    is preferred to a JPEG made from it). Files with different identifiers are never a pair.

    Args:
        shots: Metadata of the files, by stored path. The files can be in several folders.

    Returns:
        The path of each half → the path of its other half, for ``extra["live_photo"]``.
    """
    images_by_stem: dict[str, list[str]] = {}
    videos_by_stem: dict[str, list[str]] = {}
    by_identifier: dict[str, tuple[list[str], list[str]]] = {}
    for path in sorted(shots):
        is_video = is_live_video_name(path)
        if is_video:
            videos_by_stem.setdefault(_stem(path), []).append(path)
        elif _extension(path) in IMAGE_EXTENSIONS:
            images_by_stem.setdefault(_stem(path), []).append(path)
        else:
            continue
        if identifier := shots[path].identifier:
            by_identifier.setdefault(identifier, ([], []))[is_video].append(path)
    pairs: dict[str, str] = {}
    for images, videos in by_identifier.values():
        if len(images) == len(videos) == 1:
            _add_pair(pairs, images[0], videos[0])
    for stem, videos in videos_by_stem.items():
        _pair_by_stem(pairs, images_by_stem.get(stem, []), videos, shots)
    return pairs


def _pair_by_stem(
    pairs: dict[str, str], images: list[str], videos: list[str], shots: Mapping[str, LivePhotoHalf]
) -> None:
    for video in sorted(videos, key=lambda path: VIDEO_EXTENSIONS.get(_extension(path), 9)):
        for image in sorted(images, key=lambda path: IMAGE_EXTENSIONS[_extension(path)]):
            if video not in pairs and image not in pairs and _belong_together(shots[image], shots[video]):
                _add_pair(pairs, image, video)


def _belong_together(image: LivePhotoHalf, video: LivePhotoHalf) -> bool:
    if image.identifier and video.identifier:
        return image.identifier == video.identifier
    is_short = video.duration is not None and 0 < video.duration <= MAX_VIDEO_SECONDS
    return is_short and taken_together(image.taken_at, video.taken_at)


def taken_together(first: datetime | None, second: datetime | None) -> bool:
    """Return whether two capture times are within seconds of each other.

    If only one time has a UTC offset, the times match if they are equal at any possible offset, that is, at a
    multiple of 15 minutes up to 14 hours.
    """
    if first is None or second is None:
        return False
    tolerance = timedelta(seconds=MAX_SECONDS_APART)
    if (first.tzinfo is None) == (second.tzinfo is None):
        return abs(first - second) <= tolerance
    clock, utc = (first, second) if first.tzinfo is None else (second, first)
    apart = clock - utc.astimezone(UTC).replace(tzinfo=None)
    beyond = abs(apart) % _OFFSET_STEP
    return abs(apart) <= _MAX_OFFSET + tolerance and min(beyond, _OFFSET_STEP - beyond) <= tolerance


def _add_pair(pairs: dict[str, str], image: str, video: str) -> None:
    pairs[image], pairs[video] = video, image


def _stem(path: str) -> str:
    """Return the part of a path, in lower case, that the image and the video of a Live Photo share."""
    stem, extension = posixpath.splitext(path)
    if extension.lower() not in IMAGE_EXTENSIONS and extension.lower() not in (".mov", ".mp4"):
        return path.lower()  # The video IMG.MP belongs to the image IMG.MP.jpg.
    return stem.lower().removesuffix(_HEVC)


def _extension(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


_CHUNK = 5000
_MOTION_NAME = re.compile(r"\.mp(~\d{1,2})?\Z", re.IGNORECASE)


def is_live_video_name(path: str) -> bool:
    """Return whether a path may be the video of a Live Photo."""
    end = path[-4:].lower()
    if end in VIDEO_EXTENSIONS:
        return True
    # This function is called for every file of a rescan, so the fast checks come before the slow regular
    # expression.
    return (end.endswith(".mp") or "~" in end) and _MOTION_NAME.search(path[-8:]) is not None


def may_be_live_photo(path: str) -> bool:
    """Return whether a path may be the image or the video of a Live Photo."""
    return is_live_video_name(path) or path.lower().endswith(tuple(IMAGE_EXTENSIONS))


async def link_live_photos(database: Database, folders: Iterable[str]) -> None:
    """In the ``extra_metadata["live_photo"]`` of each file of a Live Photo, store the other file's path.

    Args:
        database: The library database.
        folders: Stored paths of folders with videos, in which files were read or are missing.
    """
    for folder in folders:
        async with database.connect() as connection:
            changed = await _changed_in(connection, folder)
        if changed:
            async with write_lock(database) as connection:
                table = cast(Table, MediaMetadata.__table__)
                await update_rows(connection, table, ("extra_metadata",), changed)


async def _changed_in(connection: AsyncConnection, folder: str) -> list[tuple[dict[str, Any], Any]]:
    prefix = folder if folder.endswith("/") else f"{folder}/"
    extra = MediaMetadata.extra_metadata
    # Select the fields in the database, because the whole of extra_metadata can be large.
    statement = (
        select(
            MediaItem.file_path,
            extra["live_photo"].as_string(),
            extra["content_identifier"].as_string(),
            extra["taken_at"].as_string(),
            MediaMetadata.duration,
        )
        .join(MediaMetadata, MediaMetadata.media_item_id == MediaItem.id)
        .where(
            MediaItem.file_path > prefix,
            MediaItem.file_path < f"{prefix[:-1]}0",
            MediaItem.missing_since.is_(None),
        )
    )
    rows = [
        row
        for row in await connection.execute(statement)
        if may_be_live_photo(row[0]) and "/" not in row[0][len(prefix) :]
    ]
    pairs = live_photos(
        {
            path: LivePhotoHalf(identifier, _parsed(taken_at), duration)
            for path, _, identifier, taken_at, duration in rows
        }
    )
    changed = [path for path, known, *_ in rows if known != pairs.get(path)]
    return [
        ({**_without_link(extra), **({"live_photo": pairs[path]} if path in pairs else {})}, id_)
        for path, id_, extra in await _extra_of(connection, changed)
    ]


def _parsed(taken_at: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(taken_at) if taken_at else None
    except ValueError:  # An invalid time, which another program may have written, is ignored.
        return None


async def _extra_of(connection: AsyncConnection, paths: Sequence[str]) -> list[Any]:
    rows: list[Any] = []
    for start in range(0, len(paths), _CHUNK):
        rows += await connection.execute(
            select(MediaItem.file_path, MediaMetadata.id, MediaMetadata.extra_metadata)
            .join(MediaMetadata, MediaMetadata.media_item_id == MediaItem.id)
            .where(MediaItem.file_path.in_(paths[start : start + _CHUNK]))
        )
    return rows


def _without_link(extra: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if name != "live_photo"}
