"""The directory of snapshots: what is swept, cleared and forgotten is only ever what mfkit put there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
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


def test_only_its_owner_may_read_a_snapshot(tmp_path: Path) -> None:
    """Names and places of a library are private, whatever files other programs create."""
    mask = os.umask(0)
    try:
        with snapshot_cache.SnapshotCache(tmp_path / "own").lock():
            assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(mask)


def test_unused_snapshots_of_deleted_libraries_are_removed(tmp_path: Path) -> None:
    """A snapshot stays if it was used this week, or if the library exists or is not a file."""
    (tmp_path / "here.db").touch()
    libraries = {
        "old": (str(tmp_path / "gone.db"), True),
        "new": (str(tmp_path / "gone.db"), False),
        "here": (str(tmp_path / "here.db"), True),
        "server": ("postgresql://host/db", True),
        "own": (str(tmp_path / "gone.db"), True),
    }
    caches = {}
    for name, (library, is_old) in libraries.items():
        path = snapshot_cache.cache_root() / f"{name}-0123456789abcdef"
        cache = caches[name] = snapshot_cache.SnapshotCache(path)
        with cache.lock():
            cache.write(snapshot_cache.Manifest(library, "0", {}))
        if is_old:
            os.utime(path, (LONG_AGO, LONG_AGO))
    caches["own"].remove_unused_snapshots()
    assert {name for name, cache in caches.items() if cache.path.exists()} == {"new", "here", "server", "own"}


HOLDER = """
import sys, time
from pathlib import Path
from mfkit.engines.snapshot.snapshot_cache import SnapshotCache
with SnapshotCache(Path(sys.argv[1])).lock():
    print("locked", flush=True)
    time.sleep(600)
"""


def test_the_lock_excludes_other_processes_until_they_end(tmp_path: Path) -> None:
    """A writer waits for a limited time, and the lock of a killed process does not count."""
    cache = snapshot_cache.SnapshotCache(tmp_path / "snapshot")
    command = [sys.executable, "-c", HOLDER, str(cache.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        try:
            with pytest.raises(
                snapshot_cache.CacheUnavailableError, match="another process has been writing"
            ):
                with cache.lock(timeout=0.2):
                    pass
        finally:
            holder.kill()
    with cache.lock(timeout=5):
        assert (cache.path / "lock").exists()


def test_the_lock_excludes_other_threads(tmp_path: Path) -> None:
    """Two libraries of one process never write at the same time."""
    path, inside, most = tmp_path / "snapshot", 0, 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(20):
            with snapshot_cache.SnapshotCache(path).lock(timeout=60):
                inside += 1
                most = max(most, inside)
                threading.Event().wait(0.001)
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1 and inside == 0


def test_a_private_cache_is_removed_after_a_kill(file: Path, tmp_path: Path) -> None:
    """Without a usable cache folder the snapshot is in a temporary folder, which the next process removes."""
    code = f"""
import warnings, mfkit, time
warnings.simplefilter("ignore")
lib = mfkit.MediaLibrary({str(file)!r})
print(lib.snapshot().path, flush=True)
time.sleep(600)
"""
    (tmp_path / "blocked").write_text("a file where a directory should be")
    (tmp_path / "temporary").mkdir()
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path / "blocked"),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    folders = []
    for _ in range(2):
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            folders.append(Path(child.stdout.readline().strip()))
            child.kill()
        assert folders[-1].is_dir()
        os.utime(folders[-1], (LONG_AGO, LONG_AGO))
    assert folders[0].parent == tmp_path / "temporary" and not folders[0].exists()
