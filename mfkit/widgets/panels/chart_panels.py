"""Panels with one chart each: types, codecs, cameras, resolutions and folders."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import cameras_chart, codecs_chart, folders_chart, resolutions_chart, types_chart
from mfkit.charts.theme import add_title
from mfkit.filters.describe import without
from mfkit.filters.exclusions import leave_out, toggle_exclusion, toggle_value, without_value
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.plotly_widget import SAVE_BUTTONS, PlotlyWidget
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by
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
            selection: The selection to follow.
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
        self.plot.listen(
            "resize",
            lambda ends: self.attempt(lambda: self.selection.change(**self.brushed(self._between(*ends)))),
        )
        self.plot.listen("brush", lambda ends: self.toggle_condition(self.brushed(self._between(*ends))))

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return all inputs of :meth:`query`. The result of the query is cached until one of them changes."""
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

    def click(self, key: Any) -> None:
        """Select the items of a bar or cell, given its ``customdata``, or remove this condition."""
        self.toggle_condition(self.clicked(key))

    def exclude(self, key: Any) -> None:
        """Leave out the items that a click on a bar or cell selects, or stop leaving them out."""
        fields = {name: value for name, value in self.clicked(key).items() if value is not None}
        if fields:
            self.selection.update(lambda chosen: leave_out(chosen, MediaFilter.of(fields)))

    def brushed(self, keys: list[Any]) -> dict[str, Any]:
        """Return the filter fields that select the items of adjacent bars, given their ``customdata``."""
        return {}

    def in_brush(self, key: Any, chosen: MediaFilter) -> bool:
        """Return whether the range that a filter selects includes a bar, given its ``customdata``."""
        return False

    def options(self) -> Hashable:
        """Return the values of the panel's controls."""
        return tuple(control.value for control in self._controls)

    def draw(self, chosen: MediaFilter) -> None:
        """Run the query if needed, and draw the chart."""
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
        """Discard the cached query results."""
        self._results = {}

    def _query_once(self, chosen: MediaFilter, known: dict[Hashable, pd.DataFrame]) -> pd.DataFrame:
        key = self.query_key(chosen)
        frame = self._results.get(key, known.get(key))
        if frame is None:
            frame = self.query(chosen)
        # The cache key is computed again after the query, because a query for the map may have changed the
        # visible part of the map, which belongs to the key.
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
        """Return both ends of the selected range on the x axis, where users can drag its handles."""
        if self.selected is None:
            return None
        ends = [
            end
            for trace in self._figure.data[:1]
            if trace.type == "bar" and trace.width is not None
            for x, width, key in zip(trace.x, trace.width, trace.customdata, strict=True)
            if self.in_brush(key, chosen)
            for end in (float(x - width / 2), float(x + width / 2))
        ]
        return (min(ends), max(ends)) if ends else None

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


