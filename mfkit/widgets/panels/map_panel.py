"""Panel with a map of the selected items, grouped into grid cells that shrink when zooming in."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.places import cell_size
from mfkit.charts import places_map
from mfkit.charts.map_background import land_style, street_style
from mfkit.filters.filter_values import Box
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE_BUTTONS
from mfkit.widgets.panels.chart_panel import ChartPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


class MapPanel(ChartPanel):
    """Map of the selected items. Each circle is a grid cell of nearby items; zooming in splits the cells.

    Drag to move the map. Zoom with the buttons, or with Ctrl or Command and the wheel. Click a circle to
    select its items, or select several circles by box or lasso.

    Attributes:
        streets: Button that shows the street map.

    ![Circles on a map of the world](../images/panels/map.png)

    Example:
        >>> mfkit.widgets.MapPanel(mfkit.open_library())  # doctest: +SKIP
    """

    # The map is drawn before the charts, because the browser needs more time for a map than for all charts.
    draw_priority = 0

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self._queried_filter: MediaFilter | None = None
        self._streets_sent: bool | None = None
        self._degrees = 0.0
        self.streets = styled(
            widgets.ToggleButton,
            description="Streets",
            tooltip="Street map from openstreetmap.org; its server sees which part you look at",
        )
        self.streets.add_class("mfkit-toggle")
        super().__init__(
            lib,
            selection,
            "Places",
            [self.streets],
            buttons=("zoomIn", "zoomOut", "home", "move", "box", "lasso", *SAVE_BUTTONS),
        )
        self.plot.observe(self.follow, "view")
        self.plot.listen("box", lambda corners: self.toggle_condition(_box_fields(*corners)))
        self.plot.listen("lasso", lambda line: self.toggle_condition({"area": line, "box": None}))

    def options(self) -> Hashable:
        """Return the visible part of the map, and whether the background is the street map."""
        return _visible_box(self.plot.view), self.streets.value

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the visible part of the map, which are the inputs of the query."""
        return chosen, _visible_box(self.plot.view)

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Count items by grid cell in the filter's ``box``, or else in the visible part of the map."""
        box = _visible_box(self.plot.view)
        if box is None or chosen.box is not None:
            frame, counted = self.lib.places(chosen), chosen
        else:
            counted = chosen.replace(box=box)
            frame = self.lib.places(counted)
            if frame.empty and chosen != self._queried_filter:
                # No selected item is in the visible part of the map, so the map moves to the items.
                self.plot.reset_view()
                self._drawn_state = (chosen, self.options())
                frame, counted = self.lib.places(chosen), chosen
        self._queried_filter = chosen
        self._degrees = cell_size(counted)
        return frame

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a circle for each grid cell, and send the map background only when it changes."""
        if self.streets.value != self._streets_sent:
            self._streets_sent = self.streets.value
            self.plot.set_background(street_style() if self._streets_sent else land_style())
        return places_map(frame, background=False)

    def fields_for_click(self, key: list[float]) -> dict[str, Any]:
        """Return the filter fields that select the grid cell of the clicked circle."""
        latitude, longitude = key
        row, column = round(latitude / self._degrees), round(longitude / self._degrees)
        half = self._degrees / 2
        south, west = row * self._degrees - half, column * self._degrees - half
        box = Box(
            max(south, -90.0),
            max(west, -180.0),
            min(south + self._degrees, 90.0),
            min(west + self._degrees, 180.0),
        )
        return {"box": box, "area": None}


def _box_fields(south: float, west: float, north: float, east: float) -> dict[str, Any]:
    whole_world = east - west >= 360
    west, east = (-180.0, 180.0) if whole_world else (_wrap(west), _wrap(east))
    return {"box": Box(max(south, -90.0), west, min(north, 90.0), east), "area": None}


def _wrap(longitude: float) -> float:
    """Normalize a longitude to -180 to 180 degrees. Panning a map around the world leads to other values."""
    return (longitude + 180) % 360 - 180


def _visible_box(view: dict[str, Any]) -> Box | None:
    """Return the visible part of a map plus a margin, or None if the whole world is visible."""
    if not view:
        return None
    south, west, north, east = (float(view[name]) for name in Box._fields)
    margin_y, margin_x = (north - south) / 4, (east - west) / 4
    south, north = max(south - margin_y, -90.0), min(north + margin_y, 90.0)
    west, east = west - margin_x, east + margin_x
    if east - west >= 360:
        return None if north - south > 150 else Box(south, -180.0, north, 180.0)
    return Box(south, _wrap(west), north, _wrap(east))
