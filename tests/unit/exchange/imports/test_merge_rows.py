"""Merging of imported rows: which item a row describes, and which of its values apply to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mfkit import MediaLibrary
from mfkit.errors import IngestError
from mfkit.models import MediaCopy
from tests.samples import NOON, item, store

ONE, OTHER = "ab" * 32, "cd" * 32


def ingest(lib: MediaLibrary, *rows: dict[str, Any], on_error: Any = "raise") -> tuple[int, ...]:
    """Import rows; return how many were added, updated, unchanged, copies and left out."""
    done = lib.ingest(pd.DataFrame([{"file_size": 5, **row} for row in rows]), on_error=on_error)
    return done.added, done.updated, done.unchanged, done.copies, done.left_out


def paths(lib: MediaLibrary) -> dict[str, Any]:
    """Return the number of copies by path, missing items included."""
    frame = lib.items(missing=None)
    return dict(zip(frame["file_path"], frame["copies"], strict=True))


def test_upper_case_hash_is_the_same_content(lib: MediaLibrary) -> None:
    """PowerShell's Get-FileHash writes upper case: no second item, and the stored hash is lower case."""
    assert ingest(lib, {"file_path": "/a.jpg", "file_hash": ONE.upper()}) == (1, 0, 0, 0, 0)
    assert ingest(lib, {"file_path": "/b.jpg", "file_hash": ONE}) == (0, 0, 0, 1, 0)
    assert ingest(lib, {"file_path": "/b.jpg", "file_hash": ONE.upper()}) == (0, 0, 1, 0, 0)
    assert paths(lib) == {"/a.jpg": 1} and lib.items()["file_hash"].tolist() == [ONE]


def test_row_of_a_copy_keeps_the_items_own_file(lib: MediaLibrary) -> None:
    """Name and modification time of a copy are not those of the item; its metadata is."""
    ingest(lib, {"file_path": "/a.jpg", "file_hash": ONE, "file_modified_at": NOON})
    later = NOON + timedelta(days=5)
    done = ingest(lib, {"file_path": "/b.jpg", "file_hash": ONE, "file_modified_at": later, "title": "new"})
    row = lib.items().iloc[0]
    assert done == (0, 0, 0, 1, 0)
    assert (row["file_path"], row["file_name"], row["file_modified_at"], row["title"]) == (
        "/a.jpg",
        "a.jpg",
        NOON,
        "new",
    )
    assert ingest(lib, {"file_path": "/b.jpg", "file_modified_at": later, "file_name": "c.jpg"}) == (
        0,
        0,
        1,
        0,
        0,
    )
    assert lib.duplicates()["file_modified_at"].tolist() == [NOON, later]
    row = lib.items().iloc[0]
    assert (row["file_name"], row["file_modified_at"]) == ("a.jpg", NOON)


def test_new_content_at_the_path_of_an_item_with_copies_is_refused(lib: MediaLibrary) -> None:
    """The copies have the old content, so only a scan can tell; without copies the content changes."""
    ingest(lib, {"file_path": "/a.jpg", "file_hash": ONE}, {"file_path": "/b.jpg", "file_hash": ONE})
    for path in ("/a.jpg", "/b.jpg"):
        with pytest.raises(IngestError, match="another content at this path, which has copies"):
            ingest(lib, {"file_path": path, "file_hash": OTHER})
    assert lib.items()["file_hash"].tolist() == [ONE] and paths(lib) == {"/a.jpg": 1}
    ingest(lib, {"file_path": "/c.jpg", "file_hash": "11" * 32})
    assert ingest(lib, {"file_path": "/c.jpg", "file_hash": "22" * 32}) == (0, 1, 0, 0, 0)
    assert lib.items(text="c")["file_hash"].tolist() == ["22" * 32]


def test_known_content_at_the_path_of_another_item_is_refused(lib: MediaLibrary) -> None:
    """Two items cannot be at one path; the other rows are imported."""
    ingest(lib, {"file_path": "/a.jpg", "file_hash": ONE}, {"file_path": "/b.jpg", "file_hash": OTHER})
    done = ingest(
        lib,
        {"file_path": "/a.jpg", "file_hash": OTHER},
        {"file_path": "/c.jpg", "file_hash": OTHER},
        on_error="collect",
    )
    assert done == (0, 0, 0, 1, 1) and paths(lib) == {"/a.jpg": 0, "/b.jpg": 1}


def test_missing_item_moves_and_is_present_again(lib: MediaLibrary) -> None:
    """An item that is missing takes the path of a row with its content."""
    store(lib, item("/old/a.jpg", file_hash=ONE, missing_since=NOON))
    assert ingest(lib, {"file_path": "/new/b.jpg", "file_hash": ONE}) == (0, 1, 0, 0, 0)
    frame = lib.items()
    assert frame[["file_path", "file_name"]].to_numpy().tolist() == [["/new/b.jpg", "b.jpg"]]


