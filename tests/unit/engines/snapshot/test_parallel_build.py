"""The snapshot of a large library, which a process of its own makes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mfkit import MediaLibrary
from mfkit.engines.duckdb_settings import parquet_rows
from mfkit.engines.snapshot import parallel_build
from tests.unit.engines.snapshot.test_catch_up import compare


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Take every library for large, in files of few rows; says of each snapshot whether it was made apart."""
    made: list[bool] = []
    large_build = parallel_build.build_in_process

    def build(*args: Any) -> Any:
        manifest = large_build(*args)
        made.append(manifest is not None)
        return manifest

    monkeypatch.setattr(parallel_build, "LARGE_LIBRARY", 1)
    monkeypatch.setattr(parallel_build, "_MAX_SORTED", 40)
    monkeypatch.setattr("mfkit.engines.snapshot.snapshot_engine.build_in_process", build)
    return made


def test_same_as_the_database(library: MediaLibrary, record: MediaLibrary, apart: list[bool]) -> None:
    """Everything is there, each item once."""
    compare(library, record)
    assert apart == [True]


def test_streams_are_added_in_several_files(
    library: MediaLibrary, record: MediaLibrary, apart: list[bool]
) -> None:
    """The first query about streams adds them, in as many files as their number of rows needs."""
    library.count()
    before = library.snapshot()
    assert before is not None and "media_streams" not in before.files
    compare(library, record)
    after = library.snapshot()
    assert after is not None and len(after.files["media_streams"]) > 2
    assert after.files["media"] == before.files["media"] and apart == [True]


def test_rows_lie_by_type_and_date(library: MediaLibrary, apart: list[bool]) -> None:
    """So that a query on a media type or a time need not read what is of others; the newest first."""
    snapshot = library.snapshot()
    assert snapshot is not None and apart == [True] and len(snapshot.files["media"]) > 2
    for file in snapshot.files["media"]:
        rows = duckdb.sql(f"SELECT media_type, date FROM {parquet_rows(Path(), [str(file)])}").fetchall()
        kinds = [kind for kind, _ in rows]
        assert rows and kinds == sorted(kinds)
        for kind in set(kinds):
            dates = [date for one, date in rows if one == kind and date is not None]
            assert dates == sorted(dates, reverse=True)


def test_a_change_is_added(library: MediaLibrary, record: MediaLibrary, apart: list[bool]) -> None:
    """What changes afterwards is seen, by its date too."""
    library.count()
    first = library.items(limit=1, order_by="id")
    library.tag(first, "changed")
    compare(library, record)
    assert library.growth("year", tags="changed").equals(record.growth("year", tags="changed"))
    assert apart == [True]


def test_when_the_process_fails(
    library: MediaLibrary, record: MediaLibrary, apart: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot is made all the same, in this process."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    compare(library, record)
    assert apart == [False] and library.snapshot() is not None
