"""Check that tests notice faults: ``python -m tests.faults [--only NAME]``.

Each fault of the list is written into a copy of the package, never into the checkout, and the test that the
list names is run with that copy. The exit code is 1 if a test does not notice its fault.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from queue import SimpleQueue

from tests.faults.fault_list import ROOT, Fault, FaultListError, read_faults

_COPIED = ("mfkit", "migrations", "notebooks", "tests")
_TIME_LIMIT = 300
_NOTICED, _UNNOTICED = "noticed", "NOT NOTICED"


class WorkingCopy:
    """A copy of the package and its tests, in which faults are written one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
        self._written = 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy, which is first on the import path."""
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        } | {"PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIME_LIMIT,
        )

    def test(self, *tests: str) -> subprocess.CompletedProcess[str]:
        """Run tests in the copy."""
        return self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests)

    def check_fault(self, fault: Fault) -> str:
        """Return whether the test notices the fault; or the output of pytest if the test did not run."""
        path = self.folder / fault.module
        original, state = path.read_bytes(), path.stat()
        path.write_text(fault.apply(self.folder), "utf-8")
        # Cached bytecode is valid for the time and size of its source, so each version has another time.
        self._written += 1
        os.utime(path, (state.st_atime, state.st_mtime + self._written))
        try:
            done = self.test(fault.test)
        except subprocess.TimeoutExpired:
            return _NOTICED
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        if done.returncode not in (0, 1):
            return f"the test did not run\n{done.stdout[-2000:]}{done.stderr[-1000:]}"
        return _NOTICED if done.returncode == 1 else _UNNOTICED


def check_faults(faults: Sequence[Fault], processes: int) -> int:
    """Check each fault, print the results, and return the exit code."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="mfkit-faults-") as folder, ThreadPoolExecutor(processes) as pool:
        copies: SimpleQueue[WorkingCopy] = SimpleQueue()
        for number in range(processes):
            copies.put(WorkingCopy(Path(folder) / str(number)))
        first = copies.get()
        imported = first.run("-c", "import mfkit; print(mfkit.__file__)").stdout.strip()
        if Path(imported) != first.folder / "mfkit" / "__init__.py":
            raise FaultListError(f"The tests would import {imported} instead of the copy.")
        done = first.test(*dict.fromkeys(fault.test for fault in faults))
        copies.put(first)
        if done.returncode != 0:
            raise FaultListError(
                f"Without a fault the tests fail.\n{done.stdout[-4000:]}{done.stderr[-1000:]}"
            )

        def check(fault: Fault) -> tuple[Fault, str, float]:
            start, copy = time.monotonic(), copies.get()
            try:
                return fault, copy.check_fault(fault), time.monotonic() - start
            finally:
                copies.put(copy)

        for fault, result, seconds in pool.map(check, faults):
            failed += result != _NOTICED
            print(f"{fault.name}: {result} ({seconds:.0f} s)", flush=True)
            if result != _NOTICED:
                print(f"    {fault.module}: {fault.harm}\n    {fault.test}", flush=True)
    print(f"{len(faults) - failed} of {len(faults)} faults noticed")
    return 1 if failed else 0


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
