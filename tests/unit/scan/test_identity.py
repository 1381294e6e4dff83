"""Histories of files with copies: what a scan does to the rows, with exact figures."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.models import Scan
from mfkit.scan import item_rows
from mfkit.scan.extract.registry import EXTRACTOR_VERSION
from mfkit.scan.scan_report import Counts
from tests.samples import NOON, item, store

LONG_AGO = 1_500_000_000


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """A thread that reads files, which is faster than worker processes."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


class Folder:
    """A folder of text files and a library of it.

    Attributes:
        root: The folder.
        lib: The library.
    """

    def __init__(self, root: Path, lib: MediaLibrary, executor: Executor) -> None:
        self.root, self.lib, self._executor = root, lib, executor
        root.mkdir()

    def write(self, name: str, content: str | bytes, at: float = LONG_AGO) -> Path:
        """Write a file with a modification time."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (at, at))
        return path

    def scan(self, *names: str) -> dict[str, int]:
        """Scan the folder or folders in it; return the figures that are not 0."""
        roots = [self.root / name for name in names] or [self.root]
        total = self.lib.scan(*roots, executor=self._executor, progress=False).total
        return {
            name: value
            for name in Counts.__dataclass_fields__
            if isinstance(value := getattr(total, name), int) and value and name not in ("files", "size")
        } | ({"missing": total.missing} if total.missing else {})

    def items(self) -> dict[str, bool]:
        """Return whether each item is missing, by its path below the folder."""
        frame = self.lib.items(missing=None)
        return {
            os.path.relpath(path, self.root): since == since and since is not None
            for path, since in zip(frame["file_path"], frame["missing_since"].astype(object), strict=True)
        }

    def paths(self) -> dict[str, list[str]]:
        """Return the paths of each content that exist, the item's own first."""
        frame = self.lib.duplicates()
        return {
            str(key): [os.path.relpath(one, self.root) for one in rows["file_path"]]
            for key, rows in frame.groupby("id")
        }


@pytest.fixture
def folder(tmp_path: Path, lib: MediaLibrary, executor: Executor) -> Folder:
    """An empty folder."""
    return Folder(tmp_path / "media", lib, executor)


def row(folder: Folder, name: str = "a.txt") -> Any:
    """Return an item's row."""
    frame = folder.lib.items(missing=None)
    return frame[frame["file_path"] == str(folder.root / name)].iloc[0]


def test_missing_file_goes_missing_once(folder: Folder) -> None:
    """A file that stays away keeps the time at which it was missed, and counts once."""
    folder.write("a.txt", "one")
    folder.write("b.txt", "two")
    folder.scan()
    (folder.root / "a.txt").unlink()
    assert folder.scan() == {"unchanged": 1, "missing": 1}
    since = row(folder)["missing_since"]
    assert folder.scan() == {"unchanged": 1} and folder.lib.compare().empty
    assert row(folder)["missing_since"] == since
    folder.write("a.txt", "one")
    assert folder.scan() == {"unchanged": 2} and folder.items() == {"a.txt": False, "b.txt": False}
    assert folder.lib.compare()["change"].tolist() == ["added"]


def test_item_does_not_take_the_path_of_a_missing_copy(folder: Folder) -> None:
    """The copy goes first, then the original: the item is missing at its own path."""
    for name in ("a.txt", "b.txt", "other.txt"):
        folder.write(name, "other" if "other" in name else "one")
    assert folder.scan() == {"added": 2, "copies": 1}
    (folder.root / "b.txt").unlink()
    assert folder.scan() == {"unchanged": 2}
    (folder.root / "a.txt").unlink()
    assert folder.scan()["missing"] == 1
    assert folder.items() == {"a.txt": True, "other.txt": False}


def test_item_takes_the_path_of_an_existing_copy(folder: Folder) -> None:
    """The originals of two items go: each has the path, name and modification time of its first copy."""
    folder.write("a.txt", "one")
    for name in ("x.txt", "y.txt"):
        folder.write(name, "two")
    folder.write("c.txt", "one", LONG_AGO + 50)
    folder.write("b.txt", "one", LONG_AGO + 99)
    folder.scan()
    for name in ("a.txt", "x.txt"):
        (folder.root / name).unlink()
    folder.scan()
    assert folder.items() == {"b.txt": False, "y.txt": False}
    found = row(folder, "b.txt")
    assert found["file_name"] == "b.txt" and found["file_modified_at"].timestamp() == LONG_AGO + 99
    assert folder.scan() == {"unchanged": 3}


