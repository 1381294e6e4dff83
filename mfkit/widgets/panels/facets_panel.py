"""The panel of lists: what there is to choose from, with how many files each choice would give."""

from __future__ import annotations

import functools
import threading
from collections.abc import Hashable, Mapping

from mfkit.analysis.facets import FACETS
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.controls.chips_and_lists import Facet
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import overview_by
from mfkit.widgets.shared_style import styled

_MOST = 200
"""How many values a list offers, those with the most files."""
LISTS: Mapping[str, str] = {
    "media_type": "Media type",
    "video_codec": "Video codec",
    "audio_codec": "Audio codec",
    "container": "Container",
    "extension": "Extension",
    "camera": "Camera",
    "lens": "Lens",
    "genre": "Genre",
    "tag": "Tag",
    "collection": "Collection",
}
"""Fact -> heading of its list."""


class FacetsPanel(Panel):
    """Lists of media types, codecs, cameras, tags and so on, of which several values can be ticked, each with
    how many files it has under all other conditions. Lists that are folded up are not counted.

    ![Lists of values with counts](../images/panels/facets.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.FacetsPanel(lib, selection)  # doctest: +SKIP
    """

    rank = 1

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to change."""
        self._facets = {
            name: styled(Facet, label, functools.partial(self._tick, name)) for name, label in LISTS.items()
        }
        self._facets["media_type"].unfolded = True
        # Ticks come while a drawing is under way on another thread, which must not show what was before them.
        self._ticking = threading.RLock()
        super().__init__(lib, selection, "Values", list(self._facets.values()))
        for facet in self._facets.values():
            facet.observe(self.follow, "unfolded")

    def options(self) -> Hashable:
        """Return which lists are open."""
        return tuple(name for name, facet in self._facets.items() if facet.unfolded)

    def draw(self, chosen: MediaFilter) -> None:
        """Count the lists that are open, in one query, and tick what is selected."""
        unfolded = [name for name, facet in self._facets.items() if facet.unfolded]
        counts = self._counts(unfolded, chosen)
        for name, facet in self._facets.items():
            with self._ticking:
                ticked = self._ticked(name)
                if name not in counts:
                    facet.fold(ticked)
                else:
                    facet.show(counts[name], ticked, _note(LISTS[name], len(counts[name])))

    def _counts(self, lists: list[str], chosen: MediaFilter) -> dict[str, list[tuple[str, int]]]:
        """Return the values of lists with their files, the most first."""
        counts: dict[str, list[tuple[str, int]]] = {name: [] for name in lists}
        if lists == ["media_type"] and not chosen.media_type:
            # No condition of its own is left out here, so that it is what other panels ask.
            found = overview_by("media_type", self.lib, chosen)
            pairs = zip(found["media_type"].astype(str), map(int, found["files"]), strict=True)
            counts["media_type"] = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
        elif lists:
            found = self.lib.facets(*lists, filter=chosen, limit=_MOST)
            for fact, value, files in zip(found["fact"], found["value"], found["files"], strict=True):
                counts[fact].append((value, int(files)))
        return counts

    def _ticked(self, name: str) -> list[str]:
        """Return which values of a list are selected now, be what is drawn older or not."""
        return [str(value) for value in getattr(self.selection.filter, FACETS[name]) or ()]

    def _tick(self, name: str, value: str, checked: bool) -> None:
        """Add a value to those selected, or take it away."""
        with self._ticking:
            values = [one for one in self._ticked(name) if one != value] + [value] * checked
            self.attempt(lambda: self.selection.change(**{FACETS[name]: tuple(values) or None}))
            self._facets[name].chosen = self._ticked(name)


def _note(label: str, values: int) -> str:
    if values == 0:
        return f"No {label.lower()} is known of the files that the other conditions leave."
    return f"The {_MOST} with the most files." if values == _MOST else ""
