"""Facts that have no column of their own: texts out of ``extra_metadata``, on each database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mfkit.models import media


class _ExtraText(FunctionElement[str]):
    """Arguments: the JSON column, the key as an SQL string."""

    inherit_cache = True
    type = Text()


@compiles(_ExtraText, "sqlite")
def _sqlite(element: _ExtraText, compiler: SQLCompiler, **kw: Any) -> str:
    column, path = _column_and_path(element, compiler, **kw)
    return f"CASE json_type({column}, {path}) WHEN 'text' THEN json_extract({column}, {path}) END"


@compiles(_ExtraText)
def _postgresql(element: _ExtraText, compiler: SQLCompiler, **kw: Any) -> str:
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CASE jsonb_typeof({column} -> {key}) WHEN 'string' THEN {column} ->> {key} END"


@compiles(_ExtraText, "duckdb")
def _duckdb(element: _ExtraText, compiler: SQLCompiler, **kw: Any) -> str:
    column, path = _column_and_path(element, compiler, **kw)
    return f"CASE json_type({column}, {path}) WHEN 'VARCHAR' THEN json_extract_string({column}, {path}) END"


@compiles(_ExtraText, "spark")
def _spark(element: _ExtraText, compiler: SQLCompiler, **kw: Any) -> str:
    column, path = _column_and_path(element, compiler, **kw)
    value = f"try_variant_get(try_parse_json({column}), {path}, 'variant')"
    return f"CASE schema_of_variant({value}) WHEN 'STRING' THEN CAST({value} AS STRING) END"


def _column_and_path(element: _ExtraText, compiler: SQLCompiler, **kw: Any) -> tuple[str, str]:
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return column, f"'$.{key[1:]}"


def json_text(key: str) -> ColumnElement[str]:
    """Return the text under a key of ``extra_metadata``; null when there is none or it is no text.

    Args:
        key: One of mfkit's own keys: letters, digits and underscores.
    """
    assert key.isidentifier()
    return _ExtraText(media.c.extra_metadata, literal_column(f"'{key}'"))
