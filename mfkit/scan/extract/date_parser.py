"""Tolerant parser for the date formats in EXIF, XMP, PNG, IPTC, RIFF, ID3 and QuickTime.

The formats are those of Exif 2.32 (section 4.6.4, ``DateTime``), ISO 8601 with and without separators, RFC
1123 (section 5.2.14), ``asctime()`` of C, which AVI's ``IDIT`` uses, and deviations that cameras write. A
date may lack its time, its day or its month. An epoch such as 1970-01-01 00:00 comes from a clock that was
never set, so it is not returned as a date.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

_MAX_LENGTH = 128
_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
# These are the named zones of RFC 822 (section 5.1), in hours from UTC. Other names are ambiguous.
_NAMED_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_STATED_ZONE = (
    r"(?:(?:UTC|GMT)(?=[+-]))?"
    r"(?P<zone>Z|UTC|GMT|[ECMP][SD]T\b|[+-] ?\d{1,2}(?::?[0-5]\d(?::?[0-5]\d)?)?)"
)
_ZONE = rf"(?:{_STATED_ZONE})?(?![\d:])"
# AM and PM are also read in Chinese, Japanese and Korean before the time, because some phones write dates in
# this form.
_HALVES = {**dict.fromkeys(("上午", "午前", "오전"), "a"), **dict.fromkeys(("下午", "午後", "오후"), "p")}
_CLOCK = (
    rf"(?P<half_first>{'|'.join(_HALVES)})?\s?"
    r"(?P<hour>\d{1,2})[:.]\s?(?P<minute>\d{1,2})"
    r"(?:[:.]\s?(?P<second>\d{1,2})(?:[.,:](?P<fraction>\d{1,12}))?|:(?=\s|\Z))?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?\s*"
)
_SEPARATOR = r"\s*[:/.-]\s*"
_BEFORE_CLOCK = r",?\s+(?:at\s+)?"
_FLAGS = re.IGNORECASE | re.ASCII
_DAY_GROUPS, _MONTH_GROUPS = ("day", "late_day", "second_day"), ("month", "second_month", "first_month")
_FORMS = (
    # This pattern matches "2003:03:10 15:04:43", "2003-03-10T15:04:43+01:00", "2001/ 1/27  1:42PM",
    # "2002/12/16/ 15:35", "1958-03" and "1958".
    re.compile(
        rf"(?P<year>\d{{4}})(?:{_SEPARATOR}(?P<month>\d{{1,2}})(?:{_SEPARATOR}(?P<day>\d{{1,2}})"
        # A hyphen before a time without seconds starts a UTC offset, as in "2003-03-10-05:00".
        rf"(?:[/.]?(?:\s*T\s*|{_BEFORE_CLOCK}|[:_]|-(?=\d{{1,2}}[:.]\d{{2}}[:.]\d)){_CLOCK}{_ZONE})?)?)?"
        r"(?![\d:]|\w|-W\d)",
        _FLAGS,
    ),
    # This pattern matches "20030310T150443Z", "20030310150443" and "20030310".
    re.compile(
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[T ]?(?P<hour>\d{2}):?(?P<minute>\d{2})"
        rf"(?::?(?P<second>\d{{2}})(?:[.,](?P<fraction>\d{{1,12}}))?)?\s*{_ZONE})?(?!\w)",
        _FLAGS,
    ),
    # This pattern matches "10.03.2003 15:04:43", in which the day always comes first, and "31/03/2003" and
    # "03/31/2003", in which only one of the numbers can be a month.
    re.compile(
        r"(?:(?P<day>\d{1,2})\.(?P<month>\d{1,2})\."
        r"|(?P<late_day>1[3-9]|2\d|3[01])[/-](?P<second_month>\d{1,2})[/-]"
        r"|(?P<first_month>0?\d|1[0-2])/(?P<second_day>1[3-9]|2\d|3[01])/)(?P<year>\d{4})"
        rf"(?:{_BEFORE_CLOCK}{_CLOCK}{_ZONE})?(?![\w:])",
        _FLAGS,
    ),
    # This pattern matches "Mon, 10 Mar 2003 15:04:43 GMT" and "10-MAR-2003 15:04".
    re.compile(
        r"(?:[a-z]{2,9},?\s+)?(?P<day>\d{1,2})[ -](?P<name>[a-z]{3})[a-z]{0,6}[ -](?P<year>\d{4})"
        rf"(?:{_BEFORE_CLOCK}{_CLOCK}{_ZONE})?(?!\w)",
        _FLAGS,
    ),
    # This pattern matches "Monday, March 10, 2003 15:04".
    re.compile(
        r"(?:[a-z]{3,9},?\s+)?(?P<name>[a-z]{3})[a-z]{0,6}\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})"
        rf"(?:{_BEFORE_CLOCK}{_CLOCK}{_ZONE})?(?![\w:])",
        _FLAGS,
    ),
    # This pattern matches "Mon Mar 10 15:04:43 2003" and "Mon Mar 10 15:04:43 CET 2003".
    re.compile(
        rf"(?:[a-z]{{3,9}},?\s+)?(?P<name>[a-z]{{3}})[a-z]{{0,6}}\s+(?P<day>\d{{1,2}}),?\s+{_CLOCK}{_ZONE}"
        r"\s*(?:[a-z]{2,5}\s+)?(?P<year>\d{4})(?!\w)",
        _FLAGS,
    ),
)
# Most dates are complete Exif dates, which match this pattern. They need none of the other rules.
_PLAIN = re.compile(
    r"(\d{4}):(0[1-9]|1[0-2]):(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)\Z", re.ASCII
)
# This pattern matches the start of a PDF date, "D:20030310150443+01'00'" (ISO 32000-1, section 7.9.4).
_PDF_PREFIX = re.compile(r"D:(?=\d{4})")
_FRACTION = re.compile(r"\s*(\d{1,12})", re.ASCII)
_OFFSET = re.compile(rf"{_STATED_ZONE}\s*\Z", _FLAGS)
# Chinese and Japanese dates have units after the numbers, as in "2003年03月10日 15:04:43".
_UNITS = str.maketrans("年月日", "-- ")
# The typographic minus sign and the en dash are read as hyphens, because some programs write them instead.
_MINUS = str.maketrans("\u2212\u2013", "--")
# Spaces or hyphens in place of a number mean that this part of a date is unknown, as in
# "1958:  :     :  :  " (Exif 2.32, section 4.6.4).
_BLANK_PARTS = re.compile(r"(?<=[:/-])(?:\s{2}|--)(?=[:/ -]|\Z)")
_BLANK_CLOCK = re.compile(r"[\sT]+(?:\s{2}|--):(?:\s{2}|--)(?::(?:\s{2}|--))?\s*\Z")
# These are the start of the clocks of QuickTime, Unix and Windows, and the earliest second that a signed
# number of 32 bits can state.
_EPOCHS = (
    datetime(1904, 1, 1),
    datetime(1970, 1, 1),
    datetime(1601, 1, 1),
    datetime(1901, 12, 13, 20, 45, 52),
)
_EPOCH_YEARS = frozenset(epoch.year - before for epoch in _EPOCHS for before in (0, 1))
# These are the UTC offsets in use, in minutes. A date that is an epoch plus one of these offsets comes from a
# clock that was never set. An offset of 12 hours is left out, because 12:00 on the day of the epoch can be a
# real date: people enter 12:00 if they do not know the time.
_UTC_OFFSET_MINUTES = frozenset(60 * hours for hours in range(-11, 15) if hours != 12) | frozenset(
    (-570, -210, 210, 270, 330, 345, 390, 570, 630, 765)
)
_MAX_OFFSET = timedelta(hours=15)


class ParsedDate(NamedTuple):
    """Date that was parsed from text, with its precision (such as day or second).

    Attributes:
        value: Date and time, time-zone-aware if the UTC offset is stated. Parts that are finer than the
            precision have their first value.
        precision: ``year``, ``month``, ``day``, ``minute`` or ``second``.
    """

    value: datetime
    precision: str = "second"


def parse_date(text: str | None, offset: str | None = None, fraction: str | None = None) -> ParsedDate | None:
    """Parse a date in any of the formats that this module supports.

    Args:
        text: The date. Text after it, separated by white space, is ignored.
        offset: UTC offset from another field, used if the text contains none.
        fraction: Digits after the decimal point of the seconds, from another field.

    Returns:
        The date, or None if the text contains no date, only zeros, or an epoch.

    Example:
        >>> parse_date("2017:05:16 1:48:24 pm").value.isoformat()
        '2017-05-16T13:48:24'
        >>> parse_date("1958-03").precision
        'month'
    """
    cut = None if fraction is None else fraction[:_MAX_LENGTH]
    return _parse((text or "")[:_MAX_LENGTH], None if offset is None else offset[:_MAX_LENGTH], cut)


@lru_cache(1024)  # Results are cached, because a file often states the same date in several fields.
def _parse(text: str, offset: str | None, fraction: str | None) -> ParsedDate | None:
    if plain := _PLAIN.match(text):
        zone = None if offset is None else _zone(offset)
        found = _build((*map(int, plain.groups()), _microseconds(fraction)), "second", zone)
        return None if found is None or is_epoch(found) else found
    cleaned = ascii_digits(text).translate(_UNITS).replace("\0", " ").translate(_MINUS).strip("\"' \t\r\n")
    if _PDF_PREFIX.match(cleaned):
        cleaned = cleaned[2:].replace("'", ":")
    cleaned = _BLANK_PARTS.sub("00", _BLANK_CLOCK.sub("", cleaned)).strip()
    for form in _FORMS:
        if match := form.match(cleaned):
            parts = {name: value for name, value in match.groupdict().items() if value}
            zone = _zone(parts.get("zone")) or _zone(offset)
            found = _from_parts(parts, re.search(r"\dT\d", match[0]) is not None, fraction, zone)
            return None if found is None or is_epoch(found) else found
    return None


def ascii_digits(text: str) -> str:
    """Replace the decimal digits of other scripts with ASCII digits.

    Programs that print dates in the user's language write Arabic, Persian or Devanagari digits.
    """
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)


def parse_offset(text: str | None) -> timezone | None:
    """Parse a UTC offset such as ``+01:00``. Return None for other text, and for more than 15 hours."""
    return _zone((text or "")[:_MAX_LENGTH])


def parse_timestamp(text: str | None, offset: str | None = None) -> datetime | None:
    """Parse a date as :func:`parse_date` does, but return only the datetime, without its precision."""
    found = parse_date(text, offset)
    return found and found.value


def from_seconds(seconds: float, epoch_year: int = 1970) -> ParsedDate | None:
    """Convert seconds since the start of ``epoch_year`` to a UTC time.

    Return None if the time is an epoch, which means that the clock was never set, or if it is out of range.
    """
    try:
        found = ParsedDate(datetime(epoch_year, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
    except (OverflowError, ValueError):
        return None
    return None if is_epoch(found) else found


def is_epoch(date: ParsedDate) -> bool:
    """Return whether a date is an epoch, such as the start of 1904 or 1970, at any UTC offset.

    Such a date comes from a clock that was never set.
    """
    if date.precision not in ("minute", "second") or date.value.year not in _EPOCH_YEARS:
        return False
    local = date.value.replace(tzinfo=None, microsecond=0)
    offset = date.value.utcoffset()
    if offset is not None:
        return local in _EPOCHS or local - offset in _EPOCHS
    return any((local - epoch) / timedelta(minutes=1) in _UTC_OFFSET_MINUTES for epoch in _EPOCHS)


def _from_parts(
    parts: dict[str, str], has_t: bool, fraction: str | None, zone: timezone | None
) -> ParsedDate | None:
    month = _MONTHS.get(parts["name"].lower()) if "name" in parts else int(_first(parts, _MONTH_GROUPS))
    day = int(_first(parts, _DAY_GROUPS))
    if month is None:
        return None
    if not (month and day):
        # A month or day of zero is unknown, so "1958:00:00 00:00:00" states only a year.
        return _build((int(parts["year"]), month or 1, 1), "month" if month else "year", None)
    if "hour" not in parts:
        return _build((int(parts["year"]), month, day), "day", None)
    hour, minute, second = (int(parts.get(name, 0)) for name in ("hour", "minute", "second"))
    days = 0
    if half := _HALVES.get(parts.get("half_first", "")) or parts.get("half"):
        # Accept hour 0 with AM or PM, because Japanese clocks go from 0 to 11. Read a time such as "13:00 PM"
        # as a 24-hour time without its suffix.
        if hour <= 12:
            hour = hour % 12 + 12 * (half[0] in "pP")
    elif hour == 24:
        # 24:00:00 after a "T" is the end of the stated day (ISO 8601). In other dates, cameras write the hour
        # 24 for the first hour of the stated day.
        hour, days = 0, int(has_t and minute == second == 0)
    microsecond = _microseconds(parts.get("fraction") or fraction) if "second" in parts else 0
    precision = "second" if "second" in parts else "minute"
    clock = (hour, minute, min(second, 59) if second <= 60 else second, microsecond)
    found = _build((int(parts["year"]), month, day, *clock), precision, zone)
    if found is None or not days:
        return found
    try:
        return found._replace(value=found.value + timedelta(days=days))
    except OverflowError:
        return None


def _first(parts: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the text of the first of several groups that matched, or "0" if no group matched."""
    return next((parts[name] for name in names if name in parts), "0")


