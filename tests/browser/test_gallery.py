"""The gallery and the notebook about copies in a real browser.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator

from mfkit import MediaLibrary
from tests.browser.accessibility import violations
from tests.browser.lab import CHROMIUM, Lab, Visit, drag, jupyter_lab, visit, write_notebook
from tests.requirements import require
from tests.synthetic import HOSTILE, fill

pytestmark = pytest.mark.browser

PICTURES = 600
TOTAL = PICTURES + 2 + 1 + 12
"""Number of items: pictures of one color, two versions of a scene, a video, and items without a file."""
EXIF, GPS = 0x8769, 0x8825
SHAPES = ((160, 120), (120, 160), (200, 110), (140, 140))
FRAMES = ("red", "lime", "blue", "yellow", "white")
"""Colors of the five parts of the video."""
CODE = """
import mfkit, mfkit.widgets
lib = mfkit.open_library()
gallery = mfkit.widgets.GalleryPanel(lib)
gallery.order.value = "By name"
gallery
"""
JUMP = """
share => {
  const scroller = document.querySelector('.mfkit-gallery');
  scroller.scrollTop = share * scroller.scrollHeight;
}
"""
PIXEL = """
selector => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(document.querySelector(selector), 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
"""
CELLS = """
image => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 6 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, 8, 6);
  return [...context.getImageData(0, 0, 8, 6).data].filter((_, at) => at % 4 < 3);
}
"""
SHOWN = """
async () => {
  const scroller = document.querySelector('.mfkit-gallery');
  const { top, bottom } = scroller.getBoundingClientRect();
  const visible = [...scroller.querySelectorAll('.mfkit-tile')].filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > top + 1 && box.top < bottom - 1;
  });
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const shown = [];
  for (const tile of visible) {
    const image = tile.querySelector('img');
    if (!image) { shown.push([Number(tile.dataset.index), tile.title.split('\\n')[0], null]); continue; }
    await image.decode();
    context.drawImage(image, 0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    shown.push([Number(tile.dataset.index), tile.title.split('\\n')[0], [red, green, blue]]);
  }
  return shown;
}
"""


def color(number: int) -> tuple[int, int, int]:
    """Return a color that differs clearly between any two pictures: eight levels of each channel or more."""
    return 16 + number % 10 * 24, 16 + number // 10 % 10 * 24, 16 + number // 100 * 32


def draw_scene() -> Image.Image:
    """Return a picture of 8 x 6 blurred cells of random colors."""
    cells = np.random.default_rng(1).integers(0, 255, (6, 8, 3), np.uint8)
    return Image.fromarray(cells).resize((800, 600), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """Pictures whose color states their number, copies of a scene, and items without a file.

    The items without a file have hostile names.
    """
    require(CHROMIUM, "The browser Chromium", "chromium")
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(PICTURES):
        picture = Image.new("RGB", SHAPES[number % 4], color(number))
        picture.save(folder / f"picture {number:03}.png")
    scene = draw_scene()
    exif = Image.Exif()
    exif[GPS] = {1: "N", 2: (40.0, 25.0, 12.0), 3: "W", 4: (3.0, 42.0, 0.0)}
    exif[EXIF] = {0x9003: "2026:06:01 12:00:00"}
    scene.save(folder / "scene.jpg", quality=95, exif=exif)
    (folder / "Old laptop").mkdir()
    shutil.copy2(folder / "scene.jpg", folder / "Old laptop")
    scene.resize((400, 300)).save(folder / "scene small.jpg", quality=70)
    with av.open(str(folder / "video.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 320, 240
        for number in range(50):
            image = Image.new("RGB", (320, 240), FRAMES[number // 10])
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode(None))
    with MediaLibrary(tmp_path_factory.mktemp("library") / "library.db") as lib:
        lib.scan(folder, progress=False)
        lib.inspect(text="scene", progress=False)
        fill(lib, 12)
        yield lib


@pytest.fixture(scope="module")
def lab(library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose kernels open the library of pictures."""
    assert library.database.file is not None
    with jupyter_lab(tmp_path_factory.mktemp("lab"), library.database.file) as running:
        write_notebook(running, "gallery.ipynb", CODE)
        write_notebook(running, "explorer.ipynb", "import mfkit\nmfkit.open_library().explore()")
        yield running


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The gallery of all items, by name."""
    with visit(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(lab, "gallery.ipynb")
        browser.run_all()
        assert browser.errors() == []
        browser.page.locator(".mfkit-tile img").first.wait_for()
        yield browser


@pytest.fixture
def gallery(opened: Visit) -> Visit:
    """The gallery at its beginning, without chosen items."""
    opened.page.locator(".mfkit-gallery").focus()
    opened.page.keyboard.press("Escape")
    opened.page.keyboard.press("Home")
    settled(opened)
    return opened


def names(library: MediaLibrary) -> list[str]:
    return list(library.items(order_by="file_name")["file_name"])


def settled(browser: Visit) -> list[list[Any]]:
    """Wait until each visible tile has its picture or icon, and return position, name and color of each."""
    # Tiles follow a scroll bar in the next frame.
    browser.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))"
    )
    browser.page.wait_for_function(
        "() => { const tiles = [...document.querySelectorAll('.mfkit-tile')];"
        " return tiles.length && tiles.every(tile => tile.dataset.id &&"
        " tile.querySelector('img, .mfkit-tile-icon')); }"
    )
    return list(browser.page.evaluate(SHOWN))


def check_chosen(browser: Visit, wanted: list[str]) -> None:
    """Wait until exactly these tiles are chosen, among those in the page."""
    found: list[str] = []
    for _ in range(100):
        found = browser.page.evaluate(
            "() => [...document.querySelectorAll('.mfkit-tile[aria-selected=true]')]"
            ".sort((a, b) => a.dataset.index - b.dataset.index).map(tile => tile.title.split('\\n')[0])"
        )
        if found == wanted:
            return
        browser.page.wait_for_timeout(100)
    assert found == wanted


def current(browser: Visit) -> int:
    return int(browser.page.locator(".mfkit-current").get_attribute("data-index") or -1)


def check(shown: list[list[Any]], wanted: list[str]) -> int:
    """Check that each tile has the name of its position and the color of its name; count the pictures."""
    pictures = 0
    for index, name, found in shown:
        assert name == wanted[index].splitlines()[0]
        if name.startswith("picture "):
            expected = color(int(name[8:11]))
            assert found is not None and max(abs(a - b) for a, b in zip(found, expected, strict=True)) < 8, (
                name
            )
            pictures += 1
    return pictures


def test_twenty_jumps_show_the_right_pictures(gallery: Visit, library: MediaLibrary) -> None:
    """After each jump, also in quick succession, every visible tile has its own picture."""
    wanted = names(library)
    pictures = 0
    for number in range(20):
        for share in (number * 0.37 % 1, number * 0.61 % 1):
            gallery.page.evaluate(JUMP, share)
            gallery.page.wait_for_timeout(15)
        pictures += check(settled(gallery), wanted)
    assert pictures > 200


def test_memory_stays_flat(gallery: Visit) -> None:
    """Only tiles near the visible part are in the page."""
    for share in range(20):
        gallery.page.evaluate(JUMP, share / 20)
        settled(gallery)
        assert gallery.page.locator(".mfkit-tile").count() < 100


def test_arrow_keys_and_space(gallery: Visit, library: MediaLibrary) -> None:
    """Right and left move by one tile, down and up by one row; Space toggles; End goes to the last tile."""
    keyboard = gallery.page.keyboard
    for key, position in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
    ):
        keyboard.press(key)
        assert current(gallery) == position
    keyboard.press("ArrowDown")
    below = current(gallery)
    tops = "i => document.querySelector(`[data-index='${i}']`).getBoundingClientRect().top"
    assert gallery.page.evaluate(tops, below) > gallery.page.evaluate(tops, 0)
    keyboard.press("ArrowUp")
    assert current(gallery) == 0
    keyboard.press("ArrowRight")
    keyboard.press("Space")
    check_chosen(gallery, [names(library)[1].splitlines()[0]])
    keyboard.press("Space")
    check_chosen(gallery, [])
    keyboard.press("End")
    assert current(gallery) == TOTAL - 1


def test_ranges(gallery: Visit, library: MediaLibrary) -> None:
    """Shift with arrows or a click chooses from the last tile to this one; Ctrl adds or removes one tile."""
    wanted = [name.splitlines()[0] for name in names(library)]
    page = gallery.page
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    check_chosen(gallery, wanted[1:5])
    page.locator("[data-index='6']").click(modifiers=["Shift"])
    check_chosen(gallery, wanted[1:7])
    page.locator("[data-index='3']").click(modifiers=["Control"])
    check_chosen(gallery, [*wanted[1:3], *wanted[4:7]])
    page.keyboard.press("Escape")
    check_chosen(gallery, [])


def test_range_over_tiles_that_were_never_loaded(gallery: Visit) -> None:
    """A range from the first to the last tile contains all items."""
    gallery.page.keyboard.press("Shift+End")
    settled(gallery)
    result = gallery.page.evaluate(
        "async code => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;"
        " return (await kernel.requestExecute({ code }).done).content.status; }",
        f"assert len(set(gallery.chosen)) == {TOTAL}, len(gallery.chosen)",
    )
    assert result == "ok"


def test_drag_chooses_the_tiles_it_touches(gallery: Visit) -> None:
    """Dragging over two rows chooses exactly the tiles that touch the rectangle; it opens nothing."""
    page = gallery.page
    # JupyterLab scrolls when a click activates a cell, so this happens before the positions are measured.
    page.locator(".mfkit-head h3").click()
    page.locator("[data-index='1']").hover()
    page.wait_for_timeout(500)
    boxes = [page.locator(f"[data-index='{index}']").bounding_box() for index in range(8)]
    places = [(box["x"], box["y"], box["width"], box["height"]) for box in boxes if box is not None]
    (left, top, width, height), below = places[1], next(one for one in places if one[1] > places[1][1])
    start, end = (left + width / 2, top + height / 2), (left + width + 20, below[1] + 30)
    wanted = [
        index
        for index, (x, y, wide, high) in enumerate(places)
        if x < end[0] and x + wide > start[0] and y < end[1] and y + high > start[1]
    ]
    assert len(places) == 8 and 3 <= len(wanted) <= 6
    drag(gallery, start, end)
    titles = [page.locator(f"[data-index='{index}']").get_attribute("title") or "" for index in wanted]
    check_chosen(gallery, [title.splitlines()[0] for title in titles])
    assert page.locator("dialog[open]").count() == 0


def test_lightbox(gallery: Visit, library: MediaLibrary) -> None:
    """Enter opens a picture in full size, the arrows go on, Space zooms, Escape returns to the tile."""
    page = gallery.page
    wanted = names(library)
    first = next(place for place, name in enumerate(wanted) if name.startswith("picture"))
    for _ in range(first):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    box = page.locator("dialog.mfkit-lightbox[open]")
    for place in (first, first + 1, first + 2):
        box.locator("h3", has_text=wanted[place]).wait_for()
        image = box.locator(f".mfkit-stage img[alt='{wanted[place]}']")
        image.wait_for()
        number = int(wanted[place][8:11])
        page.wait_for_function(
            "([alt, width]) =>"
            " document.querySelector(`.mfkit-stage img[alt='${alt}']`)?.naturalWidth === width",
            arg=[wanted[place], SHAPES[number % 4][0]],
        )
        assert near(page.evaluate(PIXEL, f".mfkit-stage img[alt='{wanted[place]}']"), color(number))
        assert "image/png" in box.locator(".mfkit-metadata").inner_text()
        if place == first:
            assert violations(page, "dialog.mfkit-lightbox[open]") == []
        page.keyboard.press("ArrowRight")
    box.locator("h3", has_text=wanted[first + 3]).wait_for()
    box.locator(f".mfkit-stage img[alt='{wanted[first + 3]}']").wait_for()
    page.keyboard.press("Space")
    box.locator(".mfkit-zoomed").wait_for()
    page.keyboard.press("Space")
    box.locator(".mfkit-stage:not(.mfkit-zoomed)").wait_for()
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    assert current(gallery) == first + 3
    assert page.evaluate("() => document.activeElement.classList.contains('mfkit-gallery')")


def test_map_in_the_lightbox(gallery: Visit, library: MediaLibrary) -> None:
    """A photo with a location has a map of its surroundings beside it; the next one without has none."""
    page = gallery.page
    page.keyboard.press("End")
    place = names(library).index("scene.jpg")
    page.locator(f"[data-index='{place}']").click()
    box = page.locator("dialog.mfkit-lightbox[open]")
    box.locator(".mfkit-small-map text", has_text="Spain").wait_for()
    assert box.locator(".mfkit-small-map circle").get_attribute("cx") == "120"
    page.keyboard.press("ArrowRight")
    box.locator("h3", has_text=names(library)[place + 1]).wait_for()
    assert box.locator(".mfkit-small-map").count() == 0
    page.keyboard.press("Escape")
    box.wait_for(state="detached")


def test_frames_of_a_video(gallery: Visit, library: MediaLibrary) -> None:
    """A video shows the frame at the pointer's position, and its thumbnail again without the pointer."""
    page = gallery.page
    page.keyboard.press("End")
    settled(gallery)
    tile = f"[data-index='{names(library).index('video.mp4')}']"
    area = page.locator(tile).bounding_box()
    assert area is not None
    for place, name in enumerate(FRAMES):
        page.mouse.move(area["x"] + area["width"] * (place + 0.5) / 5, area["y"] + area["height"] / 2)
        page.locator(f"{tile} canvas[data-frame='{place}']").wait_for()
        wanted = Image.new("RGB", (1, 1), name).getpixel((0, 0))
        assert isinstance(wanted, tuple)
        found = page.evaluate(PIXEL, f"{tile} canvas")
        assert max(abs(one - other) for one, other in zip(found, wanted, strict=True)) < 30
    page.mouse.move(0, 0)
    page.locator(f"{tile} canvas").wait_for(state="detached")


