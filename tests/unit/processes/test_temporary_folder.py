"""Temporary folders: removed in time, and after a kill by the next process that makes one."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfkit.processes.temporary_folder import TemporaryFolder

LONG_AGO = 1_500_000_000
HOLD = """
import sys
from mfkit.processes.temporary_folder import TemporaryFolder
folder = TemporaryFolder("held")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files, of this test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Another process, which holds a folder."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def held(holder: subprocess.Popen[str]) -> Path:
    """Return that folder, made to look old."""
    assert holder.stdout is not None
    path = Path(holder.stdout.readline().strip())
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_folder_is_removed_at_the_end(temporary: Path) -> None:
    """The folder and what is in it go with the block, or with the object."""
    with TemporaryFolder("test") as folder:
        (folder.path / "file").write_text("text")
        assert folder.path.parent == temporary
    kept = TemporaryFolder("test")
    assert kept.path.is_dir()
    del kept
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_folder_of_a_killed_process_is_removed(holder: subprocess.Popen[str]) -> None:
    """The next folder's process removes what a killed one left."""
    path = held(holder)
    holder.kill()
    holder.wait()
    assert path.is_dir()
    with TemporaryFolder("test"):
        assert not path.exists()


def test_folder_of_a_running_process_is_kept(holder: subprocess.Popen[str]) -> None:
    """A folder in use stays, however old it is."""
    path = held(holder)
    with TemporaryFolder("test"):
        assert path.is_dir()


def test_folders_of_other_users_are_kept(temporary: Path) -> None:
    """Folders that only look alike stay: without a lock, or behind a link."""
    (temporary / "mfkit-cache-abc").mkdir()
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere" / ".mfkit-lock").touch()
    (temporary / "mfkit-link-abc").symlink_to(temporary / "elsewhere")
    for name in ("mfkit-cache-abc", "mfkit-link-abc", "elsewhere"):
        os.utime(temporary / name, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    with TemporaryFolder("test"):
        assert (temporary / "mfkit-cache-abc").is_dir() and (temporary / "mfkit-link-abc").is_symlink()
        assert (temporary / "elsewhere" / ".mfkit-lock").exists()
