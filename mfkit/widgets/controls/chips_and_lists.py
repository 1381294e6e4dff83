"""The controls that ipywidgets lacks: chips, lists with counts, and ranges over a histogram.

Each is a few lines of JavaScript of its own beside this file, which set every text as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from mfkit.charts.theme import short

_HERE = Path(__file__).parents[1] / "static"
_WHOLE = 1000
"""So much of a text is seen when the pointer rests on it."""


class Chips(anywidget.AnyWidget):
    """The conditions of a selection, each with a button that takes it away.

    Attributes:
        conditions: For each its ``key``, its ``text`` and the ``whole`` of it.
    """

    _esm = _HERE / "chips.js"
    conditions: Any = traitlets.List().tag(sync=True)

    def __init__(self, remove: Callable[[str], None]) -> None:
        """Take what is called with the key of a condition that is to go."""
        super().__init__()
        self._remove = remove
        self.on_msg(self._told)

    def show(self, conditions: Sequence[tuple[str, str]]) -> None:
        """Show conditions, given as key and text."""
        self.conditions = [
            {"key": key, "text": short(text, 60), "whole": short(text, _WHOLE)} for key, text in conditions
        ]

    def _told(self, _: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "remove":
            self._remove(str(message.get("value")))


class Facet(anywidget.AnyWidget):
    """A list of values with counts, of which several can be ticked.

    Attributes:
        label: What the values are.
        chosen: Those that are ticked.
        unfolded: Whether the list is seen, or only its label and what is ticked.
        options: The values, each with its ``text``, the ``whole`` of it, and ``files``.
        note: A sentence under the list.
    """

    _esm = _HERE / "facet.js"
    label = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    unfolded = traitlets.Bool(False).tag(sync=True)
    options: Any = traitlets.List().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, ticked: Callable[[str, bool], None], **settings: Any) -> None:
        """Take what the values are, and what is called with a value that a person ticked or unticked."""
        super().__init__(label=label, **settings)
        self._ticked = ticked
        self.on_msg(self._told)

    def _told(self, _: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "tick":
            self._ticked(str(message.get("value")), message.get("checked") is True)
            self.send({"kind": "heard", "from": message.get("from")})

    def show(self, counts: Sequence[tuple[str, int]], chosen: Sequence[str], note: str = "") -> None:
        """Show values with their numbers of files, and which are ticked; those even where none is known."""
        known = {value for value, _ in counts}
        rows: list[tuple[str, int | None]] = [*counts, *((one, None) for one in chosen if one not in known)]
        with self.hold_sync():
            self.chosen = list(chosen)
            self.note = note
            self.options = [
                {"value": value, "text": short(value, 40), "whole": short(value, _WHOLE), "files": files}
                for value, files in rows
            ]

    def fold(self, chosen: Sequence[str]) -> None:
        """Tick values of a list that is not seen, and has not been counted."""
        self.show([], chosen)


class Range(anywidget.AnyWidget):
    """Two handles under a small histogram, between whose bins they stand.

    Attributes:
        label: What is measured.
        counts: Files in each bin.
        froms: What it means that the lower handle stands before a bin, or behind the last.
        tos: What it means that the upper one does.
        low: Before which bin the lower handle stands; 0 is no bound.
        high: Before which bin the upper handle stands; the number of bins is no bound.
    """

    _esm = _HERE / "range.js"
    label = traitlets.Unicode().tag(sync=True)
    counts: Any = traitlets.List().tag(sync=True)
    froms = traitlets.List(traitlets.Unicode()).tag(sync=True)
    tos = traitlets.List(traitlets.Unicode()).tag(sync=True)
    low = traitlets.Int(0).tag(sync=True)
    high = traitlets.Int(0).tag(sync=True)

    def __init__(self, label: str, moved: Callable[[int, int], None]) -> None:
        """Take what is measured, and what is called with where a person put the handles."""
        super().__init__(label=label)
        self._moved = moved
        self.on_msg(self._told)

    def _told(self, _: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "range":
            low, high = message["value"]
            self._moved(int(low), int(high))

    def show(
        self, counts: Sequence[float], froms: Sequence[str], tos: Sequence[str], low: int, high: int
    ) -> None:
        """Show a histogram and where the handles stand."""
        with self.hold_sync():
            self.froms, self.tos = list(froms), list(tos)
            self.counts = [float(count) for count in counts]
            self.low, self.high = low, high
