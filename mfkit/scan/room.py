"""How many tasks are under way, where nobody says how many run at once."""

from __future__ import annotations

import asyncio

_FIRST = 4
_SLACK = 0.25
"""Seconds that a task may take on the road on top; short tasks would else never be enough for a cluster."""


class Room:
    """A bound on the tasks under way that grows and shrinks with what a cluster takes on.

    An executor does not say how many tasks it runs at once, and a cluster's machines come and go. What a
    task says is how long it was at work; the rest of the time until it came back it waited. So: one more may
    be under way while they wait no longer than they work, one less where they wait three times that. This
    comes to two to four tasks for each place where one runs.
    """

    def __init__(self, most: int) -> None:
        """Set the bound.

        Args:
            most: How many there may ever be.
        """
        self._most, self.size = most, min(_FIRST, most)
        self._under_way = 0
        self._changed = asyncio.Event()

    async def enter(self) -> None:
        """Wait until there is room for one more, and take it."""
        while self._under_way >= self.size:
            self._changed.clear()
            await self._changed.wait()
        self._under_way += 1

    def leave(self) -> None:
        """Give back what one took."""
        self._under_way -= 1
        self._changed.set()

    def learn(self, away: float, worked: float) -> None:
        """Take from one task how busy the machines are.

        Args:
            away: Seconds from when it was handed over until it was back.
            worked: Seconds of those in which it was at work.
        """
        waited, fair = away - worked, worked + _SLACK
        if waited < fair:
            self.size = min(self.size + 1, self._most)
        elif waited > 3 * fair:
            self.size = max(self.size - 1, 1)
        self._changed.set()