def test_more_files_than_are_compared_at_once(folder: Folder) -> None:
    """A scan of 5,002 unchanged files finds them all, and one after a removal misses what was removed."""
    # The rows are stored without reading the files, which is faster. All have the hash of another file.
    rows = []
    for number in range(5_002):
        path = folder.write(f"{number:04}.txt", "x")
        known = path.stat()
        rows.append(
            item(
                str(path),
                file_size=1,
                is_processed=True,
                file_modified_at=datetime.fromtimestamp(known.st_mtime, UTC),
                last_scanned_at=NOON,
                device=known.st_dev,
                inode=known.st_ino,
                link_count=1,
                changed_ns=known.st_ctime_ns,
            )
        )
    scan = Scan(root=str(folder.root), status="finished", extractor_version=EXTRACTOR_VERSION)
    store(folder.lib, scan, *rows)
    assert folder.scan() == {"unchanged": 5_002}
    for path in sorted(folder.root.iterdir())[1:]:
        path.unlink()
    assert folder.scan() == {"unchanged": 1, "missing": 5_001}
    assert folder.lib.count() == 1 and len(folder.lib.items(missing=True)) == 5_001


def test_edited_original_leaves_its_item_to_the_copy(folder: Folder) -> None:
    """The item keeps its content, at the path and with the time of the copy."""
    folder.write("a.txt", "one")
    folder.write("b.txt", "one", LONG_AGO + 77)
    folder.scan()
    before = row(folder)
    folder.write("a.txt", "edited", LONG_AGO + 200)
    assert folder.scan() == {"added": 1, "unchanged": 1}
    heir = row(folder, "b.txt")
    assert (heir["id"], heir["file_hash"]) == (before["id"], before["file_hash"])
    assert heir["file_modified_at"].timestamp() == LONG_AGO + 77
    assert heir["inode"] == (folder.root / "b.txt").stat().st_ino != before["inode"]
    assert folder.scan() == {"unchanged": 2}


def test_item_without_its_path_has_been_missing_since_the_first_time(folder: Folder) -> None:
    """If a copy of another item takes a missing item's path, the missing item keeps its time."""
    folder.write("a.txt", "one")
    folder.write("b.txt", "second")
    folder.scan()
    (folder.root / "a.txt").unlink()
    folder.scan()
    since = row(folder)["missing_since"]
    folder.write("a.txt", "second")
    assert folder.scan() == {"copies": 1, "unchanged": 1}
    assert row(folder)["missing_since"] == since


def test_missing_copy_inherits_nothing(folder: Folder) -> None:
    """An original that gets known content while its only copy is missing goes missing itself."""
    for name, content in (("a.txt", "one"), ("copy.txt", "one"), ("other.txt", "two")):
        folder.write(name, content)
    folder.scan()
    (folder.root / "copy.txt").unlink()
    folder.scan()
    one = row(folder)["id"]
    folder.write("a.txt", "two", LONG_AGO + 300)
    folder.scan()
    frame = folder.lib.items(missing=None).set_index("id")
    assert (
        not str(frame.loc[one, "file_path"]).endswith("copy.txt")
        and frame["missing_since"].notna().sum() == 1
    )
    assert sorted(map(sorted, folder.paths().values())) == [["a.txt", "other.txt"]]


def test_edited_file_without_copies_keeps_its_item(folder: Folder) -> None:
    """An edit changes the content of the item, and its metadata row keeps its id."""
    folder.write("a.txt", "one")
    folder.scan()
    query = "SELECT id FROM media_metadata"
    before, ids = row(folder), folder.lib.sql(query, engine="database")["id"].tolist()
    folder.write("a.txt", "edited", LONG_AGO + 10)
    assert folder.scan() == {"updated": 1}
    after = row(folder)
    assert (
        after["id"] == before["id"] and after["file_hash"] != before["file_hash"] and after["file_size"] == 6
    )
    assert folder.lib.sql(query, engine="database")["id"].tolist() == ids
    assert folder.lib.compare()["change"].tolist() == ["grown"]


def test_edited_file_whose_copy_is_missing_keeps_its_item(folder: Folder) -> None:
    """Only copies that exist speak against an edit."""
    for name in ("a.txt", "copy.txt"):
        folder.write(name, "one")
    folder.scan()
    (folder.root / "copy.txt").unlink()
    folder.scan()
    before = row(folder)["id"]
    folder.write("a.txt", "edited", LONG_AGO + 10)
    assert folder.scan() == {"updated": 1}
    assert row(folder)["id"] == before and folder.items() == {"a.txt": False}


