"""The same statements in Spark's words, with the record database's meaning, as mfkit.engines.duckdb_sql.

Text is Spark's for ANSI mode, in which a sum that overflows is an error and not another number. Sources:
https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html,
https://spark.apache.org/docs/latest/api/sql/index.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import DateTime, Float, Integer, Numeric
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlalchemy.sql.elements import UnaryExpression, _label_reference
from sqlalchemy.types import TypeEngine

from mfkit.engines.duckdb_sql import DuckdbCompiler, DuckdbDialect, UnsupportedError
from mfkit.engines.relations import duckdb_type

_TYPES = {"UUID": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ", "VARCHAR": "STRING"}


def spark_type(type_: TypeEngine[Any]) -> str:
    """Return the type of a column of a dataset; moments are UTC without saying so."""
    name = duckdb_type(type_)
    return _TYPES.get(name, name)


class _SparkCompiler(DuckdbCompiler):
    """Writes Spark SQL; refuses by raising."""

    # Spark takes the backslash when nothing is said; this character stands in no pattern.
    no_escape = r"\u0001"

    def type_name(self, type_: TypeEngine[Any]) -> str:
        return spark_type(type_)

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        # A moment goes to Spark as text: Python's own would be taken for one of the local zone.
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
        if self.dialect.record == "sqlite":
            half = f"CASE WHEN {number} < 0 THEN -0.5D ELSE 0.5D END"
            return f"CAST({self._truncated(f'{number} + {half}')} AS DOUBLE)"
        return f"rint({number})"

    def visit_extract(self, extract: Any, **kw: Any) -> str:
        text = super().visit_extract(extract, **kw)
        return f"({text} - 1)" if extract.field == "dow" else text  # Spark counts Sunday as 1

    def visit_cast(self, cast: Any, **kw: Any) -> str:
        if isinstance(cast.type, Integer) and isinstance(cast.clause.type, (Float, Numeric)):
            inner = self.process(cast.clause, **kw)
            return self._truncated(inner if self.dialect.record == "sqlite" else f"rint({inner})")
        return super().visit_cast(cast, **kw)

    # By zero is null, as in SQLite and in the snapshot.

    def visit_truediv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        left, right = self.process(binary.left, **kw), self.process(binary.right, **kw)
        return f"{left} / nullif(CAST({right} AS DOUBLE), 0D)"

    def visit_floordiv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        if not isinstance(binary.left.type, Integer) or not isinstance(binary.right.type, Integer):
            raise UnsupportedError("a division of fractions that rounds down")
        return f"{self.process(binary.left, **kw)} div nullif({self.process(binary.right, **kw)}, 0)"

    def visit_mod_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return f"{self.process(binary.left, **kw)} % nullif({self.process(binary.right, **kw)}, 0)"

    # Nulls come first in Spark, as in SQLite; on PostgreSQL they are the greatest.

    def order_by_clause(self, select: Any, **kw: Any) -> str:
        if self.dialect.record == "sqlite":
            return str(super().order_by_clause(select, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        return self._ordered(select._order_by_clauses, **kw)

    def visit_over(self, over: Any, **kw: Any) -> str:
        if self.dialect.record == "sqlite" or over.order_by is None:
            return str(super().visit_over(over, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        if over.range_ is not None or over.rows is not None or over.groups is not None:
            raise UnsupportedError("a frame of a window")
        unordered = over._clone()
        unordered.order_by = None
        text = str(super().visit_over(unordered, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        return f"{text.removesuffix(')')}{self._ordered(over.order_by.clauses, **kw)})"

    def _ordered(self, clauses: Iterable[Any], **kw: Any) -> str:
        said = [f"{self.process(clause, **kw)}{_nulls(clause)}" for clause in clauses]
        return f" ORDER BY {', '.join(said)}" if said else ""


def _nulls(clause: Any) -> str:
    inner = clause.element if isinstance(clause, _label_reference) else clause
    modifier = inner.modifier if isinstance(inner, UnaryExpression) else None
    if modifier in (operators.nulls_first_op, operators.nulls_last_op):
        return ""
    return " NULLS FIRST" if modifier is operators.desc_op else " NULLS LAST"


class _Quoting(IdentifierPreparer):
    """Quotes every name: Spark's reserved words are not SQLAlchemy's."""

    def _requires_quotes(self, value: str) -> bool:
        return True


class _Moment(DateTime):
    render_bind_cast = True


class SparkDialect(DuckdbDialect):
    """Spark with the record database's meaning; compiles only."""

    name = driver = "spark"
    default_paramstyle = "named"
    statement_compiler = _SparkCompiler
    bind_typing = BindTyping.RENDER_CASTS
    supports_statement_cache = True
    colspecs = {DateTime: _Moment}

    def __init__(self, record: str, relations: frozenset[str]) -> None:
        """Take whose meaning to keep, and what there is."""
        super().__init__(record, relations)
        self.identifier_preparer = _Quoting(self, initial_quote="`", escape_quote="`")
