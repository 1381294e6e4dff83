"""Land: ridges, dunes, trees and water, laid one before the other like paper cut-outs."""

import math
import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mfkit.demo.sky import Color, Light, gradient, mix

Line = npt.NDArray[np.float64]

# Outlines are drawn this many times larger and reduced: Pillow's polygons have hard edges.
FINE = 2


def ridge_line(width: int, dice: random.Random, *, waves: float, detail: int, sharp: bool = False) -> Line:
    """A random skyline of land.

    Args:
        width: Number of columns.
        dice: The source of chance.
        waves: How many hills fit across the picture.
        detail: How many finer layers of roughness to add.
        sharp: Peaks instead of rounded tops.

    Returns:
        One height for each column, between 0 and 1.
    """
    columns = np.linspace(0.0, 1.0, width)
    line = np.zeros(width)
    strength = 1.0
    for _ in range(detail):
        count = math.ceil(waves) + 2
        knots = np.array([dice.random() for _ in range(count)])
        place = columns * waves
        left = place.astype(int)
        share = place - left
        if not sharp:
            share = share * share * (3 - 2 * share)
        line += strength * (knots[left] * (1 - share) + knots[left + 1] * share)
        strength *= 0.46
        waves *= 2.1
    spread = float(np.ptp(line)) or 1.0
    return np.asarray((line - line.min()) / spread)


def paint_ridge(picture: Image.Image, line: Line, top: Color, foot: Color) -> None:
    """Fills everything below a line.

    Args:
        picture: The picture to draw on.
        line: For each column the y coordinate of the edge, in pixels.
        top: The colour at the highest point.
        foot: The colour at the lower edge of the picture.
    """
    _paint_below(picture, line, None, top, foot)


def _paint_below(picture: Image.Image, upper: Line, lower: Line | None, top: Color, foot: Color) -> None:
    width, height = picture.size
    first = max(0, math.floor(upper.min()))
    if first >= height:
        return
    mask = Image.new("L", (width * FINE, (height - first) * FINE))
    edge = _points(upper - first)
    if lower is None:
        rest = [(float(mask.width), float(mask.height)), (0.0, float(mask.height))]
    else:
        rest = _points(lower - first)[::-1]
    ImageDraw.Draw(mask).polygon([*edge, *rest], fill=255)
    picture.paste(gradient((width, height - first), top, foot), (0, first), mask.reduce(FINE))


def _points(line: Line) -> list[tuple[float, float]]:
    """The corners of a line on the enlarged mask, the last column repeated to reach the edge."""
    heights = [*line.tolist(), float(line[-1])]
    return [(column * FINE, height * FINE) for column, height in enumerate(heights)]


def paint_snow(picture: Image.Image, line: Line, light: Light, dice: random.Random, depth: float) -> None:
    """Puts snow on the upper part of a mountain ridge, `depth` pixels deep at the summit."""
    low = float(np.quantile(line, 0.55))
    above = np.clip((low - line) / max(1.0, low - float(line.min())), 0, 1)
    teeth = 0.35 + 0.65 * ridge_line(len(line), dice, waves=34, detail=2, sharp=True)
    white = mix(light.low, (255, 255, 255), 0.35 + 0.5 * light.daylight)
    _paint_below(picture, line, line + above * teeth * depth, white, mix(white, light.shade, 0.25))


def paint_pines(picture: Image.Image, line: Line, color: Color, dice: random.Random, size: float) -> None:
    """Plants a row of conifers, `size` pixels tall on average, along a line."""
    width, height = picture.size
    first = max(0, math.floor(line.min() - 2 * size))
    mask = Image.new("L", (width * FINE, max(1, height - first) * FINE))
    draw = ImageDraw.Draw(mask)
    x = -size / 2
    while x < width + size / 2:
        tall = size * dice.uniform(0.55, 1.4)
        foot = float(line[min(width - 1, max(0, round(x)))]) + size * 0.1
        for tier in range(4):
            half = tall * (0.09 + 0.055 * tier)
            apex, base = foot - tall * (1 - 0.2 * tier), foot - tall * (0.62 - 0.2 * tier)
            corners = ((x, apex), (x - half, base), (x + half, base))
            draw.polygon([(px * FINE, (py - first) * FINE) for px, py in corners], fill=255)
        x += size * dice.uniform(0.16, 0.5)
    picture.paste(color, (0, first), mask.reduce(FINE))


