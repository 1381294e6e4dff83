"""The panel of places: a map that asks for what it shows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.places import cell_size
from mfkit.charts import places_map
from mfkit.charts.places_map import land_style, street_style
from mfkit.filters.media_filter import Box, MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE
from mfkit.widgets.panels.chart_panel import ChartPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


class MapPanel(ChartPanel):
    """Where things were recorded, summed up by a grid that gets finer as a person zooms in.

    Drag moves the map; the buttons, or the wheel with Ctrl or Command, zoom it. A click on a disc
    selects what it stands for, a box or a line drawn around several what lies in it.

    ![Discs on a map of the world](../images/panels/map.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.MapPanel(lib, selection)  # doctest: +SKIP
    """

    rank = 0  # the browser takes longer to draw it than all other charts

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._for: MediaFilter | None = None
        self._laid: bool | None = None
        self._streets = styled(
            widgets.ToggleButton,
            description="streets",
            tooltip="Street map from openstreetmap.org, which then sees where you look",
        )
        self._streets.add_class("mfkit-toggle")
        super().__init__(
            lib,
            selection,
            "Places",
            [self._streets],
            buttons=("zoomIn", "zoomOut", "home", "move", "box", "lasso", *SAVE),
        )
        self.plot.observe(self.follow, "view")
        self.plot.listen("box", lambda corners: self.narrow(_selected_box(*corners)))
        self.plot.listen("lasso", lambda line: self.narrow({"area": line}))

    def options(self) -> Hashable:
        """Return the visible part of the map and its background."""
        return _visible(self.plot.view), self._streets.value

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the visible part of the map."""
        return chosen, _visible(self.plot.view)

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by cells of the visible part; a selection with a box of its own keeps to that."""
        box = _visible(self.plot.view)
        if box is None or chosen.box is not None:
            found, within = self.lib.places(chosen), chosen
        else:
            within = chosen.replace(box=box)
            found = self.lib.places(within)
            if found.empty and chosen != self._for:
                # Another selection lies elsewhere: show it, rather than an empty place.
                self.plot.home()
                self._drawn = (chosen, self.options())
                found, within = self.lib.places(chosen), chosen
        self._for = chosen
        self._degrees = cell_size(within)
        return found

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a disc per cell, over a background that is sent when it is another one."""
        if self._streets.value != self._laid:
            self._laid = self._streets.value
            self.plot.background(street_style() if self._laid else land_style())
        return places_map(frame, background=False)

    def clicked(self, key: list[float]) -> dict[str, Any]:
        """Select the cell that a disc stands for."""
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


def _selected_box(south: float, west: float, north: float, east: float) -> dict[str, Any]:
    wide = east - west >= 360
    west, east = (-180.0, 180.0) if wide else (_turned(west), _turned(east))
    return {"box": Box(max(south, -90.0), west, min(north, 90.0), east), "area": None}


def _turned(longitude: float) -> float:
    """Return a longitude from -180 to 180: a map that was moved around the world counts on."""
    return (longitude + 180) % 360 - 180


def _visible(view: dict[str, Any]) -> Box | None:
    """Return a map's view as a box, None for the whole world; with a margin, to be there when it moves."""
    if not view:
        return None
    south, west, north, east = (float(view[name]) for name in Box._fields)
    tall, wide = (north - south) / 4, (east - west) / 4
    south, north = max(south - tall, -90.0), min(north + tall, 90.0)
    west, east = west - wide, east + wide
    if east - west >= 360:
        return None if north - south > 150 else Box(south, -180.0, north, 180.0)
    return Box(south, _turned(west), north, _turned(east))
