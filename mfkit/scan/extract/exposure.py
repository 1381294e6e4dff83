"""Conversion of EXIF numbers to exposure and lens metadata (CIPA DC-008-2019, sections 4.6.5 and 4.6.7).

Cameras write 0, 0/0 or infinite values for unknown settings; such values are treated as missing.
"""

import math
import re
from collections.abc import Mapping

from mfkit.scan.extract.tiff_directories import Value

EXPOSURE_TIME, F_NUMBER, ISO_SPEEDS = 0x829A, 0x829D, 0x8827
SHUTTER_SPEED, APERTURE = 0x9201, 0x9202
_LONGER_ISO_TAGS = (0x8833, 0x8832, 0x8831)
"""ISOSpeed, RecommendedExposureIndex and StandardOutputSensitivity, which have 32 bits."""
_MAX_SHORT = 65_535
_NO_LENS = re.compile(r"[-\s]*\Z|0(?:\.0+)? ?mm\b", re.IGNORECASE)


def first_number(value: Value | None) -> int | float | None:
    """Return a tag's value, or the first member of an array, as a finite number.

    Text such as ``"400"`` is parsed.
    """
    if isinstance(value, tuple):
        value = value[0] if value else None
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([+-]?\d{1,15}(?:\.\d{1,15})?)\s*\x00*", value)
        value = (float(match[1]) if "." in match[1] else int(match[1])) if match else None
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def whole(value: Value | None) -> int | None:
    """Return the first number in a tag's value as an integer, without its fraction."""
    number = first_number(value)
    return None if number is None else int(number)


def positive(value: Value | None) -> float | None:
    """Return the first number in a tag's value, or None if the number is not above zero."""
    number = first_number(value)
    return float(number) if number is not None and number > 0 else None


def iso(camera: Mapping[int, Value]) -> int | None:
    """Return the ISO speed from EXIF tags (Exif 2.32, section 4.6.5).

    A value of 65535 means that the speed is in a second tag, which has 32 bits.
    """
    for tag in (ISO_SPEEDS, *_LONGER_ISO_TAGS):
        value = camera.get(tag)
        for member in value if isinstance(value, tuple) else (value,):
            number = whole(member)
            if number and number > 0 and not (tag == ISO_SPEEDS and number == _MAX_SHORT):
                return number
    return None


def canon_iso(notes: Mapping[int, Value]) -> int | None:
    """Return the ISO speed from Canon's maker notes, for cameras that do not write the Exif tag.

    The speed is in CameraSettings (1), or is the product of two values of ShotInfo (4). Tag numbers
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


def aperture(camera: Mapping[int, Value]) -> float | None:
    """Return the f-number, computed from ApertureValue (APEX: Av = 2 log2 N) if FNumber is missing."""
    number = positive(camera.get(F_NUMBER))
    if number is not None:
        return number
    apex = first_number(camera.get(APERTURE))
    return round(2 ** (apex / 2), 2) if apex is not None and 0 < apex <= 20 else None


def exposure_seconds(camera: Mapping[int, Value]) -> float | None:
    """Return the exposure time in seconds, from ExposureTime or ShutterSpeedValue (APEX: Tv = -log2 t)."""
    seconds = positive(camera.get(EXPOSURE_TIME))
    if seconds is not None:
        return seconds
    apex = first_number(camera.get(SHUTTER_SPEED))
    return float(2**-apex) if apex and -20 < apex < 30 else None


def shutter_speed(seconds: float | None) -> str | None:
    """Format an exposure time in seconds as cameras display it, such as ``"1/250"``.

    Times up to a quarter of a second are fractions with an integer denominator (``"1/250"``). Longer times
    are numbers with at most one decimal (``"0.3"``, ``"30"``).
    """
    if seconds is None or not 1e-12 < seconds < 1e6:
        return None
    if seconds < 0.25001:
        return f"1/{math.floor(1 / seconds + 0.5)}"
    return f"{seconds:.1f}".removesuffix(".0")


def lens_text(text: str | None) -> str | None:
    """Return a lens name, or None for the dashes or zeros that cameras write for an unknown lens."""
    return None if text is None or _NO_LENS.match(text) else text


def lens_from_specification(value: Value | None) -> str | None:
    """Format LensSpecification, the ranges of focal length in mm and of f-number, as a lens name.

    Returns:
        Text such as ``"24-70mm f/2.8"``, ``"18-55mm f/3.5-5.6"`` or ``"50mm"``; None without focal length.
    """
    if not isinstance(value, tuple) or len(value) != 4:
        return None
    shortest, longest, wide, tele = (positive(number) or 0.0 for number in value)
    if not shortest or shortest > 100_000 or longest > 100_000:
        return None
    name = f"{_range(shortest, longest)}mm"
    return f"{name} f/{_range(wide or tele, tele)}" if wide or tele else name


def _range(low: float, high: float) -> str:
    return f"{low:.6g}-{high:.6g}" if high and high != low else f"{low:.6g}"
