"""Fingerprints: exact bits of simple pictures, flat pictures, borders, and stability of versions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from mfkit.pixels.perceptual_hash import MINIATURE_BYTES, fingerprint, without_border
from tests.unit.pixels.scenes import encoded, resized, scene


def ramp(left: int, right: int) -> Image.Image:
    """Return a picture whose luminance changes evenly from left to right."""
    row = np.linspace(left, right, 90).round().astype(np.uint8)
    return Image.fromarray(np.tile(row, (80, 1))).convert("RGB")


def bits(one: int, other: int) -> int:
    """Return the number of bits in which two signed numbers differ."""
    return ((one ^ other) & (2**64 - 1)).bit_count()


def draft(image: Image.Image) -> Image.Image:
    """Return an image as the hashes are computed of it."""
    small = image.copy()
    small.thumbnail((256, 256), Image.Resampling.BOX)
    return small


def test_the_difference_hash_has_a_bit_for_each_brighter_neighbour() -> None:
    """All 64 bits are set if every pixel is darker than the one to its right, and none otherwise."""
    assert fingerprint(ramp(0, 255)).difference_hash == -1
    assert fingerprint(ramp(255, 0)).difference_hash == 0


def test_the_dct_hash_of_the_inverted_picture_has_the_other_bits() -> None:
    """The 64 frequencies change their signs, so those above the median are then below it."""
    image = draft(scene(3))
    # Reducing the picture rounds, which can change frequencies next to the median.
    assert bits(fingerprint(image).dct_hash, fingerprint(ImageOps.invert(image)).dct_hash) >= 62


def test_a_miniature_has_luminance_and_colour() -> None:
    """Red has luminance 76, Cb 85 and Cr 255 (ITU-T T.871)."""
    miniature = fingerprint(Image.new("RGB", (64, 48), (255, 0, 0))).miniature
    assert len(miniature) == MINIATURE_BYTES == 1152
    assert set(miniature[:1024]) == {76}
    assert set(miniature[1024:1088]) <= {84, 85}  # 84.97, which Pillow rounds down
    assert set(miniature[1088:]) == {255}


@pytest.mark.parametrize("number", range(6))
def test_a_copy_has_nearly_the_same_hashes(number: int) -> None:
    """Recompressed at quality 40 and half the size, at most 6 bits of the better hash differ."""
    original = fingerprint(draft(scene(number)))
    copy = fingerprint(draft(encoded(resized(scene(number), 0.5), quality=40)))
    assert (
        min(bits(original.difference_hash, copy.difference_hash), bits(original.dct_hash, copy.dct_hash)) <= 6
    )


def test_pages_that_are_blank_or_nearly_so_are_flat() -> None:
    """One colour, a blank page with a speck, and a faint gradient are flat; a landscape is not."""
    page = Image.new("RGB", (256, 200), "white")
    assert fingerprint(page).is_flat
    ImageDraw.Draw(page).rectangle((100, 100, 116, 104), "black")
    assert fingerprint(page).is_flat
    assert fingerprint(ramp(240, 250)).is_flat
    assert not fingerprint(ramp(100, 160)).is_flat
    assert not fingerprint(draft(scene(1))).is_flat


@pytest.mark.parametrize("color", ["white", "black", (120, 90, 60)])
def test_a_border_is_removed(color: str | tuple[int, int, int]) -> None:
    """The picture inside a border of 8 pixels is found, up to the pixel in which both mix."""
    image = draft(scene(2))
    inner = without_border(ImageOps.expand(image, 8, color))
    assert inner is not None
    assert all(0 <= whole - part <= 4 for whole, part in zip(image.size, inner.size, strict=True))


def test_letterbox_bars_are_removed_and_an_even_sky_is_not() -> None:
    """Bars at opposite edges are a border. A bar at one edge, and bars of two colours, are not."""
    image = draft(scene(2))
    width, height = image.size

    def with_edges(top: str, bottom: str) -> Image.Image:
        page = Image.new("RGB", (width, height + 24), top)
        page.paste(bottom, (0, height, width, height + 24))
        page.paste(image, (0, 12))
        return page

    inner = without_border(with_edges("black", "black"))
    assert inner is not None and inner.width == width and 0 <= height - inner.height <= 4
    assert without_border(with_edges("black", "navy")) is None
    assert without_border(with_edges("black", "black").crop((0, 0, width, height + 12))) is None
    wide_top = ImageOps.expand(with_edges("black", "black"), (0, 10, 0, 0), "black")
    inner = without_border(wide_top)
    # Only as much as the narrower bar is removed from both edges.
    assert inner is not None and abs(inner.height - (height + 10)) <= 4


def test_a_picture_without_border_has_no_inner_picture() -> None:
    """Noise at the edges is not a border; a picture of one colour loses at most a fifth at each edge."""
    noise = np.random.default_rng(1).integers(0, 255, (100, 120, 3), dtype=np.uint8)
    assert without_border(Image.fromarray(noise)) is None
    inner = without_border(Image.new("RGB", (100, 50), "white"))
    assert inner is not None and inner.size == (60, 30)


def test_tiny_pictures_have_a_fingerprint() -> None:
    """One pixel is enough."""
    assert fingerprint(Image.new("RGB", (1, 1), "white")).is_flat
