"""The panel of ranges: size, duration, resolution and date, each over a small histogram."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import pandas as pd

from mfkit.analysis.histogram import spread
from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.chips_and_lists import Range
from mfkit.widgets.controls.range_bins import RangeBins, ResolutionBins, YearBins, duration_scale, size_scale
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo


class RangesPanel(Panel):
    """From where to where: size, duration, resolution and year, each with how many files there are of each,
    under all other conditions.

    ![Four ranges over small histograms](../images/panels/ranges.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.RangesPanel(lib, selection)  # doctest: +SKIP
    """

    rank = 3

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to change."""
        self._fixed: tuple[RangeBins, ...] = (size_scale(), duration_scale(), ResolutionBins())
        self._years = Memo[RangeBins](lib)
        self._scales: tuple[RangeBins, ...] = ()
        self._ranges = [
            Range(label, functools.partial(self._moved, place))
            for place, label in enumerate(("Size", "Duration", "Resolution", "Date"))
        ]
        super().__init__(lib, selection, "Ranges", self._ranges)

    def draw(self, chosen: MediaFilter) -> None:
        """Count, and set the handles to the selection."""
        self._scales = (*self._fixed, self._years.get(lambda: YearBins(self.lib)))
        # Those whose own bounds are not set count under the same conditions, and with one look at the items.
        alike: dict[MediaFilter, list[int]] = {}
        for place, scale in enumerate(self._scales):
            alike.setdefault(without(chosen, *scale.fields), []).append(place)
        for others, places in alike.items():
            found = self.lib.frame(spread([self._scales[place].bin for place in places], others))
            for number, place in enumerate(places):
                scale = self._scales[place]
                # By hand: for what are a few hundred rows groupby() takes ten times as long.
                files: Counter[Any] = Counter()
                for value, count in zip(found[f"bin{number}"], found["files"], strict=True):
                    if value is not pd.NA and value == value:
                        files[value] += int(count)
                counts = scale.counts(files)
                self._ranges[place].show(counts, scale.froms, scale.tos, *scale.stand(chosen))

    def forget(self) -> None:
        """Forget how far the library goes."""
        self._years.forget()

    def _moved(self, place: int, low: int, high: int) -> None:
        scale = self._scales[place]
        # Put back where it was, a handle changes nothing: a script may have set a finer bound.
        if (low, high) != scale.stand(self.selection.filter):
            self.attempt(lambda: self.selection.change(**scale.chosen(low, high)))
