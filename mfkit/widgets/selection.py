"""The one thing that all panels share: which items a person is looking at, and how they came there."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import traitlets

from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter

_REMEMBERED = 100
"""How many selections one can go back."""


class Selection(traitlets.HasTraits):
    """Holds a :class:`MediaFilter`; panels observe it, and change it through :meth:`change`.

    Attributes:
        filter: What is selected.
        past: How many selections there are to go back to.
        future: How many to go forward to, after going back.
        renewed: How often all panels were told to draw anew.

    Example:
        >>> selection = Selection()
        >>> selection.change(media_type="video")
        >>> selection.filter
        MediaFilter(media_type='video')
        >>> selection.back()
        >>> selection.filter
        MediaFilter()
    """

    filter = traitlets.Instance(MediaFilter, args=())
    past = traitlets.Int(0, read_only=True)
    future = traitlets.Int(0, read_only=True)
    renewed = traitlets.Int(0, read_only=True)

    def __init__(self, filter: MediaFilter | None = None) -> None:
        """Begin with a filter; without one, all items are selected."""
        super().__init__(filter=filter or MediaFilter())
        # Callbacks come on several threads of the kernel; two changes at once must both be kept.
        self._changing = threading.RLock()
        self._past: deque[MediaFilter] = deque(maxlen=_REMEMBERED)
        self._future: list[MediaFilter] = []
        self._travelling = False

    def change(self, **fields: Any) -> None:
        """Replace some fields of the filter; None takes a condition away.

        Raises:
            FilterError: A value makes no sense; the filter stays as it was.
        """
        with self._changing:
            self.filter = self.filter.replace(**fields)

    def drop(self, *fields: str) -> None:
        """Take away the conditions on some fields."""
        with self._changing:
            self.filter = without(self.filter, *fields)

    def clear(self) -> None:
        """Select all items."""
        with self._changing:
            self.filter = MediaFilter()

    def renew(self) -> None:
        """Have all panels ask the library again and draw anew, as after a scan."""
        with self._changing:
            self.set_trait("renewed", self.renewed + 1)

    def back(self) -> None:
        """Select what was selected before; nothing happens at the beginning."""
        self._travel(self._past, self._future)

    def forward(self) -> None:
        """Select again what :meth:`back` left; nothing happens at the end."""
        self._travel(self._future, self._past)

    def _travel(self, source: Any, target: Any) -> None:
        with self._changing:
            if not source:
                return
            target.append(self.filter)
            self._travelling = True
            try:
                self.filter = source.pop()
            finally:
                self._travelling = False

    @traitlets.observe("filter")
    def _remember(self, change: Any) -> None:
        # traitlets calls a class's own observers before those that were added, so that panels which
        # draw what one can go back to find it counted.
        if not hasattr(self, "_future"):
            return  # the first filter has nothing before it
        with self._changing:
            if not self._travelling:
                self._past.append(change["old"])
                self._future.clear()
            self.set_trait("past", len(self._past))
            self.set_trait("future", len(self._future))
