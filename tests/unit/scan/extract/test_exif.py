"""Values of EXIF tags, through real JPEG files."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mfkit.scan.extract import exif, tiff_directories
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.exif import altitude, gps_date, location
from mfkit.scan.extract.registry import Metadata
from mfkit.scan.extract.tiff_directories import Value

Photo = Callable[..., Path]
Reader = Callable[[Path], Metadata]


@pytest.mark.parametrize(
    ("offset", "minutes"),
    [("+05:30", 330), ("-03:30", -210), ("+0545", 345), ("+00:00", 0), ("-11:00", -660)],
)
def test_offset_of_the_capture_time(photo: Photo, metadata_of: Reader, offset: str, minutes: int) -> None:
    """Hours and minutes of the offset count, east and west."""
    taken_at = metadata_of(photo(camera={0x9011: offset}))["taken_at"]
    assert taken_at == datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(timedelta(minutes=minutes)))
    assert taken_at is not None and taken_at.utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ({0x9003: "2019:07:14 12:30:45", 0x9004: "2020:01:01 00:00:01"}, datetime(2019, 7, 14, 12, 30, 45)),
        ({0x9003: "    :  :     :  :  ", 0x9004: "2020:01:01 10:00:01"}, datetime(2020, 1, 1, 10, 0, 1)),
        (
            {0x9003: "", 0x9004: "2020:01:01 10:00:01", 0x9011: "+09:00", 0x9012: "-02:00"},
            datetime(2020, 1, 1, 10, 0, 1, tzinfo=timezone(-timedelta(hours=2))),
        ),
        (
            {0x9003: "2019:07:14 12:30:45", 0x9011: "+09:00", 0x9010: "+01:00", 0x9012: "-02:00"},
            datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(timedelta(hours=9))),
        ),
        (
            {0x9003: "2019:07:14 12:30:45", 0x9291: "5", 0x9292: "9"},
            datetime(2019, 7, 14, 12, 30, 45, 500_000),
        ),
    ],
)
def test_order_of_dates(
    photo: Photo, metadata_of: Reader, camera: dict[int, Any], expected: datetime
) -> None:
    """DateTimeOriginal comes before DateTimeDigitized, each with its own offset and fraction."""
    assert metadata_of(photo(camera=camera))["taken_at"] == expected


@pytest.mark.parametrize(("hours", "expected"), [(-5, -300), (9, 540), (0, 0)])
def test_offset_in_whole_hours(photo: Photo, metadata_of: Reader, hours: int, expected: int) -> None:
    """TimeZoneOffset of older cameras applies if there is no OffsetTimeOriginal."""
    older = {0x882A: hours}
    taken_at = metadata_of(photo(camera=older))["taken_at"]
    assert taken_at is not None and taken_at.utcoffset() == timedelta(minutes=expected)
    taken_at = metadata_of(photo(camera={**older, 0x9011: "+01:00"}))["taken_at"]
    assert taken_at is not None and taken_at.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("references", "signs"),
    [(("N", "E"), (1, 1)), (("S", "E"), (-1, 1)), (("N", "W"), (1, -1)), (("S", "W"), (-1, -1))],
)
def test_location(
    photo: Photo, metadata_of: Reader, references: tuple[str, str], signs: tuple[int, int]
) -> None:
    """South and west are negative; degrees, minutes and seconds add up."""
    north, east = references
    metadata = metadata_of(photo(gps={1: north, 2: (33.0, 51.0, 24.0), 3: east, 4: (151.0, 12.0, 54.0)}))
    assert metadata["latitude"] == pytest.approx(signs[0] * (33 + 51 / 60 + 24 / 3600), abs=1e-6)
    assert metadata["longitude"] == pytest.approx(signs[1] * (151 + 12 / 60 + 54 / 3600), abs=1e-6)


@pytest.mark.parametrize(
    ("camera", "name", "value"),
    [
        ({0x829D: 0, 0x9202: 4.0}, "aperture", 4.0),
        ({0x829D: 0, 0x9202: 1.0}, "aperture", 1.41),
        ({0x829D: 1.8, 0x9202: 4.0}, "aperture", 1.8),
        ({0x829A: 0, 0x9201: 6.0}, "shutter_speed", "1/64"),
        ({0x829A: 0, 0x9201: -2.0}, "shutter_speed", "4"),
        ({0x8827: 65_535, 0x8832: 102_400}, "iso", 102_400),
        ({0x8827: 65_534}, "iso", 65_534),
        ({0x920A: 50.0}, "focal_length", 50.0),
    ],
)
def test_exposure(photo: Photo, metadata_of: Reader, camera: dict[int, Any], name: str, value: Any) -> None:
    """Numbers of the exposure, also those in APEX units and those beyond 16 bits."""
    assert metadata_of(photo(camera=camera))[name] == value  # type: ignore[literal-required]


@pytest.mark.parametrize(
    ("text", "fraction", "expected"),
    [
        ("2019:07:14 12:30:45", "123456789", datetime(2019, 7, 14, 12, 30, 45, 123_456)),
        ("2019:07:14 12:30:45", "05", datetime(2019, 7, 14, 12, 30, 45, 50_000)),
        ("2019:07:14 12:30:60", None, datetime(2019, 7, 14, 12, 30, 59)),
        ("2019:07:14 12:30", None, datetime(2019, 7, 14, 12, 30)),
        ("2019-07-14T12:30:45", None, datetime(2019, 7, 14, 12, 30, 45)),
        ("2019:02:29 12:30:45", None, None),
        ("2020:02:29 12:30:45", None, datetime(2020, 2, 29, 12, 30, 45)),
    ],
)
def test_exif_dates(text: str, fraction: str | None, expected: datetime | None) -> None:
    """Fractions are digits after the point; a leap second is the last one of its minute."""
    found = parse_date(text, None, fraction)
    assert (found and found.value) == expected


def test_texts_of_the_camera(photo: Photo, metadata_of: Reader) -> None:
    """Make, model, lens and software have their own tags."""
    metadata = metadata_of(
        photo(main={0x010F: "Nikon", 0x0110: "D70", 0x0131: "Ver.1"}, camera={0xA434: "35mm f/2", 0xA405: 52})
    )
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Nikon", "D70")
    extra = metadata["extra"]
    assert (extra["lens"], extra["software"], extra["focal_length_35mm"]) == ("35mm f/2", "Ver.1", 52)


def test_date_of_the_last_change(photo: Photo, metadata_of: Reader) -> None:
    """DateTime has an offset and a fraction of its own; beside a capture time it is only kept as a change."""
    offsets = {0x9010: "+05:30", 0x9011: "-01:00", 0x9012: "-02:00", 0x9290: "25", 0x9291: "5", 0x9292: "75"}
    changed = datetime(2021, 2, 3, 4, 5, 6, 250_000, timezone(timedelta(minutes=330)))
    main = {0x0132: "2021:02:03 04:05:06"}
    metadata = metadata_of(photo(main=main, camera={0x9003: "", **offsets}))
    assert metadata["taken_at"] == changed and metadata["taken_at"].utcoffset() == timedelta(minutes=330)
    metadata = metadata_of(photo(main=main, camera=offsets))
    assert metadata["taken_at"] == datetime(2019, 7, 14, 12, 30, 45, 500_000, timezone(-timedelta(hours=1)))
    assert metadata["extra"]["changed_at"] == changed.isoformat()


def test_date_of_the_satellites(photo: Photo, metadata_of: Reader) -> None:
    """The GPS date comes before the date of the last change and after the camera's dates."""
    gps = {7: (12.0, 30.0, 15.0), 0x001D: "2021:02:03"}
    main = {0x0132: "2022:02:03 04:05:06"}
    metadata = metadata_of(photo(main=main, camera={0x9003: ""}, gps=gps))
    assert metadata["taken_at"] == datetime(2021, 2, 3, 12, 30, 15, tzinfo=UTC)
    assert metadata["extra"]["origins"]["taken_at"] == "gps"
    assert metadata_of(photo(main=main, gps=gps))["taken_at"] == datetime(2019, 7, 14, 12, 30, 45)


