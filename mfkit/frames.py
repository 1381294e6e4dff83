"""From Arrow tables to DataFrames with fixed dtypes and units, also for no rows; and to text for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mfkit.filters.units import format_duration, format_size
from mfkit.text_safety import escape_control

# Nullable pandas types where NumPy's would turn a null into a float; text is pandas' own str.
_DTYPES: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
_UNITS = {
    "file_size": "byte",
    "bytes": "byte",
    "duration": "s",
    "share": "1",
    "bitrate": "bit/s",
    "sample_rate": "Hz",
    "fps": "Hz",
    "width": "px",
    "height": "px",
    "focal_length": "mm",
    "latitude": "deg",
    "longitude": "deg",
}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame.

    Args:
        table: Columns as the engines declare them.

    Returns:
        Text as ``str``, whole numbers as ``Int64``, other numbers as ``float64``, truth values as
        ``boolean``, moments as ``datetime64[us, UTC]``, and enums as categories (all of the enum's
        values, whether they occur or not). ``attrs["units"]`` says what numbers count: sizes are bytes,
        durations seconds.
    """
    frame: pd.DataFrame = table.to_pandas(types_mapper=_DTYPES.get)
    # No more than that: pandas copies it at every operation.
    frame.attrs["units"] = {name: unit for name in table.column_names if (unit := unit_of(name))}
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


def unit_of(name: str) -> str | None:
    """Return the unit of a column that bears such a name; None where numbers only count.

    Every column with ``bytes`` in its name is bytes, as are those with ``duration`` seconds. A share is of 1.
    """
    return _UNITS.get(name) or next((_UNITS[part] for part in name.split("_") if part in _DERIVED), None)


_DERIVED = ("bytes", "duration")


def pretty(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as text for people: sizes, durations, shares, numbers and moments as one writes them.

    Args:
        frame: A frame that came from mfkit, or any other; columns without a unit are told by their type.

    Returns:
        A frame of the same shape, index and order, all ``str``; unknown values are empty. Names from files
        are shown with what cannot be printed escaped, and as data in HTML. For looking at: sort, add up and
        export the frame itself.
    """
    units = frame.attrs.get("units", {})
    shown = {
        place: _text(frame.iloc[:, place], units.get(name) or unit_of(str(name)), str(name))
        for place, name in enumerate(frame.columns)
    }
    made = pd.DataFrame(shown, index=frame.index, dtype="str")
    made.columns = frame.columns
    return made


def _text(column: pd.Series[Any], unit: str | None, name: str) -> list[str]:
    form = _form(column, unit, name)
    return ["" if null else form(value) for value, null in zip(column, column.isna(), strict=True)]


def _form(column: pd.Series[Any], unit: str | None, name: str) -> Callable[[Any], str]:
    """Return how a column's values are written."""
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        known = column.dropna()
        days = bool((known == known.dt.normalize()).all())
        return lambda moment: f"{moment:%Y-%m-%d}" if days else f"{moment:%Y-%m-%d %H:%M}"
    if types.is_bool_dtype(column.dtype):
        return lambda value: "yes" if value else "no"
    if not types.is_numeric_dtype(column.dtype):
        return lambda value: escape_control(str(value))
    if unit in _FORMS:
        return _FORMS[unit]
    if "year" in name.split("_"):
        return lambda year: f"{year:.0f}"
    after = f" {unit}" if unit else ""
    if types.is_integer_dtype(column.dtype):
        return lambda number: f"{number:,}{after}"
    return lambda number: f"{number:,.4g}{after}" if abs(number) < 10_000 else f"{number:,.0f}{after}"


def _with_prefix(number: float, unit: str) -> str:
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if abs(number) >= 10**power:
            return f"{number / 10**power:.3g} {prefix}{unit}"
    return f"{number:.4g} {unit}"


_FORMS: dict[str | None, Callable[[Any], str]] = {
    "byte": lambda size: format_size(size) if size >= 0 else f"-{format_size(-size)}",
    "s": lambda seconds: format_duration(seconds) if seconds >= 0 else f"-{format_duration(-seconds)}",
    "1": lambda share: f"{share:.1%}",
    "deg": lambda degrees: f"{degrees:.4f}°",
    "bit/s": lambda rate: _with_prefix(rate, "bit/s"),
    "Hz": lambda rate: _with_prefix(rate, "Hz"),
}
