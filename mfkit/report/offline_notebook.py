"""Exporter of notebooks to HTML pages that need no internet and no kernel, for ``jupyter nbconvert``."""

from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor, Preprocessor
from traitlets import default

from mfkit.charts.plotly_bundle import bundle_for, packed
from mfkit.report.html_page import figure_html
from mfkit.report.page_blocks import PLOTLY_MIME, style_sheet
from mfkit.report.static_widgets import WIDGET_MIME, figures_of, static_html, widget_states

_WAIT = "from mfkit.widgets.render_queue import wait_until_drawn; wait_until_drawn(300)"
_NOTE = '<p class="mfkit-note">State of the last run. Run the notebook in JupyterLab to use the filters.</p>'
_NOTHING = '<p class="mfkit-note">This widget works only in a running notebook.</p>'
_BUNDLE = "mfkit_bundle"


class DrawnExecutePreprocessor(ExecutePreprocessor):
    """Executor of notebooks that waits at the end until background threads have drawn all panels."""

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> Any:
        """Run the notebook's cells and a temporary last cell, which waits until all panels are drawn."""
        nb.cells.append(nbformat.v4.new_code_cell(_WAIT))  # type: ignore[no-untyped-call]
        nb, resources = super().preprocess(nb, resources, km)
        nb.cells.pop()
        return nb, resources


class StaticOutputPreprocessor(Preprocessor):
    """Replacement of widgets and figures with HTML that needs no kernel."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Replace widgets and figures by HTML.

        Store in ``resources`` which Plotly bundle the figures need.
        """
        states = widget_states(nb)
        figures: list[dict[str, Any]] = []
        for cell in nb.cells:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                if WIDGET_MIME in data:
                    identity = data[WIDGET_MIME]["model_id"]
                    figures += figures_of(states, identity)
                    body = static_html(states, identity, figure_html)
                    note = _NOTE if body else _NOTHING
                    page = f'{style_sheet()}<div class="mfkit-static">{body}{note}</div>'
                    output.data = nbformat.from_dict({"text/html": page})  # type: ignore[no-untyped-call]
                elif PLOTLY_MIME in data:
                    figures.append(data[PLOTLY_MIME])
                    page = figure_html(data[PLOTLY_MIME])
                    output.data = nbformat.from_dict({"text/html": page})  # type: ignore[no-untyped-call]
        nb.metadata.pop("widgets", None)
        resources[_BUNDLE] = bundle_for(figures) if figures else None
        return nb, resources


class OfflineHTMLExporter(HTMLExporter):
    """HTML exporter for notebooks. The page shows the charts and tables of mfkit's widgets offline.

    Example:
        ``jupyter nbconvert --to mfkit.report.OfflineHTMLExporter --execute explore.ipynb``
    """

    @default("template_name")
    def _default_template(self) -> str:
        return "offline_notebook"

    @default("extra_template_basedirs")
    def _default_template_folders(self) -> list[str]:
        # By default, nbconvert also searches the current folder for templates, and a template found there
        # would run as code. So only mfkit's own folder is searched.
        return [str(Path(__file__).parent / "templates")]

    @default("default_preprocessors")
    def _default_preprocessors(self) -> list[Any]:
        standard = HTMLExporter.default_preprocessors.default() or []
        execution = "nbconvert.preprocessors.ExecutePreprocessor"
        return [DrawnExecutePreprocessor if one == execution else one for one in standard]

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()  # type: ignore[no-untyped-call]
        self.register_preprocessor(StaticOutputPreprocessor, enabled=True)  # type: ignore[no-untyped-call]

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """Convert a notebook, and insert the scripts that draw its figures."""
        page, resources = super().from_notebook_node(nb, resources, **options)
        if (bundle := resources.get(_BUNDLE)) is not None:
            script = files("mfkit.report").joinpath("page.js").read_text("utf-8")
            plotly = gzip.decompress(packed(bundle)).decode()
            start, end = page.rsplit("</body>", 1)
            page = f"{start}<script>{plotly}</script><script>{script}</script></body>{end}"
        return page, resources
