"""The Streams tab of the explorer in JupyterLab: languages, clicks, and outliers that select their files.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from mfkit import MediaLibrary
from tests.browser.lab import CHROMIUM, Lab, Visit, jupyter_lab, visit, write_notebook
from tests.movies import add_movies
from tests.requirements import require
from tests.samples import new_library
from tests.synthetic import fill

pytestmark = pytest.mark.browser

PANELS = ("Languages", "Subtitles", "HDR by resolution", "Bit depth by codec", "Efficiency")
OLD = "import mfkit; mfkit.MediaLibrary({!r}).explore()"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library of 300 movies with streams, and 50 items of all types without."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with new_library(tmp_path_factory.mktemp("library") / "movies.db") as lib:
        fill(lib, 50, names=())
        add_movies(lib, 300)
        yield lib


@pytest.fixture(scope="module")
def lab(library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose kernels open that library."""
    assert library.database.file is not None
    with jupyter_lab(tmp_path_factory.mktemp("lab"), library.database.file) as running:
        yield running


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The explorer with its Streams tab open, on a tall page; no script of the page failed at the end."""
    with visit(tmp_path_factory.mktemp("profile"), height=1900) as browser:
        browser.open(lab, "explore.ipynb")
        browser.run_all()
        browser.plots(4)
        open_streams(browser)
        yield browser
        assert browser.errors() == []
        assert browser.outside == [] and browser.faults == []


def open_streams(browser: Visit) -> None:
    """Open the tab, and wait until its charts are drawn."""
    browser.page.locator(".mfkit-tabs .lm-TabBar-tab", has_text="Streams").click()
    browser.page.wait_for_function(
        "count => [...document.querySelectorAll('.mfkit-plot > [data-drawn]')]"
        ".filter(plot => plot.clientWidth).length == count",
        arg=len(PANELS),
    )
    browser.still()


def panel(browser: Visit, title: str) -> Locator:
    """Return the panel with a heading."""
    return browser.page.locator(".mfkit-panel", has=browser.page.locator("h3", has_text=title)).last


def selected(browser: Visit, count: int) -> None:
    """Wait until this number of files is selected and all charts are drawn."""
    browser.page.wait_for_function(
        "count => document.querySelector('.mfkit-count b')?.textContent == count", arg=f"{count:,}"
    )
    browser.still()


@pytest.fixture
def explorer(opened: Visit, library: MediaLibrary) -> Visit:
    """The explorer with all files selected."""
    opened.page.get_by_role("button", name="Reset", exact=True).click()
    selected(opened, library.count())
    return opened


def texts(browser: Visit, title: str, axis: str) -> list[str]:
    """Return the labels of a chart's axis."""
    found = panel(browser, title).locator(f".{axis}tick text").all_text_contents()
    return [text.replace("\u00a0", " ") for text in found]


def click_bar(browser: Visit, title: str, label: str) -> None:
    """Click the bar of a chart that has a label."""
    labels = texts(browser, title, "y")
    panel(browser, title).locator(".bars .point path").nth(labels.index(label)).click(force=True)


def test_the_tab_shows_all_charts(explorer: Visit, library: MediaLibrary) -> None:
    """Languages have English names, the largest first, and every chart has marks."""
    frame = library.summary("audio_language", min_channels=1).dropna(subset="audio_language")
    assert frame.sort_values("files", ascending=False)["audio_language"].iloc[0] == "eng"
    languages = texts(explorer, "Languages", "y")
    assert languages[:2] == ["English", "German"] and "ger" not in languages
    assert texts(explorer, "Subtitles", "y") == ["Text", "Images only", "No subtitles"]
    assert texts(explorer, "Bit depth", "x") == ["8 bit", "10 bit"]
    assert "Dolby Vision" in texts(explorer, "HDR", "y")
    outliers = sum(len(library.efficiency(outlier=kind)) for kind in ("bloated", "starved"))
    assert panel(explorer, "Efficiency").locator(".scatterlayer .point").count() == outliers > 5


def test_a_click_on_a_language_selects_its_files(explorer: Visit, library: MediaLibrary) -> None:
    """A click selects a language and shows it as a chip; a click on a further bar adds its language."""
    click_bar(explorer, "Languages", "German")
    selected(explorer, library.count(audio_language="ger"))
    expect(explorer.page.locator(".mfkit-chips")).to_contain_text("audio in German")
    # Bars of the whole distribution come before those of the selection.
    click_bar(explorer, "Languages", "English")
    selected(explorer, library.count(audio_language=["ger", "eng"]))


def test_a_click_on_a_format_of_subtitles_selects_its_files(explorer: Visit, library: MediaLibrary) -> None:
    """The bar of image subtitles selects videos that have no subtitles as text."""
    click_bar(explorer, "Subtitles", "Images only")
    selected(explorer, library.count(subtitle_format="images"))
    assert 0 < library.count(subtitle_format="images") < library.count(has_subtitles=True)


def test_bloated_videos_are_selected_together(explorer: Visit, library: MediaLibrary) -> None:
    """The button selects all bloated videos, the table lists them, and a second click releases them."""
    bloated = library.efficiency(outlier="bloated")["id"].nunique()
    button = panel(explorer, "Efficiency").get_by_role("button", name=f"Select {bloated} bloated")
    button.click()
    selected(explorer, bloated)
    expect(explorer.page.locator(".mfkit-chips")).to_contain_text(f"{bloated} chosen files")
    expect(explorer.page.locator(".mfkit-pager").first).to_contain_text(f"of {bloated}")
    assert panel(explorer, "Efficiency").locator(".bars .point").count() > 0
    button.click()
    selected(explorer, library.count())


def test_a_click_on_a_point_selects_its_file(explorer: Visit, library: MediaLibrary) -> None:
    """The point of a starved video selects this video alone."""
    panel(explorer, "Efficiency").locator(".scatterlayer .trace").last.locator(".point").first.click(
        force=True
    )
    selected(explorer, 1)
    name = library.efficiency(outlier="starved")["file_path"].str.rpartition("/")[2]
    shown = explorer.page.locator(".mfkit-table tbody td button").first.inner_text()
    assert shown in set(name)


def test_a_library_of_an_earlier_version(
    lab: Lab, opened: Visit, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Charts of a library whose streams are not known yet say so, and how to read them."""
    path = tmp_path_factory.mktemp("old") / "old.db"
    with new_library(path) as lib:
        fill(lib, 40, names=())
    write_notebook(lab, "old.ipynb", OLD.format(str(path)))
    opened.open(lab, "old.ipynb")
    opened.run_all()
    opened.plots(4)
    open_streams(opened)
    for title in PANELS:
        expect(panel(opened, title)).to_contain_text("not known yet")
