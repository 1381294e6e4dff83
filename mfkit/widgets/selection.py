"""Filter that several panels share, with a history to go back to earlier filters and forward again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import traitlets

from mfkit.filters.describe import without
from mfkit.filters.media_filter import MediaFilter

_MAX_HISTORY = 100
"""Maximum number of earlier filters in the history."""


class Selection(traitlets.HasTraits):
    """Shared :class:`MediaFilter` that panels observe. :meth:`change` changes the filter for all panels.

    Attributes:
        filter: The current filter.
        past: Number of filters that :meth:`back` can return to.
        future: Number of filters that :meth:`forward` can return to.
        refreshes: Number of calls of :meth:`refresh`.

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
    refreshes = traitlets.Int(0, read_only=True)

    def __init__(self, filter: MediaFilter | None = None) -> None:
        """Create a selection with an initial filter. By default, all items are selected."""
        super().__init__(filter=filter or MediaFilter())
        # Callbacks run on several threads. The lock prevents concurrent changes from overwriting each other.
        self._lock = threading.RLock()
        self._past: deque[MediaFilter] = deque(maxlen=_MAX_HISTORY)
        self._future: list[MediaFilter] = []
        self._in_history = False

    def change(self, **fields: Any) -> None:
        """Replace fields of the filter. The value None removes the condition on a field.

        Raises:
            FilterError: A value is invalid. The filter is not changed.
        """
        with self._lock:
            self.filter = self.filter.replace(**fields)

    def update(self, change: Callable[[MediaFilter], MediaFilter]) -> None:
        """Call a function with the current filter, and use the result as the new filter.

        Example:
            >>> selection = Selection(MediaFilter(media_type="video"))
            >>> selection.update(lambda chosen: chosen & ~MediaFilter(tags="seen"))
            >>> selection.filter
            MediaFilter(media_type='video') & ~MediaFilter(tags='seen')
        """
        with self._lock:
            self.filter = change(self.filter)

    def drop(self, *fields: str) -> None:
        """Remove the conditions on the given fields of the filter, and the exclusions of their values."""
        with self._lock:
            self.filter = without(self.filter, *fields)

    def clear(self) -> None:
        """Remove all conditions, so that all items are selected."""
        with self._lock:
            self.filter = MediaFilter()

    def refresh(self) -> None:
        """Make all panels query the library again, for example after a scan."""
        with self._lock:
            self.set_trait("refreshes", self.refreshes + 1)

    def back(self) -> None:
        """Return to the previous filter, if there is one."""
        self._move(self._past, self._future)

    def forward(self) -> None:
        """Undo the last :meth:`back`, if there was one."""
        self._move(self._future, self._past)

    def _move(self, source: Any, target: Any) -> None:
        with self._lock:
            if not source:
                return
            target.append(self.filter)
            self._in_history = True
            try:
                self.filter = source.pop()
            finally:
                self._in_history = False

    @traitlets.observe("filter")
    def _remember(self, change: Any) -> None:
        # This method updates the history. traitlets calls it before the observers of the panels, so that the
        # panels see the updated history.
        if not hasattr(self, "_future"):
            # When the initial filter is set, there is no earlier filter to add to the history.
            return
        with self._lock:
            if not self._in_history:
                self._past.append(change["old"])
                self._future.clear()
            self.set_trait("past", len(self._past))
            self.set_trait("future", len(self._future))
