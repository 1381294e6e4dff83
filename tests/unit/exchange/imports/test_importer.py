"""Imports: rows are renamed, checked and merged, and later scans update them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pandas as pd
import pytest

import mfkit
from mfkit.errors import IngestError
from mfkit.scan.imported_items import placeholder_hash
from tests import synthetic
from tests.requirements import require

HASH = "ab" * 32


@pytest.fixture
def lib(sqlite_path):
    """An empty SQLite library."""
    with mfkit.MediaLibrary(sqlite_path) as library:
        yield library


def _row(library, path):
    found = library.items(missing=None)
    return found[found.file_path == path].iloc[0]


def test_a_frame_becomes_items(library):
    """Columns map by name, text is converted to numbers, and empty cells are ignored."""
    frame = pd.DataFrame(
        {
            "where": ["/a/film.mp4", "/a/song.mp3", "/a/x.jpg"],
            "file_size": ["10", 20.0, 30],
            "file_hash": [HASH, None, ""],
            "title": [None, 1984, "  a\x00 b "],
            "width": [1920, None, float("nan")],
            "height": [1080, None, None],
            "file_created_at": ["2024-05-17", None, pd.Timestamp("2020-01-01 12:00")],
            "latitude": [None, None, "48.5"],
            "longitude": [None, None, 2],
            "mine": [1, 2, 3],
        }
    )
    done = library.ingest(frame, columns={"where": "file_path", "mine": None})
    assert (done.rows, done.added, done.updated, done.left_out) == (3, 3, 0, 0)
    film, song, picture = (_row(library, path) for path in frame["where"])
    assert (film.file_hash, film.file_size, film.media_type) == (HASH, 10, "video")
    assert film.mime_type == "video/mp4"
    assert film.file_created_at == pd.Timestamp("2024-05-17", tz="UTC") and film.width == 1920
    assert (song.title, song.media_type, song.file_hash) == ("1984", "audio", placeholder_hash("/a/song.mp3"))
    assert (picture.title, picture.latitude) == ("a b", 48.5)
    assert library.search("song").file_path.tolist() == ["/a/song.mp3"]
    again = library.ingest(frame, columns={"where": "file_path", "mine": None})
    assert (again.added, again.updated, again.unchanged) == (0, 0, 3)


def test_exported_items_import_unchanged(lib, tmp_path):
    """Exported items have the same values after an import, in every format."""
    synthetic.fill(lib, 60)
    expected = lib.items(order_by="file_path")
    for suffix in ("csv", "jsonl", "parquet"):
        lib.export(tmp_path / f"x.{suffix}")
        with mfkit.MediaLibrary(tmp_path / f"{suffix}.db") as other:
            assert other.ingest(tmp_path / f"x.{suffix}").added == 60
            found = other.items(order_by="file_path")
            own = ["id", "created_at", "modified_at", "extra_metadata"]
            # Longer runs of white space in a fact become one space, as in a scan.
            pd.testing.assert_frame_equal(found.drop(columns=own), expected.drop(columns=own))


def test_a_row_updates_only_the_fields_it_states(lib):
    """Other fields and tags are kept, whether the path or the content matches."""
    known = {"file_path": "/a.jpg", "file_size": 5, "file_hash": HASH, "title": "old", "iso": 100}
    lib.ingest(pd.DataFrame([known]))
    lib.tag({}, "kept")
    done = lib.ingest(pd.DataFrame([{"file_path": "/a.jpg", "title": "new"}]))
    assert (done.updated, done.added) == (1, 0)
    row = _row(lib, "/a.jpg")
    assert (row.title, row.iso, row.file_hash, row.file_size) == ("new", 100, HASH, 5)
    assert lib.count(tags="kept") == 1


def test_a_known_content_at_another_path_is_a_copy(lib):
    """Other paths of an item's content are copies; a missing item moves to the new path."""
    known = {"file_path": "/a.jpg", "file_size": 5, "file_hash": HASH}
    lib.ingest(pd.DataFrame([known]))
    done = lib.ingest(pd.DataFrame([{**known, "file_path": "/b.jpg", "title": "t"}]))
    assert (done.copies, done.added) == (1, 0)
    assert _row(lib, "/a.jpg").copies == 1 and _row(lib, "/a.jpg").title == "t"
    again = lib.ingest(pd.DataFrame([{"file_path": "/b.jpg", "title": "u"}]))
    assert (again.updated, _row(lib, "/a.jpg").title, _row(lib, "/a.jpg").file_name) == (1, "u", "a.jpg")


