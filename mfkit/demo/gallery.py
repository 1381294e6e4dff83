"""Pictures that no camera took: screenshots, downloads, scans, edited copies for the web, animations."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps, features

from mfkit.demo.cameras import CAMERAS, expose
from mfkit.demo.entry import DemoFile
from mfkit.demo.exif import Spot, exif_block
from mfkit.demo.scenery import landscape
from mfkit.demo.sky import LIGHTS, mix

SCREENSHOTS = (
    ("Pictures/Screenshots/Screenshot 2016-02-11 at 09.14.52.png", (2016, 2, 11, 9, 14), (1280, 800)),
    ("Pictures/Screenshots/Screenshot 2018-05-03 at 21.40.07.png", (2018, 5, 3, 21, 40), (1440, 900)),
    ("Pictures/Screenshots/Bildschirmfoto 2020-11-30 für Zoë.png", (2020, 11, 30, 16, 2), (1440, 900)),
    ("Phone/Screenshots/Screenshot_20250921-081533.png", (2025, 9, 21, 12, 15), (720, 1520)),
)
LOSSLESS = (
    ("Pictures/Edited/harbour poster.png", (2014, 7, 1, 20, 11), "coast", "dusk", (1000, 667)),
    ("Pictures/Wallpapers/forêt brumeuse.png", (2013, 11, 9, 18, 30), "forest", "mist", (1280, 720)),
)
WEB = (
    ("Pictures/For the web/fjord.webp", (2022, 8, 15, 19, 3), "fjord", "gold", (1600, 1000)),
    ("Pictures/For the web/night-city.webp", (2016, 5, 2, 22, 47), "city", "night", (1280, 853)),
    ("Downloads/wallpaper-dunes-1600.webp", (2021, 1, 17, 11, 25), "desert", "dawn", (1600, 900)),
    ("Downloads/海辺.webp", (2023, 3, 30, 13, 8), "coast", "noon", (960, 640)),
)
MODERN = (
    ("Pictures/2024/Wellington/harbour.avif", (2024, 11, 21, 18, 35), "coast", "gold", (1600, 1067)),
    ("Pictures/2024/Wellington/tūī lookout.avif", (2024, 11, 22, 13, 5), "forest", "noon", (1280, 853)),
    ("Pictures/2024/Wellington/skyline.avif", (2024, 11, 22, 20, 48), "city", "dusk", (1800, 1200)),
)
WELLINGTON = Spot(-41.2866, 174.7756, 20)
ANIMATIONS = (
    ("Downloads/funny/sunset loop.gif", (2012, 1, 20, 17, 0), "coast", (320, 213)),
    ("Downloads/funny/balloon.gif", (2015, 8, 8, 10, 30), "mountains", (300, 200)),
    ("Downloads/funny/rainy window 🌧️.gif", (2019, 2, 14, 8, 20), "city", (280, 210)),
)
SCANS = (
    ("Scans/Family album/1962 summer house.tif", (2010, 12, 27, 15, 40), "fjord", (900, 640)),
    ("Scans/Family album/1971 Großmutter's village.tif", (2010, 12, 27, 15, 52), "old town", (900, 640)),
)


def plan_gallery(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plans these pictures; what the installed Pillow cannot write is replaced and noted."""
    for path, when, size in SCREENSHOTS:
        draw = partial(_write_screenshot, size, f"{seed}/{path}")
        yield DemoFile(path, datetime(*when, tzinfo=UTC), draw)
    for path, when, scene, light, size in LOSSLESS:
        paint = partial(_write_plain, "PNG", scene, light, size, f"{seed}/{path}")
        yield DemoFile(path, datetime(*when, tzinfo=UTC), paint)
    for path, when, scene, light, size in WEB:
        path, kind = _supported(path, "WEBP", notes)
        paint = partial(_write_plain, kind, scene, light, size, f"{seed}/{path}")
        yield DemoFile(path, datetime(*when, tzinfo=UTC), paint)
    for path, when, scene, light, size in MODERN:
        path, kind = _supported(path, "AVIF", notes)
        taken = datetime(*when, tzinfo=timezone(timedelta(hours=13)))
        paint = partial(_write_converted, kind, scene, light, size, taken, f"{seed}/{path}")
        yield DemoFile(path, taken, paint)
    for path, when, scene, size in ANIMATIONS:
        draw = partial(_write_animation, scene, size, f"{seed}/{path}")
        yield DemoFile(path, datetime(*when, tzinfo=UTC), draw)
    for path, when, scene, size in SCANS:
        draw = partial(_write_scan, scene, size, f"{seed}/{path}")
        yield DemoFile(path, datetime(*when, tzinfo=UTC), draw)


