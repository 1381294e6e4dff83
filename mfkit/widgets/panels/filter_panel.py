"""Panel with a summary of the selection, and panel with all controls that change the selection."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import ipywidgets as widgets

from mfkit.charts.theme import short
from mfkit.errors import FilterError
from mfkit.filters.describe import FilterClause, describe
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_duration, format_size
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.chips_and_lists import Chips
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.chart_panel import toggle
from mfkit.widgets.panels.facets_and_ranges import FacetsPanel, RangesPanel
from mfkit.widgets.render_queue import Debounce
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo, totals
from mfkit.widgets.shared_style import small_button, styled


class SelectionPanel(Panel):
    """Summary of the selection: its size, its conditions as removable chips, and buttons to go back or reset.

    Attributes:
        summary: Number, size and duration of the selected files as HTML.
        chips: The conditions.
        back_button: Returns to the previous selection.
        forward_button: Returns to the next selection.
        reset_button: Removes all conditions.
        refresh_button: Queries the library again.

    ![The size of the selection, and its conditions as chips](../images/panels/selection.png)

    Example:
        >>> mfkit.widgets.SelectionPanel(mfkit.open_library())  # doctest: +SKIP
    """

    draw_priority = 0

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        self.back_button = small_button("‹", "Previous selection")
        self.forward_button = small_button("›", "Next selection")
        self.reset_button = small_button("Reset", "Remove all conditions")
        self.refresh_button = small_button("↻", "Refresh all panels, for example after a scan")
        self.summary = styled(widgets.HTML)
        self.summary.add_class("mfkit-count")
        self.chips = Chips(lambda key: self.attempt(lambda: self._remove(key)))
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
        """Show the conditions and the totals of the selection."""
        # The conditions are shown first, so that they need not wait for the query of the totals.
        self.chips.show([(_key(clause), clause.text) for clause in describe(chosen)])
        self.summary.value = count_text(totals(self.lib, chosen), self._total.get(self.lib.count))

    def clear_cache(self) -> None:
        """Discard the cached number of files in the library."""
        self._total.clear()

    def _remove(self, key: str) -> None:
        # The condition is looked up in the current filter, which can have changed since the chips were drawn.
        self.selection.update(
            lambda chosen: next((one.rest for one in describe(chosen) if _key(one) == key), chosen)
        )

    def _update_buttons(self, _: object = None) -> None:
        self.back_button.disabled = not self.selection.past
        self.forward_button.disabled = not self.selection.future


def _key(clause: FilterClause) -> str:
    """Return a key for a condition's chip. All conditions of a filter have different keys."""
    return f"{','.join(clause.fields)} {clause.text}"


