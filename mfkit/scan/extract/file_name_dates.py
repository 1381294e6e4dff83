"""Parser for capture times in file names from messengers, screenshots, burst modes and phone cameras."""

import re
from datetime import UTC, datetime, timedelta

from mfkit.scan.extract.date_parser import ParsedDate, ascii_digits, from_seconds, parse_date

_MAX_NAME = 255
# Chinese, Japanese and Korean names state AM or PM before the time, as in "下午1.02.03".
_HALVES = {
    "上午": "am", "凌晨": "am", "早上": "am", "午前": "am", "오전": "am",
    "下午": "pm", "晚上": "pm", "午後": "pm", "오후": "pm",
}  # fmt: skip
_ARABIC_HALVES = {"ص": "am", "م": "pm"}
_HALF_FIRST = f"(?P<half_first>{'|'.join(_HALVES)})"
_DAY = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_CLOCK = r"(?P<hour>[0-2]\d)[-_.: ](?P<minute>[0-5]\d)[-_.: ](?P<second>[0-5]\d)"
# A day and a time are separated by punctuation, or by one or two words such as "um" and "a la(s)".
_BEFORE_TIME = (
    rf"(?:[-_. T,]{{0,3}}{_HALF_FIRST}\s?|[-_. T,]{{1,3}}|,?\s[^\W\d]{{1,6}}(?:\.?\s|-)"
    r"|\s[^\W\d]{1,3}\s[^\W\d]{1,4}(?:\(s\))?\s)"
)
# This pattern matches "2014-08-25_17.15.33", "2021-03-04 at 10.11.12 PM", "2020-01-02_12-30-00",
# "2019-02-01-21-25-30-123" and "2019.01.01".
_SEPARATED = re.compile(
    r"(?<!\d)(?<!\d[.-])(?P<year>\d{4})(?P<separator>[-_. ])(?P<month>\d{2})(?P=separator)(?P<day>\d{2})"
    rf"(?:{_BEFORE_TIME}"
    r"(?P<hour>[0-2]?\d)(?P<gap>[-_.:h ]?)(?P<minute>[0-5]\d)[-_.:m ]?(?P<second>[0-5]\d)(?!\d)"
    r"(?:[ \u202f\xa0]?(?:(?P<half>[ap])\.?\s?m|(?P<arabic_half>[صم]))\b)?)?(?!\d)",
    re.IGNORECASE,
)
# This pattern matches names that end after the minute, such as "2020-03-04_12-13" and
# "2020-03-04 at 12.13".
_MINUTE = re.compile(
    rf"(?:^|[A-Za-z][-_ ]){_DAY}(?:[_ T]|\s[^\W\d]{{1,6}}\s)"
    rf"(?P<hour>[01]\d|2[0-3])[-.:h](?P<minute>[0-5]\d)\Z"
)
# This pattern matches "IMG_20130712_165427", "PXL_20220405_090123740", "BURST20190216172030",
# "GMT20200504-120102", "20200304-12h13m14" and "2020_0304_121314_001". Nintendo consoles write a
# counter of two digits and an identifier after the time.
_COMPACT_TIME = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Za-z]{1,12})?(?P<year>\d{4})_?(?P<month>\d{2})(?P<day>\d{2})[-_ T]?"
    r"(?P<hour>[01]\d|2[0-4])(?P<gap>[-_.h]?)(?P<minute>[0-5]\d)(?:(?P=gap)|m)(?P<second>[0-5]\d)"
    r"(?:\d{3}|\d{2}(?=-[0-9A-F]{32}))?(?![0-9])"
)
# This pattern matches "IMG-20190101-WA0001", "VID_20190101" and "Scan_20190101 (2)", but neither the digits
# in a UUID nor the identifiers that Snapchat and Facebook write.
_COMPACT_DAY = re.compile(
    r"(?:(?:^|[-_ ])(?!Snapchat|received)[^\W\d_]{2,20}[-_ ])"
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?![0-9])(?!-[0-9a-fA-F]{4}-)",
    re.IGNORECASE,
)
# This pattern matches "Screenshot_2019-1-2 Some title" and "2019-1-2 at 9.08.07", in which the numbers have
# no leading zeros.
_UNPADDED = re.compile(
    r"(?<![\d.-])(?P<year>(?:19|20)\d{2})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?![\d-]|\.\d)"
    rf"(?:{_BEFORE_TIME}(?P<hour>[0-2]?\d)[.:](?P<minute>[0-5]\d)[.:](?P<second>[0-5]\d)(?!\d))?"
)
# This pattern matches "4 March 2021", "Mar 4, 2021" and "Mar 04 2021, 10 11 12 AM".
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MONTH_NAMED = re.compile(
    rf"(?<![^\W_])(?:(?P<day>[0-3]?\d)(?:st|nd|rd|th)?[-_. ]{_NAME}[-_., ]{{1,2}}"
    rf"|{_NAME.replace('<name>', '<first_name>')}[-_. ](?P<second_day>[0-3]?\d)(?:st|nd|rd|th)?(?:,? |[-_]))"
    r"(?P<year>(?:19|20)\d{2})"
    r"(?:,? (?:at )?(?P<hour>[0-2]?\d)(?P<gap>[-_.: ])(?P<minute>[0-5]\d)(?P=gap)(?P<second>[0-5]\d)"
    r"(?: ?(?P<half>[ap])\.?m\b)?)?(?!\d)",
    re.IGNORECASE,
)
# This pattern matches "20200304-DSC_0001", "20200304_001" and "20200304 Hike", but not the digits in a UUID.
_LEADING_DAY = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!-[0-9a-fA-F]{4}-)[-_ ](?:[^\W\d_]|\d{1,4}\Z)"
)
# This pattern matches names that Telegram gives, such as "photo_5@04-03-2020_12-13-14".
_TELEGRAM = re.compile(rf"@(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>\d{{4}})_{_CLOCK}(?!\d)")
# In dates with dots, such as "04.03.2020 12.13.14", the day always precedes the month. With other separators,
# the order varies.
_DAY_FIRST = re.compile(
    rf"(?<![\d.])(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{{4}})(?:[-_, ]{{1,3}}{_CLOCK})?(?![\d.])"
)
# This pattern matches names of the iPhone's screen recorder, such as "ScreenRecording_03-04-2020 12-13-14_1".
_IPHONE_RECORDING = re.compile(
    rf"ScreenRecording_(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d{{4}}) {_CLOCK}(?!\d)"
)
# This pattern matches names that Nextcloud's app for iOS gives, such as "20-03-04 12-13-14 1234".
_SHORT_YEAR = re.compile(rf"^(?P<short_year>\d\d)-(?P<month>\d\d)-(?P<day>\d\d) {_CLOCK} \d{{4}}(?!\d)")
# This pattern matches "2020年3月4日 下午1时02分03秒" and "2020년 3월 4일".
_WITH_UNITS = re.compile(
    r"(?<!\d)(?P<year>\d{4})[年년]\s?(?P<month>\d{1,2})[月월]\s?(?P<day>\d{1,2})[日일]"
    rf"(?:[-_. ]{{0,2}}{_HALF_FIRST}?\s?(?P<hour>[0-2]?\d)[时時시点點:.]\s?(?P<minute>[0-5]?\d)[分분:.]?"
    r"(?:\s?(?P<second>[0-5]?\d)[秒초]?)?)?(?!\d)"
)
_FORMS = (
    _IPHONE_RECORDING, _TELEGRAM, _SHORT_YEAR, _MINUTE, _SEPARATED, _COMPACT_TIME, _COMPACT_DAY, _LEADING_DAY,
    _DAY_FIRST, _WITH_UNITS, _UNPADDED, _MONTH_NAMED,
)  # fmt: skip
# This pattern matches seconds or milliseconds since 1970, as in "FB_IMG_1546300800000",
# "RPReplay_Final1612345678", "PicsArt_1583324000123" and "1583324000123". Some small apps write seconds after
# "IMG_" or "VID_", but counters and identifiers of ten digits look the same. So only milliseconds are
# accepted after these two prefixes.
_EPOCH = re.compile(
    r"(?:(?:mmexport|wx_camera_|microMsg\.|FB_IMG_|FB_VID_|LINE_\w{1,12}_|RPReplay_Final"
    r"|(?:IMG_|VID_)(?=\d{13}))"
    r"(?P<seconds>\d{10})(?P<more>\d{3})?"
    r"|(?:^|^(?!received|image|IMG-)(?:[A-Za-z]{1,12}_){1,2})(?P<milliseconds>1\d{12}))(?!\d)"
)
# These names state the time in UTC: those of Pixel phones, Zoom, and OneDrive's app for iOS.
_IN_UTC = re.compile(r"PXL_|GMT(?=\d)|\d{8}_\d{9}_iOS\b")
# In ISO 8601, a "Z" after the time means UTC, as in "20200304T121314Z" and "2020-03-04T12_13_14_123Z".
_ENDS_IN_UTC = re.compile(r"(?:[-_.]?\d{1,6})?Z(?![A-Za-z0-9])")
_DIGIT, _FEWEST_DIGITS = re.compile(r"\d"), 5
_EARLIEST = datetime(1826, 1, 1, tzinfo=UTC)
_EARLIEST_COMPACT = 1980


