"""Selection of unchanged files to read again, for example because an extractor or a sidecar changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, groupby
from posixpath import dirname

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, Scan, ScanFailure
from mfkit.scan.inspect_file import is_known_content
from mfkit.scan.reconcile import ReconcileResult, StoredRows, stored_fingerprint
from mfkit.scan.scan_lock import write_lock
from mfkit.scan.sidecars.sidecar import FolderNames, names_in
from mfkit.scan.stored_path import to_disk_path, to_stored_path
from mfkit.scan.walk import Candidate

_THREADS, _FILES_PER_THREAD = 4, 64
_CHUNK = 5_000


async def reread_outdated_metadata(database: Database, extractor_version: int) -> bool:
    """Mark all files to be read again if all scans used older extractors. Return True if this was done."""
    async with write_lock(database) as connection:
        newest = await connection.scalar(select(func.max(Scan.extractor_version)))
        is_outdated = newest is not None and newest < extractor_version
        if is_outdated:
            await connection.execute(update(MediaItem).values(is_processed=False))
            await connection.execute(update(ScanFailure).values(file_modified_at=None))
    return is_outdated


async def reread_metadata(database: Database, roots: Sequence[str]) -> None:
    """Mark all files below the given roots to be read again."""
    async with write_lock(database) as connection:
        for root in roots:
            prefix = root.rstrip("/")
            for model, values in (
                (MediaItem, {"is_processed": False}),
                (ScanFailure, {"file_modified_at": None}),
            ):
                below_root = (model.file_path > f"{prefix}/", model.file_path < f"{prefix}0")
                await connection.execute(update(model).where(*below_root).values(**values))


def candidate_to_reread(candidate: Candidate, rows: StoredRows) -> Candidate:
    """Return a candidate that will be read and stored again, but hashed only if its fingerprint changed."""
    fingerprint = stored_fingerprint(rows.item) if rows.item is not None else None
    return replace(candidate, fingerprint=candidate.fingerprint or fingerprint, is_reread=True)


async def keep_known_contents(result: ReconcileResult) -> int:
    """Treat small files with a new inode change time as unchanged if their content has the stored hash.

    They are hashed by threads, because sending them to worker processes would take longer than reading them.

    Returns:
        The number of these files.
    """
    changed: list[tuple[Candidate, str | None]] = []
    for start in range(0, len(result.to_read), _THREADS * _FILES_PER_THREAD):
        end = start + _THREADS * _FILES_PER_THREAD
        parts = [result.to_read[at : at + _FILES_PER_THREAD] for at in range(start, end, _FILES_PER_THREAD)]
        known = await asyncio.gather(*(asyncio.to_thread(_are_known, part) for part in parts if part))
        for one, is_known in zip(result.to_read[start:end], chain.from_iterable(known)):
            if is_known:
                result.statuses.append(one[0])
                result.unchanged += 1
            else:
                changed.append(one)
    kept = len(result.to_read) - len(changed)
    result.to_read = changed
    return kept


def _are_known(files: Sequence[tuple[Candidate, str | None]]) -> list[bool]:
    return [is_known_content(candidate) for candidate, _ in files]


async def reread_placeholder_hashes(database: Database, root: str) -> None:
    """Mark objects below a URL that still have a placeholder hash, so that the scan reads them again.

    Args:
        database: The library database.
        root: Stored form of the URL.
    """
    # Libraries of earlier versions say "stand-in" instead of "placeholder", so both words are compared.
    with_placeholder = select(MediaMetadata.media_item_id).where(
        MediaMetadata.extra_metadata["hash"].as_string().in_(("placeholder", "stand-in"))
    )
    async with write_lock(database) as connection:
        for model, item_id in ((MediaItem, MediaItem.id), (MediaCopy, MediaCopy.media_item_id)):
            below_root = (model.file_path > f"{root}/", model.file_path < f"{root}0")
            await connection.execute(
                update(model).where(*below_root, item_id.in_(with_placeholder)).values(last_scanned_at=None)
            )


def media_of_sidecars(sidecars: Iterable[str]) -> set[str]:
    """Return the stored paths of the media files that sidecars belong to, even if a sidecar was deleted."""
    media: set[str] = set()
    for folder, paths in groupby(sorted(sidecars), key=dirname):
        names = {to_disk_path(path[len(folder.rstrip("/")) + 1 :]) for path in paths}
        try:
            existing = names_in(to_disk_path(folder))
        # A folder that no longer exists is skipped, because its media files no longer exist either.
        except OSError:
            continue
        folder_names = FolderNames({*existing, *names})
        prefix = folder if folder.endswith("/") else f"{folder}/"
        media |= {prefix + to_stored_path(one) for name in names for one in folder_names.media_of(name)}
    return media


async def item_paths_of_copies(connection: AsyncConnection, stored: Mapping[str, StoredRows]) -> list[str]:
    """Return the paths of the items to which the given copies belong.

    Metadata is stored for each item, not for each copy. So if a sidecar of a copy has changed, the file at
    the path of the item is read again.
    """
    hashes = list({rows.copy.file_hash for rows in stored.values() if rows.copy is not None})
    paths: list[str] = []
    for start in range(0, len(hashes), _CHUNK):
        chunk = hashes[start : start + _CHUNK]
        statement = select(MediaItem.file_path).where(
            MediaItem.file_hash.in_(chunk), MediaItem.missing_since.is_(None)
        )
        paths += (await connection.execute(statement)).scalars()
    return paths


def items_to_reread(stored: Mapping[str, StoredRows], since: datetime) -> Iterator[tuple[Candidate, str]]:
    """Yield files of existing items that have not been read since a given time, each with its known hash.

    Each file keeps the stored status in the file system. If the file has changed since the status was stored,
    the next scan still notices the change.
    """
    for path, rows in stored.items():
        item = rows.item
        if item is not None and not item.missing and item.modified_at is not None:
            if item.scanned_at is None or item.scanned_at < since:
                yield Candidate(path, item.size, item.modified_at, status=item.status), item.file_hash
