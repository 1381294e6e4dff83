"""Conversion of an executed notebook to one self-contained HTML page."""

from __future__ import annotations

import gzip
import html
import json
import re
from importlib.resources import files
from typing import Any

from mfkit.charts.plotly_bundle import bundle_for, packed
from mfkit.report.html_blocks import PLOTLY_MIME

_TITLE = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)


def html_page(notebook: Any) -> str:
    """Convert the outputs of a notebook, without its code, to an HTML page.

    Args:
        notebook: Executed ``nbformat`` notebook. Figures are outputs of Plotly's MIME type.

    Returns:
        HTML with styles and Plotly's JavaScript inline; it loads no other file.
    """
    from nbconvert import HTMLExporter
    from nbconvert.preprocessors import TagRemovePreprocessor
    from traitlets.config import Config

    figures = [
        output["data"][PLOTLY_MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if PLOTLY_MIME in output.get("data", ())
    ]
    page = _with_figures_as_html(notebook)
    config = Config(
        {
            "TagRemovePreprocessor": {"remove_cell_tags": ["page-skip"], "enabled": True},
            "HTMLExporter": {
                "exclude_input": True,
                "exclude_input_prompt": True,
                "exclude_output_prompt": True,
                "preprocessors": [TagRemovePreprocessor],
            },
        }
    )
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic",
        config=config,
        # By default nbconvert prefers templates, which are code, from the current folder.
        extra_template_basedirs=[],
    )
    body, _ = exporter.from_notebook_node(page)
    title = _TITLE.search(body)
    package = files("mfkit.report")
    return (
        package.joinpath("page.html")
        .read_text("utf-8")
        .format(
            title=title[1] if title else "Library report",
            style=package.joinpath("page.css").read_text("utf-8"),
            plotly=gzip.decompress(packed(bundle_for(figures))).decode() if figures else "",
            script=package.joinpath("page.js").read_text("utf-8"),
            body=body,
        )
    )


def _with_figures_as_html(notebook: Any) -> Any:
    """Return a copy whose figures are HTML for the page's script, without printed output."""
    from nbformat import from_dict

    copy = from_dict(json.loads(json.dumps(notebook)))  # type: ignore[no-untyped-call]
    for cell in copy.cells:
        if cell.cell_type != "code":
            continue
        # Printed output and warnings are for the author of the notebook, not for the reader of the report.
        cell.outputs = [one for one in cell.outputs if one.output_type in ("display_data", "execute_result")]
        for output in cell.outputs:
            figure = output.data.pop(PLOTLY_MIME, None)
            if figure is not None:
                output.data = {"text/html": _figure(figure)}
    return copy


def _figure(figure: Any) -> str:
    """Return a figure as JSON in HTML. ``<`` is escaped so that no text can end the element."""
    label = figure["layout"].get("meta", {}).get("label", "Chart")
    height = int(figure["layout"].get("height", 260))
    data = json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<figure class="mfkit-figure" role="img" aria-label="{html.escape(label)}" '
        f'style="height:{height}px">'
        f'<script type="application/json">{data}</script></figure>'
    )
