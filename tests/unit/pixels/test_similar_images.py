"""Inspection and similar images of real files, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from mfkit import MediaLibrary
from mfkit.errors import FilterError, MfkitError, ReadOnlyLibraryError
from mfkit.pixels.inspection import InspectionReport
from mfkit.pixels.perceptual_hash import LUMINANCE_SIDE, MINIATURE_BYTES
from mfkit.pixels.similar_images import MiniaturePairs
from tests.unit.pixels.scenes import cropped, resized, scene, versions

COLUMNS = {
    "group": "Int64",
    "id": "str",
    "file_path": "str",
    "distance": "float64",
    "width": "Int64",
    "height": "Int64",
    "file_size": "Int64",
    "paths": "Int64",
    "has_original_metadata": "boolean",
    "keep": "boolean",
    "reason": "str",
    "reclaimable_bytes": "Int64",
}


def names(frame: Any) -> list[list[str]]:
    """Return the file names of each group."""
    return [sorted(Path(path).name for path in one["file_path"]) for _, one in frame.groupby("group")]


def counts(report: InspectionReport) -> tuple[int, int, int, int]:
    """Return the numbers of a report."""
    return report.inspected, report.failed, report.changed, report.left


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three landscapes, two of which have versions; two blank pages; and a broken file."""
    folder = tmp_path_factory.mktemp("drawn")
    for number in range(3):
        exif = Image.Exif()
        exif[0x010F], exif[0x0110], exif[0x0132] = "Canon", "EOS R5", "2024:05:17 12:30:15"
        scene(number).save(folder / f"{number}.jpg", quality=92, exif=exif)
    for name, version in versions(scene(0)).items():
        if "border" not in name:
            version.save(folder / f"0 {name}.webp", quality=80)
    resized(scene(1), 0.5).save(folder / "1 small.webp")
    for width in (800, 801):
        Image.new("RGB", (width, 600), "white").save(folder / f"blank {width}.png")
    (folder / "broken.jpg").write_bytes((folder / "2.jpg").read_bytes()[:1000])
    return folder


@pytest.fixture
def photos(tmp_path: Path, drawn: Path) -> Path:
    """Copies of the drawn pictures, which a test can change."""
    return shutil.copytree(drawn, tmp_path / "photos")


def test_versions_are_grouped(library: MediaLibrary, photos: Path) -> None:
    """The versions of each picture form a group; other pictures, blank and broken ones are in none."""
    library.scan(photos)
    report = library.inspect()
    assert counts(report) == (14 - 1, 1, 0, 0)
    found = library.similar()
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == COLUMNS
    assert found.attrs["units"] == {
        "width": "px",
        "height": "px",
        "file_size": "byte",
        "reclaimable_bytes": "byte",
    }
    assert names(found) == [
        sorted(["0.jpg", *(f"0 {name}.webp" for name in versions(scene(0)) if "border" not in name)]),
        ["1 small.webp", "1.jpg"],
    ]
    first = found[found["group"] == 1]
    best = first.iloc[0]
    assert best["file_path"].endswith("0.jpg") and best["keep"] and best["distance"] == 0
    assert (best["width"], best["height"], best["has_original_metadata"]) == (800, 600, True)
    assert (best["reason"], best["reclaimable_bytes"]) == ("original metadata", 0)
    others = first.iloc[1:]
    assert not others["keep"].any() and (others["reclaimable_bytes"] == others["file_size"]).all()
    assert (others["distance"] > 0).all() and (others["distance"] <= 0.3).all()
    assert set(others["reason"]) == {"no original metadata", "fewer pixels"}
    assert first["reclaimable_bytes"].sum() >= found[found["group"] == 2]["reclaimable_bytes"].sum()


def test_pictures_with_equal_borders_are_grouped_by_what_is_inside(sqlite_path: Path, tmp_path: Path) -> None:
    """A framed picture is a version of the picture inside, and not of other pictures with such a frame."""
    folder = tmp_path / "photos"
    folder.mkdir()
    numbers = (35, 36, 37, 39, 40, 41)  # night scenes, in which a white frame has the steepest gradients
    for number in numbers:
        image = scene(number, (400, 300))
        image.save(folder / f"{number}.jpg", quality=92)
        ImageOps.expand(image, 16, "white").save(folder / f"{number} framed.jpg", quality=85)
        resized(ImageOps.expand(image, 16, "white"), 0.5).save(folder / f"{number} small.jpg", quality=70)
    with MediaLibrary(sqlite_path) as library:
        library.scan(folder)
        library.inspect()
        found = sorted(names(library.similar()))
    assert found == sorted(
        [f"{number} framed.jpg", f"{number} small.jpg", f"{number}.jpg"] for number in numbers
    )


@pytest.mark.parametrize(
    ("whole_noise", "inner_noise", "is_similar"),
    [(1, 4, True), (1, 18, True), (10, 18, False), (1, 26, False), (24, 1, True)],
)
def test_margins_may_differ_a_little_if_whole_pages_are_equal(
    whole_noise: int, inner_noise: int, is_similar: bool
) -> None:
    """The insides of two pictures with borders are compared less strictly if the whole pictures are equal."""
    rng = np.random.default_rng(1)
    planes = rng.normal(128, 20, (2, MINIATURE_BYTES))
    planes[:, LUMINANCE_SIDE**2 :] = 128
    changes = rng.normal(0, 1, planes.shape) * [[whole_noise], [inner_noise]]
    changes[:, LUMINANCE_SIDE**2 :] = 0
    pixels = np.concatenate((planes, planes + changes))[[0, 2, 1, 3]].astype(np.uint8)
    pairs = MiniaturePairs(pixels, np.array([2, 3]), 0.3)
    assert (pairs.distance(np.array([0]), np.array([1])) <= 0.2).tolist() == [is_similar]


