"""Response times of the explorer: in the browser from click to last painted change, and in the kernel.

    PYTHONPATH=. python benchmarks/explorer.py [ITEMS ...] [--folder FOLDER] [--runs RUNS]

Opens the explorer in its own JupyterLab and headless Chromium, and repeats the same actions. A page is
painted when every plot and list that depends on the action is redrawn. The time of the server is that of each
panel's queries and drawing in this process. Run it from a checkout, because it uses the browser of the tests.
The default for ITEMS is 100,000 and 1,000,000.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from library import library as make  # beside this file

from mfkit import MediaFilter, MediaLibrary
from tests.browser.lab import Visit, jupyter_lab, visit

PAINTS = 5
"""Number of first paints to measure."""
TARGETS = {"first paint": 2000, "server": 150}
"""Target in milliseconds by the beginning of the action's name; the default is 300."""

# Counts the drawings of the page, to wait for the last one.
_WATCH = """
() => {
  window.mfkit_changed = performance.now();
  new MutationObserver(() => { window.mfkit_changed = performance.now(); }).observe(
    document.querySelector('.mfkit-explorer'),
    { subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ['data-drawn', 'd', 'height', 'viewBox'] });
}
"""
# Lower bounds: a message to the kernel and back, and Plotly drawing the same figures until they are painted.
_EMPTY = """
async () => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const started = performance.now();
  await kernel.requestExecute({ code: "", silent: true }).done;
  return performance.now() - started;
}
"""
_AGAIN = """
async () => {
  const ours = Object.getOwnPropertySymbols(globalThis).find(
    (one) => one.description.startsWith("mfkit.plotly"));
  const Plotly = await globalThis[ours].promise;
  const started = performance.now();
  for (const plot of document.querySelectorAll(".mfkit-explorer .mfkit-plot > [data-drawn]"))
    await Plotly.react(plot, plot.data.map((one) => ({ ...one })), { ...plot.layout, datarevision: started });
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - started;
}
"""
# Time of the last change, after a while without changes and without working panels.
_SETTLED = """
async quiet => {
  const busy = () => document.querySelector('.mfkit-explorer .mfkit-busy');
  // Not by frames: a page that paints sixty times a second for us has no time for its own work.
  while (busy() || performance.now() - window.mfkit_changed < quiet)
    await new Promise((done) => setTimeout(done, 20));
  return window.mfkit_changed;
}
"""


def settle(browser: Visit) -> float:
    return float(browser.page.evaluate(_SETTLED, 400))


def timed(browser: Visit, act: Callable[[], None], drawn: str = "") -> float:
    """Return the milliseconds from the last event of an action to the last change that it caused.

    Args:
        browser: Where.
        act: What a person does.
        drawn: Name of a plot that will be drawn run_uncached, but perhaps not soon.
    """
    page = browser.page
    drawings = (
        "name => Number(document.querySelector("
        "`.mfkit-plot[aria-label='${name}'] > [data-drawn]`)?.dataset.drawn)"
    )
    before = page.evaluate(drawings, drawn)
    page.evaluate(
        "() => { for (const kind of ['click', 'mouseup', 'change']) window.addEventListener("
        "kind, () => { window.mfkit_acted = performance.now(); }, { capture: true }); }"
    )
    act()
    if drawn:
        page.wait_for_function(
            f"([name, before]) => ({drawings})(name) > before", arg=[drawn, before], polling=20
        )
    page.wait_for_timeout(50)
    return settle(browser) - float(page.evaluate("window.mfkit_acted"))


def first_paint(browser: Visit) -> tuple[float, float]:
    """Run the explorer's cell; return the milliseconds until counts, lists and table appear, and until all is
    drawn."""
    page = browser.page
    page.evaluate(
        "() => { const panel = window.jupyterapp.shell.currentWidget.content; panel.activeCellIndex = 2; }"
    )
    started = page.evaluate("() => performance.now()")
    browser.command("notebook:run-cell")
    page.locator(".mfkit-explorer").wait_for(state="attached")
    page.evaluate(_WATCH)
    page.wait_for_function(
        "() => document.querySelector('.mfkit-count b') && document.querySelector('.mfkit-values label')"
        " && document.querySelector('.mfkit-table td')",
        polling=20,
    )
    seen = page.evaluate("() => performance.now()")
    page.wait_for_function(
        "() => document.querySelectorAll('.mfkit-explorer .mfkit-plot > [data-drawn]').length >= 4"
    )
    return float(seen) - float(started), settle(browser) - float(started)


