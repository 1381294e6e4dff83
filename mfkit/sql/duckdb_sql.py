"""DuckDB's SQL for mfkit's own SQLAlchemy elements, and the compiler from SQLAlchemy statements to this SQL.

The compiled SQL returns the same result in DuckDB as the statement returns on the library database. This is
a SQLAlchemy dialect and not a translation of SQL text, because a dialect knows the types of all expressions.
Databases treat types differently: ``/`` with integers, ``CAST`` with fractions, the case of letters in
``LIKE`` and ``lower``. The compiler rejects a statement if equal results are not certain, and the caller then
runs it on the library database. The compiler accepts only functions whose results were compared.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Boolean, DateTime, Float, Integer, Interval, Numeric, String, Uuid
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import compiler
from sqlalchemy.types import TypeEngine

from mfkit.models import UTCDateTime
from mfkit.sql.elements import (
    AfterLast,
    ClassMedians,
    ClockPart,
    JsonText,
    LeadingFolders,
    ListValues,
    OrderedTexts,
    PeriodStart,
    SearchHits,
    UtcClock,
    aggregated_medians,
    compiled_by,
    media_words,
)

LIBRARY_DIALECTS = ("sqlite", "postgresql")
"""SQLAlchemy's dialect names of the databases that can hold a library."""


class UnsupportedError(Exception):
    """Raised if a part of a statement can run only on the library database."""


_LITERAL = re.compile(r"\*|'[^']*'|-?\d+(\.\d+)?|NULL", re.IGNORECASE)
# Functions that return the same result in SQLite, PostgreSQL and DuckDB, with the accepted argument counts.
# fmt: off
_COMMON_FUNCTIONS: dict[str, tuple[int, ...]] = {
    "count": (0, 1), "min": (1,), "max": (1,), "coalesce": tuple(range(1, 64)), "nullif": (2,), "abs": (1,),
    "trim": (1,), "ltrim": (1,), "rtrim": (1,), "replace": (3,), "sin": (1,), "cos": (1,), "radians": (1,),
    "row_number": (0,), "rank": (0,), "dense_rank": (0,), "ntile": (1,), "lag": (1, 2), "lead": (1, 2),
    "first_value": (1,), "last_value": (1,), "percent_rank": (0,), "cume_dist": (0,),
}
# fmt: on
_EXTRACT_FIELDS = frozenset(("year", "month", "day", "hour", "minute", "doy", "dow"))
_NUMBERS = (Integer, Float, Numeric)


