"""Base class of chart panels: one query, one chart, and clicks that change the selection."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE_BUTTONS, PlotlyWidget
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


def toggle(options: Sequence[tuple[str, Any]], name: str) -> widgets.ToggleButtons:
    """Return a compact row of buttons, one of which is pressed.

    Args:
        options: Label and value of each button.
        name: Name of the setting, for the tooltips.
    """
    tooltips = [f"{name}: {label}" for label, _ in options]
    buttons = styled(widgets.ToggleButtons, options=list(options), tooltips=tooltips)
    buttons.add_class("mfkit-switch")
    return buttons


def measure_toggle(default: str) -> widgets.ToggleButtons:
    """Return the buttons for files or bytes."""
    buttons = toggle([("Files", "files"), ("Bytes", "bytes")], "Measure")
    buttons.value = default
    return buttons


class ChartPanel(Panel):
    """A panel with one chart.

    Subclasses implement :meth:`query` and :meth:`figure`, and :meth:`clicked` or :meth:`brushed` if a click
    on a mark or a brush over several marks selects items.

    Attributes:
        plot: The chart.
        frame: The last result of :meth:`query`.
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        controls: Sequence[widgets.ValueWidget] = (),
        buttons: Sequence[str] = SAVE_BUTTONS,
    ) -> None:
        """Lay out the panel; ``controls`` are read by :meth:`query` or :meth:`figure`."""
        self.plot = PlotlyWidget(buttons=buttons, title=title)
        self.frame = pd.DataFrame()
        self._controls = tuple(controls)
        self._queried: Hashable = None
        self._figure = go.Figure()
        super().__init__(lib, selection, title, [self.plot], controls)
        for control in self._controls:
            control.observe(self.follow, "value")
        self.plot.listen("click", lambda key: self.toggle_condition(self.clicked(key)))
        self.plot.listen("brush", lambda ends: self.toggle_condition(self.brushed(self._between(*ends))))

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return everything that :meth:`query` depends on. While it is equal, the result is kept."""
        return chosen

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the library."""
        raise NotImplementedError

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw the result of the query."""
        raise NotImplementedError

    def clicked(self, key: Any) -> dict[str, Any]:
        """Return the filter fields that select a mark, given its ``customdata``."""
        return {}

    def brushed(self, keys: list[Any]) -> dict[str, Any]:
        """Return the filter fields that select adjacent marks, given their ``customdata``."""
        return {}

    def options(self) -> Hashable:
        """Return the values of the controls."""
        return tuple(control.value for control in self._controls)

    def draw(self, chosen: MediaFilter) -> None:
        """Run the query if needed, and draw the chart."""
        if self.query_key(chosen) != self._queried:
            self.frame = self.query(chosen)
            # Again, because the query may have moved the map to show any items at all.
            self._queried = self.query_key(chosen)
        self._figure = self.figure(self.frame)
        self.plot.show(self._figure)

    def clear_cache(self) -> None:
        """Discard the last result."""
        self._queried = None

    def toggle_condition(self, fields: dict[str, Any]) -> None:
        """Add a condition to the selection, or remove it if it is already set."""

        def change() -> None:
            chosen = self.selection.filter
            if fields and chosen.replace(**fields) == chosen:
                self.selection.drop(*fields)
            else:
                self.selection.change(**fields)

        self.attempt(change)

    def _between(self, first: Any, last: Any) -> list[Any]:
        """Return the keys of the marks between two positions on the x axis, in order.

        If the brush does not cover the middle of any mark, return the key of the nearest one.
        """
        marks: dict[float, Any] = {}
        for trace in self._figure.data:
            marks.update(zip(map(_axis_position, trace.x), trace.customdata, strict=True))
        low, high = sorted((_axis_position(first), _axis_position(last)))
        inside = [key for position, key in sorted(marks.items()) if low <= position <= high]
        return inside or [marks[min(marks, key=lambda position: abs(position - (low + high) / 2))]]


def _axis_position(x: Any) -> float:
    """Return a position on an axis as a number; a timestamp as nanoseconds."""
    return float(x) if isinstance(x, (int, float)) else float(pd.Timestamp(x).value)