def near(found: list[int], wanted: tuple[int, int, int]) -> bool:
    return max(abs(one - other) for one, other in zip(found, wanted, strict=True)) < 8


def test_hostile_names_are_text(gallery: Visit, library: MediaLibrary) -> None:
    """A name with markup is shown as text and does not run, also in a caption."""
    page = gallery.page
    page.get_by_role("button", name="Captions").click()
    settled(gallery)
    name = sorted(HOSTILE)[0]
    assert wanted_in(name, page.locator(".mfkit-tile-caption bdi").all_inner_texts())
    assert violations(page, ".mfkit-panel") == []
    assert page.evaluate("() => window.mfkit_harmed") is None
    page.get_by_role("button", name="Captions").click()
    assert gallery.faults == [] and gallery.outside == []


def wanted_in(name: str, texts: list[str]) -> bool:
    return any(text.strip() == name.strip() for text in texts)


def test_switch_in_the_explorer(opened: Visit, lab: Lab, library: MediaLibrary) -> None:
    """Table and gallery have the same chosen files, which can be tagged from either.

    The row of the newest pictures shows one row, opens a picture in full size, and chooses nothing.
    """
    opened.open(lab, "explorer.ipynb")
    opened.run_all()
    page = opened.page
    row = page.locator(".mfkit-recent .mfkit-tile")
    row.first.locator("img").wait_for()
    tops = row.evaluate_all("tiles => tiles.map((tile) => tile.getBoundingClientRect().top)")
    assert len(tops) >= 5 and len(set(tops)) == 1
    assert (row.first.get_attribute("title") or "").startswith("scene.jpg")
    row.first.click(modifiers=["Control"])
    row.first.click()
    page.locator("dialog.mfkit-lightbox[open] .mfkit-stage img").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("button", has_text="Whole selection").wait_for()
    page.locator(".mfkit-table tbody input").nth(2).check()
    page.get_by_role("button", name="Gallery", exact=True).click()
    tile = page.locator(".mfkit-gallery:not(.mfkit-strip) .mfkit-tile").first
    tile.locator("img").wait_for()
    page.locator("button", has_text="Chosen files (1)").wait_for()
    tile.click(modifiers=["Control"])
    page.locator("button", has_text="Chosen files (2)").wait_for()
    page.get_by_role("button", name="Table", exact=True).click()
    page.locator(".mfkit-table tbody input").first.wait_for()
    assert opened.errors() == [] and opened.faults == []