def paint_palm(picture: Image.Image, foot: tuple[float, float], tall: float, color: Color,
               dice: random.Random) -> None:
    """Draws one palm tree as a silhouette."""
    lean = dice.uniform(-0.3, 0.3)
    side = math.ceil(tall * 1.6)
    mask = Image.new("L", (side * FINE, side * FINE))
    draw = ImageDraw.Draw(mask)
    middle = side / 2

    def spot(share: float) -> tuple[float, float]:
        return (middle + lean * tall * share * share) * FINE, (side - tall * share) * FINE

    trunk = [spot(step / 12) for step in range(13)]
    draw.line(trunk, fill=255, width=max(2, round(tall * 0.035 * FINE)), joint="curve")
    crown_x, crown_y = trunk[-1]
    for leaf in range(9):
        angle = math.radians(172 + leaf * 24.5 + dice.uniform(-6, 6))
        reach = tall * FINE * dice.uniform(0.34, 0.46)
        upper, lower = [], []
        for step in range(9):
            share = step / 8
            x = crown_x + math.cos(angle) * reach * share
            y = crown_y + math.sin(angle) * reach * share * 0.8 + reach * 0.55 * share * share
            thick = reach * 0.07 * math.sin(math.pi * min(1.0, share + 0.12))
            upper.append((x, y - thick * 0.4))
            lower.append((x, y + thick))
        draw.polygon(upper + lower[::-1], fill=255)
    picture.paste(color, (round(foot[0] - middle), round(foot[1] - side)), mask.reduce(FINE))


def paint_water(picture: Image.Image, horizon: int, light: Light, sun: float, dice: random.Random) -> None:
    """Turns everything below the horizon into water that mirrors what is above it."""
    width, height = picture.size
    deep = height - horizon
    above = picture.crop((0, max(0, horizon - round(deep * 1.25)), width, horizon))
    mirrored = np.asarray(above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, deep)))
    rows = np.arange(deep)
    near = rows / max(1, deep - 1)
    phase = dice.uniform(0, math.tau)
    swing = (0.8 + 9 * near) * np.sin(phase + 70 * np.sqrt(near)) * width / 1200
    columns = np.clip(np.arange(width)[None, :] + np.rint(swing)[:, None].astype(int), 0, width - 1)
    far, close = mix(light.low, light.shade, 0.15), mix(light.top, light.shade, 0.5)
    tint = np.asarray(gradient((width, deep), far, close))
    share = (0.30 + 0.35 * near)[:, None, None]
    water = mirrored[rows[:, None], columns] * (1 - share) + tint * share
    picture.paste(Image.fromarray(np.rint(water).astype(np.uint8)), (0, horizon))
    _paint_glints(picture, horizon, light, sun, dice)


def _paint_glints(picture: Image.Image, horizon: int, light: Light, sun: float, dice: random.Random) -> None:
    """Strews short bright strokes over the water, densest below the sun."""
    width, height = picture.size
    veil = Image.new("L", (width, height - horizon))
    draw = ImageDraw.Draw(veil)
    for _ in range(260):
        depth = dice.random() ** 1.4
        x = sun * width + dice.gauss(0, 0.02 + 0.09 * depth) * width
        if dice.random() < 0.25:
            x = dice.random() * width
        y = depth * veil.height
        half = (2 + 16 * depth) * width / 1200 * dice.uniform(0.4, 1.2)
        thick = 1 + round(1.6 * depth * width / 1200)
        draw.line((x - half, y, x + half, y), dice.randint(60, 190), width=thick)
    picture.paste(light.sun, (0, horizon), veil)


def scaled(line: Line, top: float, bottom: float) -> Line:
    """A ridge line as y coordinates: heights of 1 lie at `top`, heights of 0 at `bottom`."""
    return bottom + (top - bottom) * line


def far_to_near(light: Light, base: Color, count: int) -> Sequence[Color]:
    """Colours for `count` layers of land, veiled by the horizon's light where they are far."""
    dim = mix(base, light.shade, 0.75 - 0.6 * light.daylight)
    veil = mix(light.low, light.middle, 0.4)
    return [mix(veil, dim, 0.25 + 0.75 * (step + 1) / count) for step in range(count)]
