"""Skies: the light of a picture, from which every other colour in it is mixed."""

import math
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Light:
    """The colours of one time of day.

    Attributes:
        top: The sky overhead.
        middle: The sky half way down.
        low: The sky at the horizon, which also veils what is far away.
        sun: The disc of the sun or moon and its glow.
        shade: What land in the foreground is darkened towards.
        height: Where the disc stands: 0 at the upper edge, 1 at the lower.
        radius: The disc as a share of the picture's width.
        stars: How many stars to strew.
        daylight: How bright the day is, 1 at noon and 0 at night.
        exposure: Exposure value at ISO 100, for believable camera settings.
    """

    top: Color
    middle: Color
    low: Color
    sun: Color
    shade: Color
    height: float
    radius: float
    stars: int
    daylight: float
    exposure: float


LIGHTS: dict[str, Light] = {
    "dawn": Light((66, 92, 150), (200, 152, 176), (255, 214, 170), (255, 240, 205), (46, 44, 78),
                  0.50, 0.030, 0, 0.55, 10.5),
    "noon": Light((38, 108, 190), (112, 176, 228), (214, 234, 242), (255, 255, 244), (22, 58, 66),
                  0.14, 0.020, 0, 1.00, 14.5),
    "gold": Light((74, 124, 176), (236, 190, 128), (255, 222, 150), (255, 248, 210), (74, 50, 44),
                  0.44, 0.032, 0, 0.80, 12.5),
    "dusk": Light((36, 28, 84), (170, 62, 110), (255, 142, 84), (255, 214, 140), (26, 20, 50),
                  0.54, 0.042, 20, 0.30, 8.5),
    "mist": Light((150, 172, 186), (196, 208, 212), (232, 234, 228), (250, 248, 236), (58, 78, 84),
                  0.30, 0.026, 0, 0.70, 12.0),
    "night": Light((6, 10, 34), (18, 34, 78), (58, 82, 124), (236, 238, 226), (6, 10, 24),
                   0.22, 0.024, 220, 0.05, 3.5),
}


def mix(first: Color, second: Color, share: float) -> Color:
    """The colour that lies `share` (0 to 1) of the way from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def gradient(size: tuple[int, int], *stops: Color) -> Image.Image:
    """A vertical gradient through evenly spaced colours."""
    width, height = size
    rows = np.linspace(0.0, 1.0, height)
    places = np.linspace(0.0, 1.0, len(stops))
    column = np.stack([np.interp(rows, places, [stop[band] for stop in stops]) for band in range(3)], axis=1)
    single = Image.fromarray(np.rint(column).astype(np.uint8)[:, None, :])
    return single.resize((width, height), Image.Resampling.NEAREST)


def paint_sky(size: tuple[int, int], light: Light, dice: random.Random) -> tuple[Image.Image, float]:
    """Draws the sky.

    Args:
        size: Width and height in pixels.
        light: The time of day.
        dice: The source of chance.

    Returns:
        The picture, and where the sun stands from left (0) to right (1).
    """
    width, height = size
    picture = gradient(size, light.top, light.middle, light.low, light.low)
    draw = ImageDraw.Draw(picture)
    for _ in range(light.stars):
        x, y = dice.random() * width, dice.random() ** 1.6 * height * 0.6
        draw.point((x, y), mix(light.top, (255, 255, 255), dice.uniform(0.3, 1.0)))
    sun = dice.choice((dice.uniform(0.16, 0.4), dice.uniform(0.6, 0.84)))
    _glow(picture, light, sun)
    _clouds(picture, light, dice)
    return picture, sun


def _glow(picture: Image.Image, light: Light, sun: float) -> None:
    """Adds the disc and the light around it, worked out small because it has no detail."""
    width, height = picture.size
    small = (160, max(1, 160 * height // width))
    x = np.arange(small[0])[None, :] / small[0] - sun
    y = (np.arange(small[1])[:, None] / small[1] - light.height) * height / width
    distance = np.sqrt(x * x + y * y)
    strength = 0.75 * np.exp(-distance / 0.07) + 0.35 * np.exp(-distance / 0.28) * light.daylight
    veil = Image.fromarray(np.rint(255 * np.clip(strength, 0, 1)).astype(np.uint8))
    picture.paste(light.sun, (0, 0), veil.resize(picture.size, Image.Resampling.BILINEAR))
    radius = light.radius * width
    side = math.ceil(radius) * 2 + 4
    disc = Image.new("L", (side * 4, side * 4))
    ImageDraw.Draw(disc).circle((side * 2, side * 2), radius * 4, 255)
    corner = (round(sun * width) - side // 2, round(light.height * height) - side // 2)
    picture.paste(light.sun, corner, disc.reduce(4))


def _clouds(picture: Image.Image, light: Light, dice: random.Random) -> None:
    """Lays a few flat-bottomed banks of cloud over the sky."""
    width, height = picture.size
    veil = Image.new("L", (width // 2, height // 2))
    draw = ImageDraw.Draw(veil)
    for _ in range(dice.randint(2, 6)):
        middle, base = dice.random() * width / 2, dice.uniform(0.08, 0.42) * height / 2
        spread, rise = dice.uniform(0.06, 0.2) * width / 2, dice.uniform(0.015, 0.05) * height / 2
        for _ in range(dice.randint(6, 12)):
            offset = dice.gauss(0, 0.45)
            lift = rise * max(0.25, 1 - abs(offset)) * dice.uniform(0.6, 1.3)
            half = spread * dice.uniform(0.12, 0.34)
            x = middle + offset * spread
            draw.ellipse((x - half, base - lift * 1.6, x + half, base + lift * 0.5), dice.randint(90, 190))
    veil = veil.filter(ImageFilter.GaussianBlur(width / 260)).resize(picture.size, Image.Resampling.BILINEAR)
    color = mix(light.low, (255, 255, 255), 0.75 * light.daylight)
    picture.paste(color, (0, 0), veil.point(lambda value: value * (0.4 + 0.45 * light.daylight)))
