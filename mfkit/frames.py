"""Types of results: SQLAlchemy types as Arrow types, Arrow tables as DataFrames, DataFrames as text.

Every engine returns an Arrow table with the column types that the statement declares, also for zero rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Enum, Float, Integer, Numeric, String, Uuid
from sqlalchemy.types import TypeEngine

from mfkit.filters.units import format_duration, format_size
from mfkit.models import UTCDateTime, media
from mfkit.sql.translate import Translated
from mfkit.text_safety import escape_control

T = TypeVar("T")
TIMESTAMP = pa.timestamp("us", tz="UTC")
_LOCAL_TIME = pa.timestamp("us")
BATCH = 32_768
"""Number of rows in a batch of a streamed result."""
Batches = Iterator[pa.RecordBatch]
BatchConsumer = Callable[[pa.Schema, Batches], T]
"""Function that receives a streamed result. It runs on a thread and may be called again with all rows."""


def arrow_type(type_: TypeEngine[Any]) -> pa.DataType | None:
    """Return the Arrow type for a SQLAlchemy type, or None if the type is unknown.

    Enums become dictionaries, UUIDs and JSON become text. A type is unknown, for example, if it is the result
    type of a function that SQLAlchemy does not know.
    """
    if isinstance(type_, Enum):
        return pa.dictionary(pa.int8(), pa.string())
    if isinstance(type_, UTCDateTime):
        return TIMESTAMP
    if isinstance(type_, DateTime):
        return _LOCAL_TIME
    if isinstance(type_, Boolean):
        return pa.bool_()
    if isinstance(type_, BigInteger | Integer):
        return pa.int64()
    if isinstance(type_, Float | Numeric):
        return pa.float64()
    return pa.string() if isinstance(type_, String | Uuid | JSON) else None


def table_with_types(
    names: Sequence[str], types: Sequence[TypeEngine[Any]], rows: Iterable[Sequence[Any]]
) -> pa.Table:
    """Convert rows to an Arrow table with the declared column types, even if there are no rows."""
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        [_column(values, type_) for values, type_ in zip(columns, types, strict=True)], names=list(names)
    )


def infer_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Convert the rows of a SQL query from the user to an Arrow table, and infer the column types.

    A column with the same name as a column of ``media`` gets the type of that column if the values fit. The
    type of any other column is inferred from its values.
    """
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        [_infer(name, values) for name, values in zip(names, columns, strict=True)], names=list(names)
    )


def conform(translated: Translated, table: pa.Table) -> pa.Table:
    """Convert a statement's result to the column names and types that the statement declares.

    Raises:
        pa.ArrowException: A value does not fit, such as a sum of more than 64 bits.
        KeyError: A value is not a member of its enum.
    """
    columns = [_typed(column, type_) for column, type_ in zip(table.columns, translated.types, strict=True)]
    return pa.table(columns, names=translated.names)


