"""Spark's SQL for mfkit's own SQLAlchemy elements, and the compiler from SQLAlchemy statements to Spark SQL.

As for DuckDB, the compiled SQL returns the same result as the statement on the library database. It requires
Spark's ANSI mode, in which an integer overflow is an error. Sources:
https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html,
https://spark.apache.org/docs/latest/api/sql/index.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import DateTime, Float, Integer, Numeric
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import IdentifierPreparer, SQLCompiler
from sqlalchemy.sql.elements import UnaryExpression, _label_reference
from sqlalchemy.types import TypeEngine

from mfkit.sql.duckdb_sql import DuckdbCompiler, DuckdbDialect, UnsupportedError, duckdb_type, search_of_words
from mfkit.sql.elements import (
    AfterLast,
    ClockPart,
    JsonText,
    LeadingFolders,
    ListValues,
    OrderedTexts,
    PeriodStart,
    SearchHits,
    aggregated_medians,
    compiled_by,
)

_TYPES = {"UUID": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ", "VARCHAR": "STRING"}


def spark_type(type_: TypeEngine[Any]) -> str:
    """Return the Spark type for a SQLAlchemy type. Timestamps have no time zone and are in UTC."""
    name = duckdb_type(type_)
    return _TYPES.get(name, name)


class _SparkCompiler(DuckdbCompiler):
    """Compiler to Spark SQL; raises `UnsupportedError` for unsupported parts of a statement."""

    # Patterns may contain backslashes, which are Spark's default escape characters. A control character that
    # does not occur in patterns is the escape character instead.
    no_escape = r"\u0001"

    def type_name(self, type_: TypeEngine[Any]) -> str:
        return spark_type(type_)

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        # Timestamps are passed as text, because Spark interprets Python datetimes as local times.
        return f"CAST({sqltext} AS TIMESTAMP_NTZ)"

    def visit_function(self, func: Any, *args: Any, **kw: Any) -> str:
        name, arguments = func.name.lower(), list(func.clauses)
        numbers = (Integer, Float, Numeric)
        if name in ("sum", "avg") and len(arguments) == 1 and isinstance(arguments[0].type, numbers):
            return f"{name}({self.process(arguments[0], **kw)})"
        return super().visit_function(func, *args, **kw)

    def _folded(self, text: str) -> str:
        return f"translate({text}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"

    def _truncated(self, number: str) -> str:
        return f"CAST({number} AS BIGINT)"

    def _round(self, number: str) -> str:
        if self.dialect.library_dialect == "sqlite":
            half = f"CASE WHEN {number} < 0 THEN -0.5D ELSE 0.5D END"
            return f"CAST({self._truncated(f'{number} + {half}')} AS DOUBLE)"
        return f"rint({number})"

    def visit_extract(self, extract: Any, **kw: Any) -> str:
        text = super().visit_extract(extract, **kw)
        # Spark numbers Sunday as 1 and the library database as 0, so 1 is subtracted.
        return f"({text} - 1)" if extract.field == "dow" else text

    def visit_cast(self, cast: Any, **kw: Any) -> str:
        if isinstance(cast.type, Integer) and isinstance(cast.clause.type, (Float, Numeric)):
            inner = self.process(cast.clause, **kw)
            return self._truncated(inner if self.dialect.library_dialect == "sqlite" else f"rint({inner})")
        return super().visit_cast(cast, **kw)

    # Division by zero is an error in Spark's ANSI mode. nullif() makes it null, as in SQLite and DuckDB.

    def visit_truediv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        left, right = self.process(binary.left, **kw), self.process(binary.right, **kw)
        return f"{left} / nullif(CAST({right} AS DOUBLE), 0D)"

    def visit_floordiv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        if not isinstance(binary.left.type, Integer) or not isinstance(binary.right.type, Integer):
            raise UnsupportedError("floor division (//) of decimal numbers")
        return f"{self.process(binary.left, **kw)} div nullif({self.process(binary.right, **kw)}, 0)"

    def visit_mod_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return f"{self.process(binary.left, **kw)} % nullif({self.process(binary.right, **kw)}, 0)"

    # Like SQLite, Spark sorts nulls as the smallest values. PostgreSQL sorts them as the largest, so NULLS
    # FIRST or NULLS LAST is added for a PostgreSQL library.

    def order_by_clause(self, select: Any, **kw: Any) -> str:
        if self.dialect.library_dialect == "sqlite":
            return str(super().order_by_clause(select, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        return self._ordered(select._order_by_clauses, **kw)

    def visit_over(self, over: Any, **kw: Any) -> str:
        if self.dialect.library_dialect == "sqlite" or over.order_by is None:
            return str(super().visit_over(over, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        if over.range_ is not None or over.rows is not None or over.groups is not None:
            raise UnsupportedError("a window function with a frame (ROWS, RANGE or GROUPS)")
        unordered = over._clone()
        unordered.order_by = None
        text = str(super().visit_over(unordered, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        return f"{text.removesuffix(')')}{self._ordered(over.order_by.clauses, **kw)})"

    def _ordered(self, clauses: Iterable[Any], **kw: Any) -> str:
        terms = [f"{self.process(clause, **kw)}{_nulls_as_largest(clause)}" for clause in clauses]
        return f" ORDER BY {', '.join(terms)}" if terms else ""


def _nulls_as_largest(clause: Any) -> str:
    inner = clause.element if isinstance(clause, _label_reference) else clause
    modifier = inner.modifier if isinstance(inner, UnaryExpression) else None
    if modifier in (operators.nulls_first_op, operators.nulls_last_op):
        return ""
    return " NULLS FIRST" if modifier is operators.desc_op else " NULLS LAST"


class _QuoteAllNames(IdentifierPreparer):
    """Identifier preparer that quotes every name, because SQLAlchemy does not know Spark's reserved words."""

    def _requires_quotes(self, value: str) -> bool:
        return True


