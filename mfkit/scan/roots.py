"""Roots of a scan: folders of the file system and URLs of object storage.

Modules that need object storage packages are imported only when a URL is scanned.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from mfkit.errors import FolderNotFoundError
from mfkit.lazy_layers import load_distributed
from mfkit.path_argument import checked_path
from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.stored_path import is_url, to_stored_path
from mfkit.scan.walk import Entry, SkippedEntries, walk

Walker = Callable[[str, SkippedEntries, IgnoreRules], Iterator[list[Entry]]]


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


def walker_for(root: str) -> Walker:
    """Return the function that lists the files below a root: in a local folder or in object storage."""
    if not is_url(root):
        return walk
    walk_objects: Walker = load_distributed("s3_walk").walk_objects
    return walk_objects
