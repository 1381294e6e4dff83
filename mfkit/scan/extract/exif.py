"""Extractor for EXIF metadata (CIPA DC-008-2019, Exif 2.32, sections 4.6.4 to 4.6.8).

JPEG (APP1), PNG (eXIf), WebP (EXIF), HEIF items, TIFF files and most camera RAW formats contain the same
directories. Section 4.6.6 describes the GPS tags.

Some programs write coordinates as signed, decimal or text values, and hemisphere letters as numbers. Such
values are read if they have only one possible meaning. A hemisphere is never guessed, because half of the
images would get a wrong location.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from mfkit.scan.extract import exif_texts, exposure, tiff_directories
from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.date_parser import ParsedDate, parse_date
from mfkit.scan.extract.exif_texts import tag_text
from mfkit.scan.extract.exposure import first_number, whole
from mfkit.scan.extract.plausible_location import MAX_LATITUDE, MAX_LONGITUDE, is_unset_location
from mfkit.scan.extract.schema import Metadata, StatedDate, from_origin
from mfkit.scan.extract.tiff_directories import Directory, Value

# fmt: off
_MAIN = frozenset((
    0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x010F, 0x0110, 0x0111, 0x0112, 0x0115, 0x0117, 0x0131, 0x0132,
    0x0144, 0x0145, 0x02BC, 0x83BB, 0x8649, 0x829A, 0x829D, 0x8827, 0x882A, 0x9003, 0x920A, 0xC614, 0xC630,
))
_RW2 = frozenset((0x0004, 0x0005, 0x0006, 0x0007, 0x0017))
_EXIF = frozenset((
    0x829A, 0x829D, 0x8827, 0x882A, 0x8831, 0x8832, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9201, 0x9202,
    0x8833, 0x920A, 0x9290, 0x9291, 0x9292, 0xA002, 0xA003, 0xA405, 0xA432, 0xA433, 0xA434,
))
# fmt: on
_GPS = frozenset((*range(1, 8), 0x001D))
_SIZES = frozenset((0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0115, 0x829A, 0x829D, 0x8827, 0x9003, 0x920A))
WANTED: Mapping[str, frozenset[int]] = {
    "main": _MAIN | _RW2 | exif_texts.MAIN_TAGS,
    "next": _SIZES,
    "sub": _SIZES,
    "exif": _EXIF | exif_texts.EXIF_TAGS,
    "gps": _GPS,
    "canon": frozenset((1, 4)),
    "apple": frozenset((0x0011,)),
}

LENS_SPECIFICATION = "lens_specification"
"""Key in ``extra`` of a lens that is known only by its focal lengths and f-numbers."""


def extract(reader: BoundedReader, *more: tuple[BoundedReader, str]) -> tuple[Metadata, list[Directory]]:
    """Read the EXIF metadata in a TIFF structure.

    Args:
        reader: Starts at the byte-order mark.
        more: Further structures of the same image, each with the name of its first directory.

    Returns:
        Metadata of origin ``"exif"`` without the image size, and the directories. The caller takes the size
        from the directories, because it depends on the format which of them describes the image. DateTime,
        which image editors also set, is in ``extra`` as ``changed_at``, because another source may state the
        capture time.
    """
    found = list(tiff_directories.directories(reader, WANTED))
    for other, name in more:
        found += tiff_directories.directories(other, WANTED, name)
    tags: dict[str, dict[int, Value]] = {"main": {}, "exif": {}, "gps": {}, "canon": {}, "apple": {}}
    for directory in found:
        if directory.name in tags:
            tags[directory.name] = directory.tags | tags[directory.name]
    main, exif = tags["main"], tags["exif"]
    # Camera metadata is also read from the first TIFF directory, because TIFF/EP (ISO 12234-2) and some
    # phones store it there instead of in the EXIF directory.
    camera = {tag: value for tag, value in main.items() if tag >= 0x829A} | exif
    changed = _date(main, camera, 0x0132, 0x9010, 0x9290)
    metadata: Metadata = {
        "camera_make": tag_text(main.get(0x010F)),
        "camera_model": tag_text(main.get(0x0110)) or tag_text(main.get(0xC614)),
        "iso": exposure.iso(camera) or exposure.whole(main.get(0x0017)) or exposure.canon_iso(tags["canon"]),
        "aperture": exposure.aperture(camera),
        "shutter_speed": exposure.shutter_speed(exposure.exposure_seconds(camera)),
        "focal_length": exposure.positive(camera.get(0x920A)),
        "dates": _dates(camera, tags["gps"], changed),
    }
    point = location(tags["gps"])
    if point is not None:
        metadata["latitude"], metadata["longitude"] = point
    metadata["title"], texts = exif_texts.text_fields(main, exif)
    orientation = exposure.whole(main.get(0x0112))
    extra: dict[str, Any] = texts | {
        "orientation": orientation if orientation in range(1, 9) else None,
        "lens": exposure.lens_text(tag_text(exif.get(0xA434))),
        LENS_SPECIFICATION: exposure.lens_from_specification(exif.get(0xA432) or main.get(0xC630)),
        "lens_make": tag_text(exif.get(0xA433)),
        "software": tag_text(main.get(0x0131)),
        "changed_at": changed.value if changed else None,
        "focal_length_35mm": exposure.whole(exif.get(0xA405)) or None,
        "altitude": altitude(tags["gps"]),
        # The image and the video of an Apple Live Photo have the same identifier, so it shows that they
        # belong together.
        "content_identifier": tag_text(tags["apple"].get(0x0011)),
    }
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("exif", metadata), found


def _dates(
    camera: Mapping[int, Value], gps: Mapping[int, Value], changed: ParsedDate | None
) -> tuple[StatedDate, ...]:
    """Return EXIF's capture, digitization, modification and GPS dates (sections 4.6.4 D, 4.6.5 F, 4.6.6)."""
    stated = {
        "exif original": _date(camera, camera, 0x9003, 0x9011, 0x9291),
        "exif digitized": _date(camera, camera, 0x9004, 0x9012, 0x9292),
        "exif DateTime": changed,
        "gps": gps_date(tag_text(gps.get(0x001D)), gps.get(0x0007)),
    }
    return tuple(StatedDate(name, *date) for name, date in stated.items() if date is not None)


