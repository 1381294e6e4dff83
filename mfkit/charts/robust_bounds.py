"""Bounds of axes and sliders, chosen so that a few extreme values do not stretch them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_MAX_OUTSIDE = 0.005
"""Maximum share of the items in the outliers at each end."""
_MIN_ITEMS = 10
"""Minimum number of items for which one item at each end can be an outlier."""
_MAX_REMAINING = 2 / 3
"""Maximum share of the bins that remain when outliers are cut off. Otherwise nothing is cut off."""


def robust_span(counts: Sequence[float]) -> tuple[int, int]:
    """Return the indexes of the first and the last bin after outliers at both ends are cut off.

    At most 0.5 % of the items, or one item if there are ten or more, are cut off at each end, and only beyond
    an empty bin. Nothing is cut off if the axis would not become at least a third shorter.

    Args:
        counts: Number of items in each bin, including empty bins between others.

    Example:
        >>> robust_span([1, *[0] * 40, 5, 5, 5])  # one item 41 bins before the others
        (41, 43)
    """
    numbers = np.asarray(counts, dtype="float64")
    total = float(numbers.sum())
    last = len(numbers) - 1
    if last < 1 or not total:
        return 0, max(last, 0)
    allowed = max(total * _MAX_OUTSIDE, 1.0 if total >= _MIN_ITEMS else 0.0)
    first = int(np.argmax(np.cumsum(numbers) > allowed))
    end = last - int(np.argmax(np.cumsum(numbers[::-1]) > allowed))
    # Only bins beyond a gap are outliers, so the range of usual bins is extended at both ends up to the next
    # empty bin.
    while first > 0 and numbers[first - 1]:
        first -= 1
    while end < last and numbers[end + 1]:
        end += 1
    if first > end or end - first + 1 > _MAX_REMAINING * len(numbers):
        return 0, last
    return first, end
