"""Panels with a bar for each value of a dimension: media types, codecs, cameras and lenses."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts import cameras_chart, codecs_chart, types_chart
from mfkit.charts.bar_charts import drop_unknown
from mfkit.charts.theme import add_title
from mfkit.filters.describe import without
from mfkit.filters.exclusions import EXCLUDING_FIELDS, toggle_exclusion, toggle_value
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.chart_panel import ChartPanel, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by
from mfkit.widgets.shared_style import styled

_FEW, _MANY = 8, 100
"""Maximum number of bars at first, and after a click on the button that shows all bars."""
_BAR_HEIGHT = 22
"""Height in pixels of a bar, with the gap above it, in a chart that shows all bars."""


class BarsPanel(ChartPanel):
    """Panel with a bar for each value of a dimension. A click adds the value to the selection.

    Attributes:
        dimension_name: The dimension that is drawn.
        all_button: Shows the values that have no bar, or only the largest ones again. It is hidden if all
            values have a bar.
    """

    dimension_name = ""

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        controls: Sequence[widgets.ValueWidget] = (),
        *,
        measure: str,
    ) -> None:
        """Lay out the chart and the controls of the panel; see :class:`ChartPanel`."""
        self.all_button = styled(widgets.ToggleButton, layout={"display": "none"})
        self.all_button.add_class("mfkit-toggle")
        super().__init__(lib, selection, title, controls, measure=measure)
        self.add_control(self.all_button)
        self.all_button.observe(self.follow, "value")

    def options(self) -> Hashable:
        """Return the values of the panel's controls."""
        return super().options(), self.all_button.value

    def draw(self, chosen: MediaFilter) -> None:
        """Draw a bar for each value of the dimension."""
        self.dimension_name = self.choose_dimension(chosen)
        excluding = EXCLUDING_FIELDS.get(self.dimension_name)
        self.own_fields = (self.dimension_name, *([excluding] if excluding is not None else []))
        super().draw(chosen)
        values = len(drop_unknown(self.frame, "files"))
        number = min(values, _MANY)
        opened = self.all_button.value
        more = f"{'All' if values == number else 'Top'} {number}"
        self.all_button.description = f"Top {_FEW}" if opened else more
        self.all_button.tooltip = "Show fewer bars" if opened else "Show more bars"
        self.all_button.layout.display = None if values > _FEW + 1 else "none"

    def extent(self) -> dict[str, int]:
        """Return the number of bars to draw and the height of the chart."""
        if not self.all_button.value:
            return {"top": _FEW}
        number = min(len(drop_unknown(self.frame, "files")), _MANY)
        return {"top": number, "height": max(260, number * _BAR_HEIGHT + 60)}

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return the name of the dimension to draw, which is also the name of a filter field."""
        raise NotImplementedError

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter and the dimension, which are the inputs of the query."""
        return chosen, self.dimension_name

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the total files and bytes for each value of the dimension."""
        if self.dimension_name in ("media_type", "video_codec"):
            return overview_by(self.dimension_name, self.lib, chosen)
        return self.lib.summary(self.dimension_name, chosen)

    def fields_for_click(self, key: str) -> dict[str, Any]:
        """Return the filter field with its values after a click. The click adds or removes ``key``."""
        field = self._field()
        return {field: getattr(toggle_value(self.selection.filter, field, key), field)}

    def click(self, key: str) -> None:
        """Add a value to the selection, or remove the value if it is already selected."""
        field = self._field()
        self.attempt(lambda: self.selection.update(lambda chosen: toggle_value(chosen, field, key)))

    def exclude(self, key: str) -> None:
        """Exclude the items with a value from the selection, or include them again if they are excluded."""
        field = self._field()
        self.selection.update(lambda chosen: toggle_exclusion(chosen, field, key))

    def _field(self) -> str:
        # The filter field has the name of the drawn DataFrame's first column. It is not read from the
        # controls, because the user may have changed them since the chart was drawn.
        return str(self.frame.columns[0])


class TypesPanel(BarsPanel):
    """Bar chart of the files or bytes of each media type. Click bars to select media types.

    ![A bar for each media type](../images/panels/types.png)

    Example:
        >>> mfkit.widgets.TypesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        super().__init__(lib, selection, "Media types", measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return ``media_type``, the only dimension of this panel."""
        return "media_type"

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each media type."""
        return types_chart(frame, self.measure.value, selected=self.selected)


class CodecsPanel(BarsPanel):
    """Bar chart of the files or bytes of each video or audio codec. Click bars to select codecs.

    ![A bar for each video codec](../images/panels/codecs.png)

    Example:
        >>> mfkit.widgets.CodecsPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.stream = toggle([("Video", "video_codec"), ("Audio", "audio_codec")], "Stream")
        super().__init__(lib, selection, "Codecs", [self.stream], measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return the codec field of the chosen stream, or ``audio_codec`` if there is audio but no video."""
        types = overview_by("media_type", self.lib, without(chosen, "video_codec", "audio_codec"))
        present = set(types.loc[types["files"] > 0, "media_type"].astype(str))
        if self.stream.value == "video_codec" and "audio" in present and "video" not in present:
            return "audio_codec"
        return str(self.stream.value)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each codec."""
        figure = codecs_chart(frame, self.measure.value, selected=self.selected, **self.extent())
        if self.dimension_name != self.stream.value:
            add_title(figure, "Audio codecs, because the selection has no videos")
        return figure


class CamerasPanel(BarsPanel):
    """Bar chart of the files or bytes of each camera or lens. Click bars to select cameras or lenses.

    ![A bar for each camera](../images/panels/cameras.png)

    Example:
        >>> mfkit.widgets.CamerasPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.dimension = toggle([("Camera", "camera"), ("Lens", "lens")], "Group by")
        super().__init__(lib, selection, "Cameras", [self.dimension], measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return the dimension that the user has chosen: ``camera`` or ``lens``."""
        return str(self.dimension.value)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each camera or lens."""
        return cameras_chart(frame, self.measure.value, selected=self.selected, **self.extent())
