"""Commands on real files: scan, sizes, demo, lab, app and cache."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mfkit.cli.lab_and_app import wait_until_ready
from mfkit.errors import MfkitError
from tests.commands import call


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Call mfkit in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MFKIT_LIBRARY", raising=False)
    return functools.partial(call, capsys)


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.txt").write_text("some text")
    (folder / "b.txt").write_text("some text")
    return folder


def test_scan_and_sizes(run, folder):
    """A scan prints its counts, and sizes adds up to the totals on disk."""
    done = run("scan", "media")
    assert (done.code, done.err) == (0, "")
    assert "2 files" in done.out and "1 added, 1 new copy" in done.out
    done = run("sizes")
    assert done.code == 0
    assert "document" in done.out
    assert (
        "On disk: 2 files, 18 bytes = 1 item (9 bytes) + 1 copy (9 bytes) + 0 empty or unreadable" in done.out
    )


def test_scan_with_failures_ends_with_1(run, folder):
    """Failed files are listed with the reason, and the exit code is 1."""
    (folder / "empty.jpg").touch()
    done = run("scan", "media")
    assert done.code == 1
    assert "empty.jpg: The file is empty." in done.out


def test_json_output(run, folder):
    """With --json the output is a single JSON document."""
    assert json.loads(run("scan", "media", "--json").out)["total"]["files"] == 2
    sizes = json.loads(run("sizes", "--by", "extension", "--json").out)
    assert sizes["groups"][0]["extension"] == "txt" and sizes["totals"]["bytes"] == 18


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("scan", "nowhere"), "nowhere does not exist"),
        (("scan", "media", "--library", "media"), "media is a directory"),
        (("sizes", "--library", "nowhere.db"), "mfkit scan FOLDER --library nowhere.db"),
        (("sizes", "--library", "media/a.txt"), "is not a SQLite database"),
        (("lab", "--library", "nowhere.db"), "No library found at nowhere.db"),
        (("app", "nowhere.db"), "No library found at nowhere.db"),
        (("demo", "media"), "media"),
        (("sizes", "--library", "mysql://root:secret@host/db"), "cannot be stored in mysql"),
    ],
)
def test_invalid_arguments_end_with_2(run, folder, arguments, words):
    """Invalid arguments cause exit code 2 and one line of advice without traceback and password."""
    done = run(*arguments)
    assert done.code == 2
    assert words in done.err and done.err.startswith("mfkit: ") and done.err.count("\n") == 1
    assert "secret" not in done.err


def test_unknown_dimension_lists_the_known_ones(run, folder):
    """An unknown dimension is answered with the list of dimensions."""
    run("scan", "media")
    done = run("sizes", "--by", "colour")
    assert done.code == 2 and "video_codec" in done.err


def test_control_characters_in_names_are_escaped(run, folder):
    """Escape codes and markup in a name are printed as text."""
    (folder / "x\x1b[31m[bold]\n.jpg").touch()
    done = run("scan", "media")
    assert "\x1b" not in done.out and "\\x1b[31m[bold]\\n.jpg: The file is empty." in done.out


def test_demo_rejects_a_folder_with_files(run, folder):
    """The demo library is never written to a folder with files."""
    done = run("demo", "media")
    assert done.code == 2
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


def test_db_upgrade_creates_a_library(run, tmp_path, monkeypatch):
    """A missing library is created."""
    monkeypatch.setenv("MFKIT_LIBRARY", "new/library.db")
    assert run("db", "upgrade").code == 0
    assert (tmp_path / "new" / "library.db").exists()


def test_lab_copies_the_notebooks_once(run, folder, tmp_path):
    """The notebooks are copied beside the library, and edited copies are kept."""
    run("scan", "media")
    assert run("lab", "--version").code == 0
    notebook = tmp_path / "notebooks" / "explore.ipynb"
    notebook.write_text("edited")
    assert run("lab", "--version").code == 0
    assert notebook.read_text() == "edited"


def test_cache_is_listed_and_cleared(run, tmp_path, monkeypatch):
    """Snapshots, also unreadable ones, are listed and cleared for one library or all; libraries are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    for name in ("one.db", "two.db"):
        assert run("db", "upgrade", "-l", name).code == 0
        assert run("sizes", "-l", name).code == 0
    kept = json.loads(run("cache", "list", "--json").out)
    assert sorted(one["library"] for one in kept) == [str(tmp_path / name) for name in ("one.db", "two.db")]
    shown = run("cache", "list").out
    assert "one.db" in shown and "2 snapshots" in shown
    cleared = run("cache", "clear", "one.db", "--json")
    assert json.loads(cleared.out)["freed"] > 0
    (left,) = json.loads(run("cache", "list", "--json").out)
    assert left["library"] == str(tmp_path / "two.db")
    Path(left["path"], "manifest.json").write_text("{")
    assert "(unreadable)" in run("cache", "list").out
    assert "freed" in run("cache", "clear").out
    assert json.loads(run("cache", "list", "--json").out) == []
    assert (tmp_path / "one.db").exists() and (tmp_path / "two.db").exists()


def test_version(run):
    """--version prints the version."""
    import mfkit

    assert run("--version").out.strip() == mfkit.__version__


def test_app_reports_missing_voila_and_used_ports(run, folder, monkeypatch):
    """Without Voilà the error names the command that installs it, and a used port is reported."""
    run("scan", "media")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("app", "library.db", "--no-browser", "--port", port)
    assert done.code == 2 and f"Port {port} is in use" in done.err
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "voila" else found(name, *more)
    )
    done = run("app", "library.db", "--no-browser")
    assert done.code == 2 and "pip install 'mfkit[app]'" in done.err


def test_another_server_is_not_mistaken_for_the_app():
    """If another server has the port, the start of the app fails."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        ending = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"])
        with pytest.raises(MfkitError, match="did not start"):
            wait_until_ready(ending, other.server_port, "token")
        other.shutdown()
    assert ending.wait(20) == 0


def test_commands_run_as_a_process(tmp_path):
    """A process prints results on standard output and errors as one line, and sets the exit code."""
    environment = {name: value for name, value in os.environ.items() if name != "MFKIT_LIBRARY"}
    for arguments, code, out, err in (
        (("db", "upgrade"), 0, "library.db is up to date\n", ""),
        (("items", "--json"), 0, "[]\n", ""),
        (("items", "--library", "nowhere.db"), 2, "", "mfkit: No library found at nowhere.db"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "mfkit.cli", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
        )
        assert (done.returncode, done.stdout) == (code, out) and done.stderr.startswith(err)
