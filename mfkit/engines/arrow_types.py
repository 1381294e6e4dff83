"""Conversion of SQLAlchemy types to Arrow types, and of query results to Arrow tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Enum, Float, Integer, Numeric, String, Uuid
from sqlalchemy.types import TypeEngine

from mfkit.models import UTCDateTime, media
from mfkit.sql.translate import Translated

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
    """Convert the result of a translated statement to the column names and types that it declares.

    Raises:
        pa.ArrowException: A value does not fit, such as a sum of more than 64 bits.
        KeyError: A value is not a member of its enum.
    """
    columns = [_typed(column, type_) for column, type_ in zip(table.columns, translated.types, strict=True)]
    return pa.table(columns, names=translated.names)


def conform_free(table: pa.Table) -> pa.Table:
    """Convert DuckDB's result of a SQL query from the user to the types that :func:`infer_table` infers."""
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
                # The values have another type than the column of `media` with this name, so the type is
                # inferred from the values.
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
        raise KeyError("a value that is not a member of the enum")
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
            # The values have another type than the column of `media` with this name, so the type is inferred.
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
