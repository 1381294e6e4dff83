"""Recall and precision of similar pictures, beside pHash and dHash of the package ImageHash.

    python benchmarks/similarity.py FOLDER [--pictures 400] [--keep WORK]

FOLDER holds real photos; those of at least 300 x 200 pixels are used, scaled down to at most 1,280 pixels.
Pictures are drawn until there are --pictures. --tiles 2 cuts each photo into 2 x 2 pictures instead, for a
folder with few large photos, and --leave-out TEXT leaves out paths that contain a text.

Three kinds of pictures are left out by rule, and listed. A photo is a version of an earlier one, such as the
HEIF file of a JPEG photo, if at 64 x 64 pixels of luminance both have a correlation of at least 0.97 and
a root mean square difference of at most 20 of 255; finding it would count as an error. A picture of nearly
one colour is in no group on purpose. Graphics, such as charts of one form, are not photos: half of their
pixels equal the pixel to the right.

Each picture gets a file of each version (benchmarks/picture_versions.py). A library scans and inspects the
files. For each version, `similar()` compares all originals with all files of this version: an original and
its version in one group are found; each other pair in a group is an error. The hashes of ImageHash
(`pip install --group benchmarks`) compare the same pictures, each at the largest threshold whose precision
over all versions is at least 0.99. The table is followed by the results of two halves, the pictures with even
and with odd numbers. The last lines compare all files with each other in one call.

--held-apart uses other drawn pictures and versions (benchmarks/held_apart_pictures.py), and --first-drawn
NUMBER draws pictures that no earlier run has drawn.
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
from itertools import combinations, count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from held_apart_pictures import HELD_APART_VERSIONS, held_apart_picture  # noqa: E402
from picture_versions import VERSIONS, Version, drawn_picture, encoded, read_photo, real_photos  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

import mfkit  # noqa: E402
from mfkit.pixels.perceptual_hash import HASH_SIDE, fingerprint  # noqa: E402

PRECISION = 0.99
PLANE_SIDE = 64
Planes = npt.NDArray[np.float32]
Pair = tuple[int, int]
Versions = dict[str, Version]


class Picture(NamedTuple):
    """Source of one picture: a photo, or the column and row of a part of it; without a path, a number."""

    path: Path | None
    part: tuple[int, int, int] = (1, 0, 0)
    number: int = 0
    is_held_apart: bool = False

    @property
    def title(self) -> str:
        """Name of the file and position of the part, or number of the drawn picture."""
        if self.path is None:
            return f"drawn picture {self.number}"
        return self.path.name + (f" {self.part[1:]}" if self.part[0] > 1 else "")

    def read(self) -> Image.Image:
        """Return the picture."""
        if self.path is None:
            return (held_apart_picture if self.is_held_apart else drawn_picture)(self.number)
        image = read_photo(self.path)
        count, column, row = self.part
        width, height = image.width // count, image.height // count
        return image.crop((column * width, row * height, (column + 1) * width, (row + 1) * height))


def candidates(folder: Path, options: argparse.Namespace) -> Iterator[Picture]:
    """Yield the photos or their parts, and then drawn pictures without end."""
    for path in real_photos(folder, options.leave_out):
        for column in range(options.tiles):
            for row in range(options.tiles):
                yield Picture(path, (options.tiles, column, row))
    for place in count(options.first_drawn):
        yield Picture(None, number=place, is_held_apart=options.held_apart)


def chosen_pictures(folder: Path, options: argparse.Namespace) -> list[Picture]:
    """Return a number of pictures, of which none is nearly of one colour or a version of another."""
    chosen: list[Picture] = []
    number = options.pictures
    planes = np.empty((number, PLANE_SIDE**2), np.float32)
    for picture in candidates(folder, options):
        if len(chosen) == number:
            break
        image = picture.read()
        plane = np.asarray(image.convert("L").resize((PLANE_SIDE, PLANE_SIDE), Image.Resampling.BOX))
        earlier = np.flatnonzero(_are_versions(planes[: len(chosen)], plane.ravel().astype(np.float32)))
        is_graphic = picture.path is not None and _is_graphic(image)
        image.thumbnail((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
        if is_graphic:
            print(f"left out: {picture.title}, a graphic")
        elif len(earlier) and picture.path is not None:
            print(f"left out: {picture.title}, a version of {chosen[earlier[0]].title}")
        elif fingerprint(image).is_flat:
            print(f"left out: {picture.title}, nearly of one colour")
        else:
            planes[len(chosen)] = plane.ravel()
            chosen.append(picture)
    real = sum(one.path is not None for one in chosen)
    print(f"{real} pictures of photos in {folder.name}, {number - real} drawn pictures")
    return chosen


def _is_graphic(image: Image.Image) -> bool:
    """Return whether more than half of the pixels equal the pixel to the right."""
    pixels = np.asarray(image)
    return bool((pixels[:, 1:] == pixels[:, :-1]).all(axis=2).mean() > 0.5)


def _are_versions(planes: Planes, plane: Planes) -> npt.NDArray[np.bool_]:
    """Return for each of the luminance planes whether the last one is nearly the same."""
    if not plane.std():
        return np.zeros(len(planes), bool)
    ones, other = planes - planes.mean(axis=1, keepdims=True), plane - plane.mean()
    lengths = np.linalg.norm(ones, axis=1) * np.linalg.norm(other)
    correlation = ones @ other / np.maximum(lengths, 1e-6)
    difference = np.sqrt(((planes - plane) ** 2).mean(axis=1))
    same: npt.NDArray[np.bool_] = (correlation >= 0.97) & (difference <= 20)
    return same


def _versions(is_held_apart: bool) -> Versions:
    return HELD_APART_VERSIONS if is_held_apart else VERSIONS


def write_versions(work: Path, is_held_apart: bool, job: tuple[int, Picture]) -> dict[str, list[int]]:
    """Write an original and its versions, and return their pHash and dHash by version."""
    warnings.simplefilter("ignore")
    number, picture = job
    image = picture.read()
    files = {"original": encoded(image, quality=92)}
    paths = {"original": work / "original" / f"{number}.jpg"}
    for name, version in _versions(is_held_apart).items():
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


def best_threshold(hashes: list[dict[str, list[int]]], versions: Versions, which: int) -> tuple[int, Score]:
    """Return the largest threshold of a hash with the required precision, and its score."""
    best = (0, Score.of({name: found_by_hash(hashes, name, which, 0) for name in versions}, len(hashes)))
    for limit in range(1, 26):
        found = {name: found_by_hash(hashes, name, which, limit) for name in versions}
        score = Score.of(found, len(hashes))
        if score.overall >= PRECISION:
            best = limit, score
    return best


def print_table(columns: dict[str, Score], versions: Versions) -> None:
    """Print recall and precision of each version."""
    print(f"{'recall / precision':<24}" + "".join(f"{title:>18}" for title in columns))
    for name in versions:
        cells = (f"{score.recall[name]:.3f} / {score.precision[name]:.4f}" for score in columns.values())
        print(f"{name:<24}" + "".join(f"{cell:>18}" for cell in cells))
    for group, names in _names_by_group(versions).items():
        lowest = (min(score.recall[name] for name in names) for score in columns.values())
        print(f"{f'lowest, {group}':<24}" + "".join(f"{recall:>9.3f}         " for recall in lowest))
    print(f"{'precision of all':<24}" + "".join(f"{one.overall:>18.4f}" for one in columns.values()))


def print_halves(found: dict[str, set[Pair]], number: int, versions: Versions) -> None:
    """Print recall and precision of the pictures with even and with odd numbers, each half on its own."""
    for rest, title in enumerate(("even", "odd")):
        own = {
            name: {pair for pair in pairs if pair[0] % 2 == pair[1] % 2 == rest}
            for name, pairs in found.items()
        }
        score = Score.of(own, len(range(rest, number, 2)))
        lowest = ", ".join(
            f"lowest recall of {group} {min(score.recall[name] for name in names):.3f}"
            for group, names in _names_by_group(versions).items()
        )
        print(f"{title} numbers: {lowest}, precision of all {score.overall:.4f}")


def _names_by_group(versions: Versions) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, version in versions.items():
        groups.setdefault(version.group, []).append(name)
    return groups


def print_all_at_once(lib: mfkit.MediaLibrary, number: int, versions: Versions) -> None:
    """Compare all originals and versions in one call, and print recall and precision of its groups."""
    started = time.monotonic()
    frame = lib.similar()
    seconds = time.monotonic() - started
    right = wrong = 0
    with_original = dict.fromkeys(versions, 0)
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
    for group, names in _names_by_group(versions).items():
        recall = sum(with_original[name] for name in names) / number / len(names)
        print(f"all files at once, {group}: recall {recall:.3f}")
    print(f"all files at once: precision {right / max(1, right + wrong):.4f}, {seconds:.1f} s")
    if mixed:
        print(f"groups with more than one picture: {mixed}")


def measure(folder: Path, options: argparse.Namespace, work: Path) -> None:
    """Write the files, inspect them, and print the tables."""
    versions = _versions(options.held_apart)
    stored = work / "hashes.json"
    if not stored.exists():
        pictures = chosen_pictures(folder, options)
        with ProcessPoolExecutor(options.workers) as pool:
            jobs = pool.map(
                partial(write_versions, work, options.held_apart), enumerate(pictures), chunksize=4
            )
            stored.write_text(json.dumps(list(jobs)))
    hashes: list[dict[str, list[int]]] = json.loads(stored.read_text())
    with mfkit.MediaLibrary(work / "library.db") as lib:
        lib.scan(work)
        print(lib.inspect(again=options.again))
        for name in ("original", *versions):
            lib.tag(mfkit.MediaFilter(folder=str(work / name)), name)
        number = len(hashes)
        found = {name: found_by_mfkit(lib, name) for name in versions}
        columns = {"mfkit": Score.of(found, number)}
        if hashes[0]["original"]:
            for which, title in enumerate(("pHash", "dHash")):
                limit, score = best_threshold(hashes, versions, which)
                columns[f"{title} <= {limit}"] = score
        else:
            print("ImageHash is not installed, so mfkit is not compared with it.")
        print_table(columns, versions)
        print_halves(found, number, versions)
        print_all_at_once(lib, number, versions)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--tiles", type=int, default=1)
    parser.add_argument("--held-apart", action="store_true", help="use other versions and drawn pictures")
    parser.add_argument("--first-drawn", type=int, default=0, help="number of the first drawn picture")
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
