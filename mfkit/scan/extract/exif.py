"""Facts from EXIF: CIPA DC-008 (Exif 2.32) sections 4.6.4 to 4.6.8, wherever its TIFF structure lies.

JPEG APP1, PNG eXIf, WebP EXIF, HEIF items, TIFF files and most camera RAW hold the same directories.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from mfkit.scan.extract import tiff_directories
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.schema import Metadata, from_origin
from mfkit.scan.extract.tiff_directories import Directory, Value

_MAIN = frozenset(
    (
        0x00FE,
        0x0100,
        0x0101,
        0x0102,
        0x0103,
        0x010E,
        0x010F,
        0x0110,
        0x0112,
        0x0115,
        0x0131,
        0x0132,
        0x013B,
        0x02BC,
        0x8298,
        0x83BB,
        0x829A,
        0x829D,
        0x8827,
        0x9003,
        0x920A,
        0xC614,
    )
)
_RW2 = frozenset((0x0004, 0x0005, 0x0006, 0x0007, 0x0017))
_EXIF = frozenset(
    (
        0x829A,
        0x829D,
        0x8827,
        0x8831,
        0x8832,
        0x9003,
        0x9004,
        0x9010,
        0x9011,
        0x9012,
        0x9201,
        0x9202,
        0x920A,
        0x9291,
        0x9292,
        0xA002,
        0xA003,
        0xA405,
        0xA433,
        0xA434,
    )
)
_GPS = frozenset(range(1, 8))
_SIZES = frozenset((0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0115, 0x829A, 0x829D, 0x8827, 0x9003, 0x920A))
WANTED: Mapping[str, frozenset[int]] = {
    "main": _MAIN | _RW2,
    "next": _SIZES,
    "sub": _SIZES,
    "exif": _EXIF,
    "gps": _GPS,
    "canon": frozenset((1, 4)),
    "apple": frozenset((0x0011,)),
}

_DATE = re.compile(r"\s*(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?")
_OFFSET = re.compile(r"\s*([+-])(\d{2}):?(\d{2})")


def read(window: BoundedReader, *more: tuple[BoundedReader, str]) -> tuple[Metadata, list[Directory]]:
    """Read the camera's facts from a TIFF structure.

    Args:
        window: Begins at the byte-order mark.
        more: Further structures of the same picture, and the name of the directory each begins with.

    Returns:
        Facts of origin ``"exif"`` without a picture size, and the directories for those who know
        what a size there means in their format. DateTime, which programs that change a picture set
        too, stays in `extra` as `changed_at`: other sources may know the capture time better.
    """
    found = list(tiff_directories.directories(window, WANTED))
    for other, name in more:
        found += tiff_directories.directories(other, WANTED, name)
    tags: dict[str, dict[int, Value]] = {"main": {}, "exif": {}, "gps": {}, "canon": {}, "apple": {}}
    for directory in found:
        if directory.name in tags:
            for tag, value in directory.tags.items():
                tags[directory.name].setdefault(tag, value)
    main, exif = tags["main"], tags["exif"]
    # TIFF/EP (ISO 12234-2) and some phones keep camera facts in the first directory itself.
    camera = {tag: value for tag, value in main.items() if tag >= 0x829A} | exif
    facts: Metadata = {
        "camera_make": text(main.get(0x010F)),
        "camera_model": text(main.get(0x0110)) or text(main.get(0xC614)),
        "iso": _iso(camera) or _integer(main.get(0x0017)) or canon_iso(tags["canon"]),
        "aperture": _aperture(camera),
        "shutter_speed": shutter_speed(_exposure(camera)),
        "focal_length": positive(camera.get(0x920A)),
        "taken_at": _taken_at(camera),
    }
    point = location(tags["gps"])
    if point is not None:
        facts["latitude"], facts["longitude"] = point
    orientation = _integer(main.get(0x0112))
    extra: dict[str, Any] = {
        "orientation": orientation if orientation in range(1, 9) else None,
        "lens": text(exif.get(0xA434)),
        "lens_make": text(exif.get(0xA433)),
        "software": text(main.get(0x0131)),
        "description": text(main.get(0x010E)),
        "author": text(main.get(0x013B)),
        "copyright": text(main.get(0x8298)),
        "changed_at": moment(text(main.get(0x0132)), text(camera.get(0x9010))),
        "focal_length_35mm": _integer(exif.get(0xA405)) or None,
        "altitude": _altitude(tags["gps"]),
        # What the picture and the film of a Live Photo share.
        "content_identifier": text(tags["apple"].get(0x0011)),
    }
    facts["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("exif", facts), found


def text(value: Value | None) -> str | None:
    """A tag's text up to its NUL; a byte array is text too where writers chose the wrong type."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.split("\x00", 1)[0].strip() or None if isinstance(value, str) else None


