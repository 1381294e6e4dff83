"""The documentation builds without warnings, its examples run, and it covers everything public."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mfkit
from mfkit import AsyncMediaLibrary, MediaLibrary, charts, widgets
from mfkit.analysis.completeness import FIELDS
from mfkit.analysis.dimensions import DIMENSIONS
from mfkit.analysis.encoding_assumptions import ASSUMPTIONS
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import BINS, RESOLUTIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)

# Pages whose examples need a server, and the cookbook, which has its own test.
_ELSEWHERE = {"postgresql.md", "scaling.md", "cookbook.md"}
PAGES = sorted(
    page
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]
    if _BLOCK.search(page.read_text("utf-8")) and page.name not in _ELSEWHERE
)


def test_the_site_builds(tmp_path: Path) -> None:
    """MkDocs finds no broken link or unknown name, and the site loads nothing from the network."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for page in tmp_path.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="https?://(?!mfkit)', text), page
        assert ":class:" not in text and ":meth:" not in text


def _script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_reference_is_up_to_date() -> None:
    """``python docs/cli_reference.py`` updates it."""
    module = _script("cli_reference")
    assert module.PAGE.read_text("utf-8") == module.page()


def test_the_schema_diagram_is_up_to_date() -> None:
    """``python docs/schema_diagram.py`` updates it."""
    module = _script("schema_diagram")
    assert module.PICTURE.read_text("utf-8") == module.diagram()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Path:
    """A home folder with the demo library as ~/Pictures."""
    home = tmp_path_factory.mktemp("home")
    (home / "Pictures").symlink_to(demo)
    with MediaLibrary(home / "library.db") as lib:
        lib.scan(demo, progress=False)
    return home


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of a page run in order."""
    (tmp_path / "library.db").write_bytes((home / "library.db").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(home))
    # It cannot be undone, and later tests need the original asyncio. test_event_loop.py tests it separately.
    monkeypatch.setattr("nest_asyncio2.apply", lambda: None)
    names: dict[str, Any] = {"mfkit": mfkit, "lib": mfkit.MediaLibrary("library.db")}
    opened = [names["lib"]]
    try:
        for number, block in enumerate(_BLOCK.findall(page.read_text("utf-8"))):
            run(block, f"{page.name}, block {number + 1}", names)
            opened.append(names["lib"])
    finally:
        for lib in opened:
            lib.close()


def test_results_of_the_cookbook(
    home: Path, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each recipe has the result on the page; ``python docs/results.py`` updates them."""
    module, page = _script("results"), (DOCS / "cookbook.md").read_text("utf-8")
    assert page.count("\n## ") >= 25
    (tmp_path / "library.db").write_bytes((home / "library.db").read_bytes())
    monkeypatch.chdir(tmp_path)
    with MediaLibrary("library.db") as lib:
        now = module.with_results(page, "cookbook.md", {"mfkit": mfkit, "lib": lib}, str(demo))
    for mine, theirs in zip(page.split("\n## "), now.split("\n## "), strict=True):
        assert module.normalized(mine) == module.normalized(theirs)


def run(block: str, name: str, names: dict[str, Any]) -> None:
    """Run a block. Each frame that a line shows must have columns."""
    for statement in ast.parse(block, name).body:
        if isinstance(statement, ast.Expr):
            shown = eval(compile(ast.Expression(statement.value), name, "eval"), names)
            assert not isinstance(shown, pd.DataFrame) or len(shown.columns)
        else:
            exec(compile(ast.Module([statement], []), name, "exec"), names)


def test_public_names_have_docstrings() -> None:
    """Public names have docstrings with their parameters, and filter fields have descriptions."""
    for name, member in inspect.getmembers(MediaLibrary):
        if name.startswith("_") or not callable(member):
            continue
        doc = inspect.getdoc(member) or ""
        assert doc, name
        for parameter in inspect.signature(member).parameters:
            if parameter != "self" and "Args:" in doc:
                assert re.search(rf"^\s+{parameter}:", doc, re.MULTILINE), (name, parameter)
    explained = inspect.getdoc(MediaFilter) or ""
    for field in MediaFilter.model_fields:
        assert re.search(rf"^\s*(\w+, )*{field}\b.*:", explained, re.MULTILINE), field
    for name in mfkit.__all__:
        assert name == "__version__" or inspect.getdoc(getattr(mfkit, name)), name


