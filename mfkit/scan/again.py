"""Media that must be looked at again because a sidecar of theirs changed, not they themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from posixpath import dirname

from mfkit.scan.known import Known
from mfkit.scan.paths import on_disk, stored
from mfkit.scan.sidecars import FolderNames, names_in
from mfkit.scan.walk import Candidate


def media_of_all(sidecars: Iterable[str]) -> set[str]:
    """Return the stored paths of the media that some sidecars speak for, or spoke for when they are gone."""
    media: set[str] = set()
    for folder, paths in groupby(sorted(sidecars), key=dirname):
        names = {on_disk(path[len(folder.rstrip("/")) + 1:]) for path in paths}
        try:
            there = names_in(on_disk(folder))
        except OSError:  # the folder is gone, and its media with it
            continue
        of_folder = FolderNames({*there, *names})
        prefix = folder if folder.endswith("/") else f"{folder}/"
        media |= {prefix + stored(one) for name in names for one in of_folder.media_of(name)}
    return media


def media_again(known: Mapping[str, Known], since: datetime) -> Iterator[tuple[Candidate, str]]:
    """Yield what to read for its facts alone: items that are there and that this scan has not read yet."""
    for path, rows in known.items():
        item = rows.item
        if item is not None and not item.missing and item.modified_at is not None:
            if item.scanned_at is None or item.scanned_at < since:
                yield Candidate(path, item.size, item.modified_at), item.file_hash