def _date(
    directory: Mapping[int, Value], camera: Mapping[int, Value], tag: int, offset: int, fraction: int
) -> ParsedDate | None:
    text = tag_text(directory.get(tag))
    if text is None:
        return None
    zone = tag_text(camera.get(offset))
    if tag == 0x9003 and zone is None and (hours := exposure.whole(camera.get(0x882A))) is not None:
        # TimeZoneOffset (ISO 12234-2), in whole hours, is used only if the newer offset tags of Exif 2.31 are
        # missing.
        zone = f"{hours:+03}:00"
    return parse_date(text, zone, tag_text(camera.get(fraction)))


_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, ALTITUDE_REF, ALTITUDE = range(1, 7)
_BELOW = (1, 3)
"""Values of AltitudeRef for altitudes below sea level, and below the ellipsoid (Exif 3.0)."""
_OWN_LETTER = re.compile(r"\A\s*[NSEW](?![a-z])|[NSEW](?=[\s\0]*\Z)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,32})?")
_SEPARATORS = re.compile(r"(?:deg|[\s,;:°'\"′″\x00])*", re.IGNORECASE)


def location(gps: Mapping[int, Value]) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, or None if one of them is missing, invalid or ambiguous."""
    latitude, longitude = _degrees(gps.get(_LATITUDE)), _degrees(gps.get(_LONGITUDE))
    if latitude is None or longitude is None:
        return None
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        return None
    north = _hemisphere(gps.get(_LATITUDE_REF), gps.get(_LATITUDE))
    east = _hemisphere(gps.get(_LONGITUDE_REF), gps.get(_LONGITUDE))
    if not north and not east and min(latitude, longitude) < 0:
        # If the latitude or the longitude is negative, the file uses signs instead of hemisphere letters. So
        # the other number can be positive without a letter.
        return latitude, longitude
    signed = _in_hemisphere(latitude, north, "NS"), _in_hemisphere(longitude, east, "EW")
    if signed[0] is None or signed[1] is None or is_unset_location(signed[0], signed[1]):
        return None  # A receiver without a signal writes zeros. Another source may state the location.
    return signed[0], signed[1]


def altitude(gps: Mapping[int, Value]) -> float | None:
    """Return the altitude in metres, negative below sea level."""
    height = first_number(gps.get(ALTITUDE))
    if height is None:
        return None
    below = gps.get(ALTITUDE_REF)
    if isinstance(below, bytes):
        below = below[0] if below else None
    if isinstance(below, str) and below[:1] in ("\x01", "\x03"):
        below = ord(below[0])
    return -abs(float(height)) if whole(below) in _BELOW else float(height)


def gps_date(stamp: str | None, time: Value | None) -> ParsedDate | None:
    """Return the UTC time of GPSDateStamp and GPSTimeStamp, or only the day if the time is not valid.

    Args:
        stamp: Date as ``YYYY:MM:DD``.
        time: Hour, minute and second as rationals.
    """
    day = parse_date(stamp)
    if day is None or not isinstance(time, tuple) or len(time) != 3:
        return day
    parts = [first_number(part) for part in time]
    hour, minute, second = (-1.0 if part is None or not math.isfinite(part) else part for part in parts)
    if not (0 <= hour <= 24 and 0 <= minute < 60 and 0 <= second < 61):
        return day
    return parse_date(f"{day.value:%Y-%m-%d} {int(hour):02}:{int(minute):02}:{min(second, 59.999999):09.6f}Z")


def _in_hemisphere(degrees: float, letter: str, letters: str) -> float | None:
    """Return a coordinate in degrees with the sign for its hemisphere letter.

    Return None if the letter is missing or contradicts the coordinate's sign.
    """
    if letter == letters[0]:
        return degrees if math.copysign(1, degrees) > 0 or not degrees else None
    return -abs(degrees) if letter == letters[1] else None


def _hemisphere(reference: Value | None, coordinate: Value | None) -> str:
    """Return the hemisphere letter of a reference tag, or else the letter in a text such as ``"33.5 S"``.

    Return ``"?"`` if the two letters differ.
    """
    own = _OWN_LETTER.search(coordinate) if isinstance(coordinate, str) else None
    stated, letter = _letter(reference), own[0].strip().upper() if own else ""
    return "?" if stated and letter and stated != letter else stated or letter


def _letter(value: Value | None) -> str:
    """Return the hemisphere letter (N, S, E or W) in a tag's value, which can have any type."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value,)
    if isinstance(value, tuple):
        value = bytes(int(code) for code in value[:8] if 0 <= code < 256)
    text = value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return text.strip("\x00 ")[:1].upper()


