"""Imported metadata that a later scan keeps, because the file does not state it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from mfkit import MediaLibrary
from mfkit.scan.imported_items import with_imported

LOCAL = datetime(2024, 5, 17, 12, 30, 15)
# Imported offset and UTC time; UTC offset and UTC time after a scan.
IMPORTED: dict[str, tuple[int | None, str | None, int | None, str]] = {
    "east": (330, None, 330, "07:00:15"),
    "Greenwich": (0, None, 0, "12:30:15"),
    "west": (-210, None, -210, "16:00:15"),
    "unknown": (None, None, None, "12:30:15"),
    "both times": (None, "10:30:15", 120, "10:30:15"),
    "equal times": (None, "12:30:15", None, "12:30:15"),
    "times without an offset": (None, "12:07:20", None, "12:30:15"),
    "14 hours ahead": (None, "2024-05-16T22:30:15", 840, "2024-05-16T22:30:15"),
    "15 hours ahead": (None, "2024-05-16T21:30:15", None, "12:30:15"),
    "a day and more behind": (None, "2024-05-18T13:30:15", None, "12:30:15"),
}


def on_the_day(text: str) -> datetime:
    """Return a time of 17 May, or of another day that the text states."""
    return datetime.fromisoformat(text if "T" in text else f"2024-05-17T{text}")


def test_imported_capture_times_are_kept(lib: MediaLibrary, tmp_path: Path) -> None:
    """A scan of files without a capture time keeps the imported local time, UTC offset and UTC time."""
    folder = tmp_path / "media"
    folder.mkdir()
    rows: list[dict[str, Any]] = []
    for name, (offset, moment, *_) in IMPORTED.items():
        (folder / name).write_text(name)
        times = {"captured_at": LOCAL, "capture_offset": offset}
        created = moment and f"{on_the_day(moment).isoformat()}Z"
        rows.append({"file_path": str(folder / name), **times, "file_created_at": created})
    lib.ingest(pd.DataFrame(rows), progress=False)
    with ThreadPoolExecutor(1) as executor:
        assert lib.scan(folder, executor=executor, progress=False).total.updated == len(IMPORTED)
    found = {row.file_name: row for row in lib.items().itertuples()}
    for name, (*_, offset, moment) in IMPORTED.items():
        row = found[name]
        assert row.captured_at == LOCAL, name
        assert (None if pd.isna(row.capture_offset) else row.capture_offset) == offset, name
        assert row.file_created_at == on_the_day(moment).replace(tzinfo=UTC), name


def test_values_of_the_file_have_priority() -> None:
    """Imported values complete what the file states, and the file's own values replace the others."""
    stored = {"title": "Imported", "artist": "Imported", "extra_metadata": {"ingested": ["title", "artist"]}}
    found = with_imported({"title": "Of the file"}, stored, None)
    assert (found["title"], found["artist"]) == ("Of the file", "Imported")
