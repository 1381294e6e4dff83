"""Weekday and hour of capture as the camera's clock showed them, as SQL on each database.

``file_created_at`` is a moment in UTC. A file that states its offset has ``extra_metadata.taken_at`` too,
the camera's own wall clock with that offset (ISO 8601): it is that clock which tells morning from night.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mfkit.filters.json_fields import json_text
from mfkit.models import media

_ISO = "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_GLOB = "-".join(["[0-9]" * 4, "[0-9]" * 2, "[0-9]" * 2]) + "T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]*"


class _ClockPart(FunctionElement[int]):
    """Arguments: the part as an SQL string, the wall clock's text, the moment in UTC."""

    inherit_cache = True
    type = Integer()


@compiles(_ClockPart, "sqlite")
def _sqlite(element: _ClockPart, compiler: SQLCompiler, **kw: Any) -> str:
    part, text, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    shown = f"CASE WHEN {text} GLOB '{_GLOB}' THEN datetime(substr({text}, 1, 19)) END"
    # Whole seconds: SQLite counts milliseconds, and rounds the last microsecond of a day into the next.
    clock = f"coalesce({shown}, substr({moment}, 1, 19))"
    if part == "'hour'":
        return f"CAST(strftime({_percent(compiler, '%H')}, {clock}) AS INTEGER)"
    # %w counts from Sunday, 0.
    number = f"CAST(strftime({_percent(compiler, '%w')}, {clock}) AS INTEGER)"
    return f"CASE {number} WHEN 0 THEN 7 ELSE {number} END"


def _percent(compiler: SQLCompiler, pattern: str) -> str:
    doubled = pattern.replace("%", "%%") if compiler.preparer._double_percents else pattern
    return f"'{doubled}'"


@compiles(_ClockPart)
def _postgresql(element: _ClockPart, compiler: SQLCompiler, **kw: Any) -> str:
    part, text, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    # Built of parts that always convert: a cast of an impossible date would end the query.
    shown = (
        f"CASE WHEN {text} ~ '{_ISO}' THEN (substr({text}, 1, 7) || '-01')::timestamp "
        f"+ (substr({text}, 9, 2)::int - 1) * interval '1 day' + substr({text}, 12, 8)::time END"
    )
    field = "hour" if part == "'hour'" else "isodow"
    return f"CAST(extract({field} FROM coalesce({shown}, {moment} AT TIME ZONE 'UTC')) AS INTEGER)"


@compiles(_ClockPart, "duckdb")
def _duckdb(element: _ClockPart, compiler: SQLCompiler, **kw: Any) -> str:
    part, text, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    shown = f"CASE WHEN substr({text}, 11, 1) = 'T' THEN TRY_CAST(substr({text}, 1, 19) AS TIMESTAMP) END"
    field = "hour" if part == "'hour'" else "isodow"
    return f"CAST(extract({field} FROM coalesce({shown}, {moment})) AS INTEGER)"


@compiles(_ClockPart, "spark")
def _spark(element: _ClockPart, compiler: SQLCompiler, **kw: Any) -> str:
    part, text, moment = (compiler.process(clause, **kw) for clause in element.clauses)
    shown = f"CASE WHEN {text} RLIKE '{_ISO}' THEN try_cast(substr({text}, 1, 19) AS TIMESTAMP_NTZ) END"
    field = "hour" if part == "'hour'" else "dayofweek_iso"
    return f"extract({field} FROM coalesce({shown}, {moment}))"


def capture_clock(part: Literal["weekday", "hour"]) -> ColumnElement[int]:
    """Return when in the week (Monday is 1, Sunday 7) or in the day (0 to 23) an item was made.

    Null where the capture time is not known. Where the file states no offset, the clock is the camera's
    all the same; where it states one in another way than mfkit writes it, UTC.
    """
    return _ClockPart(literal_column(f"'{part}'"), json_text("taken_at"), media.c.file_created_at)
