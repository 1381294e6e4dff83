"""Exports, read back by the programs that use them."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from openpyxl.utils.escape import unescape

import mfkit
from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import ExportError, FilterError
from mfkit.exchange.export import export_formats, xlsx
from mfkit.text_safety import unescape_formula
from tests import synthetic
from tests.full_disk import run_with_full_disk
from tests.samples import item, store
from tests.unit.engines import difficult_rows

TEXTS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'=x",
    "''-x",
    "'plain",
    "＝1",
    "a\nb",
    'quo"ted',
    "a,b;c",
    "\u202eright to left",
    "日本語",
    "<b>&amp;</b>",
    "null",
    "",
    " ",
    "_x0041_",
    "ctrl\x01",
    "😀",
)


@pytest.fixture
def hostile(sqlite_path):
    """A library whose items bear titles that spreadsheets, markup or parsers might take for more."""
    library = mfkit.MediaLibrary(sqlite_path)

    async def fill() -> None:
        made = synthetic.items(len(TEXTS), names=())
        for one, text in zip(made, TEXTS, strict=True):
            assert one.media_metadata is not None
            one.media_metadata.title = text
            one.media_metadata.extra_metadata = {"said": [text], "n": 1}
        async with library.database.session() as session:
            session.add_all(made)

    run_sync(fill())
    yield library
    library.close()


@pytest.fixture
def large(sqlite_path):
    """A SQLite library of 300 items."""
    with mfkit.MediaLibrary(sqlite_path) as library:
        synthetic.fill(library, 300)
        yield library


def _titles(library) -> dict[str, str]:
    frame = library.items(columns=["file_path", "title"])
    return dict(zip(frame.file_path, frame.title, strict=True))


def test_parquet_equals_items(hostile, tmp_path):
    """Parquet has the same values and types as items()."""
    done = hostile.export(tmp_path / "x.parquet", order_by="file_path", overwrite=True)
    assert (done.rows, done.bytes) == (len(TEXTS), (tmp_path / "x.parquet").stat().st_size)
    expected = hostile.items(order_by="file_path")
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(mfkit.frames.to_frame(table), expected)


def test_csv_is_read_back_by_python_and_pandas(hostile, tmp_path):
    """No cell begins like a formula, and removing the apostrophe restores the original text."""
    file = tmp_path / "x.csv"
    hostile.export(file)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert not [row["title"] for row in rows if row["title"][:1] in tuple("=+-@\t\r＝")]
    assert {row["file_path"]: unescape_formula(row["title"]) for row in rows} == _titles(hostile)
    frame = pd.read_csv(file, keep_default_na=False, dtype={"title": str})
    assert len(frame) == len(TEXTS) and list(frame.columns) == list(hostile.items().columns)
    assert frame.file_size.sum() == hostile.items().file_size.sum()
    moments = pd.to_datetime(frame.file_modified_at, format="ISO8601")
    assert sorted(moments) == sorted(hostile.items().file_modified_at)


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson"])
def test_json_lines_are_objects(hostile, tmp_path, suffix):
    """A line is an object with every column; extra_metadata is an object, timestamps are ISO 8601."""
    file = tmp_path / f"x.{suffix}"
    hostile.export(file, order_by="file_path")
    rows = [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]
    assert {row["file_path"]: row["title"] for row in rows} == _titles(hostile)
    assert all(row["extra_metadata"]["said"] == [row["title"]] for row in rows)
    assert list(rows[0]) == list(hostile.items().columns)
    moments = [pd.Timestamp(row["file_modified_at"]) for row in rows]
    assert moments == hostile.items(order_by="file_path").file_modified_at.tolist()


def test_xlsx_keeps_types_and_has_no_formulas(hostile, tmp_path):
    """Numbers and timestamps keep their types, and text stays text whatever it begins with."""
    done = hostile.export(tmp_path / "x.xlsx")
    assert done.notes == ("1 text was written without control characters.",)
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    header, *rows = (list(row) for row in sheet.iter_rows())
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref
    place = {cell.value: number for number, cell in enumerate(header)}
    assert list(place) == list(hostile.items().columns)
    titles = _titles(hostile)
    for row in rows:
        title = titles[row[place["file_path"]].value]
        cell = row[place["title"]]
        assert cell.data_type != "f" and isinstance(row[place["file_size"]].value, int)
        assert row[place["file_modified_at"]].is_date
        if title not in ("", "ctrl\x01", "\rx"):
            assert unescape(cell.value) == title
            assert cell.quotePrefix == (title.lstrip("'")[:1] in tuple("=+-@\t\r＝"))


def test_values_that_a_format_cannot_contain_are_stated(tmp_path):
    """XLSX says what it cut and left out, JSON which numbers became null; other formats have no such note."""
    rows = {"title": ["a" * 40_000, "b\x01", "c" * 32_767], "size": [math.inf, 1.0, -math.inf]}
    batch = pa.record_batch(rows)
    found = {
        name: write(tmp_path / "x", batch.schema, iter([batch, batch.slice(0, 1)]))
        for name, write in (
            ("xlsx", xlsx.write_xlsx),
            ("jsonl", export_formats.write_json_lines),
            ("csv", export_formats.write_csv),
        )
    }
    assert found == {
        "xlsx": (
            "2 texts were cut at 32,767 characters.",
            "1 text was written without control characters.",
            "3 infinite numbers were left out.",
        ),
        "jsonl": ("3 infinite numbers were replaced by null.",),
        "csv": (),
    }


def test_bounds_of_numbers_and_dates_in_a_workbook(tmp_path):
    """Excel's integers end at 2^53 on both sides, and its dates are right from 1 March 1900."""
    days = [datetime(1900, 2, 28), datetime(1900, 3, 1), datetime(2024, 5, 17)]
    batch = pa.record_batch({"number": [2**53, -(2**53), -(2**53) - 1], "day": days})
    xlsx.write_xlsx(tmp_path / "x.xlsx", batch.schema, iter([batch]))
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [2**53, "1900-02-28T00:00:00"],
        [-(2**53), days[1]],
        [str(-(2**53) - 1), days[2]],
    ]


