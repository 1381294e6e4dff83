"""The savings panel: an estimate of what another codec would save, with adjustable assumptions."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import ipywidgets as widgets
import pandas as pd

from mfkit.analysis.encoding_assumptions import assumptions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_rate, format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import Column, RowGrid, rows_by_id
from mfkit.widgets.controls.table_columns import metadata_text
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, status_line, styled

_MAX_FILES = 15
"""Maximum number of listed files, those with the largest savings."""
_RATES = ["low", "expected", "high", "sound"]
_MIN_SAVINGS = [
    ("Any", 0),
    *((format_size(10**power).replace(".00", ""), 10**power) for power in range(4, 11)),
]

_COLUMNS = (
    Column("path", "Path", metadata_text("file_path"), style="mfkit-path"),
    Column("codec", "Codec", metadata_text("codec")),
    Column("resolution", "Resolution", metadata_text("resolution")),
    Column("rate", "Bit rate", metadata_text("bitrate", format_rate), style="number"),
    Column("size", "Size", metadata_text("file_size", format_size), style="number"),
    Column("after", "New size", metadata_text("bytes_expected", format_size), style="number"),
    Column("saves", "Saving", metadata_text("saves_expected", format_size), style="number"),
)


class SavingsPanel(Panel):
    """Estimate of what re-encoding the selected items would save. Nothing is encoded.

    Attributes:
        target: The target codec.
        rate_factor: Factor for the assumed bit rates.
        min_saving: Smallest saving of a file that counts.
        summary: The total, HTML.
        grid: The files with the largest savings.

    ![Sliders, and the estimated saving of each file](../images/panels/savings.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.SavingsPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
    ) -> None:
        """Create the panel.

        Args:
            lib: The library.
            selection: The selection to follow.
            on_open: Called with the id of an item whose path was clicked.
        """
        self._assumptions = assumptions()
        targets = list(self._assumptions["target"].drop_duplicates())
        self.target = styled(widgets.Dropdown, options=targets, value="hevc", description="Encode to")
        self.rate_factor = styled(
            widgets.FloatSlider,
            value=1.0,
            min=0.5,
            max=2.0,
            step=0.1,
            readout_format=".1f",
            continuous_update=False,
            description="Bit rate ×",
            tooltip="1 uses the bit rates that mfkit.assumptions() lists",
        )
        self.min_saving = widgets.SelectionSlider(
            options=_MIN_SAVINGS,
            continuous_update=False,
            description="Min. saving",
            tooltip="Ignore files that would save less",
        )
        self.summary: widgets.HTML = status_line()
        self.grid = RowGrid(_COLUMNS, on_open)
        controls = (self.target, self.rate_factor, self.min_saving)
        super().__init__(lib, selection, "Savings", [control_row(*controls), self.summary, self.grid])
        for control in controls:
            control.observe(self.follow, "value")
        self.grid.observe(self.follow, "hidden")

    def options(self) -> Hashable:
        """Return the codec, the values of the sliders, and the hidden columns."""
        return self.target.value, self.rate_factor.value, self.min_saving.value, tuple(self.grid.hidden)

    def draw(self, chosen: MediaFilter) -> None:
        """Estimate the savings."""
        assumed = self._assumptions.copy()
        assumed[_RATES] *= self.rate_factor.value
        frame = self.lib.savings(self.target.value, chosen, assumptions=assumed)
        frame = frame[frame["saves_expected"] >= self.min_saving.value]
        self.summary.value = _summary(frame)
        empty = "No selected file would become smaller. Choose another codec, or select videos."
        self.grid.show(rows_by_id(frame.head(_MAX_FILES)), "" if len(frame) else empty)


def _summary(frame: pd.DataFrame) -> str:
    if frame.empty:
        return ""
    low, expected, high, size, after = (
        format_size(max(0.0, float(frame[name].sum())))
        for name in ("saves_low", "saves_expected", "saves_high", "file_size", "bytes_expected")
    )
    count = len(frame)
    return (
        f"<b>{count:,}</b> {'file' if count == 1 else 'files'} would shrink from {size} to {after} and save "
        f"<b>{expected}</b> (between {low} and {high})."
    )
