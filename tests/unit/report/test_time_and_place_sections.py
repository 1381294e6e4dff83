"""Growth, places and changes: sentences and tables with exact figures and directions."""

from __future__ import annotations

from datetime import datetime
from itertools import accumulate
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


@pytest.mark.parametrize(("months", "first", "keys"), [(36, "2001-01", 36), (37, "2001", 4)])
def test_charts_of_growth(lib: MediaLibrary, months: int, first: str, keys: int) -> None:
    """Each of up to 36 months has a bar, or each year if there are more; the second chart has sums so far."""
    dates = [datetime(2001 + month // 12, 1 + month % 12, 3) for month in range(months)]
    store(lib, *(item(f"/m/{n}.jpg", file_size=10, captured_at=at) for n, at in enumerate(dates)))
    section = Report(lib).growth()
    assert section is not None
    bars, totals = (part.figure.data[-1] for part in section.parts if isinstance(part, Chart))
    assert (bars.customdata[0], len(bars.customdata)) == (first, keys)
    assert list(totals.customdata) == list(bars.customdata)
    assert list(totals.y) == list(accumulate(bars.y)) and totals.y[-1] == 10 * months


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


def test_places_with_the_most_files(lib: MediaLibrary) -> None:
    """The places with the most files come first, not those with the most bytes; redacted, only countries."""
    here = {"latitude": 1.0, "longitude": 2.0}
    places = ("Alfama, Lisbon, Portugal", "Ponta Delgada, Azores, Portugal", "Mitte, Berlin, Germany")
    for place, files, size in zip(places, (2, 1, 3), (90, 9000, 20), strict=True):
        facts = {**here, "location_name": place}
        store(lib, *(item(f"/{place}/{n}.jpg", file_size=size, facts=facts) for n in range(files)))
    assert tables(Report(lib).places()) == [
        [
            ["Place", "Files", "Size"],
            ["Berlin, Germany", "3", "60 B"],
            ["Lisbon, Portugal", "2", "180 B"],
            ["Azores, Portugal", "1", "9.00 kB"],
        ]
    ]
    assert tables(Report(lib, redact="places").places()) == [
        [["Country", "Files", "Size"], ["Portugal", "3", "9.18 kB"], ["Germany", "3", "60 B"]]
    ]


def test_the_largest_of_many_changes(lib: MediaLibrary) -> None:
    """Of more than 20 changes, the table has the 20 largest, grown or shrunk."""
    first, second = scan("/m", 0), scan("/m", 1)
    store(lib, first, second)
    added = [(f"/m/{n:02}", None, (f"{n}", 100 * n)) for n in range(1, 22)]
    changes(lib, second, *added, ("/m/gone", ("x", 9999), None))
    _, largest = tables(Report(lib, compare_to=first.id).changes())
    assert [row[0] for row in largest[1:]] == ["/m/gone", *(f"/m/{n:02}" for n in range(21, 2, -1))]


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
