"""The snapshot of a library in PostgreSQL: the same answers, and every commit seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select, text

from mfkit import MediaFilter, MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaMetadata
from tests import postgres
from tests.examples import examples
from tests.frame_comparison import assert_same_frame
from tests.unit.engines.difficult_rows import fill
from tests.unit.engines.stream_filters import stream_filters

WRITES = (
    "UPDATE media_items SET file_size = 12345 WHERE file_size = 1",
    "UPDATE media_metadata SET title = 'new' WHERE width = 1920",
    "DELETE FROM media_items WHERE media_type = 'audio'",
    "DELETE FROM media_copies WHERE missing_since IS NULL",
    "UPDATE tags SET name = 'sea' WHERE name = 'beach'",
    "DELETE FROM media_tags",
)


@pytest.fixture
def pair(postgres_server: postgres.Server) -> Iterator[tuple[MediaLibrary, MediaLibrary]]:
    """Both engines over one library."""
    name = postgres_server.create()
    url = postgres_server.url(name)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill(url)).result()
    with MediaLibrary(url) as library, MediaLibrary(url, engine="database") as record:
        yield library, record
    postgres_server.drop(name)


def write(library: MediaLibrary, statement: str) -> None:
    """Commit through another connection than the snapshot's."""

    async def run() -> None:
        async with library.database.session() as session:
            await session.execute(text(statement))

    run_sync(run())


def same(library: MediaLibrary, record: MediaLibrary) -> None:
    """Fail unless both engines say the same."""
    for ask in (
        lambda lib: lib.items(missing=None, order_by="id"),
        lambda lib: lib.summary("media_type"),
        lambda lib: lib.summary("year", tags=["beach", "sea"]),
        lambda lib: lib.duplicates(missing=None),
        lambda lib: lib.frame(select(MediaMetadata).order_by(MediaMetadata.id)),
        lambda lib: lib.totals(),
    ):
        assert_same_frame(ask(library), ask(record))


def test_every_commit_is_seen(pair: tuple[MediaLibrary, MediaLibrary]) -> None:
    """Before and after each write, in turn; the large file stays as long as little changes."""
    library, record = pair
    found = library.snapshot()
    assert found is not None and found.rows == 90
    same(library, record)
    for statement in WRITES:
        write(record, statement)
        same(library, record)


@settings(
    max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=stream_filters())
def test_stream_filters(pair: tuple[MediaLibrary, MediaLibrary], chosen: MediaFilter) -> None:
    """Any filter on streams selects the same items of PostgreSQL and of the snapshot."""
    ours, theirs = (lib.items(chosen, order_by="id") for lib in pair)
    assert_same_frame(ours, theirs)


def test_a_transaction_that_commits_late(pair: tuple[MediaLibrary, MediaLibrary]) -> None:
    """What got its place in the log early and is committed late is not passed over."""
    library, record = pair

    async def run() -> None:
        async with record.database.session() as session:
            await session.execute(text("UPDATE media_items SET file_size = 777 WHERE file_size = 1"))
            async with record.database.session() as other:
                await other.execute(text("UPDATE media_metadata SET title = 'second'"))
            titles = await library.aio.sql("SELECT DISTINCT title FROM media WHERE title IS NOT NULL")
            assert titles["title"].tolist() == ["second"]
            assert await library.aio.count(min_size=777, max_size=777) == 0

    run_sync(run())
    assert library.sql("SELECT count(*) AS n FROM media WHERE file_size = 777")["n"][0] > 0
    same(library, record)
