"""Scans by other machines: executors of all kinds, and a real Dask cluster of which a part dies."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mfkit
from mfkit.distributed.executor_pool import connected_executor
from mfkit.errors import FolderNotFoundError, MfkitError
from tests.cluster import Cluster, cluster
from tests.commands import call
from tests.integration.test_worker_isolation import TRAP

LONG_AGO = 1_500_000_000
# Traps are imported by every process that starts with them: this one makes a file take 10 ms.
SLOW = """
import sys, time
if "mfkit.scan.workers.worker_main" in sys.orig_argv:
    import mfkit.scan.inspect_file as inspect_file
    real = inspect_file.to_disk_path
    def to_disk_path(path):
        time.sleep(0.01)
        return real(path)
    inspect_file.to_disk_path = to_disk_path
"""
NOT_MOUNTED = """
import mfkit.scan.stored_path as stored_path
real = stored_path.to_disk_path
stored_path.to_disk_path = lambda path: "/not-mounted" + real(path)
"""
OTHER_VERSION = "import mfkit.version; mfkit.version.__version__ = '0.0.1'"
NO_MFKIT = "import sys; sys.modules['mfkit'] = None"


@pytest.fixture(scope="module")
def files(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, and text files, of which some are copies: enough for a dozen tasks."""
    folder = tmp_path_factory.mktemp("cluster") / "files"
    shutil.copytree(demo, folder / "demo")
    for number in range(600):
        path = folder / "text" / f"{number // 100}" / f"{number:03d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {number % 500}")
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture(scope="module")
def expected(files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a local scan of them makes: items and failures."""
    with mfkit.MediaLibrary(tmp_path_factory.mktemp("local") / "library.db") as library:
        library.scan(files, progress=False)
        return ended_as(library)


def ended_as(library: mfkit.MediaLibrary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return items and failures without ids and without the times of the scan."""
    failures = library.failures()[["file_path", "stage", "error"]]
    items = library.items(missing=None, order_by="file_path")
    items = items.drop(columns=["id", "created_at", "modified_at", "last_scanned_at"])
    return items, failures.sort_values("file_path", ignore_index=True)


def assert_ended_as(library: mfkit.MediaLibrary, expected: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Compare two libraries' content, and the scan's own word that it is finished."""
    for mine, theirs in zip(ended_as(library), expected, strict=True):
        pd.testing.assert_frame_equal(mine, theirs)
    assert library.scans().status[0] == "finished"
    copies = library.totals().copies[0]
    assert copies == library.scans().copies[0] > 100


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, str]]:
    """Sets a trap for the processes that are started from here on; returns it as an environment too."""

    def set_(code: str) -> dict[str, str]:
        (tmp_path / "trap").mkdir()
        (tmp_path / "trap" / "sitecustomize.py").write_text(code)
        path = os.pathsep.join([str(tmp_path / "trap"), str(Path(mfkit.__file__).parents[1])])
        monkeypatch.setenv("PYTHONPATH", path)
        return {"PYTHONPATH": path}

    return set_


def processes(number: int) -> ProcessPoolExecutor:
    """Return an executor of fresh processes."""
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"))


class Between(Executor):
    """Passes tasks on to another executor, and does something before one of them."""

    def __init__(self, inner: Executor, when: int, what: Callable[[], object]) -> None:
        self._inner, self._when, self._what = inner, when, what
        self.tasks = 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Pass a task on."""
        self.tasks += 1
        if self.tasks == self._when:
            self._what()
        return self._inner.submit(function, *args, **kwargs)


class Losing(ThreadPoolExecutor):
    """Loses each task that has a certain file, as if that took its machine down."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take a task."""
        if "fatal" in repr(args):
            lost: Future[Any] = Future()
            lost.set_exception(ConnectionResetError("the machine is gone"))
            return lost
        return super().submit(function, *args, **kwargs)


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, processes])
def test_any_executor_does(kind, files, expected, tmp_path):
    """Threads or processes: the same items, copies and failures as a local scan, and progress by files."""
    with kind(2) as executor, mfkit.MediaLibrary(tmp_path / "library.db") as library:
        report = library.scan(files, executor=executor, progress=False)
        assert_ended_as(library, expected)
        assert report.effort.files["read"] == report.total.files == 800
        assert library.scan(files, executor=executor, progress=False).total.unchanged == 799
        assert executor.submit(int, "7").result() == 7  # it is left open


