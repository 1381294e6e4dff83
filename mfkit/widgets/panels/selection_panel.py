"""The panel that says what is selected: in words, as chips, and with the way back."""

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
from mfkit.widgets.shared_style import styled


class SelectionPanel(Panel):
    """How much is selected, each condition as a chip that can be taken away, back, forward and reset.

    ![How much is selected, and its conditions as chips](../images/panels/selection.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.SelectionPanel(lib, selection)  # doctest: +SKIP
    """

    rank = 0

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to follow."""
        self._back = styled(widgets.Button, description="‹", tooltip="Back to the selection before")
        self._forward = styled(widgets.Button, description="›", tooltip="Forward again")
        self._reset = styled(widgets.Button, description="Reset", tooltip="Select all files")
        self._anew = styled(widgets.Button, description="↻", tooltip="Read the library anew, as after a scan")
        for button in (self._back, self._forward, self._reset, self._anew):
            button.add_class("mfkit-small")
        self._words = styled(widgets.HTML)
        self._words.add_class("mfkit-count")
        self._chips = Chips(lambda key: self.attempt(lambda: self.selection.drop(*key.split(","))))
        self._whole = Memo[int](lib)
        super().__init__(
            lib,
            selection,
            "Selection",
            [self._words, self._chips],
            [self._back, self._forward, self._reset, self._anew],
        )
        self._back.on_click(lambda _: self.attempt(self.selection.back))
        self._forward.on_click(lambda _: self.attempt(self.selection.forward))
        self._reset.on_click(lambda _: self.attempt(self.selection.clear))
        self._anew.on_click(lambda _: self.attempt(self.selection.renew))
        self.selection.observe(self._enable, ["past", "future"])
        self._enable()

    def draw(self, chosen: MediaFilter) -> None:
        """Say what is selected and how much it is."""
        # The conditions first: they are known before any count.
        self._chips.show([(",".join(clause.fields), clause.text) for clause in describe(chosen)])
        self._words.value = count_text(totals(self.lib, chosen), self._whole.get(self.lib.count))

    def forget(self) -> None:
        """Forget how many files the library has."""
        self._whole.forget()

    def _enable(self, _: object = None) -> None:
        self._back.disabled = not self.selection.past
        self._forward.disabled = not self.selection.future


def count_text(selected: Mapping[str, float], whole: int) -> str:
    """Return what is selected as safe HTML: ``12,403 of 1,000,000 files · 3.10 TB · 214 h``.

    Args:
        selected: ``files``, ``bytes`` and ``duration`` (s) of the selected items.
        whole: How many items there are.
    """
    if not whole:
        return 'This library is empty. Fill it with <code>lib.scan("folder")</code>.'
    files, size = int(selected["files"]), int(selected["bytes"])
    if not files:
        return f"<b>0</b> of {whole:,} files. Nothing matches; take a condition away."
    duration = selected["duration"]
    noun = "file" if whole == 1 else "files"
    much = format_size(size) + (f" · {format_duration(duration)}" if duration else "")
    # One line where there is room, else broken before the amount and nowhere else.
    return f"<span><b>{files:,}</b> of {whole:,} {noun} ·</span> <span>{much}</span>"
