"""A library that does not exist: every method says so and creates nothing, until a first scan or import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mfkit
from mfkit import AsyncMediaLibrary, MediaLibrary
from mfkit.errors import FolderNotFoundError, IngestError, LibraryNotFoundError
from tests import postgres
from tests.samples import new_library

METHODS: dict[str, Callable[[MediaLibrary], Any]] = {
    "count": lambda lib: lib.count(),
    "items": lambda lib: lib.items(),
    "summary": lambda lib: lib.summary(),
    "sql": lambda lib: lib.sql("SELECT 1"),
    "snapshot": lambda lib: lib.snapshot(),
    "tag": lambda lib: lib.tag([], "sea"),
    "add_to": lambda lib: lib.add_to("best", []),
    "save_filter": lambda lib: lib.save_filter("big", min_size="1 GB"),
    "export": lambda lib: lib.export("list.csv"),
    "copy_to": lambda lib: lib.copy_to("copy.db"),
    "publish": lambda lib: lib.publish("dataset"),
    "scan": lambda lib: lib.scan(progress=False),
    "report": lambda lib: lib.report("report.html"),
    "explore": lambda lib: lib.explore(),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_raise_for_a_missing_library_and_create_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The error names the path and what to do; no file and no folder is left behind."""
    monkeypatch.chdir(tmp_path)
    with MediaLibrary(tmp_path / "data" / "typo.db") as lib:
        with pytest.raises(
            LibraryNotFoundError, match=r"library .*typo\.db does not exist\. Check the name, or "
        ):
            METHODS[name](lib)
    assert list(tmp_path.iterdir()) == []


async def test_async_methods_raise_for_a_missing_library(tmp_path: Path) -> None:
    """So do the methods of the async API; entering it is no use of it."""
    async with AsyncMediaLibrary(tmp_path / "typo.db") as lib:
        with pytest.raises(LibraryNotFoundError, match="Check the name"):
            await lib.count()
        with pytest.raises(LibraryNotFoundError, match="Check the name"):
            await lib.open()
    assert list(tmp_path.iterdir()) == []


def test_scan_creates_the_library(tmp_path: Path) -> None:
    """The first scan creates the library and its folder, after it was refused."""
    (tmp_path / "media").mkdir()
    with MediaLibrary(tmp_path / "data" / "new.db") as lib:
        with pytest.raises(LibraryNotFoundError):
            lib.count()
        lib.scan(tmp_path / "media", progress=False)
        assert lib.count() == 0


async def test_import_creates_the_library(tmp_path: Path) -> None:
    """The first import does too, on the async API as well."""
    async with AsyncMediaLibrary(tmp_path / "data" / "new.db") as lib:
        await lib.ingest(pd.DataFrame({"file_path": ["/m/a.jpg"], "file_size": [5]}), progress=False)
        assert await lib.count() == 1


def test_misspelt_sources_create_no_library(tmp_path: Path) -> None:
    """A folder or file that does not exist is the error, and no library is created for it."""
    with MediaLibrary(tmp_path / "new.db") as lib:
        with pytest.raises(FolderNotFoundError, match="Check the spelling"):
            lib.scan(tmp_path / "nowhere", progress=False)
        with pytest.raises(IngestError, match="nowhere.csv does not exist"):
            lib.ingest(tmp_path / "nowhere.csv", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_read_only_library_must_exist(tmp_path: Path) -> None:
    """Opened to read, it is refused at once."""
    with pytest.raises(LibraryNotFoundError, match="does not exist"):
        MediaLibrary(tmp_path / "typo.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_server_database(postgres_server: postgres.Server, tmp_path: Path) -> None:
    """An empty database on a server is no library until a scan makes one of it."""
    name = postgres_server.create()
    (tmp_path / "media").mkdir()
    with MediaLibrary(postgres_server.url(name)) as lib:
        with pytest.raises(LibraryNotFoundError, match="library postgresql.*does not exist. Check the name"):
            lib.count()
        lib.scan(tmp_path / "media", progress=False)
        assert lib.count() == 0
    postgres_server.drop(name)


def test_open_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is with the library that the environment names; the demo library is still made."""
    monkeypatch.setenv("MFKIT_LIBRARY", str(tmp_path / "typo.db"))
    with mfkit.open_library() as lib, pytest.raises(LibraryNotFoundError, match="Check the name"):
        lib.count()
    assert list(tmp_path.iterdir()) == []


def test_new_library(tmp_path: Path) -> None:
    """The tests' own way to an empty library."""
    with new_library(tmp_path / "new.db") as lib:
        assert lib.count() == 0
