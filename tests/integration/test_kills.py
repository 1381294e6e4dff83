"""Work that is killed at a random time leaves a sound library, and running it again finishes the work.

``MFKIT_KILLS`` sets how often each kind of work is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

import mfkit
from mfkit.engines.snapshot import parallel_build

KILLS = int(os.environ.get("MFKIT_KILLS", "2"))
IN_A_ROW = 10
"""Kills before the work is run to its end and compared. Then the test starts from the beginning."""
ROWS = 2_000
UNSWEPT = re.compile(r"\.part(-wal|-shm)?$|^mfkit-\w{8}$")
"""Files of killed exports and folders of workbooks. The next export removes only old ones."""
LINGER = 60.0
"""Seconds that a child process may outlive its parent, even on a busy machine."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


def scan(folder: Path) -> None:
    """Scan the demo's files."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.scan(folder.parent / "media", workers=2, progress=False)


def import_whole(folder: Path) -> None:
    """Import all rows in one transaction."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.ingest(folder.parent / "rows.csv", progress=False)


def import_by_batches(folder: Path) -> None:
    """Import in one transaction per batch."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.ingest(folder.parent / "rows.csv", on_error="collect", progress=False)


def export(folder: Path) -> None:
    """Replace a file of each kind."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        for ending in ("csv", "parquet", "jsonl", "xlsx", "db"):
            library.export(folder / f"items.{ending}", overwrite=True, progress=False)


def build_snapshot(folder: Path) -> None:
    """Build the snapshot in this process."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.refresh()


def build_snapshot_apart(folder: Path) -> None:
    """Build the snapshot in a process of its own, as for a large library."""
    parallel_build.LARGE_LIBRARY = 1
    build_snapshot(folder)


def catch_up(folder: Path) -> None:
    """Query a library that has changed since its snapshot was built."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.count()


def publish(folder: Path) -> None:
    """Publish the library."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.publish(folder / "dataset")


def publish_up_to_the_manifest(folder: Path) -> None:
    """Publish the library, and be killed before its manifest is renamed into place."""
    rename = os.replace

    def kill_before(source: Path, target: Path) -> None:
        if target == folder / "dataset" / "manifest.json":
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, target)

    os.replace = kill_before  # type: ignore[assignment]  # this process ends with it
    publish(folder)


def tag(folder: Path) -> None:
    """Put tags on items and items into a collection."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        for number in range(20):
            library.tag(mfkit.MediaFilter(text=f"{number}.jpg"), f"tag {number}", "all")
        library.add_to("collection", mfkit.MediaFilter(tags="tag 1"))


def touch(folder: Path) -> None:
    """Change every item, so that the next run has something to write."""
    with mfkit.MediaLibrary(folder / "library.db") as library:
        library.tag(mfkit.MediaFilter(), "touched")


Work = Callable[[Path], None]


def run(work: Work, folder: Path) -> None:
    """Do the work in a session, a cache and a temporary folder of its own."""
    os.setsid()
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    os.environ["TMPDIR"] = str(folder / "tmp")
    tempfile.tempdir = None
    work(folder)


def start(work: Work, folder: Path) -> BaseProcess:
    """Start the work in a fork of a process that has imported everything, to save its imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "alembic.command", "mfkit.scan.scanner"])
    child = context.Process(target=run, args=(work, folder))
    child.start()
    return child


def finish(work: Work, folder: Path) -> float:
    """Run the work to its end and return how many seconds it took."""
    child = start(work, folder)
    started = time.monotonic()
    child.join(600)
    assert child.exitcode == 0
    return time.monotonic() - started


def members(session: int) -> list[int]:
    """Return the processes of a session that have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, of = (process / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(of) == session and state != "Z":
            found.append(int(process.name))
    return found


def check_sound(file: Path) -> None:
    """Let SQLite check a database."""
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def check_exports(folder: Path) -> None:
    """Check that every exported file is whole, whether the old or the new one."""
    for path in folder.glob("items.*"):
        match path.suffix:
            case ".csv" | ".jsonl":
                assert path.read_text() == "old" or path.read_text().count("\n") >= ROWS
            case ".parquet" if path.read_bytes() != b"old":
                assert pyarrow.parquet.read_table(path).num_rows == ROWS
            case ".xlsx" if path.read_bytes() != b"old":
                openpyxl.load_workbook(path, read_only=True).close()
            case ".db" if path.read_bytes() != b"old":
                check_sound(path)


def content(file: Path) -> dict[str, list[Any]]:
    """Return the content of a library without ids and timestamps."""
    connection = sqlite3.connect(file)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(media)")]
    told = [one for one in columns if one not in ("id", "created_at", "modified_at", "last_scanned_at")]
    questions = {
        "media": f"SELECT {', '.join(told)} FROM media ORDER BY file_path",
        "copies": "SELECT c.file_path, m.file_path FROM media_copies c JOIN media_items m "
        "ON m.id = c.media_item_id ORDER BY 1",
        "tags": "SELECT file_path, name FROM media_tags t JOIN media_items m ON m.id = t.media_item_id "
        "JOIN tags ON tags.id = t.tag_id ORDER BY 1, 2",
        "names": "SELECT name FROM tags ORDER BY 1",
        "collected": "SELECT file_path, name FROM collection_items t JOIN media_items m "
        "ON m.id = t.media_item_id JOIN collections c ON c.id = t.collection_id ORDER BY 1",
        "failures": "SELECT file_path, stage, error FROM scan_failures ORDER BY 1",
        "unfinished": "SELECT root FROM scans WHERE status = 'running'",
        "search": "SELECT count(*) FROM media_search",
    }
    said = {name: connection.execute(question).fetchall() for name, question in questions.items()}
    connection.close()
    return said


def answers(folder: Path) -> list[Any]:
    """Return results from the snapshot and the published dataset, and the exported files."""
    statement = "SELECT count(*) AS n, sum(file_size) AS bytes, max(file_path) AS last FROM media"
    with mfkit.MediaLibrary(folder / "library.db") as library:
        said: list[Any] = [library.sql(statement).to_dict()]
        said.append(library.sql(statement, engine="database").to_dict())
    if (folder / "dataset").exists():
        with mfkit.MediaLibrary.from_dataset(folder / "dataset") as published:
            said.append(published.sql(statement).to_dict())
    said += [path.read_bytes() for path in (folder / "items.csv", folder / "items.jsonl") if path.exists()]
    said += [content(path) for path in folder.glob("items.db")]
    return said


def left(folder: Path) -> dict[str, int]:
    """Count the files by their names without random parts."""
    found: dict[str, int] = {}
    for path in folder.rglob("*"):
        if any(UNSWEPT.search(part) for part in path.relative_to(folder).parts):
            continue
        name = re.sub(r"-?[0-9a-f]{12,}", "-random", str(path.relative_to(folder)))
        found[name] = found.get(name, 0) + 1
    return found


def age(folder: Path) -> None:
    """Make files that no manifest names so old that the next writer removes them."""
    named = "".join(path.read_text() for path in folder.rglob("manifest.json"))
    for path in (*(folder / "cache").rglob("*"), *(folder / "dataset").rglob("*")):
        if path.is_file() and path.name not in named:
            os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 7 * 86400 * 10**9))


