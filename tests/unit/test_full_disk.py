"""Tests that fill the disk do no harm to a checkout."""

from __future__ import annotations

import re
from pathlib import Path

from tests.full_disk import run_with_full_disk

TESTS = Path(__file__).parents[1]


def test_no_bytecode_is_written(tmp_path: Path) -> None:
    """Modules that are imported after the disk is full leave no truncated bytecode."""
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text("x = " + repr(["text"] * 5000) + "\n")
    code = f"""
import subprocess
sys.path.insert(0, {str(tmp_path)!r})
fill_disk(2000)
import first
grandchild = "import sys; sys.path.insert(0, sys.argv[1]); import second"
subprocess.run([sys.executable, "-c", grandchild, {str(tmp_path)!r}], check=True)
try:
    with open({str(tmp_path / "large")!r}, "w") as file:
        file.write("x" * 5000)
except OSError as error:
    print(len(first.x), error.strerror)
"""
    done = run_with_full_disk(code)
    assert done.stdout == "5000 File too large\n", done.stderr
    assert not list(tmp_path.rglob("*.pyc"))


def test_only_this_helper_limits_the_size_of_files() -> None:
    """Other tests limit it through the helper."""
    own = {TESTS / "full_disk.py", Path(__file__)}
    limits = {path for path in TESTS.rglob("*.py") if re.search("RLIMIT_FSIZE", path.read_text("utf-8"))}
    assert limits <= own
