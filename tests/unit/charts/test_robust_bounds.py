"""Robust bounds: a few extreme values stretch no axis, and no other value is hidden."""

from __future__ import annotations

import pytest

from mfkit.charts.robust_bounds import robust_span

MANY = [200] * 10
"""2,000 items, of which at most ten at each end are outliers."""


@pytest.mark.parametrize(
    ("counts", "span"),
    [
        ([], (0, 0)),
        ([0, 0, 0], (0, 2)),
        ([5], (0, 0)),
        ([10, *[0] * 20, *MANY], (21, 30)),
        ([11, *[0] * 20, *MANY], (0, 30)),
        ([*MANY, *[0] * 20, 10], (0, 9)),
        ([*MANY, *[0] * 20, 11], (0, 30)),
        ([1, *[0] * 20, *MANY, *[0] * 20, 1], (21, 30)),
        # The axis would become less than a third shorter.
        ([1, *[0] * 3, *MANY], (0, 13)),
        ([1, *[0] * 4, *MANY], (5, 14)),
        # Early items without a gap to the others are no outliers.
        ([*[1] * 9, *MANY], (0, 18)),
        ([1, *[0] * 30, 1, 1, *MANY], (31, 42)),
        # One of ten items can be an outlier, one of nine cannot.
        ([1, *[0] * 20, 9], (21, 21)),
        ([1, *[0] * 20, 8], (0, 21)),
    ],
)
def test_outliers_beyond_a_gap_are_cut_off(counts: list[int], span: tuple[int, int]) -> None:
    """Cuts have at most 0.5 % of the items, lie beyond a gap, and make the axis a third shorter."""
    assert robust_span(counts) == span
