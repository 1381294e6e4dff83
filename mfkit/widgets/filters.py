"""The filter panel: controls in, a `MediaFilter` out, and a line in words of what it selects."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import ipywidgets as widgets
import pandas as pd

from mfkit.library import MediaLibrary
from mfkit.models import MediaType
from mfkit.queries.filters import MediaFilter
from mfkit.queries.units import format_duration, format_size
from mfkit.widgets.panel import Panel
from mfkit.widgets.selection import Selection

_SIZES: tuple[int | None, ...] = (
    0, *(step * 10**power for power in range(3, 12) for step in (1, 3)), 10**12, None
)
"""Where the size slider can stand, bytes; None is no bound."""
_MOST = 200
"""How many codecs a list offers, the most used."""


class FilterPanel(Panel):
    """Media types, codecs, sizes, dates and text; changes the selection that other panels follow.

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
        self._reset = widgets.Button(description="Reset", tooltip="Select all files")
        self._reset.add_class("mfkit-small")
        self._words = widgets.HTML()
        self._words.add_class("mfkit-count")
        self._whole = 0
        # Of each thread its own: a control that is set tells its observers at once, in the same thread.
        self._setting = threading.local()
        body = [
            self._words, types,
            _labelled("Search", self._text),
            _labelled("Video codec", self._codecs["video_codec"]),
            _labelled("Audio codec", self._codecs["audio_codec"]),
            _labelled("Size", self._sizes),
            _labelled("From", self._after),
            _labelled("To", self._before),
        ]
        super().__init__(lib, selection, "Filter", body, [self._reset])
        self.add_class("mfkit-filters")
        self._reset.on_click(lambda _: self.attempt(self._start_again))
        for button in self._types.values():
            self._report(button, self._chosen_types)
        self._report(self._text, lambda: {"text": self._text.value.strip() or None})
        for field, control in self._codecs.items():
            self._report(control, functools.partial(self._chosen_codecs, field))
        self._report(self._sizes, self._chosen_sizes)
        self._report(self._after, lambda: {"after": self._after.value})
        self._report(self._before, lambda: {"before": self._before.value})

    def draw(self, chosen: MediaFilter) -> None:
        """Set the controls to the selection, and say in words what it is."""
        if not self._whole:
            self._offer()
        self._set(chosen)
        self._words.value = words(self.lib.summary("media_type", chosen), self._whole)

    def refresh(self) -> None:
        """Ask again what there is to choose from, as after a scan."""
        with self._turn:
            self._whole = 0
            super().refresh()

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

    def _start_again(self) -> None:
        self.selection.clear()
        self.refresh()

    def _offer(self) -> None:
        """Fill the codec lists with what the library holds."""
        self._whole = self.lib.count()
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


def words(summary: pd.DataFrame, whole: int) -> str:
    """Return what is selected as safe HTML: ``12,403 of 1,000,000 files · 3.10 TB · 214 h``.

    Args:
        summary: Of the selected items, with ``files``, ``bytes`` and ``duration``.
        whole: How many items there are.
    """
    if not whole:
        return "This library is empty. Fill it with <code>lib.scan(\"folder\")</code>."
    files, size = int(summary["files"].sum()), int(summary["bytes"].sum())
    if not files:
        return f"<b>0</b> of {whole:,} files. Nothing matches; take a condition away."
    duration = float(summary["duration"].sum())
    noun = "file" if whole == 1 else "files"
    much = format_size(size) + (f" · {format_duration(duration)}" if duration else "")
    # One line where there is room, else broken before the amount and nowhere else.
    return f"<span><b>{files:,}</b> of {whole:,} {noun} ·</span> <span>{much}</span>"


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
