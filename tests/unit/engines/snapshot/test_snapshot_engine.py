"""Whatever is wrong with the snapshot, queries are answered, and a warning says why slowly."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import mfkit
from mfkit import MediaLibrary
from mfkit.engines.snapshot import parallel_build
from mfkit.engines.snapshot.snapshot_cache import SnapshotCache
from mfkit.engines.snapshot.snapshot_engine import SnapshotWarning
from tests.frame_comparison import assert_same_frame
from tests.full_disk import run_with_full_disk


def cache_of(library: MediaLibrary) -> SnapshotCache:
    """Return where the library's snapshot is."""
    snapshot = library.snapshot()
    assert snapshot is not None
    return SnapshotCache(snapshot.path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def scribble(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def foreign(path: Path) -> None:
    import duckdb

    duckdb.sql(f"COPY (SELECT 1 AS id) TO '{path}' (FORMAT parquet)")


def test_size_of_the_snapshot(library: MediaLibrary) -> None:
    """The bytes are those of all Parquet files, also of those that another query has added."""
    library.count()
    library.tags()
    snapshot = library.snapshot()
    assert snapshot is not None
    sizes = [path.stat().st_size for path in snapshot.path.glob("*.parquet")]
    assert len(sizes) > 1 and snapshot.bytes == sum(sizes)


@pytest.mark.parametrize("reopen", [False, True])
@pytest.mark.parametrize("damage", [cut, scribble, foreign, Path.unlink])
def test_damaged_file(
    library: MediaLibrary, record: MediaLibrary, file: Path, damage: Callable[[Path], None], reopen: bool
) -> None:
    """A file that is cut, overwritten, exchanged or gone is made anew, in silence."""
    library.count()
    cache = cache_of(library)
    damage(cache.path / cache.read().base["media"][0])
    if reopen:
        library.close()
    assert_same_frame(library.items(), record.items())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', '{"format": 99}'])
def test_damaged_manifest(library: MediaLibrary, record: MediaLibrary, text: str) -> None:
    """So is a snapshot whose manifest is damaged, or of another mfkit."""
    library.count()
    (cache_of(library).path / "manifest.json").write_text(text)
    library.close()
    assert_same_frame(library.items(), record.items())


def test_cache_that_cannot_be_written(
    file: Path, record: MediaLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where no cache can be written, a private one serves, and a warning says so once."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a directory should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with MediaLibrary(file) as library:
        with pytest.warns(SnapshotWarning, match="is kept in") as seen:
            assert_same_frame(library.items(), record.items())
            assert_same_frame(library.summary(), record.summary())
        assert len(seen) == 1


def test_full_disk(file: Path) -> None:
    """With no room for the files the database itself answers, and a warning says so once."""
    code = f"""
import warnings, mfkit
warnings.simplefilter("always")
lib = mfkit.MediaLibrary({str(file)!r})
import duckdb
fill_disk(2000)
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    print(lib.count(), lib.count(), len(lib.items()), sum("snapshot" in str(one.message) for one in seen))
"""
    done = run_with_full_disk(code)
    with MediaLibrary(file, engine="database") as record:
        count = record.count()
    assert done.stdout.split() == [str(count)] * 3 + ["1"], done.stderr


def test_read_only_library(file: Path, record: MediaLibrary) -> None:
    """A library that may only be read has a snapshot like any other."""
    with MediaLibrary(file, read_only=True) as library:
        assert_same_frame(library.items(), record.items())
        snapshot = library.snapshot()
        assert snapshot is not None and snapshot.rows == record.count(missing=None)


def test_library_in_memory() -> None:
    """One in memory has none, and says nothing."""
    with MediaLibrary("sqlite+aiosqlite://") as library:
        assert library.count() == 0 and library.snapshot() is None


def test_values_that_do_not_fit(file: Path, record: MediaLibrary) -> None:
    """SQLite lets anyone write text into a column of numbers; the database itself has to answer then."""
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE media_metadata SET iso = 'high' WHERE iso IS NOT NULL")
    connection.close()
    with MediaLibrary(file) as library, pytest.warns(SnapshotWarning, match="cannot be used"):
        assert library.count() == record.count()


def test_large_library(file: Path, record: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large library is read by a process of its own, with the same result."""
    monkeypatch.setattr(parallel_build, "LARGE_LIBRARY", 1)
    with MediaLibrary(file) as library:
        assert library.snapshot() is not None
        parts = len(cache_of(library).read().base["media"])
        assert parts == min(os.cpu_count() or 1, 8)
        for ask in (
            lambda lib: lib.items(missing=None, order_by="id"),
            lambda lib: lib.duplicates(),
            lambda lib: lib.summary("folder"),
            lambda lib: lib.tags(),
        ):
            assert_same_frame(ask(library), ask(record))


def test_the_build_process_fails(file: Path, record: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """When that process fails, this one does its work."""
    monkeypatch.setattr(parallel_build, "LARGE_LIBRARY", 1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with MediaLibrary(file) as library:
        assert_same_frame(library.items(), record.items())


@pytest.mark.parametrize("use", ["", "; mfkit.MediaLibrary; mfkit.MediaFilter"])
def test_nothing_is_imported_before_it_is_used(use: str) -> None:
    """Neither importing mfkit nor naming its library brings what takes long and only some calls need."""
    late = ("duckdb", "_duckdb", "adbc_driver_manager", "plotly", "ipywidgets", "anywidget", "av", "PIL")
    code = f"import sys, mfkit{use}; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_build_process_imports_little() -> None:
    """A library waits for it: it brings neither pandas nor SQLAlchemy."""
    code = (
        "import sys, mfkit.engines.snapshot.build_worker; "
        "print({'pandas', 'sqlalchemy'} & set(sys.modules) or [])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_warning_in_the_usual_case(library: MediaLibrary) -> None:
    """Nor a word when all is well."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert library.count() and library.search("a") is not None


def test_an_unknown_engine() -> None:
    """An engine that is none is refused."""
    with pytest.raises(mfkit.MfkitError, match="snapshot, database"):
        MediaLibrary("x.db", engine="spark")  # type: ignore[arg-type]
