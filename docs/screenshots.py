"""Take screenshots of every panel (light, dark and narrow), the explorer and a report: ``make screenshots``.

They show the demo library, 4,000 generated items and 600 movies in JupyterLab, in the browser of the tests.
Each image is reduced to 256 colors.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator

from mfkit import MediaLibrary, widgets
from mfkit.demo import write_demo
from tests.browser.lab import Lab, Visit, jupyter_lab, visit, write_notebook
from tests.movies import add_movies
from tests.synthetic import fill

IMAGES = Path(__file__).parent / "images"
WIDE, NARROW = 620, 330
"""Widths of a panel in pixels."""
PANELS = [
    name
    for name in widgets.__all__
    if isinstance(panel := getattr(widgets, name), type)
    and issubclass(panel, widgets.Panel)
    and panel not in (widgets.Panel, widgets.ChartPanel)
]
CHARTS = sum(issubclass(getattr(widgets, name), widgets.ChartPanel) for name in PANELS)
CODE = f"""
import ipywidgets, mfkit, mfkit.widgets
lib = mfkit.open_library()
selection = mfkit.widgets.Selection()
panels = [getattr(mfkit.widgets, name)(lib, selection) for name in {PANELS!r}]
for panel in panels:
    panel.add_class("the-" + type(panel).__name__)
box = ipywidgets.VBox(panels)
box.add_class("the-box")
box
"""


def main() -> None:
    """Take all screenshots."""
    with tempfile.TemporaryDirectory() as name, media_folder() as media:
        folder = Path(name)
        with MediaLibrary(folder / "library.db") as lib:
            write_demo(media)
            write_smaller_version(media)
            lib.scan(media, progress=False)
            lib.inspect(text="IMG", progress=False)
            fill(lib, 4000, names=())
            add_movies(lib, 600)
            lib.save_filter("big old videos", media_type="video", min_size="100 MB", before=2015)
            lib.tag(lib.items(media_type="image", limit=40), "to print", "family")
            report = lib.report(folder / "report.html", title="Library report: pictures")
        with jupyter_lab(folder / "lab", folder / "library.db") as lab:
            write_notebook(lab, "panels.ipynb", CODE)
            with visit(folder / "profile", width=1280, height=1800) as browser:
                browser.open(lab, "panels.ipynb")
                browser.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
                browser.run_all()
                browser.plots(CHARTS)
                for dark, width, suffix in (
                    (False, WIDE, ""),
                    (False, NARROW, "-narrow"),
                    (True, WIDE, "-dark"),
                ):
                    theme(browser, dark)
                    browser.page.add_style_tag(content=f".the-box {{ width: {width}px !important; }}")
                    browser.page.wait_for_timeout(2500)
                    for panel in PANELS:
                        file = IMAGES / "panels" / f"{image_name(panel)}{suffix}.png"
                        take(browser.page.locator(f".the-{panel}"), file)
                theme(browser, False)
                explorer(browser, lab)
                browser.page.set_viewport_size({"width": 1000, "height": 1000})
                browser.page.goto(report.as_uri())
                browser.page.locator(".mfkit-figure .main-svg").first.wait_for()
                take(browser.page.locator("main"), IMAGES / "report.png", height=1000)


def write_smaller_version(media: Path) -> None:
    """Write a photo as a messenger sends it, so that there is a pair of similar pictures."""
    photo = Image.open(media / "Phone" / "DCIM" / "100APPLE" / "IMG_0649.JPG").convert("RGB")
    (media / "Messenger").mkdir()
    photo.reduce(2).save(media / "Messenger" / "IMG-20260426-WA0007.jpg", quality=60)


@contextmanager
def media_folder() -> Iterator[Path]:
    """Yield a folder for the demo files. Its name is visible in the screenshots."""
    folder = Path(tempfile.gettempdir()) / "pictures"
    folder.mkdir()
    try:
        yield folder / "media"
    finally:
        shutil.rmtree(folder)


def explorer(browser: Visit, lab: Lab) -> None:
    """Take the whole explorer (light, dark and narrow) and the detail card."""
    browser.open(lab, "explore.ipynb")
    page = browser.page
    for cell in (1, 2):
        page.evaluate(
            "cell => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell; }", cell
        )
        browser.command("notebook:run-cell")
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    explorer_box = page.locator(".mfkit-explorer")
    explorer_box.wait_for(state="attached")
    explorer_box.scroll_into_view_if_needed()
    browser.plots(4)
    for dark, width, name in (
        (False, 1280, "explorer"),
        (True, 1280, "explorer-dark"),
        (False, 560, "explorer-narrow"),
    ):
        theme(browser, dark)
        with window(browser, width):
            take(explorer_box, IMAGES / f"{name}.png")
    for tab, name in (("Formats", "formats"), ("Streams", "streams"), ("Folders and cameras", "folders")):
        page.locator(".mfkit-tabs .lm-TabBar-tab", has_text=tab).first.click()
        with window(browser, 1280):
            take(explorer_box, IMAGES / f"explorer-{name}.png", height=800)
    page.locator(".mfkit-filters input[type=text]").first.fill("IMG_0817")
    page.keyboard.press("Enter")
    page.wait_for_timeout(2000)
    page.locator(".mfkit-table td button", has_text="IMG_0817").first.click()
    page.locator(".mfkit-card[open] img:not([hidden])").wait_for(timeout=30_000)
    page.wait_for_timeout(500)
    take(page.locator(".mfkit-card[open]"), IMAGES / "card.png")


@contextmanager
def window(browser: Visit, width: int) -> Iterator[None]:
    """Change the width of the window temporarily."""
    # High enough for the whole explorer, because JupyterLab's bars would cover parts of it after scrolling.
    browser.page.set_viewport_size({"width": width, "height": 4000})
    browser.page.wait_for_timeout(3000)
    yield
    browser.page.set_viewport_size({"width": 1280, "height": 1000})


def theme(browser: Visit, dark: bool) -> None:
    """Switch to JupyterLab's light or dark theme."""
    browser.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)",
        f"JupyterLab {'Dark' if dark else 'Light'}",
    )
    browser.page.wait_for_timeout(1500)


def image_name(panel: str) -> str:
    """Return the name of a panel's image: ``types`` for ``TypesPanel``."""
    return re.sub("Panel$", "", panel).lower()


def take(element: Locator, file: Path, *, height: int | None = None) -> None:
    """Save a screenshot of an element, or of the upper part of it, as a small PNG."""
    element.scroll_into_view_if_needed()
    element.page.wait_for_timeout(150)
    image = Image.open(io.BytesIO(element.screenshot())).convert("RGB")
    if height is not None:
        image = image.crop((0, 0, image.width, min(image.height, height)))
    file.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
