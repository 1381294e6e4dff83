"""Ids that sort by time: RFC 9562, section 5.7."""

from __future__ import annotations

import time
from itertools import pairwise
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from mfkit.core.ids import new_id, new_ids


@given(st.integers(0, 300))
def test_form(count: int) -> None:
    """Each is of version 7 and the variant of the RFC, holds when it was made, and is there once."""
    before = time.time_ns() // 1_000_000
    ids = new_ids(count)
    after = time.time_ns() // 1_000_000
    assert len(ids) == count == len(set(ids))
    assert all(one.version == 7 and one.variant == RFC_4122 for one in ids)
    assert all(before <= one.int >> 80 <= after for one in ids)


def test_order() -> None:
    """They are in order within one call, and later ones come after, as bytes and as text."""
    made = new_ids(1_000)
    time.sleep(0.005)
    made.append(new_id())
    assert all(a.bytes < b.bytes and a.hex < b.hex for a, b in pairwise(made))


def test_the_rest_is_random() -> None:
    """Of 5,000 ids each free bit is set in about half."""
    ids = new_ids(5_000)
    fixed = {*range(76, 80), 62, 63}
    for bit in set(range(80)) - fixed:
        assert 2_000 < sum(one.int >> bit & 1 for one in ids) < 3_000
