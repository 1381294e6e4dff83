"""Rates of inspecting photos, RAW files and videos, and of finding candidates among stored hashes.

    python benchmarks/pixel_rates.py [HASHES] [--jpegs 200]

The CPU time of an inspection is that of its worker processes, including their start. It also tells what an
inspection costs on a machine that is busy with something else.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

import mfkit  # noqa: E402
from mfkit.demo.demo_images import landscape  # noqa: E402
from mfkit.pixels.hash_candidates import candidate_pairs  # noqa: E402
from tests.unit.scan.tiff_files import longs, tiff  # noqa: E402


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _inspect(folder: Path, title: str) -> None:
    """Print how many files of a folder are inspected in a second, and the CPU time of each."""
    files = [path for path in folder.iterdir() if path.suffix != ".db"]
    size = sum(path.stat().st_size for path in files) / len(files)
    with mfkit.MediaLibrary(folder / "library.db") as lib:
        lib.scan(folder)
        before = _children_seconds()
        started = time.monotonic()
        report = lib.inspect(what="similarity")
        seconds = time.monotonic() - started
        spent = (_children_seconds() - before) / len(files)
    print(
        f"{report.inspected} {title} ({size / 1e6:.1f} MB): {len(files) / seconds:.0f} files/s, "
        f"{spent * 1000:.0f} ms of CPU time each"
    )


def _multiply(folder: Path, samples: list[bytes], suffix: str, number: int) -> None:
    """Write files that differ in a few bytes after the data, so that each has another content."""
    for place in range(number):
        data = samples[place % len(samples)] + place.to_bytes(4, "big")
        (folder / f"{place}{suffix}").write_bytes(data)


def inspecting(number: int) -> None:
    """Print the rates of JPEG photos, RAW files and videos."""
    rng = np.random.default_rng(1)
    base = landscape("coast", "noon", (4000, 3000), random.Random(1))
    photos, raw_files = [], []
    for _ in range(4):
        noise = rng.normal(0, 3, (3000, 4000, 1))
        image = Image.fromarray(np.clip(np.asarray(base) + noise, 0, 255).astype(np.uint8))
        photos.append(_jpeg(image))
        raw_files.append(_dng(photos[-1], _jpeg(image.resize((1024, 768))), sensor=rng.bytes(20_000_000)))
    for title, samples, suffix, count in (
        ("JPEG photos of 12 megapixels", photos, ".jpg", number),
        ("DNG files with previews of 12 and 0.8 megapixels", raw_files, ".dng", number // 4),
        (
            "DNG files with a preview of 12 megapixels",
            [_dng(photos[0], sensor=bytes(20_000_000))],
            ".dng",
            number // 4,
        ),
        ("videos of 10 s in 1080p, H.264", [_video()], ".mp4", number // 8),
    ):
        with tempfile.TemporaryDirectory() as name:
            _multiply(Path(name), samples, suffix, count)
            _inspect(Path(name), title)


def _jpeg(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    return data.getvalue()


def _dng(*previews: bytes, sensor: bytes) -> bytes:
    """Return a DNG file with JPEG previews, and bytes in place of the sensor data."""
    offsets = [0] * len(previews)
    for _ in range(2):  # The first round finds the size of the directories.
        subs = [
            {0x00FE: longs(1), 0x0111: longs(at), 0x0117: longs(len(one))}
            for at, one in zip(offsets, previews, strict=True)
        ]
        main = {0x00FE: longs(0), 0x0100: longs(4000), 0x0101: longs(3000), 0xC612: (1, b"\1\4\0\0")}
        head = tiff(main, subs=subs)
        offsets = [len(head) + sum(map(len, previews[:number])) for number in range(len(previews))]
    return b"".join((head, *previews, sensor))


def _video() -> bytes:
    data = io.BytesIO()
    wide = np.asarray(landscape("city", "noon", (2500, 1080), random.Random(1)))
    with av.open(data, "w", "mp4") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for place in range(250):
            part = np.ascontiguousarray(wide[:, 2 * place : 2 * place + 1920])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
        container.mux(stream.encode(None))
    return data.getvalue()


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
