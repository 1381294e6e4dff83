"""PostgreSQL's form of each element.

Most forms are registered without a dialect, so that ``str()`` of a statement, which uses SQLAlchemy's default
dialect, shows them too.
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
    OrderedTexts,
    PeriodStart,
    SearchHits,
    compiled_by,
)

LOCAL_TIME_PATTERN = (
    "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
)
"""Regular expression, also valid in Java, for the beginning of an ISO 8601 local time."""


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


@compiled_by(ClockPart)
def _clock_part(part: str, local_time: str, timestamp: str) -> str:
    # A cast of an impossible date would end the query, so the time is put together from valid parts.
    local = (
        f"CASE WHEN {local_time} ~ '{LOCAL_TIME_PATTERN}' "
        f"THEN (substr({local_time}, 1, 7) || '-01')::timestamp "
        f"+ (substr({local_time}, 9, 2)::int - 1) * interval '1 day' + substr({local_time}, 12, 8)::time END"
    )
    field = "hour" if part == "'hour'" else "isodow"
    return f"CAST(extract({field} FROM coalesce({local}, {timestamp} AT TIME ZONE 'UTC')) AS INTEGER)"


@compiled_by(PeriodStart)
def _period_start(unit: str, timestamp: str) -> str:
    return f"(date_trunc({unit}, {timestamp} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"


@compiled_by(LeadingFolders)
def _leading_folders(path: str, separators: str) -> str:
    return f"substring({path} from '^[^/]*(?:/[^/]*){{0,{separators}}}')"


@compiled_by(AfterLast)
def _after_last(text: str, separator: str) -> str:
    return f"substring({text} from '[^{separator[1]}]*$')"


@compiled_by(CodePointOrder, "postgresql")
def _code_point_order(text: str) -> str:
    return f'{text} COLLATE "C"'


@compiled_by(OrderedTexts)
def _ordered_texts(text: str) -> str:
    return f"string_agg({text}, ', ' ORDER BY {text} COLLATE \"C\")"
