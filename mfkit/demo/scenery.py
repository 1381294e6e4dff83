"""Random landscapes: a sky with the sun or moon behind a few silhouettes."""

import random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageOps

Array = npt.NDArray[np.float64]
Color = tuple[int, int, int]

# Every image is drawn with this width and then resized, which also smooths the edges.
DRAWN_WIDTH = 640


class Light(NamedTuple):
    """Colors of one time of day."""

    hour: int  # Local hour at which a photo with this light is taken
    exposure: float  # Exposure value at ISO 100
    daylight: float  # 1 at noon, 0 at night
    height: float  # Of the sun or moon: 0 at the upper edge, 1 at the lower
    top: Color  # The sky overhead
    low: Color  # The sky at the horizon, which also veils distant land
    sun: Color


LIGHTS = {
    "dawn": Light(6, 10.5, 0.55, 0.42, (84, 100, 160), (255, 204, 176), (255, 240, 205)),
    "mist": Light(9, 12.0, 0.70, 0.30, (150, 172, 186), (232, 234, 228), (250, 248, 236)),
    "noon": Light(13, 14.5, 1.00, 0.14, (38, 108, 190), (206, 230, 242), (255, 255, 244)),
    "gold": Light(18, 12.5, 0.80, 0.36, (84, 130, 180), (255, 210, 140), (255, 248, 210)),
    "dusk": Light(20, 8.5, 0.30, 0.46, (44, 32, 92), (255, 132, 90), (255, 214, 140)),
    "night": Light(22, 3.5, 0.05, 0.22, (6, 10, 34), (52, 76, 124), (236, 238, 226)),
}

# Silhouettes from far to near: outline, color, and highest and lowest point as shares of the image's height.
SCENES: dict[str, tuple[tuple[str, Color, float, float], ...]] = {
    "mountains": (
        ("peaks", (92, 112, 148), 0.2, 0.55),
        ("peaks", (62, 80, 100), 0.38, 0.7),
        ("hills", (92, 136, 72), 0.68, 0.82),
        ("trees", (34, 70, 44), 0.76, 0.98),
    ),
    "fjord": (
        ("peaks", (84, 108, 132), 0.14, 0.6),
        ("peaks", (52, 74, 82), 0.3, 0.7),
        ("water", (40, 80, 96), 0.64, 1),
    ),
    "coast": (
        ("hills", (92, 124, 116), 0.46, 0.62),
        ("water", (36, 110, 140), 0.58, 1),
        ("hills", (240, 214, 162), 0.76, 1.06),
    ),
    "desert": (
        ("peaks", (176, 116, 92), 0.44, 0.58),
        ("hills", (236, 176, 108), 0.54, 0.74),
        ("hills", (212, 138, 76), 0.68, 0.88),
        ("hills", (176, 100, 56), 0.84, 1),
    ),
    "forest": (
        ("trees", (120, 148, 128), 0.34, 0.6),
        ("trees", (82, 120, 88), 0.48, 0.74),
        ("trees", (50, 92, 60), 0.62, 0.88),
        ("trees", (28, 60, 40), 0.78, 1),
    ),
    "city": (
        ("towers", (134, 152, 174), 0.22, 0.7),
        ("towers", (88, 108, 134), 0.36, 0.76),
        ("water", (50, 84, 110), 0.76, 1),
    ),
    "old town": (
        ("hills", (118, 140, 124), 0.36, 0.56),
        ("houses", (236, 196, 140), 0.42, 0.64),
        ("houses", (212, 124, 92), 0.56, 0.78),
        ("water", (60, 100, 110), 0.82, 1),
    ),
}


