"""Base class of the panels with one chart, on which clicks and brushes change the selection."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.filters.describe import without
from mfkit.filters.exclusions import leave_out
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE_BUTTONS, PlotlyWidget
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


def toggle(options: Sequence[tuple[str, Any]], name: str) -> widgets.ToggleButtons:
    """Return toggle buttons for (label, value) pairs. Each tooltip begins with ``name``."""
    tooltips = [f"{name}: {label}" for label, _ in options]
    buttons = styled(widgets.ToggleButtons, options=list(options), tooltips=tooltips)
    buttons.add_class("mfkit-switch")
    return buttons


class ChartPanel(Panel):
    """Base class of panels with one chart.

    Subclasses implement :meth:`query` and :meth:`figure`. They also implement :meth:`fields_for_click` if a
    click on a bar or cell selects items, and :meth:`fields_for_brush` if dragging over several bars does.

    Attributes:
        plot: The chart.
        own_fields: Filter fields that the chart sets. It keeps showing the items that these conditions
            exclude, so that they can be added to the selection.
        frame: The last result of :meth:`query` for the selection without the conditions on ``own_fields``.
        selected: The result for the whole selection; None if there are no conditions on ``own_fields``.
        measure: The buttons to switch between files and bytes, if the panel has them.
    """

    own_fields: tuple[str, ...] = ()

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        controls: Sequence[widgets.ValueWidget] = (),
        buttons: Sequence[str] = SAVE_BUTTONS,
        *,
        measure: str | None = None,
    ) -> None:
        """Lay out the chart and the controls of the panel.

        Args:
            lib: The library.
            selection: The selection that the panel follows.
            title: Heading.
            controls: Controls that :meth:`query` reads.
            buttons: Buttons in the corner of the chart; see :class:`PlotlyWidget`.
            measure: Initial value (``"files"`` or ``"bytes"``) of the buttons to switch between them; None
                for no buttons.
        """
        self.plot = PlotlyWidget(buttons=buttons, title=title)
        self.frame = pd.DataFrame()
        self.selected: pd.DataFrame | None = None
        self._query_controls = self._controls = tuple(controls)
        if measure is not None:
            self.measure = toggle([("Files", "files"), ("Bytes", "bytes")], "Measure")
            self.measure.value = measure
            self._controls += (self.measure,)
        self._results: dict[Hashable, pd.DataFrame] = {}
        self._figure = go.Figure()
        super().__init__(lib, selection, title, [self.plot], self._controls)
        for control in self._controls:
            control.observe(self.follow, "value")
        self.plot.listen("click", lambda key: self.click(key))
        self.plot.listen("exclude", lambda key: self.attempt(lambda: self.exclude(key)))
        self.plot.listen("brush", lambda ends: self.toggle_condition(self._brush_fields(ends)))
        self.plot.listen(
            "resize", lambda ends: self.attempt(lambda: self.selection.change(**self._brush_fields(ends)))
        )

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return all inputs of :meth:`query`. The result of the query is cached until one of them changes."""
        return chosen, *(control.value for control in self._query_controls)

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the library and return the data of the chart."""
        raise NotImplementedError

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw the chart for the result of the query."""
        raise NotImplementedError

    def fields_for_click(self, key: Any) -> dict[str, Any]:
        """Return the filter fields that select the items of a bar or cell, given its ``customdata``."""
        return {}

    def click(self, key: Any) -> None:
        """Add a condition that selects the items of a bar or cell, or remove it if it is already set.

        Args:
            key: The ``customdata`` of the bar or cell.
        """
        self.toggle_condition(self.fields_for_click(key))

    def exclude(self, key: Any) -> None:
        """Exclude the items of a bar or cell from the selection, or include them again if they are excluded.

        Args:
            key: The ``customdata`` of the bar or cell.
        """
        fields = {name: value for name, value in self.fields_for_click(key).items() if value is not None}
        if fields:
            self.selection.update(lambda chosen: leave_out(chosen, MediaFilter.of(fields)))

    def fields_for_brush(self, keys: list[Any]) -> dict[str, Any]:
        """Return the filter fields that select the items of adjacent bars, given their ``customdata``."""
        return {}

    def is_brushed(self, key: Any, chosen: MediaFilter) -> bool:
        """Return whether the bar with this ``customdata`` is in the range that a filter selects."""
        return False

    def options(self) -> Hashable:
        """Return the values of the panel's controls."""
        return tuple(control.value for control in self._controls)

    def draw(self, chosen: MediaFilter) -> None:
        """Draw the chart for a filter. The query is run only if its result is not cached."""
        others = without(chosen, *self.own_fields)
        known, self._results = self._results, {}
        self.frame = self._query_once(others, known)
        self.selected = None if others == chosen else self._query_once(chosen, known)
        self._figure = self.figure(self.frame)
        brush = self._brush(chosen)
        if brush is not None:
            self._figure.layout.meta = {"brush": brush}
        self.plot.show(self._figure)

    def clear_cache(self) -> None:
        """Discard the cached query results, so that the next drawing queries the library again."""
        self._results = {}

    def _query_once(self, chosen: MediaFilter, known: dict[Hashable, pd.DataFrame]) -> pd.DataFrame:
        key = self.query_key(chosen)
        frame = self._results.get(key, known.get(key))
        if frame is None:
            frame = self.query(chosen)
        # The key is computed again after the query, because the key of the map panel contains the visible
        # part of the map, and the query may have changed this part.
        self._results[self.query_key(chosen)] = frame
        return frame

    def toggle_condition(self, fields: dict[str, Any]) -> None:
        """Add a condition to the selection, or remove the condition if it is already set."""

        def change() -> None:
            chosen = self.selection.filter
            if fields and chosen.replace(**fields) == chosen:
                self.selection.drop(*fields)
            else:
                self.selection.change(**fields)

        self.attempt(change)

    def _brush(self, chosen: MediaFilter) -> tuple[float, float] | None:
        """Return both ends of the selected range on the x axis. Users can drag these ends."""
        if self.selected is None:
            return None
        ends = [
            end
            for trace in self._figure.data[:1]
            if trace.type == "bar" and trace.width is not None
            for x, width, key in zip(trace.x, trace.width, trace.customdata, strict=True)
            if self.is_brushed(key, chosen)
            for end in (float(x - width / 2), float(x + width / 2))
        ]
        return (min(ends), max(ends)) if ends else None

    def _brush_fields(self, ends: list[Any]) -> dict[str, Any]:
        return self.fields_for_brush(self._between(*ends))

    def _between(self, first: Any, last: Any) -> list[Any]:
        """Return the ``customdata`` of the bars between two positions on the x axis, from left to right.

        If the range does not contain the middle of any bar, return the value of the nearest bar.
        """
        marks: dict[float, Any] = {}
        for trace in self._figure.data:
            marks.update(zip(map(_axis_position, trace.x), trace.customdata, strict=True))
        low, high = sorted((_axis_position(first), _axis_position(last)))
        inside = [key for position, key in sorted(marks.items()) if low <= position <= high]
        return inside or [marks[min(marks, key=lambda position: abs(position - (low + high) / 2))]]


def _axis_position(x: Any) -> float:
    """Convert a position on an axis to a number. Timestamps become nanoseconds since 1970."""
    return float(x) if isinstance(x, (int, float)) else float(pd.Timestamp(x).value)