def gone_after_a_scan(lib, folder):
    """Scan two files of which one then goes; returns the hash of that one and its path."""
    folder.mkdir()
    for name in ("gone.txt", "stays.txt"):
        (folder / name).write_text(name)
    lib.scan(folder, progress=False)
    (folder / "gone.txt").unlink()
    lib.scan(folder, progress=False)
    (row,) = lib.items(missing=True).itertuples()
    return row.file_hash, row.file_path


def test_a_new_item_takes_the_path_of_a_moved_item(lib, tmp_path):
    """A missing item moves to the path of a row, and another row's new item takes its old path."""
    hash_, path = gone_after_a_scan(lib, tmp_path / "media")
    done = lib.ingest(
        pd.DataFrame(
            [
                {"file_path": "/elsewhere/found.txt", "file_hash": hash_, "file_size": 8},
                {"file_path": path, "file_hash": "b" * 64, "file_size": 2},
            ]
        )
    )
    assert (done.added, done.updated) == (1, 1)
    rows = {row.file_path: row for row in lib.items().itertuples()}
    assert rows["/elsewhere/found.txt"].file_hash == hash_
    assert rows["/elsewhere/found.txt"].file_name == "found.txt"
    assert rows[path].file_hash == "b" * 64


def test_an_existing_copy_matches_before_a_missing_item(lib, tmp_path):
    """A row without a hash at the path of both updates the item of the copy."""
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "b.txt").write_text("two")
    lib.scan(folder, progress=False)
    (folder / "b.txt").write_text("one")
    lib.scan(folder, progress=False)
    lib.ingest(pd.DataFrame([{"file_path": str(folder / "b.txt"), "title": "Of the first"}]))
    titles = lib.items(missing=None).set_index("file_name").title
    assert titles["a.txt"] == "Of the first"
    assert pd.isna(titles["b.txt"])


def test_later_rows_of_a_path_overwrite_earlier_ones(lib):
    """Rows are merged in their order, in one batch and across batches."""
    frame = pd.DataFrame({"file_path": ["/a"] * 3, "file_size": [1, 2, 3]})
    done = lib.ingest(frame)
    assert (done.added, done.updated) == (1, 2) and _row(lib, "/a").file_size == 3


BAD = pd.DataFrame(
    [
        {"file_path": "/good", "file_size": 1},
        {"file_path": "", "file_size": 1},
        {"file_path": "/b", "file_size": -1},
        {"file_path": "/c", "file_size": 1, "latitude": 95.0, "longitude": 1.0},
        {"file_path": "/d", "file_size": 1, "latitude": 5.0},
        {"file_path": "/e", "file_size": 1, "file_created_at": "yesterday"},
        {"file_path": "/f", "file_size": 1, "file_hash": "xyz"},
        {"file_path": "/g"},
        {"file_path": "/h", "file_size": 1, "media_type": "song"},
        {"file_path": "/i\0", "file_size": 1},
    ]
)


def test_bad_rows_are_named_and_nothing_is_written(lib):
    """By default one bad row stops the import; the error lists rows and reasons."""
    with pytest.raises(IngestError) as raised:
        lib.ingest(BAD)
    words = str(raised.value)
    assert "8 rows cannot be imported" in words  # the row without a size is rejected only when it is merged
    assert "row 3 (/b): file_size" in words and "Nothing was written" in words
    assert lib.count() == 0


def test_bad_rows_are_collected(lib):
    """With on_error='collect' valid rows are imported and bad rows are listed with their reasons."""
    done = lib.ingest(BAD, on_error="collect")
    assert (done.added, done.left_out) == (1, 9)
    errors = done.errors
    assert errors.row.tolist() == list(range(2, 11))
    assert errors.column.tolist() == [
        "file_path",
        "file_size",
        "latitude",
        "",
        "file_created_at",
        "file_hash",
        "",
        "media_type",
        "file_path",
    ]
    assert "file does not exist" in errors.reason[6] and BAD.iloc[errors.row[1] - 1].file_path == "/b"


