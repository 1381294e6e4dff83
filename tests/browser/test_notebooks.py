"""Every notebook runs in JupyterLab without errors.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import ROOT, Lab, Visit, visit

pytestmark = pytest.mark.browser

NOTEBOOKS = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
"""The notebooks. tests/browser/test_gallery.py opens the one about copies, with pictures that have copies."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Visit]:
    """A new browser for each notebook."""
    with visit(tmp_path / "profile") as opened:
        yield opened


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS - {"duplicates.ipynb"}))
def test_all_cells_run(notebook: str, lab: Lab, browser: Visit) -> None:
    """No cell ends with an error or a warning, all plots are drawn, and no request leaves the machine."""
    browser.open(lab, notebook)
    browser.run_all()
    assert browser.errors() == []
    browser.page.wait_for_function(
        # Plots without a width are in a hidden tab of another notebook, which JupyterLab reopens.
        "() => [...document.querySelectorAll('.mfkit-plot')]"
        ".every(one => !one.clientWidth || one.querySelector('[data-drawn]'))"
    )
    assert browser.page.locator(".mfkit-error:visible").count() == 0
    assert browser.outside == [] and browser.faults == []
