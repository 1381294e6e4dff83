"""Notebook widget for Plotly figures that is fast enough to redraw them whenever a filter changes.

Plotly's FigureWidget sends 5 MB of JavaScript with each figure and loses changes made before it is displayed.
This widget sends only the figure as JSON (with arrays packed as float64 or int32). It sends Plotly's
JavaScript once per page, and the background of a map once per plot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import plotly
import plotly.graph_objects as go
import traitlets
from plotly.utils import PlotlyJSONEncoder

from mfkit.charts.plotly_bundle import bundle_for, packed
from mfkit.widgets.shared_style import on_message, scripts

SAVE_BUTTONS = ("toImage", "toSvg", "toHtml")
"""Buttons in the corner of a plot that save the plot as PNG, SVG, or an HTML page that works offline."""


class PlotlyWidget(anywidget.AnyWidget):
    """Widget that shows a Plotly figure. :meth:`show` replaces the figure without flicker.

    Attributes:
        title: Accessible name of the figure, and the name of saved files.
        figure_json: The figure as JSON.
        map_style: The MapLibre style of maps.
        plot_config: Plotly's configuration.
        bundle: Name of Plotly's JavaScript bundle: ``part`` or ``whole``.
        view: Visible part of a map (``south``, ``west``, ``north``, ``east`` in degrees); empty until the
            user moves the map.
    """

    _esm = scripts("brush.js", "chart_keys.js", "country_names.js", "plot.js")

    figure_json = traitlets.Unicode("{}").tag(sync=True)
    map_style = traitlets.Unicode("").tag(sync=True)
    plot_config = traitlets.Dict().tag(sync=True)
    bundle = traitlets.Unicode().tag(sync=True)
    plotly_version = traitlets.Unicode(plotly.__version__).tag(sync=True)
    view_revision = traitlets.Int(0).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self, figure: go.Figure | None = None, *, buttons: Sequence[str] = SAVE_BUTTONS, title: str = ""
    ) -> None:
        """Create a plot widget.

        Args:
            figure: The initial figure.
            buttons: Buttons in the plot's corner: Plotly's names, ``toSvg``, ``toHtml``, and for maps
                ``zoomIn``, ``zoomOut``, ``home``, ``move``, ``box``, ``lasso``.
            title: Accessible name.
        """
        config = {
            "displaylogo": False,
            "showSendToCloud": False,
            "modeBarButtons": list(buttons),
            "scrollZoom": True,
            "doubleClick": "reset",
        }
        super().__init__(plot_config=config, bundle=bundle_for([]), title=title)
        on_message(self, "plotly", self._send_plotly)
        if figure is not None:
            self.show(figure)

    def show(self, figure: go.Figure) -> None:
        """Replace the figure. A figure equal to the current one is not sent again."""
        data = figure.to_dict()
        style = data.get("layout", {}).get("map", {}).pop("style", None)
        with self.hold_sync():
            if style is not None:
                self.set_background(style)
            if bundle_for([data]) == "whole":
                # The complete Plotly bundle is never replaced by the smaller one, because the complete one
                # can draw all figures.
                self.bundle = "whole"
            self.figure_json = json.dumps(data, cls=PlotlyJSONEncoder, separators=(",", ":"))

    def set_background(self, style: dict[str, Any]) -> None:
        """Set the MapLibre style that maps use as their background, unless a figure has its own style."""
        self.map_style = json.dumps(style, separators=(",", ":"))

    def reset_view(self) -> None:
        """Discard the user's zoom and pan, so that the next figure sets the visible part of the map."""
        with self.hold_sync():
            self.view = {}
            self.view_revision += 1

    def listen(self, event: str, listener: Callable[[Any], None]) -> None:
        """Register a callback for an event of the figure.

        Args:
            event: ``"click"`` (``customdata`` of the clicked bar or point), ``"exclude"`` (the same, with the
                Alt key), ``"brush"`` ((from, to) on the x axis), ``"resize"`` (the same, for a range that was
                moved or resized), ``"box"`` (south, west, north, east) or ``"lasso"`` (pairs of latitude and
                longitude).
            listener: Called with the value that is given in parentheses for each event.
        """
        on_message(self, event, lambda message: listener(message.get("value")))

    def _send_plotly(self, _: dict[str, Any]) -> None:
        self.send({"kind": "plotly", "bundle": self.bundle}, buffers=[packed(self.bundle)])