def raw(value: Value | None) -> bytes | None:
    """A tag's bytes."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else None


def _first(value: Value | None) -> Value | None:
    return (value[0] if value else None) if isinstance(value, tuple) else value


def _integer(value: Value | None) -> int | None:
    value = _first(value)
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return value if isinstance(value, int) else None


def positive(value: Value | None) -> float | None:
    """A finite number above zero, the first of an array."""
    value = _first(value)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) and value > 0 else None


def _iso(camera: Mapping[int, Value]) -> int | None:
    """Exif 2.32 section 4.6.5: 65535 in PhotographicSensitivity means that a longer tag holds it."""
    for tag in (0x8827, 0x8832, 0x8831):
        value = camera.get(tag)
        for member in value if isinstance(value, tuple) else (value,):
            number = _integer(member)
            if number and not (tag == 0x8827 and number == 65535):
                return number
    return None


def canon_iso(notes: Mapping[int, Value]) -> int | None:
    """Cameras older than the Exif tag: CameraSettings (1), else the product of ShotInfo's (4) two parts.

    Tag numbers and formulas as exiftool's Canon module documents them.
    """
    settings, shot = notes.get(1), notes.get(4)
    if isinstance(settings, tuple) and len(settings) > 16:
        code = int(settings[16])
        is_plain = code & 0x4000 and code != 0x7FFF
        speed = code & 0x3FFF if is_plain else {16: 50, 17: 100, 18: 200, 19: 400, 20: 800}.get(code)
        if speed:
            return speed
    if isinstance(shot, tuple) and len(shot) > 2 and 0 < shot[2] < 640 and 0 <= shot[1] < 640:
        return round(2 ** (shot[1] / 32) * 100 * 2 ** (shot[2] / 32) / 32)
    return None


def _aperture(camera: Mapping[int, Value]) -> float | None:
    number = positive(camera.get(0x829D))
    if number is not None:
        return number
    apex = _first(camera.get(0x9202))  # APEX: Av = 2 log2(N)
    if isinstance(apex, (int, float)) and math.isfinite(apex) and 0 < apex <= 20:
        return round(2 ** (apex / 2), 2)
    return None


def _exposure(camera: Mapping[int, Value]) -> float | None:
    seconds = positive(camera.get(0x829A))
    if seconds is not None:
        return seconds
    apex = _first(camera.get(0x9201))  # APEX: Tv = -log2(t)
    if isinstance(apex, (int, float)) and math.isfinite(apex) and -20 < apex < 30 and apex:
        return float(2**-apex)
    return None


def shutter_speed(seconds: float | None) -> str | None:
    """An exposure time as photographers write it: ``"1/250"``, ``"0.5"``, ``"30"``."""
    if seconds is None or not 1e-12 < seconds < 1e6:
        return None
    if seconds < 0.35:
        inverse = 1 / seconds
        return f"1/{inverse:.0f}" if abs(inverse - round(inverse)) < 5e-4 * inverse else f"1/{inverse:.6g}"
    return f"{seconds:.6g}"


def moment(stamp: str | None, offset: str | None = None, fraction: str | None = None) -> datetime | None:
    """``YYYY:MM:DD HH:MM:SS`` with Exif 2.31's offset and sub-second companions, where present."""
    match = _DATE.match(stamp or "")
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    digits = re.match(r"\d{1,6}", (fraction or "").strip())
    zone = _OFFSET.match(offset or "")
    try:
        value = datetime(
            year, month, day, hour, minute, min(second, 59), int(digits[0].ljust(6, "0")) if digits else 0
        )
        if zone is not None:
            shift = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
            value = value.replace(tzinfo=timezone(-shift if zone[1] == "-" else shift))
    except (ValueError, OverflowError):
        return None
    return value


def _taken_at(camera: Mapping[int, Value]) -> datetime | None:
    original = moment(text(camera.get(0x9003)), text(camera.get(0x9011)), text(camera.get(0x9291)))
    return original or moment(text(camera.get(0x9004)), text(camera.get(0x9012)), text(camera.get(0x9292)))


def location(gps: Mapping[int, Value]) -> tuple[float, float] | None:
    """Degrees from GPS tags 1 to 4; None unless both parts and both hemispheres make sense.

    A missing hemisphere letter is not guessed: it would put half the world's pictures elsewhere.
    """
    latitude, longitude = _degrees(gps.get(2)), _degrees(gps.get(4))
    if latitude is None or longitude is None or latitude > 90 or longitude > 180:
        return None
    north, east = (text(gps.get(1)) or "")[:1].upper(), (text(gps.get(3)) or "")[:1].upper()
    if north not in ("N", "S") or east not in ("E", "W"):
        return None
    return latitude * (-1 if north == "S" else 1), longitude * (-1 if east == "W" else 1)


def _degrees(value: Value | None) -> float | None:
    parts = value if isinstance(value, tuple) else (value,)
    numbers = [float(part) for part in parts[:3] if isinstance(part, (int, float))]
    # Seconds written as 0/0 mean that the minutes carry the fraction.
    while len(numbers) > 1 and math.isnan(numbers[-1]):
        numbers.pop()
    if not numbers or not all(math.isfinite(number) and number >= 0 for number in numbers):
        return None
    return sum(number / float(60**power) for power, number in enumerate(numbers))


def _altitude(gps: Mapping[int, Value]) -> float | None:
    height = _first(gps.get(6))
    if not isinstance(height, (int, float)) or not math.isfinite(height):
        return None
    return -float(height) if _integer(gps.get(5)) == 1 else float(height)
