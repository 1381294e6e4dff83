"""Comparison of scans, totals and failures, with rows whose figures are all different."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.analysis.scan_history import roots
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import MediaCopy, Scan, ScanFailure, scan_changes
from tests.samples import NOON, digest, item, store

DAY = timedelta(days=1)


def scan(root: str, day: int, **fields: Any) -> Scan:
    """Return a finished scan that started at noon of a day."""
    start = NOON + day * DAY
    known = {"status": "finished", "extractor_version": 1, "keeps_changes": True, "finished_at": start}
    return Scan(root=root, started_at=start, **known | fields)


def changes(
    lib: MediaLibrary, of: Scan, *rows: tuple[str, tuple[str, int] | None, tuple[str, int] | None]
) -> None:
    """Store what a scan found changed: path, old content and size, new content and size."""

    async def add() -> None:
        async with lib.database.transaction() as connection:
            for path, old, new in rows:
                await connection.execute(
                    insert(scan_changes).values(
                        scan_id=of.id,
                        file_path=path,
                        old_hash=old and digest(old[0]),
                        old_size=old and old[1],
                        new_hash=new and digest(new[0]),
                        new_size=new and new[1],
                    )
                )

    run_sync(add())


def rows(frame: Any) -> list[tuple[Any, ...]]:
    """Return change, path, old path, new size, old size and difference, with None for null."""
    columns = frame[["change", "file_path", "old_path", "file_size", "old_size", "bytes"]].astype(object)
    return [tuple(None if pd.isna(one) else one for one in row) for row in columns.itertuples(index=False)]


def test_every_kind_of_change(lib: MediaLibrary) -> None:
    """Each change has its own and its former size, and the signed difference."""
    first, second = scan("/m", 0), scan("/m", 1)
    store(lib, first, second)
    changes(
        lib,
        second,
        ("/m/new.jpg", None, ("new", 10)),
        ("/m/gone.jpg", ("gone", 20), None),
        ("/m/to.jpg", None, ("moved", 30)),
        ("/m/from.jpg", ("moved", 30), None),
        ("/m/more.jpg", ("more", 40), ("more than that", 45)),
        ("/m/less.jpg", ("less", 60), ("less than that", 53)),
        ("/m/same.jpg", ("one", 70), ("other", 70)),
    )
    assert rows(lib.compare()) == [
        ("added", "/m/new.jpg", None, 10, None, 10),
        ("edited", "/m/same.jpg", None, 70, 70, 0),
        ("grown", "/m/more.jpg", None, 45, 40, 5),
        ("moved", "/m/to.jpg", "/m/from.jpg", 30, 30, 0),
        ("removed", "/m/gone.jpg", None, None, 20, -20),
        ("shrunk", "/m/less.jpg", None, 53, 60, -7),
    ]


def test_other_roots_are_left_out(lib: MediaLibrary) -> None:
    """Only changes below the root count: not those of roots before, behind or with a longer name."""
    first, second = scan("/m", 0), scan("/m", 1)
    others = [scan(root, 1) for root in ("/a", "/m2", "/z")]
    store(lib, first, second, *others)
    changes(lib, second, ("/m/x.jpg", None, ("x", 1)))
    for other in others:
        changes(lib, other, (f"{other.root}/x.jpg", None, (other.root, 2)))
    assert lib.compare(root="/m")["file_path"].tolist() == ["/m/x.jpg"]


def test_root_of_the_file_system(lib: MediaLibrary) -> None:
    """The root / has all paths."""
    first, second = scan("/", 0), scan("/", 1)
    store(lib, first, second)
    changes(lib, second, ("/a.jpg", None, ("a", 1)), ("/z/z.jpg", None, ("z", 2)))
    assert lib.compare()["file_path"].tolist() == ["/a.jpg", "/z/z.jpg"]


def test_span_begins_after_the_earlier_scan(lib: MediaLibrary) -> None:
    """The earlier scan's own changes are left out; those up to the later scan are added up."""
    scans = [scan("/m", day) for day in range(4)]
    store(lib, *scans)
    for place, one in enumerate(scans):
        changes(lib, one, (f"/m/{place}.jpg", None, (f"{place}", 1)))
        if place:
            changes(
                lib, one, ("/m/edited.jpg", (f"v{place - 1}", 10 * place), (f"v{place}", 10 * place + 10))
            )
    ids = [str(one.id) for one in scans]
    assert rows(lib.compare(ids[1], ids[2])) == [
        ("added", "/m/2.jpg", None, 1, None, 1),
        ("grown", "/m/edited.jpg", None, 30, 20, 10),
    ]
    assert rows(lib.compare(ids[0], ids[3]))[-1] == ("grown", "/m/edited.jpg", None, 40, 10, 30)
    # Without ids: the last finished scan and the one before it.
    assert lib.compare()["file_path"].tolist() == ["/m/3.jpg", "/m/edited.jpg"]
    assert lib.compare(scan_b=ids[1])["file_path"].tolist() == ["/m/1.jpg", "/m/edited.jpg"]
    with pytest.raises(FilterError, match="not earlier than the second"):
        lib.compare(ids[2], ids[1])


