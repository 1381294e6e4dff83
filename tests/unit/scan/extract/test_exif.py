"""Values of EXIF tags, through real JPEG files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.registry import Metadata

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
