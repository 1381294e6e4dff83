"""UUIDs that sort by the time they were made: RFC 9562, section 5.7, version 7.

Rows with random ids land all over the indexes on them, and in a large library nearly each touches a page of
its own; rows with these land at the end (docs/decisions/0010-ids-by-time.md has the measurement). Python has
such a function from 3.14 on.
"""

from __future__ import annotations

import os
import time
from uuid import UUID

_RANDOM = 10
"""Bytes behind the milliseconds; six bits of them are fixed."""
_FREE, _FIXED = ~(0xF << 76 | 0x3 << 62), 0x7 << 76 | 0x2 << 62


def new_id() -> UUID:
    """Return an id that nobody else has made, or will."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[UUID]:
    """Return so many ids, in their order."""
    moment = time.time_ns() // 1_000_000 << 80
    drawn = os.urandom(_RANDOM * count)
    # Version and variant by hand: UUID() takes as long again to set them.
    rests = sorted(
        int.from_bytes(drawn[at : at + _RANDOM], "big") & _FREE | _FIXED
        for at in range(0, len(drawn), _RANDOM)
    )
    return [UUID(int=moment | rest) for rest in rests]
