"""Landscapes: real enough to be told apart as thumbnails, made from nothing but a seed."""

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops

from mfkit.demo.land import (
    far_to_near,
    paint_palm,
    paint_pines,
    paint_ridge,
    paint_snow,
    paint_water,
    ridge_line,
    scaled,
)
from mfkit.demo.sky import LIGHTS, Color, Light, mix, paint_sky
from mfkit.demo.town import paint_old_town, paint_towers

# Larger pictures are painted at this width and scaled up: the painting is what takes the time.
PAINTED_WIDTH = 1000

Painter = Callable[[Image.Image, Light, float, random.Random], None]


def landscape(scene: str, light: str, size: tuple[int, int], dice: random.Random, *,
              grain: bool = True) -> Image.Image:
    """Paints a landscape.

    Args:
        scene: A key of `SCENES`.
        light: A key of `mfkit.demo.sky.LIGHTS`.
        size: Width and height in pixels.
        dice: The source of chance: the same state gives the same picture.
        grain: Add the sensor noise of a photograph; lossless formats and moving pictures do without.

    Returns:
        An RGB picture of that size.
    """
    scale = min(1.0, PAINTED_WIDTH / max(size))
    painted = (round(size[0] * scale), round(size[1] * scale))
    picture, sun = paint_sky(painted, LIGHTS[light], dice)
    SCENES[scene](picture, LIGHTS[light], sun, dice)
    if painted != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if not grain:
        return picture
    return _with_noise(picture, dice, strength=2 + round(3 * (1 - LIGHTS[light].daylight)))


def _with_noise(picture: Image.Image, dice: random.Random, strength: int) -> Image.Image:
    """Adds grain, without which skies show steps and compress as no photograph does."""
    width, height = picture.size
    chance = np.random.default_rng(dice.getrandbits(64))
    tile = chance.integers(0, 2 * strength + 1, (256, 256), np.uint8)
    grain = Image.fromarray(np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width])
    return ImageChops.add(picture, grain.convert("RGB"), offset=-strength)


def _peaks(picture: Image.Image, light: Light, dice: random.Random, base: Color, tops: tuple[float, ...],
           deep: float, waves: float) -> None:
    """Jagged ridges from the first top (far) to the last (near), with snow on all but the last."""
    width, height = picture.size
    for step, (top, color) in enumerate(zip(tops, far_to_near(light, base, len(tops)), strict=True)):
        line = ridge_line(width, dice, waves=waves * (0.8 + 0.25 * step), detail=6, sharp=True)
        edge = scaled(line, top * height, (top + deep) * height)
        paint_ridge(picture, edge, color, mix(color, light.low, 0.35))
        if step < len(tops) - 1:
            paint_snow(picture, edge, light, dice, height * deep * 0.55)


def _hills(picture: Image.Image, light: Light, dice: random.Random, base: Color, tops: tuple[float, ...],
           deep: float, waves: float) -> None:
    """Rounded ridges from the first top (far) to the last (near)."""
    width, height = picture.size
    for step, (top, color) in enumerate(zip(tops, far_to_near(light, base, len(tops)), strict=True)):
        line = ridge_line(width, dice, waves=waves * (0.8 + 0.25 * step), detail=4)
        edge = scaled(line, top * height, (top + deep) * height)
        paint_ridge(picture, edge, color, mix(color, light.low, 0.35))