@pytest.mark.parametrize(
    "frame, columns, words",
    [
        (pd.DataFrame({"file_path": ["/a"], "colour": [1]}), {}, "does not know the column 'colour'"),
        (pd.DataFrame({"path": ["/a"]}), {}, "does not know the column 'path'"),
        (pd.DataFrame({"path": ["/a"]}), {"path": None}, "No column has the paths"),
        (pd.DataFrame({"path": ["/a"]}), {"path": "pfad"}, "no column 'pfad'"),
        (pd.DataFrame({"file_path": ["/a"]}), {"x": "title"}, "has no column 'x'"),
        (pd.DataFrame({"file_path": ["/a"], "x": [1]}), {"x": "file_path"}, "Two columns map to"),
    ],
)
def test_invalid_columns_are_refused(lib, frame, columns, words):
    """No column is ignored silently."""
    with pytest.raises(IngestError, match=words):
        lib.ingest(frame, columns=columns)


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("x.txt", "", r"cannot read \.txt.*\.csv"),
        ("x.json", "{nonsense", "cannot be read as JSON: line 1"),
        ("x.parquet", "nonsense", "cannot be read"),
        ("x.json", "[1, 2]", "a JSON object was expected"),
    ],
)
def test_files_that_cannot_be_read_are_refused(lib, tmp_path, name, text, words):
    """The error describes what is wrong with the file."""
    (tmp_path / name).write_text(text)
    with pytest.raises(IngestError, match=words):
        lib.ingest(tmp_path / name)
    with pytest.raises(IngestError, match="does not exist"):
        lib.ingest(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    "text, line",
    [
        ('/a.jpg,"one\n/b.jpg,two\n/c.jpg,three\n', 2),  # up to the end of the file
        ('/a.jpg,one\n/b.jpg,"two\n/c.jpg,"three"\n', 3),  # up to the next quotation mark
        ('/a.jpg,one\n"/b.jpg,two\n/c.jpg",three,four\n', 3),
        ('/a.jpg,one\n"/b.jpg,two\n/c.jpg"\n', 3),  # the cells of two rows in one
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "collect"])
def test_an_unclosed_quotation_mark_swallows_no_row(lib, tmp_path, text, line, on_error):
    """The import is refused, and the error names the line where the row begins."""
    (tmp_path / "x.csv").write_text("file_path,title\n" + text)
    with pytest.raises(IngestError, match=rf"in line {line}, a quotation mark is not closed"):
        lib.ingest(tmp_path / "x.csv", on_error=on_error)
    assert lib.count() == 0


def test_an_unclosed_quotation_mark_in_the_header(lib, tmp_path):
    """The header is a row like the others."""
    (tmp_path / "x.csv").write_text('"file_path,title\n/a.jpg,one\n')
    with pytest.raises(IngestError, match="in line 1, a quotation mark is not closed"):
        lib.ingest(tmp_path / "x.csv")


def test_a_value_of_several_lines_is_one_value(lib, tmp_path):
    """RFC 4180, section 2: line breaks and doubled quotation marks within quotation marks."""
    text = 'file_path,file_size,title\n/a.jpg,5,"one ""1""\ntwo"\n\n/b.jpg,6,three\n'
    (tmp_path / "x.csv").write_text(text)
    lib.ingest(tmp_path / "x.csv")
    assert lib.count() == 2 and "1" in _row(lib, "/a.jpg").title


@pytest.mark.parametrize(
    "name, text, line",
    [
        ("x.jsonl", '{"file_path": "/a"}\n\n{"file_path": "/b"\n{"file_path": "/c"}\n', 3),
        ("x.jsonl", '{"file_path": \n{"file_path": "/c"}\n', 1),
        ("x.ndjson", '{"file_path": "/a"}\n7\n', 2),
        ("x.jsonl", '{"file_path": "/a"}\n' + "[" * 100_000 + "\n", 2),
        ("x.json", '[\n{"file_path": "/a"},\n{"file_path" "/b"}\n]\n', 3),
    ],
)
def test_errors_in_json_name_the_line(lib, tmp_path, name, text, line):
    """The error has the number of the line, from 1."""
    (tmp_path / name).write_text(text)
    with pytest.raises(IngestError, match=rf"line {line}: "):
        lib.ingest(tmp_path / name)
    assert lib.count() == 0


def test_a_csv_with_semicolons_and_a_byte_order_mark(lib, tmp_path):
    """Files of spreadsheet programs are read; escaped formulas become text again."""
    (tmp_path / "x.csv").write_text("file_path;file_size;title\n/a.mp3;7;'=1+1\n", encoding="utf-8-sig")
    lib.ingest(tmp_path / "x.csv")
    assert _row(lib, "/a.mp3").title == "=1+1"


