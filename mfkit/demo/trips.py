"""Journeys: pictures that share a place and a few days, as most of a photo library does."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from PIL import Image

from mfkit.demo.cameras import CAMERAS, Camera, expose
from mfkit.demo.entry import DemoFile
from mfkit.demo.exif import QUARTER_TURN, UPRIGHT, Spot, exif_block
from mfkit.demo.scenery import landscape
from mfkit.demo.sky import LIGHTS

# The local hour at which a picture with this light is taken.
HOURS = {"dawn": 6, "mist": 9, "noon": 13, "gold": 18, "dusk": 20, "night": 22}


@dataclass(frozen=True)
class Trip:
    """A stay somewhere.

    Attributes:
        folder: Where its pictures were filed.
        spot: The middle of the place.
        offset: Hours ahead of UTC at that time of year.
        first_day: Year, month and day.
        days: How long it lasted.
        shots: Cameras taken along and how many pictures of each were kept.
        scenes: What there was to see, keys of `mfkit.demo.scenery.SCENES`.
    """

    folder: str
    spot: Spot
    offset: float
    first_day: tuple[int, int, int]
    days: int
    shots: tuple[tuple[str, int], ...]
    scenes: tuple[str, ...]


TRIPS: tuple[Trip, ...] = (
    Trip("Old laptop/My Pictures/2009-07 Kraków", Spot(50.0614, 19.9372, 212), 2, (2009, 7, 18), 4,
         (("450d", 6),), ("old town", "forest")),
    Trip("Old laptop/My Pictures/Iceland 2011", Spot(63.9830, -19.0670, 590), 0, (2011, 8, 6), 6,
         (("s100", 6),), ("mountains", "fjord")),
    Trip("Pictures/2012/New York", Spot(40.7306, -73.9866, 14), -4, (2012, 10, 5), 5,
         (("iphone4s", 6),), ("city",)),
    Trip("Pictures/2014/Lisbon", Spot(38.7139, -9.1334, 60), 1, (2014, 6, 11), 6,
         (("d7100", 4), ("iphone5s", 5)), ("old town", "coast")),
    Trip("Pictures/2015/Marrakech", Spot(31.6258, -7.9891, 466), 1, (2015, 4, 2), 5,
         (("a6000", 3), ("galaxy6", 4)), ("desert", "mountains")),
    Trip("Pictures/2016/東京 Tokyo", Spot(35.6762, 139.7203, 40), 9, (2016, 3, 26), 8,
         (("xt10", 4), ("iphone6s", 4)), ("city", "forest")),
    Trip("Pictures/2017/Perú – Cusco", Spot(-13.5170, -71.9785, 3399), -5, (2017, 5, 20), 9,
         (("gx80", 7),), ("mountains", "old town", "desert")),
    Trip("Pictures/2018/Sydney", Spot(-33.8688, 151.2093, 39), 11, (2018, 12, 27), 7,
         (("iphonex", 7),), ("city", "coast")),
    Trip("Pictures/2019/Cape Town", Spot(-33.9249, 18.4241, 25), 2, (2019, 10, 12), 8,
         (("6d2", 7),), ("coast", "mountains")),
    Trip("Pictures/2022/Lofoten 🏔️", Spot(68.1574, 13.9996, 12), 2, (2022, 7, 2), 7,
         (("a7m3", 3), ("iphone12", 4)), ("fjord", "mountains")),
    Trip("Pictures/2023/Hà Nội", Spot(21.0278, 105.8342, 16), 7, (2023, 2, 8), 6,
         (("pixel7", 6),), ("old town", "city", "coast")),
    Trip("Pictures/2024/Patagonia", Spot(-49.3315, -72.8863, 405), -3, (2024, 1, 14), 10,
         (("xt4", 7),), ("mountains", "fjord", "forest")),
    Trip("Phone/DCIM/Camera", Spot(45.5019, -73.5674, 57), -4, (2025, 9, 19), 12,
         (("galaxy24", 7),), ("city", "forest")),
    Trip("Phone/DCIM/100APPLE", Spot(45.8992, 6.1294, 448), 2, (2026, 4, 11), 20,
         (("iphone15", 6),), ("fjord", "old town")),
)


@dataclass(frozen=True)
class _Shot:
    camera: Camera
    taken: datetime
    light: str
    scene: str
    size: tuple[int, int]
    spot: Spot | None
    orientation: int


def plan_trips(seed: int) -> Iterator[DemoFile]:
    """Plans all pictures of all journeys."""
    for trip in TRIPS:
        for key, count in trip.shots:
            dice = random.Random(f"{seed}/{trip.folder}/{key}")
            yield from _plan_camera(trip, CAMERAS[key], count, dice, seed)


def _plan_camera(trip: Trip, camera: Camera, count: int, dice: random.Random,
                 seed: int) -> Iterator[DemoFile]:
    zone = timezone(timedelta(hours=trip.offset))
    moments = dice.sample([(day, light) for day in range(trip.days) for light in HOURS], count)
    moments.sort(key=lambda moment: (moment[0], HOURS[moment[1]]))
    number = dice.randint(1, 900)
    for day, light in moments:
        number += dice.randint(1, 9)
        start = datetime(*trip.first_day, HOURS[light], tzinfo=zone)
        taken = start + timedelta(days=day, minutes=dice.randint(0, 75), seconds=dice.randint(0, 59))
        turned = camera.make not in ("Canon", "Panasonic") and dice.random() < 0.2
        shot = _Shot(
            camera=camera,
            taken=taken,
            light=light,
            scene=dice.choice(trip.scenes),
            size=dice.choice(camera.sizes),
            spot=_near(trip.spot, dice) if camera.has_gps else None,
            orientation=QUARTER_TURN if turned else UPRIGHT,
        )
        path = f"{trip.folder}/{camera.file_name.format(number=number, local=taken)}"
        # A memory card's clock counts in steps of two seconds and stamps the file when writing ends.
        modified = taken + timedelta(seconds=2 - taken.second % 2)
        yield DemoFile(path, modified, partial(_write_shot, shot, f"{seed}/{path}"))


def _near(spot: Spot, dice: random.Random) -> Spot:
    """Some place within walking distance."""
    return Spot(
        spot.latitude + dice.gauss(0, 0.008),
        spot.longitude + dice.gauss(0, 0.008),
        max(1.0, spot.altitude + dice.gauss(0, 6)),
    )


def _write_shot(shot: _Shot, dice_name: str, path: Path) -> None:
    dice = random.Random(dice_name)
    size = shot.size
    if shot.orientation == QUARTER_TURN:
        size = (size[1], size[0])
    picture = landscape(shot.scene, shot.light, size, dice)
    if shot.orientation == QUARTER_TURN:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    exposure = expose(shot.camera, LIGHTS[shot.light].exposure + dice.uniform(-0.7, 0.7), dice)
    block = exif_block(shot.camera, exposure, shot.taken, shot.spot,
                       size=shot.size, orientation=shot.orientation)
    picture.save(path, "JPEG", quality=79, exif=block)
