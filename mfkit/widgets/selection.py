"""The one thing that all panels share: which items a person is looking at."""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from mfkit.queries.filters import MediaFilter


class Selection(traitlets.HasTraits):
    """Holds a :class:`MediaFilter`; panels observe it, and change it through :meth:`change`.

    Attributes:
        filter: What is selected.

    Example:
        >>> selection = Selection()
        >>> selection.change(media_type="video")
        >>> selection.filter
        MediaFilter(media_type='video')
    """

    filter = traitlets.Instance(MediaFilter, args=())

    def __init__(self, filter: MediaFilter | None = None) -> None:
        """Begin with a filter; without one, all items are selected."""
        super().__init__(filter=filter or MediaFilter())
        # Callbacks come on several threads of the kernel; two changes at once must both be kept.
        self._changing = threading.RLock()

    def change(self, **fields: Any) -> None:
        """Replace some fields of the filter; None takes a condition away.

        Raises:
            FilterError: A value makes no sense; the filter stays as it was.
        """
        with self._changing:
            self.filter = self.filter.but(**fields)

    def clear(self) -> None:
        """Select all items."""
        with self._changing:
            self.filter = MediaFilter()
