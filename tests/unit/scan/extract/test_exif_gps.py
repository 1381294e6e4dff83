"""Location and altitude from GPS tags: types, signs, hemispheres."""

import struct
from datetime import UTC, datetime

import pytest

from mfkit.scan.extract import exif, tiff_directories
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.exif_gps import altitude, gps_date, location
from mfkit.scan.extract.tiff_directories import Value

_NAN = float("nan")


def _gps_tags(*entries: tuple[int, int, bytes], order: str = "<") -> dict[int, Value]:
    """Read the GPS directory of a TIFF structure whose entries are tag, type and raw value."""
    sizes = {1: 1, 2: 1, 5: 8, 7: 1, 10: 8}
    at = 26 + 2 + 12 * len(entries) + 4
    head, tail = struct.pack(order + "H", len(entries)), b""
    for tag, field_type, data in entries:
        inline = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "I", at + len(tail))
        tail += data if len(data) > 4 else b""
        head += struct.pack(order + "HHI", tag, field_type, len(data) // sizes[field_type]) + inline
    mark = b"II" if order == "<" else b"MM"
    first = struct.pack(order + "HHHIII", 1, 0x8825, 4, 1, 26, 0)
    data = mark + struct.pack(order + "HI", 42, 8) + first + head + b"\0" * 4 + tail
    directories = tiff_directories.directories(bytes_reader(data), exif.WANTED)
    return next(one.tags for one in directories if one.name == "gps")


def _rationals(*parts: int, order: str = "<") -> bytes:
    return b"".join(struct.pack(order + "I", part & 0xFFFFFFFF) for part in parts)


@pytest.mark.parametrize(
    ("latitude_ref", "latitude", "longitude_ref", "longitude", "expected"),
    [
        ("N", (33.0, 51.0, 24.0), "E", (151.0, 12.0, 36.0), (33.856667, 151.21)),
        ("S", (33.0, 51.0, 24.0), "W", (151.0, 12.0, 36.0), (-33.856667, -151.21)),
        ("s\x00", 33.5, b"w\0", 151.25, (-33.5, -151.25)),
        ("South", (33.0, 30.0), "East", (151.0, 15.0), (-33.5, 151.25)),
        ((83, 0), 33.5, 87, 151.25, (-33.5, -151.25)),
        ("N", (51.0, 30.5, _NAN), "E", (0.0, 7.5, _NAN), (51.508333, 0.125)),
        ("S", -33.5, "W", -151.25, (-33.5, -151.25)),
        ("S", (-33.0, 30.0, 0.0), "W", (-151.0, -15.0, 0.0), (-33.5, -151.25)),
        ("S", (0.0, -30.0, 0.0), "E", (1.0, 0.0, 0.0), (-0.5, 1.0)),
        (None, -33.5, None, 151.25, (-33.5, 151.25)),
        (None, 33.5, None, -70.25, (33.5, -70.25)),
        ("N", "33 deg 30' 0.00\"", "W", "151,15,0", (33.5, -151.25)),
        ("N", (33, 30, 60), "E", (10, 0, 0), (33.516667, 10.0)),
        ("N", 90.0, "W", 180.0, (90.0, -180.0)),
    ],
)
def test_unambiguous_location_is_read(
    latitude_ref: Value | None,
    latitude: Value,
    longitude_ref: Value | None,
    longitude: Value,
    expected: tuple[float, float],
) -> None:
    """Letters in any type and case, decimal degrees, signs that agree, and text."""
    tags = {1: latitude_ref, 2: latitude, 3: longitude_ref, 4: longitude}
    found = location({tag: value for tag, value in tags.items() if value is not None})
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("latitude_ref", "latitude", "longitude_ref", "longitude"),
    [
        (None, (37.0, 47.0, 43.0), None, (144.0, 58.0, 31.0)),
        ("", 37.0, "", 144.0),
        ("N", -33.5, "E", 151.25),
        ("N", -33.5, None, 151.25),
        ("S", 33.5, "O", 8.0),
        ("E", 33.5, "N", 8.0),
        ("S", (33.0, -51.0, 24.0), "E", (151.0, 0.0, 0.0)),
        ("S", (0.0, -51.0, 24.0), "E", (151.0, 0.0, 0.0)),
        ("N", (33.0, 75.0, 0.0), "E", (151.0, 0.0, 0.0)),
        ("N", (33.0, 51.0, 60.5), "E", (151.0, 0.0, 0.0)),
        ("N", 90.1, "E", 0.0),
        ("N", 0.0, "E", 180.1),
        ("N", (_NAN, _NAN, _NAN), "E", 1.0),
        ("N", "33.5 or so", "E", 1.0),
        ("N", float("inf"), "E", 1.0),
        ("N", 1.0, "E", ()),
    ],
)
def test_ambiguous_location_is_dropped(
    latitude_ref: Value | None, latitude: Value, longitude_ref: Value | None, longitude: Value
) -> None:
    """A missing or foreign letter, a sign against the letter, and impossible numbers give no location."""
    tags = {1: latitude_ref, 2: latitude, 3: longitude_ref, 4: longitude}
    assert location({tag: value for tag, value in tags.items() if value is not None}) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_negative_numbers_in_unsigned_rationals(order: str) -> None:
    """A numerator of 4,294,967,263 over 1 cannot be degrees; it is the two's complement of -33."""
    tags = _gps_tags(
        (1, 2, b"S\0"),
        (2, 5, _rationals(-33, 1, 30, 1, 0, 1, order=order)),
        (3, 2, b"E\0"),
        (4, 5, _rationals(1512500, 10000, order=order)),
        (5, 1, b"\0"),
        (6, 5, _rationals(-430, 1, order=order)),
        order=order,
    )
    assert location(tags) == (-33.5, 151.25)
    assert altitude(tags) == -430.0


