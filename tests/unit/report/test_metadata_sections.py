"""Types, cameras, completeness and unreadable files: sentences and tables equal the frames."""

from __future__ import annotations

import pytest

from mfkit import MediaLibrary, Report
from mfkit.models import MediaCopy, Scan, ScanFailure
from tests.samples import NOON, item, store
from tests.unit.report.reading import sentences, tables


@pytest.fixture
def filled(lib: MediaLibrary) -> MediaLibrary:
    """Many small photos of two cameras, few large videos in two codecs, a song, and a missing video."""
    canon = {"camera_make": "Canon", "camera_model": "EOS 80D", "width": 640, "height": 480}
    photos = [item(f"/m/{n}.jpg", file_size=1000, facts=canon) for n in range(3)]
    photos[0].copies = [MediaCopy(file_path="/m/copy.jpg", file_name="copy.jpg")]
    store(
        lib,
        *photos,
        item("/m/nikon.jpg", file_size=90_000, facts={"camera_model": "NIKON D70"}),
        item(
            "/m/a.mp4",
            file_size=700_000,
            facts={
                "video_codec": "hevc",
                "audio_codec": "aac",
                "duration": 10.0,
                "width": 1920,
                "height": 1080,
            },
        ),
        item("/m/b.mkv", file_size=200_000, facts={"video_codec": "h264", "duration": 30.0}),
        item("/m/c.mkv", file_size=100_000, facts={"video_codec": "h264", "duration": 70.0}),
        item("/m/d.mp3", file_size=7_000, facts={"audio_codec": "mp3", "duration": 200.0}),
        item("/m/gone.mkv", file_size=10**9, facts={"video_codec": "av1"}, missing_since=NOON),
    )
    return lib


def test_types(filled: MediaLibrary) -> None:
    """The type with the most bytes has its shares of files and of bytes; columns have their own sums."""
    section = Report(filled).types()
    assert sentences(section) == ["Videos make up 38 % of the files and 91 % of the bytes."]
    types, extensions = tables(section)
    assert types == [
        ["Type", "Files", "Copies", "Size", "With copies", "Share of bytes", "Playing time"],
        ["Videos", "3", "0", "1.00 MB", "1.00 MB", "91 %", "1:50 min"],
        ["Images", "4", "1", "93.0 kB", "94.0 kB", "8.5 %", ""],
        ["Audio files", "1", "0", "7.00 kB", "7.00 kB", "0.6 %", "3:20 min"],
    ]
    assert [row[:2] for row in extensions[1:]] == [["mp4", "1"], ["mkv", "2"], ["jpg", "4"], ["mp3", "1"]]


def test_cameras(filled: MediaLibrary) -> None:
    """The camera with the most files comes first, and shares are of files with a camera."""
    section = Report(filled).cameras()
    assert sentences(section) == ["4 files were taken with 2 cameras, most of them with Canon EOS 80D: 3."]
    assert tables(section) == [
        [
            ["Camera", "Files", "Share", "Size"],
            ["Canon EOS 80D", "3", "75 %", "3.00 kB"],
            ["NIKON D70", "1", "25 %", "90.0 kB"],
        ]
    ]


def test_selection_without_such_files(filled: MediaLibrary) -> None:
    """The filter applies to every section."""
    report = Report(filled, media_type="audio")
    assert sentences(report.cameras()) == ["No camera data in this selection."]
    assert sentences(report.formats())[:2] == [
        "No video streams in this selection.",
        "The audio codec with the most bytes is MP3, with 100 % of the bytes of files with audio.",
    ]
    assert sentences(report.types()) == ["All files are audio files."]


def test_completeness(lib: MediaLibrary) -> None:
    """Each field has its applicable files, the files with a value, and their share."""
    here = {"latitude": 1.0, "longitude": 2.0, "iso": 100}
    store(
        lib,
        item("/m/a.jpg", facts=here),
        *(item(f"/m/{n}.jpg", facts={}) for n in range(2)),
        item("/m/v.mp4", facts={}),
    )
    section = Report(lib).completeness()
    assert sentences(section) == ["75 % of images and videos have no location."]
    (rows,) = tables(section)
    assert rows[0] == ["Field", "Applicable files", "Files with a value", "Share"]
    by_field = {row[0]: row[1:] for row in rows[1:]}
    assert by_field["place"] == ["4", "1", "25 %"] and by_field["ISO"] == ["3", "1", "33 %"]
    assert by_field["frame rate"] == ["1", "0", "0 %"] and "artist" not in by_field
    assert sentences(Report(lib, has_location=True).completeness()) == []


def test_failures(lib: MediaLibrary) -> None:
    """Each failure has its file, step, error and size; the first 20 of more are shown."""
    scan = Scan(root="/m", status="finished", extractor_version=1)
    store(lib, scan)
    for number, stage in enumerate(("walk", "read", "probe")):
        store(
            lib,
            ScanFailure(
                scan=scan, file_path=f"/m/{number}", stage=stage, error=f"e{number}", file_size=number + 1
            ),
        )
    section = Report(lib).failures()
    assert sentences(section) == ["3 files could not be read completely."]
    assert tables(section) == [
        [
            ["File", "Failed step", "Error", "Size"],
            ["/m/0", "listing folders", "e0", "1 B"],
            ["/m/1", "reading files", "e1", "2 B"],
            ["/m/2", "reading metadata", "e2", "3 B"],
        ]
    ]
    assert tables(Report(lib, redact="names").failures())[0][1][2] == "(redacted)"
    store(lib, *(ScanFailure(scan=scan, file_path=f"/n/{n}", stage="read", error="x") for n in range(18)))
    section = Report(lib).failures()
    assert sentences(section) == ["21 files could not be read completely. The table shows 20 of them."]
    assert len(tables(section)[0]) == 21
