"""Threads for NumPy computations in batches. NumPy releases Python's global lock during each operation."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_MAX_THREADS = 4
"""Maximum number of batches that are computed at the same time, which limits the memory."""

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def map_in_threads(function: Callable[[Batch], Result], batches: Iterable[Batch]) -> Iterator[Result]:
    """Yield the result of a function for each batch, in order, computed by one thread per processor.

    At most one batch per thread is computed in advance, so that results do not pile up in memory.
    """
    threads = min(os.cpu_count() or 1, _MAX_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[Result]] = deque()
        for batch in batches:
            running.append(pool.submit(function, batch))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
