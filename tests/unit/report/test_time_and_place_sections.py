"""Growth, places and changes: sentences and tables with exact figures and directions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mfkit import MediaLibrary, Report
from mfkit.report.page_blocks import Chart
from tests.samples import NOON, item, store
from tests.unit.analysis.test_scan_history import changes, scan
from tests.unit.report.reading import sentences, tables


def test_year_with_the_most_bytes(lib: MediaLibrary) -> None:
    """It is not the year with the most files, and has its own figures from all months and types."""
    store(
        lib,
        *(item(f"/m/{n}.jpg", file_size=1000, file_created_at=NOON.replace(year=2001)) for n in range(5)),
        item("/m/a.mp4", file_size=40_000, file_created_at=NOON.replace(year=2003, month=1)),
        item("/m/b.jpg", file_size=2_000, file_created_at=NOON.replace(year=2003, month=9)),
        item("/m/c.jpg", file_size=41_000, file_created_at=NOON.replace(year=2005)),
        item("/m/d.jpg", file_size=900_000),
    )
    assert sentences(Report(lib).growth()) == [
        "The year with the most bytes is 2003: 2 files and 42.0 kB.",
        "1 file has no capture time.",
    ]
    assert sentences(Report(lib, media_type="image").growth()) == [
        "The year with the most bytes is 2005: 1 file and 41.0 kB.",
        "1 file has no capture time.",
    ]


def test_wrong_dates_are_counted_and_not_drawn(lib: MediaLibrary) -> None:
    """File dates and impossible capture times are no year of the report; without others it has no year."""
    old, late = (datetime(year, 1, 1) for year in (1825, 2099))
    store(
        lib,
        *(item(f"/m/{n}.jpg", file_size=900, file_modified_at=NOON.replace(year=2026)) for n in range(2)),
        item("/m/x.jpg", file_size=900, captured_at=late, capture_flag="future"),
        item("/m/y.jpg", file_size=900, captured_at=old, capture_flag="before 1826"),
    )
    wrong = [
        "2 files have no capture time.",
        "1 file has a capture time in the future.",
        "1 file has a capture time before 1826.",
    ]
    assert sentences(Report(lib).growth()) == wrong
    store(lib, item("/m/z.jpg", file_size=5, file_created_at=NOON.replace(year=2003)))
    section = Report(lib).growth()
    assert sentences(section) == ["The year with the most bytes is 2003: 1 file and 5 B.", *wrong]
    charts = [part for part in section.parts if isinstance(part, Chart)]
    assert list(charts[0].figure.data[0].customdata) == ["undated", "before 1826", "2003-05", "future"]


def test_share_of_files_with_a_location(lib: MediaLibrary) -> None:
    """The share is of all selected files."""
    store(
        lib,
        *(item(f"/m/{n}.jpg") for n in range(3)),
        item("/m/x.jpg", facts={"latitude": 1.0, "longitude": 2.0}),
    )
    assert sentences(Report(lib).places()) == ["1 file has a location, 25 % of all files."]
    assert sentences(Report(lib, has_location=False).places()) == [
        "No files with a location in this selection."
    ]
    assert sentences(Report(lib, redact="map").places()) == ["This report does not include places."]


@pytest.mark.parametrize(("grown", "said"), [(800, "grew by 250 B"), (100, "shrank by 450 B")])
def test_changes_since_a_scan(lib: MediaLibrary, grown: int, said: str) -> None:
    """Old and new sizes stand in their columns, the largest changes first, with the sum's direction."""
    first, second = scan("/m", 0), scan("/m", 1)
    store(lib, first, second)
    changes(
        lib,
        second,
        ("/m/added.jpg", None, ("a", 50)),
        ("/m/edited.jpg", ("b", 300), ("c", grown)),
        ("/m/gone.jpg", ("d", 300), None),
    )
    section = Report(lib, compare_to=first.id).changes()
    assert section is not None and section.title == "Changes since 2024-05-17"
    assert sentences(section) == [f"3 files changed. The total size {said}."]
    by_type, largest = tables(section)
    sign, kind = ("+500 B", "grown") if grown > 300 else ("−200 B", "shrunk")
    assert sorted(by_type[1:]) == sorted(
        [["added", "1", "+50 B"], [kind, "1", sign], ["removed", "1", "−300 B"]]
    )
    edited, gone = ["/m/edited.jpg", kind, "300 B", f"{grown} B"], ["/m/gone.jpg", "removed", "300 B", ""]
    two: list[Any] = [edited, gone] if grown > 300 else [gone, edited]
    assert largest == [
        ["File", "Change", "Old size", "New size"],
        *two,
        ["/m/added.jpg", "added", "", "50 B"],
    ]


def test_no_changes(lib: MediaLibrary) -> None:
    """Without changes there is one sentence; without an earlier scan there is no section."""
    first = scan("/m", 0)
    store(lib, first, scan("/m", 1))
    assert sentences(Report(lib, compare_to=first.id).changes()) == ["No changes on disk."]
    assert Report(lib).changes() is None