_PUBLIC = {
    **{name: getattr(mfkit, name) for name in mfkit.__all__ if name != "__version__"},
    **{name: getattr(charts, name) for name in charts.__all__},
    **{name: getattr(widgets, name) for name in widgets.__all__},
    **{
        f"{owner.__name__}.{name}": member
        for owner in (MediaLibrary, AsyncMediaLibrary, MediaFilter)
        for name, member in inspect.getmembers(owner)
        if not name.startswith("_") and callable(member) and member.__module__.startswith("mfkit")
    },
}


def test_public_names_have_examples() -> None:
    """Each public function, class and method occurs in an example or a notebook."""
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    examples = "".join(block for page in pages for block in _BLOCK.findall(page.read_text("utf-8")))
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        examples += "".join("".join(one["source"]) for one in cells if one["cell_type"] == "code")
    assert [name for name, one in _PUBLIC.items() if not inspect.getdoc(one)] == []
    assert [
        name
        for name in _PUBLIC
        if not re.search(rf"\.{name.rpartition('.')[2]}\b" if "." in name else rf"\b{name}\b", examples)
    ] == []


def test_analyses_are_documented() -> None:
    """docs/analyses.md names every dimension, class, field, codec and column."""
    page = (DOCS / "analyses.md").read_text("utf-8")
    names = [*DIMENSIONS, *FIELDS, *(name for name, _, _ in RESOLUTIONS), "below SD"]
    names += [row.target for row in ASSUMPTIONS]
    names += [name for _, classes in BINS.values() for name in classes.names]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_columns_of_analyses_are_documented(home: Path) -> None:
    """The frames have the columns that the page lists."""
    page = (DOCS / "analyses.md").read_text("utf-8")
    with MediaLibrary(home / "library.db") as lib:
        frames = {
            "summary": lib.summary(),
            "growth": lib.growth(),
            "folders": lib.folders(),
            "histogram": lib.histogram(),
            "places": lib.places(),
            "duplicates": lib.duplicates(),
            "completeness": lib.completeness(),
            "savings": lib.savings("hevc"),
            "efficiency": lib.efficiency(),
            "playable": lib.playable("safari"),
        }
    for method, frame in frames.items():
        section = re.search(rf"^## (?:\w+ and )?{method}\b.*?(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
        assert section is not None, method
        lacking = [name for name in frame.columns if f"`{name}`" not in section[0] and name not in DIMENSIONS]
        assert lacking == [], method
        assert len(frame) or method == "savings"


PANELS = [
    kind
    for name in widgets.__all__
    if isinstance(kind := getattr(widgets, name), type)
    and issubclass(kind, widgets.Panel)
    and kind not in (widgets.Panel, widgets.ChartPanel)
]


@pytest.mark.parametrize("panel", PANELS)
def test_panels_have_images_and_examples(panel: type) -> None:
    """Its docstring has an image and an example; the page of all panels shows it light, dark and narrow."""
    docstring = panel.__doc__ or ""
    assert ">>> " in docstring and f"mfkit.widgets.{panel.__name__}(" in docstring
    (picture,) = re.findall(r"\.\./images/(panels/\w+)\.png", docstring)
    gallery = (ROOT / "docs" / "panels.md").read_text("utf-8")
    for kind in ("", "-dark", "-narrow"):
        assert f"(images/{picture}{kind}.png)" in gallery
        assert (ROOT / "docs" / "images" / f"{picture}{kind}.png").stat().st_size < 80_000


def test_images_are_small() -> None:
    """All images together take less than 2 MB."""
    assert sum(path.stat().st_size for path in (ROOT / "docs" / "images").rglob("*.*")) < 2_000_000
