"""UUIDs that sort by creation time: version 7 of RFC 9562, section 5.7.

Rows with random ids are spread over an index, and in a large library nearly each one changes a page of its
own. Rows with these ids are added at the end of the index (docs/decisions/0010-ids-by-time.md has the
measurement). Python has such a function from 3.14 on.
"""

from __future__ import annotations

import os
import time
from uuid import UUID

_RANDOM = 10
"""Number of bytes after the milliseconds. Six of their bits are fixed."""
_FREE, _FIXED = ~(0xF << 76 | 0x3 << 62), 0x7 << 76 | 0x2 << 62


def new_id() -> UUID:
    """Return a unique id."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[UUID]:
    """Return unique ids in ascending order."""
    milliseconds = time.time_ns() // 1_000_000 << 80
    drawn = os.urandom(_RANDOM * count)
    # Version and variant are set here, because UUID() would double the time.
    rests = sorted(
        int.from_bytes(drawn[at : at + _RANDOM], "big") & _FREE | _FIXED
        for at in range(0, len(drawn), _RANDOM)
    )
    return [UUID(int=milliseconds | rest) for rest in rests]
