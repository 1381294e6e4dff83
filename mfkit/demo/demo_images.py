"""Generated images of the demo library: travel photos, screenshots, scanned prints and animations."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageOps, features

from mfkit.demo.demo_cameras import CAMERAS, QUARTER_TURN, UPRIGHT, Camera, Position, exif_block
from mfkit.demo.demo_file import DemoFile

Color = tuple[int, int, int]


class Light(NamedTuple):
    """Colors and brightness of a landscape at a time of day.

    Attributes:
        hour: Local hour at which a photo with this light is taken.
        exposure: Exposure value at ISO 100.
        daylight: Brightness from 0 (night) to 1 (noon).
        height: Position of the sun or moon: 0 at the upper edge of the image, 1 at the lower.
        top: Color of the sky at the upper edge.
        low: Color of the sky at the horizon, which is also mixed into distant land.
    """

    hour: int
    exposure: float
    daylight: float
    height: float
    top: Color
    low: Color


LIGHTS = {
    "dawn": Light(6, 10.5, 0.55, 0.42, (84, 100, 160), (255, 204, 176)),
    "mist": Light(9, 12.0, 0.70, 0.30, (150, 172, 186), (232, 234, 228)),
    "noon": Light(13, 14.5, 1.00, 0.14, (38, 108, 190), (206, 230, 242)),
    "gold": Light(18, 12.5, 0.80, 0.36, (84, 130, 180), (255, 210, 140)),
    "dusk": Light(20, 8.5, 0.30, 0.46, (44, 32, 92), (255, 132, 90)),
    "night": Light(22, 3.5, 0.05, 0.22, (6, 10, 34), (52, 76, 124)),
}

# Each scene is a list of silhouettes from far to near. Each silhouette has a color, a highest and a lowest
# point (0 at the upper edge of the image, 1 at the lower edge), and a number of peaks. A negative number of
# peaks means city buildings with flat roofs.
# fmt: off
SCENES: dict[str, tuple[tuple[Color, float, float, int], ...]] = {
    "mountains": (((92, 112, 148), 0.2, 0.6, 5), ((62, 80, 100), 0.4, 0.75, 7), ((70, 110, 62), 0.7, 0.9, 3)),
    "fjord": (((84, 108, 132), 0.14, 0.6, 5), ((52, 74, 82), 0.3, 0.7, 4), ((40, 80, 96), 0.66, 0.66, 1)),
    "coast": (((92, 124, 116), 0.46, 0.62, 4), ((36, 110, 140), 0.6, 0.6, 1), ((240, 214, 162), 0.8, 1, 2)),
    "desert": (((176, 116, 92), 0.44, 0.58, 9), ((236, 176, 108), 0.54, 0.76, 3),
               ((176, 100, 56), 0.7, 1, 2)),
    "forest": (((120, 148, 128), 0.34, 0.6, 24), ((82, 120, 88), 0.5, 0.8, 20), ((28, 60, 40), 0.7, 1, 14)),
    "city": (((134, 152, 174), 0.22, 0.7, -24), ((88, 108, 134), 0.4, 0.76, -16),
             ((50, 84, 110), 0.78, 0.78, 1)),
    "old town": (((118, 140, 124), 0.36, 0.56, 4), ((236, 196, 140), 0.44, 0.64, 12),
                 ((212, 124, 92), 0.58, 0.8, 9)),
}
# fmt: on


def landscape(scene: str, light: str, size: tuple[int, int], rng: random.Random) -> Image.Image:
    """Draw a random landscape: silhouettes in front of a sky with the sun or moon.

    Args:
        scene: A key of `SCENES`.
        light: A key of `LIGHTS`.
        size: Width and height in pixels.
        rng: Random generator; the same state gives the same image.
    """
    hour, layers = LIGHTS[light], SCENES[scene]
    # The image is drawn small and then enlarged, to smooth the edges of the silhouettes.
    width, height = 640, round(640 * size[1] / size[0])
    sky = ImageOps.colorize(Image.linear_gradient("L"), hour.top, hour.low, whitepoint=166)
    image = sky.resize((width, height), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    draw.circle((rng.uniform(0.15, 0.85) * width, hour.height * height), width * 0.035, (255, 246, 214))
    tint = [rng.uniform(0.75, 1.2) for _ in range(3)]
    for number, (color, top, bottom, peaks) in enumerate(layers, start=1):
        near = 0.5 + 0.5 * number / len(layers)
        shine = near * (0.4 + 0.6 * hour.daylight)
        red, green, blue = (
            min(255, round(low * (1 - near) + part * factor * shine))
            for low, part, factor in zip(hour.low, color, tint)
        )
        # The outline of mountains has peaks and valleys. The outline of buildings has flat roofs and vertical
        # walls.
        edge = [rng.uniform(top, bottom) for _ in range(abs(peaks) + 1)]
        points = [
            y * height for high in edge for y in (high, min(bottom, high + 0.12) if peaks > 0 else high)
        ]
        places = [
            (index + (peaks < 0 and index % 2)) * width / (2 * len(edge) - 2) for index in range(len(points))
        ]
        draw.polygon([*zip(places, points), (width, height), (0, height)], (red, green, blue))
    return image.resize(size, Image.Resampling.BICUBIC)


def add_noise(image: Image.Image, rng: random.Random) -> Image.Image:
    """Add sensor noise to an image, so that its file is as large as a real camera's file."""
    width, height = image.size
    tile = np.random.default_rng(rng.getrandbits(64)).integers(0, 9, (256, 256), np.uint8)
    noise = Image.fromarray(np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width])
    return ImageChops.add(image, noise.convert("RGB"), offset=-4)