def test_geojson_of_several_batches(tmp_path):
    """Features of all batches are in one list, also if a batch between them has no rows."""
    places = {"file_name": ["a", "b", "c"], "longitude": [1.5, -2.5, 3.5], "latitude": [4.5, 5.5, -6.5]}
    batch = pa.record_batch(places)
    parts = (batch.slice(0, 0), batch.slice(0, 2), batch.slice(0, 0), batch.slice(2))
    export_formats.write_geojson(tmp_path / "x.geojson", batch.schema, iter(parts))
    features = json.loads((tmp_path / "x.geojson").read_text("utf-8"))["features"]
    found = [(one["properties"]["file_name"], one["geometry"]["coordinates"]) for one in features]
    assert found == [("a", [1.5, 4.5]), ("b", [-2.5, 5.5]), ("c", [3.5, -6.5])]


def test_geojson_has_located_items(large, tmp_path):
    """The file has a point for each item with a location, longitude first, whatever the columns."""
    done = large.export(tmp_path / "x.geojson", columns=["file_name"])
    data = json.loads((tmp_path / "x.geojson").read_text("utf-8"))
    assert data["type"] == "FeatureCollection" and done.rows == large.count(has_location=True) > 0
    places = {
        row.file_name: (row.longitude, row.latitude) for row in large.items(has_location=True).itertuples()
    }
    assert {
        one["properties"]["file_name"]: tuple(one["geometry"]["coordinates"]) for one in data["features"]
    } == places
    large.export(tmp_path / "none.geojson", media_type="document")
    assert json.loads((tmp_path / "none.geojson").read_text())["features"] == []