@contextmanager
def opened(file: Path) -> Iterator[Visit]:
    """Open a library in its own JupyterLab and browser, up to the cell that shows the explorer."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyter_lab(Path(folder) / "lab", file) as lab,
        visit(Path(folder) / "profile") as browser,
    ):
        browser.open(lab, "explore.ipynb")
        browser.command("application:toggle-left-area")
        browser.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
        browser.command("notebook:run-cell")
        browser.page.wait_for_timeout(3000)
        yield browser


def in_browser(file: Path, runs: int) -> dict[str, list[float]]:
    """Return milliseconds by action."""
    seen: list[float] = []
    drawn: list[float] = []
    taken = {"first paint: counts, lists, table": seen, "first paint: all charts too": drawn}
    for last in (*[False] * (PAINTS - 1), True):
        with opened(file) as browser:
            for times, time_ in zip((seen, drawn), first_paint(browser), strict=True):
                times.append(time_)
            if last:
                repaints(browser, runs, taken)
    return taken


def repaints(browser: Visit, runs: int, taken: dict[str, list[float]]) -> None:
    """Repeat the same actions on an open explorer."""
    page = browser.page
    page.locator(".mfkit-explorer").scroll_into_view_if_needed()
    for _ in range(runs):
        taken.setdefault("floor: an empty message to the kernel", []).append(page.evaluate(_EMPTY))
        taken.setdefault("floor: four charts drawn again", []).append(page.evaluate(_AGAIN))
    # Each selection once, because earlier results are cached; the cache is measured separately.
    values = page.locator(".mfkit-facet", has_text="Media type").locator(".mfkit-values label")
    names = values.locator("bdi").all_inner_texts()
    back = page.get_by_role("button", name="Previous selection")
    forward = page.get_by_role("button", name="Next selection")
    for turn in range(1, runs + 1):
        # The bit that changes in the Gray code, so that no set of five values repeats in 31 steps.
        box = values.filter(has_text=names[(turn & -turn).bit_length() - 1])
        taken.setdefault("facet", []).append(timed(browser, box.click))
        taken.setdefault("back", []).append(timed(browser, back.click))
        timed(browser, forward.click)
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_timeout(50)
    settle(browser)
    for start, end in itertools.islice(brushes(browser), runs):
        act = partial(brush, browser, start, end)
        taken.setdefault("brush over the timeline", []).append(timed(browser, act))
        page.get_by_role("button", name="Reset", exact=True).click()
        page.wait_for_timeout(50)
        settle(browser)
    for _ in range(runs):
        taken.setdefault("table page", []).append(timed(browser, partial(turn_page, browser)))
    places = page.locator(".mfkit-plot[aria-label=Places]")
    places.scroll_into_view_if_needed()
    places.hover()
    # Until the map no longer shows the whole world, which would not change.
    for _ in range(3):
        timed(browser, places.locator(".modebar-btn[data-title='Zoom in']").click)
    for step in itertools.islice(itertools.cycle((60.0, -60.0)), runs):
        taken.setdefault("map pan", []).append(timed(browser, partial(pan, browser, step), "Places"))


def brushes(browser: Visit) -> Iterator[tuple[float, float]]:
    """Yield start and end of brushes as fractions of the axis: six to eight years, each position once."""
    plot = ".mfkit-plot[aria-label='Over time'] > [data-drawn]"
    years = browser.page.evaluate("plot => document.querySelector(plot)._fullData[0].x.length", plot)
    for wide in (6, 7, 8):
        for first in range(2, years - wide - 1):
            yield (first + 0.1) / years, (first + wide - 0.1) / years


def brush(browser: Visit, start: float, end: float) -> None:
    page = browser.page
    area = page.locator(".mfkit-plot[aria-label='Over time'] .nsewdrag").bounding_box()
    assert area
    page.mouse.move(area["x"] + area["width"] * start, area["y"] + 40)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * end, area["y"] + 90, steps=3)
    page.mouse.up()


def turn_page(browser: Visit) -> None:
    pager = browser.page.locator(".mfkit-pager").first
    shown = pager.inner_text()
    pager.get_by_role("button", name="Next page").click()
    browser.page.wait_for_function(
        "shown => document.querySelector('.mfkit-pager').innerText != shown", arg=shown, polling=20
    )


def pan(browser: Visit, pixels: float) -> None:
    page = browser.page
    area = page.locator(".mfkit-plot[aria-label=Places]").bounding_box()
    assert area
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - pixels, middle[1], steps=3)
    page.mouse.up()


def in_kernel(file: Path, runs: int) -> dict[str, list[float]]:
    """Return the milliseconds of each panel's drawing without a page, by panel and selection."""
    from mfkit.widgets import Explorer

    taken: dict[str, list[float]] = {}
    with MediaLibrary(file) as lib:
        lib.count()
        started = time.perf_counter()
        explorer = Explorer(lib)
        taken["server: first paint, all panels in turn"] = [(time.perf_counter() - started) * 1000]
        filters = explorer.filters
        parts: dict[str, Any] = {
            "line": filters.selected,
            "lists": filters.facets,
            "ranges": filters.ranges,
            **{type(panel).__name__.removesuffix("Panel").lower(): panel for panel in explorer.tabs.panels},
            "table": explorer.files,
        }
        for panel in (*parts.values(), *explorer.tools.panels):
            panel.active = False
        for run in range(1, runs + 1):
            # Each selection once, because results are cached.
            for one in (
                MediaFilter.of(media_type="video", min_size=run),
                MediaFilter.of(after=2009, before=f"2016-{run:02}"),
                MediaFilter.of(media_type=["image", "video"], min_size="1 MB", after=f"2015-{run:02}"),
            ):
                explorer.selection.filter = one
                for name, panel in parts.items():
                    started = time.perf_counter()
                    panel.active = True
                    taken.setdefault(f"server: {name}", []).append((time.perf_counter() - started) * 1000)
                    panel.active = False
    return taken


def rows(items: int, taken: dict[str, list[float]]) -> Iterator[str]:
    for name, times in taken.items():
        ordered = sorted(times)
        median, late = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        target = next((most for begin, most in TARGETS.items() if name.startswith(begin)), 300)
        met = "met" if median <= target else "**missed**"
        if name.startswith(("server: first", "floor")):
            target, met = 0, ""
        yield f"| {items:,} | {name} | {median:.0f} | {late:.0f} | {target or ''} | {met} |"


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("items", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    given = parser.parse_args()
    print(
        "| items | action | median, ms | p95, ms | target, ms | |\n| ---: | --- | ---: | ---: | ---: | --- |"
    )
    for items in given.items:
        file = make(items, given.folder)
        for measure, runs in ((in_kernel, min(12, max(3, given.runs // 4))), (in_browser, given.runs)):
            for row in rows(items, measure(file, runs)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
