"""Scans of a locked database, with a full disk, or of files that change."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest

import mfkit
from mfkit.errors import MfkitError, ScanRunningError
from tests.full_disk import run_with_full_disk
from tests.samples import new_library


def test_a_scan_waits_for_a_locked_database(tmp_path, demo):
    """A scan waits for another program's write longer than one busy timeout."""
    with mfkit.MediaLibrary(tmp_path / "library.db", busy_timeout=0.5) as library:
        library.scan(demo / "Music", progress=False)
        other = sqlite3.connect(tmp_path / "library.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(2.0, other.rollback)
        timer.start()
        total = library.scan(demo, progress=False).total
        timer.join()
        other.close()
        assert total.files == 200


def test_a_second_scan_is_rejected(tmp_path, demo):
    """The second of two scans of one library raises an error, and the first continues."""
    script = (
        "import sys, mfkit\n"
        f"library = mfkit.MediaLibrary({str(tmp_path / 'library.db')!r})\n"
        "from filelock import FileLock\n"
        f"with FileLock({str(tmp_path / 'library.db.scan-lock')!r}):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(ScanRunningError, match="Another scan of .*library.db is running"):
            library.scan(demo, progress=False)
        holder.kill()  # a process that dies holds no lock
        holder.communicate()
        assert library.scan(demo, progress=False).total.files == 200


def test_a_full_disk(tmp_path, demo):
    """The scan raises an error; committed files are kept, and the next scan reads the rest."""
    with new_library(tmp_path / "library.db"):
        size = (tmp_path / "library.db").stat().st_size
    script = (
        "import mfkit\n"
        f"fill_disk({size} + 50_000)\n"
        f"library = mfkit.MediaLibrary({str(tmp_path / 'library.db')!r})\n"
        "try:\n"
        f"    library.scan({str(demo)!r}, progress=False)\n"
        "except mfkit.MfkitError as error:\n"
        "    print(error)\n"
    )
    done = run_with_full_disk(script)
    assert str(tmp_path / "library.db") in done.stdout and "disk" in done.stdout, done.stderr
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        assert library.sql("SELECT count(*) AS n FROM scans WHERE status = 'finished'").n[0] == 0
        assert library.scan(demo, progress=False).total.files == 200
        assert library.totals().files[0] == 200


def test_a_file_that_vanishes(tmp_path, monkeypatch):
    """A file that is removed between the walk and the read is a failure."""
    from mfkit.scan.inspect_file import inspect_file
    from mfkit.scan.walk import to_candidate

    gone = inspect_file(to_candidate((str(tmp_path / "gone.jpg"), 5, 0, None)))
    assert (gone.stage, gone.file_hash) == ("read", None)
    assert gone.error is not None and "No such file" in gone.error


def test_a_file_that_changes_while_it_is_read(tmp_path):
    """It is a failure, because its hash would belong to neither version."""
    from mfkit.scan.inspect_file import inspect_file
    from mfkit.scan.walk import to_candidate

    path = tmp_path / "growing.log"
    path.write_text("longer than listed")
    changed = inspect_file(to_candidate((str(path), 5, 0, None)))
    assert (
        changed.file_hash is None and changed.error == "The file changed while it was being read. Scan again."
    )


def test_a_read_only_library(tmp_path, demo):
    """A scan into a read-only library raises an error."""
    with new_library(tmp_path / "library.db"):
        pass
    with mfkit.MediaLibrary(tmp_path / "library.db", read_only=True) as library:
        with pytest.raises(MfkitError, match="is read-only"):
            library.scan(demo, progress=False)
