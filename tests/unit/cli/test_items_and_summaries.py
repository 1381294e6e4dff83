"""Output of items, search, sizes, duplicates and savings, figure by figure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from mfkit import MediaFilter
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaCopy, Scan, ScanFailure, media_streams
from mfkit.scan.places import geocoding
from tests.samples import NOON, item, store


@pytest.fixture
def filled(here: Any) -> Any:
    """Three photos of which one has two copies, two videos, a song, a missing document, an unread file."""
    photo = item("/m/backup/a.jpg", file_size=1_000_000)
    photo.copies = [MediaCopy(file_path=path, file_name="a.jpg") for path in ("/m/a.jpg", "/m/copies/a.jpg")]
    scan = Scan(root="/m", status="finished", extractor_version=1)
    video = {"duration": 1000.0, "width": 1920, "height": 1080, "video_codec": "h264"}
    store(
        here,
        photo,
        item("/m/b.jpg", file_size=300_000),
        item("/m/c.jpg", file_size=200_000),
        item("/m/v.mp4", file_size=2_000_000_000, facts=video),
        item("/m/w.mp4", file_size=1_000_000_000, facts=video),
        item("/m/s.mp3", file_size=50_000, facts={"duration": 65.0}),
        item("/m/gone.pdf", file_size=7, missing_since=NOON),
        scan,
        ScanFailure(scan=scan, file_path="/m/x", stage="read", error="x", file_size=33),
    )
    return here


def test_missing_selects_by_the_last_scan(filled: Any, mfkit_json: Any) -> None:
    """no leaves missing items out, yes selects them alone, any selects both; no is the default."""
    paths = {
        value: [
            row["file_path"] for row in mfkit_json("items", "--missing", value, "--order-by", "file_path")
        ]
        for value in ("no", "yes", "any")
    }
    assert paths["yes"] == ["/m/gone.pdf"] and len(paths["no"]) == 6
    assert sorted(paths["any"]) == sorted(paths["no"] + paths["yes"])
    assert len(mfkit_json("items")) == 6


def test_items_are_ordered_and_limited(filled: Any, mfkit_json: Any, mfkit_rows: Any) -> None:
    """--descending, --limit and --offset apply; a table has 50 rows by default, JSON and a limit of 0 all."""
    arguments = ("items", "--columns", "file_size", "--order-by", "file_size")
    sizes = [row["file_size"] for row in mfkit_json(*arguments, "--descending")]
    assert sizes == [2_000_000_000, 1_000_000_000, 1_000_000, 300_000, 200_000, 50_000]
    assert [row["file_size"] for row in mfkit_json(*arguments)] == sizes[::-1]
    assert [row["file_size"] for row in mfkit_json(*arguments, "--limit", "2", "--offset", "1")] == [
        200_000,
        300_000,
    ]
    store(filled, *(item(f"/n/{n}.jpg") for n in range(60)))
    assert len(mfkit_json("items")) == 66 and len(mfkit_json("items", "--limit", "50")) == 50
    assert len(mfkit_json("search", "jpg")) == 63 and len(mfkit_json("search", "jpg", "--limit", "50")) == 50
    tables = {command: len(mfkit_rows(*command)) for command in (("items",), ("search", "jpg"))}
    assert set(tables.values()) == {51}  # with the header
    assert len(mfkit_rows("items", "--limit", "0")) == 67


def test_columns_are_printed_in_their_order(filled: Any, mfkit_rows: Any) -> None:
    """The table has the columns that are named, with sizes and durations for people."""
    rows = mfkit_rows("items", "--columns", "file_name, file_size,duration", "--extension", "mp3")
    assert rows == [["file_name", "file_size", "duration"], ["s.mp3", "50.0 kB", "1:05 min"]]


def test_one_dimension(filled: Any, mfkit: Any) -> None:
    """A second --by is an error, and a part of a name suggests the names that contain it."""
    twice = mfkit("sizes", "--by", "region", "--by", "month")
    assert twice.err == "mfkit: --by takes one value, not 'region' and 'month'. Give only one.\n"
    assert "Did you mean 'audio_language' or 'subtitle_language'?" in mfkit("sizes", "--by", "lang").err


def test_search_applies_the_filter(filled: Any, mfkit_json: Any) -> None:
    """All words must match, and the filter's options apply."""
    assert [row["file_path"] for row in mfkit_json("search", "backup", "a")] == ["/m/backup/a.jpg"]
    assert mfkit_json("search", "backup", "nowhere") == []
    assert mfkit_json("search", "backup", "--media-type", "video") == []


