"""From Arrow tables to DataFrames with fixed dtypes, also when there are no rows."""

from __future__ import annotations

from typing import Any

import numpy as np
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


def crossed(cells: pd.DataFrame, row: str, column: str, of: str) -> pd.DataFrame:
    """Return cells listed one by one as a table.

    Args:
        cells: One row per pair of values.
        row: Column with the values that become rows.
        column: Column with the values that become columns.
        of: Column with what the cells hold.

    Returns:
        Rows and columns with the largest sums first, ties in the order of ``cells``; 0 where there is no
        cell. Index and columns bear the names of what they hold, and NaN for null.
    """
    rows, row_values = pd.factorize(cells[row].astype(object), use_na_sentinel=False)
    columns, column_values = pd.factorize(cells[column].astype(object), use_na_sentinel=False)
    values = cells[of].to_numpy(dtype="float64" if of == "duration" else "int64")
    table = np.zeros((len(row_values), len(column_values)), values.dtype)
    table[rows, columns] = values
    by_rows = np.argsort(-table.sum(axis=1), kind="stable")
    by_columns = np.argsort(-table.sum(axis=0), kind="stable")
    return pd.DataFrame(
        table[by_rows][:, by_columns],
        index=pd.Index(row_values[by_rows], name=row),
        columns=pd.Index(column_values[by_columns], name=column),
    )
