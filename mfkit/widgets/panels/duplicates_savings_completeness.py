"""Panels that find what to improve in a library: duplicates, savings by re-encoding, missing metadata."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import ipywidgets as widgets
import pandas as pd

from mfkit.analysis.encoding_assumptions import assumptions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_rate, format_size, plural
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.row_grid import (
    COLUMNS,
    Column,
    Pager,
    RowGrid,
    date_text,
    metadata_text,
    rows_by_id,
)
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, small_button, status_line, styled

PAGE = 15
"""Number of table rows on a page."""

_COLUMNS = (
    Column("path", "Path", metadata_text("file_path"), style="mfkit-path"),
    Column("advice", "Suggestion", lambda row: "keep" if row["keep"] else "remove"),
    Column("reason", "Why", metadata_text("reason")),
    Column("size", "Size", metadata_text("file_size", format_size), style="number"),
    Column("paths", "Paths", lambda row: f"{row['paths']:,}", style="number"),
    Column("reclaimable", "Reclaimable", metadata_text("reclaimable_bytes", format_size), style="number"),
    Column("date", "Modified", metadata_text("file_modified_at", date_text), visible=False),
)


class DuplicatesPanel(Panel):
    """Groups of files with the same content, sorted by reclaimable bytes in descending order.

    The panel never deletes files. It suggests which path to keep, and can tag the items that have copies, so
    that you or another program can find them.

    Attributes:
        grid: The table of paths.
        pager: The pager of the table.
        tag_field: Field for the name of the tag.
        tag_button: Tags all items that have copies.

    ![Paths with the same content, with suggestions](../images/panels/duplicates.png)

    Example:
        >>> mfkit.widgets.DuplicatesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Create the duplicates panel.

        ``on_open`` is called with the id of an item whose path was clicked, and ``on_change`` is called after
        items were tagged.
        """
        self._on_open, self._on_change = on_open, on_change
        self._duplicates = pd.DataFrame()
        self.grid = RowGrid(_COLUMNS, self._open)
        self.pager = Pager(PAGE, self._turn_page)
        self.summary: widgets.HTML = status_line()
        self.tag_field = styled(widgets.Text, value="has copies", description="Tag")
        self.tag_button = small_button(tooltip="Tag each file that has copies")
        row = control_row(self.tag_field, self.tag_button, self.status)
        super().__init__(lib, selection, "Duplicates", [self.summary, self.grid, row], [self.pager])
        self.grid.observe(self._show, "hidden")
        self.tag_button.on_click(lambda _: self.run_action(self._tag_all))

    def draw(self, chosen: MediaFilter) -> None:
        """Query the duplicate files, and show their totals and the first page of the table."""
        self._duplicates, self.pager.offset = self.lib.duplicates(chosen), 0
        groups = self._duplicates.drop_duplicates("id")
        count, copies = len(groups), len(self._duplicates) - len(groups)
        freed = format_size(float(self._duplicates["reclaimable_bytes"].sum()))
        self.tag_button.description = f"Tag {plural(count, 'file')}"
        self.tag_button.disabled = not count or self.lib.database.read_only
        self.summary.value = (
            f"{plural(count, 'file')} {'has' if count == 1 else 'have'} {plural(copies, 'copy')}. Removing "
            f"the copies frees <b>{freed}</b>. This panel does not delete files."
            if count
            else ""
        )
        self._show()

    def _show(self, _: object = None) -> None:
        offset = self.pager.offset
        page = self._duplicates.iloc[offset : offset + PAGE]
        # The table needs unique row ids. All paths of a group have the same item id, so a number is added.
        rows = [(f"{key} {number}", row) for number, (key, row) in enumerate(rows_by_id(page), offset)]
        self.grid.show(rows, "" if rows else "No duplicates in this selection.")
        self.pager.show(len(rows), len(self._duplicates))

    def _turn_page(self, rows: int) -> None:
        self.pager.move(rows)
        self._show()

    def _open(self, row: str) -> None:
        if self._on_open is not None:
            self._on_open(row.partition(" ")[0])

    def _tag_all(self) -> None:
        name = self.tag_field.value.strip()
        changed = self.lib.tag(self._duplicates.drop_duplicates("id"), name)
        self.show_status(f"{plural(changed, 'file')} tagged ", name)
        if self._on_change is not None:
            self._on_change()


_MAX_FILES = 15
"""Maximum number of files that the savings panel lists. The files with the largest savings are listed."""
_RATES = ["low", "expected", "high", "audio"]
_MIN_SAVINGS = [
    ("Any", 0),
    *((format_size(10**power).replace(".00", ""), 10**power) for power in range(4, 11)),
]

_SAVINGS_COLUMNS = (
    Column("path", "Path", metadata_text("file_path"), style="mfkit-path"),
    Column("codec", "Codec", metadata_text("codec")),
    Column("resolution", "Resolution", metadata_text("resolution")),
    Column("rate", "Bit rate", metadata_text("bitrate", format_rate), style="number"),
    Column("size", "Size", metadata_text("file_size", format_size), style="number"),
    Column("after", "New size", metadata_text("bytes_expected", format_size), style="number"),
    Column("saves", "Saving", metadata_text("saves_expected", format_size), style="number"),
)


class SavingsPanel(Panel):
    """Estimate of the bytes that re-encoding the selected items would save. Nothing is encoded.

    Attributes:
        target: The target codec.
        rate_factor: Factor by which the assumed bit rates of re-encoded files are multiplied.
        min_saving: Minimum saving in bytes. Files that would save less are ignored.
        summary: The total savings as HTML.
        grid: The files with the largest savings.

    ![Sliders, and the estimated saving of each file](../images/panels/savings.png)

    Example:
        >>> mfkit.widgets.SavingsPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
    ) -> None:
        """Create the panel. ``on_open`` is called with the id of an item when its path is clicked."""
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
            description="Rate factor",
            tooltip="1 uses the bit rates that mfkit.assumptions() lists",
        )
        self.min_saving = widgets.SelectionSlider(
            options=_MIN_SAVINGS,
            continuous_update=False,
            description="Min. saving",
            tooltip="Ignore files that would save less",
        )
        self.summary: widgets.HTML = status_line()
        self.grid = RowGrid(_SAVINGS_COLUMNS, on_open)
        controls = (self.target, self.rate_factor, self.min_saving)
        super().__init__(lib, selection, "Savings", [control_row(*controls), self.summary, self.grid])
        for control in controls:
            control.observe(self.follow, "value")
        self.grid.observe(self.follow, "hidden")

    def options(self) -> Hashable:
        """Return the target codec, the values of the sliders, and the hidden columns."""
        return self.target.value, self.rate_factor.value, self.min_saving.value, tuple(self.grid.hidden)

    def draw(self, chosen: MediaFilter) -> None:
        """Estimate the savings, and show their total and the files with the largest savings."""
        assumed = self._assumptions.copy()
        assumed[_RATES] *= self.rate_factor.value
        frame = self.lib.savings(self.target.value, chosen, assumptions=assumed)
        frame = frame[frame["saves_expected"] >= self.min_saving.value]
        self.summary.value = _savings_text(frame)
        empty = "No selected file would become smaller. Choose another codec, or select videos."
        self.grid.show(rows_by_id(frame.head(_MAX_FILES)), "" if len(frame) else empty)


