"""How fast a scan is: beside a bare loop, exiftool, ffprobe, and a bare walk, in one run.

    python benchmarks/scan.py FOLDER [SMALL_FILES]

FOLDER holds real media (the page cache is warmed first); SMALL_FILES (default 200,000) is how many
small files are made for the rescan. Prints one table of ratios; programs that are missing are left out.
"""

from __future__ import annotations

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

import mfkit

WORKERS = os.cpu_count() or 1
LONG_AGO = 1_500_000_000


def bare_file(path: str) -> str:
    """Read, hash and probe one file, and nothing else."""
    from mfkit.scan.facts import ProbeError, read_facts
    from mfkit.scan.kinds import HEAD_SIZE, identify

    with open(path, "rb") as file:
        head = file.read(HEAD_SIZE)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        read_facts(path, identify(head, os.path.basename(path)))
    except ProbeError:
        pass
    return digest


def bare_loop(files: list[str]) -> None:
    """Do that for all files, in as many processes as the scan uses."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(bare_file, files, chunksize=8))


def scan(folder: str) -> None:
    """Scan into a new library, in a process of its own like the others."""
    with tempfile.TemporaryDirectory() as place:
        code = "import sys, mfkit; mfkit.MediaLibrary(sys.argv[1]).scan(sys.argv[2], progress=False)"
        subprocess.run([sys.executable, "-c", code, f"{place}/library.db", folder], check=True)


def ffprobe(files: list[str]) -> None:
    """Run one ffprobe a file."""
    for file in files:
        subprocess.run(
            ["ffprobe", "-v", "quiet", "-of", "json", "-show_format", "-show_streams", file],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
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
    """List and stat everything, and nothing else."""
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


def real_files(folder: str) -> None:
    """Print the rows about reading real media."""
    files = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]
    bare_loop(files)  # warms the page cache
    figures = {"bare loop, same processes": (seconds(lambda: bare_loop(files), 5), len(files))}
    figures["scan"] = (seconds(lambda: scan(folder), 5), len(files))
    if shutil.which("exiftool"):
        command = ["exiftool", "-r", "-json", folder]
        taken = seconds(lambda: subprocess.run(command, capture_output=True), 1)
        figures["exiftool -r -json"] = (taken, len(files))
    if shutil.which("ffprobe"):
        some = files[::4]
        figures["ffprobe, one a file"] = (seconds(lambda: ffprobe(some), 1), len(some))
    print(f"{len(files)} files of {folder}, {WORKERS} processes, warm")
    rate = figures["scan"][1] / figures["scan"][0]
    for name, (taken, number) in figures.items():
        print(f"  {name:<28}{taken:8.2f} s{number / taken:10,.0f} files/s"
              f"   scan is {rate / (number / taken):6.2f} x as fast")


def small_files(number: int) -> None:
    """Print the rows about a rescan in which nothing changed, and about memory."""
    with tempfile.TemporaryDirectory() as place:
        for start in range(0, number, 1000):
            folder = Path(place) / "media" / f"{start // 1000:04d}"
            folder.mkdir(parents=True)
            for file in range(1000):
                path = folder / f"{file:03d}.txt"
                path.write_text(str(path))
                os.utime(path, (LONG_AGO, LONG_AGO))
        with mfkit.MediaLibrary(f"{place}/library.db") as library:
            for part in range(min(20, number // 1000)):
                library.scan(f"{place}/media/{part:04d}", progress=False)
            after_few = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            library.scan(f"{place}/media", progress=False)
            after_all = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            pairs = []
            for _ in range(7):
                walked = seconds(lambda: bare_walk(f"{place}/media"), 1)
                rescanned = seconds(lambda: library.scan(f"{place}/media", progress=False), 1)
                pairs.append((rescanned / walked, walked, rescanned))
        ratio, walked, rescanned = sorted(pairs)[len(pairs) // 2]
        print(f"{number:,} small files, none changed")
        print(f"  bare scandir + stat         {walked:8.2f} s")
        print(f"  rescan                      {rescanned:8.2f} s   {ratio:.2f} x the walk (median of 7)")
        print(f"  peak memory of the main process: {after_few / 1024:.0f} MB after 20,000 files, "
              f"{after_all / 1024:.0f} MB after {number:,}")


if __name__ == "__main__":
    real_files(sys.argv[1])
    small_files(int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