def count_text(selected: Mapping[str, float], total: int) -> str:
    """Format the size of a selection as safe HTML: ``12,403 of 1,000,000 files · 3.10 TB · 214 h``.

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
    # With these span elements, the browser can break the line only before the total size, such as 3.10 TB.
    return f"<span><b>{files:,}</b> of {total:,} {noun} ·</span> <span>{size}</span>"


_MAX_FOLDERS = 500
"""Maximum number of folders to choose from. Folders with the most bytes are offered."""
_FIRST_YEAR = 1000
"""First year with four digits. Smaller years are ignored, because the user is still typing."""
_TYPING_PAUSE = 0.3
"""Seconds without a keystroke after which the search starts."""
_SWITCHES = {"has_location": "Location", "has_date": "Capture time", "duplicates": "Copies"}
"""Filter field -> label of its switch."""
_SWITCH_VALUES = {"any": None, "with": True, "without": False}


class FilterPanel(Panel):
    """All controls that change the selection: search, folder, check boxes, range sliders and dates.

    Beside the charts of the explorer, the panel scrolls on its own and stays in view. The summary of the
    selection stays at its top.

    Attributes:
        selected: The summary of the selection, above the controls.
        visible: The button that hides all controls except the summary, or shows them again. Hidden lists and
            sliders run no queries.
        search: The search field.
        folder: The list of folders.
        facets: The lists of values with check boxes.
        ranges: The range sliders.
        date_from: The field for the first day.
        date_to: The field for the last day.
        switches: Filter field -> buttons *Any*, *With* and *Without*.

    ![Summary of the selection, search, lists, ranges and switches](../images/panels/filter.png)

    Example:
        >>> mfkit.widgets.FilterPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It shows and changes the given selection."""
        self.search = styled(
            widgets.Text,
            description="Search",
            placeholder="Name, artist, place, tag",
            tooltip="Searches while you type",
        )
        self.folder = styled(widgets.Dropdown, description="Folder")
        self.date_from = styled(widgets.DatePicker, description="From")
        self.date_to = styled(widgets.DatePicker, description="To")
        self.switches = {
            name: toggle([(value.capitalize(), value) for value in _SWITCH_VALUES], label)
            for name, label in _SWITCHES.items()
        }
        for control in (self.search, self.folder, self.date_from, self.date_to):
            control.add_class("mfkit-labelled")
        dates = styled(widgets.HBox, [self.date_from, self.date_to])
        dates.add_class("mfkit-pair")
        # This flag tells observers to ignore changes made by the panel itself. It is thread-local, because a
        # control calls its observers in the thread that sets the control.
        self._setting = threading.local()
        self._typing = Debounce(self._apply_search, _TYPING_PAUSE)
        self._folders = Memo[list[tuple[str, str]]](lib)
        selection = selection if selection is not None else Selection()
        self.visible = styled(
            widgets.ToggleButton, value=True, description="Filters", tooltip="Show or hide the filters"
        )
        self.visible.add_class("mfkit-small")
        self.visible.add_class("mfkit-show-filters")
        self.selected = SelectionPanel(lib, selection)
        self.selected.add_control(self.visible)
        self.facets = FacetsPanel(lib, selection)
        self.ranges = RangesPanel(lib, selection)
        switches = [_labelled(label, self.switches[name]) for name, label in _SWITCHES.items()]
        super().__init__(lib, selection, "Filter", [self.search, self.folder])
        self.children: Any = (self.selected, *self.children, self.facets, self.ranges, dates, *switches)
        self.add_class("mfkit-filters")
        self.visible.observe(self._show_or_hide, "value")
        self.search.observe(self._typed, "value")
        self.search.on_msg(self._search_now)
        self._connect(self.folder, lambda: {"folder": self.folder.value or None})
        self.date_from.observe(self._change_dates, "value")
        self.date_to.observe(self._change_dates, "value")
        for name, switch in self.switches.items():
            self._connect(switch, functools.partial(self._switch_fields, name))

    def draw(self, chosen: MediaFilter) -> None:
        """Set all controls to the values of the selection's filter."""
        # Text that the user is typing is not replaced by the text that was searched before.
        if not self._typing.waiting and self.search.value.strip() != (chosen.text or ""):
            self._set(self.search, value=chosen.text or "")
        self._set(self.date_from, value=_date(chosen.after))
        self._set(self.date_to, value=_date(chosen.before))
        for name, switch in self.switches.items():
            value = getattr(chosen, name)
            self._set(switch, value=next(text for text, one in _SWITCH_VALUES.items() if one is value))
        # The drop-down list offers folders of the whole library, not only folders with selected items.
        folders = self._folders.get(lambda: self._query_folders(chosen.folder), chosen.folder)
        self._set(self.folder, options=tuple(folders), value=chosen.folder or "")

    def refresh(self) -> None:
        """Query again which values the controls offer, for example after a scan."""
        super().refresh()
        for panel in (self.selected, self.facets, self.ranges):
            panel.refresh()

    def clear_cache(self) -> None:
        """Discard the cached list of folders."""
        self._folders.clear()

    def _show_or_hide(self, _: Any) -> None:
        visible = self.visible.value
        (self.remove_class if visible else self.add_class)("mfkit-collapsed")
        for panel in (self.facets, self.ranges):
            panel.active = visible

    def _typed(self, _: Any) -> None:
        if not getattr(self._setting, "active", False):
            self._typing.request()

    def _search_now(self, _: Any, message: dict[str, Any], __: Any) -> None:
        if message.get("event") == "submit":  # ipywidgets sends "submit" when the user presses Enter.
            self._typing.run_now()

    def _apply_search(self) -> None:
        text = self.search.value.strip() or None
        if text != self.selection.filter.text:
            self.attempt(lambda: self.selection.change(text=text))

    def _switch_fields(self, name: str) -> dict[str, Any]:
        return {name: _SWITCH_VALUES[self.switches[name].value]}

    def _change_dates(self, change: Any) -> None:
        """Change the selection to the dates in both date fields.

        A year that is only partly typed is ignored, because browsers report each digit.
        """
        first, last = self.date_from.value, self.date_to.value
        if change["new"] is not None and change["new"].year < _FIRST_YEAR:
            return
        if getattr(self._setting, "active", False):
            return

        def apply() -> None:
            if first is not None and last is not None and first > last:
                # Both date fields keep their values after the error, so that the user can correct either of
                # them.
                raise FilterError(
                    f"The first day ({first}) is later than the last day ({last}). Change one of them."
                )
            chosen = self.selection.filter
            self.selection.change(
                **{
                    name: control.value
                    for name, control in (("after", self.date_from), ("before", self.date_to))
                    # If the day has not changed, keep the time of day, which a script may have set.
                    if control.value != _date(getattr(chosen, name))
                }
            )

        self.attempt(apply)

    def _connect(self, control: Any, fields: Callable[[], dict[str, Any]]) -> None:
        """Connect a control to the filter fields that it sets.

        The control changes no other fields, because a script may have set values that controls cannot show.
        """

        def changed(_: Any) -> None:
            if not getattr(self._setting, "active", False):
                self.attempt(lambda: self.selection.change(**fields()))

        control.observe(changed, "value")

    def _query_folders(self, selected: str | None) -> list[tuple[str, str]]:
        """Return the selected folder, its parents and its subfolders."""
        tree = self.lib.folders(1, folder=selected, limit=_MAX_FOLDERS)
        roots = [str(path) for path in tree.loc[tree["depth"] == 0, "id"]]
        subfolders = sorted(str(path) for path in tree.loc[tree["depth"] == 1, "id"])
        parents = [] if selected is None else [selected, *_parents(selected)][::-1]
        return [
            ("All folders", ""),
            *((short(path, 80), path) for path in (parents or roots)),
            *((f"\u2003{short(path.rpartition('/')[2], 80)}", path) for path in subfolders),
        ]

    def _set(self, control: Any, **state: Any) -> None:
        """Set traits of a control, such as its value, without changing the selection."""
        self._setting.active = True
        try:
            for name, value in state.items():
                if getattr(control, name) != value:
                    setattr(control, name, value)
        finally:
            self._setting.active = False


def _parents(folder: str) -> list[str]:
    """Return all parent folders of a folder, starting with the direct parent."""
    parts = folder.split("/")
    return ["/".join(parts[:number]) or "/" for number in range(len(parts) - 1, 0, -1) if folder != "/"]


def _labelled(label: str, control: Any) -> Any:
    """Return a row that contains a label and, to its right, a control."""
    row = styled(widgets.HBox, [styled(widgets.Label, label), control])
    row.add_class("mfkit-beside")
    return row


def _date(timestamp: Any) -> date | None:
    return None if timestamp is None else timestamp.date()
