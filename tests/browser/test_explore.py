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
    """One click changes the count, the table and the charts; its chip takes it back."""
    page = explorer.page
    videos = library.count(media_type="video")
    bar = page.locator(".mfkit-plot").first
    page.locator(".mfkit-values label", has_text="video").click()
    wait_for_count(explorer, videos)
    page.locator(".mfkit-pager", has_text=f"of {videos:,}").wait_for()
    bar.locator(".bartext", has_text=str(videos)).wait_for()
    assert bar.locator(".bartext").count() == 1
    assert set(page.locator(".mfkit-table tbody td:nth-child(3)").all_inner_texts()) == {"video"}
    page.get_by_role("button", name="Take away: video").click()
    wait_for_count(explorer, library.count())


def test_a_click_on_a_codec_and_back(explorer: Visit, library: MediaLibrary) -> None:
    """A bar that is clicked selects what it stands for; back and forward lead through what was selected."""
    page = explorer.page
    codecs = page.locator(".mfkit-plot[aria-label=Codecs]")
    codecs.scroll_into_view_if_needed()
    place = codecs.locator(".ytick", has_text="hevc").bounding_box()
    assert place
    # Beside the name, where the bar begins.
    bar = place["x"] + place["width"] + 12, place["y"] + place["height"] / 2
    page.mouse.move(*bar)
    codecs.locator(".mfkit-over").wait_for()
    page.mouse.click(*bar)
    wait_for_count(explorer, library.count(video_codec="hevc"))
    page.get_by_role("button", name="‹", exact=True).first.click()
    wait_for_count(explorer, library.count())
    page.get_by_role("button", name="›", exact=True).first.click()
    wait_for_count(explorer, library.count(video_codec="hevc"))


def test_a_brush_over_the_timeline_selects_years(explorer: Visit, library: MediaLibrary) -> None:
    """Dragging from one year to another selects both and what lies between."""
    page = explorer.page
    timeline = page.locator(".mfkit-plot[aria-label='Over time']")
    timeline.scroll_into_view_if_needed()
    ends = [timeline.locator(".xtick", has_text=str(year)).bounding_box() for year in (2015, 2020)]
    drawing = timeline.locator(".nsewdrag").bounding_box()
    assert drawing and ends[0] and ends[1]
    first, last = (end["x"] + end["width"] / 2 for end in ends if end)
    page.mouse.move(first - 5, drawing["y"] + 20)
    page.mouse.down()
    page.mouse.move(last + 5, drawing["y"] + 60, steps=5)
    page.mouse.up()
    wait_for_count(explorer, library.count(after=2015, before=2020))
    page.locator(".mfkit-chip", has_text="dated 2015 to 2020").wait_for()


def test_a_range_is_moved_with_the_keyboard(explorer: Visit, library: MediaLibrary) -> None:
    """A handle that has the focus goes to the end that a key names, and says where it stands."""
    high = explorer.page.get_by_role("slider", name="Resolution: up to")
    high.focus()
    high.press("ArrowLeft")
    high.press("ArrowLeft")
    wait_for_count(explorer, library.count(resolution=["below SD", "SD", "HD", "Full HD", "QHD"]))
    assert high.get_attribute("aria-valuetext") == "QHD"


def test_search_text_selects_on_enter(explorer: Visit, library: MediaLibrary) -> None:
    """A text is searched for when a person is done typing."""
    box = explorer.page.locator(".mfkit-filters input[type=text]").first
    box.fill("VID")
    box.press("Enter")
    wait_for_count(explorer, library.count(text="VID"))