def test_lens_and_orientation(photo: Photo, metadata_of: Reader) -> None:
    """The maker of the lens has a tag of its own; an orientation beyond 8 is none."""
    camera = {0xA434: "35mm f/2", 0xA433: "Zeiss", 0xA405: 52}
    extra = metadata_of(photo(main={0x0112: 8}, camera=camera))["extra"]
    assert (extra["lens"], extra["lens_make"], extra["orientation"]) == ("35mm f/2", "Zeiss", 8)
    assert "orientation" not in metadata_of(photo(main={0x0112: 9}))["extra"]


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
        (None, "33.5 S", None, "w 151.25", (-33.5, -151.25)),
        ("S", "33.5s", "E", "151.25 E", (-33.5, 151.25)),
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
        ("N", "33.5 S", "E", "151.25"),
        (None, "33.5 S", None, "151.25"),
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
def test_parsed_date_of_the_satellites(time: Value | None, expected: datetime, precision: str) -> None:
    """The time is in UTC and may be a leap second; without a valid time only the day is known."""
    assert gps_date("2024:05:17", time) == (expected, precision)


@pytest.mark.parametrize("stamp", [None, "", "0000:00:00"])
def test_time_without_a_day(stamp: str | None) -> None:
    """A time alone is no date."""
    assert gps_date(stamp, (12.0, 30.0, 15.0)) is None