def date_in_name(name: str) -> ParsedDate | None:
    """Return the capture time that a file's name states.

    Args:
        name: Name of the file, with or without its extension.

    Returns:
        The local time of the camera's clock; in UTC for names from Pixel phones, Zoom or OneDrive, or with
        seconds since 1970. None for names without a date, and for dates in the future or before 1826.

    Example:
        >>> date_in_name("IMG-20190101-WA0001.jpg").value.isoformat()
        '2019-01-01T00:00:00'
        >>> date_in_name("PXL_20220405_090123740.jpg").value.isoformat()
        '2022-04-05T09:01:23+00:00'
    """
    stem = ascii_digits(name[:_MAX_NAME].rpartition(".")[0] or name[:_MAX_NAME])
    # Most names have too few digits for a date, so this check comes first.
    if len(_DIGIT.findall(stem)) < _FEWEST_DIGITS:
        return None
    for form in _FORMS:
        matches = [form.match(stem)] if form is _LEADING_DAY else form.finditer(stem)
        for match in matches:
            found = _from_match(match, stem) if match is not None else None
            if found is not None:
                return found if _is_past(found) else None
    if (counted := _EPOCH.search(stem)) is not None:
        found = from_seconds(int((counted["seconds"] or counted["milliseconds"])[:10]))
        if found is not None and found.value.year >= 2000 and _is_past(found):
            return found
    return None


