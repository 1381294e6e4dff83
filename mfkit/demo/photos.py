"""JPEG photos of the demo library: trips with a place, a few days and one or two cameras."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from mfkit.demo.camera_models import CAMERAS, QUARTER_TURN, UPRIGHT, Camera, Position, exif_block
from mfkit.demo.demo_file import DemoFile
from mfkit.demo.scenery import LIGHTS, add_noise, landscape


class Trip(NamedTuple):
    """One trip."""

    folder: str
    place: Position
    offset: int  # Hours ahead of UTC
    first_day: tuple[int, int, int]
    days: int
    shots: tuple[tuple[str, int], ...]  # Cameras, keys of `CAMERAS`, and the number of photos from each
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
    """Plan all photos of all trips."""
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
            # Within walking distance.
            latitude, longitude, altitude = trip.place
            position = Position(
                latitude + rng.gauss(0, 0.008),
                longitude + rng.gauss(0, 0.008),
                max(1.0, altitude + rng.gauss(0, 6)),
            )
        path = f"{trip.folder}/{camera.file_name.format(number=number, local=taken)}"
        write = partial(_write_photo, camera, taken, light, scene, size, position, turned, f"{seed}/{path}")
        # A memory card's clock counts in steps of two seconds and stamps the file when writing ends.
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
