"""Controls that ipywidgets lacks: removable chips, lists of check boxes, and sliders with a histogram."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from mfkit.charts.theme import short
from mfkit.widgets.shared_style import on_message

_STATIC = Path(__file__).parents[1] / "static"
_MAX_TOOLTIP = 1000
"""Maximum number of characters of a tooltip. Longer texts are shortened."""


class Chips(anywidget.AnyWidget):
    """Row of chips. Each chip shows one condition of a selection and has a button that removes the condition.

    Attributes:
        conditions: The ``key``, ``text`` and ``full_text`` of each condition.
    """

    _esm = _STATIC / "chips.js"
    conditions: Any = traitlets.List().tag(sync=True)

    def __init__(self, on_remove: Callable[[str], None]) -> None:
        """Create an empty row of chips. ``on_remove`` is called with the key of each condition to remove."""
        super().__init__()
        on_message(self, "remove", lambda message: on_remove(str(message.get("value"))))

    def show(self, conditions: Sequence[tuple[str, str]]) -> None:
        """Show one chip for each condition. A condition is a pair of key and text."""
        self.conditions = [
            {"key": key, "text": short(text, 60), "full_text": short(text, _MAX_TOOLTIP)}
            for key, text in conditions
        ]


class Facet(anywidget.AnyWidget):
    """List of values, each with a check box, a button that excludes it, and its number of files.

    Attributes:
        label: Heading of the list.
        chosen: The ticked values.
        excluded: The excluded values.
        expanded: True if all values are visible; False if only the heading is, which names the ticked and
            the excluded values.
        options: The values, each with its ``text``, its ``full_text`` and its number of ``files``.
        more: True if not all values are in ``options``. A search in the list is then run by the kernel.
        search: Text for which the kernel has searched. All options contain it. Empty if there was no search.
        note: Explanatory text under the list.
    """

    _esm = _STATIC / "facet.js"
    label = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    excluded = traitlets.List(traitlets.Unicode()).tag(sync=True)
    expanded = traitlets.Bool(False).tag(sync=True)
    options: Any = traitlets.List().tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)
    search = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        label: str,
        on_tick: Callable[[str, bool], None],
        on_exclude: Callable[[str, bool], None],
        **settings: Any,
    ) -> None:
        """Create an empty list.

        Args:
            label: Heading of the list.
            on_tick: Called with a value and whether its check box is ticked.
            on_exclude: Called with a value and whether the user excludes it.
            settings: Further attributes.
        """
        super().__init__(label=label, **settings)
        on_message(self, "tick", functools.partial(self._answer, on_tick))
        on_message(self, "exclude", functools.partial(self._answer, on_exclude))

    def _answer(self, callback: Callable[[str, bool], None], message: dict[str, Any]) -> None:
        callback(str(message.get("value")), message.get("checked") is True)
        self.send({"kind": "acknowledge", "from": message.get("from")})

    def show(
        self,
        counts: Sequence[tuple[str, int]],
        chosen: Sequence[str],
        note: str = "",
        *,
        excluded: Sequence[str] = (),
        more: bool = False,
        text: Callable[[str], str] = str,
    ) -> None:
        """Show the values in ``counts`` with their numbers of files, and ticked or excluded values not in it.

        Args:
            counts: Values with their numbers of files.
            chosen: The ticked values.
            note: Explanatory text under the list.
            excluded: The excluded values.
            more: True if there are further values.
            text: Function that returns the visible text of a value.
        """
        counted = {value for value, _ in counts}
        others = dict.fromkeys(one for one in (*chosen, *excluded) if one not in counted)
        rows: list[tuple[str, int | None]] = [*counts, *((one, None) for one in others)]
        with self.hold_sync():
            self.chosen = list(chosen)
            self.excluded = list(excluded)
            self.note = note
            self.more = more
            self.options = [
                {
                    "value": value,
                    "text": short(text(value), 40),
                    "full_text": short(text(value), _MAX_TOOLTIP),
                    "files": files,
                }
                for value, files in rows
            ]


class Range(anywidget.AnyWidget):
    """Range slider under a small histogram. Its two slider handles snap to the edges of the histogram bins.

    Attributes:
        label: Name of the quantity.
        counts: Number of files in each bin.
        lower_labels: Text for each position of the lower handle: before each bin, and after the last bin.
        upper_labels: Text for each position of the upper handle.
        low: Number of bins below the lower handle. 0 means no lower bound.
        high: Number of bins below the upper handle. The number of bins means no upper bound.
        buckets: Buttons for items that have no place on the slider: ``{"key", "text", "selected"}``.
        note: Text below the slider.
    """

    _esm = _STATIC / "range.js"
    label = traitlets.Unicode().tag(sync=True)
    counts: Any = traitlets.List().tag(sync=True)
    lower_labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    upper_labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    low = traitlets.Int(0).tag(sync=True)
    high = traitlets.Int(0).tag(sync=True)
    buckets: Any = traitlets.List().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        label: str,
        on_move: Callable[[int, int], None],
        on_bucket: Callable[[str], None] = lambda key: None,
    ) -> None:
        """Create a slider without a histogram.

        Args:
            label: Name of the quantity.
            on_move: Called with the new ``low`` and ``high``.
            on_bucket: Called with the key of a clicked bucket.
        """
        super().__init__(label=label)
        on_message(self, "bucket", lambda message: on_bucket(str(message.get("value"))))
        on_message(self, "range", lambda message: on_move(*map(int, message["value"])))

    def show(
        self,
        counts: Sequence[float],
        lower_labels: Sequence[str],
        upper_labels: Sequence[str],
        low: int,
        high: int,
    ) -> None:
        """Show a histogram and set the positions of the two slider handles."""
        with self.hold_sync():
            self.lower_labels, self.upper_labels = list(lower_labels), list(upper_labels)
            self.counts = [float(count) for count in counts]
            self.low, self.high = low, high

    def show_buckets(self, buckets: Sequence[tuple[str, str, bool]], note: str = "") -> None:
        """Show a button for each (key, text, selected) tuple, and a line of text below the buttons."""
        with self.hold_sync():
            self.buckets = [{"key": key, "text": text, "selected": on} for key, text, on in buckets]
            self.note = note