def test_sizes(filled: Any, mfkit_rows: Any) -> None:
    """Each group has its own figures; the last line adds up what is on disk."""
    rows = mfkit_rows("sizes")
    assert len(rows) == 6
    assert rows[:4] == [
        ["media_type", "items", "copies", "size", "with copies", "share", "duration"],
        ["video", "2", "0", "3.00 GB", "3.00 GB", "99.9%", "33:20 min"],
        ["image", "3", "2", "1.50 MB", "3.50 MB", "0.0%"],
        ["audio", "1", "0", "50.0 kB", "50.0 kB", "0.0%", "1:05 min"],
    ]
    assert rows[-2] == ["Total", "6", "2", "3.00 GB", "3.00 GB", "34:25 min"]
    assert rows[-1] == [
        "On disk: 9 files, 3,003,550,033 bytes = 6 items (3,001,550,000 bytes) + 2 copies (2,000,000 bytes) "
        "+ 1 empty or unreadable (33 bytes)"
    ]


def test_other_groups_are_added_up(filled: Any, mfkit_rows: Any) -> None:
    """The row of the others has the sums of the groups that are not shown."""
    rows = mfkit_rows("sizes", "--rows", "1")
    assert rows[1][:4] == ["video", "2", "0", "3.00 GB"]
    assert rows[2] == ["(2 others)", "4", "2", "1.55 MB", "3.55 MB", "0.1%", "1:05 min"]
    assert rows[3] == ["Total", "6", "2", "3.00 GB", "3.00 GB", "34:25 min"]
    names = [row[0] for row in mfkit_rows("sizes", "--rows", "3")]
    assert names[1:5] == ["video", "image", "audio", "Total"]


