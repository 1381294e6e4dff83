"""Rows from the output of exiftool, value by value, without the program."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mfkit.exchange.imports import exiftool


def read(**tags: Any) -> dict[str, Any]:
    """Return the row of a photo with the given tags."""
    return exiftool.read({"SourceFile": "/m/a.jpg", **tags})


def test_photo() -> None:
    """Each column has its own value."""
    row = read(
        **{
            "File:MIMEType": "image/jpeg",
            "FileSize": 2_345_678,
            "FileModifyDate": "2020:01:02 03:04:05+02:00",
            "ImageWidth": 4000,
            "ImageHeight": 3000,
            "Make": "Canon",
            "Model": "EOS 80D",
            "ISO": 800,
            "FNumber": 2.8,
            "Aperture": 9,
            "ExposureTime": 0.004,
            "FocalLength": "50.0 mm",
            "DateTimeOriginal": "2019:07:14 12:30:45",
            "OffsetTimeOriginal": "+05:30",
            "CreateDate": "2019:07:14 23:59:59",
            "City": "Lisbon",
            "Country": "Portugal",
            "ObjectName": "A Title",
            "LensModel": "EF50mm",
            "Keywords": ["a", "b"],
            "Rating": 4,
            "Description": "A boat",
            "Software": "GIMP",
            "Copyright": "CC0",
        }
    )
    extra = row.pop("extra_metadata")
    assert {name: value for name, value in row.items() if value is not None} == {
        "file_path": "/m/a.jpg",
        "file_size": 2_345_678,
        "file_modified_at": datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
        "file_created_at": datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        "mime_type": "image/jpeg",
        "width": 4000,
        "height": 3000,
        "camera_make": "Canon",
        "camera_model": "EOS 80D",
        "iso": 800,
        "aperture": 2.8,
        "shutter_speed": "1/250",
        "focal_length": 50.0,
        "location_name": "Lisbon, Portugal",
        "title": "A Title",
    }
    stated = ("lens", "keywords", "rating", "description", "software", "copyright")
    assert [extra[name] for name in stated] == ["EF50mm", ["a", "b"], 4, "A boat", "GIMP", "CC0"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        ("48 deg 51' 29.60\" N", "2 deg 21' 5.00\" E", (48.858222, 2.351389)),
        ("33 deg 51' 24.48\" S", "151 deg 12' 55.08\" E", (-33.8568, 151.2153)),
        ("40 deg 26' 46.00\" N", "79 deg 58' 56.00\" W", (40.446111, -79.982222)),
        (-33.8568, -151.2153, (-33.8568, -151.2153)),
        (33.8568, 151.2153, (33.8568, 151.2153)),
    ],
)
def test_place(latitude: Any, longitude: Any, place: tuple[float, float]) -> None:
    """South and west are negative, in text with a letter and in numbers with a sign."""
    row = read(GPSLatitude=latitude, GPSLongitude=longitude)
    assert (row["latitude"], row["longitude"]) == pytest.approx(place, abs=1e-5)


@pytest.mark.parametrize(
    ("references", "place"),
    [(("North", "East"), (5.5, 7.25)), (("South", "West"), (-5.5, -7.25)), (("S", "E"), (-5.5, 7.25))],
)
def test_place_with_references(references: tuple[str, str], place: tuple[float, float]) -> None:
    """Unsigned coordinates take their sign from the reference."""
    row = read(
        GPSLatitude="5 deg 30' 0\"",
        GPSLongitude="7 deg 15' 0\"",
        GPSLatitudeRef=references[0],
        GPSLongitudeRef=references[1],
    )
    assert (row["latitude"], row["longitude"]) == place


@pytest.mark.parametrize(
    ("tags", "moment"),
    [
        ({"DateTimeOriginal": "2019:07:14 12:30:45"}, datetime(2019, 7, 14, 12, 30, 45)),
        (
            {"DateTimeOriginal": "2019:07:14 12:30:45-03:30"},
            datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ),
        (
            {
                "CreateDate": "2019:07:14 12:30:45",
                "OffsetTimeDigitized": "+01:00",
                "OffsetTimeOriginal": "+09:00",
            },
            datetime(2019, 7, 14, 12, 30, 45, tzinfo=timezone(timedelta(hours=1))),
        ),
        (
            {"CreationDate": "2001:01:01 00:00:00+02:00", "CreateDate": "2019:07:14 12:30:45"},
            datetime(2001, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        ),
        ({"MediaCreateDate": "2002:02:02 02:02:02"}, datetime(2002, 2, 2, 2, 2, 2)),
    ],
)
def test_capture_time(tags: dict[str, str], moment: datetime) -> None:
    """The time of the original comes first, each time with its own offset."""
    assert read(**tags)["file_created_at"] == moment
    assert read(**tags)["file_created_at"].utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    ("orientation", "rotation", "size"),
    [
        (None, None, (400, 300)),
        (None, 90, (300, 400)),
        (None, 270, (300, 400)),
        (None, 180, (400, 300)),
        ("Rotate 90 CW", None, (300, 400)),
        ("Rotate 270 CW", None, (300, 400)),
        ("Rotate 180", None, (400, 300)),
        ("Mirror horizontal", None, (400, 300)),
        ("Mirror horizontal and rotate 90 CW", None, (300, 400)),
        (6, None, (300, 400)),
        (1, 90, (400, 300)),
    ],
)
def test_displayed_size(orientation: Any, rotation: Any, size: tuple[int, int]) -> None:
    """Width and height are those of the displayed picture."""
    row = read(ImageWidth=400, ImageHeight=300, Orientation=orientation, Rotation=rotation)
    assert (row["width"], row["height"]) == size


def test_names_of_orientations() -> None:
    """The names have the numbers of Exif, in their order."""
    names = (
        "Horizontal (normal)",
        "Mirror horizontal",
        "Rotate 180",
        "Mirror vertical",
        "Mirror horizontal and rotate 270 CW",
        "Rotate 90 CW",
        "Mirror horizontal and rotate 90 CW",
        "Rotate 270 CW",
    )
    found = [read(Orientation=name)["extra_metadata"]["orientation"] for name in names]
    assert found == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("tags", "name", "value"),
    [
        ({"AvgBitrate": "1.5 Mbps"}, "bitrate", 1_500_000),
        ({"AudioBitrate": "192 kbps"}, "bitrate", 192_000),
        ({"AudioBitrate": "800 bps"}, "bitrate", 800),
        ({"AvgBitrate": 5000, "AudioBitrate": 1}, "bitrate", 5000),
        ({"Duration": "12.34 s"}, "duration", 12.34),
        ({"Duration": "0:01:30 (approx)"}, "duration", 90.0),
        ({"Duration": 7}, "duration", 7.0),
        ({"FileSize": "19 kB"}, "file_size", 19_000),
        ({"FileSize": "123 bytes"}, "file_size", 123),
        ({"CompressorID": "avc1", "VideoCodec": "x"}, "video_codec", "h264"),
        ({"AudioFormat": "mp4a", "AudioCodec": "x"}, "audio_codec", "aac"),
        ({"AudioCodec": "Opus"}, "audio_codec", "opus"),
        ({"AudioSampleRate": 48000, "SampleRate": 1}, "sample_rate", 48_000),
        ({"NumChannels": 2}, "channels", 2),
        ({"VideoFrameRate": 29.97}, "fps", 29.97),
        ({"Artist": ["A", "B"], "Author": "C"}, "artist", "A, B"),
        ({"Author": "C"}, "artist", "C"),
        ({"Album": "A", "Title": "T"}, "album", "A"),
        ({"Year": 1984, "ContentCreateDate": "2001"}, "year", 1984),
        ({"ContentCreateDate": "2001:02:03"}, "year", 2001),
        ({"Aperture": 4.0}, "aperture", 4.0),
        ({"ShutterSpeed": "1/60"}, "shutter_speed", "1/60"),
        ({"Sub-location": "Belém", "City": "Lisbon"}, "location_name", "Belém, Lisbon"),
    ],
)
def test_value(tags: dict[str, Any], name: str, value: Any) -> None:
    """A tag gives its column's value in mfkit's unit."""
    assert (
        read(**tags)[name] == pytest.approx(value)
        if isinstance(value, float)
        else read(**tags)[name] == value
    )
