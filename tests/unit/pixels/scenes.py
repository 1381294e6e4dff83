"""Pictures for the tests of this folder: landscapes, and versions of them."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import Image, ImageEnhance, ImageOps

from mfkit.demo.demo_images import LIGHTS, SCENES, add_noise, landscape


def scene(number: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Return one of many different landscapes, with the noise of a camera."""
    rng = random.Random(number)
    kind, light = list(SCENES)[number % len(SCENES)], list(LIGHTS)[number // len(SCENES) % len(LIGHTS)]
    return add_noise(landscape(kind, light, size, rng), rng)


def encoded(image: Image.Image, format_: str = "JPEG", **options: Any) -> Image.Image:
    """Return an image as it is after it was written and read."""
    data = io.BytesIO()
    image.save(data, format_, **options)
    return Image.open(data).convert("RGB")


def resized(image: Image.Image, share: float) -> Image.Image:
    """Return an image of another size."""
    return image.resize((round(image.width * share), round(image.height * share)))


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Return an image without a share of its size at each edge."""
    across, down = round(image.width * share), round(image.height * share)
    return image.crop((across, down, image.width - across, image.height - down))


def versions(image: Image.Image) -> dict[str, Image.Image]:
    """Return versions of an image that a person would call the same picture."""
    return {
        "quality 30": encoded(image, quality=30),
        "a quarter of the size": encoded(resized(image, 0.25), quality=80),
        "WebP": encoded(image, "WEBP", quality=60),
        "brighter": encoded(ImageEnhance.Brightness(image).enhance(1.1), quality=85),
        "less contrast": encoded(ImageEnhance.Contrast(image).enhance(0.9), quality=85),
        "recompressed twice": encoded(encoded(resized(image, 0.8), quality=70), quality=50),
        "white border": encoded(ImageOps.expand(image, round(image.width * 0.04), "white"), quality=85),
        "cropped": encoded(cropped(image, 0.015), quality=85),
    }