def test_the_map_shows_land_moves_and_selects(explorer: Visit, library: MediaLibrary) -> None:
    """The map is painted without a server, asks for the visible part when zoomed and moved, and a box
    selects."""
    page = explorer.page
    plot = page.locator(".mfkit-plot[aria-label=Places]")
    plot.scroll_into_view_if_needed()
    plot.hover()
    drawn = plot.locator("[data-drawn]")
    state = (
        "plot => ({zoom: plot._fullLayout.map.zoom, drawn: Number(plot.dataset.drawn),"
        " longitude: plot._fullLayout.map.center.lon,"
        " land: plot._fullLayout.map._subplot.map.isSourceLoaded('land')})"
    )

    def redrawn(before: int) -> None:
        page.wait_for_function(
            "([plot, before]) => Number(plot.dataset.drawn) > before", arg=[drawn.element_handle(), before],
            timeout=15_000,
        )

    before = drawn.evaluate(state)
    assert before["land"]
    plot.locator(".modebar-btn[data-title='Zoom in']").click()
    redrawn(before["drawn"])
    assert drawn.evaluate(state)["zoom"] == pytest.approx(before["zoom"] + 1)
    box = plot.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    zoomed = drawn.evaluate(state)
    drag(explorer, middle, (middle[0] - 60, middle[1]))
    page.wait_for_function(
        "([plot, longitude]) => plot._fullLayout.map.center.lon > longitude + 1",
        arg=[drawn.element_handle(), zoomed["longitude"]], timeout=15_000,
    )
    redrawn(zoomed["drawn"])
    plot.locator(".modebar-btn[data-title='Show all']").click()
    page.wait_for_function(
        "([plot, zoom]) => Math.abs(plot._fullLayout.map.zoom - zoom) < 0.01",
        arg=[drawn.element_handle(), before["zoom"]], timeout=15_000,
    )
    plot.hover()
    plot.locator(".modebar-btn[data-title='Select by a box']").click()
    # The half east of the middle, beyond all that is seen.
    middle_longitude = drawn.evaluate(state)["longitude"]
    drag(explorer, (middle[0], box["y"] + 8), (box["x"] + box["width"] - 2, box["y"] + box["height"] - 8))
    page.locator(".mfkit-chip", has_text="between").wait_for()
    page.wait_for_function(
        "whole => document.querySelector('.mfkit-count b').textContent != whole", arg=f"{library.count():,}"
    )
    east = library.count(box=(-85, middle_longitude, 85, 179.9))
    assert 0 < shown(explorer) and abs(shown(explorer) - east) <= east * 0.1
    plot.locator(".modebar-btn[data-title='Move the map']").click()


def drag(browser: Visit, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = browser.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    mouse.move(*end, steps=4)
    mouse.up()


def test_names_run_nothing(explorer: Visit, library: MediaLibrary) -> None:
    """Hostile names, codecs, cameras and folders are seen in every panel, and no script of theirs ran."""
    page = explorer.page
    page.locator(".mfkit-facet summary", has_text="Video codec").click()
    page.locator(".mfkit-facet summary", has_text="Camera").click()
    page.locator(".mfkit-values label", has_text="<img src=x").first.wait_for(state="attached")
    page.locator(".mfkit-filters select option", has_text="<img src=x").first.wait_for(state="attached")
    page.locator(".mfkit-table th button", has_text="Name").click()
    page.locator(".mfkit-table td", has_text="<script>").first.wait_for(state="attached")
    for title, plots in (("Formats", 6), ("Folders and cameras", 8)):
        page.get_by_role("tab", name=title).click()
        explorer.plots(plots)
    treemap = page.locator(".mfkit-plot[aria-label=Folders]")
    treemap.locator(".slicetext", has_text="<img src=x").first.wait_for(state="attached")
    page.locator(".mfkit-plot[aria-label=Cameras] .ytick", has_text="<img").first.wait_for(state="attached")
    for hovered in (treemap, page.locator(".mfkit-plot[aria-label=Cameras]")):
        hovered.hover()
    page.locator(".mfkit-values label", has_text="<img src=x").first.click()
    page.locator(".mfkit-chip", has_text="<img src=x").first.wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("window.mfkit_harmed") is None
    assert page.locator(".mfkit-explorer img:not(.mfkit-card img), .mfkit-explorer script").count() == 0
    page.get_by_role("tab", name="Overview").click()
    for title in ("Camera", "Video codec"):
        page.locator(".mfkit-facet summary", has_text=title).click()


def test_charts_survive_a_reload(explorer: Visit, library: MediaLibrary) -> None:
    """After a reload of the page the charts come back from the kernel with what is selected now."""
    page = explorer.page
    page.locator(".mfkit-values label", has_text="audio").click()
    audio = library.count(media_type="audio")
    wait_for_count(explorer, audio)
    explorer.command("docmanager:save")
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.locator(".mfkit-explorer").wait_for(state="attached", timeout=60_000)
    page.locator(".mfkit-explorer").scroll_into_view_if_needed()
    explorer.plots(4)
    wait_for_count(explorer, audio)
    page.locator(".mfkit-chip", has_text="audio").wait_for()
    page.locator(".mfkit-plot").first.locator(".bartext", has_text=str(audio)).wait_for()


def test_nothing_left_this_machine_and_nothing_broke(opened: Visit) -> None:
    """After all of that: no request beyond loopback, no error of a script."""
    assert opened.outside == []
    assert opened.faults == []