async def test_async_scan_takes_an_executor(files, expected, tmp_path):
    """On a loop of the caller's own."""
    with ThreadPoolExecutor(2) as executor:
        async with mfkit.AsyncMediaLibrary(tmp_path / "library.db") as library:
            report = await library.scan(files, executor=executor, workers=2, progress=False)
    assert report.total.files == 800
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        assert_ended_as(library, expected)


def test_hostile_files_cost_a_task_only_themselves(trap, tmp_path):
    """Inside a task too a file that crashes, hangs or bloats its reader is the only one that fails."""
    trap(TRAP)
    folder = tmp_path / "media"
    folder.mkdir()
    for name in [*map(str, range(100)), "20 abort", "40 hang", "60 bloat", "80 babble"]:
        (folder / f"{name}.txt").write_text(f"content of {name}")
    with ThreadPoolExecutor(2) as executor, mfkit.MediaLibrary(tmp_path / "library.db") as library:
        report = library.scan(folder, executor=executor, time_limit=2.0, progress=False).total
        assert (report.files, report.added, report.failed) == (104, 104, 4)
        failures = library.failures()
        blamed = {Path(path).stem[3:]: error for path, error in zip(failures.file_path, failures.error)}
    assert "SIGABRT" in blamed["abort"] and "no progress for 2 s" in blamed["hang"]
    assert "memory" in blamed["bloat"] and "invalid reply" in blamed["babble"]


def test_a_task_that_is_lost_is_tried_file_by_file(files, tmp_path):
    """The one file with which machines go is a failure; those that shared its task are read."""
    folder = tmp_path / "media"
    shutil.copytree(files / "text", folder)
    (folder / "3" / "fatal.txt").write_text("the end")
    with Losing(2) as executor, mfkit.MediaLibrary(tmp_path / "library.db") as library:
        report = library.scan(folder, executor=executor, progress=False).total
        assert (report.files, report.added, report.copies, report.failed) == (601, 500, 100, 1)
        failure = library.failures().iloc[0]
    assert (Path(failure.file_path).name, failure.stage) == ("fatal.txt", "read")
    assert "lost twice" in failure.error and "the machine is gone" in failure.error


def test_an_executor_that_breaks(files, expected, tmp_path, monkeypatch):
    """Its processes are killed: an error says so, what was stored is kept, and a local scan goes on.

    It says so of one task after another, with time between them for a scan to go wrong.
    """
    say = Future.set_exception

    def say_slowly(future: Future[Any], error: BaseException | None) -> None:
        say(future, error)
        time.sleep(0.05)

    monkeypatch.setattr(Future, "set_exception", say_slowly)
    with processes(2) as inner, mfkit.MediaLibrary(tmp_path / "library.db") as library:

        def kill() -> None:
            for process in multiprocessing.active_children():
                process.kill()

        with pytest.raises(MfkitError, match="executor is broken .*Scan again with another"):
            library.scan(files, executor=Between(inner, 9, kill), progress=False)
        with pytest.raises(MfkitError, match="accepts no tasks"):
            library.scan(files, executor=inner, progress=False)
        assert library.scans().status.tolist() == ["failed", "failed"]
        library.scan(files, progress=False)
        assert library.count(missing=None) == len(expected[0])