def landscape(scene: str, light: str, size: tuple[int, int], rng: random.Random) -> Image.Image:
    """Draw a landscape.

    Args:
        scene: A key of `SCENES`.
        light: A key of `LIGHTS`.
        size: Width and height in pixels.
        rng: Random generator; the same state gives the same image.

    Returns:
        An RGB image of that size.
    """
    numpy_rng = np.random.default_rng(rng.getrandbits(64))
    hour, layers = LIGHTS[light], SCENES[scene]
    width, height = DRAWN_WIDTH, round(DRAWN_WIDTH * size[1] / size[0])
    sky = ImageOps.colorize(Image.linear_gradient("L"), hour.top, hour.low, whitepoint=166)
    image = sky.resize((width, height), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    if light == "night":
        draw.point([(x * width, y * height) for x, y in numpy_rng.random((150, 2)).tolist()], hour.sun)
    x, y = numpy_rng.uniform(0.15, 0.85) * width, hour.height * height
    glow = Image.radial_gradient("L").point(lambda value: max(0, 180 - value) ** 2 // 140)
    image.paste(hour.sun, (round(x - width / 2), round(y - width / 2)), glow.resize((width, width)))
    draw.circle((x, y), width * 0.035, hour.sun)
    tint = numpy_rng.uniform(0.88, 1.1, 3)
    columns = np.arange(0, width + 1, 2)
    for number, (outline, color, top, bottom) in enumerate(layers, start=1):
        near = 0.5 + 0.5 * number / len(layers)
        veil = np.array(hour.low) * (1 - near)
        paint = veil + np.array(color) * tint * near * (0.25 + 0.75 * hour.daylight)
        red, green, blue = paint.clip(0, 255).astype(int).tolist()
        if outline == "water":
            shore = round(height * top)
            mirrored = ImageOps.flip(image.crop((0, max(0, 2 * shore - height), width, shore)))
            water = Image.new("RGB", mirrored.size, (red, green, blue))
            image.paste(Image.blend(mirrored, water, 0.45), (0, shore))
            continue
        edge = (bottom - (bottom - top) * _outline(outline, columns / width, numpy_rng)) * height
        draw.polygon(
            [*zip(columns.tolist(), edge.tolist(), strict=True), (width, height), (0, height)],
            (red, green, blue),
        )
        if outline in ("towers", "houses"):
            # Lit windows, more of them when it is dark.
            lit = numpy_rng.random((height // 8, width // 8)) < 0.55 - 0.45 * hour.daylight
            for row, column in zip(*np.nonzero(lit), strict=True):
                if row * 8 > edge[column * 4 : column * 4 + 3].max() + (24 if outline == "houses" else 5):
                    draw.rectangle((column * 8, row * 8, column * 8 + 2, row * 8 + 3), (255, 226, 150))
    return image.resize(size, Image.Resampling.BICUBIC)


def add_noise(image: Image.Image, rng: random.Random) -> Image.Image:
    """Add sensor noise, without which skies show steps and files are smaller than those of cameras."""
    width, height = image.size
    tile = np.random.default_rng(rng.getrandbits(64)).integers(0, 9, (256, 256), np.uint8)
    noise = Image.fromarray(np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width])
    return ImageChops.add(image, noise.convert("RGB"), offset=-4)


def _outline(kind: str, x: Array, numpy_rng: np.random.Generator) -> Array:
    """Return a random skyline: for each column a height from 0 to 1."""
    hills = (
        0.5 + 0.25 * np.sin(9 * x + numpy_rng.uniform(0, 6)) + 0.25 * np.sin(4 * x + numpy_rng.uniform(0, 6))
    )
    if kind == "hills":
        return hills
    if kind == "peaks":
        line = np.zeros(len(x))
        for share, count in ((0.53, 5), (0.27, 11), (0.13, 23), (0.07, 47)):
            line += share * np.interp(x * count, np.arange(count + 1), numpy_rng.random(count + 1))
        return line
    count = {"trees": 45, "towers": 22, "houses": 10}[kind]
    place = x * count + numpy_rng.random()
    heights: Array = numpy_rng.random(count + 2)[place.astype(int)]
    roof: Array = 1 - 2 * np.abs(place % 1 - 0.5)
    if kind == "trees":
        return 0.5 * hills + 0.5 * roof * (0.3 + 0.7 * heights)
    return heights if kind == "towers" else 0.7 * heights + 0.3 * roof
