"""Check that tests notice faults: ``python -m tests.faults [--only NAME]``.

Each fault of the list is written into a copy of the package, never into the checkout, and the test that the
list names is run with that copy. The exit code is 1 if a test does not notice its fault.
"""

from __future__ import annotations

import argparse
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
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.faults.fault_list import ROOT, Fault, FaultListError, read_faults

_COPIED = ("mfkit", "migrations", "notebooks", "tests")
_TIME_LIMIT = 300
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


class WorkingCopy:
    """A copy of the package and its tests, in which faults are written one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
        self._written = 0

    @contextlib.contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """Write a fault, and the original text again at the end of the context."""
        path = self.folder / fault.module
        original, state = path.read_bytes(), path.stat()
        path.write_text(fault.apply(self.folder), "utf-8")
        # Cached bytecode is valid for the time and size of its source, so each version has another time.
        self._written += 1
        os.utime(path, (state.st_atime, state.st_mtime + self._written))
        try:
            yield
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    def start(self, *tests: str) -> int:
        """Start a process that runs tests with this copy first on the import path; return its id."""
        if process := os.fork():
            return process
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            self._become(*tests)
            temporary = self.folder / "temporary"
            code = pytest.main(
                ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={temporary}", *tests]
            )
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

    def _become(self, *tests: str) -> None:
        """Turn this process into one that knows only the copy, with a time limit and its output in a file."""
        os.setsid()
        signal.alarm(_TIME_LIMIT * len(tests))
        output = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(self.folder)
        os.environ["PYTHONPATH"] = str(self.folder)
        sys.path[:] = [str(self.folder), *(one for one in sys.path if one and Path(one) != ROOT)]
        for name in [one for one in sys.modules if one.partition(".")[0] in ("tests", "mfkit")]:
            del sys.modules[name]

    @property
    def output(self) -> Path:
        """File with the output of the last run."""
        return self.folder / "output.txt"

    def ended(self, process: int, status: int) -> int:
        """End what a process left running, and return its exit code, which is negative after a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        return os.waitstatus_to_exitcode(status)


def check_faults(faults: Sequence[Fault], processes: int) -> int:
    """Check each fault, print the results, and return the exit code."""
    for name in _PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mfkit-faults-", ignore_cleanup_errors=True) as folder:
        copies = [WorkingCopy(Path(folder) / str(number)) for number in range(processes)]
        _check_without_faults(copies[0], faults)
        missed, left = 0, list(reversed(faults))
        running: dict[int, tuple[WorkingCopy, Fault, float, contextlib.ExitStack]] = {}
        while left or running:
            while left and copies:
                copy, fault, stack = copies.pop(), left.pop(), contextlib.ExitStack()
                stack.enter_context(copy.fault(fault))
                running[copy.start(fault.test)] = copy, fault, time.monotonic(), stack
            process, status = os.wait()
            copy, fault, started, stack = running.pop(process)
            code = copy.ended(process, status)
            stack.close()
            copies.append(copy)
            noticed = code == pytest.ExitCode.TESTS_FAILED or code == -signal.SIGALRM
            missed += not noticed
            took = f"({time.monotonic() - started:.0f} s)"
            print(f"{fault.name}: {'noticed' if noticed else 'NOT NOTICED'} {took}", flush=True)
            if not noticed:
                print(f"    {fault.module}: {fault.harm}\n    {fault.test}", flush=True)
                if code != pytest.ExitCode.OK:
                    print(f"The test did not run:\n{copy.output.read_text(errors='replace')[-3000:]}")
    print(f"{len(faults) - missed} of {len(faults)} faults noticed")
    return 1 if missed else 0


def _check_without_faults(copy: WorkingCopy, faults: Sequence[Fault]) -> None:
    """Run all tests of the list on the code as it is.

    Raises:
        FaultListError: A test fails.
    """
    process = copy.start(*dict.fromkeys(fault.test for fault in faults))
    _, status = os.waitpid(process, 0)
    if copy.ended(process, status) != pytest.ExitCode.OK:
        output = copy.output.read_text(errors="replace")
        raise FaultListError(f"Tests fail without a fault.\n{output[-5000:]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="name or pattern of a fault or module; can be repeated",
    )
    parser.add_argument("--processes", type=int, default=2, help="number of faults to check at a time")
    options = parser.parse_args(arguments)
    faults = [
        fault
        for fault in read_faults()
        if options.only is None
        or any(fnmatchcase(text, one) for one in options.only for text in (fault.name, fault.module))
    ]
    if not faults:
        parser.error("no fault has such a name")
    try:
        return check_faults(faults, options.processes)
    except FaultListError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
