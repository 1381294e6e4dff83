"""The pool of workers as the scan uses it, with real processes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mfkit.scan.walk import SkippedEntries, candidate, walk
from mfkit.scan.workers.worker_pool import WorkerPool


async def test_results_come_in_order_and_end_though_they_are_taken_slowly(tmp_path: Path) -> None:
    """A writer that is slower than the workers gets every file, and hears when there are no more."""
    for number in range(1000):
        (tmp_path / f"{number:04d}.txt").write_text(f"content {number}")
    files = [candidate(entry) for run in walk(str(tmp_path), SkippedEntries()) for entry in run]

    async def feed(pool: WorkerPool) -> None:
        for file in files:
            await pool.put(file, None)
        await pool.finish()

    async with asyncio.timeout(60), WorkerPool(2) as pool:
        feeding = asyncio.create_task(feed(pool))
        paths = []
        async for block in pool.results():
            paths += [found.path for found in block]
            await asyncio.sleep(0.05)
        await feeding
    assert paths == [file.path for file in files]
