"""Conversion of a notebook's widgets to HTML that shows their charts and tables without a kernel."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from plotly.utils import PlotlyJSONEncoder

from mfkit.charts import places_atlas
from mfkit.report.page_blocks import Html

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
STATE_MIME = "application/vnd.jupyter.widget-state+json"
_REFERENCE = "IPY_MODEL_"
_MAX_ROWS = 15

States = Mapping[str, Mapping[str, Any]]
"""Id of each widget -> its state, with references to other widgets as ``IPY_MODEL_<id>``."""


def widget_states(notebook: Any) -> States:
    """Return the widget states that are stored in a notebook."""
    stored = notebook.metadata.get("widgets", {}).get(STATE_MIME, {}).get("state", {})
    return {identity: model["state"] for identity, model in stored.items()}


def figures_of(states: States, identity: str) -> Iterator[dict[str, Any]]:
    """Yield the Plotly figures in a widget, in display order."""
    for widget in _visible(states, identity):
        if _has_figure(widget):
            yield _figure(widget)


def static_html(states: States, identity: str, figure_html: Any) -> str:
    """Return a widget's headings, texts, charts and tables as HTML; empty if the widget shows none of them.

    Args:
        states: The states of all widgets.
        identity: Id of the widget.
        figure_html: Function that returns the HTML of a figure.
    """
    sections: list[tuple[str, list[str]]] = [("", [])]
    for widget in _visible(states, identity):
        text = widget.get("value") if widget.get("_model_name") == "HTMLModel" else None
        if text and text.startswith("<h3>"):
            sections.append((text, []))
        elif text:
            sections[-1][1].append(f"<div>{text}</div>")
        elif _has_figure(widget):
            sections[-1][1].append(figure_html(_figure(widget)))
        elif "rows" in widget and "headings" in widget:
            sections[-1][1].append(_table(widget))
    # Panels that have only controls are left out, because controls do nothing without a kernel.
    return "".join(f"<section>{heading}{''.join(parts)}</section>" for heading, parts in sections if parts)


def _visible(states: States, identity: str) -> Iterator[Mapping[str, Any]]:
    """Yield the states of a widget and of the widgets in it that are not hidden, in display order."""
    widget = states.get(identity)
    if widget is None or _layout(states, widget).get("display") == "none":
        return
    yield widget
    children = widget.get("children", ())
    selected = widget.get("selected_index")
    if "titles" in widget and selected is not None:  # Of tabs, only the selected one is visible.
        children = children[selected : selected + 1]
    for child in children:
        yield from _visible(states, child.removeprefix(_REFERENCE))


def _layout(states: States, widget: Mapping[str, Any]) -> Mapping[str, Any]:
    return states.get(str(widget.get("layout", "")).removeprefix(_REFERENCE), {})


def _has_figure(widget: Mapping[str, Any]) -> bool:
    return bool(widget.get("figure_json", "{}") != "{}")


def _figure(widget: Mapping[str, Any]) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(widget["figure_json"])
    if "map" in figure.get("layout", {}):
        figure = _atlas(figure)
    layout = figure.setdefault("layout", {})
    layout["meta"] = {"label": widget.get("title") or "Chart"}
    return {**figure, "config": {"displayModeBar": False, "responsive": True}}


def _atlas(figure: dict[str, Any]) -> dict[str, Any]:
    """Convert the figure of a MapLibre map to a figure of the same places without MapLibre."""
    (circles,) = figure["data"]
    places = pd.DataFrame(circles.get("customdata", ()), columns=["latitude", "longitude"], dtype="float64")
    atlas = places_atlas(places, height=figure["layout"].get("height", 260))
    drawn: dict[str, Any] = json.loads(json.dumps(atlas.to_dict(), cls=PlotlyJSONEncoder))
    if len(places):
        drawn["data"][-1]["marker"]["size"] = circles["marker"]["size"]
        drawn["data"][-1]["hovertext"] = circles["hovertext"]
    return drawn


def _table(widget: Mapping[str, Any]) -> str:
    """Return the current page of a table widget as HTML, with cells only for the visible columns."""
    hidden = set(widget.get("hidden", ()))
    columns = [one for at, one in enumerate(widget["headings"]) if not at or one["key"] not in hidden]
    styles = [' class="number"' if one["style"] == "number" else ' dir="auto"' for one in columns]
    head = "".join(
        f'<th scope="col"{style}>{html.escape(one["heading"])}</th>'
        for one, style in zip(columns, styles, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{style}>{html.escape(str(cell))}</td>"
            for cell, style in zip(row["cells"], styles, strict=True)
        )
        + "</tr>"
        for row in widget["rows"][:_MAX_ROWS]
    )
    table = Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return str(table.bundle()["text/html"])