def test_exported_library_opens_and_searches(library, database_url, tmp_path):
    """The new library has the items' metadata, copies, tags and collections."""
    run_sync(difficult_rows.fill(database_url))
    chosen = {"media_type": "image"}
    library.tag(library.items(**chosen, limit=3), "kept")
    library.add_to("some", library.items(**chosen, order_by="file_path", limit=4))
    done = library.export(tmp_path / "part.db", **chosen)
    assert not list(tmp_path.glob(".*")) and not list(tmp_path.glob("part.db-*"))
    with mfkit.MediaLibrary(tmp_path / "part.db") as part:
        ordered = dict(order_by="file_path", missing=False)
        pd.testing.assert_frame_equal(part.items(**ordered), library.items(**chosen, **ordered))
        assert part.count() == done.rows == library.count(**chosen) > 0
        assert part.count(tags="kept") == 3
        assert part.items(collection="some").id.tolist() == library.items(collection="some").id.tolist()
        assert part.duplicates().file_path.tolist() == library.duplicates(**chosen).file_path.tolist()
        assert part.search("kept").id.nunique() == 3
        part.scan(_empty(tmp_path), progress=False)


def _empty(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_columns_order_and_limits_are_those_of_items(large, tmp_path, suffix):
    """Every format has the rows and columns that items() returns for the same arguments."""
    asked = dict(columns=["file_size", "file_path"], order_by="file_size", ascending=False, limit=7, offset=2)
    file = tmp_path / f"x.{suffix}"
    assert large.export(file, media_type="image", **asked).rows == 7
    read = {
        "csv": pd.read_csv,
        "parquet": pd.read_parquet,
        "xlsx": pd.read_excel,
        "jsonl": lambda path: pd.read_json(path, lines=True),
    }[suffix]
    expected = large.items(media_type="image", **asked)
    assert read(file).to_dict("records") == expected.to_dict("records")


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx", "geojson", "db"])
def test_empty_selection_writes_a_file_without_rows(large, tmp_path, suffix):
    """An export without items succeeds and writes the columns."""
    assert large.export(tmp_path / f"x.{suffix}", media_type="image", min_size="1 PB").rows == 0
    assert (tmp_path / f"x.{suffix}").stat().st_size >= 0


def test_library_database_exports_the_same_as_the_snapshot(large, tmp_path):
    """Queries that the snapshot cannot answer are exported from the library database."""
    with mfkit.MediaLibrary(large.database.file, engine="database") as record:
        record.export(tmp_path / "record.jsonl", order_by="file_path", text="img")
    large.export(tmp_path / "snapshot.jsonl", order_by="file_path", text="img")
    assert (tmp_path / "record.jsonl").read_text() == (tmp_path / "snapshot.jsonl").read_text() != ""


def test_existing_file_is_replaced_only_with_overwrite(large, tmp_path):
    """An existing file is kept unless overwrite=True is given."""
    file = tmp_path / "x.csv"
    file.write_text("mine")
    with pytest.raises(ExportError, match="already exists"):
        large.export(file)
    assert file.read_text() == "mine"
    large.export(file, overwrite=True, limit=1)
    assert file.read_text() != "mine"


@pytest.mark.parametrize(
    "name, words",
    [
        ("x.doc", r"cannot write \.doc.*\.csv, \.jsonl"),
        ("x", "without a suffix"),
        ("nowhere/x.csv", "does not exist. Create it"),
        ("library.db", "already"),
    ],
)
def test_invalid_path_is_an_error(large, tmp_path, name, words):
    """An invalid path is refused before any work, with what to do."""
    with pytest.raises(ExportError, match=words):
        large.export(tmp_path / name)
    with pytest.raises(ExportError):
        large.export(large.database.file, overwrite=True)
    assert large.count() == 300


def test_too_many_rows_for_a_sheet(large, tmp_path, monkeypatch):
    """Too many rows are refused before the sheet is written, with what to do."""
    monkeypatch.setattr(xlsx, "MAX_ROWS", 299)
    with pytest.raises(ExportError, match=r"holds 299 rows, but the export has 300\. Use \.csv"):
        large.export(tmp_path / "x.xlsx")
    assert large.export(tmp_path / "x.xlsx", limit=299).rows == 299


def test_missing_xlsxwriter_is_an_error(large, tmp_path, monkeypatch):
    """The error has the command that installs XlsxWriter."""
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ExportError, match=r"pip install 'mfkit\[xlsx\]'"):
        large.export(tmp_path / "x.xlsx")
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith("library.db")]


