"""Check that tests notice faults: ``python -m tests.faults [--only NAME]``.

Each fault of the list is written into a copy of the package, never into the checkout, and the test that the
list names is run with that copy. The exit code is 1 if a test does not notice its fault.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase

import pytest

from tests.faults.fault_list import ROOT, Fault, FaultListError, read_faults
from tests.faults.working_copy import Change, TestsFailError, run_each


def check_faults(faults: Sequence[Fault], processes: int) -> int:
    """Check each fault, print the results, and return the exit code.

    Raises:
        FaultListError: A fault does not fit the code.
        TestsFailError: The tests fail without a fault.
    """
    changes = [Change(fault, fault.module, fault.apply(ROOT), (fault.test,)) for fault in faults]
    tests = list(dict.fromkeys(fault.test for fault in faults))
    missed = 0
    for change, outcome in run_each(iter(changes), processes, tests):
        fault = change.subject
        missed += not outcome.is_noticed
        said = "noticed" if outcome.is_noticed else "NOT NOTICED"
        print(f"{fault.name}: {said} ({outcome.seconds:.0f} s)", flush=True)
        if not outcome.is_noticed:
            print(f"    {fault.module}: {fault.harm}\n    {fault.test}", flush=True)
            if outcome.code != pytest.ExitCode.OK:
                print(f"The test did not run:\n{outcome.output}", flush=True)
    print(f"{len(faults) - missed} of {len(faults)} faults noticed")
    return 1 if missed else 0


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
    except (FaultListError, TestsFailError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
