"""Every notebook in a real JupyterLab: Run All, and nothing goes wrong.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import ROOT, Lab, Visit, visit

pytestmark = pytest.mark.browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Visit]:
    """A browser of its own for each notebook."""
    with visit(tmp_path / "profile") as opened:
        yield opened


@pytest.mark.parametrize("notebook", sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")))
def test_run_all(notebook: str, lab: Lab, browser: Visit) -> None:
    """All cells run, none ends in an error or a warning, each plot is drawn, and the page complains of
    nothing and asks nobody outside of this machine."""
    browser.open(lab, notebook)
    browser.run_all()
    assert browser.errors() == []
    browser.page.wait_for_function(
        # What has no width is in the tab of another notebook, which JupyterLab opens again.
        "() => [...document.querySelectorAll('.mfkit-plot')]"
        ".every(one => !one.clientWidth || one.querySelector('[data-drawn]'))"
    )
    assert browser.page.locator(".mfkit-error:visible").count() == 0
    assert browser.outside == [] and browser.faults == []
