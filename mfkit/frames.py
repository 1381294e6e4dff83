"""Conversion of Arrow tables to DataFrames with dtypes and units, and formatting of DataFrames as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mfkit.filters.units import format_duration, format_size
from mfkit.text_safety import escape_control

# pandas's nullable dtypes are needed, because NumPy's integers and booleans cannot represent nulls.
_DTYPES: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
_UNITS = {
    "file_size": "byte",
    "bytes": "byte",
    "duration": "s",
    "share": "1",
    "sharpness_rank": "1",
    "clipped_shadows": "1",
    "clipped_highlights": "1",
    "entropy": "bit",
    "bitrate": "bit/s",
    "median_bitrate": "bit/s",
    "mad_bitrate": "bit/s",
    "saves": "byte",
    "sample_rate": "Hz",
    "fps": "Hz",
    "start_time": "s",
    "end_time": "s",
    "mastering_min_luminance": "cd/m²",
    "mastering_max_luminance": "cd/m²",
    "max_cll": "cd/m²",
    "max_fall": "cd/m²",
    "width": "px",
    "height": "px",
    "focal_length": "mm",
    "latitude": "deg",
    "longitude": "deg",
}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame.

    Args:
        table: Result of an engine, with the types that the query declares.

    Returns:
        Text as ``str``, integers as ``Int64``, other numbers as ``float64``, booleans as ``boolean``,
        timestamps as ``datetime64[us, UTC]``, and enums as categories (all of the enum's values).
        ``attrs["units"]`` has the units of columns, such as ``byte`` and ``s``.
    """
    frame: pd.DataFrame = table.to_pandas(types_mapper=_DTYPES.get)
    # Only the units are stored in DataFrame.attrs, because pandas copies all attrs at every operation.
    frame.attrs["units"] = {name: unit for name in table.column_names if (unit := unit_of(name))}
    return frame


def pivoted(cells: pd.DataFrame, row: str, column: str, of: str) -> pd.DataFrame:
    """Pivot a DataFrame that has one row for each table cell into a two-dimensional table.

    Args:
        cells: One row per cell.
        row: Column with the values that become rows.
        column: Column with the values that become columns.
        of: Column with the values of the cells.

    Returns:
        The table, with the largest sums first in rows and columns, ties in the order of ``cells``, and 0 for
        missing cells. The index is named ``row`` and the columns ``column``; null becomes NaN in both.
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
    """Return the unit of the column with the given name, or None if it has no unit, as for counts.

    Columns with ``bytes`` in their name are in bytes, those with ``duration`` in seconds.
    """
    return _UNITS.get(name) or next((_UNITS[part] for part in name.split("_") if part in _DERIVED), None)


_DERIVED = ("bytes", "duration")


def pretty(frame: pd.DataFrame) -> pd.DataFrame:
    """Format a DataFrame for people: sizes, durations, shares, numbers and timestamps as readable text.

    Args:
        frame: A DataFrame of mfkit or any other DataFrame. Columns without a unit are formatted by type.

    Returns:
        A DataFrame of ``str`` with the same shape, index and order. Unknown values are empty, and control
        characters are escaped. Sort, sum and export the original DataFrame.
    """
    units = frame.attrs.get("units", {})
    shown = {
        place: _text(frame.iloc[:, place], units.get(name) or unit_of(str(name)), str(name))
        for place, name in enumerate(frame.columns)
    }
    formatted = pd.DataFrame(shown, index=frame.index, dtype="str")
    formatted.columns = frame.columns
    return formatted


def _text(column: pd.Series[Any], unit: str | None, name: str) -> list[str]:
    format_ = _formatter(column, unit, name)
    return ["" if null else format_(value) for value, null in zip(column, column.isna(), strict=True)]


def _formatter(column: pd.Series[Any], unit: str | None, name: str) -> Callable[[Any], str]:
    """Return the function that formats a column's values."""
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        known = column.dropna()
        days = bool((known == known.dt.normalize()).all())
        return lambda time: f"{time:%Y-%m-%d}" if days else f"{time:%Y-%m-%d %H:%M}"
    if types.is_bool_dtype(column.dtype):
        return lambda value: "yes" if value else "no"
    if not types.is_numeric_dtype(column.dtype):
        return lambda value: escape_control(str(value))
    if unit in _FORMATTERS:
        return _FORMATTERS[unit]
    if "year" in name.split("_"):
        return lambda year: f"{year:.0f}"
    suffix = f" {unit}" if unit else ""
    if types.is_integer_dtype(column.dtype):
        return lambda number: f"{number:,}{suffix}"
    return lambda number: f"{number:,.4g}{suffix}" if abs(number) < 10_000 else f"{number:,.0f}{suffix}"


def _with_prefix(number: float, unit: str) -> str:
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if abs(number) >= 10**power:
            return f"{number / 10**power:.3g} {prefix}{unit}"
    return f"{number:.4g} {unit}"


_FORMATTERS: dict[str | None, Callable[[Any], str]] = {
    "byte": lambda size: format_size(size) if size >= 0 else f"-{format_size(-size)}",
    "s": lambda seconds: format_duration(seconds) if seconds >= 0 else f"-{format_duration(-seconds)}",
    "1": lambda share: f"{share:.1%}",
    "deg": lambda degrees: f"{degrees:.4f}°",
    "bit/s": lambda rate: _with_prefix(rate, "bit/s"),
    "Hz": lambda rate: _with_prefix(rate, "Hz"),
}
