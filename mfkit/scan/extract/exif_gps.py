"""Conversion of EXIF's GPS tags to location, altitude and date (CIPA DC-008-2019, section 4.6.6).

Some programs write coordinates as signed, decimal or text values, and hemisphere letters as numbers. Such
values are read if they have only one possible meaning. A hemisphere is never guessed, because half of the
images would get a wrong location.
"""

import math
import re
from collections.abc import Mapping

from mfkit.scan.extract.date_parser import ParsedDate, parse_date
from mfkit.scan.extract.exposure import first_number, whole
from mfkit.scan.extract.plausible_location import MAX_LATITUDE, MAX_LONGITUDE
from mfkit.scan.extract.tiff_directories import Value

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE = range(1, 7)
_BELOW = (1, 3)
"""Values of AltitudeRef for altitudes below sea level, and below the ellipsoid (Exif 3.0)."""
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,12})?")
_SEPARATORS = re.compile(r"(?:deg|[\s,;:°'\"′″\x00])*", re.IGNORECASE)


def location(gps: Mapping[int, Value]) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, or None if one of them is missing, invalid or ambiguous."""
    latitude, longitude = _degrees(gps.get(_LATITUDE)), _degrees(gps.get(_LONGITUDE))
    if latitude is None or longitude is None:
        return None
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        return None
    north, east = _letter(gps.get(_LATITUDE_REF)), _letter(gps.get(_LONGITUDE_REF))
    if not north and not east and min(latitude, longitude) < 0:
        # A negative number shows that the file uses signs instead of hemisphere letters. So a positive number
        # without a letter is not ambiguous.
        return latitude, longitude
    signed = _in_hemisphere(latitude, north, "NS"), _in_hemisphere(longitude, east, "EW")
    return None if signed[0] is None or signed[1] is None else (signed[0], signed[1])


def altitude(gps: Mapping[int, Value]) -> float | None:
    """Return the altitude in metres, which is negative below sea level."""
    height = first_number(gps.get(_ALTITUDE))
    if height is None:
        return None
    below = gps.get(_ALTITUDE_REF)
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
    """Return the numbers in a coordinate such as ``"33.5"`` or ``"33 deg 51' 24.5"``.

    Return an empty tuple if the text is not a coordinate.
    """
    if _SEPARATORS.fullmatch(_NUMBER.sub("", text[:128])) is None:
        return ()
    return tuple(float(number) for number in _NUMBER.findall(text[:128]))
