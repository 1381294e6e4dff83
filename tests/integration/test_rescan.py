"""Scans of a folder that changes: whatever happens to the files, the library says what is there."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import mfkit
from mfkit.models import MediaCopy, MediaItem, collection_items, media_tags
from tests.examples import examples
from tests.frame_comparison import assert_same_frame
from tests.samples import new_library

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
    return sorted(
        (
            (row.change, row.file_path, None if pd.isna(row.old_path) else row.old_path, row.bytes)
            for row in frame.itertuples()
        ),
        key=str,
    )


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


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    with new_library(base / "library.db") as library:
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


HISTORIES = {"sqlite": examples(25), "postgresql": examples(10)}
"""How many histories are tried on each kind of database. On PostgreSQL each takes ten times as long."""
ROOTS = ["one", "two"]
FILES = [f"{root}/{name}" for root in ROOTS for name in ("a.txt", "b.txt", "c.txt")]
SMALL = CONTENTS[:3]

# To overwrite is to write: the original of copies, a copy, or a file that has none.
changes = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(FILES), st.sampled_from(SMALL)),
    st.tuples(st.just("copy"), st.sampled_from(FILES), st.sampled_from(FILES)),
    st.tuples(st.just("move"), st.sampled_from(FILES), st.sampled_from(FILES)),
    st.tuples(st.just("swap"), st.sampled_from(FILES), st.sampled_from(FILES)),
    st.tuples(st.just("remove"), st.sampled_from(FILES)),
    st.tuples(st.just("touch"), st.sampled_from(FILES)),
)
rounds = st.tuples(
    st.lists(changes, max_size=3), st.sampled_from([("one",), ("two",), ("one", "two"), ("one", "two")])
)
BOTH = ("one", "two")


@dataclass
class Known:
    """What the library says: the content of each item, its own path if it is there, and of each path."""

    hashes: dict[str, str] = field(default_factory=dict)
    own_paths: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """One reading process for all scans: to start one takes longer than to scan these folders."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


