"""No code of the current folder runs: every command, among modules, templates and configuration.

Each of them leaves a mark when it is run.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import av
import pytest
from PIL import Image

import mfkit
from tests.commands import COMMANDS, examples, in_one_process, outcomes
from tests.servers import Served, app, lab

SERVERS = {"app", "lab"}
WRITTEN = {
    "demo": "media",
    "export": "videos.csv",
    "report": "report.html",
    "publish": "dataset/manifest.json",
    "import": "other.db",
    "db copy": "copy.db",
}
"""Command -> what its example leaves in the current folder."""
CONFIGURATION = [
    f"{name}_config"
    for name in (
        "jupyter",
        "jupyter_server",
        "jupyter_lab",
        "jupyterlab",
        "jupyter_notebook",
        "jupyter_nbconvert",
        "ipython",
        "ipython_kernel",
    )
]


def module_names() -> set[str]:
    """Return every name that could hide a module that mfkit or what it starts imports."""
    own = {path.stem for path in Path(mfkit.__file__).parent.rglob("*.py")} - {"__init__", "__main__"}
    installed = {name for name in packages_distributions() if name.isidentifier()}
    return {
        *sys.stdlib_module_names,
        *installed,
        *own,
        *CONFIGURATION,
        "mfkit",
        "voila",
        "sitecustomize",
        "usercustomize",
        "env",
        "setup",
        "conftest",
    }


def fill_with_traps(folder: Path, marks: Path) -> None:
    """Fill a folder with what may pass for a part of a program; each part leaves a file in ``marks``."""

    def trap(path: str) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        mark = str(marks / path.replace("/", "-"))
        if path.endswith(".j2"):
            file.write_text(f"{{% set x = cycler.__init__.__globals__.os.mkdir({mark!r}) %}}")
        elif path.endswith(".py"):
            file.write_text(f"open({mark!r}, 'w').close()\n")
        else:
            file.write_text(f"#!/bin/sh\n: > '{mark}'\n")
            file.chmod(0o755)

    for name in module_names():
        trap(f"{name}.py")
    for place in (".jupyter", ".ipython/profile_default", "profile_default", "etc/jupyter"):
        for name in CONFIGURATION:
            trap(f"{place}/{name}.py")
        trap(f"{place}/startup/00.py")
    trap("migrations/env.py")
    for template in ("basic", "base", "lab", "classic", "mfkit"):
        for place in ("", "templates/", "nbconvert/templates/", "voila/templates/"):
            for name in ("index", "base", "page", "null", "tree"):
                trap(f"{place}{template}/{name}.html.j2")
    trap("index.html.j2")
    for program in ("python", "python3", "exiftool", "ffprobe", "mediainfo", "chromium", "node", "git"):
        trap(program)
    elsewhere = str(folder / "elsewhere.db")
    (folder / ".env").write_text(f"MFKIT_LIBRARY={elsewhere}\nMFKIT_READ_ONLY=1\n")
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\nprepend_sys_path = .\n")
    (folder / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "migrations"\n')
    (folder / "voila.json").write_text(json.dumps({"VoilaConfiguration": {"template": "trap"}}))
    (folder / "jupyter_config.json").write_text(json.dumps({"ServerApp": {"port": 1}}))


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a few files, and their library."""
    home = tmp_path_factory.mktemp("home")
    pictures = home / "Pictures"
    pictures.mkdir()
    Image.new("RGB", (64, 48), "teal").save(pictures / "beach.jpg")
    with av.open(pictures / "waves.mp4", "w") as film:
        stream = film.add_stream("mpeg4", rate=25, width=64, height=48)
        for _ in range(10):
            film.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        film.mux(stream.encode())
    (pictures / "notes.txt").write_text("some text")
    with mfkit.MediaLibrary(home / "library.db") as lib:
        lib.scan(pictures, progress=False)
        assert lib.failures().empty
        lib.save_filter("videos", media_type="video")
    return home


@pytest.fixture
def folder(scanned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder: a library among traps. At the end, none of them has been run."""
    folder, marks = tmp_path / "downloads", tmp_path / "marks"
    folder.mkdir()
    marks.mkdir()
    fill_with_traps(folder, marks)
    shutil.copyfile(scanned / "library.db", folder / "library.db")
    shutil.copytree(scanned / "Pictures", tmp_path / "home" / "Pictures")
    (folder / "list.csv").write_text("Path,file_size,Notes\n/somewhere/a.jpg,5,mine\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("MFKIT_LIBRARY", "PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    assert sorted(one.name for one in marks.iterdir()) == []


def test_commands(folder: Path) -> None:
    """The examples of all commands do their work, and run nothing of the folder that they are given in."""
    home = os.environ["HOME"]
    lines = [
        [one.replace("~", home) for one in example]
        for name in COMMANDS
        if name not in SERVERS
        for example in examples(name)
    ]
    done = subprocess.run(
        in_one_process(lines),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=800,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    ends = list(zip(lines, outcomes(done.stdout), strict=True))
    assert [(line, *end) for line, end in ends if end.code != 0 or not end.out] == []
    assert [path for path in WRITTEN.values() if not (folder / path).exists()] == []
    (demo,) = (end.out for line, end in ends if line[0] == "demo")
    assert demo.startswith("media: 200 files, ") and "\x1b" not in demo and "4 files are damaged" in demo


def test_the_servers_are_known() -> None:
    """All other commands end by themselves, and print JSON when told to."""
    stops = {name for name, one in COMMANDS.items() if any("--json" in option.opts for option in one.params)}
    assert set(COMMANDS) - stops == SERVERS


def test_the_app(folder: Path) -> None:
    """The app's page shows the explorer: the server, its kernel and its templates are all mfkit's."""
    with contextlib.closing(Served(app(folder), folder)) as served:
        page = served.get("/login")  # which leads on to it
        assert "application/vnd.jupyter.widget-view+json" in page


def test_the_lab(folder: Path) -> None:
    """JupyterLab starts a kernel and converts a notebook with nothing of the folder it was called in."""
    with contextlib.closing(Served(lab(folder), folder)) as served:
        kernel = json.loads(served.get("/api/kernels", {"name": "python3"}))
        assert kernel["id"]
        assert "<h1" in served.get("/nbconvert/html/explore.ipynb")


WORK = """
import mfkit
from mfkit.engines.snapshot import parallel_build

parallel_build.LARGE_LIBRARY = 1
with mfkit.MediaLibrary("library.db") as lib:
    assert lib.summary("media_type").files.sum() > 0
    picture = lib.items(media_type="image").id.iloc[0]
    assert lib.thumbnail(picture).startswith(b"\\xff\\xd8")
print("done")
"""


def test_processes_of_a_script(folder: Path) -> None:
    """The processes for a large library's snapshot and for thumbnails run nothing of the folder either."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", WORK], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.stdout == "done\n", done.stderr


def test_children_import_the_same_mfkit(scanned: Path, tmp_path: Path) -> None:
    """A package that is not installed, but found by its path, starts processes of the same package."""
    shutil.copytree(Path(mfkit.__file__).parent, tmp_path / "elsewhere" / "mfkit")
    worker = tmp_path / "elsewhere" / "mfkit" / "scan" / "workers" / "worker_main.py"
    worker.write_text(
        worker.read_text("utf-8").replace("    answer_requests(_answer)", "    raise SystemExit(7)")
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'elsewhere')!r}); import asyncio\n"
        "from mfkit.scan.workers.worker_supervisor import WorkerProcess\n"
        "asyncio.run(WorkerProcess.start(0, 1.0))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert "exited during startup (exit code 7)" in done.stderr
