"""Which Arrow type a SQLAlchemy type becomes, and the rows of a query as an Arrow table of such types."""

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

T = TypeVar("T")
TIMESTAMP = pa.timestamp("us", tz="UTC")
BATCH = 32_768
"""Rows that are handed on at a time, where an answer is not held in memory as a whole."""
Batches = Iterator[pa.RecordBatch]
BatchConsumer = Callable[[pa.Schema, Batches], T]
"""What becomes of an answer that comes in batches; it runs on a thread, and may have to begin anew."""


def arrow_type(type_: TypeEngine[Any]) -> pa.DataType | None:
    """Return the Arrow type of a column: enums as dictionaries, UUIDs and JSON as text.

    None for a type that says nothing, such as that of a function unknown to SQLAlchemy.
    """
    if isinstance(type_, Enum):
        return pa.dictionary(pa.int8(), pa.string())
    if isinstance(type_, (UTCDateTime, DateTime)):
        return TIMESTAMP
    if isinstance(type_, Boolean):
        return pa.bool_()
    if isinstance(type_, BigInteger | Integer):
        return pa.int64()
    if isinstance(type_, Float | Numeric):
        return pa.float64()
    return pa.string() if isinstance(type_, String | Uuid | JSON) else None


def declared(
    names: Sequence[str], types: Sequence[TypeEngine[Any]], rows: Iterable[Sequence[Any]]
) -> pa.Table:
    """Return rows as a table whose columns have the types that the query declares, also for no rows."""
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        [_column(values, type_) for values, type_ in zip(columns, types, strict=True)], names=list(names)
    )


def inferred(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Return rows of free SQL as a table.

    A column that bears the name of one of ``media`` and whose values fit gets that column's type;
    every other one the type that its values suggest.
    """
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        [_guess(name, values) for name, values in zip(names, columns, strict=True)], names=list(names)
    )


def conform(table: pa.Table, types: Sequence[TypeEngine[Any]]) -> pa.Table:
    """Return DuckDB's answer with the types that a query declares.

    Raises:
        pa.ArrowException: A value does not fit, such as a sum beyond 64 bits.
        KeyError: A value is none of its enum's.
    """
    columns = [_typed(column, type_) for column, type_ in zip(table.columns, types, strict=True)]
    return pa.table(columns, names=table.column_names)


def conform_free(table: pa.Table) -> pa.Table:
    """Return DuckDB's answer to free SQL, typed as :func:`inferred` types the record database's."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in media.c:
            type_ = media.c[name].type
            try:
                if column.null_count == len(column):
                    column = pa.chunked_array([pa.nulls(len(column), _plain_type(type_))])
                if column.null_count == len(column) or _natural(column).type == _plain_type(type_):
                    columns.append(_typed(column, type_))
                    continue
            except (pa.ArrowException, KeyError):
                pass  # the name is the query's own and means something else there
        columns.append(_natural(column))
    return pa.table(columns, names=table.column_names)


def _plain_type(type_: TypeEngine[Any]) -> pa.DataType:
    return pa.string() if isinstance(type_, Enum) else arrow_type(type_)


def _typed(column: pa.ChunkedArray, type_: TypeEngine[Any]) -> pa.ChunkedArray:
    if arrow_type(type_) is None:
        return _natural(column)
    if not isinstance(type_, Enum):
        return column if column.type == arrow_type(type_) else column.cast(arrow_type(type_))
    categories = pa.array(list(type_.enums), pa.string())
    codes = pc.index_in(column, categories)
    if codes.null_count > column.null_count:
        raise KeyError("a value that is none of the enum's")
    chunks = [
        pa.DictionaryArray.from_arrays(chunk.cast(pa.int8()), categories)
        # Without a chunk the categories would have no place.
        for chunk in codes.chunks or [pa.array([], pa.int8())]
    ]
    return pa.chunked_array(chunks, arrow_type(type_))


def _natural(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose type nothing declares as the type of its values says."""
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
        return _suggested(values)
    convert = _CONVERT.get(_kind(type_))
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, wanted)


def _kind(type_: TypeEngine[Any]) -> type:
    return next((kind for kind in (Uuid, JSON, Numeric) if isinstance(type_, kind)), object)


_CONVERT: dict[type, Callable[[Any], Any]] = {
    Uuid: str,
    Numeric: float,
    JSON: lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
}


def _simple(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        # PostgreSQL adds up and averages whole numbers to these.
        return int(value) if value.is_finite() and value.as_tuple().exponent == 0 else float(value)
    return value


def _guess(name: str, values: Sequence[Any]) -> pa.Array:
    if name in media.c:
        try:
            type_ = media.c[name].type
            return _column([_from_raw(value, type_) for value in values], type_)
        except (ValueError, TypeError, KeyError, AttributeError, pa.ArrowException):
            pass  # the name is the query's own and means something else there
    return _suggested(values)


def _suggested(values: Sequence[Any]) -> pa.Array:
    """Return values of which nothing declares the type; nulls alone are text."""
    try:
        array = pa.array([_simple(value) for value in values])
        return array if not pa.types.is_null(array.type) else array.cast(pa.string())
    except (pa.ArrowException, OverflowError):
        # SQLite's columns may hold values of several types.
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _from_raw(value: Any, type_: TypeEngine[Any]) -> Any:
    """Return what the driver gave as what SQLAlchemy would have made of it."""
    if isinstance(value, str):
        if isinstance(type_, UTCDateTime):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        if isinstance(type_, Uuid):
            return UUID(value)
    if isinstance(type_, Boolean) and value in (0, 1):
        return bool(value)
    return value
