"""Time of a report and of each of its sections: ``python benchmarks/report.py``.

Prints two tables for docs/performance.md. The library comes from benchmarks/library.py, and its snapshot
exists. A section's time consists of its analyses, sentences and charts; the whole report also includes the
start of a kernel and writing the page.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from library import library

import mfkit
from mfkit.report import Report
from mfkit.report.report import SECTIONS

T = TypeVar("T")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000, help="items in the library")
    parser.add_argument("--library", type=Path, help="an existing library instead")
    options = parser.parse_args()
    with mfkit.MediaLibrary(options.library or library(options.items), read_only=True) as lib:
        print(f"{lib.count():,} items\n\n| section | seconds | processor time, s |\n| --- | ---: | ---: |")
        report = Report(lib)
        took = []
        for name in SECTIONS:
            seconds, processor, _ = _timed(getattr(report, name))
            took.append((seconds, processor))
            print(f"| {name} | {seconds:.2f} | {processor:.2f} |", flush=True)
        print(f"| all | {sum(one for one, _ in took):.2f} | {sum(one for _, one in took):.2f} |")
        print("\n| report | seconds | MB |\n| --- | ---: | ---: |")
        with tempfile.TemporaryDirectory() as folder:
            for name, redact in (("all sections", ()), ("names and places hidden", ("names", "places"))):
                file = Path(folder) / "report.html"
                seconds, _, _ = _timed(lambda: lib.report(file, redact=redact))
                print(f"| {name} | {seconds:.1f} | {file.stat().st_size / 1e6:.1f} |", flush=True)
                file.unlink()


def _timed(work: Callable[[], T]) -> tuple[float, float, T]:
    started, used = time.monotonic(), time.process_time()
    result = work()
    return time.monotonic() - started, time.process_time() - used, result


if __name__ == "__main__":
    main()
