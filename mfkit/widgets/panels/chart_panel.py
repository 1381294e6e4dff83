"""What the chart panels share: each asks the library one question, draws the answer, and takes clicks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE, PlotlyWidget
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


def toggle(options: Sequence[tuple[str, Any]], what: str) -> widgets.ToggleButtons:
    """Return a small row of buttons of which one is down.

    Args:
        options: What stands on each, and the value for which it stands.
        what: What is chosen, for the tooltips.
    """
    tooltips = [f"{what}: {name}" for name, _ in options]
    buttons = styled(widgets.ToggleButtons, options=list(options), tooltips=tooltips)
    buttons.add_class("mfkit-switch")
    return buttons


def measure_switch(first: str) -> widgets.ToggleButtons:
    """Return the switch between files and bytes."""
    buttons = toggle([("files", "files"), ("bytes", "bytes")], "Measure")
    buttons.value = first
    return buttons


class ChartPanel(Panel):
    """A panel with one chart. A subclass gives :meth:`query` and :meth:`figure`, and :meth:`clicked` or
    :meth:`brushed` where a click on a mark or a brush over several narrows the selection.

    Attributes:
        plot: The chart.
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        controls: Sequence[widgets.ValueWidget] = (),
        buttons: Sequence[str] = SAVE,
    ) -> None:
        """Lay the panel out; ``controls`` are what :meth:`query` or :meth:`figure` read."""
        self.plot = PlotlyWidget(buttons=buttons, title=title)
        self._controls = tuple(controls)
        self._asked: Hashable = None
        self._answer = pd.DataFrame()
        self._figure = go.Figure()
        super().__init__(lib, selection, title, [self.plot], controls)
        for control in self._controls:
            control.observe(self.follow, "value")
        self.plot.listen("click", lambda key: self.narrow(self.clicked(key)))
        self.plot.listen("brush", lambda ends: self.narrow(self.brushed(self._between(*ends))))

    def question(self, chosen: MediaFilter) -> Hashable:
        """Return what :meth:`query` depends on; while it stays the same, the answer is kept."""
        return chosen

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Ask the library."""
        raise NotImplementedError

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw the answer."""
        raise NotImplementedError

    def clicked(self, key: Any) -> dict[str, Any]:
        """Return the fields of the filter that a mark stands for, by its ``customdata``."""
        return {}

    def brushed(self, keys: list[Any]) -> dict[str, Any]:
        """Return the fields of the filter that neighbouring marks stand for, by their ``customdata``."""
        return {}

    def options(self) -> Hashable:
        """Return the values of the controls."""
        return tuple(control.value for control in self._controls)

    def draw(self, chosen: MediaFilter) -> None:
        """Ask if the question is new, and draw."""
        if self.question(chosen) != self._asked:
            self._answer = self.query(chosen)
            # Anew, since the map may have changed its view to show something at all.
            self._asked = self.question(chosen)
        self._figure = self.figure(self._answer)
        self.plot.show(self._figure)

    def forget(self) -> None:
        """Forget the last answer."""
        self._asked = None

    def narrow(self, fields: dict[str, Any]) -> None:
        """Select by a mark; by the same mark again, take its condition away."""

        def act() -> None:
            chosen = self.selection.filter
            if fields and chosen.replace(**fields) == chosen:
                self.selection.drop(*fields)
            else:
                self.selection.change(**fields)

        self.attempt(act)

    def _between(self, first: Any, last: Any) -> list[Any]:
        """Return the keys of the marks between two places on the x axis, in order; of a brush that holds
        the middle of none, the key of the nearest."""
        marks: dict[float, Any] = {}
        for trace in self._figure.data:
            marks.update(zip(map(_place, trace.x), trace.customdata, strict=True))
        low, high = sorted((_place(first), _place(last)))
        inside = [key for place, key in sorted(marks.items()) if low <= place <= high]
        return inside or [marks[min(marks, key=lambda place: abs(place - (low + high) / 2))]]


def _place(x: Any) -> float:
    """Return a place on an axis as a number: a moment as its nanoseconds."""
    return float(x) if isinstance(x, (int, float)) else float(pd.Timestamp(x).value)
