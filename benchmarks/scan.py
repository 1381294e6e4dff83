"""Scan rate of mfkit, compared with a bare loop, exiftool, ffprobe and a bare walk, in one run.

    python benchmarks/scan.py FOLDER [SMALL_FILES]

FOLDER contains real media, and is read once before to fill the page cache. It is scanned as it is, and with
eight copies of each file, which differ in a few appended bytes. The second table shows the rates without the
influence of the processes' start. SMALL_FILES (default 200,000) is the number of small files for the rescan.
Programs that are not installed are left out.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import mfkit  # noqa: E402
from tests.samples import new_library  # noqa: E402

WORKERS = os.cpu_count() or 1
COPIES = 8
FEW = 20_000
LONG_AGO = 1_500_000_000


def bare_file(path: str) -> bool:
    """Read and hash one file and extract its metadata; return whether an extractor understands it."""
    from mfkit.scan.extract.registry import ExtractionError, extract_metadata
    from mfkit.scan.formats.identify import HEAD_SIZE, identify

    with open(path, "rb") as file:
        head = file.read(HEAD_SIZE)
        file.seek(0)
        hashlib.file_digest(file, "sha256").hexdigest()
    try:
        extract_metadata(path, identify(head, os.path.basename(path)))
    except ExtractionError:
        return False
    return True


def bare_loop(files: list[str]) -> None:
    """Do this for all files, in as many processes as the scan uses, which import the extractors too."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(bare_file, files, chunksize=8))


def scan(folder: str) -> float:
    """Return the seconds of a scan into a new library, without creating the library."""
    with tempfile.TemporaryDirectory() as place, new_library(f"{place}/library.db") as library:
        started = time.perf_counter()
        library.scan(folder, progress=False)
        return time.perf_counter() - started


def ffprobe(files: list[str]) -> None:
    """Run one ffprobe per file."""
    for file in files:
        subprocess.run(
            ["ffprobe", "-v", "quiet", "-of", "json", "-show_format", "-show_streams", file],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def seconds(work: Callable[[], object], runs: int) -> float:
    """Return the median time of some runs."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def bare_walk(folder: str) -> int:
    """List and stat all files."""
    number, folders = 0, [folder]
    while folders:
        with os.scandir(folders.pop()) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    number += 1
    return number


def media_below(folder: str) -> list[str]:
    """Return the paths of all files."""
    return sorted(os.path.join(base, name) for base, _, names in os.walk(folder) for name in names)


def real_files(folder: str, runs: int) -> None:
    """Print the table about reading real media."""
    files = media_below(folder)
    bare_loop(files)  # warms the page cache
    scan(folder)
    # Alternating, so that other work of the machine affects both.
    pairs = [(seconds(lambda: bare_loop(files), 1), scan(folder)) for _ in range(runs)]
    figures = {
        "bare loop, same processes": (statistics.median(bare for bare, _ in pairs), len(files)),
        "scan": (statistics.median(scanned for _, scanned in pairs), len(files)),
    }
    if shutil.which("exiftool"):
        command = ["exiftool", "-r", "-json", folder]
        taken = seconds(lambda: subprocess.run(command, capture_output=True), 1)
        figures["exiftool -r -json"] = (taken, len(files))
    if shutil.which("ffprobe"):
        some = files[:: max(1, len(files) // 125)]
        figures["ffprobe, one a file"] = (seconds(lambda: ffprobe(some), 1), len(some))
    size = sum(os.path.getsize(file) for file in files)
    print(f"{len(files):,} files, {size / 1e6:,.0f} MB, {WORKERS} processes, warm, median of {runs}")
    rate = figures["scan"][1] / figures["scan"][0]
    for name, (taken, number) in figures.items():
        print(
            f"  {name:<28}{taken:8.2f} s{number / taken:10,.0f} files/s"
            f"   scan is {rate / (number / taken):6.2f} x as fast"
        )
    ratio = statistics.median(scanned / bare for bare, scanned in pairs)
    print(f"  The scan takes {ratio:.2f} x the time of the bare loop (median of the pairs).")


def multiplied(folder: str, place: str) -> int:
    """Write eight copies of each file into a folder; return the number of files that allow no appended bytes.

    Those are left out: they would fail quickly, and flatter the rate.
    """
    left_out = 0
    # In a separate process, because forked processes of the bare loop would inherit imported extractors,
    # which the scan's processes have to import.
    with ProcessPoolExecutor(1) as pool:
        for number, file in enumerate(media_below(folder)):
            content = Path(file).read_bytes()
            for copy in range(COPIES):
                path = Path(place) / f"{copy}" / f"{number:05d}{Path(file).suffix}"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content + b"\0" * 7 + bytes([copy]))
                if copy == 0 and list(pool.map(bare_file, [file, str(path)])) == [True, False]:
                    path.unlink()
                    left_out += 1
                    break
    return left_out


def small_files(number: int) -> None:
    """Print the rows for a rescan without changes, and for memory."""
    with tempfile.TemporaryDirectory() as place:
        for start in range(0, number, 1000):
            folder = Path(place) / "media" / ("first" if start < FEW else "rest") / f"{start // 1000:04d}"
            folder.mkdir(parents=True)
            for file in range(1000):
                path = folder / f"{file:03d}.txt"
                path.write_text(str(path))
                os.utime(path, (LONG_AGO, LONG_AGO))
        with mfkit.MediaLibrary(f"{place}/library.db") as library:
            library.scan(f"{place}/media/first", progress=False)
            after_few = peak_memory()
            library.scan(f"{place}/media", progress=False)
            after_all = peak_memory()
            pairs = []
            for _ in range(7):
                walked = seconds(lambda: bare_walk(f"{place}/media"), 1)
                rescanned = seconds(lambda: library.scan(f"{place}/media", progress=False), 1)
                pairs.append((rescanned / walked, walked, rescanned))
            after_rescans = peak_memory()
        ratio, walked, rescanned = sorted(pairs)[len(pairs) // 2]
        print(f"{number:,} unchanged small files")
        print(f"  bare scandir + stat         {walked:8.2f} s")
        print(f"  rescan                      {rescanned:8.2f} s   {ratio:.2f} x the walk (median of 7)")
        print(
            f"  peak memory of the main process: {after_few} MB after {FEW:,} files, {after_all} MB after "
            f"{number:,}, {after_rescans} MB after the rescans"
        )


def peak_memory() -> int:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    # Compiled as pip does, so that the scan's processes need not compile imports.
    compileall.compile_dir(Path(mfkit.__file__).parent, quiet=2)
    # First, because later parts raise the peak memory of the process.
    small_files(int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
    real_files(sys.argv[1], 5)
    with tempfile.TemporaryDirectory() as many:
        left_out = multiplied(sys.argv[1], many)
        print(
            f"The same {COPIES} times, with 8 bytes appended that tell the copies apart; "
            f"{left_out} files that do not bear it are left out"
        )
        real_files(many, 5)
