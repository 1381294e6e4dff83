"""Photos, drawn pictures, and versions of pictures, for benchmarks/similarity.py."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from mfkit.demo.demo_images import LIGHTS, SCENES, add_noise, landscape

SIDE = 1280
"""Maximum width and height in pixels of an original picture."""
_DRAWN_SIZE = (1024, 768)


class Version(NamedTuple):
    """One kind of version of a picture.

    Attributes:
        group: ``"same frame"`` for recompressed, resized and adjusted versions; ``"crops and borders"``.
        suffix: Suffix of the file.
        encode: Function that returns the bytes of the version's file.
    """

    group: str
    suffix: str
    encode: Callable[[Image.Image], bytes]


def encoded(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    """Return the bytes of an image file."""
    data = io.BytesIO()
    image.save(data, format_, **options)
    return data.getvalue()


def _decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def resized(image: Image.Image, share: float) -> bytes:
    """Return an image of another size."""
    size = (max(8, round(image.width * share)), max(8, round(image.height * share)))
    return encoded(image.resize(size, Image.Resampling.LANCZOS), quality=85)


def messenger(
    image: Image.Image, sides: tuple[int, int] = (1024, 800), qualities: tuple[int, int] = (70, 60)
) -> bytes:
    """Return an image as it is after it was sent twice."""
    first = image.copy()
    first.thumbnail((sides[0], sides[0]))
    second = _decoded(encoded(first, quality=qualities[0]))
    second.thumbnail((sides[1], sides[1]))
    return encoded(second, quality=qualities[1])


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> bytes:
    """Return an image without shares of its size at the edges."""
    width, height = image.size
    box = (round(width * left), round(height * top), round(width * (1 - right)), round(height * (1 - bottom)))
    return encoded(image.crop(box), quality=85)


def framed(image: Image.Image, color: str) -> bytes:
    """Return an image with a border of 4 % of its longer side."""
    return encoded(ImageOps.expand(image, round(max(image.size) * 0.04), color), quality=85)


def turned(
    image: Image.Image, by: Image.Transpose = Image.Transpose.ROTATE_270, orientation: int = 8
) -> bytes:
    """Return an image whose pixels are turned, and whose EXIF orientation turns them back."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image.transpose(by), quality=85, exif=exif)


def adjusted(
    image: Image.Image, enhancer: Callable[[Image.Image], ImageEnhance._Enhance], by: float
) -> bytes:
    """Return an image with another brightness or contrast."""
    return encoded(enhancer(image).enhance(by), quality=85)


FRAME, CUT = "same frame", "crops and borders"
VERSIONS: dict[str, Version] = {
    **{
        f"JPEG quality {one}": Version(FRAME, "jpg", partial(encoded, quality=one))
        for one in (30, 45, 60, 75, 90)
    },
    **{
        f"{one} % of the size": Version(FRAME, "jpg", partial(resized, share=one / 100))
        for one in (25, 50, 75, 90)
    },
    "WebP": Version(FRAME, "webp", partial(encoded, format_="WEBP", quality=60, method=2)),
    "AVIF": Version(FRAME, "avif", partial(encoded, format_="AVIF", quality=50, speed=9)),
    "EXIF rotation": Version(FRAME, "jpg", turned),
    "10 % brighter": Version(FRAME, "jpg", partial(adjusted, enhancer=ImageEnhance.Brightness, by=1.1)),
    "10 % darker": Version(FRAME, "jpg", partial(adjusted, enhancer=ImageEnhance.Brightness, by=0.9)),
    "10 % more contrast": Version(FRAME, "jpg", partial(adjusted, enhancer=ImageEnhance.Contrast, by=1.1)),
    "10 % less contrast": Version(FRAME, "jpg", partial(adjusted, enhancer=ImageEnhance.Contrast, by=0.9)),
    "messenger, twice": Version(FRAME, "jpg", messenger),
    "crop 3 % in all": Version(CUT, "jpg", lambda image: cropped(image, 0.015, 0.015, 0.015, 0.015)),
    "crop 3 % at two edges": Version(CUT, "jpg", lambda image: cropped(image, 0.03, 0, 0, 0.03)),
    "crop 3 % at each edge": Version(CUT, "jpg", lambda image: cropped(image, 0.03, 0.03, 0.03, 0.03)),
    "white border 4 %": Version(CUT, "jpg", partial(framed, color="white")),
    "black border 4 %": Version(CUT, "jpg", partial(framed, color="black")),
}  # fmt: skip