def test_a_scan_updates_an_imported_item(lib, tmp_path):
    """The item gets the file's hash and metadata; its id, tags and other imported fields are kept."""
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.txt").write_text("some text")
    os.utime(folder / "a.txt", (1e9, 1e9))
    path = str(folder / "a.txt")
    lib.ingest(
        pd.DataFrame(
            [
                {
                    "file_path": path,
                    "title": "mine",
                    "location_name": "Here",
                    "latitude": 1.5,
                    "longitude": 2.5,
                    "file_created_at": "2001-02-03",
                    "mime_type": "text/x-wrong",
                    "extra_metadata": {"shelf": 7},
                }
            ]
        )
    )
    before = _row(lib, path)
    assert before.file_size == 9  # asked of the file, which is there
    lib.tag({}, "kept")
    lib.scan(folder, progress=False)
    after = _row(lib, path)
    assert lib.count(missing=None) == 1 and after.id == before.id and lib.count(tags="kept") == 1
    assert (
        after.file_hash != placeholder_hash(path) and after.mime_type == "text/plain" and after.is_processed
    )
    assert (after.title, after.location_name, after.latitude) == ("mine", "Here", 1.5)
    assert after.file_created_at == pd.Timestamp("2001-02-03", tz="UTC")
    assert json.loads(after.extra_metadata)["shelf"] == 7
    assert lib.scan(folder, progress=False).total.unchanged == 1
    (folder / "a.txt").write_text("other text")
    lib.scan(folder, progress=False)
    assert _row(lib, path).title == "mine"


def test_a_placeholder_of_a_known_content_becomes_its_copy(lib, tmp_path):
    """The placeholder's tags move to the item of the content."""
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.txt").write_text("some text")
    lib.scan(folder, progress=False)
    lib.tag({}, "first", "both")
    (folder / "b.txt").write_text("some text")
    lib.ingest(pd.DataFrame([{"file_path": str(folder / "b.txt")}]))
    stood = lib.items(text="b").id[0]
    lib.tag(stood, "second", "both")
    lib.add_to("some", stood)
    lib.scan(folder, progress=False)
    assert lib.count(missing=None) == 1 and _row(lib, str(folder / "a.txt")).copies == 1
    assert lib.count(all_tags=["first", "second", "both"]) == lib.count(collection="some") == 1


def test_exiftool(lib, demo, tmp_path):
    """exiftool's output for the demo photos agrees with a scan."""
    require(shutil.which("exiftool"), "exiftool", "libimage-exiftool-perl")
    lib.scan(demo, progress=False)
    understood = lib.items(order_by="file_path").dropna(subset=["camera_make"])
    files = understood[understood.extension == "jpg"].file_path.tolist()[:12]
    for options in ((), ("-n",), ("-G",)):
        command = ["exiftool", "-json", *options, *files]
        said = subprocess.run(command, capture_output=True, check=True).stdout
        _same_as_the_scan(
            lib,
            said,
            tmp_path,
            exact=options == ("-n",),
            facts=(
                "mime_type",
                "media_type",
                "width",
                "height",
                "camera_make",
                "camera_model",
                "iso",
                "aperture",
                "shutter_speed",
                "focal_length",
                "file_created_at",
                "latitude",
                "longitude",
            ),
        )


def test_ffprobe(lib, demo, tmp_path):
    """ffprobe's output for the demo videos and songs agrees with a scan."""
    require(shutil.which("ffprobe"), "ffprobe", "ffmpeg")
    lib.scan(demo, progress=False)
    understood = lib.items(order_by="file_path").dropna(subset=["duration"]).drop_duplicates("extension")
    assert len(understood) > 4
    for file in understood.file_path.head(8):
        said = subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", file],
            capture_output=True,
            check=True,
        ).stdout
        _same_as_the_scan(
            lib,
            said,
            tmp_path,
            facts=(
                "file_size",
                "media_type",
                "width",
                "height",
                "video_codec",
                "audio_codec",
                "sample_rate",
                "channels",
                "artist",
                "album",
                "title",
                "genre",
                "year",
                "latitude",
                "longitude",
            ),
        )


def test_mediainfo(lib, tmp_path):
    """MediaInfo's output for a video and a song, both in one file, is imported."""
    (tmp_path / "x.json").write_text(json.dumps(MEDIAINFO))
    assert lib.ingest(tmp_path / "x.json").added == 2
    film, song = _row(lib, "/media/film.mkv"), _row(lib, "/media/song.mp3")
    assert (film.media_type, film.video_codec, film.audio_codec) == ("video", "h264", "ac3")
    assert (film.width, film.height, film.fps, film.bitrate) == (1080, 1920, 23.976, 4_000_000)
    assert (film.duration, film.file_size, film.channels) == (5400.5, 2_700_250_000, 6)
    assert film.file_created_at == pd.Timestamp("2019-03-04 05:06:07", tz="UTC")
    assert film.file_modified_at == pd.Timestamp("2020-01-02 03:04:05", tz="UTC")
    assert (song.media_type, song.audio_codec, song.artist, song.title, song.year) == (
        "audio",
        "mp3",
        "The Band",
        "A Song",
        1999,
    )