@pytest.mark.parametrize(
    "code, error, words",
    [
        (NOT_MOUNTED, FolderNotFoundError, "does not see .*which exists on this machine. Mount the storage"),
        (OTHER_VERSION, MfkitError, "has mfkit 0.0.1, .*Install the same version"),
    ],
)
def test_a_machine_with_another_version(code, error, words, trap, files, tmp_path):
    """Another storage or another mfkit ends the scan in words: no file is blamed for it."""
    trap(code)
    with processes(1) as executor, mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(error, match=words):
            library.scan(files, executor=executor, progress=False)
        assert library.failures().empty and library.scans().status.tolist() == ["failed"]


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler, on a machine without mfkit."""
    trap = tmp_path_factory.mktemp("scheduler")
    (trap / "sitecustomize.py").write_text(NO_MFKIT)
    with cluster({"PYTHONPATH": str(trap)}) as running:
        yield running


def test_a_worker_of_a_dask_cluster_is_killed(dask, trap, files, expected, tmp_path):
    """Of two workers one is killed in the middle of its work: the end is that of a local scan."""
    dask.start(2, environment=trap(SLOW))
    with dask.client() as client, mfkit.MediaLibrary(tmp_path / "library.db") as library:
        executor = Between(client.get_executor(), 8, dask.workers[0].kill)
        assert library.scan(files, executor=executor, progress=False).total.files == 800
        assert executor.tasks == 13
        assert len(client.nthreads()) == 1
        assert_ended_as(library, expected)


def test_the_command_line_connects(dask, files, expected, tmp_path, capsys):
    """``mfkit scan --scheduler`` does the same."""
    dask.stop()
    dask.start(1, threads=2)
    done = call(capsys, "scan", files, "--library", tmp_path / "library.db", "--scheduler", dask.address)
    # Three files of the demo are broken on purpose.
    assert done.code == 1 and "800 files" in done.out, done.err
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        assert_ended_as(library, expected)


def test_an_interrupt(dask, trap, files, tmp_path):
    """Ctrl-C ends a scan on a cluster within two seconds; what was stored is kept, no task is left."""
    dask.stop()
    dask.start(1, environment=trap(SLOW.replace("0.01", "0.1")))
    program = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mfkit.cli",
            "scan",
            str(files / "text"),
            "--scheduler",
            dask.address,
            "--library",
            str(tmp_path / "library.db"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with dask.client() as client:
        while not client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            time.sleep(0.05)
        time.sleep(1)
        sent = datetime.now(UTC)
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=60)
        assert program.returncode == 130 and "interrupted; work finished" in err, err
        while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            time.sleep(0.05)
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        (scan,) = library.scans().itertuples()
    # Not until the program has ended: on a busy machine Python takes long to clear away what it imported.
    assert (scan.status, scan.finished_at - sent < timedelta(seconds=2)) == ("interrupted", True)


def test_machines_without_mfkit(dask, trap, files, tmp_path):
    """A worker that has none says so, and lives on: the message says what to install where."""
    dask.stop()
    dask.start(1, environment=trap(NO_MFKIT))
    with dask.client() as client, mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(MfkitError, match=rf"lacks mfkit {mfkit.__version__} .*pip install mfkit=="):
            library.scan(files, executor=client.get_executor(), progress=False)
        assert library.failures().empty and len(client.nthreads()) == 1


def test_a_scheduler_without_workers(dask):
    """It is waited for, and then the message says how to start one."""
    dask.stop()
    with pytest.raises(MfkitError, match=f"has no workers. .*: dask worker {dask.address}"):
        with connected_executor(dask.address, workers_timeout=0.2):
            raise AssertionError("not reached")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "ftp://127.0.0.1:9"])
def test_an_address_without_a_scheduler(address):
    """The message names the address and shows what one looks like."""
    with pytest.raises(MfkitError, match=f"No Dask scheduler answers at {address} .*such as tcp://"):
        with connected_executor(address, timeout=0.5):
            raise AssertionError("not reached")


def test_without_dask(monkeypatch, tmp_path, files, capsys):
    """The command to type is in the message."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    place = tmp_path / "library.db"
    done = call(capsys, "scan", files, "--library", place, "--scheduler", "tcp://127.0.0.1:9")
    assert (done.code, done.err) == (
        2,
        "mfkit: A scan on a Dask cluster needs more packages: pip install 'mfkit[dask]'\n",
    )


def test_a_scheduler_that_dies(files, expected, tmp_path):
    """The scan says that the connection is lost, keeps what it stored, and the next one goes on."""
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with cluster() as dask:
            dask.start(1)
            with connected_executor(dask.address) as executor:
                with pytest.raises(MfkitError, match="connection to its scheduler is lost"):
                    library.scan(files, executor=Between(executor, 6, dask.kill), progress=False)
        library.scan(files, progress=False)
        assert library.count(missing=None) == len(expected[0])
