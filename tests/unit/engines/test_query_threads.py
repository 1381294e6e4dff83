"""A task that is cancelled again while it waits for what it stopped."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Coroutine
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mfkit.core.database import Database
from mfkit.engines.query_threads import QueryCall, QueryThreads
from mfkit.errors import QueryError


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

    def work(call: QueryCall) -> None:
        begun.set()
        assert call.stopped.wait(10)
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