def _same_as_the_scan(lib, said, tmp_path, *, facts, exact=True):
    (tmp_path / "said.json").write_bytes(said)
    with mfkit.MediaLibrary(tmp_path / "said.db") as other:
        assert other.ingest(tmp_path / "said.json").left_out == 0
        for row in other.items().itertuples():
            scanned = lib.items(columns=["file_path", *facts])
            scanned = scanned[scanned.file_path == row.file_path]
            for fact in facts if len(scanned) else ():
                expected, found = scanned.iloc[0][fact], getattr(row, fact)
                if pd.isna(expected):
                    continue
                if isinstance(expected, float):
                    found = pytest.approx(found, abs=1e-4 if exact else 0.06)
                assert found == expected, (row.file_path, fact)
    (tmp_path / "said.db").unlink()


MEDIAINFO = [
    {
        "creatingLibrary": {"name": "MediaInfoLib"},
        "media": {
            "@ref": "film.mkv",
            "track": [
                {
                    "@type": "General",
                    "CompleteName": "/media/film.mkv",
                    "Format": "Matroska",
                    "FileSize": "2700250000",
                    "Duration": "5400.500",
                    "OverallBitRate": "4000000",
                    "Encoded_Date": "UTC 2019-03-04 05:06:07",
                    "File_Modified_Date": "2020-01-02 03:04:05 UTC",
                    "Title": "The Film",
                },
                {
                    "@type": "Video",
                    "Format": "AVC",
                    "Width": "1920",
                    "Height": "1080",
                    "Rotation": "90.000",
                    "FrameRate": "23.976",
                },
                {"@type": "Audio", "Format": "AC-3", "Channels": "6", "SamplingRate": "48000"},
            ],
        },
    },
    {
        "media": {
            "@ref": "/media/song.mp3",
            "track": [
                {
                    "@type": "General",
                    "FileSize": "4000000",
                    "Duration": "240.123",
                    "Performer": "The Band",
                    "Track": "A Song",
                    "Recorded_Date": "1999-05",
                },
                {
                    "@type": "Audio",
                    "Format": "MPEG Audio",
                    "Format_Profile": "Layer 3",
                    "SamplingRate": "44100",
                },
            ],
        }
    },
]


def test_objects_without_a_path(lib, tmp_path):
    """JSON objects without a path are bad rows."""
    (tmp_path / "rows.jsonl").write_text('{"title": "a"}\n{"title": "b"}\n')
    done = lib.ingest(tmp_path / "rows.jsonl", on_error="collect")
    assert (done.rows, done.added, done.left_out) == (2, 0, 2)
    assert done.errors["reason"].tolist() == ["the path is missing"] * 2
    with pytest.raises(IngestError, match="2 rows cannot be imported"):
        lib.ingest(tmp_path / "rows.jsonl")


def test_a_batch_equals_its_rows_one_by_one(tmp_path):
    """Importing rows together or one at a time gives the same library."""
    (tmp_path / "there.txt").write_text("four")
    rows = pd.DataFrame(
        [
            {"file_path": "/a/new.mp4", "file_size": 1, "file_hash": "11" * 32, "title": "new"},
            {"file_path": "/a/twice.mp3", "file_size": 2, "title": "first"},
            {"file_path": "/a/one.jpg", "file_size": 3, "file_hash": "22" * 32, "width": 4, "height": 3},
            {"file_path": "/a/twice.mp3", "file_size": 5, "artist": "second"},
            {"file_path": "/b/one.jpg", "file_size": 3, "file_hash": "22" * 32},
            {"file_path": "/a/known.pdf", "title": "another title"},
            {"file_path": str(tmp_path / "there.txt"), "title": "by its path"},
            {"file_path": "/a/nowhere.mkv", "title": "of no size"},
            {"file_path": "/a/plain.zip", "file_size": 6, "extra_metadata": {"mine": 1}},
        ]
    )
    seen = []
    single = [rows.iloc[[place]] for place in range(len(rows))]
    for name, parts in (("whole", [rows]), ("single", single)):
        with mfkit.MediaLibrary(tmp_path / f"{name}.db") as library:
            library.ingest(pd.DataFrame([{"file_path": "/a/known.pdf", "file_size": 9, "title": "before"}]))
            done = [library.ingest(part, on_error="collect") for part in parts]
            items = library.items(order_by="file_path").drop(columns=["id", "created_at", "modified_at"])
            counts = [
                sum(getattr(one, what) for one in done)
                for what in ("rows", "added", "updated", "unchanged", "copies", "left_out")
            ]
        seen.append((counts, items.to_json(orient="records", date_format="iso")))
    assert seen[0] == seen[1]
    assert seen[0][0] == [9, 5, 2, 0, 1, 1]
