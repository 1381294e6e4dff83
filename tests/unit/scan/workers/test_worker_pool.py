"""Worker pool with real worker processes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mfkit.scan.walk import SkippedEntries, to_candidate, walk
from mfkit.scan.workers.worker_pool import WorkerPool


async def test_results_are_complete_and_ordered_with_a_slow_consumer(tmp_path: Path) -> None:
    """A consumer that is slower than the workers gets all results in order, and then the end."""
    for number in range(1000):
        (tmp_path / f"{number:04d}.txt").write_text(f"content {number}")
    files = [to_candidate(entry) for entries in walk(str(tmp_path), SkippedEntries()) for entry in entries]

    async def feed(pool: WorkerPool) -> None:
        for file in files:
            await pool.put(file, None)
        await pool.finish()

    async with asyncio.timeout(60), WorkerPool(2) as pool:
        feeding = asyncio.create_task(feed(pool))
        paths = []
        async for results in pool.results():
            paths += [result.path for result in results]
            await asyncio.sleep(0.05)
        await feeding
    assert paths == [file.path for file in files]