def test_row_without_hash_updates_the_item_of_a_copy(lib: MediaLibrary) -> None:
    """At a path of a copy, the row describes the content."""
    one = item("/a.mp3", file_hash=ONE)
    one.copies = [MediaCopy(file_path="/b.mp3", file_name="b.mp3")]
    store(lib, one)
    assert ingest(lib, {"file_path": "/b.mp3", "title": "t", "file_size": one.file_size}) == (0, 1, 0, 0, 0)
    assert lib.items()["title"].tolist() == ["t"] and paths(lib) == {"/a.mp3": 1}


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2024-05-17T12:30:15+05:30", datetime(2024, 5, 17, 7, 0, 15, tzinfo=UTC)),
        ("2024-05-17T12:30:15-03:00", datetime(2024, 5, 17, 15, 30, 15, tzinfo=UTC)),
        ("2024-05-17T12:30:15", datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),
        ("2024-05-17T12:30:15Z", datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),
        (
            datetime(2024, 5, 17, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            datetime(2024, 5, 17, 7, 0, 15, tzinfo=UTC),
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("column", ["file_created_at", "file_modified_at"])
def test_offsets_of_timestamps(lib: MediaLibrary, column: str, stated: Any, moment: datetime) -> None:
    """A timestamp with an offset is converted to UTC; without one it is UTC."""
    ingest(lib, {"file_path": "/a.jpg", column: stated})
    assert lib.items()[column].tolist() == [moment]


def test_metadata_of_new_items(lib: MediaLibrary) -> None:
    """A stated type comes before that of the MIME type, which comes before that of the name."""
    ingest(
        lib,
        {"file_path": "/a.jpg", "media_type": "video", "mime_type": "audio/mpeg"},
        {"file_path": "/b.jpg", "mime_type": "audio/mpeg"},
        {"file_path": "/c.jpg"},
        {"file_path": "/d.nothing"},
    )
    frame = lib.items(order_by="file_path")
    assert frame["media_type"].tolist() == ["video", "audio", "image", "other"]
    assert frame["mime_type"].tolist()[1:3] == ["audio/mpeg", "image/jpeg"]


def test_size_and_time_of_a_file_on_disk(lib: MediaLibrary, tmp_path: Path) -> None:
    """A row without a size gets size and modification time from the file; one with a size does not."""
    (tmp_path / "a.txt").write_text("12345678")
    path = str(tmp_path / "a.txt")
    lib.ingest(pd.DataFrame([{"file_path": path}]))
    row = lib.items().iloc[0]
    assert row["file_size"] == 8 and row["file_modified_at"].timestamp() == pytest.approx(
        (tmp_path / "a.txt").stat().st_mtime
    )
    lib.ingest(pd.DataFrame([{"file_path": path, "file_size": 3}]))
    assert lib.items()["file_size"].tolist() == [3]


def test_counts_of_a_row_that_repeats(lib: MediaLibrary) -> None:
    """Added, updated and unchanged are counted apart, and in each batch."""
    rows = [{"file_path": f"/{n}.jpg", "title": f"{n}"} for n in range(4)]
    assert ingest(lib, *rows) == (4, 0, 0, 0, 0)
    changed = [{**row, "title": "x"} if place < 1 else row for place, row in enumerate(rows)]
    assert ingest(lib, *changed, {"file_path": "/new.jpg"}) == (1, 1, 3, 0, 0)
    first = {"file_path": "/0.jpg", "title": "y"}
    assert ingest(lib, first, first) == (0, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("latitude", (90, -90), (90.001, -90.001)),
        ("longitude", (180, -180), (180.001, -180.001)),
        ("file_size", (0, 2**63 - 1), (-1, 2**63)),
        ("width", (1, 2**31 - 1), (-1, 2**31)),
        ("duration", (0, 1e9), (-0.5, float("inf"))),
        ("year", (1000, 2100), (999, 2101)),
    ],
)
def test_bounds(lib: MediaLibrary, column: str, good: tuple[Any, Any], bad: tuple[Any, Any]) -> None:
    """The bounds themselves are valid, what is beyond them is not."""
    other = {"latitude": "longitude", "longitude": "latitude", "width": "height"}.get(column)
    for value in (*good, *bad):
        row = {"file_path": "/a.bin", "file_size": 5, column: value, **({other: 1} if other else {})}
        done = lib.ingest(pd.DataFrame([row], dtype=object), on_error="collect")
        assert done.left_out == (value in bad), value
        if value in bad:
            assert done.errors["column"].tolist() == [column]
