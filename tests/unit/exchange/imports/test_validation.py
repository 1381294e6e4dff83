"""Validation of imported rows: the rows of a batch do not affect each other."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit import MediaLibrary
from mfkit.errors import IngestError
from mfkit.exchange.imports.validation import COLUMNS, check_rows
from mfkit.models import MediaType
from tests.commands import call

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 3000),
    st.integers(),
    st.floats(),
    st.sampled_from(
        [
            "",
            " ",
            "/a.jpg",
            "a/b.mp4",
            "~/c",
            "image",
            "image/png",
            "ab" * 32,
            "1984",
            "12.5",
            "yes",
            "\0",
            "2024-05-17",
            "2024-05-17T12:30:00+02:00",
            "yesterday",
            "{}",
            '{"a": 1}',
            "[1]",
            "nan",
            MediaType.VIDEO,
            datetime(2020, 1, 2),
            datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            {"a": 1},
            [1],
            b"x",
        ]
    ),
)
_ROWS = st.lists(
    st.dictionaries(st.sampled_from((*COLUMNS, "colour")), _VALUES, max_size=6).map(
        lambda row: {"file_path": "/a", **row}
    ),
    min_size=1,
    max_size=8,
)


@given(_ROWS)
def test_validity_does_not_depend_on_other_rows(rows):
    """A row has the same errors and values alone as in a batch."""
    columns = {name: [row.get(name) for row in rows] for name in {name for row in rows for name in row}}
    together = check_rows(range(1, len(rows) + 1), columns)
    values: dict[int, dict[str, Any]] = {
        number: {name: all_[place] for name, all_ in together.columns.items() if all_[place] is not None}
        for place, number in enumerate(together.numbers)
    }
    for number, row in enumerate(rows, 1):
        alone = check_rows([number], {name: [value] for name, value in row.items()})
        assert [one for one in together.bad if one.row == number] == alone.bad
        assert values.get(number) == (
            {name: column[0] for name, column in alone.columns.items()} if not alone.bad else None
        )


def test_every_error_of_a_row_is_listed():
    """A row with two errors is listed with both; an unknown column is listed by its name."""
    found = check_rows(
        [1, 2],
        {
            "file_path": ["/a", "/b"],
            "iso": [-1, None],
            "year": ["soon", None],
            "colour": [None, "red"],
            "file_modified_at": [None, datetime(2020, 1, 1, tzinfo=UTC)],
        },
    )
    assert [(one.row, one.column) for one in found.bad] == [(1, "year"), (1, "iso"), (2, "colour")]
    assert found.numbers == [] and found.columns["file_path"] == []


FINE = {"file_path": "/fine.jpg", "file_size": 5}
ODD_ROWS: dict[str, dict[str, Any]] = {
    "beyond 64 bits": {"file_size": 10**30},
    "beyond a double": {"duration": 10**400},
    "year 290000": {"file_modified_at": "290000-01-01"},
    "a year of six digits": {"year": 290000},
    "before year 1": {"file_created_at": "0001-01-01T00:00+05:00"},
    "after year 9999": {"file_modified_at": "9999-12-31T23:59-05:00"},
    "nanoseconds": {"file_modified_at": 1704067200123456789},
    "a list": {"file_size": [5]},
    "an object": {"file_path": {"x": 1}},
    "text": {"width": "wide", "height": 5},
    "half a place": {"latitude": 5},
    "an unknown type": {"media_type": "hologram"},
}


@pytest.fixture
def library(sqlite_path, monkeypatch) -> MediaLibrary:
    monkeypatch.chdir(sqlite_path.parent)
    return MediaLibrary("library.db")


@pytest.mark.parametrize("odd", ODD_ROWS)
def test_a_row_of_json(library, capsys, odd):
    """The bad row is listed by its number; the others are imported."""
    rows = [FINE, {"file_path": "/odd.jpg", "file_size": 5, **ODD_ROWS[odd]}]
    Path("rows.json").write_text(json.dumps(rows))
    done = library.ingest("rows.json", on_error="collect", progress=False)
    assert (done.rows, done.added, {one.row for one in done.bad}) == (2, 1, {2})
    assert library.items().file_path.tolist() == ["/fine.jpg"]
    run = functools.partial(call, capsys)
    whole = run("import", "rows.json")
    assert whole.code == 2 and "row 2" in whole.err and whole.err.count("\n") == 1
    collected = run("import", "rows.json", "--collect")
    assert (collected.code, collected.err) == (1, "") and "row 2" in collected.out


@pytest.mark.parametrize(
    "cell, column",
    [
        ("1" + "0" * 30, "file_size"),
        ("9" * 5000, "file_size"),
        ("1e400", "file_size"),
        ("0001-01-01T00:00+05:00", "file_modified_at"),
        ("9999-12-31T23:59-05:00", "file_modified_at"),
        ("290000-01-01", "file_modified_at"),
        ("290000", "year"),
        ("nan", "width"),
    ],
)
def test_a_cell_of_csv(library, cell, column):
    """A bad CSV cell makes its row bad; the others are imported."""
    Path("rows.csv").write_text(f"file_path,{column}\n/odd.jpg,{cell}\n")
    done = library.ingest("rows.csv", on_error="collect", progress=False)
    assert (done.added, done.bad[0].row, done.bad[0].column) == (0, 1, column)


@pytest.mark.parametrize(
    "moments",
    [
        pa.array([9_151_239_743_999, 0], pa.timestamp("s")),
        pa.array([2**62, 0], pa.timestamp("ms")),
        pa.array([9_151_239_743_999_000_000, 0], pa.timestamp("us", tz="UTC")),
        pa.array([-(2**63) + 1, 0], pa.timestamp("us", tz="Asia/Tokyo")),
        pa.array(["text", "1970-01-01T00:00:00Z"]),
    ],
    ids=lambda one: str(one.type),
)
@pytest.mark.parametrize("from_frame", [False, True])
def test_timestamps_out_of_range(library, moments, from_frame):
    """A timestamp outside the years 1 to 9999 makes one bad row, in Parquet and in a DataFrame."""
    paths = ["/odd.jpg", "/fine.jpg"]
    table = pa.table({"file_path": paths, "file_size": [5, 5], "file_modified_at": moments})
    if from_frame:
        source: Any = table.to_pandas(types_mapper=pd.ArrowDtype)
    else:
        pq.write_table(table, "rows.parquet")
        source = "rows.parquet"
    done = library.ingest(source, on_error="collect", progress=False)
    assert [(one.row, one.column) for one in done.bad] == [(1, "file_modified_at")]
    assert library.items().file_path.tolist() == ["/fine.jpg"]


@pytest.mark.parametrize(
    "moments",
    [
        pd.to_datetime(["2024-01-01 00:00:00.123456789"]).as_unit("ns"),
        pd.to_datetime(["2024-01-01 05:00:00.123456789+05:00"]).as_unit("ns"),
        pd.Series([pd.Timestamp("2024-01-01 00:00:00.123456789")], dtype=object),
    ],
    ids=["naive", "zone", "object"],
)
def test_nanoseconds_are_truncated(library, moments):
    """Nanoseconds are cut to microseconds, the precision of the library."""
    library.ingest(
        pd.DataFrame({"file_path": ["/a.jpg"], "file_size": [5], "file_modified_at": moments}), progress=False
    )
    assert library.items().file_modified_at[0] == pd.Timestamp("2024-01-01 00:00:00.123456", tz="UTC")


@pytest.mark.parametrize(
    "value",
    [np.array([1, 2]), Decimal("sNaN"), 5 + 1j, b"x", 10**30, np.datetime64("2024"), object()],
    ids=lambda one: type(one).__name__,
)
def test_objects_in_a_frame(library, value):
    """An object that is not a valid value makes its row bad."""
    sizes = pd.Series([value, 5], dtype=object)
    frame = pd.DataFrame({"file_path": ["/odd.jpg", "/fine.jpg"], "file_size": sizes})
    done = library.ingest(frame, on_error="collect", progress=False)
    assert {(one.row, one.column) for one in done.bad} == {(1, "file_size")}
    assert done.added == 1


_MEDIAINFO: list[Any] = [
    "General",
    None,
    5,
    ["x", 1],
    {"@type": "General"},
    [{"@type": ["General"]}],
    [
        {"@type": "General", "extra": "x", "FileSize": "1" + "0" * 30, "Duration": "1e999"},
        {"@type": "Video", "Rotation": "1e400", "Width": [1], "Height": {}},
        {"@type": "Audio", "Format": {"a": 1}},
    ],
    [{"@type": "General", "extra": ["x"], "Encoded_Date": "9999-99-99 99:99:99"}],
    [{"@type": "General", "Encoded_Date": "0001-01-01 00:00:00 UTC", "OverallBitRate": 10**400}],
]
_FFPROBE: list[dict[str, Any]] = [
    {"streams": "x"},
    {"streams": 5},
    {"streams": {"codec_type": "video"}},
    {"streams": [{"codec_type": "video", "tags": "x", "disposition": "y", "side_data_list": 5}]},
    {"streams": [{"codec_type": "video", "width": 10**30, "tags": {"rotate": "1e400"}}]},
    {"streams": [{"codec_type": "video", "avg_frame_rate": "1/0"}]},
    {"streams": [{"codec_type": ["video"], "codec_name": [1]}]},
]
_EXIFTOOL: list[dict[str, Any]] = [
    {"FileSize": 10**30, "ISO": [1], "Duration": "1e400", "ImageWidth": {"x": 1}, "ExposureTime": 1e-320},
    {"FileSize": "inf GB", "ExposureTime": float("inf"), "DateTimeOriginal": "9999:12:31 23:59:59-05:00"},
    {"FileSize": float("inf"), "FileModifyDate": "0001:01:01 00:00:00+05:00", "Rotation": "1e400"},
    {"GPSLatitude": "1.2.3 deg 4' N", "AvgBitrate": "1.2.3 Mbps"},
    {"DateTimeOriginal": "290000:01:01 00:00:00", "FileSize": None},
]


@pytest.mark.parametrize(
    "said",
    [
        *({"media": {"@ref": "/odd.mp4", "track": track}} for track in _MEDIAINFO),
        *({"format": {"filename": "/odd.mp4", "size": "5", "tags": [1]}, **rest} for rest in _FFPROBE),
        *({"SourceFile": "/odd.mp4", **rest} for rest in _EXIFTOOL),
    ],
    ids=lambda one: str(one)[:60],
)
def test_malformed_output_of_other_programs(library, capsys, said):
    """A malformed value is ignored or makes its row bad; the next file's row is imported."""
    fine = {"SourceFile": "/fine.mp4", "FileSize": 7}
    Path("said.json").write_text(json.dumps([said, fine]))
    done = library.ingest("said.json", on_error="collect", progress=False)
    assert done.rows == 2 and {one.row for one in done.bad} <= {1}
    assert "/fine.mp4" in library.items().file_path.tolist()
    again = call(capsys, "import", "said.json", "--collect")
    assert (again.code, again.err) == (1 if done.bad else 0, "")


@pytest.mark.parametrize("content", [b"PAR1" + b"\xff" * 300 + b"PAR1", b"PAR1", b"", b"\0" * 99])
def test_damaged_parquet(library, content):
    """A damaged file is one error that names the file."""
    Path("rows.parquet").write_bytes(content)
    with pytest.raises(IngestError, match=r"rows\.parquet cannot be read"):
        library.ingest("rows.parquet", progress=False)


def test_parquet_with_damaged_row_groups(library):
    """Damage that is met while rows are read is the same error, and nothing is imported."""
    paths = [f"/{one}" for one in range(9000)]
    pq.write_table(pa.table({"file_path": paths, "file_size": range(9000)}), "x.parquet")
    data = bytearray(Path("x.parquet").read_bytes())
    data[4:600] = b"\xff" * 596
    Path("x.parquet").write_bytes(data)
    with pytest.raises(IngestError, match=r"x\.parquet cannot be read"):
        library.ingest("x.parquet", progress=False)
    assert library.count() == 0
