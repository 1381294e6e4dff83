"""The wheel, installed with pip in an empty environment, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_does_the_main_job(tmp_path):
    """It makes, upgrades, scans and opens a library, and carries migrations and notebooks."""
    dist, home, work = tmp_path / "dist", tmp_path / "venv", tmp_path / "work"
    work.mkdir()
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(dist), str(ROOT)],
        check=True, capture_output=True, timeout=300,
    )
    (wheel,) = dist.glob("mfkit-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "mfkit/migrations/env.py" in names and "mfkit/notebooks/explore.ipynb" in names
    assert "mfkit/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/")) or "__pycache__" in name]
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", wheel],
        check=True, capture_output=True, timeout=600,
    )

    def mfkit(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MFKIT_LIBRARY")}
        return subprocess.run(
            [scripts / "mfkit", *arguments], cwd=work, env=environment,
            capture_output=True, text=True, timeout=300,
        )

    assert mfkit("demo", "d").returncode == 0
    scanned = mfkit("scan", "d", "--library", "l.db")
    assert scanned.returncode == 1, scanned.stderr  # three files of the demo are broken on purpose
    sized = mfkit("sizes", "--library", "l.db")
    assert sized.returncode == 0 and "200 files" in sized.stdout
    assert mfkit("db", "upgrade", "--library", "l.db").returncode == 0
    assert mfkit("lab", "--library", "l.db", "--version").returncode == 0
    assert (work / "notebooks" / "explore.ipynb").exists()
