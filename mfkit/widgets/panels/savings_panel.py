"""The savings panel: what another codec would save, under assumptions that a person can move."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import ipywidgets as widgets
import pandas as pd

from mfkit.analysis.encoding_assumptions import assumptions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_rate, format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import Column, RowGrid
from mfkit.widgets.controls.table_columns import metadata_text
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

SHOWN = 15
"""Rows of files, those that would save the most."""
_RATES = ["low", "expected", "high", "sound"]
_LEAST = [("any", 0), *((format_size(10**power).replace(".00", ""), 10**power) for power in range(4, 11))]


_COLUMNS = (
    Column("path", "Path", metadata_text("file_path"), kind="mfkit-path"),
    Column("codec", "Codec", metadata_text("codec")),
    Column("resolution", "Resolution", metadata_text("resolution")),
    Column("rate", "Bit rate", metadata_text("bitrate", format_rate), kind="number"),
    Column("size", "Size", metadata_text("file_size", format_size), kind="number"),
    Column("after", "After", metadata_text("bytes_expected", format_size), kind="number"),
    Column("saves", "Saves", metadata_text("saves_expected", format_size), kind="number"),
)


class SavingsPanel(Panel):
    """What re-encoding the selected items would save; an estimate, nothing is encoded.

    ![Sliders, and what another codec would save](../images/panels/savings.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.SavingsPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        opened: Callable[[str], None] | None = None,
    ) -> None:
        """Take the library and the selection to follow.

        Args:
            lib: The library.
            selection: Which items.
            opened: Called with the id of an item whose path was clicked.
        """
        self._assumed = assumptions()
        targets = list(self._assumed["target"].drop_duplicates())
        self._target = styled(widgets.Dropdown, options=targets, value="hevc", description="Encode to")
        self._rate = styled(
            widgets.FloatSlider,
            value=1.0,
            min=0.5,
            max=2.0,
            step=0.1,
            readout_format=".1f",
            continuous_update=False,
            description="Bit rate ×",
            tooltip="1 is what mfkit.assumptions() lists",
        )
        self._least = widgets.SelectionSlider(
            options=_LEAST,
            continuous_update=False,
            description="Saves over",
            tooltip="Leave out files that save less than this",
        )
        self._words = styled(widgets.HTML)
        self._words.add_class("mfkit-done")
        self.grid = RowGrid(_COLUMNS, opened)
        controls = (self._target, self._rate, self._least)
        row = styled(widgets.HBox, controls)
        row.add_class("mfkit-row")
        super().__init__(lib, selection, "Savings", [row, self._words, self.grid])
        for control in controls:
            control.observe(self.follow, "value")
        self.grid.observe(self.follow, "hidden")

    def options(self) -> Hashable:
        """Return the codec, both sliders, and the columns."""
        return self._target.value, self._rate.value, self._least.value, tuple(self.grid.hidden)

    def draw(self, chosen: MediaFilter) -> None:
        """Estimate what the selection would save."""
        assumed = self._assumed.copy()
        assumed[_RATES] *= self._rate.value
        found = self.lib.savings(self._target.value, chosen, assumptions=assumed)
        found = found[found["saves_expected"] >= self._least.value]
        self._words.value = _sentence(found)
        rows: list[dict[str, Any]] = [
            {str(name): value for name, value in row.items()} for row in found.head(SHOWN).to_dict("records")
        ]
        self.grid.show(
            [(str(row["id"]), row) for row in rows],
            "" if rows else "Nothing that is selected would become smaller; choose another codec, or films.",
        )


def _sentence(found: pd.DataFrame) -> str:
    if found.empty:
        return ""
    low, expected, high, size, after = (
        format_size(max(0.0, float(found[name].sum())))
        for name in ("saves_low", "saves_expected", "saves_high", "file_size", "bytes_expected")
    )
    number = len(found)
    return (
        f"<b>{number:,}</b> {'file' if number == 1 else 'files'}: {size} would become {after} and save "
        f"<b>{expected}</b>, at least {low}, at most {high}."
    )
