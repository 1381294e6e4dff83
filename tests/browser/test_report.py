"""Reports in a browser, opened from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.accessibility import violations
from tests.browser.lab import CHROMIUM, Lab, Visit, visit, write_notebook
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


def test_names_roles_and_contrast(opened: Visit) -> None:
    """Axe-core finds nothing."""
    assert violations(opened.page) == []


def test_no_button_uploads_a_chart(opened: Visit) -> None:
    """The buttons of the charts save an image or move the map; none sends data to a server."""
    names = opened.page.locator(".modebar-btn").evaluate_all(
        "all => all.map(one => (one.dataset.title || one.getAttribute('aria-label') || '').toLowerCase())"
    )
    assert any("png" in name for name in names)
    assert not [name for name in names if any(word in name for word in ("cloud", "share", "lasso", "box"))]


def test_map_shows_land_and_places(opened: Visit) -> None:
    """The map works without internet."""
    atlas = opened.page.get_by_role("figure", name="Map of the places")
    assert atlas.locator(".js-fill").count() >= 1
    assert atlas.locator(".scatterlayer .point").count() >= 10


def test_page_fits_a_phone(opened: Visit, tmp_path: Path) -> None:
    """A narrow window only scrolls vertically."""
    opened.page.set_viewport_size({"width": 390, "height": 800})
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    opened.page.set_viewport_size({"width": 1280, "height": 800})
    assert wide <= 390


def test_sections_keep_their_layout_in_jupyterlab(opened: Visit, lab: Lab) -> None:
    """JupyterLab's own rules for lists, tables and pictures do not change the cards, tables and mosaic."""
    browser = Visit(opened.page.context.new_page())
    write_notebook(
        lab,
        "cards.ipynb",
        "import mfkit\nreport = mfkit.Report(mfkit.open_library())\nreport.cover()",
        "report.key_figures()",
        "report.cameras()",
    )
    browser.open(lab, "cards.ipynb")
    browser.run_all()
    browser.page.wait_for_selector(".mfkit-report td")
    layout = browser.page.evaluate(
        """() => {
          const box = one => one.getBoundingClientRect();
          const all = name => [...document.querySelectorAll(`.mfkit-report ${name}`)];
          const striped = all("tbody tr").map(row => getComputedStyle(row).backgroundColor);
          return {
            tops: all(".card").map(card => Math.round(box(card).top)),
            lefts: all(".card").map(card => box(card).left),
            parts: all(".card").map(card => [...card.children].map(part => {
              const style = getComputedStyle(part);
              return [Math.round(box(part).left - box(card).left), style.cssFloat, style.fontSize];
            })),
            rows: all(".mosaic > div").map(
              row => [...row.children].map(one => Math.round(box(one).height))
            ),
            rights: all(".mosaic > div").map(row => Math.round(box(row.lastElementChild).right)),
            text: getComputedStyle(all("td[dir]")[0]).textAlign,
            number: getComputedStyle(all("td.number")[0]).textAlign,
            striped: new Set(striped).size,
            width: box(all("table")[0]).width / box(all("table")[0].parentElement).width,
          };
        }"""
    )
    assert browser.errors() == []
    assert len(layout["tops"]) == 4 and len(set(layout["tops"])) == 1
    assert layout["lefts"] == sorted(layout["lefts"]) and len(set(layout["lefts"])) == 4
    # The label, the value and the note of each card stand below each other.
    assert layout["parts"] == [[[16, "none", "13px"], [16, "none", "24px"], [16, "none", "12.5px"]]] * 4
    assert len(layout["rows"]) >= 2 and all(max(row) - min(row) <= 1 for row in layout["rows"])
    assert max(layout["rights"]) - min(layout["rights"]) <= 1
    assert (layout["text"], layout["number"], layout["striped"], layout["width"]) == ("left", "right", 1, 1)
