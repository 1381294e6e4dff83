"""Panels with one chart each: types, codecs, cameras, resolutions, sizes, durations, time and folders."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.dimensions import Freq
from mfkit.charts import (
    cameras_chart,
    codecs_chart,
    folders_chart,
    growth_chart,
    histogram_chart,
    resolutions_chart,
    types_chart,
)
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE_BUTTONS, PlotlyWidget
from mfkit.widgets.controls.range_bins import largest_below
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by, overview_by_year
from mfkit.widgets.shared_style import styled


def toggle(options: Sequence[tuple[str, Any]], name: str) -> widgets.ToggleButtons:
    """Return toggle buttons for (label, value) pairs. Each tooltip begins with ``name``."""
    tooltips = [f"{name}: {label}" for label, _ in options]
    buttons = styled(widgets.ToggleButtons, options=list(options), tooltips=tooltips)
    buttons.add_class("mfkit-switch")
    return buttons


class ChartPanel(Panel):
    """Base class of panels with one chart.

    Subclasses implement :meth:`query` and :meth:`figure`. They also implement :meth:`clicked` if a click on a
    bar or cell selects items, and :meth:`brushed` if dragging over several bars does.

    Attributes:
        plot: The chart.
        frame: The last result of :meth:`query`.
        measure: The buttons to switch between files and bytes, if the panel has them.
    """

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
            selection: The selection to follow.
            title: Heading.
            controls: Controls that :meth:`query` reads.
            buttons: Buttons in the corner of the chart; see :class:`PlotlyWidget`.
            measure: Initial value (``"files"`` or ``"bytes"``) of the buttons to switch between them; None
                for no buttons.
        """
        self.plot = PlotlyWidget(buttons=buttons, title=title)
        self.frame = pd.DataFrame()
        self._query_controls = self._controls = tuple(controls)
        if measure is not None:
            self.measure = toggle([("Files", "files"), ("Bytes", "bytes")], "Measure")
            self.measure.value = measure
            self._controls += (self.measure,)
        self._queried: Hashable = None
        self._figure = go.Figure()
        super().__init__(lib, selection, title, [self.plot], self._controls)
        for control in self._controls:
            control.observe(self.follow, "value")
        self.plot.listen("click", lambda key: self.toggle_condition(self.clicked(key)))
        self.plot.listen("brush", lambda ends: self.toggle_condition(self.brushed(self._between(*ends))))

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return all inputs of :meth:`query`. Its result is cached until these inputs change."""
        return chosen, *(control.value for control in self._query_controls)

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the library and return the data of the chart."""
        raise NotImplementedError

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw the chart for the result of the query."""
        raise NotImplementedError

    def clicked(self, key: Any) -> dict[str, Any]:
        """Return the filter fields that select the items of a bar or cell, given its ``customdata``."""
        return {}

    def brushed(self, keys: list[Any]) -> dict[str, Any]:
        """Return the filter fields that select the items of adjacent bars, given their ``customdata``."""
        return {}

    def options(self) -> Hashable:
        """Return the values of the panel's controls."""
        return tuple(control.value for control in self._controls)

    def draw(self, chosen: MediaFilter) -> None:
        """Run the query if needed, and draw the chart."""
        if self.query_key(chosen) != self._queried:
            self.frame = self.query(chosen)
            # The cache key is computed again, because the query may have reset the visible part of the map.
            self._queried = self.query_key(chosen)
        self._figure = self.figure(self.frame)
        self.plot.show(self._figure)

    def clear_cache(self) -> None:
        """Discard the cached query result."""
        self._queried = None

    def toggle_condition(self, fields: dict[str, Any]) -> None:
        """Add a condition to the selection, or remove the condition if it is already set."""

        def change() -> None:
            chosen = self.selection.filter
            if fields and chosen.replace(**fields) == chosen:
                self.selection.drop(*fields)
            else:
                self.selection.change(**fields)

        self.attempt(change)

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


class _BarsPanel(ChartPanel):
    def clicked(self, key: str) -> dict[str, Any]:
        """Return the filter field that selects the clicked value."""
        # The field is named like the first column of the drawn DataFrame. The controls are not read, because
        # the user may have changed them since the drawing.
        return {str(self.frame.columns[0]): key}


