"""Pictures and versions that no rule of mfkit was chosen with, for benchmarks/similarity.py --held-apart.

Four pictures in turn share a composition and differ in their subject: pages with the same layout and other
text, screens of one program with other messages, portraits of other people, plates with other food, and
harbours with other boats. They are unrelated pictures that are near each other.
"""

from __future__ import annotations

import random
from functools import partial

import numpy as np
from picture_versions import (
    CUT,
    FRAME,
    Version,
    adjusted,
    cropped,
    encoded,
    framed,
    messenger,
    resized,
    turned,
)
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from mfkit.demo.demo_images import add_noise

SHARED = 4
"""Number of drawn pictures with the same composition."""
_SIZE = (1000, 750)
_SYLLABLES = "ba cor di en fal go hi ju ka lin mo nar os pe qua ri su tem ul ver wo xi yen zo".split()
Color = tuple[int, int, int]

HELD_APART_VERSIONS: dict[str, Version] = {
    "JPEG quality 40": Version(FRAME, "jpg", partial(encoded, quality=40)),
    "WebP quality 50": Version(FRAME, "webp", partial(encoded, format_="WEBP", quality=50, method=2)),
    "AVIF quality 40": Version(FRAME, "avif", partial(encoded, format_="AVIF", quality=40, speed=9)),
    "33 % of the size": Version(FRAME, "jpg", partial(resized, share=0.33)),
    "messenger, twice": Version(FRAME, "jpg", partial(messenger, sides=(900, 640), qualities=(75, 55))),
    "EXIF rotation": Version(FRAME, "jpg", partial(turned, by=Image.Transpose.ROTATE_90, orientation=6)),
    "8 % brighter": Version(FRAME, "jpg", partial(adjusted, enhancer=ImageEnhance.Brightness, by=1.08)),
    "8 % darker": Version(FRAME, "jpg", partial(adjusted, enhancer=ImageEnhance.Brightness, by=0.92)),
    "crop 3 % at the left": Version(CUT, "jpg", lambda image: cropped(image, 0.03, 0, 0, 0)),
    "crop 3 % at the top": Version(CUT, "jpg", lambda image: cropped(image, 0, 0.03, 0, 0)),
    "crop 3, 2 and 1 %": Version(CUT, "jpg", lambda image: cropped(image, 0.02, 0, 0.01, 0.03)),
    "beige border 4 %": Version(CUT, "jpg", partial(framed, color="#d8c9a3")),
    "blue border 4 %": Version(CUT, "jpg", partial(framed, color="#336699")),
}


def held_apart_picture(number: int) -> Image.Image:
    """Draw a picture; see the module's description."""
    composition = number // SHARED
    draw = (_page, _screen, _portrait, _plate, _harbor)[composition % 5]
    subject = random.Random(1_000_000 + number)
    return add_noise(draw(random.Random(500_000 + composition), subject), subject)


def _color(rng: random.Random, low: int = 30, high: int = 225) -> Color:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def _words(rng: random.Random, number: int) -> str:
    words = ("".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(number))
    return " ".join(words).capitalize()