def _supported(path: str, kind: str, notes: list[str]) -> tuple[str, str]:
    """The path and format to write: those asked for, or JPEG where Pillow was built without the codec."""
    if features.check(kind.lower()):
        return path, kind
    note = f"{kind}: Pillow was built without it, so JPEG is written instead"
    if note not in notes:
        notes.append(note)
    return f"{path.rpartition('.')[0]}.jpg", "JPEG"


def _write_plain(kind: str, scene: str, light: str, size: tuple[int, int], dice_name: str,
                 path: Path) -> None:
    picture = landscape(scene, light, size, random.Random(dice_name), grain=kind != "PNG")
    picture.save(path, kind, quality=80, method=2)


def _write_converted(kind: str, scene: str, light: str, size: tuple[int, int], taken: datetime,
                     dice_name: str, path: Path) -> None:
    """A camera's picture converted to a newer format, its EXIF kept."""
    dice = random.Random(dice_name)
    picture = landscape(scene, light, size, dice)
    camera = CAMERAS["xt4"]
    spot = Spot(WELLINGTON.latitude + dice.gauss(0, 0.006), WELLINGTON.longitude + dice.gauss(0, 0.006), 20)
    block = exif_block(camera, expose(camera, LIGHTS[light].exposure, dice), taken, spot, size=size)
    # With more threads the AVIF encoder cuts the picture differently.
    picture.save(path, kind, quality=70, exif=block, speed=9, max_threads=1)


def _write_animation(scene: str, size: tuple[int, int], dice_name: str, path: Path) -> None:
    """The same place at all times of day, faded from one to the next."""
    lights = ("dawn", "noon", "gold", "dusk", "night")
    stills = [landscape(scene, light, size, random.Random(dice_name), grain=False) for light in lights]
    frames = []
    for before, after in zip(stills, stills[1:] + stills[:1], strict=True):
        blends = [Image.blend(before, after, step / 3) for step in range(3)]
        frames += [blend.quantize(96, Image.Quantize.FASTOCTREE) for blend in blends]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=120, loop=0)


def _write_scan(scene: str, size: tuple[int, int], dice_name: str, path: Path) -> None:
    """A brown print on white paper, as a flatbed scanner saves it."""
    picture = landscape(scene, "mist", size, random.Random(dice_name), grain=False)
    sepia = ImageOps.colorize(ImageOps.autocontrast(picture.convert("L")), (48, 32, 22), (246, 232, 206))
    page = ImageOps.expand(sepia, 30, (250, 246, 238))
    page.save(path, "TIFF", compression="tiff_lzw", dpi=(300, 300))


def _write_screenshot(size: tuple[int, int], dice_name: str, path: Path) -> None:
    """A window with a sidebar, lines of text and a chart."""
    dice = random.Random(dice_name)
    width, height = size
    unit = min(size) // 40
    accent = dice.choice(((52, 120, 246), (220, 80, 90), (40, 160, 110), (150, 90, 210)))
    paper = (250, 250, 252)
    picture = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, unit * 3), (228, 229, 234))
    for place, color in enumerate(((255, 95, 86), (255, 189, 46), (39, 201, 63))):
        draw.circle((unit * (2 + 2 * place), unit * 1.5), unit * 0.6, color)
    side = width // 5 if width > height else 0
    draw.rectangle((0, unit * 3, side, height), mix(accent, paper, 0.86))
    for line in range(12 if side else 0):
        top = unit * (5 + 2.4 * line)
        draw.rounded_rectangle((unit * 1.5, top, side * dice.uniform(0.45, 0.85), top + unit), unit // 3,
                               accent if line == 2 else mix(accent, paper, 0.55))
    left, middle = side + unit * 2, height * 0.5
    for line in range(int((middle - unit * 6) / (unit * 2))):
        top = unit * (5 + 2 * line)
        right = left + (width - left - unit * 2) * dice.uniform(0.5, 1.0)
        draw.rounded_rectangle((left, top, right, top + unit * 0.8), unit // 3, (206, 208, 214))
    bars = 9
    step = (width - left - unit * 2) / bars
    for bar in range(bars):
        top = middle + (height - unit * 2 - middle) * dice.uniform(0.05, 0.8)
        x = left + bar * step
        draw.rectangle((x, top, x + step * 0.7, height - unit * 2), mix(accent, paper, 0.5 * dice.random()))
    picture.save(path, "PNG")
