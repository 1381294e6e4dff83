"""Time and memory of grouping the similar pictures among stored hashes: candidates, comparison and groups.

    python benchmarks/grouping.py [PICTURES] [--folder FOLDER]

The library has only images, with the miniatures of smooth random pictures, half of them with a bright sky. Of
ten images, about six are single, two are versions of each other (a little noise, another brightness), and two
belong to bursts of 3 to 10 shots, whose contents move by up to a tenth of the picture. The hashes are
computed from the miniatures. A process of its own calls `similar()` and reports its peak memory.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
from library import ITEM, insert, quick_writes  # beside this file

sys.path.insert(0, str(Path(__file__).parents[1]))

import mfkit  # noqa: E402
from mfkit.core.database import Database  # noqa: E402
from mfkit.pixels.perceptual_hash import COLOR_SIDE, LUMINANCE_SIDE  # noqa: E402

BATCH = 5_000
COARSE, WIDE = 14, 48
"""Number of random values along a side of a scene, and its pixels. A shot shows 32 x 32 pixels of it."""
WHEN = "2026-11-01 12:00:00.000000"
Planes = npt.NDArray[np.float32]


def _enlargement() -> Planes:
    """Return the matrix that interpolates COARSE values to WIDE pixels."""
    places = np.linspace(0, COARSE - 1, WIDE)[:, None] - np.arange(COARSE)
    weights: Planes = np.maximum(0, 1 - np.abs(places)).astype(np.float32)
    return weights


def scenes(rng: np.random.Generator, number: int) -> Planes:
    """Return luminance planes of large and small structures."""
    large = rng.normal(size=(number, COARSE // 3 + 1, COARSE // 3 + 1)).astype(np.float32)
    coarse: Planes = np.repeat(np.repeat(large, 3, axis=1), 3, axis=2)[:, :COARSE, :COARSE]
    coarse += 0.6 * rng.standard_normal((number, COARSE, COARSE), dtype=np.float32)
    sky: Planes = np.linspace(1.5, -1.5, COARSE, dtype=np.float32)[:, None]
    coarse += sky * (rng.random((number, 1, 1), dtype=np.float32) < 0.5)
    matrix = _enlargement()
    return np.asarray(120 + 30 * (matrix @ coarse @ matrix.T), np.float32)


def pictures(rng: np.random.Generator, number: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield miniatures in batches of :data:`BATCH` pictures; pictures of one scene follow each other."""
    noise = rng.standard_normal((1_000, LUMINANCE_SIDE, LUMINANCE_SIDE), dtype=np.float32)
    for start in range(0, number, BATCH):
        count = min(BATCH, number - start)
        sizes = rng.choice((1, 2, 3, 6, 10), p=(0.8, 0.14, 0.03, 0.02, 0.01), size=count)
        used = int(np.searchsorted(np.cumsum(sizes), count)) + 1
        scene = np.repeat(np.arange(used), sizes[:used])[:count]
        wide = scenes(rng, used)
        color = rng.normal(128, 12, (used, 2, 2, 2)).astype(np.float32)
        is_version = sizes[scene] == 2
        move = np.where(is_version[:, None], 0, rng.integers(-3, 4, (count, 2))) + 8
        rows, columns = (move[:, [axis]] + np.arange(LUMINANCE_SIDE) for axis in (0, 1))
        planes = wide[scene[:, None, None], rows[:, :, None], columns[:, None, :]]
        planes *= rng.uniform(0.95, 1.05, (count, 1, 1)).astype(np.float32)
        strength = np.where(is_version, 1.0, 3.0).astype(np.float32)[:, None, None]
        planes += noise[rng.integers(0, len(noise), count)] * strength
        colors = color[scene].repeat(COLOR_SIDE // 2, axis=2).repeat(COLOR_SIDE // 2, axis=3)
        flat = np.concatenate((planes.reshape(count, -1), colors.reshape(count, -1)), axis=1)
        yield np.clip(flat, 0, 255).astype(np.uint8)


def hashes(miniatures: npt.NDArray[np.uint8]) -> tuple[list[int], list[int]]:
    """Return the difference hash and the DCT hash of each miniature (mfkit.pixels.perceptual_hash)."""
    side = LUMINANCE_SIDE
    planes = miniatures[:, : side**2].reshape(-1, side, side).astype(np.float32)
    ninths = _averages(8) @ planes @ _averages(9).T
    frequencies = sorted(
        ((y, x) for y in range(12) for x in range(12) if x or y), key=lambda at: (at[0] ** 2 + at[1] ** 2, at)
    )[:64]
    angles = np.pi * np.arange(12)[:, None] * (2 * np.arange(side) + 1) / (2 * side)
    cosines = np.cos(angles).astype(np.float32)
    vertical, horizontal = np.transpose(frequencies)
    spectrum = (cosines @ planes @ cosines.T)[:, vertical, horizontal]
    bits = (
        (ninths[:, :, 1:] > ninths[:, :, :-1]).reshape(-1, 64),
        spectrum > np.median(spectrum, axis=1, keepdims=True),
    )
    difference, dct = (np.packbits(one, axis=1).copy().view(">i8").ravel().tolist() for one in bits)
    return difference, dct


def _averages(count: int) -> Planes:
    """Return the matrix that averages the rows of a plane, whose edges can be inside of a pixel."""
    edges = np.linspace(0, LUMINANCE_SIDE, count + 1)[:, None]
    pixels = np.arange(LUMINANCE_SIDE)
    overlap = np.maximum(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0)
    weights: Planes = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


async def _schema(file: Path) -> None:
    database = Database(file)
    await database.create_tables()
    await database.dispose()


def fill(file: Path, number: int) -> None:
    """Create a library of images with their fingerprints."""
    asyncio.run(_schema(file))
    rng = np.random.default_rng(1)
    place = 0
    with quick_writes(file) as connection:
        for miniatures in pictures(rng, number):
            names = [f"{int.from_bytes(rng.bytes(8)):016x}{one:048x}" for one in range(place, place + BATCH)]
            insert(
                connection, "media_items", ITEM, [_item(place + one, name) for one, name in enumerate(names)]
            )
            rows = list(zip(names, *hashes(miniatures), (one.tobytes() for one in miniatures), strict=False))
            insert(
                connection,
                "picture_hashes",
                ("file_hash", "part", "difference_hash", "dct_hash", "is_flat"),
                [(name, 0, difference, dct, False) for name, difference, dct, _ in rows],
            )
            insert(
                connection,
                "picture_miniatures",
                ("file_hash", "part", "pixels"),
                [(name, 0, pixels) for name, _, _, pixels in rows],
            )
            place += len(miniatures)


def _item(number: int, file_hash: str) -> tuple[object, ...]:
    name = f"IMG_{number:07}.jpg"
    key = UUID(int=number + 1, version=4).hex
    path = f"/library/{number // 1000}/{name}"
    size = 3_000_000 + number
    return (
        key, path, name, size, file_hash, "image/jpeg", "image", WHEN, WHEN, WHEN, WHEN, True, True, 8.0, WHEN
    )  # fmt: skip


def measure(file: Path) -> None:
    """Print what one search for similar pictures takes; called in a process of its own."""
    with sqlite3.connect(file) as connection:
        total = connection.execute("SELECT count(*) FROM picture_hashes").fetchone()[0]
    with mfkit.MediaLibrary(file) as lib:
        lib.similar(text="no such name")  # The packages are imported before the time is measured.
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        started, spent = time.monotonic(), time.process_time()
        frame = lib.similar()
        seconds, spent = time.monotonic() - started, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{total:,} pictures: {frame['group'].nunique():,} groups of {len(frame):,} pictures in "
        f"{seconds:.1f} s ({spent:.1f} s of CPU time), peak {peak:.2f} GB ({base:.2f} GB before)"
    )


def main() -> None:
    """Create the library and print the measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--folder", type=Path, help="folder for the library, which a later run uses again")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file is not None:
        measure(options.file)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"images-{options.pictures}.db"
        if not file.exists():
            unfinished = file.with_suffix(".part")
            unfinished.unlink(missing_ok=True)
            fill(unfinished, options.pictures)
            unfinished.rename(file)
        subprocess.run([sys.executable, __file__, "--file", str(file)], check=True)


if __name__ == "__main__":
    main()
