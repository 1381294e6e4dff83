"""Parser for capture times in file names from messengers, screenshots, burst modes and phone cameras."""

import re
from datetime import UTC, datetime, timedelta

from mfkit.scan.extract.date_parser import ParsedDate, from_seconds, parse_date

_MAX_NAME = 255
# This pattern matches "2014-08-25_17.15.33", "2021-03-04 at 10.11.12 PM", "2020-01-02_12-30-00",
# "2019-02-01-21-25-30-123" and "2019.01.01".
_SEPARATED = re.compile(
    r"(?<!\d)(?<!\d[.-])(?P<year>\d{4})(?P<separator>[-_. ])(?P<month>\d{2})(?P=separator)(?P<day>\d{2})"
    r"(?:(?:[-_. T,]{1,3}|\s\w{1,6}\.?\s)"
    r"(?P<hour>[0-2]?\d)(?P<gap>[-_.:h ]?)(?P<minute>[0-5]\d)[-_.:m ]?(?P<second>[0-5]\d)(?!\d)"
    r"(?:[ \u202f]?(?P<half>[ap]\.?m\b))?)?(?!\d)",
    re.IGNORECASE,
)
# This pattern matches "IMG_20130712_165427", "PXL_20220405_090123740", "BURST20190216172030" and
# "Screenshot_20190201-212530".
_COMPACT_TIME = re.compile(
    r"(?:(?<![0-9A-Za-z])|(?<=BURST)|(?<=IMG)|(?<=VID))(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})[-_ T]?"
    r"(?P<hour>[01]\d|2[0-4])(?P<gap>[-_.]?)(?P<minute>[0-5]\d)(?P=gap)(?P<second>[0-5]\d)(?:\d{3})?(?![0-9])"
)
# This pattern matches "IMG-20190101-WA0001", "VID_20190101" and "PANO_20190101".
_COMPACT_DAY = re.compile(
    r"(?:(?:^|[-_ ])"
    r"(?:IMG|VID|AUD|PTT|DOC|STK|PANO|MVIMG|WP|DSC|PIC|MOV|REC|Photo|Image|Video|Screenshot)[-_ ])"
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?![0-9])",
    re.IGNORECASE,
)
# This pattern matches seconds or milliseconds since 1970, as in "FB_IMG_1546300800000" and
# "RPReplay_Final1612345678".
_EPOCH = re.compile(
    r"(?:mmexport|wx_camera_|microMsg\.|FB_IMG_|FB_VID_|LINE_\w{1,12}_|IMG_|VID_|RPReplay_Final)"
    r"(?P<seconds>\d{10})(?P<more>\d{3})?(?!\d)"
)
_IN_UTC = re.compile(r"PXL_")
_EARLIEST = datetime(1826, 1, 1, tzinfo=UTC)
_EARLIEST_COMPACT = 1980


def date_in_name(name: str) -> ParsedDate | None:
    """Return the capture time that a file's name states.

    Args:
        name: Name of the file, with or without its extension.

    Returns:
        The local time of the camera's clock; in UTC for names from Pixel phones or with seconds since 1970.
        None for names without a date, and for dates that are in the future or before 1826.

    Example:
        >>> date_in_name("IMG-20190101-WA0001.jpg").value.isoformat()
        '2019-01-01T00:00:00'
        >>> date_in_name("PXL_20220405_090123740.jpg").value.isoformat()
        '2022-04-05T09:01:23+00:00'
    """
    stem = name[:_MAX_NAME].rpartition(".")[0] or name[:_MAX_NAME]
    for form in (_SEPARATED, _COMPACT_TIME, _COMPACT_DAY):
        for match in form.finditer(stem):
            found = _from_match(match, stem)
            if found is not None:
                return found if _is_past(found) else None
    if (counted := _EPOCH.search(stem)) is not None:
        found = from_seconds(int(counted["seconds"]))
        if found is not None and found.value.year >= 2000 and _is_past(found):
            return found
    return None


def _from_match(match: re.Match[str], stem: str) -> ParsedDate | None:
    parts = match.groupdict()
    if match.re is not _SEPARATED and int(parts["year"]) < _EARLIEST_COMPACT:
        return None
    text = f"{parts['year']}-{parts['month']}-{parts['day']}"
    if parts.get("hour"):
        text += f" {parts['hour']}:{parts['minute']}:{parts['second']} {parts.get('half') or ''}"
        if _IN_UTC.match(stem):
            text += "Z"
    found = parse_date(text)
    return found if found is None or found.precision in ("day", "second") else None


def _is_past(date: ParsedDate) -> bool:
    value = date.value if date.value.tzinfo is not None else date.value.replace(tzinfo=UTC)
    return _EARLIEST <= value <= datetime.now(UTC) + timedelta(days=1)
