"""The filter panel: controls in, a `MediaFilter` out, and above them what it selects."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import ipywidgets as widgets

from mfkit.library import MediaLibrary
from mfkit.models import MediaType
from mfkit.queries.filters import MediaFilter
from mfkit.queries.units import format_size
from mfkit.widgets.panel import Panel
from mfkit.widgets.selected import SelectionPanel
from mfkit.widgets.selection import Selection

_SIZES: tuple[int | None, ...] = (
    0, *(step * 10**power for power in range(3, 12) for step in (1, 3)), 10**12, None
)
"""Where the size slider can stand, bytes; None is no bound."""
_MOST = 200
"""How many codecs a list offers, the most used."""


class FilterPanel(Panel):
    """Media types, codecs, sizes, dates and text; changes the selection that other panels follow.

    Attributes:
        selected: The panel above the controls that says what is selected.

    Example:
        >>> selection = Selection()
        >>> FilterPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to change."""
        self._types = {kind: widgets.ToggleButton(description=kind.value) for kind in MediaType}
        types = widgets.HBox(list(self._types.values()))
        types.add_class("mfkit-types")
        self._text = widgets.Text(placeholder="name, artist, place, tag", continuous_update=False)
        self._codecs = {
            field: widgets.SelectMultiple(rows=4) for field in ("video_codec", "audio_codec")
        }
        names = [("0", 0), *((_round(size), size) for size in _SIZES if size)]
        self._sizes = widgets.SelectionRangeSlider(
            options=[*names, ("any", None)], index=(0, len(_SIZES) - 1), continuous_update=False
        )
        self._after = widgets.DatePicker()
        self._before = widgets.DatePicker()
        self._offered = False
        # Of each thread its own: a control that is set tells its observers at once, in the same thread.
        self._setting = threading.local()
        body = [
            types,
            _labelled("Search", self._text),
            _labelled("Video codec", self._codecs["video_codec"]),
            _labelled("Audio codec", self._codecs["audio_codec"]),
            _labelled("Size", self._sizes),
            _labelled("From", self._after),
            _labelled("To", self._before),
        ]
        selection = selection if selection is not None else Selection()
        self.selected = SelectionPanel(lib, selection)
        super().__init__(lib, selection, "Filter", body)
        self.children: Any = (self.selected, *self.children)
        self.add_class("mfkit-filters")
        for button in self._types.values():
            self._report(button, self._chosen_types)
        self._report(self._text, lambda: {"text": self._text.value.strip() or None})
        for field, control in self._codecs.items():
            self._report(control, functools.partial(self._chosen_codecs, field))
        self._report(self._sizes, self._chosen_sizes)
        self._report(self._after, lambda: {"after": self._after.value})
        self._report(self._before, lambda: {"before": self._before.value})

    def draw(self, chosen: MediaFilter) -> None:
        """Set the controls to the selection."""
        if not self._offered:
            self._offer()
        self._set(chosen)

    def refresh(self) -> None:
        """Ask again what there is to choose from, as after a scan."""
        with self._turn:
            self._offered = False
            super().refresh()
        self.selected.refresh()

    def _report(self, control: Any, fields: Callable[[], dict[str, Any]]) -> None:
        """Let a control change the fields that it stands for, and only those: what a script put into
        the others may be finer than their controls can show."""

        def changed(_: Any) -> None:
            if not getattr(self._setting, "now", False):
                self.attempt(lambda: self.selection.change(**fields()))

        control.observe(changed, "value")

    def _chosen_types(self) -> dict[str, Any]:
        return {"media_type": tuple(kind for kind, button in self._types.items() if button.value) or None}

    def _chosen_codecs(self, field: str) -> dict[str, Any]:
        return {field: tuple(self._codecs[field].value) or None}

    def _chosen_sizes(self) -> dict[str, Any]:
        smallest, largest = self._sizes.value
        return {"min_size": smallest or None, "max_size": largest}

    def _offer(self) -> None:
        """Fill the codec lists with what the library holds."""
        self._offered = True
        for field, control in self._codecs.items():
            known = self.lib.summary(field).dropna(subset=[field]).nlargest(_MOST, "files")
            chosen = control.value
            self._quietly(
                control,
                options=[
                    (f"{name} ({files:,})", name)
                    for name, files in zip(known[field], known["files"], strict=True)
                ],
            )
            self._quietly(control, value=tuple(one for one in chosen if one in set(known[field])))

    def _set(self, chosen: MediaFilter) -> None:
        """Show a selection that another panel, or a script, made."""
        for kind, button in self._types.items():
            self._quietly(button, value=kind in (chosen.media_type or ()))
        self._quietly(self._text, value=chosen.text or "")
        for field, control in self._codecs.items():
            known = {value for _, value in control.options}
            self._quietly(control, value=tuple(one for one in getattr(chosen, field) or () if one in known))
        low = _nearest(chosen.min_size or 0, up=False)
        self._quietly(self._sizes, index=(low, max(low, _nearest(chosen.max_size, up=True))))
        self._quietly(self._after, value=_day(chosen.after))
        self._quietly(self._before, value=_day(chosen.before))

    def _quietly(self, control: Any, **state: Any) -> None:
        """Set a control without taking that for a person's choice."""
        self._setting.now = True
        try:
            for name, value in state.items():
                if getattr(control, name) != value:
                    setattr(control, name, value)
        finally:
            self._setting.now = False


def _labelled(text: str, control: Any) -> Any:
    """Return a control with its label above it: beside it there is no room in a narrow panel."""
    control.description = text
    control.add_class("mfkit-labelled")
    return control


def _round(size: int) -> str:
    number, unit = format_size(size).split(" ")
    return f"{float(number):g} {unit}"


def _nearest(size: int | None, *, up: bool) -> int:
    """Return the place on the size slider that is the first not inside a bound."""
    if size is None:
        return len(_SIZES) - 1
    bounds = [one for one in _SIZES if one is not None]
    if up:
        return next((place for place, one in enumerate(bounds) if one >= size), len(_SIZES) - 1)
    return max(place for place, one in enumerate(bounds) if one <= size)


def _day(moment: Any) -> date | None:
    return None if moment is None else moment.date()
