"""A task that is cancelled again while it waits for what it stopped."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from mfkit.core.database import Database
from mfkit.core.event_loop import CancelToken, QueryThreads
from mfkit.engines.library_engine import LibraryEngine
from mfkit.errors import QueryError
from mfkit.models import media


async def cancel_again_and_again(work: Coroutine[Any, Any, object], begun: Event) -> None:
    """Cancel a task until it is done."""
    task = asyncio.ensure_future(work)
    while not begun.is_set():
        await asyncio.sleep(0.02)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.02)
    assert task.cancelled()
    del task
    await asyncio.sleep(0.5)  # where the work was left alone, it ends by now
    gc.collect()


async def test_work_on_a_thread(caplog: pytest.LogCaptureFixture) -> None:
    """It goes on when the work has ended, and nobody is told of the work's error."""
    begun, ended = Event(), Event()

    def work(token: CancelToken) -> None:
        begun.set()
        assert token.stopped.wait(10)
        time.sleep(0.3)
        ended.set()
        raise QueryError("The query was interrupted.")

    async def run() -> None:
        try:
            await QueryThreads("test").run(work)
        finally:
            assert ended.is_set()

    await cancel_again_and_again(run(), begun)
    assert caplog.messages == []


async def test_query(sqlite_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """So it is with a query of SQLite's, which has the connection in its hands until then."""
    database = Database(sqlite_path)
    begun, ended = Event(), Event()

    async def query() -> None:
        begun.set()
        await asyncio.sleep(0.4)
        ended.set()
        raise QueryError("The query was interrupted.")

    async def run() -> None:
        async with database.connect() as connection:
            try:
                await database.interruptible(connection, query())
            finally:
                assert ended.is_set()

    await cancel_again_and_again(run(), begun)
    assert caplog.messages == []
    await database.dispose()


async def test_streamed_rows(sqlite_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The connection stays open until the thread that reads from it has ended."""
    database = Database(sqlite_path)
    begun, ended = Event(), Event()

    def consume(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        begun.set()
        time.sleep(0.4)
        ended.set()

    async def run() -> None:
        try:
            await LibraryEngine(database).stream(select(media.c.id), consume)
        finally:
            assert ended.is_set()

    await cancel_again_and_again(run(), begun)
    assert caplog.messages == []
    await database.dispose()
