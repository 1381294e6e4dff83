"""Scans by local processes and by a Dask cluster on the same cores, alternating.

    python benchmarks/cluster_scan.py [ROUNDS]        # default 3; also called by scaling.py

It scans eight copies of each file of the demo library, which differ in content, from the page cache. The
scheduler and the workers share the cores with the local scan, so on one machine a cluster only adds overhead.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from concurrent.futures import Executor
from pathlib import Path

from scan import media_below, multiplied  # beside this file

sys.path.insert(0, str(Path(__file__).parents[1]))

from mfkit.demo import write_demo  # noqa: E402
from tests.cluster import cluster  # noqa: E402
from tests.samples import new_library  # noqa: E402

SETTINGS = {  # what is printed: processes of this machine, or workers of the cluster and threads of each
    "this machine, 1 process": (1, 0, 0),
    "Dask, 1 worker of 1 thread": (0, 1, 1),
    "this machine, 2 processes": (2, 0, 0),
    "Dask, 1 worker of 2 threads": (0, 1, 2),
    "Dask, 2 workers of 1 thread": (0, 2, 1),
}


def scan(folder: str, workers: int | None, executor: Executor | None) -> float:
    """Return the seconds of a scan into a new library, without creating the library."""
    with tempfile.TemporaryDirectory() as place, new_library(f"{place}/library.db") as library:
        started = time.perf_counter()
        library.scan(folder, workers=workers, executor=executor, progress=False)
        return time.perf_counter() - started


def turn(folder: str) -> dict[str, float]:
    """Return the seconds of each kind of scan. The cluster scans once before, to start its workers."""
    taken = {}
    for name, (processes, workers, threads) in SETTINGS.items():
        if processes:
            taken[name] = scan(folder, processes, None)
            continue
        with cluster() as dask:
            dask.start(workers, threads=threads)
            with dask.client() as client:
                executor = client.get_executor()
                scan(folder, None, executor)
                taken[name] = scan(folder, None, executor)
    return taken


def scan_rates(turns: int = 3) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        demo, many = Path(place) / "demo", Path(place) / "many"
        write_demo(demo)
        many.mkdir()
        multiplied(str(demo), str(many))
        number = len(media_below(str(many)))
        scan(str(many), 2, None)  # warms the page cache
        runs = [turn(str(many)) for _ in range(turns)]
    print(f"\n| {number:,} files, warm, median of {turns} | seconds | files/s |\n| --- | ---: | ---: |")
    for name in SETTINGS:
        seconds = statistics.median(run[name] for run in runs)
        print(f"| {name} | {seconds:.1f} | {number / seconds:,.0f} |")


if __name__ == "__main__":
    scan_rates(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
