"""Values of imported rows: capture times, names, extra metadata, sizes, separators and row numbers."""

from __future__ import annotations

import codecs
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mfkit import MediaLibrary
from mfkit.errors import IngestError
from mfkit.exchange.imports import importer
from mfkit.exchange.imports.normalize import codec_name, first_value, make_row, ratio, to_integer, to_number
from mfkit.exchange.imports.validation import check_rows
from mfkit.scan.stored_path import to_stored_path
from tests.samples import NOON, item, store

ONE = "ab" * 32
LOCAL = datetime(2024, 5, 17, 12, 30, 15)


def ingest(lib: MediaLibrary, *rows: dict[str, Any], on_error: Any = "raise") -> importer.ImportResult:
    """Import rows of the given values, one batch."""
    return lib.ingest(pd.DataFrame([{"file_size": 5, **row} for row in rows]), on_error=on_error)


def only(lib: MediaLibrary) -> pd.Series[Any]:
    """Return the library's only item."""
    frame = lib.items(missing=None)
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("offset", "moment"),
    [
        (330, datetime(2024, 5, 17, 7, 0, 15, tzinfo=UTC)),
        (-180, datetime(2024, 5, 17, 15, 30, 15, tzinfo=UTC)),
        (0, datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),
    ],
)
def test_local_time_with_an_offset(lib: MediaLibrary, offset: int, moment: datetime) -> None:
    """The local time is stored as stated, and the moment is the local time less the offset."""
    ingest(lib, {"file_path": "/a.jpg", "captured_at": LOCAL, "capture_offset": offset})
    row = only(lib)
    assert (row["captured_at"], row["capture_offset"], row["file_created_at"]) == (LOCAL, offset, moment)
    assert (row["capture_source"], row["capture_precision"]) == ("ingested", "second")


def test_local_time_without_an_offset(lib: MediaLibrary) -> None:
    """The offset in the text of a local time does not count, and source and precision are kept."""
    ingest(
        lib,
        {
            "file_path": "/a.jpg",
            "captured_at": "2024-05-17T12:30:15+05:30",
            "capture_source": "exif",
            "capture_precision": "day",
        },
    )
    row = only(lib)
    assert row["captured_at"] == LOCAL and pd.isna(row["capture_offset"])
    assert row["file_created_at"] == LOCAL.replace(tzinfo=UTC)
    assert (row["capture_source"], row["capture_precision"]) == ("exif", "day")


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2024-05-17T10:30:15Z", datetime(2024, 5, 17, 10, 30, 15, tzinfo=UTC)),
        ("2024-05-17T10:30:15-03:00", datetime(2024, 5, 17, 13, 30, 15, tzinfo=UTC)),
        ("2024-05-17T10:30:15", LOCAL.replace(tzinfo=UTC)),
    ],
)
def test_moment_and_local_time(lib: MediaLibrary, stated: str, moment: datetime) -> None:
    """A moment with an offset is stored as stated, also if the row has no offset of the local time."""
    ingest(lib, {"file_path": "/a.jpg", "captured_at": LOCAL, "file_created_at": stated})
    row = only(lib)
    assert (row["captured_at"], row["file_created_at"]) == (LOCAL, moment)
    assert pd.isna(row["capture_offset"])


def test_moment_without_a_local_time(lib: MediaLibrary) -> None:
    """A moment in UTC does not state the offset of the camera's clock; one with another offset does."""
    ingest(lib, {"file_path": "/a.jpg", "file_created_at": "2024-05-17T12:30:15Z"})
    row = only(lib)
    assert row["captured_at"] == LOCAL and pd.isna(row["capture_offset"])
    ingest(lib, {"file_path": "/a.jpg", "file_created_at": "2024-05-17T12:30:15-03:00"})
    row = only(lib)
    assert (row["captured_at"], row["capture_offset"]) == (LOCAL, -180)
    assert row["file_created_at"] == datetime(2024, 5, 17, 15, 30, 15, tzinfo=UTC)


