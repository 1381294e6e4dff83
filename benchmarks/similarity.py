"""Recall and precision of similar pictures, and the rates of inspecting and grouping.

    python benchmarks/similarity.py FOLDER [PHOTOS] [HASHES]

FOLDER holds real photos, of which those of at least 300 x 200 pixels are used; landscapes are drawn until
there are PHOTOS (default 400). Each photo gets a version of each kind. A version is found if it forms a
pair with its photo; every other pair is an error. Pictures that are not photos or exist several times
should not be in FOLDER, because their pairs count as errors; --leave-out TEXT leaves out paths that contain
a text. The same is measured for pHash and dHash of the package ImageHash (benchmarks/requirements.txt), if
it is installed, each at the threshold with the highest recall of all versions at a precision of 0.99. Then
12-megapixel JPEG photos are inspected, and HASHES (default 1,000,000) random hashes are grouped.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

sys.path.insert(0, str(Path(__file__).parents[1]))

from mfkit.demo.demo_images import LIGHTS, SCENES, add_noise, landscape  # noqa: E402
from mfkit.pixels.hash_candidates import candidate_pairs  # noqa: E402
from mfkit.pixels.perceptual_hash import HASH_SIDE, fingerprint, without_border  # noqa: E402
from mfkit.pixels.picture_distance import SAME, distances  # noqa: E402
from mfkit.pixels.picture_draft import DRAFT_SIDE  # noqa: E402

PRECISION = 0.99


def encoded(image: Image.Image, format_: str = "JPEG", **options: Any) -> Image.Image:
    """Return an image as it is after it was written and read."""
    data = io.BytesIO()
    image.save(data, format_, **options)
    return Image.open(data).convert("RGB")


def resized(image: Image.Image, share: float) -> Image.Image:
    """Return an image of another size, as JPEG."""
    size = (max(8, round(image.width * share)), max(8, round(image.height * share)))
    return encoded(image.resize(size, Image.Resampling.LANCZOS), quality=85)


def messenger(image: Image.Image) -> Image.Image:
    """Return an image as it is after it was sent twice."""
    first = image.copy()
    first.thumbnail((1600, 1600))
    second = encoded(first, quality=70)
    second.thumbnail((1280, 1280))
    return encoded(second, quality=60)


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Return an image without shares of its size at the edges, as JPEG."""
    width, height = image.size
    box = (round(width * left), round(height * top), round(width * (1 - right)), round(height * (1 - bottom)))
    return encoded(image.crop(box), quality=85)


def framed(image: Image.Image, color: Any) -> Image.Image:
    """Return an image with a border, as JPEG."""
    return encoded(ImageOps.expand(image, round(max(image.size) * 0.04), color), quality=85)


def turned(image: Image.Image) -> Image.Image:
    """Return an image whose pixels are turned, and which EXIF turns back."""
    exif = Image.Exif()
    exif[0x0112] = 8
    data = io.BytesIO()
    image.transpose(Image.Transpose.ROTATE_270).save(data, "JPEG", quality=85, exif=exif)
    return ImageOps.exif_transpose(Image.open(data)).convert("RGB")


VERSIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    **{f"JPEG quality {quality}": partial(encoded, quality=quality) for quality in (30, 60, 90)},
    **{f"{share:.0%} of the size": partial(resized, share=share) for share in (0.25, 0.5, 0.9)},
    "WebP": lambda image: encoded(image, "WEBP", quality=60),
    "AVIF": lambda image: encoded(image, "AVIF", quality=50, speed=9),
    "EXIF rotation": turned,
    "10 % brighter": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.1), quality=85),
    "10 % darker": lambda image: encoded(ImageEnhance.Brightness(image).enhance(0.9), quality=85),
    "10 % more contrast": lambda image: encoded(ImageEnhance.Contrast(image).enhance(1.1), quality=85),
    "10 % less contrast": lambda image: encoded(ImageEnhance.Contrast(image).enhance(0.9), quality=85),
    "messenger, twice": messenger,
    "crop 3 % in all": lambda image: cropped(image, 0.015, 0.015, 0.015, 0.015),
    "crop 3 % at two edges": lambda image: cropped(image, 0.03, 0, 0, 0.03),
    "crop 3 % at each edge": lambda image: cropped(image, 0.03, 0.03, 0.03, 0.03),
    "white border 4 %": lambda image: framed(image, "white"),
    "black border 4 %": lambda image: framed(image, "black"),
}  # fmt: skip


def photos(folder: Path, number: int, leave_out: list[str]) -> Iterator[Image.Image]:
    """Yield real photos, and then drawn landscapes."""
    count = 0
    for path in sorted(folder.rglob("*")):
        if count >= number or any(text in str(path) for text in leave_out) or not path.is_file():
            continue
        try:
            image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        except Exception:  # whatever is not an image
            continue
        if max(image.size) < 300 or min(image.size) < 200:
            continue
        image.thumbnail((1600, 1600))
        if not fingerprint(_draft(image)).is_flat:
            yield image
            count += 1
    print(f"{count} real photos of {folder}, {number - count} landscapes")
    for place in range(number - count):
        rng = random.Random(place)
        kind, light = list(SCENES)[place % len(SCENES)], rng.choice(list(LIGHTS))
        yield add_noise(landscape(kind, light, (1024, 768), rng), rng)