class Trip(NamedTuple):
    """Trip on which photos of the demo library are taken, and the number of photos that each camera takes.

    The demo library contains the files of an invented household.

    Attributes:
        folder: Folder of the photos.
        place: Center of the area in which the photos are taken.
        offset: UTC offset in hours.
        first_day: First day: year, month, day.
        days: Number of days.
        shots: Pairs of a camera (key of `CAMERAS`) and its number of photos.
        scenes: Scenes of the photos, keys of `SCENES`.
    """

    folder: str
    place: Position
    offset: int
    first_day: tuple[int, int, int]
    days: int
    shots: tuple[tuple[str, int], ...]
    scenes: tuple[str, ...]


# fmt: off
TRIPS: tuple[Trip, ...] = (
    Trip("Old laptop/My Pictures/2009-07 Kraków", Position(50.0614, 19.9372, 212), 2, (2009, 7, 18), 4,
         (("450d", 6),), ("old town", "forest")),
    Trip("Old laptop/My Pictures/Iceland 2011", Position(63.9830, -19.0670, 590), 0, (2011, 8, 6), 6,
         (("s100", 6),), ("mountains", "fjord")),
    Trip("Pictures/2012/New York", Position(40.7306, -73.9866, 14), -4, (2012, 10, 5), 5,
         (("iphone4s", 6),), ("city",)),
    Trip("Pictures/2014/Lisbon", Position(38.7139, -9.1334, 60), 1, (2014, 6, 11), 6,
         (("d7100", 4), ("iphone5s", 5)), ("old town", "coast")),
    Trip("Pictures/2015/Marrakech", Position(31.6258, -7.9891, 466), 1, (2015, 4, 2), 5,
         (("a6000", 3), ("galaxy6", 4)), ("desert", "mountains")),
    Trip("Pictures/2016/東京 Tokyo", Position(35.6762, 139.7203, 40), 9, (2016, 3, 26), 8,
         (("xt10", 4), ("iphone6s", 4)), ("city", "forest")),
    Trip("Pictures/2017/Perú – Cusco", Position(-13.5170, -71.9785, 3399), -5, (2017, 5, 20), 9,
         (("gx80", 7),), ("mountains", "old town", "desert")),
    Trip("Pictures/2018/Sydney", Position(-33.8688, 151.2093, 39), 11, (2018, 12, 27), 7,
         (("iphonex", 7),), ("city", "coast")),
    Trip("Pictures/2019/Cape Town", Position(-33.9249, 18.4241, 25), 2, (2019, 10, 12), 8,
         (("6d2", 7),), ("coast", "mountains")),
    Trip("Pictures/2022/Lofoten 🏔️", Position(68.1574, 13.9996, 12), 2, (2022, 7, 2), 7,
         (("a7m3", 3), ("iphone12", 4)), ("fjord", "mountains")),
    Trip("Pictures/2023/Hà Nội", Position(21.0278, 105.8342, 16), 7, (2023, 2, 8), 6,
         (("pixel7", 6),), ("old town", "city", "coast")),
    Trip("Pictures/2024/Patagonia", Position(-49.3315, -72.8863, 405), -3, (2024, 1, 14), 10,
         (("xt4", 7),), ("mountains", "fjord", "forest")),
    Trip("Phone/DCIM/Camera", Position(45.5019, -73.5674, 57), -4, (2025, 9, 19), 12,
         (("galaxy24", 7),), ("city", "forest")),
    Trip("Phone/DCIM/100APPLE", Position(45.8992, 6.1294, 448), 2, (2026, 4, 11), 20,
         (("iphone15", 6),), ("fjord", "old town")),
)
# fmt: on