def test_new_capture_time_drops_the_old_offset(lib: MediaLibrary) -> None:
    """An update of the local time takes none of the old time's offset and precision."""
    old = {"captured_at": LOCAL, "capture_offset": 330, "capture_precision": "day"}
    ingest(lib, {"file_path": "/a.jpg", **old})
    done = ingest(lib, {"file_path": "/a.jpg", "captured_at": datetime(2023, 1, 2, 3, 4, 5)})
    row = only(lib)
    assert (done.updated, row["captured_at"]) == (1, datetime(2023, 1, 2, 3, 4, 5))
    assert pd.isna(row["capture_offset"]) and row["capture_precision"] == "second"


def test_file_name(lib: MediaLibrary) -> None:
    """A stated name is kept; without one the item has the last part of its path."""
    ingest(
        lib,
        {"file_path": "/x/a.jpg", "file_name": "Sea.jpg"},
        {"file_path": "/x/b.jpg"},
        {"file_path": "C:\\Pictures\\c.jpg"},
    )
    frame = lib.items(order_by="file_path")
    assert frame["file_path"].tolist() == ["/x/a.jpg", "/x/b.jpg", "C:/Pictures/c.jpg"]
    assert frame["file_name"].tolist() == ["Sea.jpg", "b.jpg", "c.jpg"]
    assert frame["is_processed"].tolist() == [False] * 3 and frame["missing_since"].isna().all()


def test_extra_metadata(lib: MediaLibrary) -> None:
    """A row's members replace those stored, the others stay; the imported names are those of both rows."""
    ingest(lib, {"file_path": "/a.jpg", "title": "t", "extra_metadata": {"lens": "50 mm", "flash": True}})
    before = only(lib)
    ingest(lib, {"file_path": "/a.jpg", "genre": "g", "extra_metadata": {"lens": "85 mm"}})
    after = only(lib)
    assert json.loads(after["extra_metadata"]) == {
        "lens": "85 mm",
        "flash": True,
        "ingested": ["flash", "genre", "lens", "title"],
    }
    assert (after["title"], after["genre"]) == ("t", "g")
    assert after["created_at"] == before["created_at"] and after["modified_at"] > before["modified_at"]


def test_unchanged_row_keeps_the_time_of_change(lib: MediaLibrary) -> None:
    """A row whose values are stored changes nothing."""
    ingest(lib, {"file_path": "/a.jpg", "title": "t"})
    before = only(lib)
    assert ingest(lib, {"file_path": "/a.jpg", "title": "t"}).unchanged == 1
    assert only(lib)["modified_at"] == before["modified_at"]


def test_modification_time_of_a_copy(lib: MediaLibrary, tmp_path: Path) -> None:
    """A copy without a stated time has that of its file if the row states no size."""
    (tmp_path / "b.jpg").write_bytes(b"12345")
    store(lib, item("/a.jpg", file_hash=ONE, file_size=5, file_modified_at=NOON))
    path = (tmp_path / "b.jpg").as_posix()
    done = lib.ingest(pd.DataFrame([{"file_path": path, "file_hash": ONE}]))
    found = lib.duplicates().set_index("file_path")["file_modified_at"]
    assert done.copies == 1
    assert found[path].timestamp() == pytest.approx((tmp_path / "b.jpg").stat().st_mtime, abs=1e-5)


def test_folder_on_disk_is_no_file(lib: MediaLibrary, tmp_path: Path) -> None:
    """A row without a size and a file is left out, also if its path is that of a folder."""
    rows = pd.DataFrame([{"file_path": "/f.jpg", "file_size": 5}, {"file_path": str(tmp_path)}])
    done = lib.ingest(rows, on_error="collect")
    assert done.errors["row"].tolist() == [2] and done.errors["file_path"].tolist() == [tmp_path.as_posix()]
    assert done.errors["reason"].tolist() == ["the size is missing, and the file does not exist here"]


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("capture_offset", (1439, -1439), (1440, -1440)),
        ("rating", (-1, 5), (-1.1, 5.1)),
        ("iso", (0, 2**31 - 1), (-1, 2**31)),
        ("aperture", (0, 64), (-0.1, float("inf"))),
        ("track", (0, 2**31 - 1), (-1, 2**31)),
        ("bitrate", (0, 2**63 - 1), (-1, 2**63)),
    ],
)
def test_bounds_of_columns(column: str, good: tuple[Any, Any], bad: tuple[Any, Any]) -> None:
    """The bounds themselves are valid, what is beyond them is not."""
    for value in (*good, *bad):
        pair = {"captured_at": [LOCAL]} if column == "capture_offset" else {}
        done = check_rows([7], {"file_path": ["/a.jpg"], column: [value], **pair})
        assert [(one.row, one.column) for one in done.bad] == ([(7, column)] if value in bad else []), value


