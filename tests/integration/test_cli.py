"""The command line, run as a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(tmp_path):
    """Run mfkit in an empty folder; returns the finished process."""
    environment = {name: value for name, value in os.environ.items() if name != "MFKIT_LIBRARY"}

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mfkit.cli", *arguments], cwd=tmp_path, capture_output=True, text=True,
            env={**environment, **more}, timeout=120,
        )

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.txt").write_text("some text")
    (folder / "b.txt").write_text("some text")
    return folder


def test_scan_and_sizes(run, folder):
    """A scan prints what it found, sizes what there is, down to the sum that find and du give."""
    done = run("scan", "media")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 files" in done.stdout and "1 new, 1 new copies" in done.stdout
    done = run("sizes")
    assert done.returncode == 0
    assert "document" in done.stdout
    assert "2 files with 18 bytes on disk = 1 items (9) + 1 copies (9) + 0 empty" in done.stdout


def test_scan_with_failures_ends_with_1(run, folder):
    """Files that failed are named with the reason, and the exit code tells."""
    (folder / "empty.jpg").touch()
    done = run("scan", "media")
    assert done.returncode == 1
    assert "empty.jpg: The file is empty." in done.stdout


def test_json(run, folder):
    """With --json the output is one JSON document."""
    assert json.loads(run("scan", "media", "--json").stdout)["total"]["files"] == 2
    sizes = json.loads(run("sizes", "--by", "extension", "--json").stdout)
    assert sizes["groups"][0]["extension"] == "txt" and sizes["totals"]["bytes"] == 18


@pytest.mark.parametrize("arguments, words", [
    (("scan", "nowhere"), "nowhere is not there"),
    (("scan", "media", "--library", "media"), "media is a directory"),
    (("sizes", "--library", "nowhere.db"), "mfkit scan FOLDER --library nowhere.db"),
    (("sizes", "--library", "media/a.txt"), "is no SQLite database"),
    (("lab", "--library", "nowhere.db"), "There is no library at nowhere.db"),
    (("demo", "media"), "media"),
    (("sizes", "--library", "mysql://root:secret@host/db"), "not in mysql"),
])
def test_what_cannot_work_ends_with_2(run, folder, arguments, words):
    """Bad input is answered with a line that says what to do, and no traceback."""
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and done.stderr.startswith("mfkit: ") and done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_sizes_by_something_unknown(run, folder):
    """A fact that there is none of is answered with those there are."""
    run("scan", "media")
    done = run("sizes", "--by", "colour")
    assert done.returncode == 2 and "video_codec" in done.stderr


def test_names_cannot_steer_the_terminal(run, folder):
    """Escape sequences and markup in a name are printed as text."""
    (folder / "x\x1b[31m[bold]\n.jpg").touch()
    done = run("scan", "media")
    assert "\x1b" not in done.stdout and "\\x1b[31m[bold]\\n.jpg: The file is empty." in done.stdout


def test_demo_refuses_a_full_folder(run, folder):
    """The demo never writes among files that are there."""
    done = run("demo", "media")
    assert done.returncode == 2
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


def test_db_upgrade_makes_a_library(run, tmp_path):
    """A library that is not there is made."""
    assert run("db", "upgrade", MFKIT_LIBRARY="new/library.db").returncode == 0
    assert (tmp_path / "new" / "library.db").exists()


def test_lab_copies_the_notebooks_once(run, folder, tmp_path):
    """The notebooks lie beside the library, edits are kept, and JupyterLab gets the library's path."""
    run("scan", "media")
    assert run("lab", "--version").returncode == 0
    notebook = tmp_path / "notebooks" / "explore.ipynb"
    notebook.write_text("edited")
    assert run("lab", "--version").returncode == 0
    assert notebook.read_text() == "edited"


@pytest.mark.parametrize("command", ["", "scan", "sizes", "demo", "lab", "db", "db upgrade"])
def test_every_command_explains_itself(run, command):
    """--help names options and says what the command does."""
    done = run(*command.split(), "--help")
    assert done.returncode == 0 and "Usage" in done.stdout


def test_version(run):
    """--version prints the version."""
    import mfkit

    assert run("--version").stdout.strip() == mfkit.__version__
