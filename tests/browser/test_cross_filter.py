"""The explorer on a library with wrong and unknown dates, many codecs and cameras, and one located file.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaCopy, MediaItem, MediaMetadata
from tests.browser.lab import CHROMIUM, PATIENCE, Visit, jupyter_lab, visit, web_page
from tests.requirements import require
from tests.synthetic import HOSTILE

pytestmark = pytest.mark.browser

COPIED = datetime(2026, 5, 3, 10, tzinfo=UTC)
"""Modification time of all files: the time at which they were copied."""
CODECS = ("h264", "hevc", *(f"codec{number:02d}" for number in range(28)))


def items() -> list[MediaItem]:
    """Return images of 400 cameras, videos of 30 codecs, music without dates, and wrong dates."""
    rows: list[MediaItem] = []

    def add(kind: str, captured: datetime | None, **metadata: object) -> None:
        number = len(rows)
        name = HOSTILE[number] if number < len(HOSTILE) else f"{kind}{number:05d}"
        flag = None
        if captured is not None:
            flag = "future" if captured.year == 2099 else "before 1826" if captured.year < 1826 else None
        rows.append(
            MediaItem(
                file_path=f"/photos/{number}/{name.replace('/', '_')}",
                file_name=name,
                file_size=1000 + number,
                media_type=kind,
                mime_type=f"{kind}/x",
                file_hash=hashlib.sha256(str(number).encode()).hexdigest(),
                file_modified_at=COPIED,
                file_created_at=None if captured is None else captured.replace(tzinfo=UTC),
                captured_at=captured,
                capture_flag=flag,
                media_metadata=MediaMetadata(extra_metadata={}, **metadata),
            )
        )

    for number in range(1200):
        day = datetime(2010 + number % 12, 3, 1 + number % 28)
        add("image", day, camera_make="Maker", camera_model=f"Model {number % 400}")
    for number in range(120):
        codec = CODECS[number % 40 % 30]
        add("video", datetime(2010 + number % 12, 7, 1), video_codec=codec, duration=60.0 + number)
        if codec in CODECS[:2]:
            rows[-1].file_size *= 10
    for number in range(700):
        add("audio", None, audio_codec="mp3", duration=200.0 + number)
    for year in (1825, 1826, 1970, 2099, 2099):
        add("image", datetime(year, 1, 1))
    located = rows[10].media_metadata
    assert located is not None
    located.latitude, located.longitude = 38.72, -9.14
    rows[20].copies = [MediaCopy(file_path="/copy/20", file_name="20")]
    return rows


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library with these items."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with MediaLibrary(tmp_path_factory.mktemp("library") / "family photos.db") as lib:

        async def put() -> None:
            await lib.database.upgrade()
            async with lib.database.session() as session:
                session.add_all(items())

        run_sync(put())
        yield lib


@pytest.fixture(scope="module", params=["jupyterlab", "voila"])
def opened(
    request: pytest.FixtureRequest, library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    """The explorer of that library with all charts drawn: in the notebook, and as a page of ``mfkit app``."""
    assert library.database.file is not None
    file = Path(library.database.file)
    with contextlib.ExitStack() as running:
        browser = running.enter_context(visit(tmp_path_factory.mktemp("profile")))
        if request.param == "jupyterlab":
            lab = running.enter_context(jupyter_lab(tmp_path_factory.mktemp("lab"), file))
            browser.open(lab, "explore.ipynb")
            browser.run_all()
        else:
            browser.page.goto(running.enter_context(web_page(file)))
        browser.plots(4)
        yield browser
        assert browser.outside == [] and browser.faults == []


@pytest.fixture
def explorer(opened: Visit, library: MediaLibrary) -> Visit:
    """The explorer with all files selected."""
    opened.page.get_by_role("button", name="Reset", exact=True).click()
    selected(opened, library.count())
    return opened


def selected(browser: Visit, count: int) -> None:
    """Wait until this number of files is selected and all charts are drawn."""
    browser.page.wait_for_function(
        "count => document.querySelector('.mfkit-count b')?.textContent == count", arg=f"{count:,}"
    )
    browser.still()


def plot(browser: Visit, title: str) -> Locator:
    """Return a chart, scrolled into view."""
    found = browser.page.locator(f".mfkit-plot[aria-label='{title}']")
    found.scroll_into_view_if_needed()
    browser.still()
    return found


def click_bar(browser: Visit, title: str, label: str, *, alt: bool = False) -> None:
    """Click a bar next to its label."""
    place = plot(browser, title).locator(".ytick", has_text=label).first.bounding_box()
    assert place
    if alt:
        browser.page.keyboard.down("Alt")
    browser.page.mouse.click(place["x"] + place["width"] + 10, place["y"] + place["height"] / 2)
    if alt:
        browser.page.keyboard.up("Alt")


def test_undated_files_and_wrong_dates_are_counted_beside_the_slider(
    explorer: Visit, library: MediaLibrary
) -> None:
    """Their counts select them, a second click removes the condition, and the slider has only real years."""
    page = explorer.page
    buckets = page.locator(".mfkit-buckets")
    expect(buckets.locator("button")).to_have_text(
        ["700 undated", "2 dated in the future", "1 dated before 1826"], timeout=PATIENCE
    )
    low = page.get_by_role("slider", name="Date: from")
    assert (low.get_attribute("min"), low.get_attribute("max")) == ("0", "12")
    buckets.get_by_text("700 undated").click()
    selected(explorer, 700)
    page.locator(".mfkit-chip", has_text="without a capture time").wait_for()
    buckets.get_by_text("700 undated").click()
    selected(explorer, library.count())


def test_file_dates_are_grey(explorer: Visit) -> None:
    """The table shows the date of a copied file in grey with an explanation, and so does a chart of music."""
    page = explorer.page
    page.locator(".mfkit-buckets button", has_text="undated").click()
    selected(explorer, 700)
    cell = page.locator(".mfkit-table td.mfkit-muted").first
    cell.wait_for()
    assert cell.inner_text() == "2026-05-03"
    assert cell.get_attribute("title") == "File date: the capture time is unknown"
    explorer.page.get_by_role("button", name="Reset", exact=True).click()
    page.locator(".mfkit-values label", has_text="audio").click()
    selected(explorer, 700)
    # No music has a capture time, so the timeline shows file dates.
    plot(explorer, "Over time").get_by_text("file dates, because no capture times are known").wait_for()
    # No music has a video codec, so the chart of codecs shows audio codecs.
    expect(plot(explorer, "Codecs").locator(".ytick")).to_have_text(["mp3"])


def test_the_time_axis_ends_at_real_dates(explorer: Visit) -> None:
    """Labels name the bars beside the axis, and no tick is outside of the years."""
    labels = plot(explorer, "Over time").locator(".xtick").all_text_contents()
    texts = [label.replace("\u200b", "").strip() for label in labels]
    assert {"undated", "future", "< 1826"} <= set(texts), texts
    years = [int(text) for text in texts if text.isdigit()]
    assert years and min(years) >= 2010 and max(years) <= 2021


def test_a_click_adds_a_value_and_alt_excludes_it(explorer: Visit, library: MediaLibrary) -> None:
    """The other bars stay in grey; a second click removes a value; Alt-click leaves a value out."""
    axis = plot(explorer, "Codecs").locator(".ytick").all_text_contents()
    click_bar(explorer, "Codecs", "h264")
    selected(explorer, library.count(video_codec="h264"))
    click_bar(explorer, "Codecs", "hevc")
    both = library.count(video_codec=["h264", "hevc"])
    selected(explorer, both)
    assert plot(explorer, "Codecs").locator(".ytick").all_text_contents() == axis
    click_bar(explorer, "Codecs", "h264")
    selected(explorer, library.count(video_codec="hevc"))
    click_bar(explorer, "Codecs", "hevc", alt=True)
    selected(explorer, library.count() - library.count(video_codec="hevc"))
    explorer.page.locator(".mfkit-chip", has_text="not video codec hevc").wait_for()


def test_the_filters_stay_in_view(explorer: Visit) -> None:
    """They are no higher than the page and scroll below the conditions; a button hides the rest."""
    page = explorer.page
    column = page.locator(".mfkit-explorer > .mfkit-filters")
    page.locator(".mfkit-table").scroll_into_view_if_needed()
    content, height = column.evaluate("column => [column.scrollHeight, column.clientHeight]")
    box = column.bounding_box()
    assert (
        box
        and content > height
        and 0 <= box["y"]
        and box["y"] + box["height"] <= page.evaluate("innerHeight")
    )
    column.evaluate("column => column.scrollTo(0, column.scrollHeight)")
    count = page.locator(".mfkit-filters .mfkit-count").bounding_box()
    assert count and 0 <= count["y"] - box["y"] < 80
    button = page.get_by_role("button", name="Filters", exact=True)
    button.click()
    expect(page.get_by_placeholder("Name, artist, place, tag")).to_be_hidden()
    hidden = column.bounding_box()
    assert hidden and hidden["height"] < 120 and hidden["width"] > 2 * box["width"]
    expect(page.locator(".mfkit-filters .mfkit-count")).to_be_visible()
    button.click()
    expect(page.get_by_placeholder("Name, artist, place, tag")).to_be_visible()
    explorer.still()


def test_a_list_is_searched_beyond_the_values_it_shows(explorer: Visit, library: MediaLibrary) -> None:
    """400 cameras have three files each; a camera that is not among the first 200 is found and selected."""
    page = explorer.page
    cameras = page.locator(".mfkit-facet", has=page.locator("summary", has_text="Camera"))
    cameras.locator("summary").click()
    cameras.locator("label").nth(199).wait_for(state="attached")
    find = cameras.get_by_role("searchbox")
    for text in ("model 399", "model 7"):
        find.fill(text)
        cameras.locator("label", has_text=text.title()).first.wait_for()
    expect(cameras.locator("label:visible")).to_have_count(11)
    find.fill("model 399")
    cameras.locator("label:visible", has_text="Maker Model 399").click()
    selected(explorer, library.count(camera="Maker Model 399"))
    find.fill("")
    cameras.locator("summary").click()


def test_a_brush_is_resized_and_moved(explorer: Visit, library: MediaLibrary) -> None:
    """The handles of a selected range are dragged with the mouse and moved with the keyboard."""
    page = explorer.page
    timeline = plot(explorer, "Over time")
    ticks = [timeline.locator(".xtick", has_text=str(year)).bounding_box() for year in (2012, 2016)]
    drawing = timeline.locator(".nsewdrag").bounding_box()
    assert drawing and ticks[0] and ticks[1]
    first, last = (tick["x"] + tick["width"] / 2 for tick in ticks if tick)
    year = (last - first) / 4
    page.mouse.move(first - 4, drawing["y"] + 40)
    page.mouse.down()
    page.mouse.move(last + 4, drawing["y"] + 60, steps=5)
    page.mouse.up()
    selected(explorer, library.count(after=2012, before=2016, has_date=True))
    handle = timeline.get_by_role("slider", name="End of the range").bounding_box()
    assert handle
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 30)
    page.mouse.down()
    page.mouse.move(handle["x"] + handle["width"] / 2 - 2 * year, handle["y"] + 30, steps=4)
    page.mouse.up()
    selected(explorer, library.count(after=2012, before=2014, has_date=True))
    page.locator(".mfkit-chip", has_text="dated 2012 to 2014").wait_for()
    strip = timeline.get_by_role("slider", name="Move the range")
    strip.focus()
    strip.press("ArrowRight")
    selected(explorer, library.count(after=2013, before=2015, has_date=True))


def test_one_located_file_has_surroundings(explorer: Visit) -> None:
    """The map shows about ten degrees around it with the names of countries, and the world only once."""
    drawn = plot(explorer, "Places").locator("[data-drawn]")
    state = drawn.evaluate(
        "plot => { const map = plot._fullLayout.map._subplot.map; const bounds = map.getBounds();"
        " return {width: bounds.getEast() - bounds.getWest(), zoom: map.getZoom()}; }"
    )
    assert 8 < state["width"] < 60
    names = explorer.page.locator(".mfkit-names span").all_inner_texts()
    assert "Spain" in names or "Portugal" in names
    explorer.page.locator(".mfkit-chip, .mfkit-values label", has_text="audio").first.click()
    explorer.still()
    world = drawn.evaluate(
        "plot => { const map = plot._fullLayout.map._subplot.map;"
        " return map.getContainer().clientWidth / (512 * 2 ** map.getZoom()); }"
    )
    assert world <= 1.01


def test_problems_lead_to_their_files(explorer: Visit, library: MediaLibrary) -> None:
    """The header has the library's name and its problems; a click selects their files."""
    header = explorer.page.locator(".mfkit-header")
    assert header.locator("h2").inner_text() == "family photos"
    buttons = header.locator(".mfkit-problems button")
    expect(buttons).to_have_text(
        ["2 files dated in the future", "1 file dated before 1826", "1.02 kB in 1 copy"], timeout=PATIENCE
    )
    buttons.nth(0).click()
    selected(explorer, 2)
    buttons.nth(2).click()
    selected(explorer, 1)
    buttons.nth(2).click()
    selected(explorer, library.count())
