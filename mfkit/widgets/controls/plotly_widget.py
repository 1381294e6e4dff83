"""A Plotly figure in a notebook, light enough to be redrawn at every change of a filter.

Plotly's own FigureWidget sends 5 MB of JavaScript per figure and loses what is changed before it is
shown. This one sends the figure as JSON (its arrays packed as float64 or int32), Plotly's JavaScript once
per page, and a map's background once per plot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import plotly
import plotly.graph_objects as go
import traitlets
from plotly.utils import PlotlyJSONEncoder

from mfkit.charts.plotly_bundle import bundle_for, packed

SAVE = ("toImage", "toSvg", "toHtml")
"""Buttons in the corner of a plot that write it into a file: PNG, SVG, and a page that works by itself."""


class PlotlyWidget(anywidget.AnyWidget):
    """Shows one figure, and another one after :meth:`show`, without a flash between them.

    Attributes:
        title: What the figure shows, for those who cannot see it.
        view: The visible part of a map after a person moved it (``south``, ``west``, ``north``,
            ``east`` in degrees); empty before.
    """

    _esm = Path(__file__).parents[1] / "static" / "plot.js"

    _figure = traitlets.Unicode("{}").tag(sync=True)
    _map_style = traitlets.Unicode("").tag(sync=True)
    _config = traitlets.Dict().tag(sync=True)
    _bundle = traitlets.Unicode().tag(sync=True)
    _version = traitlets.Unicode(plotly.__version__).tag(sync=True)
    _revision = traitlets.Int(0).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self, figure: go.Figure | None = None, *, buttons: Sequence[str] = SAVE, title: str = ""
    ) -> None:
        """Make a plot.

        Args:
            figure: What to show first.
            buttons: What is in its corner: Plotly's names, ``toSvg``, ``toHtml``, and for maps ``zoomIn``,
                ``zoomOut``, ``home``, ``move``, ``box``, ``lasso``.
            title: What it shows.
        """
        config = {
            "displaylogo": False,
            "showSendToCloud": False,
            "modeBarButtons": list(buttons),
            "scrollZoom": True,
            "doubleClick": "reset",
        }
        super().__init__(_config=config, _bundle=bundle_for([]), title=title)
        self._listeners: list[tuple[str, Callable[[Any], None]]] = []
        self.on_msg(self._answer)
        if figure is not None:
            self.show(figure)

    def show(self, figure: go.Figure) -> None:
        """Show a figure in place of the one before; the same one again costs nothing."""
        drawn = figure.to_dict()
        style = drawn.get("layout", {}).get("map", {}).pop("style", None)
        with self.hold_sync():
            if style is not None:
                self.background(style)
            if bundle_for([drawn]) == "whole":
                self._bundle = "whole"  # and never back: it draws all else as well
            self._figure = json.dumps(drawn, cls=PlotlyJSONEncoder, separators=(",", ":"))

    def background(self, style: dict[str, Any]) -> None:
        """Lay a MapLibre style beneath maps; it stays, so that figures need not bring it along."""
        self._map_style = json.dumps(style, separators=(",", ":"))

    def home(self) -> None:
        """Forget how a person moved and zoomed; the next figure shows its own view."""
        with self.hold_sync():
            self.view = {}
            self._revision += 1

    def listen(self, event: str, listener: Callable[[Any], None]) -> None:
        """Call back when a person does something to the figure.

        Args:
            event: ``"click"`` (the ``customdata`` of the mark), ``"brush"`` ((from, to) on the x axis),
                ``"box"`` (south, west, north, east) or ``"lasso"`` (pairs of latitude and longitude).
            listener: Called with what stands in brackets.
        """
        self._listeners.append((event, listener))

    def _answer(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("kind") == "plotly":
            self.send({"kind": "plotly", "bundle": self._bundle}, buffers=[packed(self._bundle)])
        for event, listener in self._listeners:
            if message.get("kind") == event:
                listener(message.get("value"))
