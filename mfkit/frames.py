"""From Arrow tables to DataFrames with fixed dtypes, also when there are no rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

# Nullable pandas types where NumPy's would turn a null into a float; text is pandas' own str.
_DTYPES: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame.

    Args:
        table: Columns as the engines declare them.

    Returns:
        Text as ``str``, whole numbers as ``Int64``, other numbers as ``float64``, truth values as
        ``boolean``, moments as ``datetime64[us, UTC]``, and enums as categories (all of the enum's
        values, whether they occur or not). Sizes are bytes, durations seconds.
    """
    frame: pd.DataFrame = table.to_pandas(types_mapper=_DTYPES.get)
    return frame
