"""A notebook that shows a widget, as a page for offline use."""

from __future__ import annotations

from typing import Any

import nbformat
from ipywidgets.embed import dependency_state

from mfkit.report import OfflineHTMLExporter


def offline_page(widget: Any) -> str:
    """Return the page of a notebook whose only output is a widget."""
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": widget.model_id}}
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=view)])
    stored = {"state": dependency_state(widget, drop_defaults=False)}
    state = {"application/vnd.jupyter.widget-state+json": stored}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": state})
    return str(OfflineHTMLExporter().from_notebook_node(notebook)[0])
