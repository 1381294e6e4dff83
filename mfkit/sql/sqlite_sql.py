"""Functions that compile mfkit's custom SQLAlchemy elements to SQLite's SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from mfkit.sql.elements import (
    AfterLast,
    ClassMedians,
    ClockPart,
    FirstWord,
    JsonText,
    LeadingFolders,
    ListValues,
    OrderedTexts,
    PeriodStart,
    SearchHits,
    UtcClock,
    columns_of_medians,
    compiled_by,
    doubled_median_column,
)

_PERIOD_STARTS = {
    "year": "strftime('%Y-01-01', {0})",
    "quarter": (
        "strftime('%Y-', {0}) || substr('01040710', (strftime('%m', {0}) - 1) / 3 * 2 + 1, 2) || '-01'"
    ),
    "month": "strftime('%Y-%m-01', {0})",
    # SQLite has no function for the start of a week, so a date is moved to the Sunday of its week, and then
    # back by six days to Monday.
    "week": "strftime('%Y-%m-%d', {0}, 'weekday 0', '-6 days')",
    "day": "strftime('%Y-%m-%d', {0})",
}


@compiled_by(FirstWord, "sqlite")
def _first_word(text: str) -> str:
    return f"substr({text}, 1, instr({text} || ' ', ' ') - 1)"


@compiled_by(JsonText, "sqlite")
def _json_text(column: str, key: str) -> str:
    path = f"'$.{key[1:]}"
    return f"CASE json_type({column}, {path}) WHEN 'text' THEN json_extract({column}, {path}) END"


@compiles(SearchHits, "sqlite")
def _search_hits(element: SearchHits, compiler: SQLCompiler, **kw: Any) -> str:
    fts5, *_ = element.clauses
    return (
        "(SELECT s.media_item_id AS media_item_id, media_fts.rank AS rank FROM media_fts "
        "JOIN media_search s ON s.id = media_fts.rowid WHERE media_fts MATCH "
        f"{compiler.process(fts5, **kw)})"
    )


@compiled_by(UtcClock, "sqlite")
def _utc_clock(timestamp: str) -> str:
    return timestamp


@compiled_by(ClockPart, "sqlite")
def _clock_part(part: str, local_time: str) -> str:
    # The fraction of the second is cut off, because SQLite rounds to milliseconds, and rounding the last
    # microsecond of a day would give the next day.
    clock = f"substr({local_time}, 1, 19)"
    if part == "'hour'":
        return f"CAST(strftime('%H', {clock}) AS INTEGER)"
    number = f"CAST(strftime('%w', {clock}) AS INTEGER)"  # %w numbers Sunday as 0, ISO 8601 as 7.
    return f"CASE {number} WHEN 0 THEN 7 ELSE {number} END"


@compiled_by(PeriodStart, "sqlite")
def _period_start(unit: str, local_time: str) -> str:
    # The fraction of the second is cut off (as in _clock_part()), because SQLite would round the second.
    start = _PERIOD_STARTS[unit[1:-1]].format(f"substr({local_time}, 1, 19)")
    return f"({start} || ' 00:00:00.000000')"


@compiled_by(LeadingFolders, "sqlite")
def _leading_folders(path: str, separators: str) -> str:
    # SQLite has no function that counts or splits at separators, so the path becomes a JSON array.
    parts = f"'[' || replace(json_quote({path}), '/', '\",\"') || ']'"
    return (
        f"(SELECT group_concat(value, '/') FROM (SELECT value FROM json_each({parts}) "
        f"ORDER BY key LIMIT {separators} + 1))"
    )


@compiled_by(AfterLast, "sqlite")
def _after_last(text: str, separator: str) -> str:
    # SQLite cannot search a text from its end. Instead, rtrim() removes all characters after the last
    # separator, so the length of the remaining text is the position of the last separator.
    # mfkit.models.wide_view does the same.
    return f"substr({text}, length(rtrim({text}, replace({text}, {separator}, ''))) + 1)"


@compiled_by(ListValues, "sqlite")
def _list_values(text: str) -> str:
    # The text is turned into a JSON array, because SQLite has no function that splits a text.
    return f"""json_each('[' || replace(json_quote({text}), '; ', '","') || ']')"""


@compiled_by(OrderedTexts, "sqlite")
def _ordered_texts(text: str) -> str:
    # group_concat() has no ORDER BY before SQLite 3.44, so it is used as a window function. It then returns
    # the same text in every row, and the scalar subquery around it takes the first row.
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    return f"group_concat({text}, ', ') OVER (ORDER BY {text} {frame})"


@compiles(ClassMedians, "sqlite")
def _class_medians(element: ClassMedians, compiler: SQLCompiler, **kw: Any) -> str:
    # SQLite has no function for medians, so the rows of a class are numbered in the order of a value. The two
    # middle values are the smallest ones whose number is at least half, and more than half, of the number of
    # rows.
    classes, values = columns_of_medians(element)
    places = [
        f"row_number() OVER (PARTITION BY {classes} ORDER BY {value}) AS place_{value}" for value in values
    ]
    medians = [
        f"min(CASE WHEN 2 * place_{value} >= peers THEN {value} END) + "
        f"min(CASE WHEN 2 * place_{value} > peers THEN {value} END) AS {doubled_median_column(value)}"
        for value in values
    ]
    (rows,) = element.clauses
    return (
        f"(SELECT {classes}, {', '.join(medians)}, max(peers) AS peers FROM ("
        f"SELECT {classes}, {', '.join(values)}, {', '.join(places)}, "
        f"count(*) OVER (PARTITION BY {classes}) AS peers "
        f"FROM {compiler.process(rows, **kw)} AS rows_of_classes) GROUP BY {classes})"
    )
