"""Sidecars beside the copies of an item. The metadata in these sidecars is added to the item's metadata.

A worker reads a file with the sidecars in its own folder. The copies of an item can be in several folders, of
which only one may have a sidecar, such as an export of Google Takeout beside the original photos.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from mfkit.scan.extract.schema import merge
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.sidecars.sidecar import (
    FolderNames,
    SidecarMetadata,
    merge_with_notes,
    names_in,
    read_sidecars,
    with_sidecars,
)
from mfkit.scan.stored_path import is_url, to_disk_path

_TYPES_WITH_SIDECARS = ("image", "video", "audio")


class SidecarFolders:
    """Names of the files in the folders of one batch. Each folder is listed only once."""

    def __init__(self) -> None:
        self._names: dict[str, FolderNames] = {}

    def read(self, path: str) -> SidecarMetadata | None:
        """Return the metadata of the sidecars beside a path, or None if there are none.

        Args:
            path: Stored path of a file; objects in object storage are not read.
        """
        if is_url(path):
            return None
        folder, name = os.path.split(to_disk_path(path))
        if folder not in self._names:
            try:
                self._names[folder] = FolderNames(names_in(folder))
            except OSError:  # The folder was removed after the walk, so it has no sidecars.
                self._names[folder] = FolderNames(())
        sidecars = self._names[folder].sidecars_of(name)
        return read_sidecars(folder, sidecars) if sidecars else None


def with_sidecars_of_copies(
    read: FileResult, path: str, copies: Sequence[str], folders: SidecarFolders
) -> FileResult | None:
    """Return the result of inspecting an item's file, with the metadata of the sidecars beside its copies.

    Args:
        read: Result of inspecting the item's file or one of its copies.
        path: Stored path of the item. If sidecars disagree, the sidecar beside this path is used.
        copies: Stored paths of the item's copies.
        folders: Lists the folders.

    Returns:
        A new result; None if the item's metadata need not be written, because no copy has a sidecar.
    """
    if read.file_format is None or read.file_format.media_type not in _TYPES_WITH_SIDECARS:
        return None
    others = [one for copy in copies if (one := folders.read(copy)) is not None]
    if not others:
        return None
    found = [one for one in (folders.read(path), *others) if one is not None]
    edits = merge_with_notes(*(one.xmp for one in found))
    exports = merge(*(one.takeout for one in found))
    metadata = with_sidecars(read.metadata, SidecarMetadata(edits, exports))
    return replace(read, path=path, metadata=metadata)