def test_unfinished_scans_are_not_compared(lib: MediaLibrary) -> None:
    """Scans that failed or were stopped are neither the earlier nor the later one by default."""
    store(lib, scan("/m", 0), scan("/m", 1, status="interrupted"), scan("/m", 2))
    later = scan("/m", 3, status="interrupted")
    store(lib, later)
    changes(lib, later, ("/m/late.jpg", None, ("late", 1)))
    assert lib.compare().empty


def test_each_copy_moves_once(lib: MediaLibrary) -> None:
    """Of three paths with one content, two are found elsewhere and one is removed."""
    first, second = scan("/m", 0), scan("/m", 1)
    store(lib, first, second)
    changes(
        lib,
        second,
        *((f"/m/old/{name}.jpg", ("one", 5), None) for name in "abc"),
        *((f"/m/new/{name}.jpg", None, ("one", 5)) for name in "ab"),
    )
    assert [row[:3] for row in rows(lib.compare())] == [
        ("moved", "/m/new/a.jpg", "/m/old/a.jpg"),
        ("moved", "/m/new/b.jpg", "/m/old/b.jpg"),
        ("removed", "/m/old/c.jpg", None),
    ]


def test_totals_add_up_items_copies_and_unread_files(lib: MediaLibrary) -> None:
    """Missing paths do not count, hard links take no space, and failures count if no item has the path."""
    here = item("/m/here.jpg", file_size=1000, device=1, inode=2)
    here.copies = [
        MediaCopy(file_path="/m/link.jpg", file_name="link.jpg", device=1, inode=2),
        MediaCopy(file_path="/m/copy.jpg", file_name="copy.jpg"),
        MediaCopy(file_path="/m/gone copy.jpg", file_name="gone copy.jpg", missing_since=NOON),
    ]
    last = scan("/m", 0)

    def failure(path: str, stage: str, size: int) -> ScanFailure:
        return ScanFailure(scan=last, file_path=path, stage=stage, error="x", file_size=size)

    store(
        lib,
        here,
        item("/m/gone.jpg", file_size=200_000, missing_since=NOON),
        item("/m/half.jpg", file_size=30),
        last,
        failure("/m/unread.jpg", "read", 7),
        failure("/m/gone.jpg", "read", 400),
        failure("/m/gone copy.jpg", "read", 5000),
        failure("/m/here.jpg", "read", 60_000),
        failure("/m/copy.jpg", "read", 700_000),
        failure("/m/half.jpg", "probe", 8_000_000),
        failure("/m/denied", "walk", 90_000_000),
    )
    assert lib.totals().iloc[0].to_dict() == {
        "files": 7,
        "bytes": 1000 + 30 + 1000 + 1000 + 7 + 400 + 5000,
        "bytes_on_disk": 1000 + 30 + 1000 + 7 + 400 + 5000,
        "items": 2,
        "item_bytes": 1030,
        "copies": 1,
        "copy_bytes": 1000,
        "hard_links": 1,
        "hard_link_bytes": 1000,
        "unread": 3,
        "unread_bytes": 5407,
    }
    assert "items: 2, size: 1.03 kB, roots: /m, " in repr(lib) and repr(lib).endswith("failures: 7")


def test_failures_name_their_last_scan(lib: MediaLibrary) -> None:
    """A failure has the id, the root and the time of the scan that it belongs to, sorted by path."""
    one, other = scan("/a", 0), scan("/b", 1)
    store(
        lib,
        one,
        other,
        ScanFailure(scan=other, file_path="/b/x.jpg", stage="read", error="unreadable", file_size=5),
        ScanFailure(scan=one, file_path="/a/x.jpg", stage="probe", error="damaged", file_size=6),
    )
    frame = lib.failures()
    assert frame[["file_path", "error", "root", "scan_id", "file_size"]].to_numpy().tolist() == [
        ["/a/x.jpg", "damaged", "/a", str(one.id), 6],
        ["/b/x.jpg", "unreadable", "/b", str(other.id), 5],
    ]
    assert frame["scanned_at"].tolist() == [one.started_at, other.started_at]


def test_last_scan_of_each_root(lib: MediaLibrary) -> None:
    """A root has the end of its last scan, also if that scan was interrupted; roots are sorted."""
    unfinished = scan("/n", 3, status="running", finished_at=None)
    store(lib, scan("/m", 5), scan("/m", 1), scan("/m", 7, status="interrupted"), unfinished)
    found = lib.frame(roots())
    assert found["root"].tolist() == ["/m", "/n"]
    assert found["finished_at"].iloc[0] == NOON + 7 * DAY and pd.isna(found["finished_at"].iloc[1])


def test_scans_are_listed_newest_first(lib: MediaLibrary) -> None:
    """The newest scan comes first."""
    store(lib, *(scan(f"/{day}", day) for day in (1, 3, 2)))
    assert lib.scans()["root"].tolist() == ["/3", "/2", "/1"]
