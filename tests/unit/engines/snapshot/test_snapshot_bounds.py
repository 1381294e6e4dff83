"""When a snapshot is rebuilt, and which of its parts a query reads."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from mfkit.engines.snapshot import catch_up
from mfkit.engines.snapshot.snapshot_cache import SnapshotCache


def files(library: MediaLibrary) -> SnapshotCache:
    """Return the directory of the library's snapshot, brought up to date."""
    snapshot = library.snapshot()
    assert snapshot is not None
    return SnapshotCache(snapshot.path)


def base(library: MediaLibrary) -> list[str]:
    """Return the names of the files with the items."""
    manifest = files(library).read()
    assert manifest is not None
    return manifest.base["media"]


def retitle(file: Path, first: int, number: int) -> None:
    """Change the metadata of some items, as another program does."""
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE media_metadata SET title = 'x' || rowid WHERE media_item_id IN "
            "(SELECT media_item_id FROM media_metadata ORDER BY media_item_id LIMIT ? OFFSET ?)",
            (number, first),
        )
    connection.close()


def test_changes_add_up_to_the_bound(
    library: MediaLibrary, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes are kept apart until there are more than the bound altogether; then all is written again."""
    monkeypatch.setattr(catch_up, "MAX_CHANGED", 5)
    first = base(library)
    retitle(file, 0, 5)
    assert base(library) == first
    retitle(file, 0, 5)
    assert base(library) == first
    retitle(file, 5, 1)
    assert base(library) != first


@pytest.mark.parametrize("by", [-1, 1])
def test_snapshot_of_another_format_is_not_read(library: MediaLibrary, by: int) -> None:
    """A snapshot that another version of mfkit wrote is written again, even if it could be read."""
    first = base(library)
    manifest = files(library).path / "manifest.json"
    library.close()
    stated = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**stated, "format": stated["format"] + by}))
    assert base(library) != first
    assert json.loads(manifest.read_text())["format"] == stated["format"]


def test_snapshot_is_kept_between_programs(library: MediaLibrary) -> None:
    """A closed library opens the snapshot that it wrote."""
    first = base(library)
    library.close()
    assert base(library) == first
    library.refresh()
    assert base(library) != first