def _from_match(match: re.Match[str], stem: str) -> ParsedDate | None:
    parts = match.groupdict()
    year = f"20{parts['short_year']}" if parts.get("short_year") else parts["year"]
    if match.re in (_COMPACT_TIME, _COMPACT_DAY, _LEADING_DAY) and int(year) < _EARLIEST_COMPACT:
        return None
    name = parts.get("name") or parts.get("first_name")
    month = _MONTH_NAMES.index(name[:3].lower()) + 1 if name else parts["month"]
    text = f"{year}-{month}-{parts.get('day') or parts['second_day']}"
    if parts.get("hour"):
        seconds = f":{parts['second']}" if parts.get("second") else ""
        half = _HALVES.get(parts.get("half_first") or "") or (
            f"{parts['half']}m"
            if parts.get("half")
            else _ARABIC_HALVES.get(parts.get("arabic_half") or "", "")
        )
        text += f" {parts['hour']}:{parts['minute']}{seconds} {half}"
        follows_t = stem[match.start("hour") - 1] in "Tt"
        if _IN_UTC.match(stem) or (follows_t and _ENDS_IN_UTC.match(stem, match.end())):
            text += "Z"
    found = parse_date(text)
    return found if found is None or found.precision in ("day", "minute", "second") else None


def _is_past(date: ParsedDate) -> bool:
    value = date.value if date.value.tzinfo is not None else date.value.replace(tzinfo=UTC)
    return _EARLIEST <= value <= datetime.now(UTC) + timedelta(days=1)
