"""What is handed out: the wheel and the source archive, and the wheel in an empty environment."""

from __future__ import annotations

import email
import importlib.metadata
import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mfkit

ROOT = Path(__file__).parents[2]
_PATIENT = {**os.environ, "PIP_RETRIES": "10", "PIP_DEFAULT_TIMEOUT": "60"}
_SCRIPTS = "Scripts" if os.name == "nt" else "bin"
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


IMPORT_ALL = """
import importlib, pkgutil, mfkit
for module in pkgutil.walk_packages(mfkit.__path__, "mfkit."):
    if not module.name.startswith("mfkit.migrations") and not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            print(error.name.partition(".")[0])
"""
"""Program that prints the packages that modules of mfkit miss."""


def declared() -> set[str]:
    """Return the names of the distributions that mfkit needs without extras, directly or indirectly."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    found, left = set[str](), [(Requirement(one), "") for one in stated]
    while left:
        requirement, extra = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        seen = {name, *(f"{name}[{one}]" for one in requirement.extras)}
        if not seen <= found:
            found |= seen
            needs = [Requirement(one) for one in importlib.metadata.requires(name) or ()]
            left += [(need, one) for one in ("", *requirement.extras) for need in needs]
    return {name for name in found if "[" not in name}


def environment_with(names: Iterable[str], folder: Path) -> Path:
    """Create a virtual environment of this one's distributions, as links; return its Python.

    Installing them again would take minutes.
    """
    venv.create(folder, symlinks=True)
    (packages,) = (
        folder.glob("[Ll]ib/python*/site-packages") if os.name != "nt" else folder.glob("Lib/site-packages")
    )
    for name in names:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder / _SCRIPTS / "python"


def test_the_wheel_does_the_main_job(tmp_path, dist, demo):
    """It needs only its dependencies to be imported, and to create, upgrade, scan and open a library."""
    home, work = tmp_path / "venv", tmp_path / "work"
    work.mkdir()
    (wheel,) = dist.glob("mfkit-*.whl")
    python = environment_with(declared(), home)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
            wheel,
        ],
        check=True,
        capture_output=True,
        timeout=600,
    )

    imported = subprocess.run([python, "-P", "-c", IMPORT_ALL], cwd=work, capture_output=True, text=True)
    assert imported.returncode == 0, imported.stderr
    assert set(imported.stdout.split()) <= {"dask", "distributed", "pyspark"}, imported.stdout

    def mfkit(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MFKIT_LIBRARY")}
        return subprocess.run(
            [home / _SCRIPTS / "mfkit", *arguments],
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
