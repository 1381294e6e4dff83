"""Measures of sharpness, exposure and information of pictures whose values can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mfkit.pixels.quality_measures import HIGHLIGHT, SHADOW, measure_quality
from tests.unit.pixels.scenes import scene


def grey(pixels: object) -> Image.Image:
    """Return a picture with the given luminance."""
    return Image.fromarray(np.array(pixels, np.uint8)).convert("RGB")


@pytest.mark.parametrize("number", range(4))
def test_blur_lowers_the_sharpness(number: int) -> None:
    """A stronger blur of the same scene has a lower sharpness, down to nearly 0."""
    picture = scene(number, (480, 360))
    found = [
        measure_quality(picture.filter(ImageFilter.GaussianBlur(radius))).sharpness or 0
        for radius in (0, 1, 2, 4)
    ]
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[0] / 20


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    """Of the 3 x 4 pixels, two have all four neighbours: the Laplacian is 4 x 10 - 4 x 50 and -50."""
    assert measure_quality(
        grey([[10, 10, 10, 10], [10, 50, 10, 10], [10, 10, 10, 10]])
    ).sharpness == pytest.approx(((4 * 10 - 4 * 50) - (50 + 30 - 40)) ** 2 / 4)


@pytest.mark.parametrize("size", [(2, 300), (300, 2), (1, 1)])
def test_a_tiny_picture_has_no_sharpness(size: tuple[int, int]) -> None:
    """No pixel of a picture less than 3 pixels wide or high has all neighbours."""
    found = measure_quality(Image.new("RGB", size, "white"))
    assert found.sharpness is None and found.clipped_highlights == 1


def test_clipped_pixels() -> None:
    """Pixels up to luminance 3 are clipped shadows, from 252 clipped highlights, and neither in between."""
    assert (SHADOW, HIGHLIGHT) == (3, 252)
    found = measure_quality(grey([[0, 3, 4, 251, 252, 255, 128, 128, 128, 128]] * 3))
    assert found.clipped_shadows == pytest.approx(0.2)
    assert found.clipped_highlights == pytest.approx(0.2)
    assert found.mean_luminance == pytest.approx((0 + 3 + 4 + 251 + 252 + 255 + 4 * 128) / 10)


@pytest.mark.parametrize(("levels", "bits"), [(1, 0), (2, 1), (16, 4), (256, 8)])
def test_entropy(levels: int, bits: int) -> None:
    """An even distribution over 2^n luminances has n bits."""
    found = measure_quality(grey([list(range(0, 256, 256 // levels))] * 3))
    assert found.entropy == pytest.approx(bits)


def test_luminance_weights_colours_as_people_see_them() -> None:
    """Green is bright and blue is dark (ITU-T T.871: 0.587 and 0.114)."""
    assert measure_quality(Image.new("RGB", (9, 9), (0, 255, 0))).mean_luminance == pytest.approx(150, abs=1)
    assert measure_quality(Image.new("RGB", (9, 9), (0, 0, 255))).mean_luminance == pytest.approx(29, abs=1)
