"""Cost of the list of streams, chapters and HDR metadata in a scan's extraction, side by side in one run.

    python benchmarks/stream_extraction.py FOLDER [RUNS]      # default 8

Each file is read, hashed and extracted like by a scan's worker, alternately with and without its streams. The
smallest CPU time of the runs counts, because other work of the machine can only increase it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

from mfkit.scan.extract import audio_video  # noqa: E402
from mfkit.scan.extract.registry import ExtractionError, extract_metadata  # noqa: E402
from mfkit.scan.formats.identify import HEAD_SIZE, identify  # noqa: E402


def read(path: str) -> tuple[str, float]:
    """Return the media type of a file, and the CPU time of reading, hashing and extracting it."""
    started = time.thread_time()
    with open(path, "rb") as file:
        file_format = identify(file.read(HEAD_SIZE), os.path.basename(path))
        file.seek(0)
        hashlib.file_digest(file, "sha256").hexdigest()
    try:
        extract_metadata(path, file_format)
    except ExtractionError:
        pass
    return str(file_format.media_type), time.thread_time() - started


def read_without_streams(path: str) -> float:
    """Return the CPU time of the same without the list of streams, chapters and HDR metadata."""

    def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    with patch.multiple(audio_video, list_streams=nothing, list_chapters=nothing, _add_hdr=nothing):
        return read(path)[1]


def main(folder: str, runs: int) -> None:
    """Print the CPU times by media type."""
    best: dict[str, tuple[str, float, float]] = {}
    files = sorted(os.path.join(base, name) for base, _, names in os.walk(folder) for name in names)
    for run in range(runs):
        for path in files:
            # The first of two reads takes longer, so the order changes.
            if run % 2:
                kind, taken = read(path)
                without = read_without_streams(path)
            else:
                without = read_without_streams(path)
                kind, taken = read(path)
            _, least_without, least = best.get(path, (kind, without, taken))
            best[path] = (kind, min(without, least_without), min(taken, least))
    totals: dict[str, list[float]] = {}
    for kind, without, taken in best.values():
        for name in (kind, "all"):
            number, before, after = totals.get(name, (0, 0.0, 0.0))
            totals[name] = [number + 1, before + without, after + taken]
    print("| files | number | without streams, ms | with, ms | ratio |\n| --- | ---: | ---: | ---: | ---: |")
    for name, (number, without, taken) in totals.items():
        print(f"| {name} | {number} | {without * 1e3:.1f} | {taken * 1e3:.1f} | {taken / without:.3f} |")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8)