def test_library_export_refuses_columns(large, tmp_path):
    """Columns are refused for a library, and unknown columns for every format."""
    with pytest.raises(FilterError, match="always has all columns"):
        large.export(tmp_path / "x.db", columns=["file_path"])
    with pytest.raises(FilterError, match="no column 'colour'"):
        large.export(tmp_path / "x.csv", columns=["colour"])


_KILLED = """
import os, sys, time
from mfkit.exchange.export.atomic_file import write_atomically
from pathlib import Path
with write_atomically(Path(sys.argv[1]), overwrite=False) as unfinished:
    for end in ("", "-wal", "-journal"):
        unfinished.with_name(unfinished.name + end).write_text("half")
    folder = unfinished.with_name(unfinished.name + ".tmp")
    folder.mkdir()
    (folder / "sheet").write_text("half")
    print("begun", flush=True)
    time.sleep(300)
"""


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "db"])
def test_the_next_export_cleans_up_after_a_killed_one(large, tmp_path, suffix):
    """The files of a killed export are removed; those of a running export and of other programs are kept."""
    folder = tmp_path / "out"
    folder.mkdir()
    others = {folder / name for name in (".x.csv.part", "x.part", ".download.0123456789ab.part", ".x.tmp")}
    for path in others:
        path.write_text("mine")
    started = [
        subprocess.Popen([sys.executable, "-c", _KILLED, str(folder / name)], stdout=subprocess.PIPE)
        for name in (f"killed.{suffix}", f"running.{suffix}")
    ]
    try:
        for one in started:
            assert one.stdout is not None and one.stdout.readline() == b"begun\n"
        started[0].kill()
        started[0].wait(60)
        large.export(folder / f"x.{suffix}", progress=False)
        left = set(folder.iterdir()) - others - {folder / f"x.{suffix}"}
        assert others <= set(folder.iterdir())
        assert left and all("running" in path.name for path in left), left
    finally:
        for one in started:
            one.kill()
            one.communicate(timeout=60)
    large.export(folder / f"y.{suffix}", progress=False)
    assert set(folder.iterdir()) == others | {folder / f"x.{suffix}", folder / f"y.{suffix}"}


def test_next_export_removes_the_folder_of_a_killed_workbook(large, tmp_path):
    """The working folder of a workbook is removed with its unfinished file."""
    large.export(tmp_path / "x.xlsx", progress=False)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("mfkit-", ".x"))]


_FULL = """
import mfkit
with mfkit.MediaLibrary(sys.argv[1], read_only=True) as library:
    library.count()
    fill_disk(4096)
    try:
        library.export(sys.argv[2], progress=False)
    except mfkit.MfkitError as error:
        print(error)
"""


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx", "db"])
def test_full_disk_leaves_no_file(large, tmp_path, suffix):
    """If the disk is full, the export is an error and no part of the file is left."""
    folder = tmp_path / "out"
    folder.mkdir()
    done = run_with_full_disk(_FULL, str(large.database.file), str(folder / f"x.{suffix}"))
    assert f"x.{suffix} cannot be written" in done.stdout, done.stderr
    assert list(folder.iterdir()) == []


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


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_local_times_have_no_zone(lib: MediaLibrary, tmp_path: Path, suffix: str) -> None:
    """The time of the camera's clock is not marked as UTC, the moment is."""
    local = datetime(2024, 5, 17, 18, 0, 15)
    store(lib, item("/m/a.jpg", file_created_at=AT, captured_at=local, capture_offset=330))
    columns = ["captured_at", "capture_offset", "file_created_at", "date"]
    file = tmp_path / f"x.{suffix}"
    lib.export(file, columns=columns)
    with file.open(newline="", encoding="utf-8") as lines:
        row = next(csv.DictReader(lines)) if suffix == "csv" else json.loads(lines.read())
    assert [str(row[name]) for name in columns] == [
        "2024-05-17T18:00:15.000000",
        "330",
        "2024-05-17T12:30:15.123456Z",
        "2024-05-17T18:00:15.000000",
    ]
