"""Panels about streams: languages, subtitles, HDR, bit depth, and how efficiently videos are encoded."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mfkit.analysis.efficiency import BINS_PER_DECADE, efficiency_overview
from mfkit.charts import bit_depths_chart, efficiency_chart, hdr_chart, languages_chart, subtitles_chart
from mfkit.charts.theme import add_title, message_figure
from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import plural
from mfkit.library import MediaLibrary
from mfkit.models import MediaType
from mfkit.widgets.panels.bar_panels import BarsPanel
from mfkit.widgets.panels.chart_panel import ChartPanel, toggle
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, small_button

_WITH_STREAMS = (MediaType.VIDEO, MediaType.AUDIO)
_HEIGHT = 260


def without_streams(lib: MediaLibrary, chosen: MediaFilter, types: tuple[MediaType, ...]) -> str | None:
    """Return the reason why no streams of the selected items are known, or None if some are known.

    Args:
        lib: The library.
        chosen: Filter of the selection.
        types: Media types of the items: ``video``, or ``video`` and ``audio``.
    """
    names = "videos" if types == (MediaType.VIDEO,) else "videos and audio files"
    selected = tuple(one for one in chosen.media_type or types if one in types)
    frame = lib.summary("has_subtitles", chosen.replace(media_type=selected)) if selected else pd.DataFrame()
    if frame.empty:
        if lib.count(media_type=types):
            return f"No {names} in this selection.<br>Change the filter."
        return f"This library has no {names}.<br>Scan a folder that contains some."
    if frame["has_subtitles"].notna().any():
        return None
    files = int(frame["files"].sum())
    return (
        f"The streams of {plural(files, 'selected file')} are not known yet.<br>"
        "Scan the folder again; no file is hashed again."
    )


class _StreamsPanel(ChartPanel):
    """Chart panel that explains an empty chart: no videos, or a library whose streams are not known yet."""

    media_types: tuple[MediaType, ...] = (MediaType.VIDEO,)

    def draw(self, chosen: MediaFilter) -> None:
        """Draw the chart, or explain why there is nothing to draw."""
        super().draw(chosen)
        if not len(self.plot_data()):
            reason = without_streams(self.lib, without(chosen, *self.own_fields), self.media_types)
            if reason is not None:
                self.plot.show(message_figure(reason, _HEIGHT))

    def plot_data(self) -> pd.DataFrame:
        """Return those rows of the last query result that the chart shows."""
        return self.frame[self.frame[list(self.own_fields[:2])].notna().all(axis=1)]


class LanguagesPanel(_StreamsPanel, BarsPanel):
    """Bar chart of files or bytes by language of the audio or the subtitles. Click bars to select languages.

    A file with several languages counts for each of them. Alt-click selects files without a language.

    ![A bar for each language of the audio streams](../images/panels/languages.png)

    Example:
        >>> mfkit.widgets.LanguagesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    media_types = _WITH_STREAMS

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        options = [("Audio", "audio_language"), ("Subtitles", "subtitle_language")]
        self.stream = toggle(options, "Stream")
        super().__init__(lib, selection, "Languages", [self.stream], measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return ``audio_language`` or ``subtitle_language``."""
        return str(self.stream.value)

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by language. Only files with audio (or subtitles, if chosen) are counted."""
        if self.dimension_name == "audio_language":
            chosen = chosen.replace(min_channels=chosen.min_channels or 1)
        elif chosen.has_subtitles is None:
            chosen = chosen.replace(has_subtitles=True)
        return self.lib.summary(self.dimension_name, chosen)

    def plot_data(self) -> pd.DataFrame:
        """Return those rows of the last query result that have a language."""
        return self.frame[self.frame[self.dimension_name].notna()]

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each language, and show the number of files that state no language."""
        figure = languages_chart(frame, self.measure.value, selected=self.selected, **self.extent())
        files = int(frame.loc[frame[self.dimension_name].isna(), "files"].sum())
        if files and frame[self.dimension_name].notna().any():
            stream = "audio" if self.dimension_name == "audio_language" else "subtitles"
            add_title(figure, f"{plural(files, 'file')} with {stream} in no stated language")
        return figure


class SubtitlesPanel(_StreamsPanel, BarsPanel):
    """Bar chart of videos, as files or bytes, by subtitle format. Click bars to select formats.

    ![A bar for each format of subtitles](../images/panels/subtitles.png)

    Example:
        >>> mfkit.widgets.SubtitlesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        super().__init__(lib, selection, "Subtitles", measure="files")

    def choose_dimension(self, chosen: MediaFilter) -> str:
        """Return ``subtitle_format``, the only dimension of this panel."""
        return "subtitle_format"

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a bar for each format."""
        return subtitles_chart(frame, self.measure.value, selected=self.selected, height=_HEIGHT)


class HdrPanel(_StreamsPanel):
    """Heat map of files or bytes by HDR class and resolution. Click a cell to select it.

    ![HDR classes by resolution as a heat map](../images/panels/hdr.png)

    Example:
        >>> mfkit.widgets.HdrPanel(mfkit.open_library())  # doctest: +SKIP
    """

    own_fields = ("hdr", "resolution")

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        super().__init__(lib, selection, "HDR by resolution", measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by HDR class and resolution."""
        return self.lib.summary(["hdr", "resolution"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each HDR class and resolution."""
        return hdr_chart(frame, self.measure.value, selected=self.selected, height=_HEIGHT)

    def fields_for_click(self, key: list[str]) -> dict[str, Any]:
        """Return the filter fields that select the HDR class and the resolution of the clicked cell."""
        hdr, resolution = key
        return {"hdr": hdr, "resolution": resolution}


class BitDepthPanel(_StreamsPanel):
    """Heat map of files or bytes by video codec and bit depth. Click a cell to select it.

    ![Codecs by bit depth as a heat map](../images/panels/bitdepth.png)

    Example:
        >>> mfkit.widgets.BitDepthPanel(mfkit.open_library())  # doctest: +SKIP
    """

    own_fields = ("video_codec", "bit_depth")

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        super().__init__(lib, selection, "Bit depth by codec", measure="files")

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the totals by codec and bit depth."""
        return self.lib.summary(["video_codec", "bit_depth"], chosen)

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw a cell for each codec and bit depth."""
        return bit_depths_chart(frame, self.measure.value, selected=self.selected, height=_HEIGHT)

    def fields_for_click(self, key: list[Any]) -> dict[str, Any]:
        """Return the filter fields that select the codec and the bit depth of the clicked cell."""
        codec, depth = key
        return {"video_codec": codec, "bit_depth": int(depth)}


MAX_OUTLIERS = 1_000
"""Maximum number of bloated, and of starved, streams that the chart shows and a button selects."""


class EfficiencyPanel(_StreamsPanel):
    """Bits per pixel and frame of videos, by resolution. Points are videos with unusually many or few bits.

    Videos are compared with similar videos of the selection; see ``lib.efficiency()``. Click points to select
    their files, or a bar to select its resolution. The buttons select all bloated videos (with unusually many
    bits) or all starved videos (with unusually few).

    Attributes:
        buttons: ``bloated`` or ``starved`` -> the button that selects these videos.

    ![Bits per pixel by resolution, with outliers as points](../images/panels/efficiency.png)

    Example:
        >>> mfkit.widgets.EfficiencyPanel(mfkit.open_library())  # doctest: +SKIP
    """

    own_fields = ("id",)
    draw_priority = 3

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        tooltips = {
            "bloated": "Select videos with far more bits per pixel than similar videos",
            "starved": "Select videos with far fewer bits per pixel than similar videos",
        }
        self.buttons = {kind: small_button(tooltip=text, disabled=True) for kind, text in tooltips.items()}
        self._chosen_ids: frozenset[str] | None = None
        super().__init__(lib, selection, "Efficiency")
        self.add_control(control_row(*self.buttons.values()))
        for kind, button in self.buttons.items():
            button.on_click(lambda _, kind=kind: self.toggle_condition({"id": self._ids(kind)}))
        # The panel spans both columns of the explorer. This is set by grid_area instead of grid_column,
        # because an empty grid_area, which ipywidgets also applies, would reset grid_column.
        self.layout.grid_area = "auto / 1 / auto / -1"

    def query_key(self, chosen: MediaFilter) -> Hashable:
        """Return the filter without the ids that a click sets, so that other videos are still compared."""
        return without(chosen, *self.own_fields)

    def query(self, chosen: MediaFilter) -> pd.DataFrame:
        """Query the outliers, and count the other videos by resolution and bits per pixel."""
        frame = self.lib.frame(efficiency_overview(chosen, limit=MAX_OUTLIERS))
        middle = 10.0 ** (frame["bin"].astype("float64") / BINS_PER_DECADE)
        frame["bits_per_pixel"] = frame["bits_per_pixel"].fillna(middle)
        return frame.drop(columns="bin")

    def plot_data(self) -> pd.DataFrame:
        """Return all rows of the last query result."""
        return self.frame

    def draw(self, chosen: MediaFilter) -> None:
        """Draw the chart, and show the number of outliers on each button."""
        self._chosen_ids = None if chosen.id is None else frozenset(map(str, chosen.id))
        super().draw(chosen)
        for kind, button in self.buttons.items():
            number = len(self._ids(kind))
            button.description = f"Select {number:,} {kind}" if number else f"No {kind}"
            button.disabled = not number

    def figure(self, frame: pd.DataFrame) -> go.Figure:
        """Draw points for the outliers, and bars for all other videos."""
        return efficiency_chart(frame, selected=self._chosen_ids)

    def fields_for_click(self, key: list[str]) -> dict[str, Any]:
        """Return the filter fields after a click on a point or a bar.

        A click on a point adds or removes its file, and a click on a bar selects its resolution.
        """
        field, value = key
        if field == "resolution":
            return {"resolution": value}
        ids = [str(one) for one in self.selection.filter.id or ()]
        return {"id": [one for one in ids if one != value] or None if value in ids else [*ids, value]}

    def _ids(self, kind: str) -> tuple[str, ...]:
        """Return the distinct ids of the items that have a video stream with this kind of outlier.

        Args:
            kind: Value of the column ``outlier``.
        """
        if "id" not in self.frame:
            return ()
        return tuple(dict.fromkeys(map(str, self.frame.loc[self.frame["outlier"] == kind, "id"])))
