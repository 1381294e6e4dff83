"""Each panel on its own in a real browser: hostile text, errors and slow queries.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mfkit import MediaLibrary
from mfkit.models import MediaType
from tests.browser.accessibility import violations
from tests.browser.lab import PATIENCE, Lab, Visit, visit, write_notebook
from tests.synthetic import HOSTILE

pytestmark = pytest.mark.browser

MARKUP = "<img src=x"
ALL = """
import ipywidgets, mfkit, mfkit.widgets
lib = mfkit.open_library()
selection = mfkit.widgets.Selection(mfkit.MediaFilter(folder="/photos"))
kinds = [getattr(mfkit.widgets, name) for name in mfkit.widgets.__all__]
kinds = [
    kind for kind in kinds if isinstance(kind, type) and issubclass(kind, mfkit.widgets.Panel)
    and kind not in (mfkit.widgets.Panel, mfkit.widgets.ChartPanel)
]
panels = [kind(lib, selection) for kind in kinds]
for panel in panels:
    panel.add_class("the-" + type(panel).__name__)
ipywidgets.VBox(panels)
"""
FAULTY = """
import time
import plotly.graph_objects as go

class Faulty(mfkit.widgets.ChartPanel):
    def __init__(self, lib, selection):
        super().__init__(lib, selection, "Faulty")

    def query(self, chosen):
        if chosen.replace(folder=None) == mfkit.MediaFilter(media_type="video"):
            raise ZeroDivisionError("one by zero")
        if chosen.text:
            time.sleep(1.5)
        return lib.summary("media_type", chosen)

    def figure(self, frame):
        return go.Figure(go.Bar(x=frame["media_type"].astype(str), y=frame["files"]))

