"""Dates in all spellings that files have for them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.date_parser import ParsedDate, from_seconds, is_epoch, parse_date

_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def zone_text(value: datetime, separator: str) -> str:
    """Return the UTC offset as ``+HH:MM`` with the given separator, or nothing."""
    offset = value.utcoffset()
    if offset is None:
        return ""
    minutes = round(abs(offset) / timedelta(minutes=1))
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}{separator}{minutes % 60:02}"


def day(value: datetime, separator: str) -> str:
    """Return year, month and day."""
    return f"{value.year:04}{separator}{value.month:02}{separator}{value.day:02}"


def clock(value: datetime, separator: str = ":") -> str:
    """Return hour, minute and second, with the fraction if there is one."""
    fraction = f".{value.microsecond:06}" if value.microsecond else ""
    return f"{value.hour:02}{separator}{value.minute:02}{separator}{value.second:02}{fraction}"


def half_day(value: datetime) -> str:
    """Return the time on a 12-hour clock."""
    hour = value.hour % 12 or 12
    return f"{hour}:{value.minute:02}:{value.second:02} {'pm' if value.hour >= 12 else 'AM'}"


STYLES: dict[str, Callable[[datetime], str]] = {
    "iso": lambda value: value.isoformat(),
    "iso with a blank": lambda value: f"{day(value, '-')} {clock(value)}{zone_text(value, ':')}",
    "exif": lambda value: f"{day(value, ':')} {clock(value)}{zone_text(value, ':')}\0",
    "exif with a short offset": lambda value: f"{day(value, ':')} {clock(value)} {zone_text(value, '')}",
    "compact": lambda value: f"{day(value, '')}T{clock(value, '')}{zone_text(value, '')}",
    "compact without T": lambda value: f"{day(value, '')}{clock(value, '')}",
    "slashes": lambda value: f"{day(value, '/')}  {clock(value)}",
    "rfc 1123": lambda value: (
        f"{_DAYS[value.weekday()]}, {value.day:02} {_NAMES[value.month - 1]} {value.year:04} "
        f"{clock(value)} {zone_text(value, '')}"
    ),
    "asctime": lambda value: (
        f"{_DAYS[value.weekday()]} {_NAMES[value.month - 1]} {value.day:2} {clock(value)} {value.year:04}\n"
    ),
    "riff in capitals": lambda value: (
        f"{_DAYS[value.weekday()]} {_NAMES[value.month - 1]} {value.day:02} {clock(value)} {value.year:04}"
    ).upper(),
    "12-hour clock": lambda value: f"{day(value, ':')} {half_day(value)}",
}
_WITHOUT_ZONE = ("compact without T", "slashes", "asctime", "riff in capitals", "12-hour clock")
_ZONES = st.none() | st.integers(-900, 900).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize("style", STYLES)
@given(value=st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=_ZONES))
def test_every_printed_date_is_read_back(style: str, value: datetime) -> None:
    """A date in any spelling gives the same date, offset and fraction, unless it is an epoch."""
    if style in _WITHOUT_ZONE:
        value = value.replace(tzinfo=None)
    if style == "12-hour clock":
        value = value.replace(microsecond=0)
    found = parse_date(STYLES[style](value))
    if is_epoch(ParsedDate(value)):
        assert found is None
    else:
        assert found == (value, "second")
        assert found.value.utcoffset() == value.utcoffset()


@given(
    value=st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
    precision=st.sampled_from(("year", "month", "day", "minute")),
)
def test_precision_is_read_back(value: datetime, precision: str) -> None:
    """What a date does not state is the start of the period."""
    texts = {
        "year": (f"{value.year:04}", dict(month=1, day=1, hour=0, minute=0)),
        "month": (f"{value.year:04}-{value.month:02}", dict(day=1, hour=0, minute=0)),
        "day": (day(value, "-"), dict(hour=0, minute=0)),
        "minute": (f"{day(value, '-')}T{value.hour:02}:{value.minute:02}", {}),
    }
    text, start = texts[precision]
    expected = value.replace(second=0, microsecond=0, **start)
    found = parse_date(text)
    assert found == (None if is_epoch(ParsedDate(expected, precision)) else (expected, precision))


@given(st.text())
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    """Hostile text gives a date or None."""
    found = parse_date(text, text, text)
    assert found is None or isinstance(found.value, datetime)


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2017:05:16 1:48:24 pm", datetime(2017, 5, 16, 13, 48, 24), "second"),
        ("2017年05月16日 01:02:03", datetime(2017, 5, 16, 1, 2, 3), "second"),
        ("2017. 05. 16. 01:02:03", datetime(2017, 5, 16, 1, 2, 3), "second"),
        ("2017:05:16_01:02:03", datetime(2017, 5, 16, 1, 2, 3), "second"),
        ("2017:05:16 01:02:03+ 2:00", datetime(2017, 5, 15, 23, 2, 3, tzinfo=UTC), "second"),
        ("2017-05-16-01:02:03", datetime(2017, 5, 16, 1, 2, 3), "second"),
        ("2017-05-16-05:00", datetime(2017, 5, 16), "day"),
        ("2017:05:16 01:02:", datetime(2017, 5, 16, 1, 2), "minute"),
        ("2017/05/16, 01:02", datetime(2017, 5, 16, 1, 2), "minute"),
        ("May 16, 2017 at 1:02:03 PM", datetime(2017, 5, 16, 13, 2, 3), "second"),
        ("Tue May 16 01:02:03 CEST 2017", datetime(2017, 5, 16, 1, 2, 3), "second"),
        ("Tue May 16 01:02:03 EDT 2017", datetime(2017, 5, 16, 5, 2, 3, tzinfo=UTC), "second"),
        ("Tue May 16 01:02:03 PST 2017", datetime(2017, 5, 16, 9, 2, 3, tzinfo=UTC), "second"),
        ("Tue May 16 01:02:03 PDT 2017", datetime(2017, 5, 16, 8, 2, 3, tzinfo=UTC), "second"),
        ("D:20170516010203+05'30'", datetime(2017, 5, 15, 19, 32, 3, tzinfo=UTC), "second"),
        ("٢٠١٧:٠٥:١٦ ٠١:٠٢:٠٣", datetime(2017, 5, 16, 1, 2, 3), "second"),
        ("2017:05:16 12:00:01 AM", datetime(2017, 5, 16, 0, 0, 1), "second"),
        ("2017:05:16 12:00:01 p.m.", datetime(2017, 5, 16, 12, 0, 1), "second"),
        ("2015:08:22 24:08:19", datetime(2015, 8, 22, 0, 8, 19), "second"),
        ("2015-08-22T24:00:00", datetime(2015, 8, 23), "second"),
        ("2015:08:22 24:00:00 UTC", datetime(2015, 8, 22, tzinfo=UTC), "second"),
        ("2012:05:29   :  :  ", datetime(2012, 5, 29), "day"),
        ("1958:00:00 00:00:00", datetime(1958, 1, 1), "year"),
        ("1958:  :     :  :  ", datetime(1958, 1, 1), "year"),
        ("1958:03:00", datetime(1958, 3, 1), "month"),
        ("2001/ 1/27  1:42PM", datetime(2001, 1, 27, 13, 42), "minute"),
        ("2002/12/16/ 15:35/", datetime(2002, 12, 16, 15, 35), "minute"),
        ("10-MAR-2003 15:04", datetime(2003, 3, 10, 15, 4), "minute"),
        ("Tuesday, March 10, 2003 15:04", datetime(2003, 3, 10, 15, 4), "minute"),
        ("2020:06:01 12:00:60", datetime(2020, 6, 1, 12, 0, 59), "second"),
        ("2020:06:01 12:00:00 garbage", datetime(2020, 6, 1, 12), "second"),
        ("2020:06:01 12:00:00 +99:00", datetime(2020, 6, 1, 12), "second"),
        ("2020-06-01T24:00:01", datetime(2020, 6, 1, 0, 0, 1), "second"),
        ("2020-06-01T12:00:00.5", datetime(2020, 6, 1, 12, 0, 0, 500_000), "second"),
        ("2020-06-01T12:00:00.1234567", datetime(2020, 6, 1, 12, 0, 0, 123_456), "second"),
        ("2020年3月4日 午後0:30:05", datetime(2020, 3, 4, 12, 30, 5), "second"),
        ("2020年3月4日 午前0:30:05", datetime(2020, 3, 4, 0, 30, 5), "second"),
        ("2020:06:01 13:00:00 pm", datetime(2020, 6, 1, 13), "second"),
        ("1970:01:01 15:30:00", datetime(1970, 1, 1, 15, 30), "second"),
        ("1969:12:31 12:00:00", datetime(1969, 12, 31, 12), "second"),
        ("1970:01:01 12:00:00", datetime(1970, 1, 1, 12), "second"),
        ("1970", datetime(1970, 1, 1), "year"),
        ("3.05.2017 01:02:03", datetime(2017, 5, 3, 1, 2, 3), "second"),
        ("16/05/2017 1:02", datetime(2017, 5, 16, 1, 2), "minute"),
        ("05/16/2017", datetime(2017, 5, 16), "day"),
    ],
)
def test_deviations_are_read(text: str, expected: datetime, precision: str) -> None:
    """Cameras and editors deviate from the standards."""
    assert parse_date(text) == (expected, precision)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "03/05/2017",  # The day and the month cannot be told apart.
        "2017-W20-2",
        "",
        "\0\0",
        "    :  :     :  :  ",
        "0000:00:00 00:00:00",
        "0000",
        "2019:13:01",
        "2019:02:30 00:00:00",
        "2019:01:01 25:00:00",
        "2019:01:01 10:60:00",
        "yesterday",
        "12345",
        "2020060112000",
        "20190101123456789",
        "1970:01:01 00:00:00",
        "1970-01-01T00:00",
        "1970-01-01T00:00:00Z",
        "1970-01-01T02:00:00+02:00",
        "1970-01-01T00:00:00+02:00",
        "1969-12-31T19:00:00-05:00",
        "1969:12:31 16:00:00",
        "1969:12:31 14:00:00",
        "1969:12:31 13:00:00",
        "1970:01:01 14:00:00",
        "1970:01:01 09:00:00",
        "1970:01:01 00:00:00.5",
        "1904-01-01T00:00:00.000Z",
        "1904:01:01 01:00:00",
        "1903:12:31 19:00:00",
        "1601-01-01T00:00:00Z",
        "1901:12:13 20:45:52",
        "1901:12:13 21:45:52",
        "1970:01:01 03:30:00",
        "1970:01:01 05:30:00",
        "1970:01:01 05:45:00",
        "1969:12:31 20:30:00",
    ],
)
def test_zeros_epochs_and_other_text_are_no_dates(text: str | None) -> None:
    """Clocks that were never set state zeros or the start of an epoch, in any offset."""
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("offset", "minutes"),
    [
        ("Z", 0),
        ("+0200", 120),
        ("-03:30", -210),
        ("+2:00", 120),
        ("+09", 540),
        ("+14:00\0", 840),
        ("-930", -570),
        ("+15:00", 900),
        ("-15:00", -900),
    ],
)
def test_an_offset_of_its_own_field(offset: str, minutes: int) -> None:
    """All spellings of an offset are read."""
    found = parse_date("2020:06:01 12:00:00", offset, "05 ")
    assert found is not None
    assert found.value == datetime(2020, 6, 1, 12, 0, 0, 50_000, timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize("offset", [None, "", "   :  ", "+25:00", "+15:01", "-15:01", "+02:60", "local", "2"])
def test_an_unknown_offset_gives_a_local_time(offset: str | None) -> None:
    """Blanks and impossible offsets are ignored."""
    assert parse_date("2020:06:01 12:00:00", offset) == (datetime(2020, 6, 1, 12), "second")


def test_an_offset_in_the_text_comes_first() -> None:
    """It belongs to the date, and the other field may belong to another."""
    found = parse_date("2017:04:22 03:00:22 +0200", "+09:00")
    assert found is not None and found.value.isoformat() == "2017-04-22T03:00:22+02:00"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, None),
        (1, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (1_338_281_706, datetime(2012, 5, 29, 8, 55, 6, tzinfo=UTC)),
        (1e30, None),
    ],
)
def test_seconds_since_1970(seconds: float, expected: datetime | None) -> None:
    """Zero is a clock that was not set, and huge numbers are no dates."""
    found = from_seconds(seconds)
    assert (found and found.value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020:06:01 下午1:02:03", "2020-06-01T13:02:03"),
        ("2020:06:01 오전12:02:03", "2020-06-01T00:02:03"),
        ('"2020:06:01 12:00:00"', "2020-06-01T12:00:00"),
        ("Mo 01 Jun 2020 12:00:00", "2020-06-01T12:00:00"),
        ("2020:06:01 12:00:00 GMT+05:30", "2020-06-01T12:00:00+05:30"),
        ("2020:06:01 12:00:00\N{MINUS SIGN}03:30", "2020-06-01T12:00:00-03:30"),
    ],
)
def test_spellings_of_phones_and_programs(text: str, expected: str) -> None:
    """Halves of the day in other scripts, quotation marks, short weekdays and typographic signs are read."""
    found = parse_date(text)
    assert found is not None and found.value.isoformat() == expected


@pytest.mark.parametrize(
    ("offset", "minutes"), [("UTC+2", 120), ("GMT-03:30", -210), ("\N{MINUS SIGN}05:00", -300), ("UTC", 0)]
)
def test_spellings_of_an_offset_in_another_field(offset: str, minutes: int) -> None:
    """A prefix and a typographic minus sign do not change the offset."""
    found = parse_date("2020:06:01 12:00:00", offset)
    assert found is not None and found.value.utcoffset() == timedelta(minutes=minutes)
