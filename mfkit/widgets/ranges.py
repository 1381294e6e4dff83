"""The panel of ranges: size, duration, resolution and date, each over a small histogram."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import pandas as pd

from mfkit.library import MediaLibrary
from mfkit.queries.filters import MediaFilter
from mfkit.queries.histograms import spreads
from mfkit.queries.wording import without
from mfkit.widgets.controls import Range
from mfkit.widgets.known import Known
from mfkit.widgets.panel import Panel
from mfkit.widgets.scales import Resolutions, Scale, Years, duration_scale, size_scale
from mfkit.widgets.selection import Selection


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
        self._fixed: tuple[Scale, ...] = (size_scale(), duration_scale(), Resolutions())
        self._years = Known[Scale](lib)
        self._scales: tuple[Scale, ...] = ()
        self._ranges = [
            Range(label, functools.partial(self._moved, place))
            for place, label in enumerate(("Size", "Duration", "Resolution", "Date"))
        ]
        super().__init__(lib, selection, "Ranges", self._ranges)

    def draw(self, chosen: MediaFilter) -> None:
        """Count, and set the handles to the selection."""
        self._scales = (*self._fixed, self._years.get(lambda: Years(self.lib)))
        # Those whose own bounds are not set count under the same conditions, and with one look at the items.
        alike: dict[MediaFilter, list[int]] = {}
        for place, scale in enumerate(self._scales):
            alike.setdefault(without(chosen, *scale.fields), []).append(place)
        for others, places in alike.items():
            found = self.lib.frame(spreads([self._scales[place].bin for place in places], others))
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