def test_years_of_a_column_with_missing_values() -> None:
    """A column of numbers with missing values has floats, of which whole numbers are years."""
    years = [1984.0, None, "1985", 1986, 1987.5, 999.0]
    done = check_rows(range(1, 7), {"file_path": ["/a.jpg"] * 6, "year": years})
    assert [(one.row, one.column) for one in done.bad] == [(5, "year"), (6, "year")]
    assert done.columns["year"] == [1984, None, 1985, 1986]


def test_values_of_rows() -> None:
    """Empty text and NaN are no values, and a path of another system stays absolute."""
    done = check_rows(
        range(4, 7),
        {
            "file_path": ["C:\\a.jpg", "D:/b/../c.jpg", "https://host/a//b.jpg"],
            "title": ["", float("nan"), "x"],
            "file_hash": [None, "", float("nan")],
            "captured_at": ["2024-05-17T12:30:15-08:00", LOCAL, None],
        },
    )
    assert done.bad == [] and list(done.numbers) == [4, 5, 6]
    assert done.columns == {
        "file_path": ["C:/a.jpg", "D:/b/../c.jpg", "https://host/a//b.jpg"],
        "title": [None, None, "x"],
        "captured_at": [LOCAL, LOCAL, None],
    }


def test_row_numbers_in_later_batches(lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row numbers count from the first row of the source, and a row with two errors is one row."""
    monkeypatch.setattr("mfkit.exchange.imports.import_sources._BATCH_ROWS", 2)
    rows = [{"file_path": f"/{place}.jpg", "file_size": 5, "width": 1, "height": 1} for place in range(7)]
    rows[2]["width"] = -1
    rows[5].update(width=-1, height=-1)
    done = lib.ingest(pd.DataFrame(rows), on_error="collect")
    assert (done.rows, done.added, done.left_out) == (7, 5, 2)
    assert done.errors["row"].tolist() == [3, 6, 6]
    assert done.errors["column"].tolist() == ["width", "width", "height"]
    assert done.errors["file_path"].tolist() == ["/2.jpg", "/5.jpg", "/5.jpg"]


def test_error_names_five_reasons(lib: MediaLibrary) -> None:
    """The error counts the rows and names the first five reasons."""
    rows = [{"file_path": f"/{place}.jpg", "iso": -1} for place in range(7)]
    with pytest.raises(IngestError) as found:
        ingest(lib, *rows)
    text = str(found.value)
    assert text.startswith("7 rows cannot be imported: row 1 (/0.jpg): iso: ")
    assert "row 5 (/4.jpg)" in text and "row 6" not in text and "; and 2 more. Nothing" in text


def test_known_rows_include_copies() -> None:
    """Rows of known items are those that change one, repeat one, or add a copy."""
    assert importer.ImportResult(rows=16, added=1, updated=2, unchanged=4, copies=8).known == 14


def test_objects_with_two_names_for_a_column(lib: MediaLibrary, tmp_path: Path) -> None:
    """A value under either name counts, and the later name comes first if an object has both."""
    objects = [
        {"file_path": "/a.jpg", "file_size": 5, "title": "one"},
        {"file_path": "/b.jpg", "file_size": 5, "name": "two"},
        {"file_path": "/c.jpg", "file_size": 5, "title": "three", "name": "four"},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, objects)))
    lib.ingest(tmp_path / "a.jsonl", columns={"name": "title"})
    assert lib.items(order_by="file_path")["title"].tolist() == ["one", "two", "four"]


@pytest.mark.parametrize("separator", ["\t", ";", ","])
def test_separator(lib: MediaLibrary, tmp_path: Path, separator: str) -> None:
    """The separator is the one that the header has most of; the others are text."""
    lines = [("file_path", "file_size", "title"), ("/a.jpg", "5", "x|y"), ("/b.jpg", "6", "")]
    text = "\n".join(separator.join(line) for line in lines)
    (tmp_path / "a.csv").write_text(text.replace("|", ";" if separator == "\t" else "\t"))
    lib.ingest(tmp_path / "a.csv")
    frame = lib.items(order_by="file_path")
    assert frame["file_size"].tolist() == [5, 6]
    assert frame["title"].tolist()[0] in ("x;y", "x\ty", "x y") and pd.isna(frame["title"].tolist()[1])


def test_more_cells_than_the_header(lib: MediaLibrary, tmp_path: Path) -> None:
    """A row with surplus cells is invalid, because a value with an unquoted comma was possibly cut."""
    (tmp_path / "a.csv").write_text("file_path,file_size,title\n/a.jpg,1,One, Two\n/b.jpg,2\n/c.jpg,3,x\n")
    done = lib.ingest(tmp_path / "a.csv", on_error="collect")
    assert (done.added, done.errors["file_path"].tolist()) == (2, ["/a.jpg"])
    assert done.errors["column"].tolist() == ["more cells than the header has"]


def test_encoding_of_json(lib: MediaLibrary, tmp_path: Path) -> None:
    """A byte order mark is left out, and a file name that is not UTF-8 keeps its bytes."""
    text = b'[{"SourceFile": "/caf\xe9.jpg", "FileSize": 5}, {"SourceFile": "/b.jpg", "FileSize": 6}]'
    (tmp_path / "a.json").write_bytes(codecs.BOM_UTF8 + text)
    lib.ingest(tmp_path / "a.json")
    stored = [to_stored_path(os.fsdecode(b"/caf\xe9.jpg")), "/b.jpg"]
    assert lib.items(order_by="file_size")["file_path"].tolist() == stored


def test_numbers_of_other_programs() -> None:
    """Units after numbers are left out, and integers are rounded."""
    assert [to_number(value) for value in ("50.0 mm", " -3 ", "1e3", "+0.5 EV", 7, "f/2", True, None)] == [
        50.0,
        -3.0,
        1000.0,
        0.5,
        7.0,
        None,
        None,
        None,
    ]
    assert to_number("9" * 400) is None and to_number(float("nan")) is None
    assert [to_integer(value) for value in ("1.6", 2.4, "-1.6", 2**62, 2**62 - 1024)] == [
        2,
        2,
        -2,
        None,
        2**62 - 1024,
    ]
    assert (ratio("30000/1001"), ratio("25"), ratio("1/0"), ratio("a/2")) == (30000 / 1001, 25, None, None)
    assert first_value(None, "", [], 0, 1) == 0 and first_value("", None) is None


def test_names_of_codecs() -> None:
    """Identifiers of MP4 files and names of MediaInfo become FFmpeg's names; others are in lower case."""
    given = [" AVC1 ", "hev1", "hvc1", "avc3", "twos", "sowt", "MPEG Audio", "AAC LC", "Opus", "", None]
    assert [codec_name(one) for one in given] == [
        "h264",
        "hevc",
        "hevc",
        "h264",
        "pcm_s16be",
        "pcm_s16le",
        "mp3",
        "aac",
        "opus",
        None,
        None,
    ]


def test_rows_of_other_programs() -> None:
    """A row has the upright size; a size of 0 is none."""
    row = make_row(
        "/a.jpg",
        {"width": 40, "height": 30, "taken_at": NOON, "extra": {"orientation": 6, "lens": "x"}},
        size=0,
        modified_at=NOON,
    )
    assert (row["width"], row["height"], row["file_size"], row["file_modified_at"]) == (30, 40, None, NOON)
    assert (row["file_created_at"], row["extra_metadata"]["lens"]) == (NOON, "x")
    assert make_row("/a.jpg", {}, size=1)["file_size"] == 1


def test_apostrophe_before_a_formula_is_removed(lib: MediaLibrary, tmp_path: Path) -> None:
    """An export writes it so that spreadsheets do not run the text; other apostrophes belong to the text."""
    (tmp_path / "a.csv").write_text("file_path,file_size,title\n/a.jpg,1,'=1+1\n/b.jpg,1,'Round Midnight\n")
    lib.ingest(tmp_path / "a.csv", progress=False)
    assert lib.items(order_by="file_path")["title"].tolist() == ["=1+1", "'Round Midnight"]
