"""Distances of pictures: versions of one picture are near, different pictures are far."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from mfkit.pixels.perceptual_hash import fingerprint, without_border
from mfkit.pixels.picture_distance import SAME, distances
from tests.unit.pixels.scenes import cropped, scene, versions


def miniatures(image: Image.Image) -> list[np.ndarray]:
    """Return the miniatures of an image, and of the image without its border if it has one."""
    small = image.copy()
    small.thumbnail((256, 256), Image.Resampling.BOX)
    parts = [one for one in (small, without_border(small)) if one is not None]
    return [np.frombuffer(fingerprint(one).miniature, np.uint8) for one in parts]


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the smallest distance of the parts of two images, which is the same in both directions."""
    pairs = [(first, second) for first in miniatures(one) for second in miniatures(other)]
    ones, others = (np.stack(side) for side in zip(*pairs, strict=True))
    there, back = distances(ones, others), distances(others, ones)
    assert there == pytest.approx(back, abs=1e-5)
    return float(there.min())


def test_equal_pictures_have_no_distance() -> None:
    """A picture is at distance 0 from itself, and an inverted one far away."""
    image = scene(1)
    assert distance(image, image) == pytest.approx(0, abs=1e-5)
    assert distance(image, ImageOps.invert(image)) > 1


@pytest.mark.parametrize("name", versions(scene(0)))
def test_versions_of_a_picture_are_near(name: str) -> None:
    """Every version is nearer than the threshold."""
    for number in (0, 4, 8):
        assert distance(scene(number), versions(scene(number))[name]) < SAME


def test_a_cropped_picture_is_aligned() -> None:
    """Without 3 % at each edge it is near, although its pixels are elsewhere; without 15 % it is not."""
    image = scene(7)
    assert distance(image, cropped(image, 0.03)) < SAME
    assert distance(image, cropped(image, 0.15)) > SAME


def test_different_pictures_are_far() -> None:
    """No two of twelve landscapes are near."""
    all_ = np.stack([miniatures(scene(number))[0] for number in range(12)])
    first, second = np.triu_indices(12, 1)
    assert distances(all_[first], all_[second]).min() > SAME


def test_another_colour_is_far() -> None:
    """A picture in other colours of the same luminance is not a version of it."""
    image = scene(3).convert("YCbCr")
    luminance, blue, red = image.split()
    other = Image.merge("YCbCr", (luminance, ImageOps.invert(blue), ImageOps.invert(red))).convert("RGB")
    assert distance(image.convert("RGB"), other) > SAME


def test_no_pairs_have_no_distances() -> None:
    """Nothing to compare gives an empty array."""
    empty = np.empty((0, 1152), np.uint8)
    assert distances(empty, empty).shape == (0,)