def test_missing_place_names_are_explained(here: Any, mfkit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no item with coordinates has a place name, a line says how to get the names."""
    places = {"latitude": 38.7, "longitude": -9.1}
    store(here, item("/m/a.jpg", facts=places), item("/m/b.jpg", facts=places), item("/m/c.jpg"))
    for is_available, install in (
        (True, ""),
        (False, "install the extra 'geo' (pip install 'mfkit[geo]') and "),
    ):
        monkeypatch.setattr(geocoding, "is_available", lambda is_available=is_available: is_available)
        hint = f"2 items with coordinates but no place name. To add names, {install}run: mfkit scan --reread"
        assert f"\n{hint}\n" in mfkit("sizes", "--by", "region").out
    assert "coordinates" not in mfkit("sizes", "--by", "country", "--no-location").out
    assert "coordinates" not in mfkit("sizes").out
    store(here, item("/m/d.jpg", facts={**places, "location_name": "Lisbon, Portugal"}))
    assert "coordinates" not in mfkit("sizes", "--by", "region").out


def test_sizes_by_month(here: Any, mfkit_rows: Any) -> None:
    """Months are short and in their order, the earliest are added up, and shares are those in Python."""
    photo = item("/m/a.jpg", file_size=100, captured_at=datetime(2014, 8, 5))
    photo.copies = [MediaCopy(file_path="/m/copy.jpg", file_name="copy.jpg")]
    dates = {"b": datetime(2014, 7, 1), "c": datetime(2013, 12, 1), "d": datetime(2015, 1, 1)}
    sizes = {"b": 500, "c": 200, "d": 100}
    store(
        here, photo, *(item(f"/m/{one}.jpg", file_size=sizes[one], captured_at=dates[one]) for one in dates)
    )
    rows = mfkit_rows("sizes", "--by", "month")
    assert [(row[0], *row[3:6]) for row in rows[1:5]] == [
        ("2013-12", "200 B", "200 B", "22.2%"),
        ("2014-07", "500 B", "500 B", "55.6%"),
        ("2014-08", "100 B", "200 B", "11.1%"),
        ("2015-01", "100 B", "100 B", "11.1%"),
    ]
    shares = here.summary("month").sort_values("month")["share"]
    assert [row[5] for row in rows[1:5]] == [f"{share:.1%}" for share in shares]
    rows = mfkit_rows("sizes", "--by", "month", "--rows", "2")
    assert [row[0] for row in rows[1:-1]] == ["(2 earlier)", "2014-08", "2015-01", "Total"]
    weekdays = [row[0] for row in mfkit_rows("sizes", "--by", "weekday", "--rows", "1")]
    assert weekdays[1:-1] == ["(2 others)", "Sun", "Total"]
    assert rows[1][3:6] == ["700 B", "700 B", "77.8%"]
    labels = {by: [row[0] for row in mfkit_rows("sizes", "--by", by)][1:-2] for by in ("quarter", "weekday")}
    assert labels == {"quarter": ["2013-Q4", "2014-Q3", "2015-Q1"], "weekday": ["Tue", "Thu", "Sun"]}


def test_sizes_by_week(here: Any, mfkit_rows: Any) -> None:
    """A week has the date of its Monday; items without a date come last, and are in no earlier period."""
    dates = (datetime(2014, 7, 1), datetime(2014, 7, 6), datetime(2014, 7, 7), datetime(2014, 8, 5), None)
    store(here, *(item(f"/m/{n}.jpg", file_size=100, captured_at=at) for n, at in enumerate(dates)))
    weeks = {"2014-06-30": "2", "2014-07-07": "1", "2014-08-04": "1", "(unknown)": "1"}
    rows = mfkit_rows("sizes", "--by", "week")
    assert {row[0]: row[1] for row in rows[1:-2]} == weeks
    rows = mfkit_rows("sizes", "--by", "week", "--rows", "2")
    assert {row[0]: row[1] for row in rows[1:-2]} == {"(2 earlier)": "3", "2014-08-04": "1", "(unknown)": "1"}


def test_dates_in_json(here: Any, mfkit_json: Any) -> None:
    """Dates are ISO 8601 with microseconds, in UTC or without a time zone."""
    store(here, item("/m/a.jpg", file_modified_at=NOON, captured_at=datetime(2014, 7, 1, 9, 30)))
    (row,) = mfkit_json("items", "--columns", "file_modified_at,captured_at")
    assert row == {
        "file_modified_at": "2024-05-17T12:30:15.123456Z",
        "captured_at": "2014-07-01T09:30:00.000000",
    }


def test_an_item_with_two_tags_counts_once_in_the_total(filled: Any, mfkit_rows: Any) -> None:
    """The share of each tag is that of all selected items."""
    filled.tag(MediaFilter(extension="mp4"), "holiday", "sea")
    rows = mfkit_rows("sizes", "--by", "tag", "--extension", "mp4")
    assert [[*row[:4], row[5]] for row in rows[1:]] == [
        ["holiday", "2", "0", "3.00 GB", "100.0%"],
        ["sea", "2", "0", "3.00 GB", "100.0%"],
        ["Total", "2", "0", "3.00 GB", "33:20 min"],
    ]


def test_sizes_of_a_filter(filled: Any, mfkit_rows: Any, mfkit_json: Any) -> None:
    """With a filter, totals on disk are not known."""
    rows = mfkit_rows("sizes", "--media-type", "image")
    assert rows[-1] == ["Total", "3", "2", "1.50 MB", "3.50 MB", "0 s"]
    assert "totals" not in mfkit_json("sizes", "--media-type", "image")
    whole = mfkit_json("sizes", "--by", "extension")
    assert whole["by"] == "extension" and whole["totals"]["unread"] == 1 and whole["totals"]["copies"] == 2
    assert [(row["extension"], row["files"], row["bytes"]) for row in whole["groups"]] == [
        ("mp4", 2, 3_000_000_000),
        ("jpg", 3, 1_500_000),
        ("mp3", 1, 50_000),
    ]


def test_duplicates(filled: Any, mfkit_rows: Any, mfkit_json: Any) -> None:
    """Surplus is what is not kept; a limit shortens the table and JSON, but cuts no group."""
    other = item("/m/o.jpg", file_size=600)
    other.copies = [MediaCopy(file_path="/n/o.jpg", file_name="o.jpg")]
    store(filled, other)
    rows = mfkit_rows("duplicates", "--limit", "2")
    assert rows[0] == ["file_path", "keep", "file_size", "reason", "paths"]
    assert sorted(row[0] for row in rows[1:4]) == ["/m/a.jpg", "/m/backup/a.jpg", "/m/copies/a.jpg"]
    assert rows[4:] == [
        ["2 items with copies. Removing 3 copies frees 2.00 MB."],
        ["Add --script FILE to write a script that moves them to a folder. Nothing is deleted."],
    ]
    assert len(mfkit_rows("duplicates", "--limit", "0")) == 8
    counts = {limit: len(mfkit_json("duplicates", "--limit", limit)) for limit in ("1", "4", "5")}
    assert counts == {"1": 3, "4": 3, "5": 5}
    kept = [row["file_path"] for row in mfkit_json("duplicates") if row["keep"]]
    assert kept == ["/m/a.jpg", "/m/o.jpg"]
    assert mfkit_rows("duplicates", "--media-type", "video") == [["No duplicates in this selection."]]


def test_the_script_of_duplicates(filled: Any, mfkit: Any) -> None:
    """--script writes all copies, also those that the table does not show, and replaces no file."""
    script = Path("remove it.sh")
    done = mfkit("duplicates", "--limit", "1", "--script", str(script))
    assert done.out.splitlines()[-1] == (
        "Wrote remove it.sh, which moves 2 files to a folder. Nothing is deleted, and nothing has been moved "
        "yet. Run: sh 'remove it.sh' FOLDER"
    )
    moves = [line for line in script.read_text().splitlines() if line.startswith("move_copy ")]
    assert moves == [
        "move_copy '/m/backup/a.jpg' '00001-a.jpg' '/m/a.jpg'",
        "move_copy '/m/copies/a.jpg' '00002-a.jpg' '/m/a.jpg'",
    ]
    again = mfkit("duplicates", "--script", str(script))
    assert again.code == 2 and again.err == "mfkit: remove it.sh already exists. Use another file name.\n"
    other = mfkit("duplicates", "--json", "--script", "other.sh")
    assert len(json.loads(other.out)) == 3 and other.err.startswith("Wrote other.sh, which moves 2 files")
    none = mfkit("duplicates", "--media-type", "video", "--script", "none.sh")
    assert (
        none.out.splitlines()[-1] == ("none.sh was not written, because no file is suggested for removal.")
        and not Path("none.sh").exists()
    )


def test_savings(filled: Any, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The last line has the sums of all items, also of those that are not shown."""
    rows = mfkit_rows("savings", "--limit", "1")
    assert rows[0] == [
        "file_path",
        "file_size",
        "saves_expected",
        "codec",
        "resolution",
        "duration",
        "saves_low",
        "saves_high",
    ]
    assert rows[1] == ["/m/v.mp4", "2.00 GB", "1.36 GB", "h264", "Full HD", "16:40 min", "1.27 GB", "1.44 GB"]
    assert rows[2] == [
        "Re-encoding 2 items (3.00 GB) to hevc would save about 1.71 GB (between 1.55 GB and 1.88 GB)."
    ]
    assert [row["saves_expected"] for row in mfkit_json("savings")] == [1_356_250_000, 356_250_000]
    assert (
        mfkit_json("savings", "--target", "av1")[0]["saves_expected"] == 2_000_000_000 - 1_188_000 * 1000 // 8
    )


def test_streams_are_listed(filled: Any, mfkit: Any, mfkit_rows: Any, mfkit_json: Any) -> None:
    """A table has the most important columns, JSON has all; --kind and the filter select."""
    video = filled.items(order_by="file_path", media_type="video")["id"][0]

    async def add() -> None:
        streams = [
            {"stream_index": 0, "kind": "video", "codec": "hevc", "hdr": "HDR10"},
            {"stream_index": 1, "kind": "audio", "codec": "ac3", "language": "ger"},
        ]
        async with filled.database.transaction() as connection:
            rows = [{**one, "media_item_id": UUID(video), "is_main": True} for one in streams]
            for row in rows:
                await connection.execute(insert(media_streams).values(**row))

    run_sync(add())
    assert [row["codec"] for row in mfkit_json("streams")] == ["hevc", "ac3"]
    assert [row["language"] for row in mfkit_json("streams", "--kind", "audio")] == ["ger"]
    assert mfkit_json("streams", "--media-type", "image") == []
    assert len(mfkit_json("streams", "--limit", "1")) == 1
    assert mfkit("streams", "--limit", "1").err == "More streams match. List all with --limit 0.\n"
    assert mfkit("streams", "--limit", "2").err == ""
    header, first, second = mfkit_rows("streams", "--wide")[:3]
    assert header[:3] == ["file_path", "kind", "codec"]
    assert (first[:3], second[:4]) == (["/m/v.mp4", "video", "hevc"], ["/m/v.mp4", "audio", "ac3", "ger"])


def test_twenty_groups_are_shown(filled: Any, mfkit_rows: Any) -> None:
    """The further groups share a row, and a group without bytes has no share."""
    store(filled, *(item(f"/n/{n}.x{n:02d}", file_size=100 - n) for n in range(20)))
    rows = mfkit_rows("sizes", "--by", "extension")
    assert [row[0] for row in rows[:4]] == ["extension", "mp4", "jpg", "mp3"]
    assert [row[0] for row in rows[20:-1]] == ["x16", "(3 others)", "Total"]
    assert rows[21][1:4] == ["3", "0", "246 B"]


def test_failures(here: Any, mfkit_rows: Any) -> None:
    """Each file has its stage and reason, a limit shortens the list, and 0 lists all."""
    scan = Scan(root="/m", status="finished", extractor_version=1)
    stages = {"read": "reading files", "probe": "reading metadata", "walk": "listing folders"}
    failed = [ScanFailure(scan=scan, file_path=f"/m/{one}", stage=one, error=f"no {one}") for one in stages]
    assert mfkit_rows("failures") == [["All files were read without errors."]]
    store(here, scan, *failed)
    listed = [[line] for one in sorted(stages) for line in (f"/m/{one}", f"{stages[one]}: no {one}")]
    assert mfkit_rows("failures") == mfkit_rows("failures", "--limit", "0") == listed
    assert mfkit_rows("failures", "--limit", "3") == listed
    assert mfkit_rows("failures", "--limit", "2") == listed[:4]


def test_scans(here: Any, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The newest scan comes first, with the counts that are not zero."""
    assert mfkit_rows("scans") == [
        ["This library has not been scanned yet. Add files with: mfkit scan FOLDER"]
    ]
    scans = [
        Scan(
            root=f"/m{n}",
            status="finished",
            extractor_version=1,
            started_at=NOON + timedelta(days=n),
            files=1_000 + n,
            **({"added": 1_000, "copies": 2} if n else {"updated": 6, "moved": 5, "missing": 3, "failed": 4}),
        )
        for n in range(21)
    ]
    store(here, *scans)
    rows = mfkit_rows("scans", "--limit", "0")
    assert rows[0] == ["2024-06-06 12:30", "finished", "/m20"]
    assert rows[1:3] == [["1,020 files, 1,000 added, 2 copies"], [f"id {scans[20].id}"]]
    assert rows[-3:] == [
        ["2024-05-17 12:30", "finished", "/m0"],
        ["1,000 files, 6 updated, 5 moved, 3 missing, 4 failed"],
        [f"id {scans[0].id}"],
    ]
    assert mfkit_rows("scans") == rows[:60] and mfkit_rows("scans", "--limit", "1") == rows[:3]
    assert len(mfkit_json("scans")) == 21


REST = [
    (("items", "--limit", "1"), "5 more items not shown."),
    (("items", "--limit", "4", "--offset", "1"), "1 more item not shown."),
    (("items", "--limit", "2", "--media-type", "image"), "1 more item not shown."),
    (("savings", "--limit", "1"), "1 more item not shown."),
    (("search", "m", "--limit", "2"), "More items match."),
]


@pytest.mark.parametrize("arguments, note", REST, ids=str)
def test_rows_left_out_by_the_limit_are_mentioned(filled: Any, mfkit: Any, arguments: Any, note: str) -> None:
    """A note on standard error says that there are more rows; standard output has only rows."""
    done = mfkit(*arguments)
    assert done.err == f"{note} List all with --limit 0.\n" and "not shown" not in done.out
    assert mfkit(*arguments, "--limit", "0").err == ""


def test_no_items(here: Any, mfkit: Any) -> None:
    """Without items, a line says what to do: scan, or change the condition."""
    empty = "The library has no items yet. Add some with: mfkit scan FOLDER"
    for command in ("items", "sizes"):
        assert mfkit(command).out == f"{empty}\n"
    named = mfkit("sizes", "--library", str(Path("library.db").absolute())).out
    assert named == f"{empty} --library {Path('library.db').absolute()}\n"
    store(here, item("/m/a.jpg"))
    for command in ("items", "sizes"):
        done = mfkit(command, "--media-type", "video")
        assert done.out == "No items match. Change or remove a condition.\n"
    assert mfkit("streams", "--kind", "audio").out.startswith("No audio streams match.")


def test_unmatched_values_are_named(here: Any, mfkit: Any) -> None:
    """A filter value that no item has, or an empty folder, is named on standard error with what exists."""
    store(here, item("/m/a.mp4", facts={"video_codec": "hevc"}))
    assert mfkit("items", "--video-codec", "hevk").err == (
        "mfkit: warning: No item has the video codec 'hevk'. Did you mean 'hevc'?\n"
    )
    assert mfkit("duplicates", "--camera", "Leica").err == (
        "mfkit: warning: No item has the camera 'Leica' or any other camera.\n"
    )
    store(here, Scan(root="/m", status="finished", extractor_version=1))
    assert mfkit("items", "--folder", "nowhere").err == (
        f"mfkit: warning: No item is in the folder {Path('nowhere').absolute()}. Scanned folders: /m\n"
    )
    assert mfkit("items", "--folder", "/m").err == ""
