"""The filter panel: controls in, a `MediaFilter` out, and above them what it selects."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import ipywidgets as widgets

from mfkit.charts.theme import short
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.chart_panel import toggle
from mfkit.widgets.panels.facets_panel import FacetsPanel
from mfkit.widgets.panels.ranges_panel import RangesPanel
from mfkit.widgets.panels.selection_panel import SelectionPanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo
from mfkit.widgets.shared_style import styled

_FOLDERS = 500
"""How many folders the picker offers, those with the most bytes."""
_FIRST_YEAR = 1000
"""Years of four digits begin here."""
_STATES = {"has_location": "Place", "has_date": "Capture time", "duplicates": "Copies"}
"""Field of the filter -> what a file has or has not."""
_WORDS = {None: "any", True: "with", False: "without"}


class FilterPanel(Panel):
    """Text, folder, lists, ranges and dates; changes the selection that other panels follow.

    Attributes:
        selected: What is selected, above the controls.
        facets: The lists.
        ranges: The ranges.

    ![What is selected, a search, lists, ranges and switches](../images/panels/filter.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.FilterPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to change."""
        self._text = styled(
            widgets.Text,
            description="Search",
            placeholder="name, artist, place, tag",
            continuous_update=False,
        )
        self._folder = styled(widgets.Dropdown, description="Folder")
        self._after = styled(widgets.DatePicker, description="From")
        self._before = styled(widgets.DatePicker, description="To")
        self._states = {
            name: toggle([(word, word) for word in _WORDS.values()], label) for name, label in _STATES.items()
        }
        for control in (self._text, self._folder, self._after, self._before):
            control.add_class("mfkit-labelled")
        dates = styled(widgets.HBox, [self._after, self._before])
        dates.add_class("mfkit-pair")
        # Of each thread its own: a control that is set tells its observers at once, in the same thread.
        self._setting = threading.local()
        self._known = Memo[list[tuple[str, str]]](lib)
        selection = selection if selection is not None else Selection()
        self.selected = SelectionPanel(lib, selection)
        self.facets = FacetsPanel(lib, selection)
        self.ranges = RangesPanel(lib, selection)
        states = [_beside(label, self._states[name]) for name, label in _STATES.items()]
        super().__init__(lib, selection, "Filter", [self._text, self._folder])
        self.children: Any = (self.selected, *self.children, self.facets, self.ranges, dates, *states)
        self.add_class("mfkit-filters")
        self._report(self._text, lambda: {"text": self._text.value.strip() or None})
        self._report(self._folder, lambda: {"folder": self._folder.value or None})
        self._after.observe(self._dated, "value")
        self._before.observe(self._dated, "value")
        for name, state in self._states.items():
            self._report(state, functools.partial(self._state, name))

    def draw(self, chosen: MediaFilter) -> None:
        """Set the controls to the selection."""
        self._quietly(self._text, value=chosen.text or "")
        self._quietly(self._after, value=_day(chosen.after))
        self._quietly(self._before, value=_day(chosen.before))
        for name, state in self._states.items():
            self._quietly(state, value=_WORDS[getattr(chosen, name)])
        # Those of the library, whatever else is selected of it.
        folders = self._known.get(lambda: self._folders(chosen.folder), chosen.folder)
        self._quietly(self._folder, options=tuple(folders), value=chosen.folder or "")

    def refresh(self) -> None:
        """Ask again what there is to choose from, as after a scan."""
        super().refresh()
        for panel in (self.selected, self.facets, self.ranges):
            panel.refresh()

    def forget(self) -> None:
        """Forget which folders there are."""
        self._known.forget()

    def _state(self, name: str) -> dict[str, Any]:
        (meant,) = (known for known, word in _WORDS.items() if word == self._states[name].value)
        return {name: meant}

    def _dated(self, change: Any) -> None:
        """Take the dates over, but not while a year is being typed: the browser tells of each digit."""
        first, last = self._after.value, self._before.value
        if change["new"] is not None and change["new"].year < _FIRST_YEAR:
            return
        if getattr(self._setting, "now", False):
            return

        def change_dates() -> None:
            if first is not None and last is not None and first > last:
                # The fields keep what a person typed: the next one may be on its way.
                raise FilterError(f"From {first} is later than To {last}; change one of them.")
            chosen = self.selection.filter
            self.selection.change(
                **{
                    name: control.value
                    for name, control in (("after", self._after), ("before", self._before))
                    # A script's time of day stays, where the day is the same.
                    if control.value != _day(getattr(chosen, name))
                }
            )

        self.attempt(change_dates)

    def _report(self, control: Any, fields: Callable[[], dict[str, Any]]) -> None:
        """Let a control change the fields that it stands for, and only those: what a script put into
        the others may be finer than their controls can show."""

        def changed(_: Any) -> None:
            if not getattr(self._setting, "now", False):
                self.attempt(lambda: self.selection.change(**fields()))

        control.observe(changed, "value")

    def _folders(self, inside: str | None) -> list[tuple[str, str]]:
        """Return the folder that is selected, those above it and those in it."""
        tree = self.lib.folders(1, folder=inside, limit=_FOLDERS)
        here = [str(path) for path in tree.loc[tree["depth"] == 0, "id"]]
        below = sorted(str(path) for path in tree.loc[tree["depth"] == 1, "id"])
        above = [] if inside is None else [inside, *_above(inside)][::-1]
        return [
            ("all folders", ""),
            *((short(path, 80), path) for path in (above or here)),
            *((f"\u2003{short(path.rpartition('/')[2], 80)}", path) for path in below),
        ]

    def _quietly(self, control: Any, **state: Any) -> None:
        """Set a control without taking that for a person's choice."""
        self._setting.now = True
        try:
            for name, value in state.items():
                if getattr(control, name) != value:
                    setattr(control, name, value)
        finally:
            self._setting.now = False


def _above(folder: str) -> list[str]:
    """Return the folders that a folder lies in, the innermost first."""
    parts = folder.split("/")
    return ["/".join(parts[:number]) or "/" for number in range(len(parts) - 1, 0, -1) if folder != "/"]


def _beside(label: str, control: Any) -> Any:
    """Return a control with what it is about on its left."""
    row = styled(widgets.HBox, [styled(widgets.Label, label), control])
    row.add_class("mfkit-beside")
    return row


def _day(moment: Any) -> date | None:
    return None if moment is None else moment.date()
