"""The detail card: how it writes the capture time, and what it leaves out."""

from __future__ import annotations

import pandas as pd
import pytest

from mfkit.widgets.controls.detail_card import card_content


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, "2014-05-31 12:01:44 (camera clock)"),
        ({"capture_offset": "330"}, "2014-05-31 12:01:44 (UTC+05:30)"),
        ({"capture_offset": "-210"}, "2014-05-31 12:01:44 (UTC-03:30)"),
        ({"capture_offset": "0", "capture_precision": "minute"}, "2014-05-31 12:01 (UTC+00:00)"),
        ({"capture_precision": "day"}, "2014-05-31"),
        ({"capture_precision": "year"}, "2014"),
    ],
)
def test_capture_time(fields: dict[str, str], expected: str) -> None:
    """The time is that of the camera's clock, as precise as it is known, and names its offset."""
    file = {
        "file_name": "a.jpg",
        "captured_at": "2014-05-31T12:01:44",
        "file_created_at": "2014-05-31T10:01:44+00:00",
        **fields,
    }
    rows = [("file", name, value, "exif" if name == "captured_at" else "") for name, value in file.items()]
    frame = pd.DataFrame(rows, columns=["group", "field", "value", "origin"])
    assert card_content(frame) == {
        "title": "a.jpg",
        "groups": [{"name": "File", "rows": [["Capture time", expected, "exif"]]}],
    }


@pytest.mark.parametrize(
    ("field", "stored", "shown"),
    [
        ("file_size", "1234567", ["Size", "1.23 MB (1,234,567 bytes)"]),
        ("duration", "65.0", ["Duration", "1:05 min"]),
        ("width", "64", ["Width", "64 px"]),
        ("fps", "29.97003", ["Frame rate", "29.97 per second"]),
        ("bitrate", "128000.0", ["Bit rate", "128 kbit/s"]),
        ("sample_rate", "44100", ["Sample rate", "44.1 kHz"]),
        ("sample_rate", "48000", ["Sample rate", "48 kHz"]),
        ("compression_ratio", "12.345", ["Compression", "12.3 : 1"]),
        ("aperture", "2.8", ["Aperture", "f/2.8"]),
        ("shutter_speed", "1/250", ["Shutter", "1/250 s"]),
        ("focal_length", "50.0", ["Focal length", "50 mm"]),
        ("longitude", "-70.7", ["Longitude", "-70.700000°"]),
    ],
)
def test_units(field: str, stored: str, shown: list[str]) -> None:
    """Each value has a label and its unit."""
    frame = pd.DataFrame([("stream", field, stored, "")], columns=["group", "field", "value", "origin"])
    assert card_content(frame)["groups"] == [{"name": "Format", "rows": [[*shown, ""]]}]


def test_creation_time_without_a_capture_time() -> None:
    """A time in UTC is shown as such."""
    rows = [("file", "file_created_at", "2014-05-31T10:01:44+00:00", "pdf")]
    frame = pd.DataFrame(rows, columns=["group", "field", "value", "origin"])
    (group,) = card_content(frame)["groups"]
    assert group["rows"] == [["Created", "2014-05-31 10:01:44 UTC", "pdf"]]
