"""A small library with everything in it that databases disagree on, and a cache of the test's own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from tests.unit.engines.difficult_rows import fill


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user cache of the test's own, for child processes too."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def nasty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's file, not to be changed."""
    path = tmp_path_factory.mktemp("nasty") / "library.db"
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill(str(path))).result()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, to be copied
    connection.close()
    return path


@pytest.fixture
def file(nasty_template: Path, tmp_path: Path) -> Path:
    """A copy of the library that a test may change."""
    path = tmp_path / "library.db"
    path.write_bytes(nasty_template.read_bytes())
    return path


@pytest.fixture
def library(file: Path) -> Iterator[MediaLibrary]:
    """The library on the snapshot engine."""
    with MediaLibrary(file) as library:
        yield library


@pytest.fixture
def record(file: Path) -> Iterator[MediaLibrary]:
    """The library on the record engine."""
    with MediaLibrary(file, engine="database") as library:
        yield library


@pytest.fixture(scope="session")
def published_template(nasty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library with two scans of a folder that changed between them, and a view; not to be changed."""
    path = tmp_path_factory.mktemp("scanned") / "library.db"
    path.write_bytes(nasty_template.read_bytes())
    folder = tmp_path_factory.mktemp("folder")
    for name, text in (("kept", "kept"), ("gone", "gone"), ("edited", "before"), ("from", "moved")):
        (folder / f"{name}.txt").write_text(text)
    with MediaLibrary(path) as library:
        library.scan(folder, progress=False)
        (folder / "gone.txt").unlink()
        (folder / "edited.txt").write_text("after a while")
        (folder / "from.txt").rename(folder / "to.txt")
        (folder / "new.txt").write_text("new")
        library.scan(folder, progress=False)
        library.save_filter("big", min_size="1 GB")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    return path
