"""Combinations of filters select the same items on each engine as operators on pandas masks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import FilterError
from tests.examples import examples
from tests.unit.engines.difficult_rows import fill
from tests.unit.engines.random_filters import evaluated, expressions, filters

relaxed = settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def sqlite_engines(
    nasty_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[MediaLibrary]]:
    """The difficult rows in SQLite, in its snapshot, and in a dataset."""
    dataset = tmp_path_factory.mktemp("dataset") / "library"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with (
            MediaLibrary(nasty_template, engine="database") as database,
            MediaLibrary(nasty_template) as snapshot,
        ):
            database.publish(dataset)
            with MediaLibrary.from_dataset(dataset) as published:
                yield [database, snapshot, published]


@pytest.fixture(scope="module")
def postgres_engines(
    postgres_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[MediaLibrary]]:
    """The difficult rows in PostgreSQL and in its snapshot."""
    url = postgres_server.url(postgres_server.create())
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill(url)).result()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with MediaLibrary(url, engine="database") as database, MediaLibrary(url) as snapshot:
            yield [database, snapshot]


def check(libraries: list[MediaLibrary], expression: Any) -> None:
    """Compare the items that an expression selects with the same expression of pandas masks."""
    try:
        chosen: MediaFilter = evaluated(expression, lambda one: one.replace(missing=False))
    except FilterError as error:  # several nested texts, for example
        assume("More than" not in str(error))
        raise
    for lib in libraries:
        every = lib.items(columns=["id", "file_size"], order_by="id")

        def mask(one: MediaFilter) -> pd.Series:
            return every["id"].isin(lib.items(one.replace(missing=False), columns=["id"])["id"])

        expected = every[evaluated(expression, mask)]
        found = lib.items(chosen, columns=["id"], order_by="id")
        assert found["id"].tolist() == expected["id"].tolist(), (lib, chosen)
        assert lib.count(chosen) + lib.count(~chosen) == lib.count() == len(every)
        assert lib.summary("media_type", chosen)["bytes"].sum() == expected["file_size"].sum()


@relaxed
@given(expression=expressions(filters()))
def test_sqlite_snapshot_and_dataset(sqlite_engines: list[MediaLibrary], expression: Any) -> None:
    """SQLite, DuckDB over a snapshot, and DuckDB over a dataset agree with pandas."""
    check(sqlite_engines, expression)


@relaxed
@given(expression=expressions(filters()))
def test_postgresql(postgres_engines: list[MediaLibrary], expression: Any) -> None:
    """PostgreSQL and its snapshot agree with pandas."""
    check(postgres_engines, expression)