def end_state(work: Work, folder: Path) -> tuple[Any, ...]:
    """Run the work to its end, and again after a change, and return the resulting content and files."""
    finish(work, folder)
    first = content(folder / "library.db"), answers(folder)
    age(folder)
    finish(touch, folder)
    finish(work, folder)
    check_sound(folder / "library.db")
    return *first, content(folder / "library.db"), answers(folder), left(folder)


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files to scan, a table to import, and the initial states of the tests."""
    place = tmp_path_factory.mktemp("kills")
    (place / "media").symlink_to(demo)
    with (place / "rows.csv").open("w") as file:
        file.write("file_path,file_size,title,width,height,latitude,longitude\n")
        for number in range(ROWS):
            file.write(f"/photos/{number % 40}/{number}.jpg,{number + 1},Title {number},800,600,45.5,-73.5\n")
    folder = place / "work"
    (folder / "tmp").mkdir(parents=True)
    shutil.copytree(folder, place / "empty")
    finish(import_whole, folder)
    shutil.copytree(folder, place / "filled")
    shutil.copytree(folder, place / "exported")
    for ending in ("csv", "parquet", "jsonl", "xlsx", "db"):
        (place / "exported" / f"items.{ending}").write_text("old")
    finish(publish, folder)
    finish(tag, folder)
    shutil.copytree(folder, place / "published")
    return place


@pytest.mark.parametrize(
    "work, beginning",
    [
        (scan, "empty"),
        (import_whole, "empty"),
        (import_by_batches, "empty"),
        (export, "exported"),
        (build_snapshot, "filled"),
        (build_snapshot_apart, "filled"),
        (catch_up, "published"),
        (publish, "published"),
        (tag, "filled"),
    ],
)
def test_killed_at_a_random_time(place: Path, work: Work, beginning: str) -> None:
    """The library stays sound, and the next run has the result of an undisturbed one, without other files."""
    folder, draw = place / "work", random.Random(1)

    def begin_again() -> None:
        shutil.rmtree(folder)
        shutil.copytree(place / beginning, folder)

    begin_again()
    expected = end_state(work, folder)
    begin_again()
    took = finish(work, folder)
    kills = attempts = 0
    begin_again()
    while kills < KILLS:
        attempts += 1
        assert attempts < 20 * KILLS, "it ends before it is killed"
        child = start(work, folder)
        time.sleep(draw.uniform(0, took))
        child.kill()
        child.join()
        assert child.pid is not None and child.exitcode in (0, -signal.SIGKILL)
        deadline = time.monotonic() + LINGER
        while members(child.pid):
            assert time.monotonic() < deadline, "its children live on"
            time.sleep(0.02)
        if (folder / "library.db").exists():
            check_sound(folder / "library.db")
        check_exports(folder)
        if child.exitcode == 0:
            begin_again()
            continue
        kills += 1
        if kills % IN_A_ROW == 0 or kills == KILLS:
            assert end_state(work, folder) == expected
            begin_again()


def test_killed_before_the_manifest_is_renamed(place: Path) -> None:
    """After a publication is killed at its last step, the next one leaves no unfinished manifest."""
    folder = place / "work"
    states = []
    for killed in (False, True):
        shutil.rmtree(folder)
        shutil.copytree(place / "published", folder)
        if killed:
            child = start(publish_up_to_the_manifest, folder)
            child.join()
            assert child.exitcode == -signal.SIGKILL
        states.append(end_state(publish, folder))
    assert states[0] == states[1]
