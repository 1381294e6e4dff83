"""The report's page in a real browser, opened from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from tests.browser.lab import CHROMIUM, Visit, visit
from tests.requirements import require
from tests.synthetic import fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The report of a library with names that do harm, all charts drawn."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with MediaLibrary(tmp_path_factory.mktemp("library") / "library.db") as lib:
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


def test_it_needs_nothing_but_itself(opened: Visit) -> None:
    """No request leaves the page, no script complains, and nothing that a file is called has run."""
    assert opened.outside == [] and opened.faults == []
    assert opened.page.evaluate("window.mfkit_harmed") is None


def test_no_button_sends_a_chart_away(opened: Visit) -> None:
    """The buttons over the charts save a picture or move the map; none hands the data to a server."""
    names = opened.page.locator(".modebar-btn").evaluate_all(
        "all => all.map(one => (one.dataset.title || one.getAttribute('aria-label') || '').toLowerCase())"
    )
    assert any("png" in name for name in names)
    assert not [name for name in names if any(word in name for word in ("cloud", "share", "lasso", "box"))]


def test_the_map_shows_land_and_places(opened: Visit) -> None:
    """Without internet and from disk."""
    atlas = opened.page.get_by_role("img", name="Map of the places")
    assert atlas.locator(".js-fill").count() >= 1
    assert atlas.locator(".scatterlayer .point").count() >= 10


def test_it_fits_a_telephone(opened: Visit, tmp_path: Path) -> None:
    """A narrow window scrolls up and down only."""
    opened.page.set_viewport_size({"width": 390, "height": 800})
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    opened.page.set_viewport_size({"width": 1280, "height": 800})
    assert wide <= 390
