"""Live Photos: an image and a short video that a phone took together.

Apple stores the same content identifier in both (in the image's maker notes and in the video's metadata) and
gives both the same name. Google's exports change the video's extension to ``.MP4``, which is accepted only
beside HEIC, because a JPEG beside an MP4 of the same name is often the video's poster.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import update_rows
from mfkit.core.database import Database
from mfkit.models import MediaItem, MediaMetadata
from mfkit.scan.scan_lock import write_lock

IMAGE_EXTENSIONS = {".heic": 0, ".heif": 1, ".jpg": 2, ".jpeg": 3}
VIDEO_EXTENSIONS = {".mov": 0, ".mp4": 1}
"""Extension → priority, the lowest first."""


def live_photos(paths: Iterable[str], identifiers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Pair images with videos.

    An identifier that exactly one image and one video share makes them a pair, also across folders. If copies
    share it, those with the same folder and name are a pair. Without identifiers, files with the same folder
    and stem are a pair (case does not matter; HEIC is preferred to a JPEG made from it). Files with different
    identifiers are never a pair.

    Args:
        paths: Stored paths, from one or several folders.
        identifiers: Path → ``extra["content_identifier"]``, for the files that have one.

    Returns:
        Path → path of the other half, for ``extra["live_photo"]``, for both halves.
    """
    known = identifiers or {}
    images_by_stem: dict[str, list[str]] = {}
    videos_by_stem: dict[str, list[str]] = {}
    by_identifier: dict[str, tuple[list[str], list[str]]] = {}
    for path in sorted(paths):
        stem, extension = posixpath.splitext(path)
        extension = extension.lower()
        if extension not in IMAGE_EXTENSIONS and extension not in VIDEO_EXTENSIONS:
            continue
        is_video = extension in VIDEO_EXTENSIONS
        (videos_by_stem if is_video else images_by_stem).setdefault(stem.lower(), []).append(path)
        if known.get(path):
            by_identifier.setdefault(known[path], ([], []))[is_video].append(path)
    pairs: dict[str, str] = {}
    for images, videos in by_identifier.values():
        if len(images) == len(videos) == 1:
            _add_pair(pairs, images[0], videos[0])
    for stem, videos in videos_by_stem.items():
        _pair_by_stem(pairs, images_by_stem.get(stem, []), videos, known)
    return pairs


def _pair_by_stem(
    pairs: dict[str, str], images: list[str], videos: list[str], known: Mapping[str, str]
) -> None:
    for video in sorted(videos, key=lambda path: VIDEO_EXTENSIONS[_extension(path)]):
        for image in sorted(images, key=lambda path: IMAGE_EXTENSIONS[_extension(path)]):
            if video in pairs or image in pairs:
                continue
            shared = known.get(video), known.get(image)
            if all(shared) and shared[0] != shared[1]:
                continue
            is_export = _extension(video) == ".mp4"
            if is_export and not _extension(image).startswith(".hei") and not all(shared):
                continue
            _add_pair(pairs, image, video)


def _add_pair(pairs: dict[str, str], image: str, video: str) -> None:
    pairs[image], pairs[video] = video, image


def _extension(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


_CHUNK = 5000


def is_live_video_name(path: str) -> bool:
    """Return whether a path may be the video of a Live Photo."""
    return path[-4:].lower() in VIDEO_EXTENSIONS


def may_be_live_photo(path: str) -> bool:
    """Return whether a path may be one half of a Live Photo."""
    return is_live_video_name(path) or path.lower().endswith(tuple(IMAGE_EXTENSIONS))


async def link_live_photos(database: Database, folders: Iterable[str]) -> None:
    """Update ``extra_metadata["live_photo"]``, the path of the other half, for the items in some folders.

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
    # Select the two fields in the database, because the whole of extra_metadata can be large.
    statement = (
        select(MediaItem.file_path, extra["live_photo"].as_string(), extra["content_identifier"].as_string())
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
        [path for path, _, _ in rows], {path: identifier for path, _, identifier in rows if identifier}
    )
    changed = [path for path, known, _ in rows if known != pairs.get(path)]
    return [
        ({**_without_link(extra), **({"live_photo": pairs[path]} if path in pairs else {})}, id_)
        for path, id_, extra in await _extra_of(connection, changed)
    ]


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