class TestNothingIsLostByAScan:
    """The README's promise of that name: whatever happens to the files, no item, tag or collection goes."""

    @pytest.fixture
    def new_library(
        self, backend: str, request: pytest.FixtureRequest, tmp_path: Path
    ) -> Callable[[], AbstractContextManager[mfkit.MediaLibrary]]:
        """Open a library without items, as often as it is called."""
        numbers = count()

        @contextmanager
        def on_sqlite() -> Iterator[mfkit.MediaLibrary]:
            path = tmp_path / f"{next(numbers)}.db"
            shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
            with mfkit.MediaLibrary(path, engine="database") as library:
                yield library
            path.unlink()

        @contextmanager
        def on_postgresql() -> Iterator[mfkit.MediaLibrary]:
            server = request.getfixturevalue("postgres_server")
            name = server.create(request.getfixturevalue("_postgres_template"))
            with mfkit.MediaLibrary(server.url(name), engine="database") as library:
                yield library
            server.drop(name)

        return on_sqlite if backend == "sqlite" else on_postgresql

    @pytest.fixture
    def budget(self, backend: str) -> Iterator[int]:
        """Count the histories that are tried."""
        return iter(range(HISTORIES[backend]))

    @settings(
        max_examples=max(HISTORIES.values()),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(rounds, min_size=10, max_size=14))
    # A missing item holds the path of the copy that becomes another item's own path.
    @example(
        [
            ([("write", "one/a.txt", "one"), ("write", "one/b.txt", "two")], BOTH),
            ([("copy", "one/a.txt", "one/b.txt")], BOTH),
            ([("remove", "one/a.txt")], BOTH),
        ]
    )
    # A copy comes back whose item is still missing.
    @example(
        [
            ([("write", "one/a.txt", "one"), ("copy", "one/a.txt", "one/b.txt")], BOTH),
            ([("move", "one/b.txt", "aside")], BOTH),
            ([("remove", "one/a.txt")], BOTH),
            ([("move", "aside", "one/b.txt")], BOTH),
        ]
    )
    # The copy that an item lives on as was overwritten, and the item's content moved elsewhere.
    @example(
        [
            ([("write", "one/a.txt", "one"), ("copy", "one/a.txt", "two/b.txt")], BOTH),
            ([("move", "one/a.txt", "two/c.txt"), ("write", "two/b.txt", "two")], BOTH),
        ]
    )
    # An item gives up its path for a copy's, at which another item went missing.
    @example(
        [
            ([("write", "one/a.txt", "one"), ("write", "one/b.txt", "two")], BOTH),
            ([("copy", "one/a.txt", "one/b.txt")], BOTH),
            ([("write", "one/a.txt", "three")], BOTH),
        ]
    )
    # The content of an item that was edited appears at another item's path.
    @example(
        [
            ([("write", "one/a.txt", "one"), ("write", "one/b.txt", "three")], BOTH),
            ([("swap", "one/a.txt", "one/b.txt"), ("write", "one/a.txt", "two")], BOTH),
        ]
    )
    def test_any_history(self, tmp_path_factory, new_library, executor, budget, history):
        """After each scan the library holds what is on disk, and every item its tag, collection and content.

        An item changes its content only when its own file is edited: the content at its path is one that
        the library did not know. To scan once more changes nothing.
        """
        if next(budget, None) is None:
            return
        base = tmp_path_factory.mktemp("history")
        folder = Folder(base)
        for root in ROOTS:
            (base / root).mkdir()
            (base / root / "always.txt").write_text(f"always in {root}")
            folder.stamp(base / root / "always.txt")
        with new_library() as library:
            before = Known()
            for steps_, roots in history:
                for step in steps_:
                    folder.apply(step)
                before = self.scan(library, folder, roots, executor, before)
            before = self.scan(library, folder, BOTH, executor, before)
            self.check_counts(library, folder, before)
            rows = library.items(missing=None, order_by="id")
            again = library.scan(*(base / root for root in BOTH), executor=executor, progress=False).total
            assert again.unchanged == again.files == len(folder.contents())
            assert again.missing == 0
            assert_same_frame(library.items(missing=None, order_by="id"), rows)
            assert known(library) == before
        shutil.rmtree(base)

    def scan(
        self,
        library: mfkit.MediaLibrary,
        folder: Folder,
        roots: tuple[str, ...],
        executor: Executor,
        before: Known,
    ) -> Known:
        """Scan, compare with the disk and with what the library said before, and label what is new."""
        total = library.scan(*(folder.root / root for root in roots), executor=executor, progress=False).total
        below = tuple(f"{folder.root / root}/" for root in roots)
        on_disk = {path: hash_ for path, hash_ in folder.contents().items() if path.startswith(below)}
        after = known(library)
        assert {path: one for path, one in after.files.items() if path.startswith(below)} == on_disk
        assert total.files == len(on_disk)
        assert total.added + total.updated + total.moved + total.copies + total.unchanged == total.files
        assert before.hashes.keys() <= after.hashes.keys()
        assert len(set(after.hashes.values())) == len(after.hashes)
        for id_, hash_ in before.hashes.items():
            if after.hashes[id_] != hash_:
                assert after.hashes[id_] not in before.hashes.values()
                assert on_disk[before.own_paths[id_]] == after.hashes[id_]
        if new := sorted(after.hashes.keys() - before.hashes.keys()):
            library.tag(new, "seen")
            library.add_to("kept", new)
        for links in (media_tags, collection_items):
            linked = library.frame(select(links.c.media_item_id)).media_item_id
            assert set(map(str, linked)) == after.hashes.keys()
        return after

    def check_counts(self, library: mfkit.MediaLibrary, folder: Folder, now: Known) -> None:
        """Compare what the library counts with the disk."""
        sizes = folder.sizes().values()
        contents_ = {hash_ for hash_, _ in sizes}
        totals = library.totals().iloc[0]
        assert (totals.files, totals.bytes) == (len(sizes), sum(size for _, size in sizes))
        assert (totals["items"], totals["copies"]) == (len(contents_), len(sizes) - len(contents_))
        assert library.count() == len(contents_)
        assert library.count(missing=True) == len(now.hashes) - len(contents_)


def known(library: mfkit.MediaLibrary) -> Known:
    """Return what the library says."""
    items = library.frame(select(MediaItem.id, MediaItem.file_hash, MediaItem.file_path))
    ids = [str(one) for one in items.id]
    return Known(
        dict(zip(ids, items.file_hash, strict=True)),
        dict(zip(ids, items.file_path, strict=True)),
        contents(library),
    )
