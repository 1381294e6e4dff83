"""Towns: rows of houses and towers whose windows light up when the day is over."""

import random

from PIL import Image, ImageDraw

from mfkit.demo.land import FINE
from mfkit.demo.sky import Color, Light, mix

FACADES: tuple[Color, ...] = (
    (236, 206, 150), (226, 170, 140), (240, 228, 206), (178, 206, 204),
    (232, 188, 106), (206, 128, 110), (198, 214, 180), (244, 238, 226),
)
ROOF: Color = (182, 92, 66)
LAMP: Color = (255, 216, 130)


def paint_towers(picture: Image.Image, foot: float, light: Light, dice: random.Random) -> None:
    """Draws three rows of high-rise buildings that stand on the line y = `foot`."""
    width, height = picture.size
    for row, (tall, veil) in enumerate(((0.46, 0.75), (0.38, 0.45), (0.25, 0.12))):
        layer, draw = _layer(picture)
        base = mix(mix((96, 118, 142), light.shade, 0.75 - 0.55 * light.daylight), light.low, veil * 0.8)
        x = -dice.random() * width * 0.05
        while x < width:
            wide = width * dice.uniform(0.03, 0.075)
            crown = foot - height * tall * dice.uniform(0.35, 1.0)
            toward = (255, 255, 255) if dice.random() < 0.5 else light.shade
            color = mix(base, toward, dice.uniform(0, 0.14))
            _box(draw, (x, crown, x + wide, foot), color)
            if dice.random() < 0.35:
                inset = wide * dice.uniform(0.15, 0.3)
                _box(draw, (x + inset, crown - height * 0.03, x + wide - inset, crown), color)
            if dice.random() < 0.18:
                middle = x + wide / 2
                mast = width * 0.001
                _box(draw, (middle - mast, crown - height * 0.09, middle + mast, crown), color)
            _windows(draw, (x, crown, x + wide, foot), width * 0.0075, light, color, dice, far=2 - row)
            x += wide * dice.uniform(0.85, 1.35)
        _lay(picture, layer)


def paint_old_town(picture: Image.Image, foot: float, light: Light, dice: random.Random) -> None:
    """Draws two rows of gabled houses in warm colours and a church, standing on y = `foot`."""
    width, height = picture.size
    for row, (tall, veil) in enumerate(((0.36, 0.45), (0.24, 0.05))):
        layer, draw = _layer(picture)
        if row == 0:
            _church(draw, width * dice.uniform(0.25, 0.75), foot, height * 0.5, light)
        x = -dice.random() * width * 0.06
        while x < width:
            wide = width * dice.uniform(0.055, 0.1)
            eaves = foot - height * tall * dice.uniform(0.6, 1.0)
            facade = _lit(dice.choice(FACADES), light, veil)
            roof = _lit(mix(ROOF, (120, 60, 50), dice.random() * 0.6), light, veil)
            _box(draw, (x, eaves, x + wide, foot), facade)
            gable = wide * dice.uniform(0.28, 0.5)
            over = wide * 0.05
            _shape(draw, [(x - over, eaves), (x + wide / 2, eaves - gable), (x + wide + over, eaves)], roof)
            _windows(draw, (x, eaves, x + wide, foot), width * 0.014, light, facade, dice, far=0)
            x += wide * dice.uniform(0.95, 1.05)
        _lay(picture, layer)


def _church(draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float, light: Light) -> None:
    wide = tall * 0.15
    stone = _lit((226, 214, 192), light, 0.4)
    copper = _lit((110, 160, 146), light, 0.35)
    for offset in (-wide * 0.9, wide * 0.9):
        left = x + offset - wide / 2
        _box(draw, (left, foot - tall * 0.8, left + wide, foot), stone)
        _shape(draw, [(left - wide * 0.08, foot - tall * 0.8), (left + wide / 2, foot - tall * 1.08),
                      (left + wide * 1.08, foot - tall * 0.8)], copper)
    _box(draw, (x - wide, foot - tall * 0.62, x + wide, foot), stone)


def _windows(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], step: float, light: Light,
             wall: Color, dice: random.Random, *, far: int) -> None:
    """Fills a wall with windows: mostly lit in the dark, glassy by day, fainter when far."""
    left, top, right, bottom = box
    glass = mix(wall, mix(light.shade, light.top, 0.4), 0.5 / (1 + far))
    lamp = mix(wall, LAMP, 0.9 / (1 + 0.5 * far))
    lit_share = 0.62 * (1 - light.daylight) ** 2
    columns = max(1, int((right - left) / step - 0.6))
    margin = (right - left - columns * step) / 2
    y = top + step * 0.8
    while y + step * 0.7 < bottom:
        for column in range(columns):
            x = left + margin + (column + 0.2) * step
            _box(draw, (x, y, x + step * 0.6, y + step * 0.75), lamp if dice.random() < lit_share else glass)
        y += step * 1.55


def _lit(color: Color, light: Light, veil: float) -> Color:
    """A wall's own colour as it looks in this light, behind this much haze."""
    tinted = mix(color, light.low, 0.22)
    return mix(mix(tinted, light.shade, 0.78 * (1 - light.daylight)), light.low, veil * 0.6)


def _layer(picture: Image.Image) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    layer = Image.new("RGBA", (picture.width * FINE, picture.height * FINE))
    return layer, ImageDraw.Draw(layer)


def _lay(picture: Image.Image, layer: Image.Image) -> None:
    small = layer.reduce(FINE)
    box = small.getbbox()
    top = box[1] if box else 0
    used = small.crop((0, top, small.width, small.height))
    picture.paste(used, (0, top), used)


def _box(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], color: Color) -> None:
    left, top, right, bottom = (round(edge * FINE) for edge in box)
    draw.rectangle((left, min(top, bottom), max(left, right), bottom), color)


def _shape(draw: ImageDraw.ImageDraw, corners: list[tuple[float, float]], color: Color) -> None:
    draw.polygon([(x * FINE, y * FINE) for x, y in corners], color)
