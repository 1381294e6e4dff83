"""Roots of a scan: folders of the file system and URLs of object storage, whose files are listed in batches.

Modules that need object storage packages are imported only when a URL is scanned. Worker processes import the
walk, but not this module.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import NamedTuple

from mfkit.errors import FolderNotFoundError
from mfkit.lazy_layers import load_distributed
from mfkit.path_argument import checked_path
from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.stored_path import is_url, to_stored_path
from mfkit.scan.walk import Entry, SkippedEntries, walk

_BATCH_SIZE = 5000
"""Number of found files that are compared with the library in one step."""


def resolve_roots(roots: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the stored paths of roots, without roots that are inside another root.

    Raises:
        StorageUnavailableError: A bucket cannot be listed.
        FolderNotFoundError: A root is an empty text, does not exist, is not a folder, or cannot be read.
    """
    folders = []
    for root in roots:
        given = checked_path(root, "the folder", FolderNotFoundError)
        if is_url(given):
            folders.append(load_distributed("s3_walk").check_url(given))
            continue
        path = os.path.abspath(os.path.expanduser(given))
        if not os.path.exists(path):
            raise FolderNotFoundError(
                f"{root} does not exist. Check the spelling, and whether the drive is mounted."
            )
        if not os.path.isdir(path):
            raise FolderNotFoundError(f"{root} is a file. Name the folder that contains it.")
        try:
            os.scandir(path).close()
        except OSError as error:
            raise FolderNotFoundError(f"{root} cannot be read: {error.strerror}.") from error
        folders.append(to_stored_path(path))
    return [
        folder
        for folder in dict.fromkeys(folders)
        if not any(folder != other and folder.startswith(other.rstrip("/") + "/") for other in folders)
    ]


class WalkBatch(NamedTuple):
    """Batch of consecutive files that a walk through a folder tree found.

    Attributes:
        entries: The files.
        is_last: Whether this is the last batch of the walk.
        seconds: Time in seconds that the walk took to find the files.
    """

    entries: list[Entry]
    is_last: bool
    seconds: float


async def walk_batches(root: str, skipped: SkippedEntries, rules: IgnoreRules) -> AsyncGenerator[WalkBatch]:
    """Yield the files below a root, a local folder or a URL, in batches.

    The next batch is not prepared in advance, because a walk in another thread would slow SQLite down: SQLite
    releases Python's global interpreter lock for every row, and would have to wait to get it back.

    Args:
        root: Stored path of the root.
        skipped: Receives the files and folders that are ignored or cannot be accessed.
        rules: Names of files and folders to ignore.
    """
    walk_root = load_distributed("s3_walk").walk_objects if is_url(root) else walk
    lists = walk_root(root, skipped, rules)
    while not (batch := await asyncio.to_thread(_next_batch, lists)).is_last:
        yield batch
    yield batch


def _next_batch(lists: Iterator[list[Entry]]) -> WalkBatch:
    started = time.monotonic()
    entries: list[Entry] = []
    for entry_list in lists:
        entries += entry_list
        if len(entries) >= _BATCH_SIZE:
            return WalkBatch(entries, False, time.monotonic() - started)
    return WalkBatch(entries, True, time.monotonic() - started)
