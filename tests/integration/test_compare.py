"""Two scans held against each other: what was added, removed, moved, grown or shrunk between them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert, select, update

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import Scan, scan_changes

LONG_AGO = 1_600_000_000


def write(path: Path, text: str, at: int = LONG_AGO) -> None:
    """Write a file that was last changed long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at, at))


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder of five files, one of them a copy."""
    folder = tmp_path / "media"
    for name in ("stays", "moves", "grows", "goes", "d/copied"):
        write(folder / f"{name}.txt", f"the file that {name}")
    shutil.copy2(folder / "d/copied.txt", folder / "d/copy.txt")
    return folder


@pytest.fixture
def scanned(library: MediaLibrary, media: Path) -> Iterator[MediaLibrary]:
    """A library that knows it, on either database."""
    library.scan(media, progress=False)
    yield library


def rows(frame: pd.DataFrame, root: Path) -> list[tuple[Any, ...]]:
    """Return change, path, old path (both below the root) and bytes."""

    def below(path: Any) -> Any:
        return None if pd.isna(path) else str(Path(path).relative_to(root))

    return [(one.change, below(one.file_path), below(one.old_path), one.bytes) for one in frame.itertuples()]


def change_all(media: Path) -> None:
    """Do one thing of each kind."""
    write(media / "new.txt", "a new file")
    (media / "moves.txt").rename(media / "d/moved.txt")
    write(media / "grows.txt", "the file that has grown", LONG_AGO + 60)
    (media / "goes.txt").unlink()
    (media / "d/copied.txt").unlink()


def test_each_kind(scanned: MediaLibrary, media: Path) -> None:
    """Every kind of change, and the original of a copy that is gone while the copy stays."""
    change_all(media)
    scanned.scan(media, progress=False)
    frame = scanned.compare()
    assert rows(frame, media) == [
        ("added", "new.txt", None, 10),
        ("grown", "grows.txt", None, 4),
        ("moved", "d/moved.txt", "moves.txt", 0),
        ("removed", "d/copied.txt", None, -22),
        ("removed", "goes.txt", None, -18),
    ]
    assert set(frame["media_type"]) == {"document"}
    known = scanned.items(missing=None).set_index("id")["file_path"]
    assert known[frame["id"][2]] == str(media / "d/moved.txt")
    assert known[frame["id"][3]] == str(media / "d/copy.txt")
    assert frame["file_size"].tolist()[:3] == [10, 23, 19] and frame["file_size"].isna().sum() == 2


def test_nothing_is_written_for_what_stays(scanned: MediaLibrary, media: Path) -> None:
    """Neither the first scan nor an unchanged file leaves a row."""
    everything = select(scan_changes)
    assert scanned.frame(everything).empty
    scanned.scan(media, progress=False)
    assert scanned.frame(everything).empty and scanned.compare().empty
    write(media / "new.txt", "a new file")
    scanned.scan(media, progress=False)
    assert len(scanned.frame(everything)) == 1


def test_over_several_scans(scanned: MediaLibrary, media: Path) -> None:
    """What went and came back is no change; what changed twice is one."""
    first = scanned.scans()["id"][0]
    (media / "goes.txt").rename(media.parent / "aside.txt")
    write(media / "grows.txt", "x", LONG_AGO + 60)
    scanned.scan(media, progress=False)
    second = scanned.scans()["id"][0]
    (media.parent / "aside.txt").rename(media / "goes.txt")
    write(media / "grows.txt", "shorter", LONG_AGO + 120)
    scanned.scan(media, progress=False)
    assert rows(scanned.compare(first), media) == [("shrunk", "grows.txt", None, -12)]
    assert rows(scanned.compare(second), media) == [
        ("added", "goes.txt", None, 18),
        ("grown", "grows.txt", None, 6),
    ]
    assert rows(scanned.compare(first, second), media) == [
        ("removed", "goes.txt", None, -18),
        ("shrunk", "grows.txt", None, -18),
    ]


def test_a_folder_that_was_scanned_by_itself(scanned: MediaLibrary, media: Path) -> None:
    """A scan of a folder in between counts for the whole, and each root has its own comparison."""
    write(media / "d/new.txt", "a new file")
    scanned.scan(media / "d", progress=False)
    write(media / "later.txt", "even later")
    scanned.scan(media, progress=False)
    assert rows(scanned.compare(root=media), media) == [
        ("added", "d/new.txt", None, 10),
        ("added", "later.txt", None, 10),
    ]
    with pytest.raises(FilterError, match="was scanned only once"):
        scanned.compare(root=media / "d")


async def test_in_async_code(scanned: MediaLibrary, media: Path) -> None:
    """compare() can be awaited."""
    write(media / "new.txt", "a new file")
    scanned.scan(media, progress=False)
    frame = await scanned.aio.compare()
    assert frame["change"].tolist() == ["added"]


def test_scans_that_cannot_be_compared(scanned: MediaLibrary, media: Path, tmp_path: Path) -> None:
    """Each is refused with the reason."""
    only = scanned.scans()["id"][0]
    write(tmp_path / "other/a.txt", "elsewhere")
    scanned.scan(tmp_path / "other", progress=False)
    other = scanned.scans()["id"][0]
    for arguments, message in (
        ((), "was scanned only once"),
        ((only,), "is not earlier than the second"),
        (("nonsense",), "no scan 'nonsense'"),
        ((only, other), "have different roots"),
        ((other, only), "have different roots"),
        ((only, only), "is not earlier than the second"),
    ):
        with pytest.raises(FilterError, match=message):
            scanned.compare(*arguments)
    with pytest.raises(FilterError, match="No scan of .*nowhere has finished"):
        scanned.compare(root=tmp_path / "nowhere")


def test_a_library_without_scans(library: MediaLibrary) -> None:
    """There is nothing to compare, and it says so."""
    with pytest.raises(FilterError, match="No scan has finished yet"):
        library.compare()


def test_scans_by_an_earlier_mfkit(scanned: MediaLibrary, media: Path) -> None:
    """What was not written down is not taken for no change."""
    scanned.scan(media, progress=False)

    async def forget() -> None:
        async with scanned.database.transaction() as connection:
            await connection.execute(update(Scan).values(keeps_changes=None))

    run_sync(forget())
    with pytest.raises(FilterError, match="by an older version of mfkit"):
        scanned.compare()


def test_many_changes(scanned: MediaLibrary, media: Path) -> None:
    """Ten thousand changes of a folder are summed up in a moment's time, paths with wildcards as they are."""
    scanned.scan(media, progress=False)
    scan_id = select(Scan.id).order_by(Scan.started_at.desc()).limit(1)

    async def note() -> None:
        async with scanned.database.transaction() as connection:
            owner = await connection.scalar(scan_id)
            await connection.execute(
                insert(scan_changes),
                [
                    {
                        "scan_id": owner,
                        "file_path": f"{media}/%_{place}",
                        "new_hash": f"{place:064x}",
                        "new_size": 1,
                    }
                    for place in range(10_000)
                ],
            )

    run_sync(note())
    frame = scanned.compare()
    assert len(frame) == 10_000 and frame["id"].isna().all() and frame["bytes"].sum() == 10_000
