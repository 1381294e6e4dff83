"""Conversion of an executed report notebook to one HTML file with a table of contents."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any

from mfkit.charts.plotly_bundle import bundle_for, packed
from mfkit.report.page_blocks import PLOTLY_MIME, style_sheet

_TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
_HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)</h2>', re.DOTALL)
_ANCHOR = re.compile(r"<a\b.*?</a>", re.DOTALL)
"""Link that nbconvert adds to the headings of Markdown cells."""
_COVER_SECTIONS = ("key-figures",)
"""Ids of sections that stand before the table of contents."""
DEFAULT_PAPER = "A4"


def html_page(
    notebook: Any,
    *,
    paper: str = DEFAULT_PAPER,
    pages: Mapping[str, int] | None = None,
    redaction: Collection[str] = (),
) -> str:
    """Convert the outputs of a notebook, without its code, to an HTML page.

    Args:
        notebook: Executed ``nbformat`` notebook. Figures are outputs of Plotly's MIME type.
        paper: Paper size for printing, as in CSS: ``"A4"`` or ``"letter"``.
        pages: Section id -> number of the printed page on which the section begins. The printed table of
            contents shows these numbers.
        redaction: What was redacted. The page states it, so that it is not replaced by one that shows more.

    Returns:
        Self-contained HTML, with inline styles and Plotly's JavaScript.
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
        # By default, nbconvert also searches the current folder for templates, and a template found there
        # would run as code. So no folder is searched.
        extra_template_basedirs=[],
    )
    body, _ = exporter.from_notebook_node(page)
    title = _TITLE.search(body)
    package = files("mfkit.report")
    return (
        package.joinpath("page.html")
        .read_text("utf-8")
        .format(
            redaction=" ".join(sorted(redaction)),
            title=title[1] if title else "Library report",
            style=package.joinpath("page.css").read_text("utf-8").replace("PAPER", paper),
            blocks=style_sheet(),
            plotly=gzip.decompress(packed(bundle_for(figures))).decode() if figures else "",
            script=package.joinpath("page.js").read_text("utf-8"),
            body=_with_contents(body.replace(style_sheet(), ""), pages or {}),
        )
    )


def _with_contents(body: str, pages: Mapping[str, int]) -> str:
    """Insert a table of contents before the first section that does not belong to the cover."""
    listed = [one for one in _HEADING.finditer(body) if one[1] not in _COVER_SECTIONS]
    if len(listed) < 2:
        return body
    entries = "".join(
        f'<li><a href="#{one[1]}">{_ANCHOR.sub("", one[2])}'
        f'<span class="page">{pages.get(one[1], "")}</span></a></li>'
        for one in listed
    )
    # The table of contents is placed between two cells, because a page break has no effect inside a cell.
    start = body.rfind('<div class="mfkit-report">', 0, listed[0].start())
    contents = f'<nav class="contents" aria-label="Contents"><h2>Contents</h2><ol>{entries}</ol></nav>'
    return f'{body[:start]}<div class="mfkit-report">{contents}</div>{body[start:]}'


def _with_figures_as_html(notebook: Any) -> Any:
    """Return a copy of a notebook, in which figures are HTML elements and printed output is removed."""
    from nbformat import from_dict

    copy = from_dict(json.loads(json.dumps(notebook)))  # type: ignore[no-untyped-call]
    for cell in copy.cells:
        if cell.cell_type != "code":
            continue
        # Printed output and warnings are removed, because they are not meant for readers of the report.
        cell.outputs = [one for one in cell.outputs if one.output_type in ("display_data", "execute_result")]
        for output in cell.outputs:
            figure = output.data.pop(PLOTLY_MIME, None)
            if figure is not None:
                output.data = {"text/html": figure_html(figure)}
    return copy


def figure_html(figure: Any) -> str:
    """Return a figure as JSON in an HTML element. ``<`` is escaped, so that text cannot close the element."""
    label = figure["layout"].get("meta", {}).get("label", "Chart")
    height = int(figure["layout"].get("height", 260))
    data = json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<figure class="mfkit-figure" aria-label="{html.escape(label)}" '
        f'style="height:{height}px">'
        f'<script type="application/json">{data}</script></figure>'
    )