def plan_photos(seed: int) -> Iterator[DemoFile]:
    """Yield a :class:`DemoFile` for each photo of the trips in `TRIPS`."""
    for trip in TRIPS:
        for camera, count in trip.shots:
            rng = random.Random(f"{seed}/{trip.folder}/{camera}")
            yield from _plan_camera(trip, CAMERAS[camera], count, rng, seed)


def _plan_camera(trip: Trip, camera: Camera, count: int, rng: random.Random, seed: int) -> Iterator[DemoFile]:
    zone = timezone(timedelta(hours=trip.offset))
    times = rng.sample([(day, light) for day in range(trip.days) for light in LIGHTS], count)
    times.sort(key=lambda time: (time[0], LIGHTS[time[1]].hour))
    number = rng.randint(1, 900)
    for day, light in times:
        number += rng.randint(1, 9)
        start = datetime(*trip.first_day, LIGHTS[light].hour, tzinfo=zone)
        taken = start + timedelta(days=day, minutes=rng.randint(0, 75), seconds=rng.randint(0, 59))
        turned = camera.make not in ("Canon", "Panasonic") and rng.random() < 0.2
        scene, size = rng.choice(trip.scenes), rng.choice(camera.sizes)
        position = None
        if camera.has_gps:
            # All photos of a trip are taken within walking distance of the center of the trip.
            latitude, longitude, altitude = trip.place
            position = Position(
                latitude + rng.gauss(0, 0.008),
                longitude + rng.gauss(0, 0.008),
                max(1.0, altitude + rng.gauss(0, 6)),
            )
        path = f"{trip.folder}/{camera.file_name.format(number=number, local=taken)}"
        write = partial(_write_photo, camera, taken, light, scene, size, position, turned, f"{seed}/{path}")
        # Modification times are even seconds, because the FAT file systems of memory cards store them in
        # steps of two seconds.
        yield DemoFile(path, taken + timedelta(seconds=2 - taken.second % 2), write)


def _write_photo(
    camera: Camera,
    taken: datetime,
    light: str,
    scene: str,
    size: tuple[int, int],
    position: Position | None,
    turned: bool,
    seed: str,
    path: Path,
) -> None:
    rng = random.Random(seed)
    image = landscape(scene, light, size[::-1] if turned else size, rng)
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
    exposure = LIGHTS[light].exposure + rng.uniform(-0.7, 0.7)
    exif = exif_block(camera, exposure, taken, position, size, QUARTER_TURN if turned else UPRIGHT, rng)
    add_noise(image, rng).save(path, quality=79, exif=exif)


# Each entry describes an image: path, date, scene and light (empty for screenshots), and size in pixels.
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
# The output of the AVIF encoder depends on the number of its threads. It uses one thread, so that its output
# does not depend on the number of processor cores.
_OPTIONS: dict[str, dict[str, Any]] = {
    "webp": {"quality": 80, "method": 2},
    "avif": {"quality": 70, "speed": 9, "max_threads": 1},
    "tif": {"compression": "tiff_lzw", "dpi": (300, 300)},
    "gif": {"save_all": True, "duration": 120, "loop": 0},
}


def plan_non_jpeg_images(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Yield a :class:`DemoFile` for each image of the demo library in a format other than JPEG.

    If the installed Pillow cannot write WebP or AVIF, the image becomes a JPEG file, and ``notes`` gets a
    message about it.
    """
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
    options = dict(_OPTIONS.get(suffix, {}))
    if suffix in ("webp", "avif"):
        image = add_noise(image, rng)
    if suffix == "tif":
        # TIFF images are brown on white, like scans of old prints.
        sepia = ImageOps.colorize(ImageOps.autocontrast(image.convert("L")), (48, 32, 22), (246, 232, 206))
        image = ImageOps.expand(sepia, 30, (250, 246, 238))
    elif suffix == "gif":
        # The landscape of the animation fades from day to night and back.
        other = landscape(scene, "night", size, random.Random(seed))
        steps = (0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2)
        image, *options["append_images"] = [Image.blend(image, other, step).quantize(64) for step in steps]
    elif suffix == "avif":
        # AVIF images get EXIF data, because photos keep their EXIF data when they are converted to AVIF.
        latitude, longitude, altitude = WELLINGTON
        position = Position(latitude + rng.gauss(0, 0.006), longitude + rng.gauss(0, 0.006), altitude)
        exposure = LIGHTS[light].exposure
        options["exif"] = exif_block(CAMERAS["xt4"], exposure, taken, position, size, UPRIGHT, rng)
    image.save(path, **options)


def _write_screenshot(size: tuple[int, int], seed: str, path: Path) -> None:
    """Write a drawn screenshot: a window with a title bar, lines of text and a bar chart."""
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
