"""Share of damaged files that `verify()` reports, by format and kind of damage.

    python benchmarks/verification.py [FOLDER] [--per-format 12] [--flips 4]

The files are those of FOLDER that a first verification finds undamaged, at most --per-format of each format,
and files of many formats that the benchmark writes. Of each file, five copies are truncated by 1 to
50 percent, and --flips copies get one random other byte. Verification with "headers" and "decode" then shows
how many copies of each format are reported, and lists the truncated copies that "decode" misses.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from damage_samples import write_samples  # noqa: E402

import mfkit  # noqa: E402

SHARES = ((1, 5), (5, 10), (10, 20), (20, 35), (35, 50))
"""Ranges of the truncated part in percent; a random part of each range is cut off."""


def undamaged(lib: mfkit.MediaLibrary, folders: list[Path], per_format: int) -> dict[str, list[Path]]:
    """Return undamaged files by extension, small files first; a first verification decodes all files."""
    for folder in folders:
        lib.scan(folder)
    print(lib.verify(how="decode"))
    outcomes = _outcomes(lib, "decode")
    found: dict[str, list[Path]] = defaultdict(list)
    for path, outcome in outcomes.items():
        if outcome == "ok":
            found[Path(path).suffix.lower().lstrip(".")].append(Path(path))
    return {
        name: sorted(paths, key=lambda path: path.stat().st_size)[:per_format]
        for name, paths in sorted(found.items())
    }


def _outcomes(lib: mfkit.MediaLibrary, how: str) -> dict[str, str]:
    frame = lib.sql(f"SELECT file_path, outcome FROM verifications WHERE how = '{how}'", engine="database")
    return dict(zip(frame["file_path"], frame["outcome"], strict=True))


def damaged_copies(
    sources: dict[str, list[Path]], target: Path, flips: int
) -> Iterator[tuple[str, str, Path]]:
    """Write damaged copies, and yield extension, kind of damage and path of each copy."""
    rng = random.Random(1)
    for name, paths in sources.items():
        for number, path in enumerate(paths):
            data = path.read_bytes()
            for share in SHARES:
                kept = len(data) - max(1, round(len(data) * rng.uniform(*share) / 100))
                copy = target / f"{name}-{number}-cut-{share[1]}.{name}"
                copy.write_bytes(data[:kept])
                yield name, "truncated", copy
            for flip in range(flips):
                changed = bytearray(data)
                place = rng.randrange(len(data))
                changed[place] ^= rng.randint(1, 255)
                copy = target / f"{name}-{number}-flip-{flip}.{name}"
                copy.write_bytes(changed)
                yield name, "flipped byte", copy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--per-format", type=int, default=12)
    parser.add_argument("--flips", type=int, default=4)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        made, target = work / "made", work / "damaged"
        made.mkdir()
        target.mkdir()
        write_samples(made)
        with mfkit.MediaLibrary(work / "sources.db") as lib:
            folders = [made] if options.folder is None else [options.folder, made]
            sources = undamaged(lib, folders, options.per_format)
        copies = pd.DataFrame(
            damaged_copies(sources, target, options.flips), columns=["format", "damage", "path"]
        )
        with mfkit.MediaLibrary(work / "damaged.db") as lib:
            lib.scan(target)
            for how in ("headers", "decode"):
                started = time.monotonic()
                print(lib.verify(how=how), f"{time.monotonic() - started:.0f} s")
                outcomes = _outcomes(lib, how)
                copies[how] = [outcomes.get(str(path.resolve()), "not scanned") for path in copies["path"]]
    print_table(copies, sources)
    missed = copies[(copies["damage"] == "truncated") & (copies["decode"] != "damaged")]
    for path, outcome in zip(missed["path"], missed["decode"], strict=True):
        print(f"missed: {path.name} ({outcome}), of {_source(sources, path)}")


def _source(sources: dict[str, list[Path]], path: Path) -> str:
    name, number, *_ = path.stem.split("-")
    return sources[name][int(number)].name


def print_table(copies: pd.DataFrame, sources: dict[str, list[Path]]) -> None:
    """Print the share of reported copies by format, and of all."""
    kinds = [(damage, how) for damage in ("truncated", "flipped byte") for how in ("headers", "decode")]
    print(f"{'format':<8}{'files':>6}" + "".join(f"{damage + ', ' + how:>24}" for damage, how in kinds))
    groups = [(str(name), frame) for name, frame in copies.groupby("format")]
    for name, frame in [*groups, ("all", copies)]:
        cells = []
        for damage, how in kinds:
            some = frame[frame["damage"] == damage]
            cells.append(f"{(some[how] == 'damaged').sum()} of {len(some)}")
        count = len(sources.get(name, ())) or sum(map(len, sources.values()))
        print(f"{name:<8}{count:>6}" + "".join(f"{cell:>24}" for cell in cells))
    truncated = copies[copies["damage"] == "truncated"]
    print(f"truncated files reported by decode: {(truncated['decode'] == 'damaged').mean():.4f}")


if __name__ == "__main__":
    main()
