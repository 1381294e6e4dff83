"""CSV, JSON lines, GeoJSON and workbooks of a few items, cell by cell."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from mfkit import MediaLibrary
from tests.samples import item, store

AT = datetime(2024, 5, 17, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def filled(lib: MediaLibrary) -> MediaLibrary:
    """A photo with a location in the south-west, and a song without one."""
    store(
        lib,
        item(
            "/m/a.jpg",
            file_size=1000,
            file_created_at=AT,
            is_compressed=True,
            facts={"latitude": -33.5, "longitude": -70.25, "title": "=1", "extra_metadata": {"n": [1]}},
        ),
        item(
            "/m/b.mp3",
            file_size=2**60,
            file_created_at=datetime(1890, 1, 1, tzinfo=UTC),
            facts={"duration": 1.5, "title": ""},
        ),
    )
    return lib


COLUMNS = ["file_path", "media_type", "file_size", "file_created_at", "is_compressed", "duration", "title"]


def test_csv(filled: MediaLibrary, tmp_path: Path) -> None:
    """Null is an empty field, timestamps are in UTC with a fraction, and formulas are escaped."""
    filled.export(tmp_path / "x.csv", columns=COLUMNS, order_by="file_path")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as lines:
        assert list(csv.reader(lines)) == [
            COLUMNS,
            ["/m/a.jpg", "image", "1000", "2024-05-17T12:30:15.123456Z", "true", "", "'=1"],
            ["/m/b.mp3", "audio", str(2**60), "1890-01-01T00:00:00.000000Z", "false", "1.5", ""],
        ]


def test_json_lines(filled: MediaLibrary, tmp_path: Path) -> None:
    """Values have JSON's types."""
    columns = [*COLUMNS, "extra_metadata"]
    filled.export(tmp_path / "x.jsonl", columns=columns, order_by="file_path", ascending=False)
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert [row["file_path"] for row in rows] == ["/m/b.mp3", "/m/a.jpg"]
    assert rows[1] == {
        "file_path": "/m/a.jpg",
        "media_type": "image",
        "file_size": 1000,
        "file_created_at": "2024-05-17T12:30:15.123456Z",
        "is_compressed": True,
        "duration": None,
        "title": "=1",
        "extra_metadata": {"n": [1]},
    }


def test_geojson(filled: MediaLibrary, tmp_path: Path) -> None:
    """Coordinates are longitude, then latitude (RFC 7946, section 3.1.1); a location is needed."""
    done = filled.export(tmp_path / "x.geojson", columns=["file_name"])
    features = json.loads((tmp_path / "x.geojson").read_text())["features"]
    assert done.rows == 1
    assert features == [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-70.25, -33.5]},
            "properties": {"file_name": "a.jpg", "latitude": -33.5, "longitude": -70.25},
        }
    ]


def test_workbook(filled: MediaLibrary, tmp_path: Path) -> None:
    """Dates are dates from March 1900, earlier ones and integers beyond 2^53 are text."""
    filled.export(tmp_path / "x.xlsx", columns=COLUMNS, order_by="file_path")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        COLUMNS,
        ["/m/a.jpg", "image", 1000, datetime(2024, 5, 17, 12, 30, 15, 123000), True, None, "=1"],
        ["/m/b.mp3", "audio", str(2**60), "1890-01-01T00:00:00+00:00", False, 1.5, ""],
    ]
    assert sheet["G2"].data_type == "s" and sheet["G2"].quotePrefix and not sheet["A2"].quotePrefix
    assert sheet.auto_filter.ref == "A1:G3" and sheet.freeze_panes == "A2"