def test_old_content_that_was_moved_over_another_file(folder: Folder) -> None:
    """One file is edited, and its old content replaces another file: the other item does not take it."""
    folder.write("a.txt", "one")
    folder.write("b.txt", "two")
    folder.scan()
    hashes = {name: row(folder, name)["file_hash"] for name in ("a.txt", "b.txt")}
    ids = {name: row(folder, name)["id"] for name in ("a.txt", "b.txt")}
    folder.write("a.txt", "three", LONG_AGO + 10)
    folder.write("b.txt", "one", LONG_AGO + 20)
    folder.scan()
    frame = folder.lib.items(missing=None).set_index("id")
    assert frame.loc[ids["b.txt"], "file_hash"] == hashes["b.txt"]
    assert set(frame.loc[frame["missing_since"].isna(), "file_path"]) == {
        str(folder.root / "a.txt"),
        str(folder.root / "b.txt"),
    }


def test_moved_file(folder: Folder) -> None:
    """A file that moved keeps its item; between two scanned folders too."""
    folder.write("one/a.txt", "one")
    folder.write("two/b.txt", "two")
    folder.scan("one", "two")
    before = row(folder, "one/a.txt")["id"]
    (folder.root / "one/a.txt").rename(folder.root / "two/c.txt")
    assert folder.scan("one", "two") == {"moved": 1, "unchanged": 1}
    assert row(folder, "two/c.txt")["id"] == before and row(folder, "two/c.txt")["file_name"] == "c.txt"
    assert folder.items() == {"two/b.txt": False, "two/c.txt": False}


@pytest.mark.parametrize("name", ["a.txt", "b.txt"])
def test_bytes_that_change_within_the_resolution_of_the_clock(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A file that was read right after it changed may change again under the same time, a copy too."""
    # An hour instead of two seconds, for slow machines.
    monkeypatch.setattr(item_rows, "CLOCK_RESOLUTION", timedelta(hours=1))
    now = time.time()
    folder.write("a.txt", "one", now)
    folder.write("b.txt", "one", now)
    assert folder.scan() == {"added": 1, "copies": 1}
    folder.write(name, "two", now)
    folder.scan()
    assert folder.paths() == {} and folder.lib.count() == 2


def test_files_that_were_read_right_after_a_change(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that could have changed again under the same time is read by the next scan, a copy too."""
    monkeypatch.setattr(item_rows, "CLOCK_RESOLUTION", timedelta(hours=1))
    folder.write("a.txt", "one", time.time())
    folder.write("b.txt", "one", time.time())
    folder.write("old.txt", "two")
    assert folder.scan() == {"added": 2, "copies": 1}
    assert folder.scan() == {"updated": 2, "unchanged": 1}


def test_failures_belong_to_their_last_scan(folder: Folder) -> None:
    """A failure that stays names the newest scan and keeps its first time, also if the file was read again.

    It goes when its file is understood or removed.
    """
    folder.write("a.jpg", b"\xff\xd8\xff\xe0 no image")
    folder.write("b.jpg", "")
    folder.write("c.txt", "fine")
    folder.scan()
    first = folder.lib.failures().set_index("file_path")
    folder.write("a.jpg", b"\xff\xd8\xff\xe0 still no image", LONG_AGO + 10)
    assert folder.scan() == {"updated": 1, "unchanged": 1, "failed": 2}
    second = folder.lib.failures().set_index("file_path")
    newest = str(folder.lib.scans()["id"][0])
    assert set(second["scan_id"]) == {newest} != set(first["scan_id"])
    assert second["created_at"].equals(first["created_at"])
    (folder.root / "a.jpg").unlink()
    folder.write("b.jpg", "not empty", LONG_AGO + 10)
    folder.scan()
    assert folder.lib.failures().empty


def test_swapped_files(folder: Folder) -> None:
    """Two files that swap their names keep their items."""
    folder.write("a.txt", "one")
    folder.write("b.txt", "two", LONG_AGO + 5)
    folder.scan()
    ids = row(folder)["id"], row(folder, "b.txt")["id"]
    (folder.root / "a.txt").rename(folder.root / "x")
    (folder.root / "b.txt").rename(folder.root / "a.txt")
    (folder.root / "x").rename(folder.root / "b.txt")
    folder.scan()
    assert (row(folder)["id"], row(folder, "b.txt")["id"]) == ids[::-1] and len(folder.items()) == 2


def test_first_scan_of_a_folder_is_no_change(folder: Folder) -> None:
    """Files of a folder that was not scanned before are new, but are not changes of another folder's scan."""
    folder.write("one/a.txt", "one")
    folder.scan("one")
    folder.scan("one")
    folder.write("two/b.txt", "two")
    folder.scan("two")
    query = "SELECT count(*) AS n FROM scan_changes"
    assert folder.lib.sql(query, engine="database")["n"].tolist() == [0]
    folder.write("one/c.txt", "three")
    folder.scan("one", "two")
    assert folder.lib.compare(root=str(folder.root / "one"))["file_path"].tolist() == [
        str(folder.root / "one/c.txt")
    ]
