"""Distances of pictures: versions of one picture are near, different pictures are far."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from mfkit.demo.demo_images import landscape
from mfkit.pixels.perceptual_hash import fingerprint, without_border
from mfkit.pixels.picture_distance import SAME, distances
from tests.unit.pixels.scenes import cropped, encoded, resized, scene, versions


def miniatures(image: Image.Image) -> list[np.ndarray]:
    """Return the miniatures of an image, and of the image without its border if it has one."""
    small = image.copy()
    small.thumbnail((256, 256), Image.Resampling.BOX)
    parts = [one for one in (small, without_border(small)) if one is not None]
    return [np.frombuffer(fingerprint(one).miniature, np.uint8) for one in parts]


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the smallest distance of the parts of two images, which is the same in both directions."""
    ones, others = miniatures(one), miniatures(other)
    first, second = np.divmod(np.arange(len(ones) * len(others)), len(others))
    second += len(ones)
    all_ = np.stack(ones + others)
    there, back = distances(all_, first, second, 2), distances(all_, second, first, 2)
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


@pytest.mark.parametrize("edge", range(4))
def test_a_picture_cropped_at_one_edge_is_aligned(edge: int) -> None:
    """A picture without 6 % at any of its edges is near the whole picture."""
    image = scene(7)
    box = [0, 0, *image.size]
    box[edge] += (-1 if edge > 1 else 1) * round(image.size[edge % 2] * 0.06)
    assert distance(image, image.crop(box)) < SAME / 2


@pytest.mark.parametrize("seed", [0, 3, 6])
def test_a_cropped_drawing_of_thin_lines_is_aligned(seed: int) -> None:
    """Lines that are thinner than a miniature's pixels do not keep a cropped version apart."""
    rng = random.Random(seed)
    image = Image.new("RGB", (800, 600), "white")
    for _ in range(14):
        x, y, radius = rng.uniform(80, 720), rng.uniform(60, 540), rng.uniform(30, 180)
        ImageDraw.Draw(image).circle((x, y), radius, outline="black", width=5)
    assert distance(image, cropped(image, 0.03)) < SAME


def form(seed: int) -> Image.Image:
    """Draw a screen with switches at the right, which is the same for each seed, and other lines of text."""
    rng = random.Random(seed)
    image = Image.new("RGB", (800, 600), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 800, 40), (60, 90, 200))
    for y in range(70, 580, 48):
        draw.rectangle((30, y, 30 + rng.randint(60, 300), y + 10), (60, 60, 60))
        draw.rectangle((700, y, 750, y + 24), (60, 90, 200))
    return image


@pytest.mark.parametrize("seed", [1, 4, 6])
def test_images_of_the_same_form_are_apart_but_frames_of_videos_are_not(seed: int) -> None:
    """Two screens are too far apart for the same frame, and no window explains the difference."""
    both = np.stack([miniatures(form(number))[0] for number in (seed, seed + 1)])
    first, second = np.array([0]), np.array([1])
    assert distances(both, first, second, 2) > SAME
    assert distances(both, first, second, 2, is_video=True) < SAME
    assert distance(form(seed), resized(form(seed), 0.25)) < SAME / 2


def test_the_limit_does_not_change_smaller_distances() -> None:
    """Distances up to the limit are those without a limit, and the others are above it."""
    all_ = np.stack([miniatures(one)[0] for one in (scene(0), *versions(scene(0)).values(), scene(1))])
    first, second = np.triu_indices(len(all_), 1)
    exact = distances(all_, first, second, 2)
    for limit in (0.0, 0.05, 0.3):
        limited = distances(all_, first, second, limit)
        near = exact <= limit
        assert limited[near] == pytest.approx(exact[near], abs=1e-6)
        assert (limited[~near] > limit).all()


def test_different_pictures_are_far() -> None:
    """No two of twelve landscapes are near."""
    all_ = np.stack([miniatures(scene(number))[0] for number in range(12)])
    first, second = np.triu_indices(12, 1)
    assert distances(all_, first, second).min() > SAME


@pytest.mark.parametrize("seed", range(3))
def test_different_night_scenes_under_one_moon_are_far(seed: int) -> None:
    """A moon at the same place, whose contrast exceeds all others, does not make two pictures similar."""
    rng = random.Random(seed)
    moon = rng.uniform(0.2, 0.8) * 480
    scenes = []
    for name in ("city", "mountains", "coast"):
        image = landscape(name, "night", (480, 360), rng)
        dark = image.crop((0, 120, 480, 360)).resize((480, 360))
        ImageDraw.Draw(dark).circle((moon, 60), 18, (255, 246, 214))
        scenes.append(dark)
    for one, other in combinations(scenes, 2):
        assert distance(one, other) > 1.5 * SAME
    for image in scenes:
        assert distance(image, encoded(resized(image, 0.3), quality=40)) < SAME


def test_another_colour_is_far() -> None:
    """A picture in other colours of the same luminance is not a version of it."""
    image = scene(3).convert("YCbCr")
    luminance, blue, red = image.split()
    other = Image.merge("YCbCr", (luminance, ImageOps.invert(blue), ImageOps.invert(red))).convert("RGB")
    assert distance(image.convert("RGB"), other) > SAME


def test_small_differences_of_luminance_and_colour_add_up() -> None:
    """Pictures that differ moderately in both are apart, although each difference alone is small enough."""
    plain = miniatures(scene(3))[0]
    noise = np.random.default_rng(1).normal(0, 3, 1024)
    other_light, other_colour, other_both = (plain.copy() for _ in range(3))
    for each in (other_light, other_both):
        each[:1024] = np.clip(plain[:1024] + noise, 0, 255).astype(np.uint8)
    for each in (other_colour, other_both):
        each[1024:] += 6
    all_ = np.stack((plain, other_light, other_colour, other_both))
    first, second = np.array([0, 0, 0]), np.array([1, 2, 3])
    light, colour, both = distances(all_, first, second, 2)
    assert SAME / 2 < light < SAME and SAME / 2 < colour < SAME
    assert both == pytest.approx(np.hypot(light, colour), abs=1e-5) and both > SAME
    light, colour, both = distances(all_, first, second, 2, is_video=True)
    assert both == pytest.approx(max(light, colour), abs=1e-5)


def test_no_pairs_have_no_distances() -> None:
    """Nothing to compare gives an empty array."""
    none = np.empty(0, np.int64)
    assert distances(np.empty((0, 1152), np.uint8), none, none).shape == (0,)
