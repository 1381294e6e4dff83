"""Reports in a browser, opened from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import CHROMIUM, Visit, visit
from tests.requirements import require
from tests.samples import new_library
from tests.synthetic import fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The report of a library with hostile names, after all charts are drawn."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with new_library(tmp_path_factory.mktemp("library") / "library.db") as lib:
        fill(lib, 300)
        path = lib.report(tmp_path_factory.mktemp("page") / "report.html")
    with visit(tmp_path_factory.mktemp("profile")) as browser:
        browser.page.goto(path.as_uri())
        charts = browser.page.locator(".mfkit-figure").count()
        assert charts >= 6
        browser.page.wait_for_function(
            "count => document.querySelectorAll('.mfkit-figure .main-svg').length >= count", arg=charts
        )
        yield browser


def test_page_is_self_contained(opened: Visit) -> None:
    """The page sends no request, has no script errors and runs no code from file names."""
    assert opened.outside == [] and opened.faults == []
    assert opened.page.evaluate("window.mfkit_harmed") is None


def test_no_button_uploads_a_chart(opened: Visit) -> None:
    """The buttons of the charts save an image or move the map; none sends data to a server."""
    names = opened.page.locator(".modebar-btn").evaluate_all(
        "all => all.map(one => (one.dataset.title || one.getAttribute('aria-label') || '').toLowerCase())"
    )
    assert any("png" in name for name in names)
    assert not [name for name in names if any(word in name for word in ("cloud", "share", "lasso", "box"))]


def test_map_shows_land_and_places(opened: Visit) -> None:
    """The map works without internet."""
    atlas = opened.page.get_by_role("img", name="Map of the places")
    assert atlas.locator(".js-fill").count() >= 1
    assert atlas.locator(".scatterlayer .point").count() >= 10


def test_page_fits_a_phone(opened: Visit, tmp_path: Path) -> None:
    """A narrow window only scrolls vertically."""
    opened.page.set_viewport_size({"width": 390, "height": 800})
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    opened.page.set_viewport_size({"width": 1280, "height": 800})
    assert wide <= 390
