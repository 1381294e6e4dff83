"""The start of the year, month or day that a moment falls in, as SQL on each database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mfkit.errors import FilterError
from mfkit.models import UTCDateTime

Freq = Literal["year", "month", "day"]
_FORMATS = {"year": "%Y-01-01", "month": "%Y-%m-01", "day": "%Y-%m-%d"}


class _PeriodStart(FunctionElement[datetime]):
    """Arguments: the unit as an SQL string, the moment."""

    inherit_cache = True
    type = UTCDateTime()


@compiles(_PeriodStart, "sqlite")
def _sqlite(element: _PeriodStart, compiler: SQLCompiler, **kw: Any) -> str:
    unit, moment = element.clauses
    pattern = _FORMATS[compiler.process(unit).strip("'")].replace("%", "%%")
    if not compiler.preparer._double_percents:
        pattern = pattern.replace("%%", "%")
    return f"strftime('{pattern} 00:00:00.000000', {compiler.process(moment, **kw)})"


@compiles(_PeriodStart)
def _standard(element: _PeriodStart, compiler: SQLCompiler, **kw: Any) -> str:
    unit, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(date_trunc({unit}, {moment} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"


@compiles(_PeriodStart, "duckdb")
def _duckdb(element: _PeriodStart, compiler: SQLCompiler, **kw: Any) -> str:
    unit, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    # The snapshot's moments are UTC and say no zone; of a text or date nothing is known.
    return f"CAST(date_trunc({unit}, {moment}) AS TIMESTAMP)"


@compiles(_PeriodStart, "spark")
def _spark(element: _PeriodStart, compiler: SQLCompiler, **kw: Any) -> str:
    unit, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    # date_trunc() gives a moment with a zone, which is UTC in the sessions that mfkit makes.
    return f"CAST(date_trunc({unit}, {moment}) AS TIMESTAMP_NTZ)"


def period_start(freq: Freq, moment: ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the first moment (UTC) of the period that a moment falls in.

    Args:
        freq: ``"year"``, ``"month"`` or ``"day"``.
        moment: A timestamp expression.

    Raises:
        FilterError: The period has another name.
    """
    if freq not in get_args(Freq):
        raise FilterError(f"{freq!r} is no period; take one of {', '.join(get_args(Freq))}.")
    return _PeriodStart(literal_column(f"'{freq}'"), moment)