class TypesPanel(_BarsPanel):
    """Files or bytes of each media type. Click a bar to select it.

    ![A bar for each media type](../images/panels/types.png)

    Example:
        >>> mfkit.widgets.TypesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        super().__init__(lib, selection, "Media types", measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by media type."""
        return overview_by("media_type", self.lib, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each media type."""
        return types_chart(frame, self.measure.value)


class CodecsPanel(_BarsPanel):
    """Files or bytes of each video or audio codec. Click a bar to select it.

    ![A bar for each video codec](../images/panels/codecs.png)

    Example:
        >>> mfkit.widgets.CodecsPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.stream = toggle([("Video", "video_codec"), ("Audio", "audio_codec")], "Stream")
        super().__init__(lib, selection, "Codecs", [self.stream], measure="bytes")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec."""
        if self.stream.value == "video_codec":
            return overview_by("video_codec", self.lib, chosen)
        return self.lib.summary(self.stream.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each codec."""
        return codecs_chart(frame, self.measure.value)


class CamerasPanel(_BarsPanel):
    """Files or bytes of each camera or lens. Click a bar to select it.

    ![A bar for each camera](../images/panels/cameras.png)

    Example:
        >>> mfkit.widgets.CamerasPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.dimension = toggle([("Camera", "camera"), ("Lens", "lens")], "Group by")
        super().__init__(lib, selection, "Cameras", [self.dimension], measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by camera or lens."""
        return self.lib.summary(self.dimension.value, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each camera or lens."""
        return cameras_chart(frame, self.measure.value)


class HeatmapPanel(ChartPanel):
    """Files or bytes of each video codec by resolution. Click a cell to select it.

    ![Codecs by resolution as a heat map](../images/panels/heatmap.png)

    Example:
        >>> mfkit.widgets.HeatmapPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        super().__init__(lib, selection, "Codec by resolution", measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec and resolution."""
        return self.lib.summary(["video_codec", "resolution"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each codec and resolution."""
        return resolutions_chart(frame, self.measure.value)

    def clicked(self, key: list[str]) -> dict[str, Any]:
        """Return the filter fields that select the codec and the resolution."""
        codec, resolution = key
        return {"video_codec": codec, "resolution": resolution}


_BINS = 40
"""Number of bars in the histogram."""


class HistogramPanel(ChartPanel):
    """Files or bytes by size or duration. Click a bar, or drag over several bars, to select them.

    ![Files by size as bars](../images/panels/histogram.png)

    Example:
        >>> mfkit.widgets.HistogramPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.quantity = toggle([("Size", "file_size"), ("Duration", "duration")], "Quantity")
        super().__init__(lib, selection, "Sizes and durations", [self.quantity], measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the numbers of files and bytes in bins of equal width on a logarithmic scale."""
        self._drawn_quantity = self.quantity.value
        return self.lib.histogram(self.quantity.value, _BINS, chosen, log=True)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each histogram bin."""
        return histogram_chart(frame, self._drawn_quantity, self.measure.value)

    def clicked(self, key: list[float]) -> dict[str, Any]:
        """Return the filter fields that select the clicked histogram bin."""
        return self.brushed([key])

    def brushed(self, keys: list[list[float]]) -> dict[str, Any]:
        """Return the filter fields that select the range of bins over which the user dragged."""
        low, high = keys[0][0], keys[-1][1]
        if self._drawn_quantity == "file_size":
            return {"min_size": int(low), "max_size": largest_below(high, "max_size")}
        last = high == float(self.frame["high"].iloc[-1])  # The last bin includes its upper edge.
        return {"min_duration": low, "max_duration": high if last else largest_below(high, "max_duration")}


class TimelinePanel(ChartPanel):
    """Files or bytes by year or month, or their running total.

    Click a period, or drag over several periods, to select them.

    ![Stacked bars by year](../images/panels/timeline.png)

    Example:
        >>> mfkit.widgets.TimelinePanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.period = toggle([("Year", "year"), ("Month", "month"), ("Total", "total")], "Show")
        super().__init__(lib, selection, "Over time", [self.period], measure="bytes")

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the period length (year or month), which are the inputs of the query."""
        return chosen, self._freq()

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by period and media type."""
        freq = self._freq()
        return overview_by_year(self.lib, chosen) if freq == "year" else self.lib.growth(freq, chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each period, or draw the running totals as areas."""
        return growth_chart(frame, self.measure.value, cumulative=self.period.value == "total")

    def clicked(self, key: str) -> dict[str, Any]:
        """Return the filter fields that select the clicked period."""
        return self.brushed([key])

    def brushed(self, keys: list[str]) -> dict[str, Any]:
        """Return the filter fields that select the range of periods over which the user dragged."""
        return {"after": keys[0], "before": keys[-1]}

    def _freq(self) -> Freq:
        return "year" if self.period.value == "year" else "month"


_MAX_FOLDERS = 500
"""Maximum number of boxes in the treemap. More boxes would be too small to see."""


class FoldersPanel(ChartPanel):
    """Files or bytes of each folder. Click a folder to select it; the button *Up* selects its parent.

    ![Folders as a treemap](../images/panels/folders.png)

    Example:
        >>> mfkit.widgets.FoldersPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.up_button = styled(widgets.Button, description="Up", tooltip="Select the parent folder")
        self.up_button.add_class("mfkit-toggle")
        super().__init__(lib, selection, "Folders", measure="bytes")
        head = self.children[1]
        head.children = (*head.children, self.up_button)
        self.up_button.on_click(lambda _: self.attempt(self._go_up))

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the numbers of files and bytes of the folders on the next two levels."""
        return self.lib.folders(2, chosen, limit=_MAX_FOLDERS)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a box for each folder."""
        self.up_button.disabled = self.selection.filter.folder is None
        return folders_chart(frame, self.measure.value)

    def clicked(self, key: str) -> dict[str, Any]:
        """Return the filter field that selects the clicked folder, unless it is already selected."""
        return {"folder": key} if key != self.selection.filter.folder else {}

    def _go_up(self) -> None:
        folder = self.selection.filter.folder
        if folder is not None:
            parent = folder.rpartition("/")[0]
            tree = self.lib.folders(1, limit=1)
            # A folder above the library's top folder contains all files, so the folder condition is removed.
            contains_all = any(top.startswith(f"{parent}/") for top in tree.loc[tree["depth"] == 0, "id"])
            self.selection.change(folder=None if contains_all else parent or None)
