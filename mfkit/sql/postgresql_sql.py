"""Functions that compile mfkit's custom SQLAlchemy elements to PostgreSQL's SQL.

Most functions are registered without a dialect. So they are also used for other dialects with the same SQL,
and for ``str()`` of a statement, which uses SQLAlchemy's default dialect.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from mfkit.sql.elements import (
    AfterLast,
    ClockPart,
    CodePointOrder,
    FirstWord,
    JsonText,
    LeadingFolders,
    ListValues,
    OrderedTexts,
    PeriodStart,
    SearchHits,
    UtcClock,
    aggregated_medians,
    compiled_by,
)


@compiled_by(FirstWord)
def _first_word(text: str) -> str:
    return f"split_part({text}, ' ', 1)"


@compiled_by(JsonText)
def _json_text(column: str, key: str) -> str:
    return f"CASE jsonb_typeof({column} -> {key}) WHEN 'string' THEN {column} ->> {key} END"


@compiles(SearchHits, "postgresql")
def _search_hits(element: SearchHits, compiler: SQLCompiler, **kw: Any) -> str:
    _, tsquery, *_ = element.clauses
    query = f"to_tsquery('simple', {compiler.process(tsquery, **kw)})"
    return (
        f"(SELECT media_item_id, -ts_rank(document, {query}) AS rank FROM media_search "
        f"WHERE document @@ {query})"
    )


@compiled_by(UtcClock)
def _utc_clock(timestamp: str) -> str:
    return f"({timestamp} AT TIME ZONE 'UTC')"


@compiled_by(ClockPart)
def _clock_part(part: str, local_time: str) -> str:
    field = "hour" if part == "'hour'" else "isodow"
    return f"CAST(extract({field} FROM {local_time}) AS INTEGER)"


@compiled_by(PeriodStart)
def _period_start(unit: str, local_time: str) -> str:
    return f"date_trunc({unit}, {local_time})"


@compiled_by(LeadingFolders)
def _leading_folders(path: str, separators: str) -> str:
    return f"substring({path} from '^[^/]*(?:/[^/]*){{0,{separators}}}')"


@compiled_by(AfterLast)
def _after_last(text: str, separator: str) -> str:
    return f"substring({text} from '[^{separator[1]}]*$')"


@compiled_by(CodePointOrder, "postgresql")
def _code_point_order(text: str) -> str:
    return f'{text} COLLATE "C"'


@compiled_by(ListValues)
def _list_values(text: str) -> str:
    # string_to_array() returns an empty array for an empty text, and null for null. In both cases, an array
    # with the text itself is used instead.
    parts = f"nullif(string_to_array({text}, '; '), ARRAY[]::text[])"
    return f"LATERAL (SELECT unnest(coalesce({parts}, ARRAY[{text}]::text[])) AS value)"


@compiled_by(OrderedTexts)
def _ordered_texts(text: str) -> str:
    return f"string_agg({text}, ', ' ORDER BY {text} COLLATE \"C\")"


aggregated_medians("2 * percentile_cont(0.5) WITHIN GROUP (ORDER BY {})")