def _savings_text(frame: pd.DataFrame) -> str:
    if frame.empty:
        return ""
    low, expected, high, size, after = (
        format_size(max(0.0, float(frame[name].sum())))
        for name in ("saves_low", "saves_expected", "saves_high", "file_size", "bytes_expected")
    )
    return (
        f"{plural(len(frame), 'file')} would shrink from {size} to {after} and save "
        f"<b>{expected}</b> (between {low} and {high})."
    )


_FIELDS = (
    Column("field", "Field", lambda row: str(row["field"]).replace("_", " ")),
    Column("share", "Complete", lambda row: f"{row['share']:.1%}", style="number"),
    Column("known", "With", lambda row: f"{row['known']:,}", style="number"),
    Column("unknown", "Without", lambda row: f"{row['unknown']:,}", style="number"),
    Column("files", "Total", lambda row: f"{row['files']:,}", style="number"),
)


class QualityPanel(Panel):
    """Completeness of the selected items' metadata. A click on a field lists the files without this field.

    Attributes:
        fields: The table of metadata fields.
        files: The table of files without the clicked field.
        summary: The line of HTML between the two tables.

    ![Completeness of each metadata field](../images/panels/quality.png)

    Example:
        >>> mfkit.widgets.QualityPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
    ) -> None:
        """Create the panel. ``on_open`` is called with the id of an item when its name is clicked."""
        self.fields = RowGrid(_FIELDS, self._choose)
        self.files = RowGrid(COLUMNS, on_open)
        self.summary: widgets.HTML = status_line()
        self._field: str | None = None
        super().__init__(lib, selection, "Completeness", [self.fields, self.summary, self.files])
        for grid in (self.fields, self.files):
            grid.observe(self.follow, "hidden")

    def options(self) -> Any:
        """Return the chosen metadata field and the visible columns."""
        return self._field, tuple(self.fields.hidden), tuple(self.files.hidden)

    def draw(self, chosen: MediaFilter) -> None:
        """Show the completeness of all metadata fields, and list the files without the chosen field."""
        completeness = self.lib.completeness((), chosen)
        rows = rows_by_id(completeness.assign(id=completeness["field"]))
        self.fields.show(rows, "" if rows else "No files match. Remove a condition.")
        if self._field is None:
            self.summary.value = "Click a field to list the files without it." if rows else ""
            self.files.show([])
            return
        unknown = next((int(row["unknown"]) for field, row in rows if field == self._field), 0)
        name = self._field.replace("_", " ")
        call = f'<code>lib.missing_metadata("{self._field}")</code>'
        first = f" Showing the first {_MAX_FILES}; {call} returns all."
        self.summary.value = (
            f"{plural(unknown, 'file')} without <b>{name}</b>.{first if unknown > _MAX_FILES else ''}"
        )
        self.files.show(rows_by_id(self.lib.missing_metadata(self._field, chosen, limit=_MAX_FILES)))

    def _choose(self, field: str) -> None:
        self._field = field
        self.follow()
