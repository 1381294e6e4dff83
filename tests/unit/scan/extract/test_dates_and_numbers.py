"""Dates and whole numbers that files store as text."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.dates_and_numbers import parse_exif_date, parse_iso_date, whole_number


@given(
    st.datetimes(timezones=st.none() | st.integers(-720, 720).map(lambda m: timezone(timedelta(minutes=m))))
)
def test_iso_dates_round_trip(value: datetime) -> None:
    """Text from isoformat() gives the same date, offset and fraction."""
    assert parse_iso_date(f" {value.isoformat()}\n") == value


@pytest.mark.parametrize("text", [None, "", "2019", "2019-07", "2019:13:01 00:00:00", "yesterday"])
def test_other_text_is_not_an_iso_date(text: str | None) -> None:
    """A year or a month alone is not a date."""
    assert parse_iso_date(text) is None


def test_iso_date_may_have_exif_colons() -> None:
    """darktable writes such dates."""
    assert parse_iso_date("2019:07:14 12:30:45") == datetime(2019, 7, 14, 12, 30, 45)


def test_exif_date_has_offset_and_fraction() -> None:
    """Both come from tags of their own."""
    zone = timezone(timedelta(hours=-5, minutes=-30))
    assert parse_exif_date("2019:07:14 12:30:45", "-05:30", "25") == datetime(
        2019, 7, 14, 12, 30, 45, 250_000, zone
    )


@pytest.mark.parametrize(
    "text", [None, "", "    :  :     :  :  ", "0000:00:00 00:00:00", "2019:02:30 00:00:00"]
)
def test_invalid_exif_date_is_none(text: str | None) -> None:
    """Blank, zero and impossible dates are ignored."""
    assert parse_exif_date(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("0", 0), ("1234567890", 1234567890), ("12345678901", None), ("²", None)]
)
def test_whole_number_has_at_most_ten_digits(text: str, number: int | None) -> None:
    """Longer text and other characters give None."""
    assert whole_number(text) == number
