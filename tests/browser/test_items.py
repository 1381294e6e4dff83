"""Files in the explorer: the table, the card, tags, collections and saved filters.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mfkit import MediaFilter, MediaLibrary
from tests.browser.lab import Lab, Visit, visit
from tests.synthetic import HOSTILE

pytestmark = pytest.mark.browser

MARKUP = HOSTILE[0]
"""A name that sets a variable of the page if it is interpreted as markup."""


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The explorer after all charts are drawn."""
    with visit(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(lab, "explore.ipynb")
        browser.run_all()
        browser.plots(4)
        yield browser


@pytest.fixture
def explorer(opened: Visit, library: MediaLibrary) -> Visit:
    """The explorer with all files selected."""
    opened.page.get_by_role("button", name="Reset", exact=True).click()
    selected(opened, library.count())
    return opened


def selected(browser: Visit, count: int) -> None:
    """Wait until the summary and the table show this number of files."""
    browser.page.wait_for_function(
        "count => document.querySelector('.mfkit-count b')?.textContent == count", arg=f"{count:,}"
    )
    browser.page.locator(".mfkit-pager", has_text=f"of {count:,}").first.wait_for()


def names(browser: Visit) -> list[str]:
    return browser.page.locator(".mfkit-table tbody td:nth-child(2)").all_inner_texts()


def choose(browser: Visit, *rows: int) -> None:
    """Tick only these rows of the page."""
    boxes = browser.page.locator(".mfkit-table tbody input")
    for row in range(boxes.count()):
        boxes.nth(row).set_checked(row in rows)


def tab(browser: Visit, name: str) -> None:
    """Open a tab of the tools, also if the page moves it while it is clicked."""
    opened = browser.page.locator(".mfkit-tools .lm-TabBar-tab.lm-mod-current", has_text=name)
    for _ in range(5):
        browser.page.locator(".mfkit-tools .lm-TabBar-tab", has_text=name).click()
        browser.page.wait_for_timeout(200)
        if opened.count():
            return
    pytest.fail(f"The tab {name!r} does not open.")


def button(browser: Visit, name: str) -> None:
    browser.page.get_by_role("button", name=name, exact=True).click()


def test_sort_and_page(explorer: Visit, library: MediaLibrary) -> None:
    """A heading sorts all files, not only the page; the next page continues the order."""
    page = explorer.page
    wanted = list(library.items(order_by="file_size", ascending=False, limit=30)["file_name"])
    page.locator(".mfkit-table th button", has_text="Size").click()
    page.locator(".mfkit-table th[aria-sort=descending]").wait_for()
    assert names(explorer) == wanted[:15]
    page.locator(".mfkit-pager").get_by_role("button", name="Next page").click()
    page.locator(".mfkit-pager", has_text="16 to 30").wait_for()
    assert names(explorer) == wanted[15:]
    page.locator(".mfkit-table th button", has_text="Size").click()
    page.locator(".mfkit-table th[aria-sort=ascending]").wait_for()
    page.locator(".mfkit-table th button", has_text="Size").click()
    page.locator(".mfkit-table:not(:has(th[aria-sort]))").wait_for()


def test_the_detail_card(explorer: Visit, library: MediaLibrary) -> None:
    """The card shows the metadata with its origin, then the preview; Escape closes it."""
    page = explorer.page
    page.locator(".mfkit-filters input[type=text]").fill("IMG_0817")
    page.keyboard.press("Enter")
    selected(explorer, library.count(text="IMG_0817"))
    page.locator(".mfkit-table td button", has_text="IMG_0817").first.click()
    card = page.locator(".mfkit-card[open]")
    card.get_by_text("image/jpeg").wait_for()
    camera = card.locator("section", has=page.locator("h4", has_text="Camera"))
    assert "Apple" in camera.inner_text() and "exif" in camera.inner_text()
    picture = card.locator("img:not([hidden])")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 480
    page.keyboard.press("Escape")
    card.wait_for(state="detached")


def test_rows_are_tagged_and_undone(explorer: Visit, library: MediaLibrary) -> None:
    """The button shows the number of files, the library has the tag, and undo removes it."""
    page = explorer.page
    choose(explorer, 1, 3)
    field = page.get_by_placeholder("Name of a tag")
    field.fill("to print")
    button(explorer, "Tag 2 files")
    page.locator(".mfkit-done", has_text="2 files tagged").wait_for()
    assert library.count(tags="to print") == 2
    button(explorer, "Undo")
    page.locator(".mfkit-done", has_text="Undone").wait_for()
    assert library.count(tags="to print") == 0 and "to print" not in set(library.tags()["name"])


def test_a_saved_filter_survives_a_reload(explorer: Visit, library: MediaLibrary) -> None:
    """A saved filter selects the same files after a reload of the page."""
    page = explorer.page
    videos = library.count(media_type="video")
    page.locator(".mfkit-values label", has_text="video").click()
    selected(explorer, videos)
    tab(explorer, "Query and filters")
    page.locator(".mfkit-code pre", has_text="media_type='video'").wait_for()
    page.get_by_placeholder("Name of the filter").fill("all videos")
    button(explorer, "Save")
    page.locator(".mfkit-done", has_text="Saved as all videos").wait_for()
    assert library.saved_filter("all videos") == MediaFilter(media_type="video")
    button(explorer, "Reset")
    selected(explorer, library.count())
    explorer.command("docmanager:save")
    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.locator(".mfkit-tools").wait_for(state="attached")
    page.locator(".mfkit-tools").scroll_into_view_if_needed()
    tab(explorer, "Query and filters")
    button(explorer, "Apply")
    selected(explorer, videos)


def test_hostile_names_are_text(explorer: Visit, library: MediaLibrary) -> None:
    """Hostile names of files, tags, collections and saved filters are shown as text."""
    page = explorer.page
    hostile = library.items(folder="/photos")
    library.tag(hostile, MARKUP)
    library.add_to(MARKUP, hostile)
    library.save_filter(MARKUP, tags=MARKUP)
    tab(explorer, "Tags and collections")
    choose(explorer)
    field = page.get_by_placeholder("Name of a collection")
    field.fill(MARKUP)
    button(explorer, f"Remove {library.count():,} files")
    page.locator(".mfkit-done", has_text="<img").wait_for()
    button(explorer, "Undo")
    page.locator(".mfkit-done", has_text="Undone").wait_for()
    page.locator(".mfkit-filters input[type=text]").fill("onerror")
    page.keyboard.press("Enter")
    selected(explorer, library.count(text="onerror"))
    page.locator(".mfkit-table td button", has_text="<img src=x").first.click()
    card = page.locator(".mfkit-card[open]")
    for group in ("Tags", "Collections"):
        card.locator("section", has=page.locator("h4", has_text=group)).get_by_text("<img").wait_for()
    card.get_by_text("was not found").wait_for()
    page.keyboard.press("Escape")
    page.locator(".mfkit-filters input[type=text]").fill("a very long name")
    page.keyboard.press("Enter")
    # One call, because the table may be redrawn between two calls.
    width = page.wait_for_function(
        "text => [...document.querySelectorAll('.mfkit-table td button')].find("
        "one => one.title.length > 250 && one.title.startsWith(text))?.getBoundingClientRect().width",
        arg="a very long name",
    )
    assert 0 < width.json_value() < 500
    assert page.evaluate("window.mfkit_harmed") is None
    assert page.locator(".mfkit-explorer img:not(.mfkit-card img), .mfkit-explorer script").count() == 0


def test_no_external_request_and_no_script_error(opened: Visit) -> None:
    """The tests above caused no request to another machine and no script error."""
    assert opened.outside == []
    assert opened.faults == []
