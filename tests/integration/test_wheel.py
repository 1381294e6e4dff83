"""What is handed out: the wheel and the source archive, and the wheel in an empty environment."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import mfkit

ROOT = Path(__file__).parents[2]
_PATIENT = {**os.environ, "PIP_RETRIES": "10", "PIP_DEFAULT_TIMEOUT": "60"}
_PLACES = {"mfkit": "mfkit", "migrations": "mfkit/migrations", "notebooks": "mfkit/notebooks"}


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The folder with the source archive, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=300,
        env=_PATIENT,
    )
    return folder


def test_an_index_would_take_them(dist):
    """Their descriptions are whole, and the README can be shown."""
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *map(str, dist.iterdir())],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


def test_the_wheel_has_what_it_needs_and_nothing_else(dist):
    """The package with migrations, notebooks and the marker of its types; no test, no cache, no leftover."""
    (wheel,) = dist.glob("mfkit-*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {
        f"{place}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, place in _PLACES.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts)
    }
    assert {"mfkit/py.typed", "mfkit/migrations/env.py", "mfkit/notebooks/library_report.ipynb"} <= held


def test_metadata_of_the_wheel(dist):
    """One version everywhere; extras, licence and classifiers as they are stated."""
    (wheel,) = dist.glob("mfkit-*.whl")
    archive = zipfile.ZipFile(wheel)
    (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
    said = email.message_from_bytes(archive.read(name))
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert said["Version"] == mfkit.__version__ in wheel.name
    assert set(said.get_all("Provides-Extra")) == set(stated["optional-dependencies"])
    assert said["License-Expression"] == "MIT"
    assert set(said.get_all("Classifier")) == set(stated["classifiers"])
    assert f"mfkit-{mfkit.__version__}/LICENSE" in tarfile.open(*dist.glob("*.tar.gz")).getnames()


def test_the_wheel_does_the_main_job(tmp_path, dist, demo):
    """It makes, upgrades, scans and opens a library."""
    home, work = tmp_path / "venv", tmp_path / "work"
    work.mkdir()
    (wheel,) = dist.glob("mfkit-*.whl")
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    # Without --no-compile, pip compiles thousands of modules that no command imports.
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", "--no-compile", wheel],
        check=True,
        capture_output=True,
        timeout=600,
        env=_PATIENT,
    )

    def mfkit(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MFKIT_LIBRARY")}
        return subprocess.run(
            [scripts / "mfkit", *arguments],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    assert "is not empty" in mfkit("demo", str(demo)).stderr
    scanned = mfkit("scan", str(demo), "--library", "l.db")
    assert scanned.returncode == 1, scanned.stderr  # three files of the demo are broken on purpose
    sized = mfkit("sizes", "--library", "l.db")
    assert sized.returncode == 0 and "200 files" in sized.stdout
    assert mfkit("db", "upgrade", "--library", "l.db").returncode == 0
    assert mfkit("lab", "--library", "l.db", "--version").returncode == 0
    assert (work / "notebooks" / "explore.ipynb").exists()
