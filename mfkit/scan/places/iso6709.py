"""Parser for locations as text (ISO 6709:2008, annex H), used in QuickTime, MP4 and Matroska tags."""

import re

_POINT = re.compile(
    r"([+-])([0-9]{1,6})(\.[0-9]+)?([+-])([0-9]{1,7})(\.[0-9]+)?"
    r"(?P<altitude>[+-][0-9]{1,12}(?:\.[0-9]*)?)?(?:CRS[^/]*)?/?\Z"
)
_MAX_ALTITUDE = 100_000


def iso6709(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, parsed from text such as ``+40.6894-074.0447+010/``.

    A latitude with two, four or six digits before the decimal point (a longitude with one more) is in
    degrees, degrees and minutes, or degrees, minutes and seconds. Leading zeros of whole degrees may be
    missing (``-74.5``), as phones write them. The result is None for any other text.
    """
    match = _POINT.match(text.strip())
    if match is None:
        return None
    is_degrees_only = len(match[2]) <= 2 and len(match[5]) <= 3
    if not is_degrees_only and (len(match[2]) % 2 or len(match[5]) != len(match[2]) + 1):
        return None
    latitude = _degrees(match[2], match[3] or "", 2)
    longitude = _degrees(match[5], match[6] or "", 3)
    return latitude * (-1 if match[1] == "-" else 1), longitude * (-1 if match[4] == "-" else 1)


def altitude_in(text: str) -> float | None:
    """Return the altitude in metres in the text of a location, or None without a location or an altitude."""
    match = _POINT.match(text.strip())
    altitude = float(match["altitude"]) if match is not None and match["altitude"] else None
    # Some phones write the largest number of 32 bits for an unknown altitude.
    return altitude if altitude is not None and abs(altitude) < _MAX_ALTITUDE else None


def _degrees(digits: str, fraction: str, width: int) -> float:
    parts = [digits[:width]] + [digits[at : at + 2] for at in range(width, len(digits), 2)]
    parts[-1] += fraction
    return sum(float(part) / float(60**power) for power, part in enumerate(parts))