def _draft(image: Image.Image) -> Image.Image:
    small = image.copy()
    small.thumbnail((DRAFT_SIDE, DRAFT_SIDE), Image.Resampling.BOX)
    small.thumbnail((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
    return small


class Pictures:
    """Fingerprints of the photos or of their versions of one kind."""

    def __init__(self) -> None:
        self.owner: list[int] = []
        self.prints: list[Any] = []
        self.theirs: list[tuple[int, int]] = []

    def add(self, owner: int, image: Image.Image) -> None:
        """Add a photo, with the hashes of the other package if it is installed."""
        small = _draft(image)
        for one in (small, without_border(small)):
            if one is not None:
                self.owner.append(owner)
                self.prints.append(fingerprint(one))
        try:
            import imagehash
        except ImportError:
            return
        self.theirs.append((int(str(imagehash.phash(image)), 16), int(str(imagehash.dhash(image)), 16)))


def found_by_mfkit(base: Pictures, other: Pictures) -> set[tuple[int, int]]:
    """Return pairs of a photo and a version, by number."""
    prints = [*base.prints, *other.prints]
    owner = np.array([*base.owner, *(-1 - one for one in other.owner)])
    difference, dct = (
        np.array([getattr(one, name) for one in prints], np.int64).view(np.uint64)
        for name in ("difference_hash", "dct_hash")
    )
    pairs = candidate_pairs(difference, dct)
    mixed = (owner[pairs.first] >= 0) & (owner[pairs.second] < 0)
    first, second = pairs.first[mixed], pairs.second[mixed]
    miniatures = np.stack([np.frombuffer(one.miniature, np.uint8) for one in prints])
    near = distances(miniatures[first], miniatures[second]) <= SAME
    return set(zip(owner[first[near]].tolist(), (-1 - owner[second[near]]).tolist(), strict=True))


def found_by_hash(base: Pictures, other: Pictures, which: int, limit: int) -> set[tuple[int, int]]:
    """Return pairs whose hashes of the other package differ in few bits."""
    ones, others = (np.array([one[which] for one in side.theirs], np.uint64) for side in (base, other))
    return set(
        zip(
            *(part.tolist() for part in np.nonzero(np.bitwise_count(ones[:, None] ^ others) <= limit)),
            strict=True,
        )
    )


def scored(found: dict[str, set[tuple[int, int]]], number: int) -> tuple[dict[str, float], float]:
    """Return the recall of each version, and the precision of all."""
    right = {name: sum(one == other for one, other in pairs) for name, pairs in found.items()}
    every = sum(map(len, found.values()))
    return {name: count / number for name, count in right.items()}, sum(right.values()) / max(1, every)


def similarity(folder: Path, number: int, leave_out: list[str]) -> None:
    """Print the table of recall and precision."""
    base = Pictures()
    sides = {name: Pictures() for name in VERSIONS}
    for place, image in enumerate(photos(folder, number, leave_out)):
        base.add(place, image)
        for name, version in VERSIONS.items():
            sides[name].add(place, version(image))
    columns = {"mfkit": scored({name: found_by_mfkit(base, side) for name, side in sides.items()}, number)}
    for which, title in enumerate(("pHash", "dHash")):
        if not base.theirs:
            print("ImageHash is not installed, so mfkit is not compared with it.")
            break
        tries = {
            limit: scored(
                {name: found_by_hash(base, side, which, limit) for name, side in sides.items()}, number
            )
            for limit in range(24)
        }
        precise = {limit: one for limit, one in tries.items() if one[1] >= PRECISION} or tries
        best = max(precise, key=lambda limit: sum(precise[limit][0].values()))
        columns[f"{title} <= {best}"] = tries[best]
    print(f"{'recall':<24}" + "".join(f"{title:>14}" for title in columns))
    for name in VERSIONS:
        print(f"{name:<24}" + "".join(f"{recall[name]:>14.3f}" for recall, _ in columns.values()))
    print(f"{'precision of all':<24}" + "".join(f"{precision:>14.4f}" for _, precision in columns.values()))


def inspecting(number: int) -> None:
    """Print how many JPEG photos of 12 megapixels are inspected in a second."""
    import mfkit

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
            started = time.monotonic()
            report = lib.inspect()
            seconds = time.monotonic() - started
        print(
            f"{report.inspected} JPEG photos of 12 megapixels ({size / 1e6:.1f} MB): "
            f"{number / seconds:.0f} files/s"
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
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{number:,} pictures: candidates in {seconds:.1f} s, {found / copies:.3f} of the copies with up to "
        f"5 different bits, {len(pairs.first) - found:,} others, peak {peak:.2f} GB"
    )


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=int, nargs="?", default=400)
    parser.add_argument("hashes", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--leave-out", action="append", default=[])
    parser.add_argument("--jpegs", type=int, default=200)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    grouping(options.hashes)
    inspecting(options.jpegs)
    similarity(options.folder, options.photos, options.leave_out)


if __name__ == "__main__":
    main()