def _microseconds(fraction: str | None) -> int:
    """Convert the digits after the decimal point of the seconds to microseconds."""
    match = _FRACTION.match(fraction) if fraction else None
    return int(match[1][:6].ljust(6, "0")) if match is not None else 0


def _build(numbers: tuple[int, ...], precision: str, zone: timezone | None) -> ParsedDate | None:
    try:
        value = datetime(*numbers, tzinfo=zone)  # type: ignore[arg-type,misc]  # at most seven numbers
        if zone is not None:
            value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return ParsedDate(value, precision)


def _zone(text: str | None) -> timezone | None:
    """Parse a UTC offset. Return None if the text is not an offset, or if it exceeds 15 hours."""
    match = _OFFSET.match((text or "").replace("\0", " ").translate(_MINUS).strip())
    if match is None:
        return None
    stated = match["zone"]
    if stated[0] not in "+-":
        hours = _NAMED_ZONES.get(stated.lower())
        return UTC if hours is None else timezone(timedelta(hours=hours))
    digits = re.sub(r"\D", "", stated)
    if ":" in stated or len(digits) <= 2:
        numbers = [int(part) for part in stated[1:].split(":")] if ":" in stated else [int(digits)]
    else:
        digits = digits.zfill(len(digits) + len(digits) % 2)
        numbers = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    hours, minutes, seconds = (*numbers, 0, 0)[:3]
    shift = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if shift > _MAX_OFFSET:
        return None
    return timezone(-shift if stated[0] == "-" else shift) if shift else UTC
