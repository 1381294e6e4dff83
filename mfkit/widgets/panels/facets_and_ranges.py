"""Panels with lists of check boxes and range sliders that change the selection and show numbers of files."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from mfkit.analysis.facets import FACETS
from mfkit.analysis.histogram import count_by_bins
from mfkit.filters.describe import hdr_name, language_text, rating_name, without
from mfkit.filters.exclusions import excluded_values, field_values, toggle_exclusion, toggle_value
from mfkit.filters.filter_values import LANGUAGE_STATES
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.chips_and_lists import Facet, Range
from mfkit.widgets.controls.range_bins import (
    Bucket,
    RangeBins,
    ResolutionBins,
    YearBins,
    duration_bins,
    size_bins,
)
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo, overview_by
from mfkit.widgets.shared_style import styled

_MAX_VALUES = 200
"""Maximum number of values in a list. Values with the most files are kept."""
LISTS: Mapping[str, str] = {
    "media_type": "Media type",
    "year": "Year",
    "video_codec": "Video codec",
    "audio_codec": "Audio codec",
    "audio_language": "Audio language",
    "subtitle_language": "Subtitle language",
    "hdr": "HDR",
    "container": "Container",
    "extension": "Extension",
    "looks_like": "Looks like",
    "orientation": "Orientation",
    "camera": "Camera",
    "lens": "Lens",
    "country": "Country",
    "place": "Place",
    "people": "People",
    "rating": "Rating",
    "artist": "Artist",
    "album": "Album",
    "genre": "Genre",
    "tag": "Tag",
    "collection": "Collection",
}
"""Dimension -> heading of the list of its values."""
_TEXTS: Mapping[str, Callable[[str], str]] = {
    "audio_language": functools.partial(language_text, "audio_language"),
    "subtitle_language": functools.partial(language_text, "subtitle_language"),
    "hdr": hdr_name,
    "rating": rating_name,
}
"""Dimension -> function that returns the visible text of a value, if it differs from the value."""
_NUMERIC = frozenset(("year", "rating"))
"""Dimensions whose values are sorted by their size, the largest first, instead of their number of files."""


class FacetsPanel(Panel):
    """Lists of media types, codecs, cameras, tags and others, whose values can be selected and excluded.

    Each value has a check box, a button that excludes it, and the number of files that have this value and
    match the conditions of the other lists and controls. Collapsed lists are not counted.

    Attributes:
        facets: Dimension -> list of its values with check boxes.

    ![Lists of values with counts](../images/panels/facets.png)

    Example:
        >>> mfkit.widgets.FacetsPanel(mfkit.open_library())  # doctest: +SKIP
    """

    draw_priority = 1

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It shows and changes the given selection."""
        self.facets = {
            name: styled(
                Facet,
                label,
                functools.partial(self._change, toggle_value, self._ticked, name),
                functools.partial(self._change, toggle_exclusion, self._excluded, name),
            )
            for name, label in LISTS.items()
        }
        self.facets["media_type"].expanded = True
        # A user can tick a value while another thread draws its list. The lock prevents the drawing
        # from restoring outdated ticks.
        self._tick_lock = threading.RLock()
        super().__init__(lib, selection, "", list(self.facets.values()))
        for facet in self.facets.values():
            facet.observe(self.follow, ["expanded", "search"])

    def options(self) -> Hashable:
        """Return the dimensions whose lists are expanded, and the texts that are searched in these lists."""
        return tuple((name, facet.search) for name, facet in self.facets.items() if facet.expanded)

    def draw(self, chosen: MediaFilter) -> None:
        """Count the values of all expanded lists in one query, and tick the selected values.

        A list in which the user searches for values that are not loaded needs a query of its own.
        """
        searches = {name: facet.search for name, facet in self.facets.items() if facet.expanded}
        counts = self.count_values([name for name, search in searches.items() if not search], chosen)
        for name, search in searches.items():
            if search:
                counts |= self.count_values([name], chosen, containing=search)
        for name, facet in self.facets.items():
            text = _TEXTS.get(name, str)
            found = counts.get(name, [])
            if name in _NUMERIC:
                found = sorted(found, key=lambda pair: -float(pair[0]))
            elif name in ("audio_language", "subtitle_language"):
                # Languages come before "not stated" and "none".
                found = sorted(found, key=lambda pair: pair[0] in LANGUAGE_STATES)
            note = _note(LISTS[name], len(found), searches[name]) if name in counts else ""
            with self._tick_lock:
                facet.show(
                    found,
                    self._ticked(name),
                    note,
                    excluded=self._excluded(name),
                    more=len(found) >= _MAX_VALUES,
                    text=text,
                )

    def count_values(
        self, lists: list[str], chosen: MediaFilter, *, containing: str | None = None
    ) -> dict[str, list[tuple[str, int]]]:
        """Return the values of the given dimensions with their numbers of files, the most frequent first.

        Args:
            lists: Names of the dimensions.
            chosen: Filter of the selection.
            containing: Text that the values must contain; None for all values.
        """
        counts: dict[str, list[tuple[str, int]]] = {name: [] for name in lists}
        if lists == ["media_type"] and not chosen.media_type:
            # Without a condition on media types, no query is needed, because the numbers of files are in the
            # totals that other panels have already cached.
            frame = overview_by("media_type", self.lib, chosen)
            pairs = zip(frame["media_type"].astype(str), map(int, frame["files"]), strict=True)
            counts["media_type"] = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
        elif lists:
            frame = self.lib.facets(*lists, filter=chosen, limit=_MAX_VALUES, containing=containing)
            for name, value, files in zip(frame["field"], frame["value"], frame["files"], strict=True):
                counts[name].append((value, int(files)))
        return counts

    def _ticked(self, name: str) -> list[str]:
        """Return the currently selected values of a dimension, which may have changed during the drawing."""
        return list(field_values(self.selection.filter, FACETS[name]))

    def _excluded(self, name: str) -> list[str]:
        """Return the currently excluded values of a dimension."""
        return list(excluded_values(self.selection.filter, FACETS[name]))

    def _change(
        self,
        toggle: Callable[[MediaFilter, str, str], MediaFilter],
        current: Callable[[str], list[str]],
        name: str,
        value: str,
        on: bool,
    ) -> None:
        """Select or exclude a value, or undo that.

        Args:
            toggle: Function that selects or excludes a value of a filter's field, or undoes that.
            current: Function that returns the currently selected or excluded values of a dimension.
            name: The dimension.
            value: The value.
            on: True to select or exclude the value, False to undo that.
        """
        with self._tick_lock:
            if on != (value.lower() in map(str.lower, current(name))):
                self.attempt(
                    lambda: self.selection.update(lambda chosen: toggle(chosen, FACETS[name], value))
                )
            facet = self.facets[name]
            with facet.hold_sync():
                facet.chosen, facet.excluded = self._ticked(name), self._excluded(name)


