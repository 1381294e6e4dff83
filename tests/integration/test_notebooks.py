"""The notebooks run in a new kernel and use only the public API."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mfkit import MediaLibrary
from tests.synthetic import fill
from tests.unit.pixels.scenes import resized, scene

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def names(notebooks: list[Path]) -> list[str]:
    return [path.name for path in notebooks]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names(NOTEBOOKS))
@pytest.mark.parametrize("count", [0, 200])
def test_notebook_runs(path: Path, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell fails or warns, with a full and with an empty library."""
    with MediaLibrary(tmp_path / "library.db") as lib:
        fill(lib, count)
    monkeypatch.setenv("MFKIT_LIBRARY", str(tmp_path / "library.db"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    # The files do not exist, so that no picture can be inspected, and lib.similar() warns.
    loud = [one for one in outputs if one.output_type in ("error", "stream")]
    assert not [one for one in loud if "No image of this selection is inspected" not in one.get("text", "")]
    shown = {kind for output in outputs for kind in output.get("data", {})}
    assert shown & {"application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names(NOTEBOOKS))
def test_notebook_has_an_introduction_and_uses_the_public_api(path: Path) -> None:
    """A paragraph comes first. Cells import only mfkit and define no functions; outputs are not committed."""
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].cell_type == "markdown" and "?" in notebook.cells[0].source
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert not cell.outputs and cell.execution_count is None
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, (ast.FunctionDef, ast.ImportFrom))
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} == {"mfkit"}


WAIT_FOR_GROUPS = """
import gc, time
from mfkit.widgets.gallery.compare_panel import CompareView

views = [one for one in gc.get_objects() if isinstance(one, CompareView)]
end = time.monotonic() + 60
while not all(view.group for view in views) and time.monotonic() < end:
    time.sleep(0.1)
"""
"""Code that waits until all panels have drawn a group: in a kernel, panels are drawn in threads."""


def test_copies_of_real_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebook about copies compares the exact copies, and the similar pictures that it inspects."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(2):
        scene(number).save(photos / f"{number}.jpg", quality=95)
        (photos / f"{number} copy.jpg").write_bytes((photos / f"{number}.jpg").read_bytes())
    resized(scene(1), 0.5).save(photos / "1 small.jpg")
    with MediaLibrary(tmp_path / "library.db") as lib:
        lib.scan(photos, progress=False)
    monkeypatch.setenv("MFKIT_LIBRARY", str(tmp_path / "library.db"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOKS[names(NOTEBOOKS).index("duplicates.ipynb")], as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(WAIT_FOR_GROUPS))
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    (state,) = notebook.metadata["widgets"].values()
    groups = [one["state"]["group"] for one in state["state"].values() if "group" in one["state"]]
    with MediaLibrary(tmp_path / "library.db") as lib:
        exact, similar = lib.duplicates(), lib.similar()
    assert [group["total"] for group in groups] == [2, 1]
    assert (exact["id"].nunique(), similar["group"].nunique()) == (2, 1)
    shown = [[file["path"] for file in group["files"]] for group in groups]
    assert set(shown[0]) == set(exact[exact["id"] == exact["id"].iloc[0]]["file_path"])
    assert set(shown[1]) == set(similar[similar["group"] == 1]["file_path"])