def check_scenes(frames: Locator, wanted: list[str]) -> None:
    """Check the file names below the frames, and that the picture in each frame is the scene."""
    frames.nth(len(wanted) - 1).wait_for()
    assert frames.locator("figcaption bdi").all_text_contents() == wanted
    cells = np.asarray(draw_scene().resize((8, 6), Image.Resampling.BOX), float).ravel()
    for frame in frames.all():
        frame.locator("img").wait_for()
        shown = np.array(frame.locator("img").evaluate(CELLS), float)
        assert np.abs(shown - cells).mean() < 12


def test_notebook_about_copies(opened: Visit, lab: Lab, library: MediaLibrary) -> None:
    """The notebook shows the pictures of exact copies and of similar pictures.

    Similar pictures are zoomed to the same place; another one is kept instead, and the rest is tagged.
    """
    opened.open(lab, "duplicates.ipynb")
    opened.run_all()
    page = opened.page
    copies, similar = (
        page.locator(".mfkit-panel", has=page.locator(".mfkit-compare")).nth(place) for place in range(2)
    )
    check_scenes(copies.locator("figure"), ["scene.jpg", "scene.jpg"])
    paths = [one.get_attribute("title") for one in copies.locator("figcaption bdi").all()]
    assert set(paths) == set(library.duplicates()["file_path"])
    frames = similar.locator("figure")
    check_scenes(frames, ["scene.jpg", "scene small.jpg"])
    assert frames.locator("b:not(label b)").all_inner_texts()[0] == "800 × 600"
    assert [one.is_checked() for one in frames.locator("input").all()] == [True, False]
    page.wait_for_function(
        "() => document.querySelectorAll('.mfkit-compare')[1].querySelector('img')?.naturalWidth === 800"
    )
    assert violations(page, ".mfkit-panel") == []
    frames.first.locator("img").click()
    similar.locator(".mfkit-compare-zoom", has_text="4 ×").wait_for()
    places = similar.locator("img").evaluate_all("images => images.map(image => image.style.cssText)")
    assert len(places) == 2 and places[0] == places[1]
    page.keyboard.press("ArrowRight")
    frames.first.wait_for(state="hidden")
    page.keyboard.press("f")
    frames.first.wait_for()
    # The kernel refuses this decision, and the answer can redraw the boxes at any time.
    frames.nth(0).locator("input").click()
    similar.locator(".mfkit-note", has_text="Keep at least one file").wait_for()
    frames.nth(1).locator("input").click()
    similar.locator(".mfkit-kept").nth(1).wait_for()
    frames.nth(0).locator("input").uncheck()
    similar.get_by_role("button", name="Tag 1 file").click()
    similar.locator(".mfkit-done", has_text="1 file tagged").wait_for()
    assert list(library.items(tags="to remove")["file_name"]) == ["scene.jpg"]
    assert page.locator(".mfkit-error:visible").count() == 0
    assert opened.errors() == [] and opened.faults == [] and opened.outside == []
