"""Live Photos: a picture and a short film that a phone took as one.

Apple gives both the same content identifier (in the picture's maker notes and in the film's metadata, where
the probes find it) and, unless they were renamed, the same name. Google's exports turn the film into
``.MP4``; that ending counts beside HEIC only, because a JPEG beside an MP4 of its name is as often the
film's poster.
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

STILLS = {".heic": 0, ".heif": 1, ".jpg": 2, ".jpeg": 3}
FILMS = {".mov": 0, ".mp4": 1}


def live_photos(paths: Iterable[str], identifiers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Pair pictures with films.

    An identifier that exactly one picture and one film share decides, also across folders; where copies
    share it, those in one folder with one name belong together. Without identifiers, files of the same
    folder and stem are a pair (case does not count), the HEIC before a JPEG made from it; two
    identifiers that differ are never one.

    Args:
        paths: Stored paths, of one folder or of many.
        identifiers: Path → ``extra["content_identifier"]``, for the files that have one.

    Returns:
        Path → the path of its other half, for ``extra["live_photo"]``; both halves are there.
    """
    known = identifiers or {}
    stills: dict[str, list[str]] = {}
    films: dict[str, list[str]] = {}
    by_identifier: dict[str, tuple[list[str], list[str]]] = {}
    for path in sorted(paths):
        stem, extension = posixpath.splitext(path)
        extension = extension.lower()
        if extension not in STILLS and extension not in FILMS:
            continue
        is_film = extension in FILMS
        (films if is_film else stills).setdefault(stem.lower(), []).append(path)
        if known.get(path):
            by_identifier.setdefault(known[path], ([], []))[is_film].append(path)
    pairs: dict[str, str] = {}
    for pictures, movies in by_identifier.values():
        if len(pictures) == len(movies) == 1:
            _join(pairs, pictures[0], movies[0])
    for stem, movies in films.items():
        _join_by_stem(pairs, stills.get(stem, []), movies, known)
    return pairs


def _join_by_stem(
    pairs: dict[str, str], pictures: list[str], films: list[str], known: Mapping[str, str]
) -> None:
    for film in sorted(films, key=lambda path: FILMS[_extension(path)]):
        for picture in sorted(pictures, key=lambda path: STILLS[_extension(path)]):
            if film in pairs or picture in pairs:
                continue
            shared = known.get(film), known.get(picture)
            if all(shared) and shared[0] != shared[1]:
                continue
            is_export = _extension(film) == ".mp4"
            if is_export and not _extension(picture).startswith(".hei") and not all(shared):
                continue
            _join(pairs, picture, film)


def _join(pairs: dict[str, str], picture: str, film: str) -> None:
    pairs[picture], pairs[film] = film, picture


def _extension(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


_CHUNK = 5000


def is_live_video_name(path: str) -> bool:
    """Tell whether a file's name is one that the film of a Live Photo may have."""
    return path[-4:].lower() in FILMS


def may_be_live_photo(path: str) -> bool:
    """Tell whether a file's name is one that half of a Live Photo may have."""
    return is_live_video_name(path) or path.lower().endswith(tuple(STILLS))


async def link_live_photos(database: Database, folders: Iterable[str]) -> None:
    """Write ``live_photo``, the path of the other half, to the items of some folders.

    Args:
        database: Where.
        folders: Stored paths of the folders with films in which something was read or is gone.
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
    # The database picks the two fields, so that not all that is known of every picture comes here.
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
        ({**_unlinked(extra), **({"live_photo": pairs[path]} if path in pairs else {})}, id_)
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


def _unlinked(extra: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if name != "live_photo"}
