"""Elements compile to the SQL of each dialect, in that dialect's module alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects import postgresql, sqlite

import mfkit
from mfkit.analysis.dimensions import period_start
from mfkit.engines.relations import NAMES
from mfkit.filters.conditions import camera
from mfkit.filters.text_search import search_hits
from mfkit.models import media
from mfkit.sql.duckdb_sql import DuckdbDialect
from mfkit.sql.elements import after_last, ancestor, by_code_point, capture_clock, json_text, media_words
from mfkit.sql.spark_sql import SparkDialect

RELATIONS = NAMES | {media_words.name}
DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy
    "duckdb": DuckdbDialect("sqlite", RELATIONS),
    "spark": SparkDialect("sqlite", RELATIONS),
}
c = media.c


@pytest.mark.parametrize(
    ("element", "parts"),
    [
        (camera, ("instr(", "split_part(", "split_part(", "split_part(")),
        (json_text("lens"), ("json_extract(", "->> 'lens'", "json_extract_string(", "try_variant_get(")),
        (capture_clock("weekday"), ("'%w'", "isodow", "isodow", "dayofweek_iso")),
        (capture_clock("hour"), ("'%H'", "extract(hour", "extract(hour", "extract(hour")),
        (
            period_start("month", c.created_at),
            ("strftime('%Y-%m-01", "AT TIME ZONE 'UTC'", "AS TIMESTAMP)", "AS TIMESTAMP_NTZ)"),
        ),
        (ancestor(c.folder, 2), ("json_each(", "substring(", "regexp_extract(", "r'^[^/]*")),
        (after_last(c.folder, "/"), ("rtrim(", "substring(", "]*$'", r"]*\z'")),
        (by_code_point(c.folder), ("folder", 'COLLATE "C"', "folder", "folder")),
        (
            search_hits("beach").c.rank,
            ("media_fts MATCH", "@@ to_tsquery(", "regexp_matches(words", "words RLIKE"),
        ),
    ],
    ids=str,
)
def test_each_dialect_has_its_own_form(element: ColumnElement[Any], parts: tuple[str, ...]) -> None:
    """Every element compiles for all four dialects, to the functions that the dialect has."""
    for (name, dialect), part in zip(DIALECTS.items(), parts, strict=True):
        assert part in str(select(element).compile(dialect=dialect)), name


def test_no_other_folder_compiles_elements() -> None:
    """SQL that differs by dialect is in mfkit/sql only."""
    package = Path(mfkit.__file__).parent
    compiling = {path.parent.name for path in package.rglob("*.py") if "@compile" in path.read_text("utf-8")}
    assert compiling == {"sql"}