class DuckdbCompiler(compiler.SQLCompiler):
    """Compiler to DuckDB's SQL; raises `UnsupportedError` for unsupported parts of a statement."""

    dialect: DuckdbDialect
    no_escape = ""
    """Escape character for a LIKE without ``ESCAPE``. If it is empty, no ``ESCAPE`` clause is added."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.relations: set[str] = set()
        super().__init__(*args, **kwargs)

    def visit_table(self, table: Any, *args: Any, **kw: Any) -> str:
        if table.schema is not None or table.name not in self.dialect.relations:
            raise UnsupportedError(f"the table {table.name}")
        self.relations.add(table.name)
        return str(super().visit_table(table, *args, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy

    def visit_column(self, column: Any, *args: Any, **kw: Any) -> str:
        if column.is_literal and not _LITERAL.fullmatch(column.name):
            raise UnsupportedError(f"the literal SQL text {column.name!r}")
        return str(super().visit_column(column, *args, **kw))

    def visit_table_valued_alias(self, element: Any, *args: Any, **kw: Any) -> str:
        if isinstance(element.element, SearchHits) and media_words.name not in self.dialect.relations:
            raise UnsupportedError("a full-text search")
        if not isinstance(element.element, (SearchHits, ListValues, ClassMedians)):
            raise UnsupportedError("a table function")
        found = super().visit_table_valued_alias(element, *args, **kw)  # type: ignore[no-untyped-call]
        return str(found)

    def visit_function(self, func: Any, *args: Any, **kw: Any) -> str:
        name, arguments = func.name.lower(), list(func.clauses)
        types = [argument.type for argument in arguments]
        if name in ("lower", "upper") and len(arguments) == 1:
            return self._fold(name, self.process(arguments[0], **kw))
        if name == "length" and len(arguments) == 1 and isinstance(types[0], String):
            return f"length({self.process(arguments[0], **kw)})"
        if name == "substr" and len(arguments) in (2, 3) and isinstance(types[0], String):
            return f"substr({', '.join(self.process(one, **kw) for one in arguments)})"
        if name in ("sum", "avg") and len(arguments) == 1 and isinstance(types[0], _NUMBERS):
            # fsum() and favg() compensate for rounding errors, so the result practically does not depend on
            # the order in which threads add the values.
            exact = "fsum" if name == "sum" else "favg"
            function = name if isinstance(types[0], Integer) else exact
            return f"{function}({self.process(arguments[0], **kw)})"
        if name == "round" and len(arguments) == 1 and isinstance(types[0], _NUMBERS):
            return self._round(self.process(arguments[0], **kw))
        if len(arguments) not in _COMMON_FUNCTIONS.get(name, ()) or func.packagenames:
            raise UnsupportedError(f"the function {name}")
        return str(super().visit_function(func, *args, **kw))

    def _fold(self, name: str, text: str) -> str:
        if self.dialect.library_dialect != "sqlite":
            return f"{name}({text})"
        if name == "upper":
            raise UnsupportedError("the function upper")
        return self._folded(text)

    def _folded(self, text: str) -> str:
        """Return SQL that converts only ASCII letters to lower case, as SQLite's lower() does."""
        return fold_case(text)

    def _round(self, number: str) -> str:
        if self.dialect.library_dialect == "sqlite":  # As in SQLite, 0.5 is rounded away from zero.
            return f"trunc({number} + CASE WHEN {number} < 0 THEN -0.5 ELSE 0.5 END)"
        return f"round_even({number}, 0)"

    def visit_extract(self, extract: Any, **kw: Any) -> str:
        if extract.field not in _EXTRACT_FIELDS or not isinstance(extract.expr.type, (UTCDateTime, DateTime)):
            raise UnsupportedError(f"extract({extract.field})")
        return f"extract({extract.field} FROM {self.process(extract.expr, **kw)})"

    def visit_cast(self, cast: Any, **kw: Any) -> str:
        source, target = cast.clause.type, cast.type
        inner = self.process(cast.clause, **kw)
        if isinstance(source, (Integer, Boolean)) and isinstance(target, _NUMBERS):
            pass
        elif isinstance(source, Integer) and isinstance(target, String):
            pass
        elif isinstance(source, (Float, Numeric)) and isinstance(target, Integer):
            # The number is truncated first for SQLite libraries, because a cast to an integer truncates in
            # SQLite, but rounds in DuckDB and PostgreSQL.
            inner = f"trunc({inner})" if self.dialect.library_dialect == "sqlite" else inner
        elif isinstance(source, String) and isinstance(target, String):
            pass
        elif isinstance(source, (Float, Numeric)) and isinstance(target, (Float, Numeric)):
            pass
        else:
            raise UnsupportedError(f"a cast of {source!r} to {target!r}")
        return f"CAST({inner} AS {self.type_name(target)})"

    def type_name(self, type_: TypeEngine[Any]) -> str:
        """Return the name of a type in the SQL of the target database."""
        return duckdb_type(type_)

    def visit_truediv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        left, right = self.process(binary.left, **kw), self.process(binary.right, **kw)
        return f"{left} / CAST({right} AS DOUBLE)"

    def visit_floordiv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        if not isinstance(binary.left.type, Integer) or not isinstance(binary.right.type, Integer):
            raise UnsupportedError("floor division (//) of decimal numbers")
        return f"{self.process(binary.left, **kw)} // {self.process(binary.right, **kw)}"

    def visit_binary(self, binary: Any, *args: Any, **kw: Any) -> str:
        name = getattr(binary.operator, "__name__", "")
        if name in ("add", "sub", "mul", "mod"):
            for side in (binary.left.type, binary.right.type):
                if isinstance(side, (DateTime, UTCDateTime, Interval, Uuid)):
                    raise UnsupportedError("arithmetic on timestamps, intervals or UUIDs")
        return str(super().visit_binary(binary, *args, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy

    def visit_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return self._like(binary, "LIKE", **kw)

    def visit_not_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return self._like(binary, "NOT LIKE", **kw)

    def _like(self, binary: Any, operator: str, **kw: Any) -> str:
        escape = binary.modifiers.get("escape")
        if escape is not None and (escape.isalpha() or escape == "'"):
            raise UnsupportedError("a letter or a quotation mark as the escape character of LIKE")
        left, right = (self.process(side, **kw) for side in (binary.left, binary.right))
        if self.dialect.library_dialect == "sqlite":
            # SQLite's LIKE ignores the case of ASCII letters, but DuckDB's LIKE does not, so both sides are
            # converted to lower case. A text that is already in lower case is not converted again, because
            # the conversion takes most of the time of a search.
            left = left if getattr(binary.left, "name", "") == "lower" else self._folded(left)
            right = self._folded(right)
        escape = escape or self.no_escape
        return f"{left} {operator} {right}" + (f" ESCAPE '{escape}'" if escape else "")

    def visit_empty_set_expr(self, element_types: Any, **kw: Any) -> str:
        return "SELECT NULL WHERE 1 != 1"

    def limit_clause(self, select: Any, **kw: Any) -> str:
        text = ""
        if select._limit_clause is not None:
            text += "\n LIMIT " + self.process(select._limit_clause, **kw)
        if select._offset_clause is not None:
            text += "\n OFFSET " + self.process(select._offset_clause, **kw)
        return text

    def for_update_clause(self, select: Any, **kw: Any) -> str:
        raise UnsupportedError("FOR UPDATE")

    def _refuse(self, *args: Any, **kw: Any) -> str:
        raise UnsupportedError("SQL that only the library database supports")

    visit_textclause = visit_textual_select = visit_tablesample = _refuse
    visit_custom_op_binary = visit_custom_op_unary = visit_collation = visit_collate = _refuse
    visit_aggregate_strings_func = visit_withingroup = visit_sequence = visit_try_cast = _refuse
    visit_ilike_op_binary = visit_not_ilike_op_binary = visit_match_op_binary = _refuse
    visit_not_match_op_binary = visit_regexp_match_op_binary = visit_not_regexp_match_op_binary = _refuse
    visit_regexp_replace_op_binary = visit_json_getitem_op_binary = _refuse
    visit_json_path_getitem_op_binary = visit_array = visit_slice = visit_getitem_binary = _refuse
    visit_custom_op_unary_operator = visit_custom_op_unary_modifier = visit_tstring = _refuse
    visit_aggregateorderby = visit_aggregate_orderby_inline = visit_next_value_func = _refuse
    visit_ilike_case_insensitive_operand = visit_function_as_comparison_op_binary = _refuse


class DuckdbDialect(DefaultDialect):
    """Compile-only SQLAlchemy dialect for DuckDB. Its SQL returns the same results as the library database.

    Attributes:
        library_dialect: Name of the library database's dialect.
        relations: Names of the tables and views that a statement may read.
    """

    name = "duckdb"
    default_paramstyle = "numeric_dollar"
    statement_compiler = DuckdbCompiler
    supports_native_boolean = True
    supports_native_uuid = True
    supports_native_decimal = False
    supports_statement_cache = True

    def __init__(self, library_dialect: str, relations: frozenset[str]) -> None:
        """Create a dialect for one kind of library database. Statements may read only ``relations``."""
        super().__init__()
        self.library_dialect = library_dialect
        self.relations = relations


def duckdb_type(type_: TypeEngine[Any]) -> str:
    """Return the DuckDB type for a SQLAlchemy type; timestamps are stored in UTC without a time zone."""
    if isinstance(type_, Uuid):
        return "UUID"
    if isinstance(type_, (UTCDateTime, DateTime)):
        return "TIMESTAMP"
    if isinstance(type_, Boolean):
        return "BOOLEAN"
    if isinstance(type_, Integer):
        return "BIGINT"
    if isinstance(type_, (Float, Numeric)):
        return "DOUBLE"
    return "VARCHAR"


def fold_case(text: str) -> str:
    """Return SQL that converts only ASCII letters to lower case, as SQLite's lower() does.

    `duckdb_settings` defines the macro.
    """
    return f"mfkit_fold(CAST({text} AS VARCHAR))"


@compiled_by(JsonText, "duckdb")
def _json_text(column: str, key: str) -> str:
    path = f"'$.{key[1:]}"
    return f"CASE json_type({column}, {path}) WHEN 'VARCHAR' THEN json_extract_string({column}, {path}) END"


@compiles(SearchHits, "duckdb")
def _search_hits(element: SearchHits, compiler: compiler.SQLCompiler, **kw: Any) -> str:
    return search_of_words(element, compiler, "regexp_matches(words, {})", **kw)


def search_of_words(element: SearchHits, compiler: compiler.SQLCompiler, match: str, **kw: Any) -> str:
    """Return the SQL of a full-text search as a query on the relation :data:`media_words`.

    Args:
        element: The search.
        compiler: The compiler. It rejects the search if the relation ``media_words`` does not exist.
        match: Condition on the column ``words``, with ``{}`` for a regular expression.
        kw: Keyword arguments that are passed on to the compiler.
    """
    _, _, *patterns = element.clauses
    source = compiler.process(media_words, asfrom=True)
    conditions = [match.format(compiler.process(pattern, **kw)) for pattern in patterns]
    # The rank is the length of the item's searchable text, and the lowest rank is the best, because a match
    # counts more in a short text.
    return (
        f"(SELECT media_item_id, CAST(length(words) AS DOUBLE) AS rank FROM {source} "
        f"WHERE {' AND '.join(conditions) or 'false'})"
    )


@compiled_by(UtcClock, "duckdb", "spark")
def _utc_clock(timestamp: str) -> str:
    return timestamp


@compiled_by(ClockPart, "duckdb")
def _clock_part(part: str, local_time: str) -> str:
    field = "hour" if part == "'hour'" else "isodow"
    return f"CAST(extract({field} FROM {local_time}) AS INTEGER)"


@compiled_by(PeriodStart, "duckdb")
def _period_start(unit: str, timestamp: str) -> str:
    # The result is cast, because date_trunc() returns DATE instead of TIMESTAMP for some arguments.
    return f"CAST(date_trunc({unit}, {timestamp}) AS TIMESTAMP)"


@compiled_by(LeadingFolders, "duckdb")
def _leading_folders(path: str, separators: str) -> str:
    return f"regexp_extract({path}, '^[^/]*(?:/[^/]*){{0,{separators}}}')"


@compiled_by(AfterLast, "duckdb")
def _after_last(text: str, separator: str) -> str:
    return f"regexp_extract({text}, '[^{separator[1]}]*$')"


@compiled_by(ListValues, "duckdb")
def _list_values(text: str) -> str:
    return f"LATERAL (SELECT unnest(coalesce(string_split({text}, '; '), [NULL])) AS value)"


@compiled_by(OrderedTexts, "duckdb")
def _ordered_texts(text: str) -> str:
    return f"string_agg({text}, ', ' ORDER BY {text})"


aggregated_medians("2 * quantile_cont({}, 0.5)", "duckdb")