def _note(label: str, values: int, search: str) -> str:
    """Return the text under a list of values: why it is empty, or that it does not show all values."""
    name = label if label.isupper() else label.lower()
    if values == 0:
        return f"No {name} contains “{search}”." if search else f"No {name} data in the current selection."
    if values < _MAX_VALUES:
        return ""
    return f"The {_MAX_VALUES} values with the most files. Search to find others."


class RangesPanel(Panel):
    """Range sliders for size, duration, resolution and year. Moving a slider changes the selection.

    The bins fit the values in the library. A few extreme values share a bin at an end, and a button with
    their number selects them. The histogram of each slider counts the files that match all conditions except
    the slider's condition.

    Attributes:
        ranges: The range sliders.
        bins: The histogram bins of each slider.

    ![Four ranges over small histograms](../images/panels/ranges.png)

    Example:
        >>> mfkit.widgets.RangesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    draw_priority = 3

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It shows and changes the given selection."""
        self._bins = Memo[tuple[RangeBins, ...]](lib)
        self.bins: tuple[RangeBins, ...] = ()
        self._buckets: dict[tuple[int, str], Bucket] = {}
        self.ranges = [
            Range(label, functools.partial(self._move, index), functools.partial(self._click_bucket, index))
            for index, label in enumerate(("Size", "Duration", "Resolution", "Date"))
        ]
        super().__init__(lib, selection, "", self.ranges)

    def draw(self, chosen: MediaFilter) -> None:
        """Count the files in the bins of all sliders, and set the slider handles to the selected ranges."""
        self.bins = self._bins.get(
            lambda: (size_bins(self.lib), duration_bins(self.lib), ResolutionBins(), YearBins(self.lib))
        )
        # For sliders that set no condition, the files are counted with the same filter, so one query is
        # enough for all of them.
        by_filter: dict[MediaFilter, list[int]] = {}
        for index, bins in enumerate(self.bins):
            by_filter.setdefault(without(chosen, *bins.fields), []).append(index)
        for other_conditions, indexes in by_filter.items():
            expressions = [self.bins[index].bin_expression for index in indexes]
            frame = self.lib.frame(count_by_bins(expressions, other_conditions))
            for number, index in enumerate(indexes):
                bins = self.bins[index]
                # The frame has a few hundred rows, for which a Python loop is ten times as fast as groupby().
                files: Counter[Any] = Counter()
                for value, count in zip(frame[f"bin{number}"], frame["files"], strict=True):
                    if value is not pd.NA and value == value:
                        files[value] += int(count)
                control = self.ranges[index]
                control.show(
                    bins.counts_per_bin(files),
                    bins.lower_labels,
                    bins.upper_labels,
                    *bins.handle_positions(chosen),
                )
                buckets = bins.buckets(files)
                self._buckets.update({(index, bucket.key): bucket for bucket in buckets})
                control.show_buckets(
                    [
                        (bucket.key, bucket.text, chosen.replace(**bucket.fields) == chosen)
                        for bucket in buckets
                    ],
                    bins.note,
                )

    def clear_cache(self) -> None:
        """Discard the cached bins, which depend on the values in the library."""
        self._bins.clear()

    def _click_bucket(self, index: int, key: str) -> None:
        """Add a condition that selects a bucket's items, or remove the condition if it is already set."""
        bucket = self._buckets.get((index, key))
        if bucket is None:
            return
        chosen = self.selection.filter
        if chosen.replace(**bucket.fields) == chosen:
            self.attempt(lambda: self.selection.drop(*self.bins[index].fields))
        else:
            self.attempt(lambda: self.selection.change(**bucket.fields))

    def _move(self, index: int, low: int, high: int) -> None:
        bins = self.bins[index]
        # If a slider handle is moved back to its old position, the filter is not changed. A bound that a
        # script has set between two bin edges would otherwise be replaced by one of these edges.
        if (low, high) != bins.handle_positions(self.selection.filter):
            self.attempt(lambda: self.selection.change(**bins.filter_fields(low, high)))