def conform_free(table: pa.Table) -> pa.Table:
    """Convert DuckDB's result of a user's SQL query. The columns get types as in :func:`infer_table`."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in media.c:
            type_ = media.c[name].type
            try:
                if column.null_count == len(column):
                    column = pa.chunked_array([pa.nulls(len(column), _value_type(type_))])
                if pa.types.is_timestamp(column.type) and isinstance(type_, DateTime):
                    columns.append(column.cast(_LOCAL_TIME))
                    continue
                if column.null_count == len(column) or _standard_type(column).type == _value_type(type_):
                    columns.append(_typed(column, type_))
                    continue
            except (pa.ArrowException, KeyError):
                # The values do not fit the type of the `media` column with this name, so the type is inferred
                # from the values.
                pass
        columns.append(_standard_type(column))
    return pa.table(columns, names=table.column_names)


def _value_type(type_: TypeEngine[Any]) -> pa.DataType:
    return pa.string() if isinstance(type_, Enum) else arrow_type(type_)


def _typed(column: pa.ChunkedArray, type_: TypeEngine[Any]) -> pa.ChunkedArray:
    if arrow_type(type_) is None:
        return _standard_type(column)
    if not isinstance(type_, Enum):
        return column if column.type == arrow_type(type_) else column.cast(arrow_type(type_))
    categories = pa.array(list(type_.enums), pa.string())
    codes = pc.index_in(column, categories)
    if codes.null_count > column.null_count:
        raise KeyError("a value that is not one of the values of the column's Enum type")
    chunks = [
        pa.DictionaryArray.from_arrays(chunk.cast(pa.int8()), categories)
        # The array must have at least one chunk, because the category names are stored in the chunks.
        for chunk in codes.chunks or [pa.array([], pa.int8())]
    ]
    return pa.chunked_array(chunks, arrow_type(type_))


def _standard_type(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert a column without a declared type to a standard type, for example integers to 64 bits."""
    kind = column.type
    if column.null_count == len(column) or pa.types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if pa.types.is_integer(kind):
        return column.cast(pa.int64(), safe=kind != pa.uint64())
    if pa.types.is_decimal(kind):
        return column.cast(pa.int64() if kind.scale == 0 and _fits(column) else pa.float64())
    if pa.types.is_floating(kind):
        return column.cast(pa.float64())
    if pa.types.is_timestamp(kind):
        return column.cast(TIMESTAMP)
    return column


def _fits(column: pa.ChunkedArray) -> bool:
    bounds = pc.min_max(column).as_py()
    return bool(-(2**63) <= bounds["min"] and bounds["max"] < 2**63)


def _column(values: Sequence[Any], type_: TypeEngine[Any]) -> pa.Array:
    if isinstance(type_, Enum):
        categories = list(type_.enums)
        codes = {value: code for code, value in enumerate(categories)}
        indices = pa.array([None if value is None else codes[str(value)] for value in values], pa.int8())
        return pa.DictionaryArray.from_arrays(indices, pa.array(categories, pa.string()))
    wanted = arrow_type(type_)
    if wanted is None:
        return _untyped(values)
    convert = _CONVERTERS.get(_kind(type_))
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, wanted)


def _kind(type_: TypeEngine[Any]) -> type:
    return next((kind for kind in (Uuid, JSON, Numeric) if isinstance(type_, kind)), object)


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    Uuid: str,
    Numeric: float,
    JSON: lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
}


def _simple(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        # PostgreSQL returns sums and averages of integers as Decimal, which is converted to int or float.
        return int(value) if value.is_finite() and value.as_tuple().exponent == 0 else float(value)
    return value


def _infer(name: str, values: Sequence[Any]) -> pa.Array:
    if name in media.c:
        try:
            type_ = media.c[name].type
            return _column([_from_raw(value, type_) for value in values], type_)
        except (ValueError, TypeError, KeyError, AttributeError, pa.ArrowException):
            # The values do not fit the type of the `media` column with this name, so the type is inferred
            # from the values.
            pass
    return _untyped(values)


def _untyped(values: Sequence[Any]) -> pa.Array:
    """Convert values without a declared type to an array. If all values are null, its type is text."""
    try:
        array = pa.array([_simple(value) for value in values])
        return array if not pa.types.is_null(array.type) else array.cast(pa.string())
    except (pa.ArrowException, OverflowError):
        # In SQLite a column can have values of several types. Such a column becomes text.
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _from_raw(value: Any, type_: TypeEngine[Any]) -> Any:
    """Convert a value from the database driver to the Python type that SQLAlchemy would return."""
    if isinstance(value, str):
        if isinstance(type_, UTCDateTime):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        if isinstance(type_, DateTime):
            return datetime.fromisoformat(value)
        if isinstance(type_, Uuid):
            return UUID(value)
    if isinstance(type_, Boolean) and value in (0, 1):
        return bool(value)
    return value


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
