"""How Python processes are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mfkit
from mfkit.processes.child_process import python_child


def test_every_process_is_started_by_python_child() -> None:
    """No other module builds the command of a Python process; a message names the program once."""
    package = Path(mfkit.__file__).parent
    named = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "sys.executable" in path.read_text("utf-8")
    }
    assert named == {"processes/child_process.py", "scan/workers/worker_supervisor.py"}
    source = (package / "scan" / "workers" / "worker_supervisor.py").read_text("utf-8")
    assert source.count("sys.executable") == 1


def test_safe_paths(tmp_path: Path) -> None:
    """The current folder is not searched for modules, in the process and in those that it starts."""
    (tmp_path / "shadow.py").write_text("raise SystemExit(7)")
    for inherited, expected in ((True, {"PYTHONSAFEPATH"}), (False, set())):
        child = python_child("shadow", inherited=inherited)
        assert set(child.environment) & {"PYTHONSAFEPATH"} >= expected
        done = subprocess.run(
            child.command, env=child.environment, cwd=tmp_path, capture_output=True, timeout=120
        )
        assert done.returncode == 1 and b"No module named shadow" in done.stderr