class _Timestamp(DateTime):
    render_bind_cast = True


class SparkDialect(DuckdbDialect):
    """Compile-only SQLAlchemy dialect for Spark. Its SQL returns the same results as the library database."""

    name = driver = "spark"
    default_paramstyle = "named"
    statement_compiler = _SparkCompiler
    bind_typing = BindTyping.RENDER_CASTS
    supports_statement_cache = True
    colspecs = {DateTime: _Timestamp}

    def __init__(self, library_dialect: str, relations: frozenset[str]) -> None:
        """Create a dialect for one kind of library database. Statements may read only ``relations``."""
        super().__init__(library_dialect, relations)
        self.identifier_preparer = _QuoteAllNames(self, initial_quote="`", escape_quote="`")


@compiled_by(JsonText, "spark")
def _json_text(column: str, key: str) -> str:
    value = f"try_variant_get(try_parse_json({column}), '$.{key[1:]}, 'variant')"
    return f"CASE schema_of_variant({value}) WHEN 'STRING' THEN CAST({value} AS STRING) END"


@compiles(SearchHits, "spark")
def _search_hits(element: SearchHits, compiler: SQLCompiler, **kw: Any) -> str:
    return search_of_words(element, compiler, "words RLIKE {}", **kw)


@compiled_by(ClockPart, "spark")
def _clock_part(part: str, local_time: str) -> str:
    field = "hour" if part == "'hour'" else "dayofweek_iso"
    return f"extract({field} FROM {local_time})"


@compiled_by(PeriodStart, "spark")
def _period_start(unit: str, timestamp: str) -> str:
    # date_trunc() returns a timestamp with a time zone. mfkit's Spark sessions use UTC, so the cast does not
    # change the time.
    return f"CAST(date_trunc({unit}, {timestamp}) AS TIMESTAMP_NTZ)"


@compiled_by(LeadingFolders, "spark")
def _leading_folders(path: str, separators: str) -> str:
    return f"regexp_extract({path}, r'^[^/]*(?:/[^/]*){{0,{separators}}}', 0)"


@compiled_by(AfterLast, "spark")
def _after_last(text: str, separator: str) -> str:
    # \z is used instead of $, because Java's $ also matches before a final line break.
    return rf"regexp_extract({text}, r'[^{separator[1]}]*\z', 0)"


@compiled_by(ListValues, "spark")
def _list_values(text: str) -> str:
    return f"LATERAL (SELECT explode(coalesce(split({text}, '; '), array(CAST(NULL AS STRING)))) AS value)"


@compiled_by(OrderedTexts, "spark")
def _ordered_texts(text: str) -> str:
    return f"listagg({text}, ', ') WITHIN GROUP (ORDER BY {text})"


aggregated_medians("2 * percentile({}, 0.5)", "spark")