def _degrees(value: Value | None) -> float | None:
    """Convert degrees, minutes and seconds to decimal degrees. Minutes and seconds may be missing (0/0)."""
    if isinstance(value, str):
        value = _numbers_in(value)
    parts = value if isinstance(value, tuple) else (value,)
    numbers = [float(part) for part in parts[:3] if isinstance(part, (int, float))]
    while len(numbers) > 1 and math.isnan(numbers[-1]):
        numbers.pop()
    if not numbers or not all(math.isfinite(number) for number in numbers):
        return None
    if any(abs(number) > 60 for number in numbers[1:]):
        return None
    is_negative = any(number < 0 for number in numbers)
    if is_negative and (numbers[0] > 0 or not numbers[0] and max(numbers) > 0):
        return None  # Degrees, minutes and seconds with contradictory signs are not a valid coordinate.
    degrees = sum(abs(number) / float(60**power) for power, number in enumerate(numbers))
    return -degrees if is_negative else degrees


def _numbers_in(text: str) -> tuple[float, ...]:
    """Return the numbers in a coordinate such as ``"33.5"``, ``"33.5 S"`` or ``"33 deg 51' 24.5"``.

    Return an empty tuple if the text is not a coordinate.
    """
    plain = _OWN_LETTER.sub("", text[:128], count=1)
    if _SEPARATORS.fullmatch(_NUMBER.sub("", plain)) is None:
        return ()
    return tuple(float(number) for number in _NUMBER.findall(plain))
