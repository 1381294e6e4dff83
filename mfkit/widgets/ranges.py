"""The panel of ranges: size, duration, resolution and date, each over a small histogram."""

from __future__ import annotations

import functools
import threading
from typing import Any

from mfkit.library import MediaLibrary
from mfkit.queries.filters import MediaFilter
from mfkit.queries.wording import without
from mfkit.widgets.controls import Range
from mfkit.widgets.panel import Panel
from mfkit.widgets.scales import Resolutions, Scale, Years, duration_scale, size_scale
from mfkit.widgets.selection import Selection


class RangesPanel(Panel):
    """From where to where: size, duration, resolution and year, each with how many files there are of each,
    under all other conditions.

    Example:
        >>> RangesPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to change."""
        self._scales: tuple[Scale, ...] = ()
        self._ranges = [Range(label=label) for label in ("Size", "Duration", "Resolution", "Date")]
        # Of each thread its own: a control that is set tells its observers at once, in the same thread.
        self._setting = threading.local()
        super().__init__(lib, selection, "Ranges", self._ranges)
        for place, control in enumerate(self._ranges):
            control.observe(functools.partial(self._moved, place), ["low", "high"])

    def draw(self, chosen: MediaFilter) -> None:
        """Count, and set the handles to the selection."""
        if not self._scales:
            self._scales = (size_scale(), duration_scale(), Resolutions(), Years(self.lib))
        for scale, control in zip(self._scales, self._ranges, strict=True):
            counts = scale.counts(self.lib, without(chosen, *scale.fields))
            low, high = scale.stand(chosen)
            self._setting.now = True
            try:
                control.show(counts, scale.froms, scale.tos, low, high)
            finally:
                self._setting.now = False

    def refresh(self) -> None:
        """Ask anew how far the library goes, as after a scan."""
        with self._turn:
            self._scales = ()
            super().refresh()

    def _moved(self, place: int, _: Any) -> None:
        # Both handles come in one message, and each is told by itself: the pair of them is what counts.
        if getattr(self._setting, "now", False) or not self._scales:
            return
        control, scale = self._ranges[place], self._scales[place]
        if (control.low, control.high) != scale.stand(self.selection.filter):
            self.attempt(lambda: self.selection.change(**scale.chosen(control.low, control.high)))
