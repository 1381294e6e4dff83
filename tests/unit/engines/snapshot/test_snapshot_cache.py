"""The directory of snapshots: what is swept, cleared and forgotten is only ever what mfkit put there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from mfkit.engines.snapshot import snapshot_cache

LONG_AGO = 1_000_000_000


def _ask(file: Path) -> None:
    with MediaLibrary(file) as library:
        assert library.count() > 0


def _refresh(file: Path) -> None:
    with MediaLibrary(file) as library:
        library.refresh()


def _clear(file: Path) -> None:
    snapshot_cache.clear_cache()


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with files that look old, and some as if they were a snapshot's."""
    folder = tmp_path / "elsewhere"
    (folder / "media-0123456789abcdef").mkdir(parents=True)
    for name in (
        "letter.txt",
        "lock",
        "manifest.json",
        "media-base-0123456789ab.parquet",
        "media-0123456789abcdef/letter.txt",
    ):
        (folder / name).write_text("mine")
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder


@pytest.mark.parametrize("sweep", [_ask, _refresh, _clear])
@pytest.mark.filterwarnings("ignore:The snapshot is kept in")
def test_nothing_behind_a_link_is_removed(file: Path, elsewhere: Path, sweep: Callable[[Path], None]) -> None:
    """The library's own directory, another's and a file in it are symbolic links: what they lead to stays."""
    _ask(file)
    (own,) = snapshot_cache.cache_root().iterdir()
    before = _content(elsewhere)
    (own / "manifest.json.0123456789ab").symlink_to(elsewhere / "letter.txt")
    (own / "spill").symlink_to(elsewhere)
    (snapshot_cache.cache_root() / "other-0123456789abcdef").symlink_to(elsewhere)
    sweep(file)
    assert _content(elsewhere) == before
    own.rename(file.with_name("moved")) if own.exists() else None
    own.symlink_to(elsewhere)
    sweep(file)
    assert _content(elsewhere) == before


def test_files_of_others_are_not_removed(file: Path) -> None:
    """A file that somebody put into the cache stays, whether the snapshot is swept or cleared."""
    _ask(file)
    (own,) = snapshot_cache.cache_root().iterdir()
    mine = own / "letter.txt"
    mine.write_text("mine")
    os.utime(mine, (LONG_AGO, LONG_AGO))
    (snapshot_cache.cache_root() / "photos").mkdir()
    (snapshot_cache.cache_root() / "photos" / "a.jpg").write_text("mine")
    _refresh(file)
    snapshot_cache.clear_cache()
    assert [path.name for path in own.iterdir()] == ["letter.txt"]
    assert (snapshot_cache.cache_root() / "photos" / "a.jpg").exists()


def test_a_manifest_that_leads_elsewhere_is_not_used(file: Path, elsewhere: Path) -> None:
    """Names of files are checked: the snapshot is built again."""
    _ask(file)
    (own,) = snapshot_cache.cache_root().iterdir()
    stated = json.loads((own / "manifest.json").read_text())
    stated["base"]["media"] = [str(elsewhere / "media-base-0123456789ab.parquet")]
    (own / "manifest.json").write_text(json.dumps(stated))
    assert snapshot_cache.SnapshotCache(own).read() is None
    _ask(file)
    assert snapshot_cache.SnapshotCache(own).read() is not None
