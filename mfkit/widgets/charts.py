"""The chart panels: each asks the library one question and draws the answer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import codecs_chart, growth_chart, places_map, types_chart
from mfkit.library import MediaLibrary
from mfkit.queries.filters import Box, MediaFilter
from mfkit.queries.periods import Freq
from mfkit.widgets.panel import Panel
from mfkit.widgets.plot import Plot
from mfkit.widgets.selection import Selection


def _switch(options: Sequence[tuple[str, str]], what: str) -> widgets.ToggleButtons:
    """Return a small row of buttons of which one is down."""
    switch = widgets.ToggleButtons(options=list(options), tooltips=[f"{what}: {name}" for name, _ in options])
    switch.add_class("mfkit-switch")
    return switch


def _measure(first: str) -> widgets.ToggleButtons:
    switch = _switch([("files", "files"), ("bytes", "bytes")], "Measure")
    switch.value = first
    return switch


class ChartPanel(Panel):
    """A panel with one chart. A subclass gives :meth:`query` and :meth:`figure`.

    Attributes:
        plot: The chart.
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        controls: Sequence[widgets.ValueWidget] = (),
        buttons: Sequence[str] = ("toImage",),
    ) -> None:
        """Lay the panel out; ``controls`` are what :meth:`query` or :meth:`figure` read."""
        self.plot = Plot(buttons=buttons)
        self._controls = tuple(controls)
        self._asked: Hashable = None
        self._answer = pd.DataFrame()
        super().__init__(lib, selection, title, [self.plot], controls)
        for control in self._controls:
            control.observe(self.follow, "value")

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return what :meth:`query` depends on; while it stays the same, the answer is kept."""
        return chosen

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Ask the library."""
        raise NotImplementedError

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw the answer."""
        raise NotImplementedError

    def options(self) -> Hashable:
        """Return the values of the controls."""
        return tuple(control.value for control in self._controls)

    def draw(self, chosen: MediaFilter) -> None:
        """Ask if the question is new, and draw."""
        if self.question(chosen) != self._asked:
            self._answer = self.query(chosen)
            # Anew, since the map may have changed its view to show something at all.
            self._asked = self.question(chosen)
        self.plot.show(self.figure(self._answer))

    def refresh(self) -> None:
        """Ask and draw anew in any case, as after a scan."""
        with self._turn:
            self._asked = None
            super().refresh()


class TypesPanel(ChartPanel):
    """How many files or bytes of each media type.

    Example:
        >>> TypesPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._by = _measure("files")
        super().__init__(lib, selection, "Media types", [self._by])

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by media type."""
        return self.lib.summary("media_type", chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar per media type."""
        return types_chart(frame, self._by.value)


class CodecsPanel(ChartPanel):
    """Which video or audio codecs, by files or bytes.

    Example:
        >>> CodecsPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._stream = _switch([("video", "video_codec"), ("audio", "audio_codec")], "Stream")
        self._by = _measure("bytes")
        super().__init__(lib, selection, "Codecs", [self._stream, self._by])

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the stream."""
        return chosen, self._stream.value

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by codec."""
        return self.lib.summary(self._stream.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar per codec."""
        return codecs_chart(frame, self._by.value)


class TimelinePanel(ChartPanel):
    """What each year or month brought, or the running total, by files or bytes.

    Example:
        >>> TimelinePanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._view = _switch([("year", "year"), ("month", "month"), ("total", "total")], "Per")
        self._by = _measure("bytes")
        super().__init__(lib, selection, "Over time", [self._view, self._by], ("toImage", "resetScale2d"))

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the period."""
        return chosen, self._freq()

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by period and media type."""
        return self.lib.growth(self._freq(), chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw bars per period, or areas of running totals."""
        return growth_chart(frame, self._by.value, cumulative=self._view.value == "total")

    def _freq(self) -> Freq:
        return "year" if self._view.value == "year" else "month"


class MapPanel(ChartPanel):
    """Where things were recorded, summed up by a grid that gets finer as a person zooms in.

    Drag moves the map; the buttons, or the wheel with Ctrl or Command, zoom it.

    Example:
        >>> MapPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._for: MediaFilter | None = None
        super().__init__(
            lib, selection, "Places", buttons=("zoomIn", "zoomOut", "home", "toImage")
        )
        self.plot.observe(self.follow, "view")

    def options(self) -> Hashable:
        """Return the visible part of the map."""
        return _visible(self.plot.view)

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the visible part of the map."""
        return chosen, self.options()

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Sum up by cells of the visible part; a selection with a box of its own keeps to that."""
        box = _visible(self.plot.view)
        if box is None or chosen.box is not None:
            found = self.lib.places(chosen)
        else:
            found = self.lib.places(chosen.but(box=box))
            if found.empty and chosen != self._for:
                # Another selection lies elsewhere: show it, rather than an empty place.
                self._drawn = (chosen, None)
                self.plot.home()
                found = self.lib.places(chosen)
        self._for = chosen
        return found

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a disc per cell."""
        return places_map(frame)


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
    return Box(south, (west + 180) % 360 - 180, north, (east + 180) % 360 - 180)
