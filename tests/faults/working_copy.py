"""Copies of the package in which one module at a time is changed, and tests that run with the change."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from tests.faults.fault_list import ROOT

_COPIED = ("mfkit", "migrations", "notebooks", "tests")
_PRELOADED = (
    "alembic.command",
    "duckdb",
    "pandas",
    "plotly.graph_objects",
    "pyarrow.parquet",
    "pydantic",
    "rich.table",
    "sqlalchemy.ext.asyncio",
    "typer",
)
"""Packages that are imported once instead of in each test's process, which takes most of its time."""
_TIME_LIMIT = 300
T = TypeVar("T")


class TestsFailError(Exception):
    """The tests fail without any change."""

    __test__ = False


@dataclass(frozen=True)
class Change(Generic[T]):
    """A changed module and the tests to run with it.

    Attributes:
        subject: The fault or mutant.
        module: File below the project's folder.
        text: Its text with the change.
        tests: Arguments for pytest.
    """

    subject: T
    module: str
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """Outcome of the tests.

    Attributes:
        code: Exit code of pytest; negative after a signal.
        seconds: Duration.
        output: End of what pytest printed.
    """

    code: int
    seconds: float
    output: str

    @property
    def is_noticed(self) -> bool:
        """Whether a test failed or took too long."""
        return self.code in (pytest.ExitCode.TESTS_FAILED, -signal.SIGALRM)


def run_each(
    changes: Iterator[Change[T]], processes: int, check: Sequence[str]
) -> Iterator[tuple[Change[T], Outcome]]:
    """Run the tests of each change in a process of its own, and yield the outcomes as they come.

    Args:
        changes: The changes; the next one is taken when a process is free.
        processes: Number of changes to test at a time.
        check: Arguments for pytest, to run all tests once without a change.

    Raises:
        TestsFailError: The tests fail without a change.
    """
    for name in _PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mfkit-faults-", ignore_cleanup_errors=True) as folder:
        copies = [_WorkingCopy(Path(folder) / str(number)) for number in range(processes)]
        first = copies[0].wait(copies[0].start(check))
        if first.code != pytest.ExitCode.OK:
            raise TestsFailError(f"Tests fail without a change.\n{first.output}")
        running: dict[int, tuple[_WorkingCopy, Change[T], contextlib.ExitStack]] = {}
        while True:
            while copies and (change := next(changes, None)) is not None:
                copy, stack = copies.pop(), contextlib.ExitStack()
                stack.enter_context(copy.changed(change))
                running[copy.start(change.tests)] = copy, change, stack
            if not running:
                return
            process, status = os.wait()
            copy, change, stack = running.pop(process)
            outcome = copy.ended(process, status)
            stack.close()
            copies.append(copy)
            yield change, outcome


class _WorkingCopy:
    """A copy of the package and its tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
        self._output = folder / "output.txt"
        self._written = 0
        self._started = 0.0

    @contextlib.contextmanager
    def changed(self, change: Change[T]) -> Iterator[None]:
        """Write a change, and the original text again at the end of the context."""
        path = self.folder / change.module
        original, state = path.read_bytes(), path.stat()
        path.write_text(change.text, "utf-8")
        # Cached bytecode is valid for the time and size of its source, so each version has another time.
        self._written += 1
        os.utime(path, (state.st_atime, state.st_mtime + self._written))
        try:
            yield
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    def start(self, tests: Sequence[str]) -> int:
        """Start a process that runs tests with this copy first on the import path; return its id."""
        self._started = time.monotonic()
        if process := os.fork():
            return process
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            self._become(_TIME_LIMIT * max(1, len(tests)))
            temporary = f"--basetemp={self.folder / 'temporary'}"
            code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", temporary, *tests])
            imported = Path(importlib.import_module("mfkit").__file__ or "")
            if imported != self.folder / "mfkit" / "__init__.py":
                print(f"The tests imported {imported} instead of the copy.")
                code = pytest.ExitCode.USAGE_ERROR
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _become(self, time_limit: int) -> None:
        """Turn this process into one that knows only the copy, with a time limit and its output in a file."""
        os.setsid()
        signal.alarm(time_limit)
        output = os.open(self._output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(self.folder)
        os.environ["PYTHONPATH"] = str(self.folder)
        sys.path[:] = [str(self.folder), *(one for one in sys.path if one and Path(one) != ROOT)]
        for name in [one for one in sys.modules if one.partition(".")[0] in ("tests", "mfkit")]:
            del sys.modules[name]

    def wait(self, process: int) -> Outcome:
        """Wait for a process."""
        return self.ended(*os.waitpid(process, 0))

    def ended(self, process: int, status: int) -> Outcome:
        """End what a process left running, and return its outcome."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        text = self._output.read_text(errors="replace") if self._output.exists() else ""
        return Outcome(os.waitstatus_to_exitcode(status), time.monotonic() - self._started, text[-5000:])
