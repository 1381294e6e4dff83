"""Sizes and durations as text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.filters.units import (
    format_duration,
    format_rate,
    format_size,
    parse_duration,
    parse_size,
    plural,
    round_size,
)


class TestUnits:
    """Sizes and durations as people write them."""

    @pytest.mark.parametrize(
        ("written", "size"),
        [
            (0, 0),
            (5, 5),
            (1.9, 1),
            ("5", 5),
            ("1 kB", 1000),
            ("1k", 1000),
            ("1 KiB", 1024),
            ("1.5 GiB", 3 * 2**29),
            ("700 MB", 700_000_000),
            (".5 TB", 500_000_000_000),
            ("2PB", 2 * 10**15),
            ("1 eb", 10**18),
            (" 1 GB ", 10**9),
            ("10 bytes", 10),
            ("1 byte", 1),
            ("3b", 3),
        ],
    )
    def test_sizes(self, written: Any, size: int) -> None:
        """Decimal units by thousands, binary ones by 1024."""
        assert parse_size(written) == size

    @pytest.mark.parametrize(
        ("written", "seconds"),
        [
            (0, 0),
            (1.5, 1.5),
            ("90 s", 90),
            ("5 min", 300),
            ("5m", 300),
            ("1.5 h", 5400),
            ("2 days", 172800),
            ("1:30", 90),
            ("1:30:00", 5400),
            ("0:00:01.5", 1.5),
            ("90:00", 5400),
            ("1 hour", 3600),
            (" 3 sec ", 3),
        ],
    )
    def test_durations(self, written: Any, seconds: float) -> None:
        """Seconds, minutes, hours, days and clocks."""
        assert parse_duration(written) == seconds

    @pytest.mark.parametrize(
        "written", ["", "GB", "1 G B", "-1 GB", "1,5 GB", "0x10", "١ GB", "1e5", "1 GBps"]
    )
    def test_invalid_sizes(self, written: str) -> None:
        """What is not a size is refused."""
        with pytest.raises(ValueError, match="is not a size"):
            parse_size(written)

    @pytest.mark.parametrize("written", ["", "min", "1:2:3:4", "-5", "5 years", "1:"])
    def test_invalid_durations(self, written: str) -> None:
        """What is not a duration is refused."""
        with pytest.raises(ValueError, match="is not a duration"):
            parse_duration(written)

    @pytest.mark.parametrize(
        ("size", "shown"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (1234, "1.23 kB"),
            (12345, "12.3 kB"),
            (999_999, "1.00 MB"),
            (123_456_789, "123 MB"),
            (10**9, "1.00 GB"),
            (5 * 10**18, "5000 PB"),
            (9994, "9.99 kB"),
            (9996, "10.0 kB"),
            (99_940, "99.9 kB"),
            (99_960, "100 kB"),
            (999_400, "999 kB"),
            (999_600, "1.00 MB"),
        ],
    )
    def test_sizes_shown(self, size: int, shown: str) -> None:
        """Three figures and a decimal unit."""
        assert format_size(size) == shown

    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [
            (0, "0 s"),
            (0.04, "0.0 s"),
            (1.5, "1.5 s"),
            (9.94, "9.9 s"),
            (9.96, "10 s"),
            (42, "42 s"),
            (59.4, "59 s"),
            (59.6, "1:00 min"),
            (60, "1:00 min"),
            (3599.6, "1.0 h"),
            (185, "3:05 min"),
            (3599, "59:59 min"),
            (3600, "1.0 h"),
            (35_999, "10.0 h"),
            (36_000, "10 h"),
            (770_400, "214 h"),
            (7_704_000, "2,140 h"),
        ],
    )
    def test_durations_shown(self, seconds: float, shown: str) -> None:
        """Seconds, minutes or hours, as fits."""
        assert format_duration(seconds) == shown

    @given(st.integers(0, 10**21))
    def test_a_formatted_size_parses_again(self, size: int) -> None:
        """What is shown is a size again, within its three figures."""
        if size < 9 * 10**18:
            assert abs(parse_size(format_size(size)) - size) <= size * 0.006


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(999, "999 bit/s"), (999.7, "1.00 kbit/s"), (5_200_000, "5.20 Mbit/s"), (128_000, "128 kbit/s")],
)
def test_rates_shown(rate: float, shown: str) -> None:
    """Bits per second keep their number; only the unit is another."""
    assert format_rate(rate) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(10**9, "1 GB"), (1500, "1.5 kB"), (1230, "1.23 kB"), (0, "0 B")]
)
def test_round_sizes_shown(size: int, shown: str) -> None:
    """Zeros at the end are left out."""
    assert round_size(size) == shown


@pytest.mark.parametrize(
    ("number", "noun", "shown"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (1200, "file", "1,200 files"),
        (1, "copy", "1 copy"),
        (1200, "copy", "1,200 copies"),
    ],
)
def test_numbers_of_things(number: int, noun: str, shown: str) -> None:
    """Nouns have a plural, and numbers a separator of thousands."""
    assert plural(number, noun) == shown


def test_largest_size() -> None:
    """A size of 2^63 bytes is more than a database stores."""
    assert parse_size(2**63 - 1024) == 2**63 - 1024
    for size in (2**63, "8 EiB"):
        with pytest.raises(ValueError, match="is not a size in bytes|is larger than any file"):
            parse_size(size)