def test_the_filter_and_the_threshold_limit_the_groups(library: MediaLibrary, photos: Path) -> None:
    """Only items of the filter are compared, and no versions at a distance above the threshold are listed."""
    library.scan(photos)
    library.inspect()
    assert names(library.similar(extension="jpg")) == []
    assert {str(one) for one in library.similar(extension="jpg").dtypes} == set(COLUMNS.values())
    assert library.similar(threshold=0)["group"].nunique() == 0
    strict = library.similar(threshold=0.03)
    assert 0 < len(strict) < len(library.similar())
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(FilterError, match="threshold"):
            library.similar(threshold=wrong)
    with pytest.raises(FilterError, match="'audio' cannot be compared"):
        library.similar(kind="audio")  # type: ignore[arg-type]


def test_an_inspection_continues_and_is_kept_by_content(library: MediaLibrary, photos: Path) -> None:
    """A second call has nothing to do, not even after a move or a copy; a new file is inspected."""
    library.scan(photos)
    assert counts(library.inspect(budget=0)) == (0, 0, 0, 14)
    assert counts(library.inspect(extension="png")) == (2, 0, 0, 0)
    assert counts(library.inspect()) == (11, 1, 0, 0)
    before = library.similar()
    (photos / "moved").mkdir()
    (photos / "1.jpg").rename(photos / "moved" / "1.jpg")
    shutil.copy(photos / "2.jpg", photos / "moved" / "copy of 2.jpg")
    library.scan(photos)
    assert counts(library.inspect()) == (0, 0, 0, 0)
    assert len(library.similar()) == len(before)
    resized(scene(2), 0.6).save(photos / "2 small.jpg")
    library.scan(photos)
    assert counts(library.inspect()) == (1, 0, 0, 0)
    assert ["2 small.jpg", "2.jpg"] in names(library.similar())
    assert counts(library.inspect(again=True)) == (14, 1, 0, 0)


def test_a_file_that_changed_since_the_scan_is_not_inspected(library: MediaLibrary, photos: Path) -> None:
    """Its pixels are those of another content: it is reported, and inspected after the next scan."""
    library.scan(photos)
    scene(5).save(photos / "2.jpg")
    (photos / "1.jpg").unlink()
    assert counts(library.inspect(folder=photos)) == (11, 1, 2, 0)
    library.scan(photos)
    assert counts(library.inspect()) == (1, 0, 0, 0)


def test_wrong_steps_and_budgets_are_refused(library: MediaLibrary) -> None:
    """The message names what is possible."""
    with pytest.raises(MfkitError, match="'colour' is not an inspection step. Use one of similarity"):
        library.inspect(what=("colour",))
    with pytest.raises(MfkitError, match="No inspection step is given"):
        library.inspect(what=())
    with pytest.raises(MfkitError, match="'soon' is not a duration"):
        library.inspect(budget="soon")


def test_a_rotated_photo_is_upright(sqlite_path: Path, tmp_path: Path) -> None:
    """A photo whose pixels are turned and whose EXIF orientation turns them back is the same picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    image = scene(4)
    image.save(folder / "upright.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", exif=exif)
    cropped(image, 0.02).save(folder / "cropped.jpg")
    image.transpose(Image.Transpose.ROTATE_180).save(folder / "upside down.jpg")
    with MediaLibrary(sqlite_path) as library:
        library.scan(folder)
        library.inspect()
        assert names(library.similar()) == [["cropped.jpg", "turned.jpg", "upright.jpg"]]


def test_a_decompression_bomb_fails_alone(sqlite_path: Path, tmp_path: Path) -> None:
    """An image of 400 megapixels in a small file is an error, and the others are inspected."""
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    scene(1).save(folder / "good.jpg")
    with MediaLibrary(sqlite_path) as library:
        library.scan(folder)
        report = library.inspect()
    assert counts(report) == (1, 1, 0, 0)
    assert str(report).startswith("2 files inspected in ") and str(report).endswith("; 1 failed.")


def test_a_pipe_in_place_of_a_file_blocks_nothing(sqlite_path: Path, tmp_path: Path) -> None:
    """A file that was replaced by a pipe or a link since the scan is not opened."""
    folder = tmp_path / "photos"
    folder.mkdir()
    scene(1).save(folder / "pipe.jpg")
    scene(2).save(folder / "link.jpg")
    with MediaLibrary(sqlite_path) as library:
        library.scan(folder)
        (folder / "pipe.jpg").unlink()
        os.mkfifo(folder / "pipe.jpg")
        (folder / "link.jpg").rename(tmp_path / "elsewhere.jpg")
        (folder / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
        assert counts(library.inspect()) == (0, 0, 2, 0)


def test_a_read_only_library_is_not_written(sqlite_path: Path, photos: Path) -> None:
    """An inspection needs to write its results; similar pictures can be listed."""
    with MediaLibrary(sqlite_path) as library:
        library.scan(photos)
        library.inspect()
        expected = len(library.similar())
    with MediaLibrary(sqlite_path, read_only=True) as library:
        assert len(library.similar()) == expected > 0
        with pytest.raises(ReadOnlyLibraryError):
            library.inspect(again=True)