def test_large_numerators_stay_unsigned() -> None:
    """48.8582256 may be stored over 10^8, whose numerator has 33 bits as a signed number."""
    tags = _gps_tags(
        (1, 2, b"N\0"),
        (2, 5, _rationals(4_294_967_000, 100_000_000)),
        (3, 2, b"E\0"),
        (4, 5, _rationals(2_294_510_300, 1_000_000_000)),
    )
    assert location(tags) == pytest.approx((42.94967, 2.2945103), abs=1e-7)


@pytest.mark.parametrize("field_type", [1, 7])
def test_rationals_stored_as_bytes(field_type: int) -> None:
    """Some phones declare the 24 bytes of three rationals as BYTE or UNDEFINED."""
    tags = _gps_tags(
        (1, 7, b"s\0"),
        (2, field_type, _rationals(43, 1, 30, 1, 0, 1)),
        (3, 7, b"w\0"),
        (4, field_type, _rationals(71, 1, 15, 1, 0, 1)),
    )
    assert location(tags) == (-43.5, -71.25)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({6: 430.0}, 430.0),
        ({5: 0, 6: 430.0}, 430.0),
        ({5: 1, 6: 430.0}, -430.0),
        ({5: b"\x01", 6: 430.0}, -430.0),
        ({5: "\x01", 6: 430.0}, -430.0),
        ({5: "1", 6: 430.0}, -430.0),
        ({5: "0", 6: 430.0}, 430.0),
        ({5: 1, 6: -430.0}, -430.0),
        ({5: 0, 6: -430.0}, -430.0),
        ({5: 3, 6: 12.5}, -12.5),
        ({5: 2, 6: 12.5}, 12.5),
        ({5: 1, 6: _NAN}, None),
        ({5: 1}, None),
    ],
)
def test_altitude(tags: dict[int, Value], expected: float | None) -> None:
    """The reference and the sign both mean below sea level."""
    assert altitude(tags) == expected


@pytest.mark.parametrize(
    ("time", "expected", "precision"),
    [
        ((12.0, 30.0, 15.5), datetime(2024, 5, 17, 12, 30, 15, 500_000, UTC), "second"),
        ((0.0, 0.0, 0.0), datetime(2024, 5, 17, tzinfo=UTC), "second"),
        ((23.0, 59.0, 60.5), datetime(2024, 5, 17, 23, 59, 59, 999_999, UTC), "second"),
        ((24.0, 30.0, 0.0), datetime(2024, 5, 17, 0, 30, tzinfo=UTC), "second"),
        ((25.0, 0.0, 0.0), datetime(2024, 5, 17), "day"),
        ((12.0, 60.0, 0.0), datetime(2024, 5, 17), "day"),
        ((12.0, 0.0, 61.0), datetime(2024, 5, 17), "day"),
        ((12.0, _NAN, 0.0), datetime(2024, 5, 17), "day"),
        ((12.0, 30.0), datetime(2024, 5, 17), "day"),
        (None, datetime(2024, 5, 17), "day"),
    ],
)
def test_date_of_the_satellites(time: Value | None, expected: datetime, precision: str) -> None:
    """The time is in UTC and may be a leap second; without a valid time only the day is known."""
    assert gps_date("2024:05:17", time) == (expected, precision)


@pytest.mark.parametrize("stamp", [None, "", "0000:00:00"])
def test_time_without_a_day(stamp: str | None) -> None:
    """A time alone is no date."""
    assert gps_date(stamp, (12.0, 30.0, 15.0)) is None
