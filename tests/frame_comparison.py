"""Comparison of two frames that must be the same to the last bit."""

from __future__ import annotations

import pandas as pd
from pandas.testing import assert_frame_equal


def assert_same_frame(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Fail unless both frames have the same index, columns, dtypes, values and flags.

    Does what ``assert_frame_equal(ours, theirs, check_exact=True)`` does. That function takes milliseconds
    for each frame, so it is called only to explain a difference.
    """
    alike = (
        type(ours) is type(theirs)
        and ours.flags == theirs.flags
        and type(ours.index) is type(theirs.index)
        and ours.index.dtype == theirs.index.dtype
        and ours.index.names == theirs.index.names
        and ours.columns.dtype == theirs.columns.dtype
        and list(ours.dtypes) == list(theirs.dtypes)
        and ours.equals(theirs)
    )
    if not alike:
        assert_frame_equal(ours, theirs, check_exact=True)
