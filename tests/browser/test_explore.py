"""The explorer in a real JupyterLab, in a real browser.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from tests.browser.lab import CHROMIUM, Lab, Visit, jupyter_lab, visit
from tests.requirements import require
from tests.synthetic import fill

pytestmark = pytest.mark.browser

NOTEBOOK = "explore.ipynb"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library of varied items, some with names that do harm where they are taken for markup."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with MediaLibrary(tmp_path_factory.mktemp("library") / "library.db") as lib:
        fill(lib, 500)
        yield lib


@pytest.fixture(scope="module")
def lab(library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose kernels open that library."""
    path = str(library.database.name).removeprefix("sqlite+aiosqlite:///")
    with jupyter_lab(tmp_path_factory.mktemp("lab"), Path(path)) as running:
        yield running


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The notebook with all cells run and all charts drawn."""
    with visit(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(lab, NOTEBOOK)
        browser.run_all()
        browser.plots(4)
        yield browser


@pytest.fixture
def explorer(opened: Visit, library: MediaLibrary) -> Visit:
    """The explorer with all files selected, whatever the test before left behind."""
    opened.page.get_by_role("button", name="Reset", exact=True).click()
    wait_for_count(opened, library.count())
    return opened


def shown(browser: Visit) -> int:
    """Return the count that the line in words shows."""
    text = browser.page.locator(".mfkit-count").inner_text()
    found = re.match(r"([\d,]+) of", text.strip())
    assert found, text
    return int(found[1].replace(",", ""))


def wait_for_count(browser: Visit, count: int) -> None:
    browser.page.wait_for_function(
        "count => document.querySelector('.mfkit-count b')?.textContent == count", arg=f"{count:,}",
        timeout=15_000,
    )


def test_all_cells_run(explorer: Visit, library: MediaLibrary) -> None:
    """No cell ends in an error or a warning, and the explorer counts what the library counts."""
    outputs = explorer.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
        ".flatMap(cell => cell.outputs ?? []).filter(o => o.output_type == 'error' || o.name == 'stderr')"
    )
    assert outputs == []
    assert shown(explorer) == library.count()


def test_choosing_video_narrows_everything(explorer: Visit, library: MediaLibrary) -> None:
    """One click changes the count, the table and the charts; reset brings all back."""
    page = explorer.page
    videos = library.count(media_type="video")
    bar = page.locator(".mfkit-plot").first
    page.locator(".mfkit-types button", has_text="video").click()
    wait_for_count(explorer, videos)
    page.locator(".mfkit-pager", has_text=f"of {videos:,}").wait_for()
    bar.locator(".bartext", has_text=str(videos)).wait_for()
    assert bar.locator(".bartext").count() == 1
    assert set(page.locator(".mfkit-table tbody td:nth-child(2)").all_inner_texts()) == {"video"}
    page.get_by_role("button", name="Reset", exact=True).click()
    wait_for_count(explorer, library.count())


def test_search_text_selects_on_enter(explorer: Visit, library: MediaLibrary) -> None:
    """A text is searched for when a person is done typing."""
    box = explorer.page.locator(".mfkit-filters input[type=text]")
    box.fill("VID")
    box.press("Enter")
    wait_for_count(explorer, library.count(text="VID"))


def test_the_map_shows_land_and_finer_places_when_zoomed(explorer: Visit) -> None:
    """The map is painted without a server; a click on its zoom button asks for the visible part."""
    page = explorer.page
    plot = page.locator(".mfkit-plot").last
    plot.scroll_into_view_if_needed()
    plot.hover()
    drawn = plot.locator("[data-drawn]")
    state = (
        "plot => ({zoom: plot._fullLayout.map.zoom, drawn: Number(plot.dataset.drawn),"
        " land: plot._fullLayout.map._subplot.map.isSourceLoaded('land')})"
    )
    before = drawn.evaluate(state)
    assert before["land"]
    plot.locator(".modebar-btn[data-title='Zoom in']").click()
    page.wait_for_function(
        "([plot, before]) => Number(plot.dataset.drawn) > before",
        arg=[drawn.element_handle(), before["drawn"]], timeout=15_000,
    )
    assert drawn.evaluate(state)["zoom"] == pytest.approx(before["zoom"] + 1)
    plot.locator(".modebar-btn[data-title='Show all']").click()
    page.wait_for_function(
        "([plot, zoom]) => Math.abs(plot._fullLayout.map.zoom - zoom) < 0.01",
        arg=[drawn.element_handle(), before["zoom"]], timeout=15_000,
    )


def test_names_run_nothing(explorer: Visit, library: MediaLibrary) -> None:
    """Hostile names and codecs are seen in table, lists and charts, and no script of theirs ran."""
    page = explorer.page
    page.locator(".mfkit-filters select").first.get_by_text("<img src=x").wait_for(state="attached")
    order = page.locator(".mfkit-head select")
    order.select_option("name")
    page.locator(".mfkit-table td", has_text="<script>").first.wait_for(state="attached")
    page.wait_for_timeout(500)
    assert page.evaluate("window.mfkit_harmed") is None
    assert page.locator(".mfkit-explorer img, .mfkit-explorer script").count() == 0
    order.select_option("last added")


def test_charts_survive_a_reload(explorer: Visit, library: MediaLibrary) -> None:
    """After a reload of the page the charts come back from the kernel with what is selected now."""
    page = explorer.page
    page.locator(".mfkit-types button", has_text="audio").click()
    audio = library.count(media_type="audio")
    wait_for_count(explorer, audio)
    explorer.command("docmanager:save")
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.locator(".mfkit-explorer").wait_for(state="attached", timeout=60_000)
    page.locator(".mfkit-explorer").scroll_into_view_if_needed()
    explorer.plots(4)
    wait_for_count(explorer, audio)
    page.locator(".mfkit-plot").first.locator(".bartext", has_text=str(audio)).wait_for()


def test_nothing_left_this_machine_and_nothing_broke(opened: Visit) -> None:
    """After all of that: no request beyond loopback, no error of a script."""
    assert opened.outside == []
    assert opened.faults == []
