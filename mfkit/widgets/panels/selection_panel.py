"""The panel that summarizes the selection: counts, conditions as chips, and its history."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets

from mfkit.filters.describe import describe
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_duration, format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.chips_and_lists import Chips
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo, totals
from mfkit.widgets.shared_style import small_button, styled


class SelectionPanel(Panel):
    """The size of the selection, its conditions as removable chips, and buttons for back, forward and reset.

    Attributes:
        summary: Number, size and duration of the selected files, HTML.
        chips: The conditions.
        back_button: Returns to the previous selection.
        forward_button: Returns to the next selection.
        reset_button: Removes all conditions.
        refresh_button: Queries the library again.

    ![The size of the selection, and its conditions as chips](../images/panels/selection.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.SelectionPanel(lib, selection)  # doctest: +SKIP
    """

    draw_priority = 0

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library and the selection to follow."""
        self.back_button = small_button("‹", "Previous selection")
        self.forward_button = small_button("›", "Next selection")
        self.reset_button = small_button("Reset", "Remove all conditions")
        self.refresh_button = small_button("↻", "Refresh all panels, for example after a scan")
        self.summary = styled(widgets.HTML)
        self.summary.add_class("mfkit-count")
        self.chips = Chips(lambda key: self.attempt(lambda: self.selection.drop(*key.split(","))))
        self._total = Memo[int](lib)
        buttons = [self.back_button, self.forward_button, self.reset_button, self.refresh_button]
        super().__init__(lib, selection, "Selection", [self.summary, self.chips], buttons)
        self.back_button.on_click(lambda _: self.attempt(self.selection.back))
        self.forward_button.on_click(lambda _: self.attempt(self.selection.forward))
        self.reset_button.on_click(lambda _: self.attempt(self.selection.clear))
        self.refresh_button.on_click(lambda _: self.attempt(self.selection.refresh))
        self.selection.observe(self._update_buttons, ["past", "future"])
        self._update_buttons()

    def draw(self, chosen: MediaFilter) -> None:
        """Show the conditions and the totals."""
        # The conditions first, because they need no query.
        self.chips.show([(",".join(clause.fields), clause.text) for clause in describe(chosen)])
        self.summary.value = count_text(totals(self.lib, chosen), self._total.get(self.lib.count))

    def clear_cache(self) -> None:
        """Discard the number of files in the library."""
        self._total.clear()

    def _update_buttons(self, _: object = None) -> None:
        self.back_button.disabled = not self.selection.past
        self.forward_button.disabled = not self.selection.future


def count_text(selected: Mapping[str, float], total: int) -> str:
    """Return the size of a selection as safe HTML: ``12,403 of 1,000,000 files · 3.10 TB · 214 h``.

    Args:
        selected: ``files``, ``bytes`` and ``duration`` (seconds) of the selected items.
        total: Number of items in the library.
    """
    if not total:
        return 'This library is empty. Add files with <code>lib.scan("folder")</code>.'
    files, duration = int(selected["files"]), selected["duration"]
    noun = "file" if total == 1 else "files"
    if not files:
        return f"<b>0</b> of {total:,} {noun}. No files match. Remove a condition."
    size = format_size(int(selected["bytes"])) + (f" · {format_duration(duration)}" if duration else "")
    # On one line if there is room; otherwise broken only before the size.
    return f"<span><b>{files:,}</b> of {total:,} {noun} ·</span> <span>{size}</span>"
