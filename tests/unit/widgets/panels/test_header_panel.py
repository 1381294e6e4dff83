"""The header: totals, problems that lead to their files, and the list of unreadable files."""

from __future__ import annotations

import re
from datetime import datetime

import pandas as pd
import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.models import MediaCopy, Scan, ScanFailure
from mfkit.widgets.panels.header_panel import HeaderPanel, failures_table
from tests.samples import NOON, item, store

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def filled(lib: MediaLibrary) -> MediaLibrary:
    """Items with wrong dates, one with two copies, and an unreadable file with a hostile name."""
    photo = item("/m/a.jpg", file_size=1_500_000, captured_at=datetime(2020, 5, 1))
    photo.copies = [MediaCopy(file_path=f"/m/{name}", file_name=name) for name in ("b.jpg", "c.jpg")]
    scan = Scan(root="/m", status="finished", extractor_version=1, finished_at=NOON)
    store(
        lib,
        photo,
        *(
            item(f"/m/{n}.jpg", file_size=1, captured_at=datetime(2099, 1, 1), capture_flag="future")
            for n in range(2)
        ),
        item("/m/old.jpg", file_size=1, captured_at=datetime(1825, 1, 1), capture_flag="before 1826"),
        item("/m/undated.jpg", file_size=1, file_modified_at=NOON),
        *(
            item(f"/m/{name}.mkv", file_size=1, captured_at=datetime(2020, 5, 1), facts=facts)
            for name, facts in (
                ("german", {"stream_count": 2, "audio_codecs": "aac", "audio_languages": "ger"}),
                ("unstated", {"stream_count": 2, "audio_codecs": "aac"}),
                ("silent", {"stream_count": 1}),
                ("unread", {"audio_codec": "aac"}),
            )
        ),
        scan,
        Scan(root="/n", status="finished", extractor_version=1, finished_at=NOON.replace(year=2023)),
        ScanFailure(scan=scan, file_path=f"/m/{MARKUP}", stage="read", error=MARKUP, file_size=30),
    )
    return lib


def test_totals_and_problems(filled: MediaLibrary) -> None:
    """Undated files are no problem; each problem is counted by what its click selects."""
    panel = HeaderPanel(filled)
    text = re.sub("<[^>]+>", "", panel.line.value)
    assert text == "library 12 files · 4.50 MB · last scan 2024-05-17 12:30 UTC"
    assert [button.description for button in panel.buttons.children] == [
        "2 files dated in the future",
        "1 file dated before 1826",
        "3.00 MB in 2 copies",
        "1 video without a language",
        "1 unreadable file",
    ]
    counts = []
    for button in panel.buttons.children[:4]:
        button.click()
        counts.append(filled.count(panel.selection.filter))
        assert "mod-active" in button._dom_classes
    assert counts == [2, 1, 1, 1]
    assert panel.selection.filter == MediaFilter(media_type="video", audio_language="und")
    panel.buttons.children[3].click()
    assert panel.selection.filter == MediaFilter()
    assert not any("mod-active" in button._dom_classes for button in panel.buttons.children)


def test_unreadable_files_are_listed_as_text(filled: MediaLibrary) -> None:
    """A click lists them, names and errors are escaped, and a second click hides the list."""
    panel = HeaderPanel(filled)
    assert panel.failures.layout.display == "none"
    panel.buttons.children[4].click()
    assert panel.failures.layout.display is None
    assert "<img" not in panel.failures.value and panel.failures.value.count("&lt;img src=x") == 3
    assert panel.selection.filter == MediaFilter()
    panel.buttons.children[4].click()
    assert panel.failures.layout.display == "none"


@pytest.mark.parametrize(("number", "note"), [(50, ""), (1053, "<p>and 1,003 more:")])
def test_many_unreadable_files(number: int, note: str) -> None:
    """The list has 50 rows, and says how many others there are."""
    table, _, rest = failures_table(
        pd.DataFrame({"file_path": [f"/m/{n}" for n in range(number)], "error": "x"})
    ).partition("</table>")
    assert table.count("<td>x</td>") == 50 and rest.startswith(note) and bool(rest) == bool(note)


def test_a_library_without_problems(lib: MediaLibrary) -> None:
    """There are no buttons, and a library without scans says so."""
    store(lib, item("/m/a.jpg", file_size=5, captured_at=datetime(2020, 5, 1)))
    panel = HeaderPanel(lib)
    assert panel.buttons.children == () and "not scanned yet" in panel.line.value
    store(lib, item("/m/b.jpg", file_size=5, captured_at=datetime(2099, 5, 1), capture_flag="future"))
    panel.refresh()
    assert [button.description for button in panel.buttons.children] == ["1 file dated in the future"]
