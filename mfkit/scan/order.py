"""Results in the order in which they were asked for, though several workers give them."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class InOrder(Generic[T]):
    """Holds what comes early until what it follows is there; but not for ever, and not without bound.

    What a library says should not hang on which worker was quicker. A file that takes minutes must not keep
    thousands of others from being stored all the same, or an interrupt would lose them.
    """

    def __init__(self, most: int, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Set the bounds.

        Args:
            most: How many are held.
            patience: Seconds for which any is held.
            clock: Seconds, always growing.
        """
        self._most, self._patience, self._clock = most, patience, clock
        self._held: list[tuple[int, T]] = []
        self._following = 0
        self._since: float | None = None

    def put(self, number: int, result: T) -> None:
        """Take a result; numbers count from 0, each comes once."""
        heappush(self._held, (number, result))

    def ready(self) -> list[T]:
        """Return what need not wait any longer, in order."""
        late = self._since is not None and self._clock() - self._since > self._patience
        block = []
        while self._held and (self._held[0][0] <= self._following or late or len(self._held) > self._most):
            number, result = heappop(self._held)
            self._following = max(self._following, number + 1)
            block.append(result)
        if block or not self._held:
            self._since = None
        if self._held and self._since is None:
            self._since = self._clock()
        return block

    def rest(self) -> list[T]:
        """Return what is held still, in order: nothing else comes."""
        block = [result for _, result in sorted(self._held, key=lambda held: held[0])]
        self._held.clear()
        return block
