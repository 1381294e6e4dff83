"""Which Arrow type a SQLAlchemy type becomes, and the rows of a query as an Arrow table of such types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Enum, Float, Integer, Numeric, String, Uuid
from sqlalchemy.types import TypeEngine

from mfkit.models import UTCDateTime, media

TIMESTAMP = pa.timestamp("us", tz="UTC")


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


def _column(values: Sequence[Any], type_: TypeEngine[Any]) -> pa.Array:
    if isinstance(type_, Enum):
        categories = list(type_.enums)
        codes = {value: code for code, value in enumerate(categories)}
        indices = pa.array([None if value is None else codes[str(value)] for value in values], pa.int8())
        return pa.DictionaryArray.from_arrays(indices, pa.array(categories, pa.string()))
    wanted = arrow_type(type_)
    if wanted is None:
        return _plain(values)
    convert = _CONVERSIONS.get(_kind(type_))
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, wanted)


def _kind(type_: TypeEngine[Any]) -> type:
    return next((kind for kind in _CONVERSIONS if isinstance(type_, kind)), object)


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    Uuid: str,
    JSON: lambda value: json.dumps(value, ensure_ascii=False),
    Numeric: float,
}


def _plain(values: Sequence[Any]) -> pa.Array:
    """Return values as an array of the type that they suggest."""
    try:
        return pa.array([_simple(value) for value in values])
    except (pa.ArrowException, OverflowError):
        # SQLite's columns may hold values of several types.
        return pa.array([None if value is None else str(value) for value in values], pa.string())


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
    return _plain(values)


def _from_raw(value: Any, type_: TypeEngine[Any]) -> Any:
    """Return what the driver gave as what SQLAlchemy would have made of it."""
    if isinstance(value, str):
        if isinstance(type_, UTCDateTime):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        if isinstance(type_, Uuid):
            return UUID(value)
        if isinstance(type_, JSON):
            return json.loads(value)
    if isinstance(type_, Boolean) and value in (0, 1):
        return bool(value)
    return value
