"""The list of faults (`tests/faults`) fits the code; `make faults` checks that tests notice them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.faults.fault_list import ROOT, Fault, FaultListError, read_faults

FAULTS = read_faults()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_fits_the_code(fault: Fault) -> None:
    """Its old text occurs exactly once, the new text is valid Python, and the test it names exists."""
    assert fault.new != fault.old
    ast.parse(fault.apply(ROOT))
    path, _, names = fault.test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    name = names.partition("[")[0].rpartition("::")[2]
    assert name in {
        one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_old_text_must_be_unique(tmp_path: Path) -> None:
    """A fault whose old text is not in the code, or is there twice, is an error."""
    (tmp_path / "one.py").write_text("a = 1\nb = 1\n")
    good = Fault("good", "one.py", "a = 1", "a = 2", "", "")
    assert good.apply(tmp_path) == "a = 2\nb = 1\n" and (tmp_path / "one.py").read_text() == "a = 1\nb = 1\n"
    for old, times in (("= 1", 2), ("c", 0)):
        with pytest.raises(FaultListError, match=f"occurs {times} times"):
            Fault("bad", "one.py", old, "", "", "").apply(tmp_path)
