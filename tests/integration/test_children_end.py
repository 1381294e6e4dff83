"""Processes that mfkit starts end with it, however it ends, and leave no temporary folder."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path

import psutil
import pytest
from PIL import Image

import mfkit
from tests.servers import PATIENCE, Served, app, lab

# Every process that starts with it hangs in the middle of its work.
HANG = """
import os, sys

def hang(*_, **__):
    open(os.environ["HANGS"], "w").close()
    while True:
        pass

if "mfkit.scan.workers.worker_main" in sys.orig_argv:
    import mfkit.scan.inspect_file as module
    module.extract_metadata = hang
if "mfkit.thumbnails.thumbnail_worker" in sys.orig_argv:
    import mfkit.thumbnails.draw_thumbnail as module
    module.draw = hang
if "mfkit.engines.snapshot.build_worker" in sys.orig_argv:
    import mfkit.core.bulk_reader as module
    module.consistent_readers = hang
"""
WORK = {
    "scan": "lib.scan('media', progress=False, time_limit=3600, workers=2)",
    "thumbnail": "lib.thumbnail(lib.items(media_type='image').id.iloc[0])",
    "snapshot": (
        "from mfkit.engines.snapshot import parallel_build; parallel_build.LARGE_LIBRARY = 1; "
        "lib.summary('media_type')"
    ),
}


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something, with a bound against hangs."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def started_by(pid: int) -> list[psutil.Process]:
    """Return the processes that one has started, and those that they have."""
    return psutil.Process(pid).children(recursive=True)


def ended(process: psutil.Process) -> bool:
    """Tell whether a process has ended; one that nobody waits for has."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a library of two files, and a place for temporary ones."""
    (tmp_path / "media").mkdir()
    (tmp_path / "temporary").mkdir()
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "media" / "a.jpg")
    with mfkit.MediaLibrary(tmp_path / "library.db") as lib:
        lib.scan(tmp_path / "media", progress=False)
    Image.new("RGB", (64, 48), "navy").save(tmp_path / "media" / "b.jpg")
    return tmp_path


@contextlib.contextmanager
def no_process_left(pid: int, least: int) -> Iterator[None]:
    """Look that all that a process has started has ended after the block; kill what has not."""
    children = started_by(pid)
    assert len(children) >= least
    try:
        yield
        until(lambda: all(map(ended, children)), f"still there: {children}")
    finally:
        for one in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def ask(served: Served) -> None:
    """Ask for the app's page, which its server no longer gives when it is stopped meanwhile."""
    with contextlib.suppress(OSError, HTTPException, ValueError):
        served.get("/login")


# Both handle signals with the same code, and only a kill leaves the rest to their children.
@pytest.mark.parametrize(
    ("start", "name"),
    [(app, "SIGHUP"), (app, "SIGKILL"), (lab, "SIGTERM"), (lab, "SIGINT"), (lab, "SIGKILL")],
)
def test_a_server(folder: Path, start: Callable[[Path], object], name: str) -> None:
    """`mfkit app` and `mfkit lab` take their server and its kernels with them, and print the address only."""
    temporary = folder / "temporary"
    served = Served(start(folder), folder, TMPDIR=str(temporary))
    try:
        if start is app:  # its kernel is started with the page, and would be stopped with it
            page = threading.Thread(target=ask, args=(served,))
            page.start()
        else:
            served.get("/api/kernels", {"name": "python3"})
        until(lambda: len(started_by(served.process.pid)) >= 2, "no kernel")
        assert list(temporary.glob("mfkit-*"))
        with no_process_left(served.process.pid, least=2):
            served.process.send_signal(signal.Signals[name])
            code = served.process.wait(PATIENCE)
        assert code == (-signal.SIGKILL if name == "SIGKILL" else 0)
        if start is lab:
            address = f"http://127.0.0.1:{served.port}/lab/tree/explore.ipynb"
            line = f"JupyterLab with {folder / 'library.db'} (Ctrl-C stops it): {address}"
            # A kernel that is stopped while it starts may write a traceback.
            said = served.said()
            assert said[0] == line and not [one for one in said if one.startswith("[")]
            assert (said[-1] == "Stopped.") == (name != "SIGKILL")
        until(lambda: not list(temporary.iterdir()), f"left: {list(temporary.iterdir())}")
        until(lambda: is_free(served.port), "the port is taken")
        if start is app:
            page.join()
    finally:
        served.process.kill()
        served.process.wait()


@pytest.mark.parametrize("work", WORK)
def test_a_worker(folder: Path, work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is deep in a file ends when the process that asked for it is killed."""
    trap = folder / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text(HANG)
    code = f"import mfkit\nwith mfkit.MediaLibrary('library.db') as lib: {WORK[work]}"
    monkeypatch.setenv("HANGS", str(folder / "hangs"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(trap), str(Path(mfkit.__file__).parents[1])]))
    with subprocess.Popen([sys.executable, "-P", "-c", code], cwd=folder) as process:
        until(
            lambda: (folder / "hangs").exists() or process.poll() is not None,
            "the process does not come so far",
        )
        assert process.poll() is None, "the process has ended without hanging"
        with no_process_left(process.pid, least=1):
            process.kill()
            process.wait()


def test_a_report(folder: Path) -> None:
    """A report's kernel ends with it; what a kill leaves, the next report removes."""
    temporary = folder / "temporary"
    command = [sys.executable, "-P", "-m", "mfkit.cli", "report", "--output", "report.html"]
    environment = {**os.environ, "TMPDIR": str(temporary), "MFKIT_LIBRARY": "library.db"}
    for number in (signal.SIGKILL, signal.SIGTERM):
        with subprocess.Popen(command, cwd=folder, env=environment) as process:
            until(lambda: len(started_by(process.pid)) >= 1, "no kernel")
            with no_process_left(process.pid, least=1):
                process.send_signal(number)
                assert process.wait(PATIENCE) != 0
        for left in temporary.glob("mfkit-*"):
            assert number == signal.SIGKILL, f"left: {left}"
            os.utime(left, (0, 0))
    assert not (folder / "report.html").exists()
