"""Times until a page of the gallery is painted, and memory of browser and kernel while it scrolls.

    PYTHONPATH=. python benchmarks/gallery.py [ITEMS] [--scrolled 10000] [--folder FOLDER]

The library has 1,000,000 items. Those at the beginning, and those of twelve pages elsewhere, are pictures of
800 x 600 pixels; the others have the same dimensions, but no file. The gallery runs in its own JupyterLab and
headless Chromium. It jumps to the twelve pages twice: first when no thumbnail is in the cache, and then, in a
new page of the browser and a new kernel, when the cache on disk has all thumbnails. A page is painted when
each visible tile has its picture, decoded, and a frame has passed.

Then the gallery scrolls over the first 10,000 items, two thirds of a page at a time. The memory of the page
is the JavaScript heap after a garbage collection, and the resident memory of the process that draws the page,
which contains the thumbnails. That of the kernel is its resident memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
from library import BATCH, ITEM, Row, insert, quick_writes  # beside this file
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from mfkit import MediaLibrary  # noqa: E402
from tests.browser.lab import Visit, jupyter_lab, visit, write_notebook  # noqa: E402

PAGES, PAGE = 12, 120
"""Number of pages to jump to, and of pictures before and after each of their first items."""
REPORTS = 5
"""Number of times that the memory is printed while the gallery scrolls, besides the beginning."""
WHEN = "2026-11-01 12:00:00.000000"
CODE = """
import mfkit, mfkit.widgets
gallery = mfkit.widgets.GalleryPanel(mfkit.open_library())
gallery.order.value = "By name"
gallery
"""
_RUN_IN_KERNEL = """
async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  let text = '';
  const future = kernel.requestExecute({ code, store_history: false });
  future.onIOPub = ({ content }) => { text += content.text ?? ''; };
  await future.done;
  return text;
}
"""
_SHOW = """
async ({ share, pages }) => {
  const scroller = document.querySelector('.mfkit-gallery');
  const { top, bottom } = scroller.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const started = performance.now();
  if (share === null) scroller.scrollTop += pages * scroller.clientHeight;
  else scroller.scrollTop = share * scroller.scrollHeight;
  await frame();
  for (;;) {
    await frame();
    const tiles = [...scroller.querySelectorAll('.mfkit-tile')].filter((tile) => {
      const box = tile.getBoundingClientRect();
      return box.bottom > top + 1 && box.top < bottom - 1;
    });
    const images = tiles.map((tile) => tile.querySelector('img'));
    const taken = performance.now() - started;
    if (tiles.length && tiles.every((tile, at) => tile.dataset.id && images[at]?.complete)) {
      await Promise.all(images.map((image) => image.decode()));
      await frame();
      const numbers = tiles.map((tile) => Number(tile.dataset.index));
      const wrong = tiles.filter((tile) => Number.parseInt(tile.title, 10) !== Number(tile.dataset.index));
      if (wrong.length) throw new Error(`${wrong.length} tiles show another item`);
      return [performance.now() - started, images.length, Math.min(...numbers)];
    }
    if (taken > 60000) throw new Error('not painted within a minute');
  }
}
"""


def starts(items: int) -> list[int]:
    """Return the positions of the first pictures of the pages, in an order that jumps back and forth."""
    return [round((0.1 + 0.8 * (number * 5 % PAGES) / PAGES) * items) for number in range(PAGES)]


def fill(folder: Path, items: int, scrolled: int) -> Path:
    """Create the library, and the pictures whose names are their positions by name."""
    file, pictures = folder / "library.db", folder / "pictures"
    if file.exists():
        return file
    pictures.mkdir(parents=True)
    real = set(range(scrolled + PAGE))
    for start in starts(items):
        real.update(range(start - PAGE, start + PAGE))
    rng = np.random.default_rng(1)
    for number in sorted(real):
        picture = Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8))
        picture.resize((800, 600), Image.Resampling.BILINEAR).save(pictures / f"{number:07}.jpg", quality=80)
    unfinished = file.with_suffix(".part")
    with MediaLibrary(unfinished) as lib:
        lib.scan(pictures)
    with quick_writes(unfinished) as connection:
        for rows in _others(items, real):
            insert(connection, "media_items", ITEM, rows)
            # Items without dimensions have square tiles, so that the rows would have other numbers of items.
            sizes = [(row[0], row[0], 800, 600, "{}") for row in rows]
            insert(
                connection,
                "media_metadata",
                ("id", "media_item_id", "width", "height", "extra_metadata"),
                sizes,
            )
    unfinished.rename(file)
    return file


def _others(items: int, real: set[int]) -> Iterator[list[Row]]:
    for start in range(0, items, BATCH):
        yield [
            (
                UUID(int=number + 1, version=4).hex, f"/library/{number // 1000}/{number:07}.jpg",
                f"{number:07}.jpg", 3_000_000 + number, f"{number:064x}", "image/jpeg", "image", WHEN, WHEN,
                WHEN, WHEN, True, True, 8.0, WHEN,
            )
            for number in range(start, min(start + BATCH, items)) if number not in real
        ]  # fmt: skip


def show(browser: Visit, share: float | None = None, pages: float = 0) -> tuple[float, int, int]:
    """Move the scroll bar to a share of its length or by a number of pages, until the page is painted.

    Returns:
        Milliseconds, number of visible pictures, and position of the first of them.
    """
    milliseconds, pictures, first = browser.page.evaluate(_SHOW, {"share": share, "pages": pages})
    return milliseconds, pictures, first


def jump(browser: Visit, items: int, title: str) -> None:
    """Print the times until the pages are painted."""
    taken, seen = [], []
    for start in starts(items):
        milliseconds, pictures, first = show(browser, share=start / items)
        assert abs(first - start) < PAGE, f"the page shows item {first:,} instead of {start:,}"
        taken.append(milliseconds)
        seen.append(pictures)
    print(
        f"{title}: {min(seen)} to {max(seen)} pictures a page, median {statistics.median(taken):.0f} ms, "
        f"slowest {max(taken):.0f} ms",
        flush=True,
    )


def scroll(browser: Visit, number: int, profile: Path) -> None:
    """Scroll over the first items, and print times and the memory on the way."""
    session = browser.page.context.new_cdp_session(browser.page)
    show(browser, share=0)
    first, taken, reports = 0, [0.0], 0
    while True:
        if first * REPORTS >= reports * number:
            reports += 1
            session.send("HeapProfiler.collectGarbage")
            heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
            tiles = browser.page.locator(".mfkit-tile").count()
            kernel = int(browser.page.evaluate(_RUN_IN_KERNEL, "import os; print(os.getpid())"))
            print(
                f"item {first:,}: page {heap:.0f} MB of heap, {_renderer(profile):.0f} MB resident, {tiles} "
                f"tiles; kernel {_resident(kernel):.0f} MB; a step took {statistics.median(taken):.0f} ms",
                flush=True,
            )
            taken = []
        if first >= number:
            return
        milliseconds, _, first = show(browser, pages=2 / 3)
        taken.append(milliseconds)


def _renderer(profile: Path) -> float:
    """Return the resident memory in MB of the largest process that draws pages for a browser's profile."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text().replace("\0", " ")
            if "--type=renderer" in command and f"--user-data-dir={profile}" in command:
                found.append(_resident(int(process.name)))
        except OSError:  # The process has ended.
            continue
    return max(found)


def _resident(process: int) -> float:
    """Return the resident memory of a process in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS:"))


def main() -> None:
    """Print the times and the memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("items", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--scrolled", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="folder for the library, which a later run uses again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        file = fill(options.folder or Path(name), options.items, options.scrolled)
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        with jupyter_lab(Path(name) / "lab", file) as lab:
            for title in ("not in the cache", "from the cache"):
                notebook = title.replace(" ", "-") + ".ipynb"
                write_notebook(lab, notebook, CODE)
                profile = Path(name) / f"{notebook}-profile"
                with visit(profile) as browser:
                    browser.open(lab, notebook)
                    browser.run_all()
                    browser.page.locator(".mfkit-tile img").first.wait_for()
                    jump(browser, options.items, title)
                    if title == "from the cache":
                        scroll(browser, options.scrolled, profile)


if __name__ == "__main__":
    main()
