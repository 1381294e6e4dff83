"""Parsing and formatting of sizes, durations and counts."""

from __future__ import annotations

import re

_SIZE = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([kmgtpe]?)(i?)b?(?:ytes?)?\s*", re.IGNORECASE)
_CLOCK = re.compile(r"\s*(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)\s*")
_SPAN = re.compile(
    r"\s*([0-9]*\.?[0-9]+)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\s*", re.IGNORECASE
)
_POWERS = "kmgtpe"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_size(value: str | int | float) -> int:
    """Convert a size such as ``"1.5 GiB"`` to a number of bytes.

    Args:
        value: Number of bytes, or text such as ``"1 GB"`` (10^9 bytes), ``"1.5 GiB"``, ``"700k"``.

    Raises:
        ValueError: The text is not a size, or the size is negative.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 0 <= value < 2**63:
            raise ValueError(f"{value!r} is not a size in bytes. Use a number of at least 0")
        return int(value)
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f'{value!r} is not a size. Use a number of bytes or text such as "700 MB" or "1.5 GiB"'
        )
    number, prefix, binary = match.groups()
    power = _POWERS.index(prefix.lower()) + 1 if prefix else 0
    size = float(number) * float(1024 if binary else 1000) ** power
    if size >= 2**63:
        raise ValueError(f"{value!r} is larger than any file. Use a smaller size")
    return round(size)


def parse_duration(value: str | int | float) -> float:
    """Convert a duration such as ``"5 min"`` to a number of seconds.

    Args:
        value: Number of seconds, or text such as ``"90 s"``, ``"1.5 h"``, ``"2 days"``, ``"1:30:00"``.

    Raises:
        ValueError: The text is not a duration, or the duration is negative.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 0 <= value < float("inf"):
            raise ValueError(f"{value!r} is not a duration in seconds. Use a number of at least 0")
        return float(value)
    if isinstance(value, str):
        if clock := _CLOCK.fullmatch(value):
            hours, minutes, seconds = clock.groups()
            return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        if span := _SPAN.fullmatch(value):
            return float(span[1]) * _SECONDS[span[2][0].lower()]
    raise ValueError(
        f'{value!r} is not a duration. Use a number of seconds or text such as "5 min" or "1:30:00"'
    )


def format_size(size: float) -> str:
    """Format a number of bytes with a decimal unit and three digits: ``"1.23 GB"``."""
    if size < 999.5:
        return f"{size:.0f} B"
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        size /= 1000
        if size < 999.5 or unit == "PB":
            break
    return f"{size:.{2 if size < 9.995 else 1 if size < 99.95 else 0}f} {unit}"


def round_size(size: float) -> str:
    """Format a number of bytes like :func:`format_size`, without trailing zeros: ``"1 GB"``, ``"1.5 kB"``."""
    number, unit = format_size(size).split(" ")
    return f"{float(number):g} {unit}"


def format_duration(seconds: float) -> str:
    """Format a number of seconds as text: ``"1.5 s"``, ``"42 s"``, ``"3:05 min"``, ``"214 h"``."""
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d} min"
    return f"{seconds / 3600:,.1f} h" if seconds < 36_000 else f"{seconds / 3600:,.0f} h"


def format_rate(rate: float) -> str:
    """Format bits per second with a decimal unit and three digits: ``"5.20 Mbit/s"``."""
    return format_size(rate).replace("B", "bit") + "/s"


def plural(number: int, noun: str) -> str:
    """Return a number with a regular noun in singular or plural: ``"1 copy"``, ``"1,200 copies"``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("y") else f"{number:,} {noun}s"