def _mountains(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    width, height = picture.size
    _peaks(picture, light, dice, (70, 84, 104), (0.22, 0.36), deep=0.30, waves=4)
    _hills(picture, light, dice, (64, 104, 66), (0.60, 0.72), deep=0.12, waves=3)
    meadow = scaled(ridge_line(width, dice, waves=2, detail=2), height * 0.86, height * 0.95)
    near = mix((46, 84, 52), light.shade, 0.7 - 0.5 * light.daylight)
    paint_pines(picture, meadow, mix(near, light.shade, 0.45), dice, height * 0.11)
    paint_ridge(picture, meadow, near, mix(near, light.shade, 0.5))


def _fjord(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    width, height = picture.size
    horizon = round(height * 0.62)
    _peaks(picture, light, dice, (60, 76, 92), (0.16, 0.30), deep=0.38, waves=3)
    paint_water(picture, horizon, light, sun, dice)
    shore = scaled(ridge_line(width, dice, waves=1.5, detail=4), height * 0.84, height * 1.06)
    paint_pines(picture, shore, mix((34, 62, 52), light.shade, 0.6), dice, height * 0.1)
    paint_ridge(picture, shore, mix((40, 66, 54), light.shade, 0.55), light.shade)


def _coast(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    width, height = picture.size
    horizon = round(height * 0.58)
    _hills(picture, light, dice, (86, 116, 110), (0.46, 0.52), deep=0.16, waves=2)
    paint_water(picture, horizon, light, sun, dice)
    slope = np.linspace(0.0, 1.0, width) ** 1.5
    if dice.random() < 0.5:
        slope = slope[::-1]
    dunes = ridge_line(width, dice, waves=3, detail=2)
    beach = scaled(0.75 * slope + 0.25 * dunes, height * 0.76, height)
    sand = mix((238, 214, 168), light.shade, 0.7 * (1 - light.daylight))
    paint_ridge(picture, beach - height * 0.012, mix(sand, (255, 255, 255), 0.6), sand)
    paint_ridge(picture, beach, sand, mix(sand, light.shade, 0.35))
    leaf = mix((30, 66, 44), light.shade, 0.75)
    for _ in range(dice.randint(1, 3)):
        share = dice.uniform(0.04, 0.24)
        x = width * (share if slope[0] > slope[-1] else 1 - share)
        tall = height * dice.uniform(0.4, 0.6)
        paint_palm(picture, (x, height * dice.uniform(0.92, 1.0)), tall, leaf, dice)


def _desert(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    width, height = picture.size
    _peaks(picture, light, dice, (168, 112, 88), (0.46,), deep=0.10, waves=5)
    for top in (0.52, 0.62, 0.74):
        line = ridge_line(width, dice, waves=1.6 + top, detail=2)
        edge = scaled(line, top * height, (top + 0.16) * height)
        sand = mix(mix((232, 166, 98), light.low, 0.7 - top * 0.8), light.shade, 0.75 * (1 - light.daylight))
        paint_ridge(picture, edge, mix(sand, (255, 240, 200), 0.35), sand)
        lee = edge + height * (0.02 + 0.14 * ridge_line(width, dice, waves=3, detail=2))
        paint_ridge(picture, lee, mix(sand, light.shade, 0.32), mix(sand, light.shade, 0.12))


def _forest(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    width, height = picture.size
    tops = (0.40, 0.50, 0.61, 0.74, 0.90)
    for top, color in zip(tops, far_to_near(light, (36, 72, 54), len(tops)), strict=True):
        edge = scaled(ridge_line(width, dice, waves=2.5, detail=3), top * height, (top + 0.12) * height)
        paint_pines(picture, edge, color, dice, height * (0.03 + 0.16 * (top - 0.35)))
        paint_ridge(picture, edge, color, mix(color, light.low, 0.45))


def _city(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    horizon = round(picture.height * 0.74)
    paint_towers(picture, horizon, light, dice)
    paint_water(picture, horizon, light, sun, dice)


def _old_town(picture: Image.Image, light: Light, sun: float, dice: random.Random) -> None:
    width, height = picture.size
    _hills(picture, light, dice, (110, 132, 120), (0.42,), deep=0.14, waves=2)
    if dice.random() < 0.6:
        horizon = round(height * 0.76)
        paint_old_town(picture, horizon, light, dice)
        paint_water(picture, horizon, light, sun, dice)
    else:
        paint_old_town(picture, height * 0.9, light, dice)
        street = mix((150, 140, 132), light.shade, 0.7 - 0.6 * light.daylight)
        paint_ridge(picture, np.full(width, height * 0.9), street, mix(street, light.shade, 0.4))


SCENES: dict[str, Painter] = {
    "mountains": _mountains,
    "fjord": _fjord,
    "coast": _coast,
    "desert": _desert,
    "forest": _forest,
    "city": _city,
    "old town": _old_town,
}
