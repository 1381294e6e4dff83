"""Frames say what their numbers count, and can be shown to people."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

import mfkit
from mfkit import MediaLibrary
from mfkit.frames import pivoted, unit_of
from tests.synthetic import HOSTILE, HOSTILE_CODEC, fill


@pytest.fixture
def filled(sqlite_path) -> MediaLibrary:
    """Sixty items, some with names that do harm."""
    library = MediaLibrary(sqlite_path)
    fill(library, 60)
    yield library
    library.close()


def test_units(filled: MediaLibrary) -> None:
    """Frames have units with and without rows; operations keep them, and they are JSON."""
    for frame in (filled.items(), filled.items(min_size="1 PB")):
        units = frame.attrs["units"]
        assert units["file_size"] == "byte" and units["duration"] == "s" and units["bitrate"] == "bit/s"
        assert "file_name" not in units and "year" not in units
        assert frame.head(3).sort_values("file_size").attrs == json.loads(json.dumps(frame.attrs))
    assert filled.summary("media_type").attrs["units"] == {
        "bytes": "byte",
        "bytes_with_copies": "byte",
        "share": "1",
        "duration": "s",
    }
    assert unit_of("reclaimable_bytes") == unit_of("total_bytes") == "byte" and unit_of("files") is None


UNITS = {
    "file_size": "byte",
    "reclaimable_bytes": "byte",
    "total_bytes": "byte",
    "duration": "s",
    "share": "1",
    "bitrate": "bit/s",
    "sample_rate": "Hz",
    "fps": "Hz",
    "width": "px",
    "height": "px",
    "focal_length": "mm",
    "latitude": "deg",
    "longitude": "deg",
    "files": None,
    "iso": None,
}


@pytest.mark.parametrize("name", UNITS)
def test_unit(name: str) -> None:
    """Each column has the unit that docs/schema.md states."""
    assert unit_of(name) == UNITS[name]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("file_size", -1_500, "-1.50 kB"),
        ("duration", -185.0, "-3:05 min"),
        ("share", 0.0004, "0.0%"),
        ("sample_rate", 44_100, "44.1 kHz"),
        ("fps", 29.97, "29.97 Hz"),
        ("bitrate", 999, "999 bit/s"),
        ("bitrate", 1_000, "1 kbit/s"),
        ("bitrate", 2_500_000_000, "2.5 Gbit/s"),
        ("longitude", -9.13933, "-9.1393°"),
        ("width", 1920, "1,920 px"),
        ("focal_length", 50.0, "50 mm"),
        ("first_year", 1999.0, "1999"),
        ("ratio", 9999.4, "9,999"),
        ("ratio", 10_000.4, "10,000"),
    ],
)
def test_pretty_value(name: str, value: float, text: str) -> None:
    """A value has its column's unit, sign and number of digits."""
    assert mfkit.pretty(pd.DataFrame({name: [value]}))[name].tolist() == [text]


def test_pretty_times() -> None:
    """A column shows days alone only if all of its timestamps are at midnight."""
    days = pd.to_datetime(["2024-05-17", "2024-05-18", None], utc=True)
    times = pd.to_datetime(["2024-05-17 00:00", "2024-05-18 12:30", None], utc=True)
    shown = mfkit.pretty(pd.DataFrame({"days": days, "times": times}))
    assert shown["days"].tolist() == ["2024-05-17", "2024-05-18", ""]
    assert shown["times"].tolist() == ["2024-05-17 00:00", "2024-05-18 12:30", ""]


def test_crosstab_cells() -> None:
    """Rows and columns with the largest sums come first, and a missing cell is 0."""
    cells = pd.DataFrame({"a": ["x", "y", "y", None], "b": ["p", "p", "q", "q"], "files": [1, 2, 30, 400]})
    table = pivoted(cells, "a", "b", "files")
    assert [None if pd.isna(one) else one for one in table.index] == [None, "y", "x"]
    assert list(table.columns) == ["q", "p"] and table.to_numpy().tolist() == [[400, 0], [30, 2], [0, 1]]


def test_pretty(filled: MediaLibrary) -> None:
    """The same rows as text; unknown is empty, moments at midnight are days."""
    frame = pd.DataFrame(
        {
            "file_size": pd.array([1_234_567, None, 0], "Int64"),
            "duration": [185.0, float("nan"), 1.5],
            "share": [0.125, 1.0, 0.0],
            "files": pd.array([12_345, 1, None], "Int64"),
            "year": [1999, 2024, 2000],
            "bitrate": [192_000, 40_000_000, 5],
            "latitude": [38.72, -33.87, None],
            "aperture": [1.8, 12_345.6, 2],
            "at": pd.to_datetime([datetime(2024, 5, 17, 12, 30, tzinfo=UTC), None, None], utc=True),
            "day": pd.to_datetime([datetime(2024, 5, 17), None, None]),
            "known": pd.array([True, False, None], "boolean"),
            "kind": pd.Categorical(["video", None, "image"]),
        },
        index=["x", "y", "z"],
    )
    shown = mfkit.pretty(frame)
    assert list(shown.index) == ["x", "y", "z"] and list(shown.columns) == list(frame.columns)
    assert shown.loc["x"].tolist() == [
        "1.23 MB",
        "3:05 min",
        "12.5%",
        "12,345",
        "1999",
        "192 kbit/s",
        "38.7200°",
        "1.8",
        "2024-05-17 12:30",
        "2024-05-17",
        "yes",
        "video",
    ]
    assert shown.loc["y"].tolist() == [
        "",
        "",
        "100.0%",
        "1",
        "2024",
        "40 Mbit/s",
        "-33.8700°",
        "12,346",
        "",
        "",
        "no",
        "",
    ]
    assert all(str(dtype) == "str" for dtype in shown.dtypes)
    assert mfkit.pretty(frame[:0]).shape == (0, len(frame.columns))
    assert mfkit.pretty(filled.items()).shape == filled.items().shape
    twice = pd.concat([frame[["files"]], frame[["files"]]], axis=1)
    assert mfkit.pretty(twice).iloc[0].tolist() == ["12,345", "12,345"]


def test_hostile_names_are_data(filled: MediaLibrary) -> None:
    """Markup in names is shown, not obeyed; what would turn the line around is escaped."""
    shown = mfkit.pretty(filled.items())
    html = shown.to_html()
    for name in (*HOSTILE, HOSTILE_CODEC):
        assert "<" not in name or name not in html
    assert "&lt;script&gt;" in html and "\u202e" not in html
    assert any("\\u202egpj.exe" in name for name in shown["file_name"])