Faulty(lib, selection)
"""
OWN = """
bars = go.Figure(go.Bar(x=["a", "b"], y=[1, 2], customdata=["a", "b"]))
own = mfkit.widgets.PlotlyWidget(bars, title="Own")
told = []
own.listen("click", told.append)
own
"""


@pytest.fixture(scope="module")
def opened(lab: Lab, library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A notebook with every panel, on a library whose texts contain markup and scripts."""
    hostile = library.items(folder="/photos")
    library.tag(hostile, HOSTILE[0])
    library.add_to(HOSTILE[0], hostile)
    library.save_filter(HOSTILE[0], tags=HOSTILE[0])
    write_notebook(lab, "panels.ipynb", ALL, FAULTY, OWN)
    with visit(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(lab, "panels.ipynb")
        browser.run_all()
        assert browser.errors() == []
        browser.plots(10)
        yield browser
    library.delete_filter(HOSTILE[0])
    library.untag(hostile, HOSTILE[0])
    library.remove_from(HOSTILE[0], hostile)


def test_names_roles_and_contrast_in_the_dark_theme(opened: Visit) -> None:
    """Axe-core finds nothing in any panel."""
    page = opened.page
    themes = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme}).then(() => null)"
    page.evaluate(themes, "JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_timeout(1000)  # the style sheet arrives after the name
    assert violations(page, ".mfkit-panel") == []
    page.evaluate(themes, "JupyterLab Light")


@pytest.mark.parametrize(
    "panel",
    [
        "FilterPanel",
        "FacetsPanel",
        "CodecsPanel",
        "CamerasPanel",
        "HeatmapPanel",
        "FoldersPanel",
        "DuplicatesPanel",
        "QualityPanel",
        "TablePanel",
        "QueryPanel",
        "MapPanel",
    ],
)
def test_hostile_texts_are_text(panel: str, opened: Visit) -> None:
    """Names of files, codecs, cameras, places, tags and saved filters are shown as text and do not run."""
    page = opened.page
    box = page.locator(f".the-{panel}")
    box.scroll_into_view_if_needed()
    box.evaluate("box => box.querySelectorAll('details:not([open]) > summary').forEach((one) => one.click())")
    if panel == "QualityPanel":
        box.locator("td button", has_text="lens").first.click()
    if panel == "TablePanel":
        box.locator("th button", has_text="Name").click()
    if panel in ("CodecsPanel", "CamerasPanel", "HeatmapPanel", "FoldersPanel"):
        box.locator(".ytick, .slicetext", has_text="<img").first.wait_for(state="attached")
        box.locator(".bars .point, .slice, .heatmaplayer image").last.hover(force=True)
    elif panel == "MapPanel":
        box.locator(".mfkit-plot").hover()
    else:
        page.wait_for_function(
            "([panel, text]) => [...document.querySelectorAll(`.the-${panel} *`)].some("
            "one => !one.children.length && one.textContent.replaceAll('\u00a0', ' ').includes(text))",
            arg=[panel, MARKUP],
        )
    page.wait_for_timeout(100)
    assert page.evaluate("window.mfkit_harmed") is None
    assert page.locator(".mfkit-panel img:not(.mfkit-card img), .mfkit-panel script").count() == 0


def test_keys_stay_in_a_panel(opened: Visit) -> None:
    """A letter typed in a panel does not reach the notebook."""
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = opened.page.evaluate(cells)
    for panel in ("TablePanel", "FacetsPanel", "SelectionPanel"):
        opened.page.locator(f".the-{panel} :is(button:enabled, summary)").first.press("b")
    assert opened.page.evaluate(cells) == before


def test_an_error_has_details(opened: Visit, library: MediaLibrary) -> None:
    """A failed query shows an error with details, and the panel shows the next selection."""
    page = opened.page
    box = page.locator(".mfkit-panel", has=page.locator("h3", has_text="Faulty")).last
    types = page.locator(".the-FacetsPanel .mfkit-facet", has_text="Media type")
    types.locator(".mfkit-values label", has_text="video").click()
    error = box.locator(".mfkit-error")
    error.get_by_text("This panel could not be shown: one by zero").wait_for()
    error.locator("summary").click()
    assert "ZeroDivisionError" in error.locator("pre").inner_text()
    types.locator(".mfkit-values label", has_text="image").click()
    error.wait_for(state="hidden")
    both = library.count(folder="/photos", media_type=[MediaType.VIDEO, MediaType.IMAGE])
    page.locator(".the-TablePanel .mfkit-pager", has_text=f"of {both:,}").wait_for()
    page.locator(".the-SelectionPanel").get_by_role("button", name="Reset").click()


def test_a_slow_panel_shows_that_it_is_busy(opened: Visit) -> None:
    """A slow panel is marked as busy until it is drawn."""
    page = opened.page
    page.evaluate(
        "() => { window.mfkit_busy = new Set(); new MutationObserver(() => {"
        " for (const one of document.querySelectorAll('.mfkit-busy h3'))"
        " window.mfkit_busy.add(one.textContent);"
        "}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['class'] }); }"
    )
    box = page.locator(".mfkit-panel", has=page.locator("h3", has_text="Faulty")).last
    search = page.locator(".the-FilterPanel input[type=text]").first
    search.fill("IMG")
    search.press("Enter")
    page.wait_for_function("() => window.mfkit_busy.has('Faulty')")
    page.wait_for_function("() => !document.querySelector('.mfkit-busy')")
    assert box.locator(".mfkit-error:visible").count() == 0
    page.locator(".the-SelectionPanel").get_by_role("button", name="Reset").click()


def test_no_external_request_and_no_script_error(opened: Visit) -> None:
    """The tests above caused no request to another machine and no script error."""
    assert opened.outside == [] and opened.faults == []


def test_a_chart_needs_the_whole_bundle(opened: Visit) -> None:
    """A plot with another type of trace loads the complete Plotly and still reports clicks."""
    page = opened.page
    run = (
        "async code => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;"
        " return (await kernel.requestExecute({ code }).done).content.status; }"
    )
    plot = page.locator(".mfkit-plot[aria-label=Own]")
    plot.scroll_into_view_if_needed()
    plot.locator(".bars .point").first.wait_for()
    pie = 'go.Figure(go.Pie(labels=["a", "b"], values=[1, 2], customdata=["a", "b"], sort=False))'
    assert page.evaluate(run, f"own.show({pie})") == "ok"
    plot.locator(".pielayer .slice").first.wait_for()
    plot.locator(".pielayer .slice").last.click()
    assert page.evaluate(run, "own.show(go.Figure(go.Bar(x=['c'], y=[3], customdata=['c'])))") == "ok"
    plot.locator(".bars .point").first.wait_for()
    plot.locator(".bars .point").click(force=True)
    told = "assert len(told) == 2 and 'b' in str(told[0]) and told[1] == 'c', told"
    until = time.monotonic() + PATIENCE / 1000
    while page.evaluate(run, told) != "ok" and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert page.evaluate(run, told) == "ok"
    assert plot.locator(".pielayer .slice").count() == 0 and plot.locator("svg.main-svg").count() > 0
    assert opened.errors() == []