def _page(layout: random.Random, subject: random.Random) -> Image.Image:
    """Draw a printed page: title, two columns of paragraphs, and a picture."""
    image = Image.new("RGB", _SIZE[::-1], (layout.randint(238, 255),) * 3)
    draw = ImageDraw.Draw(image)
    margin, size = layout.randint(40, 90), layout.choice((13, 15, 18))
    title, body = ImageFont.load_default(size * 2), ImageFont.load_default(size)
    draw.text((margin, margin), _words(subject, 4)[:30], "black", title)
    box = [margin, layout.randint(400, 600), image.width // 2 - 20, layout.randint(700, 900)]
    columns = layout.choice((1, 2))
    width = (image.width - 2 * margin) // columns - 20
    for column in range(columns):
        x, y = margin + column * (width + 20), margin + size * 4
        while y < image.height - margin:
            left = subject.randint(4, 9)
            for line in range(left):
                text = _words(subject, 20)
                while draw.textlength(text, body) > width * (1 if line < left - 1 else subject.random()):
                    text = text[:-1]
                if y < image.height - margin and not (column == 0 and box[1] - size < y < box[3]):
                    draw.text((x, y), text, (30, 30, 30), body)
                y += round(size * 1.4)
            y += size
    picture = _harbor(layout, subject).resize((box[2] - box[0], box[3] - box[1]))
    image.paste(picture, (box[0], box[1]))
    return image


def _screen(layout: random.Random, subject: random.Random) -> Image.Image:
    """Draw the screen of a chat program: bars, a list of people, and messages."""
    dark = layout.random() < 0.5
    back, ink = ((32, 34, 40), (225, 225, 225)) if dark else ((245, 246, 248), (25, 25, 25))
    accent = _color(layout)
    image = Image.new("RGB", (_SIZE[0], 700), back)
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(20), ImageFont.load_default(14)
    draw.rectangle((0, 0, image.width, 48), accent)
    draw.text((20, 12), _words(layout, 2), "white", font)
    side = layout.randint(180, 320)
    draw.rectangle((0, 48, side, image.height), tuple(value - 12 for value in back))
    for y in range(60, image.height, 64):
        draw.ellipse((14, y, 54, y + 40), _color(subject))
        draw.text((66, y + 2), _words(subject, 2)[:18], ink, small)
    y = 70
    while y < image.height - 60:
        lines = subject.randint(1, 4)
        width = subject.randint(150, image.width - side - 120)
        own = subject.random() < 0.5
        x = image.width - width - 20 if own else side + 20
        draw.rounded_rectangle((x, y, x + width, y + lines * 24 + 14), 10, accent if own else (128, 128, 128))
        for line in range(lines):
            text = _words(subject, 12)
            while draw.textlength(text, small) > width - 24:
                text = text[:-1]
            draw.text((x + 12, y + 8 + line * 24), text, "white", small)
        y += lines * 24 + 28
    return image


def _portrait(layout: random.Random, subject: random.Random) -> Image.Image:
    """Draw a person in the middle of the picture, before blurred lights."""
    image = Image.new("RGB", _SIZE[::-1], _color(layout, 20, 120))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, size = layout.uniform(0, image.width), layout.uniform(0, image.height), layout.uniform(20, 90)
        draw.ellipse((x - size, y - size, x + size, y + size), _color(layout))
    image = image.filter(ImageFilter.GaussianBlur(18))
    draw = ImageDraw.Draw(image)
    x, y, size = (
        375 + subject.uniform(-25, 25),
        380 + subject.uniform(-25, 25),
        150 + subject.uniform(-15, 15),
    )
    skin = subject.choice(((236, 200, 175), (198, 146, 112), (128, 84, 60), (92, 60, 44)))
    hair, clothes = _color(subject, 10, 120), _color(subject)
    long = subject.uniform(0.4, 1.8)
    draw.ellipse((x - size * 1.1, y - size * 1.4, x + size * 1.1, y + size * long), hair)
    draw.rounded_rectangle((x - size * 1.9, y + size * 1.3, x + size * 1.9, 1100), 90, clothes)
    draw.rectangle((x - 50, y + size * 0.8, x + 50, y + size * 1.5), skin)
    draw.ellipse((x - size * 0.8, y - size, x + size * 0.8, y + size * 1.1), skin)
    for eye in (-0.33, 0.33):
        draw.ellipse((x + size * eye - 17, y - 25, x + size * eye + 17, y - 3), "white")
        draw.ellipse((x + size * eye - 9, y - 23, x + size * eye + 9, y - 5), _color(subject, 10, 110))
    draw.arc((x - 55, y + 20, x + 55, y + subject.uniform(60, 110)), 20, 160, (150, 50, 50), 8)
    if subject.random() < 0.4:
        draw.rectangle((x - size * 0.7, y - 34, x + size * 0.7, y - 27), (20, 20, 20))
    return image.filter(ImageFilter.GaussianBlur(1.5))


def _plate(layout: random.Random, subject: random.Random) -> Image.Image:
    """Draw a plate on a table from above."""
    image = _texture(layout, _color(layout, 60, 200))
    draw = ImageDraw.Draw(image)
    x, y = 500 + subject.uniform(-20, 20), 375 + subject.uniform(-20, 20)
    draw.ellipse((x - 300, y - 300, x + 300, y + 300), (242, 240, 235))
    draw.ellipse((x - 210, y - 210, x + 210, y + 210), (228, 226, 220))
    for _ in range(subject.randint(5, 30)):
        angle, far = subject.uniform(0, 2 * np.pi), subject.uniform(0, 150)
        across, down = subject.uniform(15, 70), subject.uniform(15, 70)
        left, top = x + far * np.cos(angle), y + far * np.sin(angle)
        draw.ellipse((left - across, top - down, left + across, top + down), _color(subject))
    draw.rounded_rectangle((830, 130, 852, 620), 9, (170, 170, 176))
    draw.rounded_rectangle((120, 130, 142, 620), 9, (170, 170, 176))
    return image.filter(ImageFilter.GaussianBlur(1.5))


def _harbor(layout: random.Random, subject: random.Random) -> Image.Image:
    """Draw boats on the water under a sky with hills."""
    horizon = layout.randint(280, 460)
    rows = np.linspace(0, 1, _SIZE[1])[:, None]
    top, low = (np.array(_color(layout, 110, 245)) for _ in range(2))
    pixels = np.repeat((top * (1 - rows) + low * rows)[:, None], _SIZE[0], axis=1)
    pixels[horizon:] *= 0.6
    image = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    points = [(x, horizon - abs(layout.gauss(0, 50))) for x in range(0, _SIZE[0] + 80, 80)]
    draw.polygon([(0, horizon), *points, (_SIZE[0], horizon)], _color(layout, 40, 120))
    for _ in range(subject.randint(3, 9)):
        x, y = subject.uniform(40, 960), horizon + subject.uniform(10, 250)
        size = 30 + (y - horizon) * 0.4
        draw.polygon(
            [(x - size, y), (x + size, y), (x + size * 0.7, y + size / 3), (x - size * 0.7, y + size / 3)],
            _color(subject),
        )
        draw.polygon([(x, y), (x, y - size * 2), (x + size * 0.8, y - 4)], _color(subject, 180, 255))
    return image


def _texture(rng: random.Random, color: Color) -> Image.Image:
    noise = np.random.default_rng(rng.getrandbits(64)).normal(0, 14, (_SIZE[1], 1, 1))
    pixels = np.array(color) + np.repeat(noise, _SIZE[0], axis=1)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
