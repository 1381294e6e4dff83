"""Dates and whole numbers that files store as text."""

import re
from datetime import datetime, timedelta, timezone

_EXIF_DATE = re.compile(r"\s*(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?")
_OFFSET = re.compile(r"\s*([+-])(\d{2}):?(\d{2})")


def parse_exif_date(
    text: str | None, offset: str | None = None, fraction: str | None = None
) -> datetime | None:
    """Parse ``YYYY:MM:DD HH:MM:SS`` with the UTC offset and sub-second tags of Exif 2.31, where present."""
    match = _EXIF_DATE.match(text or "")
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    digits = re.match(r"\d{1,6}", (fraction or "").strip())
    microsecond = int(digits[0].ljust(6, "0")) if digits else 0
    zone = _OFFSET.match(offset or "")
    try:
        value = datetime(year, month, day, hour, minute, min(second, 59), microsecond)
        if zone is not None:
            shift = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
            value = value.replace(tzinfo=timezone(-shift if zone[1] == "-" else shift))
    except (ValueError, OverflowError):
        return None
    return value


def parse_iso_date(text: str | None) -> datetime | None:
    """Parse an ISO 8601 date and time; the date may have EXIF's colons, as darktable writes it."""
    text = (text or "").strip()
    if text[4:5] == text[7:8] == ":":
        text = f"{text[:4]}-{text[5:7]}-{text[8:]}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def whole_number(text: str | None) -> int | None:
    """Parse up to ten ASCII digits."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 10 else None
