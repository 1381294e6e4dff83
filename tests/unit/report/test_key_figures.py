"""Key figures: each number from its own source, and the change since an earlier report."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary, Report
from mfkit.models import MediaCopy, Scan, ScanFailure
from mfkit.report.key_figures import KeyFigures, read_key_figures
from mfkit.report.page_blocks import Html
from tests.samples import NOON, item, store
from tests.unit.report.reading import cards, sentences


@pytest.fixture
def filled(lib: MediaLibrary) -> MediaLibrary:
    """Two photos, one with two copies, a video, a missing song and two files that were not read."""
    photo = item("/m/a.jpg", file_size=1_000_000, file_created_at=NOON.replace(year=1999))
    photo.copies = [MediaCopy(file_path=f"/m/{name}", file_name=name) for name in ("b.jpg", "c.jpg")]
    scan = Scan(root="/m", status="finished", extractor_version=1)
    store(
        lib,
        photo,
        item("/m/d.jpg", file_size=400_000, file_created_at=NOON),
        item(
            "/m/e.mp4", file_size=50_000, file_created_at=NOON.replace(year=2010), facts={"duration": 125.0}
        ),
        item("/m/f.mp3", file_size=7_000_000, missing_since=NOON, facts={"duration": 999.0}),
        scan,
        *(
            ScanFailure(scan=scan, file_path=f"/m/{name}", stage="read", error="x", file_size=30)
            for name in ("g", "h")
        ),
    )
    return lib


def test_figures_of_the_whole_library(filled: MediaLibrary) -> None:
    """Files are items, copies and unread files; bytes on disk include copies."""
    assert cards(Report(filled).key_figures()) == {
        "Files": ("7", "3 unique files, 2 copies, 2 empty or unreadable files"),
        "On disk": ("3.45 MB", "1.45 MB without copies"),
        "Playing time": ("2:05 min", "of video and audio"),
        "Years": ("1999 – 2024", "by capture time"),
    }
    section = Report(filled).key_figures()
    assert section is not None
    markup = "".join(part.text for part in section.parts if isinstance(part, Html))
    assert re.findall(r'<data value="([\d.]+)">', markup)[:5] == ["7", "3", "2", "2", "3450060"]


def test_figures_of_a_filter(filled: MediaLibrary) -> None:
    """With a filter, unread files are not known and do not count."""
    assert cards(Report(filled, media_type="video").key_figures()) == {
        "Files": ("1", "1 unique file, no duplicates"),
        "On disk": ("50.0 kB", "no duplicates"),
        "Playing time": ("2:05 min", "of video and audio"),
        "Years": ("2010", "by capture time"),
    }
    assert sentences(Report(filled, min_size="1 GB").key_figures()) == ["No files in this selection."]


def test_years_of_dated_and_undated_files(lib: MediaLibrary) -> None:
    """Modification times count only if no file has a plausible capture time."""
    store(
        lib,
        item("/m/a.jpg", file_modified_at=NOON),
        item("/m/b.jpg", file_modified_at=NOON.replace(year=2020)),
    )
    by_file = ("2020 – 2024", "by modification time, no capture times are known")
    assert cards(Report(lib).key_figures())["Years"] == by_file
    store(lib, item("/m/c.jpg", captured_at=datetime(2004, 5, 17), file_modified_at=NOON))
    assert cards(Report(lib).key_figures())["Years"] == ("2004", "by capture time, 2 files undated")


def test_years_with_wrong_dates(lib: MediaLibrary) -> None:
    """Files dated in the future and files dated before 1826 are counted apart, and give no year."""
    wrong = [(2099, "future"), (2098, "future"), (1700, "before 1826")]
    store(
        lib,
        item("/m/a.jpg", captured_at=datetime(2004, 5, 17)),
        *(
            item(f"/m/{year}.jpg", captured_at=datetime(year, 1, 1), capture_flag=flag)
            for year, flag in wrong
        ),
    )
    assert cards(Report(lib).key_figures())["Years"] == (
        "2004",
        "by capture time, 2 files dated in the future, 1 file dated before 1826",
    )


def _written(lib: MediaLibrary, path: Path, **changes: Any) -> Path:
    section = Report(lib).key_figures()
    assert section is not None
    text = "".join(part.text for part in section.parts if isinstance(part, Html))
    for name, value in changes.items():
        text = re.sub(rf'"{name}": [^,}}]+', f'"{name}": {value}', text)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("files", "size", "change"),
    [
        (7, 3_450_060, "no change in the number or size of files."),
        (5, 3_450_060, "2 files more and 0 B more."),
        (8, 3_450_060, "1 file fewer and 0 B more."),
        (7, 3_449_060, "0 files more and 1.00 kB more."),
        (6, 4_450_060, "1 file more and 1.00 MB less."),
    ],
)
def test_change_since_an_earlier_report(
    filled: MediaLibrary, tmp_path: Path, files: int, size: int, change: str
) -> None:
    """The change has a direction, in files and in bytes, and the day of the earlier report."""
    page = _written(filled, tmp_path / "r.html", files=files, bytes=size, made_on='"2020-02-03"')
    said = sentences(Report(filled, replaces=page).key_figures())
    assert said == [f"Since the report of 2020-02-03: {change}"]


@pytest.mark.parametrize(
    ("field", "value", "is_valid"),
    [
        ("files", 5, True),
        ("files", "5", False),
        ("bytes", None, False),
        ("made_on", "2024-05-17", True),
        ("made_on", "17 May 2024", False),
        ("made_on", 20240517, False),
    ],
)
def test_damaged_figures_of_an_earlier_report(tmp_path: Path, field: str, value: Any, is_valid: bool) -> None:
    """Figures are used only if the day and the numbers are valid."""
    known: dict[str, Any] = dict.fromkeys(KeyFigures.__dataclass_fields__, 1)
    written = KeyFigures(**{**known, "made_on": "2024-05-16", field: value})
    (tmp_path / "page.html").write_text(str(written.markup()))
    assert read_key_figures(tmp_path / "page.html") == (written if is_valid else None)


@pytest.mark.parametrize("changed", ['"bytes": 1, "more": 2', '"bytes": 1', ""])
def test_figures_of_another_version_are_ignored(tmp_path: Path, changed: str) -> None:
    """A report with more or fewer figures than this version writes is not compared with the new one."""
    written = KeyFigures(**{**dict.fromkeys(KeyFigures.__dataclass_fields__, 1), "made_on": "2024-05-16"})
    text = str(written.markup())
    assert text.count('"bytes": 1, ') == 1
    (tmp_path / "page.html").write_text(text.replace('"bytes": 1, ', changed and f"{changed}, "))
    expected = written if changed == '"bytes": 1' else None
    assert read_key_figures(tmp_path / "page.html") == expected
