"""Fixtures of the tests of the library database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest


@pytest.fixture
async def no_thread_left() -> AsyncIterator[None]:
    """No test leaves a connection's thread behind, whatever failed in it."""
    before = set(threading.enumerate())  # connections that an earlier test closed may take time to end
    yield
    for _ in range(1000):
        after = set(threading.enumerate()) - before
        left = [thread for thread in after if "_connection_worker" in thread.name]
        if not left:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"threads of connections that nobody closed: {left}")
