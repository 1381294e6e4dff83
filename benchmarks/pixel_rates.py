"""Rates of inspecting 12-megapixel JPEG photos, and of finding candidates among stored hashes.

    python benchmarks/pixel_rates.py [HASHES] [--jpegs 200]

The CPU time of an inspection is that of its worker processes, including their start. It also tells what an
inspection costs on a machine that is busy with something else.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

import mfkit  # noqa: E402
from mfkit.demo.demo_images import landscape  # noqa: E402
from mfkit.pixels.hash_candidates import candidate_pairs  # noqa: E402


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def inspecting(number: int) -> None:
    """Print how many JPEG photos of 12 megapixels are inspected in a second."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = landscape("coast", "noon", (4000, 3000), random.Random(1))
        for place in range(4):
            noise = rng.normal(0, 3, (3000, 4000, 1))
            image = Image.fromarray(np.clip(np.asarray(base) + noise, 0, 255).astype(np.uint8))
            image.save(folder / f"{place}.jpg", quality=85)
        for place in range(4, number):
            # A few bytes after the image make another content of it.
            data = (folder / f"{place % 4}.jpg").read_bytes()
            (folder / f"{place}.jpg").write_bytes(data + place.to_bytes(4, "big"))
        size = sum(path.stat().st_size for path in folder.iterdir()) / number
        with mfkit.MediaLibrary(folder / "library.db") as lib:
            lib.scan(folder)
            before = _children_seconds()
            started = time.monotonic()
            report = lib.inspect(what="similarity")
            seconds = time.monotonic() - started
            spent = (_children_seconds() - before) / number
        print(
            f"{report.inspected} JPEG photos of 12 megapixels ({size / 1e6:.1f} MB): "
            f"{number / seconds:.0f} files/s, {spent * 1000:.0f} ms of CPU time each"
        )


def grouping(number: int) -> None:
    """Print how long it takes to find the candidates among random hashes, a tenth of which have a copy."""
    rng = np.random.default_rng(1)
    difference, dct = (rng.integers(0, 2**64, number, dtype=np.uint64) for _ in range(2))
    copies = number // 10
    for hashes in (difference, dct):
        hashes[-copies:] = hashes[:copies]
        for _ in range(5):
            hashes[-copies:] ^= np.uint64(1) << rng.integers(0, 64, copies, dtype=np.uint64)
    started = time.monotonic()
    pairs = candidate_pairs(difference, dct)
    seconds = time.monotonic() - started
    found = ((pairs.first < copies) & (pairs.second == pairs.first + number - copies)).sum()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{number:,} pictures: candidates in {seconds:.1f} s, {found / copies:.3f} of the copies with up to "
        f"5 different bits, {len(pairs.first) - found:,} others, peak {peak:.2f} GB"
    )


def main() -> None:
    """Print all rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("hashes", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--jpegs", type=int, default=200)
    options = parser.parse_args()
    grouping(options.hashes)
    inspecting(options.jpegs)


if __name__ == "__main__":
    main()
