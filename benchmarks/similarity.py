"""Recall and precision of similar pictures, beside pHash and dHash of the package ImageHash.

    python benchmarks/similarity.py FOLDER [--pictures 400] [--keep WORK]

FOLDER holds real photos; those of at least 300 x 200 pixels are used, scaled down to at most 1,280 pixels.
Pictures are drawn until there are --pictures. --tiles 2 cuts each photo into 2 x 2 pictures instead, for a
folder with few large photos. Photos of one scene, or of which FOLDER has several versions, would count as
errors, and --leave-out TEXT leaves out paths that contain a text.

Each picture gets a file of each version (benchmarks/picture_versions.py). A library scans and inspects the
files. For each version, `similar()` compares all originals with all files of this version: an original and
its version in one group are found; each other pair in a group is an error. The hashes of ImageHash
(`pip install --group benchmarks`) compare the same pictures, each at the largest threshold whose precision
over all versions is at least 0.99. The last lines compare all files with each other in one call.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from picture_versions import VERSIONS, drawn_picture, encoded, read_photo, real_photos  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

import mfkit  # noqa: E402

PRECISION = 0.99
Pair = tuple[int, int]


class Picture(NamedTuple):
    """Source of one picture: a photo, or the column and row of a part of it; without a path, a number."""

    path: Path | None
    part: tuple[int, int, int] = (1, 0, 0)
    number: int = 0

    def read(self) -> Image.Image:
        """Return the picture."""
        if self.path is None:
            return drawn_picture(self.number)
        image = read_photo(self.path)
        count, column, row = self.part
        width, height = image.width // count, image.height // count
        return image.crop((column * width, row * height, (column + 1) * width, (row + 1) * height))


def chosen_pictures(folder: Path, number: int, leave_out: list[str], tiles: int) -> Iterator[Picture]:
    """Yield the photos or their parts, and drawn pictures up to a number."""
    count = 0
    for path in real_photos(folder, leave_out):
        for column in range(tiles):
            for row in range(tiles):
                if count < number:
                    count += 1
                    yield Picture(path, (tiles, column, row))
    print(f"{count} pictures of photos in {folder.name}, {number - count} drawn pictures")
    for place in range(number - count):
        yield Picture(None, number=place)


def write_versions(work: Path, job: tuple[int, Picture]) -> dict[str, list[int]]:
    """Write an original and its versions, and return their pHash and dHash by version."""
    warnings.simplefilter("ignore")
    number, picture = job
    image = picture.read()
    files = {"original": encoded(image, quality=92)}
    paths = {"original": work / "original" / f"{number}.jpg"}
    for name, version in VERSIONS.items():
        files[name] = version.encode(image)
        paths[name] = work / name / f"{number}.{version.suffix}"
    for name, path in paths.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(files[name])
    return {name: _image_hashes(path) for name, path in paths.items()}


def _image_hashes(path: Path) -> list[int]:
    try:
        import imagehash
    except ImportError:
        return []
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return [int(str(one(upright)), 16) for one in (imagehash.phash, imagehash.dhash)]


def found_by_mfkit(lib: mfkit.MediaLibrary, name: str) -> set[Pair]:
    """Return pairs of an original and a version that are in one group, by number."""
    frame = lib.similar(tags=["original", name])
    found = set()
    for paths in _groups(frame):
        ones, others = (
            [int(path.stem) for path in paths if (path.parent.name == "original") == is_original]
            for is_original in (True, False)
        )
        found |= {(one, other) for one in ones for other in others}
    return found


def _groups(frame: pd.DataFrame) -> Iterator[list[Path]]:
    for _, rows in frame.groupby("group"):
        yield [Path(path) for path in rows["file_path"]]


def found_by_hash(hashes: list[dict[str, list[int]]], name: str, which: int, limit: int) -> set[Pair]:
    """Return pairs of an original and a version whose hashes differ in at most ``limit`` bits."""
    ones, others = (np.array([one[side][which] for one in hashes], np.uint64) for side in ("original", name))
    first, second = np.nonzero(np.bitwise_count(ones[:, None] ^ others) <= limit)
    return set(zip(first.tolist(), second.tolist(), strict=True))


class Score(NamedTuple):
    """Recall of each version, precision of each version, and precision over all versions."""

    recall: dict[str, float]
    precision: dict[str, float]
    overall: float

    @classmethod
    def of(cls, found: dict[str, set[Pair]], number: int) -> Score:
        """Return the score of the found pairs of each version."""
        right = {name: sum(one == other for one, other in pairs) for name, pairs in found.items()}
        every = {name: len(pairs) for name, pairs in found.items()}
        return cls(
            {name: count / number for name, count in right.items()},
            {name: count / every[name] if every[name] else 1.0 for name, count in right.items()},
            sum(right.values()) / max(1, sum(every.values())),
        )


def best_threshold(hashes: list[dict[str, list[int]]], which: int) -> tuple[int, Score]:
    """Return the largest threshold of a hash with the required precision, and its score."""
    best = (0, Score.of({name: found_by_hash(hashes, name, which, 0) for name in VERSIONS}, len(hashes)))
    for limit in range(1, 26):
        found = {name: found_by_hash(hashes, name, which, limit) for name in VERSIONS}
        score = Score.of(found, len(hashes))
        if score.overall >= PRECISION:
            best = limit, score
    return best


def print_table(columns: dict[str, Score]) -> None:
    """Print recall and precision of each version."""
    print(f"{'recall / precision':<24}" + "".join(f"{title:>18}" for title in columns))
    for name in VERSIONS:
        cells = (f"{score.recall[name]:.3f} / {score.precision[name]:.4f}" for score in columns.values())
        print(f"{name:<24}" + "".join(f"{cell:>18}" for cell in cells))
    for group in dict.fromkeys(one.group for one in VERSIONS.values()):
        names = [name for name, one in VERSIONS.items() if one.group == group]
        lowest = (min(score.recall[name] for name in names) for score in columns.values())
        print(f"{f'lowest, {group}':<24}" + "".join(f"{recall:>9.3f}         " for recall in lowest))
    print(f"{'precision of all':<24}" + "".join(f"{one.overall:>18.4f}" for one in columns.values()))


def print_all_at_once(lib: mfkit.MediaLibrary, number: int) -> None:
    """Compare all originals and versions in one call, and print recall and precision of its groups."""
    started = time.monotonic()
    frame = lib.similar()
    seconds = time.monotonic() - started
    right = wrong = 0
    with_original = dict.fromkeys(VERSIONS, 0)
    mixed = []
    for paths in _groups(frame):
        same = sum(one.stem == other.stem for one, other in combinations(paths, 2))
        right, wrong = right + same, wrong + len(paths) * (len(paths) - 1) // 2 - same
        originals = {one.stem for one in paths if one.parent.name == "original"}
        for one in paths:
            if one.parent.name != "original":
                with_original[one.parent.name] += one.stem in originals
        if len({one.stem for one in paths}) > 1:
            mixed.append(sorted({one.stem for one in paths}, key=int))
    for group in dict.fromkeys(one.group for one in VERSIONS.values()):
        names = [name for name, one in VERSIONS.items() if one.group == group]
        recall = sum(with_original[name] for name in names) / number / len(names)
        print(f"all files at once, {group}: recall {recall:.3f}")
    print(f"all files at once: precision {right / max(1, right + wrong):.4f}, {seconds:.1f} s")
    if mixed:
        print(f"groups with more than one picture: {mixed}")


def measure(folder: Path, options: argparse.Namespace, work: Path) -> None:
    """Write the files, inspect them, and print the tables."""
    pictures = list(chosen_pictures(folder, options.pictures, options.leave_out, options.tiles))
    stored = work / "hashes.json"
    if not stored.exists():
        with ProcessPoolExecutor(options.workers) as pool:
            jobs = pool.map(partial(write_versions, work), enumerate(pictures), chunksize=4)
            stored.write_text(json.dumps(list(jobs)))
    hashes: list[dict[str, list[int]]] = json.loads(stored.read_text())
    with mfkit.MediaLibrary(work / "library.db") as lib:
        lib.scan(work)
        print(lib.inspect(again=options.again))
        for name in ("original", *VERSIONS):
            lib.tag(mfkit.MediaFilter(folder=str(work / name)), name)
        number = len(hashes)
        columns = {"mfkit": Score.of({name: found_by_mfkit(lib, name) for name in VERSIONS}, number)}
        if hashes[0]["original"]:
            for which, title in enumerate(("pHash", "dHash")):
                limit, score = best_threshold(hashes, which)
                columns[f"{title} <= {limit}"] = score
        else:
            print("ImageHash is not installed, so mfkit is not compared with it.")
        print_table(columns)
        print_all_at_once(lib, number)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--tiles", type=int, default=1)
    parser.add_argument("--leave-out", action="append", default=[])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the files, which a later run uses again")
    parser.add_argument("--again", action="store_true", help="inspect the kept files again")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    work: Any = options.keep or Path(tempfile.mkdtemp())
    work.mkdir(exist_ok=True, parents=True)
    try:
        measure(options.folder, options, work)
    finally:
        if options.keep is None:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