def real_photos(folder: Path, leave_out: list[str]) -> Iterator[Path]:
    """Yield the image files of a folder of at least 300 x 200 pixels, except paths that contain a text."""
    for path in sorted(folder.rglob("*")):
        if any(text in str(path) for text in leave_out) or not path.is_file():
            continue
        try:
            with Image.open(path) as image:
                if max(image.size) < 300 or min(image.size) < 200:
                    continue
                image.load()
        except Exception:  # The folder also contains files that are damaged, or are not images.
            continue
        yield path


def read_photo(path: Path) -> Image.Image:
    """Return a photo as an upright RGB image of at most :data:`SIDE` pixels."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright.convert("RGBA"))
    upright = upright.convert("RGB")
    upright.thumbnail((SIDE, SIDE))
    return upright


def drawn_picture(number: int) -> Image.Image:
    """Draw a picture: in turn a landscape at any time of day, clouds, a still life, and city lights."""
    rng = random.Random(number)
    kind = number % 4
    if kind == 1:
        image = _clouds(rng)
    elif kind == 2:
        image = _still_life(rng)
    elif kind == 3 and number % 8 == 3:
        image = _city_lights(rng)
    else:
        image = landscape(rng.choice(list(SCENES)), rng.choice(list(LIGHTS)), _DRAWN_SIZE, rng)
    return add_noise(image, rng)


def _noise(rng: random.Random, roughness: float) -> npt.NDArray[np.float64]:
    """Return noise from 0 to 1 whose amplitude falls with the frequency, as in photos of nature."""
    width, height = 256, 192
    spectrum = np.fft.rfft2(np.random.default_rng(rng.getrandbits(64)).normal(size=(height, width)))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width)[None] * width)
    plane = np.fft.irfft2(spectrum / np.maximum(frequency, 1) ** roughness, s=(height, width))
    low, high = np.percentile(plane, (1, 99))
    result: npt.NDArray[np.float64] = np.clip((plane - low) / (high - low), 0, 1)
    return result


def _color(rng: random.Random, brightness: float) -> tuple[int, int, int]:
    red, green, blue = (round(brightness * rng.uniform(0.3, 1) * 255) for _ in range(3))
    return red, green, blue


def _clouds(rng: random.Random) -> Image.Image:
    plane = Image.fromarray((_noise(rng, rng.uniform(1.0, 1.8)) * 255).astype(np.uint8))
    brightness = rng.choice((0.3, 0.7, 1.0))
    colored = ImageOps.colorize(plane, _color(rng, brightness / 4), _color(rng, brightness))
    return colored.resize(_DRAWN_SIZE, Image.Resampling.BICUBIC)


def _still_life(rng: random.Random) -> Image.Image:
    image = _clouds(rng)
    for _ in range(rng.randint(3, 9)):
        layer = Image.new("L", _DRAWN_SIZE)
        draw = ImageDraw.Draw(layer)
        across, down = (rng.uniform(0.08, 0.3) * side for side in _DRAWN_SIZE)
        x, y = (rng.uniform(0.05, 0.95) * side for side in _DRAWN_SIZE)
        shape = draw.ellipse if rng.random() < 0.6 else draw.rectangle
        shape((x - across, y - down, x + across, y + down), 255)
        layer = layer.rotate(rng.uniform(0, 90)).filter(ImageFilter.GaussianBlur(rng.choice((1, 6, 20))))
        image.paste(Image.new("RGB", _DRAWN_SIZE, _color(rng, rng.uniform(0.2, 1))), mask=layer)
    return image


def _city_lights(rng: random.Random) -> Image.Image:
    """Draw small lights on black: a picture with little information."""
    image = Image.new("RGB", _DRAWN_SIZE, _color(rng, 0.06))
    draw = ImageDraw.Draw(image)
    horizon = rng.uniform(0.4, 0.8)
    for _ in range(rng.randint(40, 160)):
        x, y = rng.uniform(0, 1) * _DRAWN_SIZE[0], rng.gauss(horizon, 0.12) * _DRAWN_SIZE[1]
        size = rng.choice((2, 3, 6, 12))
        draw.ellipse((x - size, y - size, x + size, y + size), _color(rng, rng.uniform(0.4, 1)))
    return image.filter(ImageFilter.GaussianBlur(2))
