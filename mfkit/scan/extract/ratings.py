"""Conversion of the rating scales of different programs to stars.

A rating is 0 to 5 stars, in steps of a half, or -1 for a rejected item (ISO 16684-1, section 8.4).
"""

import math

Stars = int | float

# These are the lowest ID3 rating bytes for one to five stars. Windows Media Player and Explorer write 1, 64,
# 128, 196 and 255, and other programs write similar values.
_POPM_LIMITS = (1, 32, 96, 160, 224)
# MediaMonkey and MusicBee write these rating bytes for ratings with half a star.
_POPM_HALVES = {13: 0.5, 54: 1.5, 118: 2.5, 186: 3.5, 242: 4.5}
_LINEAR_PLAYERS = ("quodlibet", "banshee", "rhythmbox", "clementine", "strawberry")


def number(text: object) -> float | None:
    """Parse a finite decimal number with a point or a comma. Return None for any other text."""
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        return None
    try:
        value = float(text.strip().replace(",", ".")) if isinstance(text, str) else float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def stars(value: float | None) -> Stars | None:
    """Round a number of stars to half stars. Return None outside the range -1 (rejected) to 5."""
    if value is None or not (-1 <= value <= 5):
        return None
    if value < 0:
        return -1
    rounded = math.floor(value * 2 + 0.5) / 2
    return int(rounded) if rounded == int(rounded) else rounded


def from_percent(value: float | None) -> Stars | None:
    """Convert Microsoft's percent rating to stars: 1, 25, 50, 75 and 99 mean one to five stars.

    A rating of 0 means that the file is not rated.
    """
    if value is None or not 0 < value <= 100:
        return None
    return next(count for count, limit in enumerate((12, 37, 62, 87, 100), 1) if value <= limit)


def from_hundred(value: float | None) -> Stars | None:
    """Convert a rating from 0 to 100 to stars, with 20 points for each star.

    A rating of 0 means that the file is not rated.
    """
    return stars(value / 20) if value is not None and 0 < value <= 100 else None


def from_popularimeter(value: int, player: str) -> Stars | None:
    """Convert the rating byte of an ID3 popularimeter frame to stars (ID3v2.3, section 4.18).

    A rating byte from 1 to 255 is a rating, and 0 means that the rating is unknown.

    Args:
        value: The rating byte.
        player: The frame's email address, by which players are recognised.
    """
    if not 0 < value <= 255:
        return None
    if any(name in player.lower() for name in _LINEAR_PLAYERS):
        return stars(value / 51)
    if value in _POPM_HALVES:
        return _POPM_HALVES[value]
    return sum(value >= limit for limit in _POPM_LIMITS)


def from_comment(name: str, text: str) -> Stars | None:
    """Convert the rating in a Vorbis comment, an APE item or another named text to stars.

    Args:
        name: The field's name in lower case: ``rating`` (1 to 5, or to 100), ``fmps_rating`` (0.0 to 1.0,
            FreeDesktop's Free Media Player Specifications), ``rating wmp`` (1 to 255).
        text: The field's value.
    """
    value = number(text)
    if value is None:
        filled = text.count("★")
        return filled if 0 < filled <= 5 and not text.strip("★☆ ") else None
    if name == "fmps_rating" or (name.startswith("rating:") and 0 <= value <= 1):
        return stars(value * 5) if 0 < value <= 1 else None
    if name == "rating wmp":
        return from_popularimeter(int(value), "")
    if 0 < value < 1:
        return stars(value * 5)
    return stars(value) if 0 < value <= 5 else from_hundred(value)
