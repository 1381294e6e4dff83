"""Images of the demo library in other formats than JPEG: PNG, WebP, AVIF, animated GIF and TIFF."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps, features

from mfkit.demo.camera_models import CAMERAS, UPRIGHT, Position, exif_block
from mfkit.demo.demo_file import DemoFile
from mfkit.demo.scenery import LIGHTS, add_noise, landscape

# Path, date, scene and light (empty for screenshots), size.
# fmt: off
IMAGES = (
    ("Pictures/Screenshots/Screenshot 2016-02-11 at 09.14.52.png", (2016, 2, 11, 9, 14), "", "", (1280, 800)),
    ("Pictures/Screenshots/Screenshot 2018-05-03 at 21.40.07.png", (2018, 5, 3, 21, 40), "", "", (1440, 900)),
    ("Pictures/Screenshots/Bildschirmfoto 2020-11-30 für Zoë.png",
     (2020, 11, 30, 16, 2), "", "", (1440, 900)),
    ("Phone/Screenshots/Screenshot_20250921-081533.png", (2025, 9, 21, 12, 15), "", "", (720, 1520)),
    ("Pictures/Edited/harbour poster.png", (2014, 7, 1, 20, 11), "coast", "dusk", (1000, 667)),
    ("Pictures/Wallpapers/forêt brumeuse.png", (2013, 11, 9, 18, 30), "forest", "mist", (1280, 720)),
    ("Pictures/For the web/fjord.webp", (2022, 8, 15, 19, 3), "fjord", "gold", (1600, 1000)),
    ("Pictures/For the web/night-city.webp", (2016, 5, 2, 22, 47), "city", "night", (1280, 853)),
    ("Downloads/wallpaper-dunes-1600.webp", (2021, 1, 17, 11, 25), "desert", "dawn", (1600, 900)),
    ("Downloads/海辺.webp", (2023, 3, 30, 13, 8), "coast", "noon", (960, 640)),
    ("Pictures/2024/Wellington/harbour.avif", (2024, 11, 21, 18, 35), "coast", "gold", (1600, 1067)),
    ("Pictures/2024/Wellington/tūī lookout.avif", (2024, 11, 22, 13, 5), "forest", "noon", (1280, 853)),
    ("Pictures/2024/Wellington/skyline.avif", (2024, 11, 22, 20, 48), "city", "dusk", (1800, 1200)),
    ("Downloads/funny/sunset loop.gif", (2012, 1, 20, 17, 0), "coast", "gold", (320, 213)),
    ("Downloads/funny/balloon.gif", (2015, 8, 8, 10, 30), "mountains", "dawn", (300, 200)),
    ("Downloads/funny/rainy window 🌧️.gif", (2019, 2, 14, 8, 20), "city", "mist", (280, 210)),
    ("Scans/Family album/1962 summer house.tif", (2010, 12, 27, 15, 40), "fjord", "mist", (900, 640)),
    ("Scans/Family album/1971 Großmutter's village.tif",
     (2010, 12, 27, 15, 52), "old town", "mist", (900, 640)),
)
# fmt: on
WELLINGTON = Position(-41.2866, 174.7756, 20)
# With more threads, the AVIF encoder divides the image differently.
OPTIONS: dict[str, dict[str, Any]] = {
    "webp": {"quality": 80, "method": 2},
    "avif": {"quality": 70, "speed": 9, "max_threads": 1},
    "tif": {"compression": "tiff_lzw", "dpi": (300, 300)},
    "gif": {"save_all": True, "duration": 120, "loop": 0},
}


def plan_non_jpeg_images(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plan these images; a format that the installed Pillow cannot write is replaced by JPEG and noted."""
    for path, when, scene, light, size in IMAGES:
        stem, _, suffix = path.rpartition(".")
        zone = timezone(timedelta(hours=13)) if suffix == "avif" else UTC
        if suffix in ("webp", "avif") and not features.check(suffix):
            path = f"{stem}.jpg"
            note = f"{suffix.upper()}: Pillow was built without it, so JPEG is written instead"
            if note not in notes:
                notes.append(note)
        taken, random_seed = datetime(*when, tzinfo=zone), f"{seed}/{path}"
        if scene:
            write = partial(_write_landscape, scene, light, size, taken, suffix, random_seed)
        else:
            write = partial(_write_screenshot, size, random_seed)
        yield DemoFile(path, taken, write)


def _write_landscape(
    scene: str, light: str, size: tuple[int, int], taken: datetime, suffix: str, seed: str, path: Path
) -> None:
    rng = random.Random(seed)
    image = landscape(scene, light, size, rng)
    options = dict(OPTIONS.get(suffix, {}))
    if suffix in ("webp", "avif"):
        image = add_noise(image, rng)
    if suffix == "tif":
        # A brown print on white paper.
        sepia = ImageOps.colorize(ImageOps.autocontrast(image.convert("L")), (48, 32, 22), (246, 232, 206))
        image = ImageOps.expand(sepia, 30, (250, 246, 238))
    elif suffix == "gif":
        # The image fades to another time of day and back.
        other = landscape(scene, "night", size, random.Random(seed))
        steps = (0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2)
        image, *options["append_images"] = [Image.blend(image, other, step).quantize(64) for step in steps]
    elif suffix == "avif":
        # A photo converted to a newer format, with its EXIF data.
        latitude, longitude, altitude = WELLINGTON
        position = Position(latitude + rng.gauss(0, 0.006), longitude + rng.gauss(0, 0.006), altitude)
        exposure = LIGHTS[light].exposure
        options["exif"] = exif_block(CAMERAS["xt4"], exposure, taken, position, size, UPRIGHT, rng)
    image.save(path, **options)


def _write_screenshot(size: tuple[int, int], seed: str, path: Path) -> None:
    """Draw a window with a title bar, lines of text and a bar chart."""
    rng = random.Random(seed)
    width, height = size
    unit = min(size) // 40
    accent = rng.choice(((52, 120, 246), (220, 80, 90), (40, 160, 110), (150, 90, 210)))
    image = Image.new("RGB", size, (250, 250, 252))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, unit * 3), accent)
    for top in range(unit * 5, height // 2, unit * 2):
        draw.rectangle((unit * 2, top, width * rng.uniform(0.5, 0.95), top + unit), (206, 208, 214))
    for left in range(unit * 2, width - unit * 4, unit * 5):
        draw.rectangle((left, height * rng.uniform(0.55, 0.85), left + unit * 3, height - unit * 2), accent)
    image.save(path)
