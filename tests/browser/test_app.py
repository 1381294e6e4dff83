"""The explorer as a web page, served by ``mfkit app``.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from mfkit import MediaFilter, MediaLibrary
from tests.browser.accessibility import violations
from tests.browser.lab import CHROMIUM, Visit, drag, visit, web_page
from tests.requirements import require

pytestmark = pytest.mark.browser


def selected(browser: Visit, count: int) -> None:
    """Wait until the summary and the table show this number of files."""
    browser.page.wait_for_function(
        "count => document.querySelector('.mfkit-count b')?.textContent == count", arg=f"{count:,}"
    )
    browser.page.locator(".mfkit-pager", has_text=f"of {count:,}").first.wait_for()


@pytest.fixture(scope="module")
def folder(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo library."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    made = tmp_path_factory.mktemp("app")
    with MediaLibrary(made / "library.db") as library:
        library.scan(demo, progress=False)
        library.tag(MediaFilter(media_type="audio"), "to hear")
    return made


def test_read_only_app(folder: Path) -> None:
    """With --read-only, the app needs the token and allows no changes. On a phone, filters are a drawer.

    Axe-core finds nothing on the page, on the card and on the phone.
    """
    with (
        MediaLibrary(folder / "library.db") as library,
        web_page(folder / "library.db", "--read-only") as address,
        visit(folder / "reader") as browser,
    ):
        browser.page.goto(address.partition("?")[0])
        assert "token" in browser.page.inner_text("body").lower()
        assert browser.page.locator(".mfkit-explorer").count() == 0
        browser.page.goto(address, wait_until="commit")
        browser.page.get_by_role("heading", name="library.db").wait_for()
        browser.page.get_by_role("progressbar", name="Start of the explorer").wait_for()
        browser.plots(4)
        browser.page.get_by_text("This library is read-only").wait_for()
        browser.page.locator(".mfkit-values label", has_text="audio").click()
        selected(browser, library.count(media_type="audio"))
        assert violations(browser.page) == []
        browser.page.locator(".mfkit-table td button").first.click()
        browser.page.locator(".mfkit-card[open]").get_by_text("to hear").wait_for()
        assert violations(browser.page) == []
        browser.page.keyboard.press("Escape")
        browser.page.set_viewport_size({"width": 390, "height": 800})
        search = browser.page.get_by_placeholder("Name, artist, place, tag")
        expect(search).to_be_hidden()
        browser.page.get_by_role("button", name="Filters (1)", exact=True).click()
        expect(search).to_be_in_viewport()
        browser.page.locator(".mfkit-values label", has_text="video").click()
        both = library.count(media_type=["audio", "video"])
        browser.page.get_by_role("button", name=f"Show {both} files", exact=True).wait_for()
        assert violations(browser.page) == []
        browser.page.keyboard.press("Escape")
        expect(search).to_be_hidden()
        expect(browser.page.get_by_role("button", name="Filters (1)", exact=True)).to_be_focused()
        assert browser.page.evaluate("document.documentElement.scrollWidth") == 390
        assert browser.outside == [] and browser.faults == []


def test_app_works_like_the_notebook(folder: Path) -> None:
    """Lists, brushes, clicks, the map, the card, saved filters and export work after a reload, too."""
    with (
        MediaLibrary(folder / "library.db") as library,
        web_page(folder / "library.db") as address,
        visit(folder / "worker") as browser,
    ):
        page = browser.page
        page.goto(address)
        browser.plots(4)
        selected(browser, library.count())
        page.locator(".mfkit-values label", has_text="video").click()
        selected(browser, library.count(media_type="video"))
        browser.still()
        area = page.locator(".mfkit-plot[aria-label='Over time'] .nsewdrag").bounding_box()
        assert area
        drag(browser, (area["x"] + 2, area["y"] + 20), (area["x"] + area["width"] * 0.6, area["y"] + 60))
        page.locator(".mfkit-chip", has_text="dated").wait_for()
        browser.still()
        codecs = page.locator(".mfkit-plot[aria-label=Codecs]")
        tick = codecs.locator(".ytick").first
        codec, place = tick.text_content(), tick.bounding_box()
        assert codec and place
        page.mouse.move(place["x"] + place["width"] + 12, place["y"] + place["height"] / 2)
        codecs.locator(".mfkit-over").wait_for()
        page.mouse.click(place["x"] + place["width"] + 12, place["y"] + place["height"] / 2)
        page.locator(".mfkit-chip", has_text=codec).wait_for()
        tab = page.locator(".mfkit-tools .lm-TabBar-tab", has_text="Query and filters")
        tab.click()
        page.get_by_placeholder("Name of the filter").fill("old videos")
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".mfkit-done", has_text="Saved as old videos").wait_for()
        kept = library.saved_filter("old videos")
        assert kept.media_type is not None and kept.video_codec is not None and kept.before is not None
        selected(browser, library.count(kept))
        page.locator(".mfkit-table td button").first.click()
        page.locator(".mfkit-card[open]").get_by_text(codec).first.wait_for()
        page.keyboard.press("Escape")
        places = page.locator(".mfkit-plot[aria-label=Places]")
        places.scroll_into_view_if_needed()
        box = places.bounding_box()
        assert box
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        center = "plot => plot._fullLayout.map.center.lon"
        before = places.locator("[data-drawn]").evaluate(center)
        drag(browser, middle, (middle[0] - 60, middle[1]))
        page.wait_for_function(
            f"([plot, before]) => ({center})(plot) > before + 1",
            arg=[places.locator("[data-drawn]").element_handle(), before],
        )
        assert browser.faults == []
        page.locator(".mfkit-tools .lm-TabBar-tab", has_text="Export").click()
        assert page.get_by_role("button", name="To DataFrame").count() == 0  # no cell could use the variable
        page.get_by_role("button", name=re.compile("Export .* rows?")).click()
        page.locator(".mfkit-done", has_text=str(folder / "selection.csv")).wait_for()
        tab.click()
        # After a reload the selection is empty, and saved filters are listed.
        page.reload()
        # Errors during the reload do not count: Voilà's last request has no XSRF token, and messages may be
        # in transit.
        browser.faults.clear()
        browser.plots(4)
        selected(browser, library.count())
        tab.click()
        page.get_by_role("button", name="Apply", exact=True).click()
        selected(browser, library.count(kept))
        assert browser.outside == [] and browser.faults == []
    # The export is in the folder in which the command was started, which is not removed with the server.
    assert len(pd.read_csv(folder / "selection.csv")) > 0
