"""Scans of a folder that changes: whatever happens to the files, the library says what is there."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import mfkit
from mfkit.models import MediaCopy, MediaItem

NAMES = ["a.txt", "b.txt", "d/a.txt", "d/c.txt", "e/f/a.txt", "d.txt"]
CONTENTS = ["one", "two", "three", "four"]
LONG_AGO = 1_500_000_000

steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(CONTENTS)),
    st.tuples(st.just("remove"), st.sampled_from(NAMES)),
    st.tuples(st.just("move"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("swap"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("copy"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("touch"), st.sampled_from(NAMES)),
    st.tuples(st.just("scan")),
)


class Folder:
    """A folder whose files change; every change gets a modification time of its own, long ago."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = LONG_AGO

    def stamp(self, path: Path) -> None:
        self.clock += 10
        os.utime(path, (self.clock, self.clock))

    def apply(self, step: tuple[str, ...]) -> None:
        kind, *names = step
        path = self.root / names[0]
        if kind == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(names[1])
            self.stamp(path)
        elif kind == "remove":
            path.unlink(missing_ok=True)
        elif kind == "touch" and path.exists():
            self.stamp(path)
        elif kind in ("move", "copy", "swap") and path.exists() and names[0] != names[1]:
            other = self.root / names[1]
            other.parent.mkdir(parents=True, exist_ok=True)
            if kind == "copy":
                shutil.copy2(path, other)
            elif kind == "move":
                path.replace(other)
            elif other.exists():
                aside = self.root / "aside"
                path.replace(aside)
                other.replace(path)
                aside.replace(other)

    def contents(self) -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def sizes(self) -> dict[str, tuple[str, int]]:
        return {path: (hash_, os.path.getsize(path)) for path, hash_ in self.contents().items()}


def differing(
    before: dict[str, tuple[str, int]], after: dict[str, tuple[str, int]]
) -> list[tuple[object, ...]]:
    """Return what compare() should say: kind, path, old path, and the difference in bytes."""
    rows: list[tuple[object, ...]] = []
    gone = sorted(before.keys() - after.keys())
    for path in sorted(after.keys() - before.keys()):
        old = next((one for one in gone if before[one][0] == after[path][0]), None)
        if old is None:
            rows.append(("added", path, None, after[path][1]))
        else:
            gone.remove(old)
            rows.append(("moved", path, old, 0))
    rows += [("removed", path, None, -before[path][1]) for path in gone]
    for path in before.keys() & after.keys():
        if before[path] != after[path]:
            by = after[path][1] - before[path][1]
            rows.append(("grown" if by > 0 else "shrunk" if by < 0 else "edited", path, None, by))
    return sorted(rows, key=str)


def compared(library: mfkit.MediaLibrary, earlier: str, later: str) -> list[tuple[object, ...]]:
    """Return what compare() says."""
    frame = library.compare(earlier, later)
    return sorted((
        (row.change, row.file_path, None if pd.isna(row.old_path) else row.old_path, row.bytes)
        for row in frame.itertuples()
    ), key=str)


def contents(library: mfkit.MediaLibrary) -> dict[str, str]:
    """Return path -> hash of everything that the library says is there; a path twice is an error."""
    items = select(MediaItem.file_path, MediaItem.file_hash).where(MediaItem.missing_since.is_(None))
    copies = (
        select(MediaCopy.file_path, MediaItem.file_hash)
        .join(MediaItem, MediaItem.id == MediaCopy.media_item_id)
        .where(MediaCopy.missing_since.is_(None), MediaItem.missing_since.is_(None))
    )
    rows = [
        (row.file_path, row.file_hash)
        for statement in (items, copies)
        for row in library.frame(statement).itertuples()
    ]
    paths = [path for path, _ in rows]
    assert len(paths) == len(set(paths))
    return dict(rows)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=1, max_size=25))
def test_any_history_of_changes(tmp_path_factory, history):
    """After a scan the library holds exactly the paths and contents on disk, and no row is ever lost.

    What compare() says of two scans is what differs between the folder then and the folder now.
    """
    base = tmp_path_factory.mktemp("rescan")
    folder = Folder(base / "media")
    folder.root.mkdir()
    (folder.root / "always.txt").write_text("always here")
    folder.stamp(folder.root / "always.txt")
    seen: set[str] = set()
    states: list[dict[str, tuple[str, int]]] = []
    with mfkit.MediaLibrary(base / "library.db") as library:
        for step in [*history, ("scan",)]:
            if step[0] != "scan":
                folder.apply(step)
                continue
            library.scan(folder.root, progress=False)
            assert contents(library) == folder.contents()
            states.append(folder.sizes())
            ids = set(library.items(missing=None).id)
            assert seen <= ids
            seen = ids
        again = library.scan(folder.root, progress=False).total
        assert again.unchanged == again.files == len(folder.contents())
        assert library.compare().empty
        scans = [str(one) for one in library.scans()["id"]][::-1]
        for earlier, later in {(0, len(states) - 1), (len(states) - 2, len(states) - 1)}:
            if 0 <= earlier < later:
                assert compared(library, scans[earlier], scans[later]) == differing(
                    states[earlier], states[later]
                )
        hashes = library.items(missing=None).file_hash
        assert hashes.is_unique


def test_a_folder_whose_name_only_begins_alike(tmp_path):
    """To scan ``photos`` says nothing of ``photos-old`` and ``photos 2``, whose paths sort close by."""
    for name in ("photos", "photos-old", "photos 2", "photos0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note.txt").write_text(name)
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        library.scan(*tmp_path.glob("photos*"), progress=False)
        total = library.scan(tmp_path / "photos", progress=False).total
        assert (total.files, total.missing) == (1, 0)
        assert library.count(missing=True) == 0
