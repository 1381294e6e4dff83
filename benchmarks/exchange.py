"""Time and memory of exports and imports: ``python benchmarks/exchange.py``.

Prints a table for docs/performance.md: seconds, rows per second, size, and the peak memory of the process
(Linux). The library comes from benchmarks/library.py.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd
from library import library

import mfkit

_FORMATS = ("parquet", "csv", "jsonl", "geojson", "xlsx", "db")
T = TypeVar("T")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000, help="items in the library")
    parser.add_argument("--library", type=Path, help="an existing library instead")
    parser.add_argument("--formats", default="parquet,csv,jsonl,geojson", help=f"of {', '.join(_FORMATS)}")
    parser.add_argument("--rows", type=int, default=200_000, help="rows to import; 0 for none")
    options = parser.parse_args()
    with mfkit.MediaLibrary(options.library or library(options.items), read_only=True) as lib:
        lib.count()
        print("| export | rows | seconds | rows/s | MB | peak memory, MB | of this for the export, MB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        with tempfile.TemporaryDirectory() as folder:
            for name in options.formats.split(","):
                export(lib, Path(folder) / f"library.{name}")
            if options.rows:
                print("\n| ingest | rows | seconds | rows/s | peak memory, MB | of this for the import, MB |")
                print("| --- | ---: | ---: | ---: | ---: | ---: |")
                ingest(lib, options.rows, Path(folder))


def export(lib: mfkit.MediaLibrary, file: Path) -> None:
    """Print one row of the table."""
    before = _memory()
    peak, done = _watched(lambda: lib.export(file, progress=False))
    print(
        f"| {file.suffix} | {done.rows:,} | {done.seconds:.1f} | {done.rows / done.seconds:,.0f} | "
        f"{done.bytes / 1e6:,.0f} | {peak:,.0f} | {peak - before:,.0f} |",
        flush=True,
    )
    file.unlink()


def ingest(lib: mfkit.MediaLibrary, rows: int, folder: Path) -> None:
    """Print one row each for new rows, unchanged rows, and rows from files."""
    frame = lib.items(limit=rows, order_by="file_path")
    frame.to_parquet(folder / "rows.parquet")
    frame.to_csv(folder / "rows.csv", index=False)
    titles = frame[["file_path"]].assign(title="another title")
    sources: list[tuple[str, pd.DataFrame | Path]] = [
        ("new, from a frame", frame),
        ("the same again", frame),
        ("a title for each", titles),
        ("new, from .parquet", folder / "rows.parquet"),
        ("new, from .csv", folder / "rows.csv"),
    ]
    for name, source in sources:
        file = folder / ("known.db" if not name.startswith("new, from .") else f"{name[-3:]}.db")
        with mfkit.MediaLibrary(file) as other:
            before = _memory()
            peak, done = _watched(partial(other.ingest, source, progress=False))
        print(
            f"| {name} | {done.rows:,} | {done.seconds:.1f} | {done.rows / done.seconds:,.0f} | "
            f"{peak:,.0f} | {peak - before:,.0f} |",
            flush=True,
        )


def _watched(work: Callable[[], T]) -> tuple[float, T]:
    """Return the peak memory of a call, and its result."""
    peak = [_memory()]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], _memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        result = work()
    finally:
        over.set()
        thread.join()
    return peak[0], result


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


if __name__ == "__main__":
    main()
