"""The project's files agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mfkit.core import schema_version
from tests.conftest import SLOW_MODULES

ROOT = Path(__file__).parents[2]


def test_conda_environment_has_the_same_bounds():
    """environment.yml names the packages and bounds of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        canonicalize_name(one.name): str(one.specifier) for one in map(Requirement, project["dependencies"])
    }
    wanted["python"] = project["requires-python"]
    listed = re.findall(r"^  - ([\w.-]+)(\S*)", (ROOT / "environment.yml").read_text(), re.MULTILINE)
    conda = {canonicalize_name(name): bounds for name, bounds in listed}
    del conda["conda-forge"], conda["pip"]
    conda["brotli"] = conda.pop("brotli-python")  # "brotli" is the C library
    assert conda.pop("greenlet") == ""  # what sqlalchemy[asyncio] adds
    assert conda == wanted


def test_head_is_the_newest_migration():
    """The revision that mfkit works with is the last one shipped."""
    scripts = sorted(path.stem for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert scripts[-1] == schema_version.HEAD


def test_notebooks_are_committed_without_outputs():
    """No notebook carries the output of somebody's run."""
    import json

    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path.name


def test_slow_modules_exist() -> None:
    """The list of modules that the quick tests leave out names no module that was moved."""
    assert [name for name in SLOW_MODULES if not (Path(__file__).parent / f"{name}.py").is_file()] == []