class BarsPanel(ChartPanel):
    """Panel with a bar for each value of a dimension. A click adds the value to the selection."""

    dimension_name = ""

    def draw(self, chosen: MediaFilter) -> None:
        """Draw a bar for each value of the dimension."""
        self.dimension_name = self.choose_dimension(chosen)
        excluding = self.excluding_field(self.dimension_name)
        self.own_fields = (self.dimension_name, *([excluding] if excluding is not None else []))
        super().draw(chosen)

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return the name of the dimension to draw, which is also the name of a filter field."""
        raise NotImplementedError

    def excluding_field(self, dimension_name: str) -> str | None:
        """Return the filter field that leaves out values of a dimension, or None for ``none_of``."""
        return None

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the dimension, which are the inputs of the query."""
        return chosen, self.dimension_name

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by the dimension."""
        if self.dimension_name in ("media_type", "video_codec"):
            return overview_by(self.dimension_name, self.lib, chosen)
        return self.lib.summary(self.dimension_name, chosen)

    def clicked(self, key: str) -> dict[str, Any]:
        """Return the values of the field after a click: with the value, or without it if it was selected."""
        field = self._field()
        return {field: getattr(toggle_value(self.selection.filter, field, key), field)}

    def click(self, key: str) -> None:
        """Add a value to the selection, or remove it if the selection has it."""
        field = self._field()
        excluding = self.excluding_field(field)

        def change(chosen: MediaFilter) -> MediaFilter:
            if excluding is not None:
                chosen = without_value(chosen, excluding, key)
            return toggle_value(chosen, field, key)

        self.attempt(lambda: self.selection.update(change))

    def exclude(self, key: str) -> None:
        """Leave out a value, or stop leaving it out."""
        field = self._field()
        excluding = self.excluding_field(field)

        def change(chosen: MediaFilter) -> MediaFilter:
            if excluding is None:
                return toggle_exclusion(chosen, field, key)
            return toggle_value(without_value(chosen, field, key), excluding, key)

        self.selection.update(change)

    def _field(self) -> str:
        # The name of the filter field is the name of the first column of the drawn DataFrame. The controls
        # are not read, because the user may have changed them since the chart was drawn.
        return str(self.frame.columns[0])


class TypesPanel(BarsPanel):
    """Files or bytes of each media type. Click bars to select their values.

    ![A bar for each media type](../images/panels/types.png)

    Example:
        >>> mfkit.widgets.TypesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        super().__init__(lib, selection, "Media types", measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return ``media_type``."""
        return "media_type"

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each media type."""
        return types_chart(frame, self.measure.value, selected=self.selected)


class CodecsPanel(BarsPanel):
    """Files or bytes of each video or audio codec. Click bars to select their values.

    ![A bar for each video codec](../images/panels/codecs.png)

    Example:
        >>> mfkit.widgets.CodecsPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.stream = toggle([("Video", "video_codec"), ("Audio", "audio_codec")], "Stream")
        super().__init__(lib, selection, "Codecs", [self.stream], measure="bytes")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return the codec field of the toggle buttons, or ``audio_codec`` if there are only audio files."""
        types = overview_by("media_type", self.lib, without(chosen, "video_codec", "audio_codec"))
        present = set(types.loc[types["files"] > 0, "media_type"].astype(str))
        if self.stream.value == "video_codec" and "audio" in present and "video" not in present:
            return "audio_codec"
        return str(self.stream.value)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each codec."""
        figure = codecs_chart(frame, self.measure.value, selected=self.selected)
        if self.dimension_name != self.stream.value:
            add_title(figure, "Audio codecs, because the selection has no videos")
        return figure


class CamerasPanel(BarsPanel):
    """Files or bytes of each camera or lens. Click bars to select their values.

    ![A bar for each camera](../images/panels/cameras.png)

    Example:
        >>> mfkit.widgets.CamerasPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.dimension = toggle([("Camera", "camera"), ("Lens", "lens")], "Group by")
        super().__init__(lib, selection, "Cameras", [self.dimension], measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return ``camera`` or ``lens``."""
        return str(self.dimension.value)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each camera or lens."""
        return cameras_chart(frame, self.measure.value, selected=self.selected)


class HeatmapPanel(ChartPanel):
    """Files or bytes of each video codec by resolution. Click a cell to select it.

    ![Codecs by resolution as a heat map](../images/panels/heatmap.png)

    Example:
        >>> mfkit.widgets.HeatmapPanel(mfkit.open_library())  # doctest: +SKIP
    """

    own_fields = ("video_codec", "resolution")

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        super().__init__(lib, selection, "Codec by resolution", measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec and resolution."""
        return self.lib.summary(["video_codec", "resolution"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each codec and resolution."""
        return resolutions_chart(frame, self.measure.value, selected=self.selected)

    def clicked(self, key: list[str]) -> dict[str, Any]:
        """Return the filter fields that select the codec and the resolution."""
        codec, resolution = key
        return {"video_codec": codec, "resolution": resolution}


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
