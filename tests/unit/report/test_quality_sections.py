"""Completeness and failures: exact rows."""

from __future__ import annotations

from mfkit import MediaLibrary, Report
from mfkit.models import Scan, ScanFailure
from tests.samples import item, store
from tests.unit.report.reading import sentences, tables


def test_completeness(lib: MediaLibrary) -> None:
    """Each field has its applicable files, the files with a value, and their share."""
    here = {"latitude": 1.0, "longitude": 2.0, "iso": 100}
    store(
        lib,
        item("/m/a.jpg", facts=here),
        *(item(f"/m/{n}.jpg", facts={}) for n in range(2)),
        item("/m/v.mp4", facts={}),
    )
    section = Report(lib).completeness()
    assert sentences(section) == ["75 % of images and videos have no location."]
    (rows,) = tables(section)
    assert rows[0] == ["Field", "Applicable files", "Files with a value", "Share"]
    by_field = {row[0]: row[1:] for row in rows[1:]}
    assert by_field["place"] == ["4", "1", "25 %"] and by_field["ISO"] == ["3", "1", "33 %"]
    assert by_field["frame rate"] == ["1", "0", "0 %"] and "artist" not in by_field
    assert sentences(Report(lib, has_location=True).completeness()) == []


def test_failures(lib: MediaLibrary) -> None:
    """Each failure has its file, step, error and size; the first 20 of more are shown."""
    scan = Scan(root="/m", status="finished", extractor_version=1)
    store(lib, scan)
    for number, stage in enumerate(("walk", "read", "probe")):
        store(
            lib,
            ScanFailure(
                scan=scan, file_path=f"/m/{number}", stage=stage, error=f"e{number}", file_size=number + 1
            ),
        )
    section = Report(lib).failures()
    assert sentences(section) == ["3 files could not be read completely."]
    assert tables(section) == [
        [
            ["File", "Failed step", "Error", "Size"],
            ["/m/0", "list folder", "e0", "1 B"],
            ["/m/1", "read file", "e1", "2 B"],
            ["/m/2", "read metadata", "e2", "3 B"],
        ]
    ]
    assert tables(Report(lib, redact="names").failures())[0][1][2] == "(redacted)"
    store(lib, *(ScanFailure(scan=scan, file_path=f"/n/{n}", stage="read", error="x") for n in range(18)))
    section = Report(lib).failures()
    assert sentences(section) == ["21 files could not be read completely. The table shows 20 of them."]
    assert len(tables(section)[0]) == 21
