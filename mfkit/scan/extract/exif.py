"""EXIF metadata (CIPA DC-008-2019, Exif 2.32, sections 4.6.4 to 4.6.8).

JPEG (APP1), PNG (eXIf), WebP (EXIF), HEIF items, TIFF files and most camera RAW formats contain the same
directories.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mfkit.scan.extract import tiff_directories
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.dates_and_numbers import parse_exif_date
from mfkit.scan.extract.schema import Metadata, from_origin
from mfkit.scan.extract.tiff_directories import Directory, Value

# fmt: off
_MAIN = frozenset((
    0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x010E, 0x010F, 0x0110, 0x0112, 0x0115, 0x0131, 0x0132, 0x013B,
    0x02BC, 0x8298, 0x83BB, 0x829A, 0x829D, 0x8827, 0x9003, 0x920A, 0xC614,
))
_RW2 = frozenset((0x0004, 0x0005, 0x0006, 0x0007, 0x0017))
_EXIF = frozenset((
    0x829A, 0x829D, 0x8827, 0x8831, 0x8832, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9201, 0x9202, 0x920A,
    0x9291, 0x9292, 0xA002, 0xA003, 0xA405, 0xA433, 0xA434,
))
# fmt: on
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


def extract(reader: BoundedReader, *more: tuple[BoundedReader, str]) -> tuple[Metadata, list[Directory]]:
    """Read camera metadata from a TIFF structure.

    Args:
        reader: Starts at the byte-order mark.
        more: Further structures of the same image, each with the name of its first directory.

    Returns:
        Metadata of origin ``"exif"`` without the image size, and the directories, because the meaning of
        their sizes depends on the format. DateTime, which image editors also set, is in ``extra`` as
        ``changed_at``, because another source may state the capture time.
    """
    found = list(tiff_directories.directories(reader, WANTED))
    for other, name in more:
        found += tiff_directories.directories(other, WANTED, name)
    tags: dict[str, dict[int, Value]] = {"main": {}, "exif": {}, "gps": {}, "canon": {}, "apple": {}}
    for directory in found:
        if directory.name in tags:
            for tag, value in directory.tags.items():
                tags[directory.name].setdefault(tag, value)
    main, exif = tags["main"], tags["exif"]
    # TIFF/EP (ISO 12234-2) and some phones store camera metadata in the first directory.
    camera = {tag: value for tag, value in main.items() if tag >= 0x829A} | exif
    metadata: Metadata = {
        "camera_make": tag_text(main.get(0x010F)),
        "camera_model": tag_text(main.get(0x0110)) or tag_text(main.get(0xC614)),
        "iso": _iso(camera) or _integer(main.get(0x0017)) or canon_iso(tags["canon"]),
        "aperture": _aperture(camera),
        "shutter_speed": shutter_speed(_exposure(camera)),
        "focal_length": positive(camera.get(0x920A)),
        "taken_at": _taken_at(camera),
    }
    point = location(tags["gps"])
    if point is not None:
        metadata["latitude"], metadata["longitude"] = point
    orientation = _integer(main.get(0x0112))
    extra: dict[str, Any] = {
        "orientation": orientation if orientation in range(1, 9) else None,
        "lens": tag_text(exif.get(0xA434)),
        "lens_make": tag_text(exif.get(0xA433)),
        "software": tag_text(main.get(0x0131)),
        "description": tag_text(main.get(0x010E)),
        "author": tag_text(main.get(0x013B)),
        "copyright": tag_text(main.get(0x8298)),
        "changed_at": parse_exif_date(tag_text(main.get(0x0132)), tag_text(camera.get(0x9010))),
        "focal_length_35mm": _integer(exif.get(0xA405)) or None,
        "altitude": _altitude(tags["gps"]),
        # The image and the video of a Live Photo share it.
        "content_identifier": tag_text(tags["apple"].get(0x0011)),
    }
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("exif", metadata), found


def tag_text(value: Value | None) -> str | None:
    """Return a tag's text up to its NUL, also if a writer chose a byte type for it."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.split("\x00", 1)[0].strip() or None if isinstance(value, str) else None


def tag_bytes(value: Value | None) -> bytes | None:
    """Return a tag's bytes."""
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
    """Return a number if it is finite and above zero; of an array, the first."""
    value = _first(value)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) and value > 0 else None


def _iso(camera: Mapping[int, Value]) -> int | None:
    """Return the ISO speed; 65535 refers to a longer tag (Exif 2.32, section 4.6.5)."""
    for tag in (0x8827, 0x8832, 0x8831):
        value = camera.get(tag)
        for member in value if isinstance(value, tuple) else (value,):
            number = _integer(member)
            if number and not (tag == 0x8827 and number == 65535):
                return number
    return None


def canon_iso(notes: Mapping[int, Value]) -> int | None:
    """Return the ISO speed from Canon's notes, for cameras older than the Exif tag.

    It is in CameraSettings (1), or is the product of two values of ShotInfo (4). Tag numbers
    and formulas follow exiftool's Canon module.
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
    """Format an exposure time in seconds as photographers do: ``"1/250"``, ``"0.5"``, ``"30"``."""
    if seconds is None or not 1e-12 < seconds < 1e6:
        return None
    if seconds < 0.35:
        inverse = 1 / seconds
        return f"1/{inverse:.0f}" if abs(inverse - round(inverse)) < 5e-4 * inverse else f"1/{inverse:.6g}"
    return f"{seconds:.6g}"


def _taken_at(camera: Mapping[int, Value]) -> datetime | None:
    original = parse_exif_date(
        tag_text(camera.get(0x9003)), tag_text(camera.get(0x9011)), tag_text(camera.get(0x9291))
    )
    return original or parse_exif_date(
        tag_text(camera.get(0x9004)), tag_text(camera.get(0x9012)), tag_text(camera.get(0x9292))
    )


def location(gps: Mapping[int, Value]) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees from GPS tags 1 to 4, or None if one is missing or invalid.

    A missing hemisphere letter is not guessed, because half of the images would get a wrong location.
    """
    latitude, longitude = _degrees(gps.get(2)), _degrees(gps.get(4))
    if latitude is None or longitude is None or latitude > 90 or longitude > 180:
        return None
    north, east = (tag_text(gps.get(1)) or "")[:1].upper(), (tag_text(gps.get(3)) or "")[:1].upper()
    if north not in ("N", "S") or east not in ("E", "W"):
        return None
    return latitude * (-1 if north == "S" else 1), longitude * (-1 if east == "W" else 1)


def _degrees(value: Value | None) -> float | None:
    parts = value if isinstance(value, tuple) else (value,)
    numbers = [float(part) for part in parts[:3] if isinstance(part, (int, float))]
    # Seconds of 0/0 mean that the minutes have a fraction.
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
