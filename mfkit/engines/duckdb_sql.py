"""From a SQLAlchemy statement to DuckDB's SQL with the same answer, or to the word that there is none.

A SQLAlchemy dialect of our own rather than a translation of finished SQL text: only here are the types of
all expressions known, and it is on types that the databases differ (what ``/`` does to whole numbers,
``CAST`` to fractions, ``LIKE`` and ``lower`` to case). What is not known to mean the same in both is
refused, and runs on the record database: the list of functions is one of those that were compared.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Enum,
    Executable,
    Float,
    Integer,
    Interval,
    Numeric,
    Select,
    String,
    Table,
    Uuid,
)
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import CompileError, StatementError
from sqlalchemy.sql import compiler
from sqlalchemy.sql.elements import BindParameter, ClauseElement
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import LRUCache

from mfkit.engines.duckdb_settings import fold_case
from mfkit.engines.relations import ITEM_DATE, MEDIA, NAMES, duckdb_type
from mfkit.filters.text_search import media_words
from mfkit.models import UTCDateTime


class UnsupportedError(Exception):
    """The statement has a part that only the record database understands."""


@dataclass(frozen=True)
class Translated:
    """A statement for DuckDB or Spark.

    Attributes:
        sql: Text with parameters as ``$1``, or as ``:name``.
        parameters: Their names and values, in the order of the numbers.
        names: Of the columns.
        types: Of the columns, as declared.
        relations: What it reads.
    """

    sql: str
    parameters: dict[str, Any]
    names: list[str]
    types: list[TypeEngine[Any]]
    relations: frozenset[str]

    @property
    def values(self) -> list[Any]:
        """The parameters by their numbers."""
        return list(self.parameters.values())


def translate(statement: Executable, dialect: DuckdbDialect) -> Translated:
    """Return a statement in another database's words.

    Args:
        statement: A select, or a union or CTE of such.
        dialect: Whose words, and which record database's meaning of the statement is kept.

    Raises:
        UnsupportedError: It has a part that is not known to mean the same.
    """
    if not getattr(statement, "is_select", False):
        raise UnsupportedError(type(statement).__name__)
    columns = list(getattr(statement, "selected_columns", ()))
    compound = not isinstance(typing.cast(Any, statement), Select)
    if compound and any(isinstance(column.type, JSON) for column in columns):
        raise UnsupportedError("JSON in a union")
    try:
        # As SQLAlchemy's own execution does: statements that differ in values only are compiled once.
        compiled, extracted, collected, _ = cast(ClauseElement, statement)._compile_w_cache(
            dialect, compiled_cache=_CACHE, column_keys=[]
        )
        assert isinstance(compiled, DuckdbCompiler)
        state = compiled._process_parameters_for_postcompile(
            compiled.construct_params(
                extracted_parameters=extracted, _collected_params=collected, _no_postcompile=True
            )
        )
        processors = {**compiled._bind_processors, **state.processors}
        binds = dict(compiled.binds)
        parameters = {}
        for name in state.positiontup or state.parameters:
            value = state.parameters[name]
            process = processors.get(name)
            # The parts of an IN list bear its name and a number.
            bound: BindParameter[Any] | None = binds.get(name, binds.get(re.sub(r"_\d+$", "", name)))
            processed = process(value) if callable(process) else value
            text = bound is not None and isinstance(bound.type, String) and not isinstance(bound.type, Enum)
            if text:
                if processed is not None and not isinstance(processed, str):
                    raise UnsupportedError("a text compared with something else")
            parameters[name] = processed
    except (CompileError, StatementError, NotImplementedError, AttributeError, ValueError) as error:
        raise UnsupportedError(str(error)) from error
    return Translated(
        state.statement,
        parameters,
        [column.keyname for column in compiled._result_columns],
        [column.type for column in columns],
        frozenset(compiled.relations),
    )


_LITERAL = re.compile(r"\*|'[^']*'|-?\d+(\.\d+)?|NULL", re.IGNORECASE)
# Those that give the same in SQLite, PostgreSQL and DuckDB, with the numbers of arguments for which.
_SAME: dict[str, tuple[int, ...]] = {
    "count": (0, 1),
    "min": (1,),
    "max": (1,),
    "coalesce": tuple(range(1, 64)),
    "nullif": (2,),
    "abs": (1,),
    "trim": (1,),
    "ltrim": (1,),
    "rtrim": (1,),
    "replace": (3,),
    "sin": (1,),
    "cos": (1,),
    "radians": (1,),
    "row_number": (0,),
    "rank": (0,),
    "dense_rank": (0,),
    "ntile": (1,),
    "lag": (1, 2),
    "lead": (1, 2),
    "first_value": (1,),
    "last_value": (1,),
    "percent_rank": (0,),
    "cume_dist": (0,),
}
_FIELDS = frozenset(("year", "month", "day", "hour", "minute", "doy", "dow"))
_NUMBERS = (Integer, Float, Numeric)


class DuckdbCompiler(compiler.SQLCompiler):
    """Writes DuckDB's SQL; refuses by raising."""

    dialect: DuckdbDialect
    no_escape = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.relations: set[str] = set()
        super().__init__(*args, **kwargs)

    # What is read

    def visit_table(self, table: Any, *args: Any, **kw: Any) -> str:
        if table.schema is not None or table.name not in self.dialect.relations:
            raise UnsupportedError(f"the table {table.name}")
        self.relations.add(table.name)
        found = str(super().visit_table(table, *args, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy
        if self.dialect.dated and found == MEDIA.name:
            # With the columns that no query sees.
            named = getattr(kw.get("enclosing_alias"), "element", None) is table
            return f"{MEDIA.name}_with_id" + ("" if named else f" AS {MEDIA.name}")
        return found

    def visit_column(self, column: Any, *args: Any, **kw: Any) -> str:
        if column.is_literal and not _LITERAL.fullmatch(column.name):
            raise UnsupportedError(f"the text {column.name!r}")
        return str(super().visit_column(column, *args, **kw))

    def visit_table_valued_alias(self, element: Any, *args: Any, **kw: Any) -> str:
        if media_words.name not in self.dialect.relations:
            raise UnsupportedError("a search, which the record database has an index for")
        found = super().visit_table_valued_alias(element, *args, **kw)  # type: ignore[no-untyped-call]
        return str(found)

    # What is computed

    def visit_function(self, func: Any, *args: Any, **kw: Any) -> str:
        name, arguments = func.name.lower(), list(func.clauses)
        types = [argument.type for argument in arguments]
        if name in ("lower", "upper") and len(arguments) == 1:
            return self._fold(name, self.process(arguments[0], **kw))
        if name == "length" and len(arguments) == 1 and isinstance(types[0], String):
            return f"length({self.process(arguments[0], **kw)})"
        if name in ("sum", "avg") and len(arguments) == 1 and isinstance(types[0], _NUMBERS):
            # Fractions are added up exactly, so that the sum does not depend on which thread came first.
            exact = "fsum" if name == "sum" else "favg"
            chosen = name if isinstance(types[0], Integer) else exact
            return f"{chosen}({self.process(arguments[0], **kw)})"
        if name == "round" and len(arguments) == 1 and isinstance(types[0], _NUMBERS):
            return self._round(self.process(arguments[0], **kw))
        if name == "coalesce" and self.dialect.dated and _is_item_date(arguments):
            return self.process(arguments[0], **kw).removesuffix(arguments[0].name) + ITEM_DATE
        if len(arguments) not in _SAME.get(name, ()) or func.packagenames:
            raise UnsupportedError(f"the function {name}")
        return str(super().visit_function(func, *args, **kw))

    def _fold(self, name: str, text: str) -> str:
        if self.dialect.record != "sqlite":
            return f"{name}({text})"
        if name == "upper":
            raise UnsupportedError("the function upper")
        return self._folded(text)

    def _folded(self, text: str) -> str:
        """Return a text with ASCII letters in lower case, and no others: SQLite's lower()."""
        return fold_case(text)

    def _round(self, number: str) -> str:
        if self.dialect.record == "sqlite":  # halves away from zero, by adding one half
            return f"trunc({number} + CASE WHEN {number} < 0 THEN -0.5 ELSE 0.5 END)"
        return f"round_even({number}, 0)"

    def visit_extract(self, extract: Any, **kw: Any) -> str:
        if extract.field not in _FIELDS or not isinstance(extract.expr.type, (UTCDateTime, DateTime)):
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
            # DuckDB and PostgreSQL round, SQLite cuts off.
            inner = f"trunc({inner})" if self.dialect.record == "sqlite" else inner
        elif isinstance(source, String) and isinstance(target, String):
            pass
        elif isinstance(source, (Float, Numeric)) and isinstance(target, (Float, Numeric)):
            pass
        else:
            raise UnsupportedError(f"a cast of {source!r} to {target!r}")
        return f"CAST({inner} AS {self.type_name(target)})"

    def type_name(self, type_: TypeEngine[Any]) -> str:
        """Return what the database calls a type."""
        return duckdb_type(type_)

    def visit_truediv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        left, right = self.process(binary.left, **kw), self.process(binary.right, **kw)
        return f"{left} / CAST({right} AS DOUBLE)"

    def visit_floordiv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        if not isinstance(binary.left.type, Integer) or not isinstance(binary.right.type, Integer):
            raise UnsupportedError("a division of fractions that rounds down")
        return f"{self.process(binary.left, **kw)} // {self.process(binary.right, **kw)}"

    def visit_binary(self, binary: Any, *args: Any, **kw: Any) -> str:
        name = getattr(binary.operator, "__name__", "")
        if name in ("add", "sub", "mul", "mod"):
            for side in (binary.left.type, binary.right.type):
                if isinstance(side, (DateTime, UTCDateTime, Interval, Uuid)):
                    raise UnsupportedError("arithmetic on moments")
        return str(super().visit_binary(binary, *args, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy

    def visit_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return self._like(binary, "LIKE", **kw)

    def visit_not_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return self._like(binary, "NOT LIKE", **kw)

    def _like(self, binary: Any, operator: str, **kw: Any) -> str:
        escape = binary.modifiers.get("escape")
        if escape is not None and (escape.isalpha() or escape == "'"):
            raise UnsupportedError("a letter or a quote for an escape")
        left, right = (self.process(side, **kw) for side in (binary.left, binary.right))
        if self.dialect.record == "sqlite":  # where LIKE takes no regard of the case of ASCII letters
            # Not twice: folding is what a search in a million names spends its time on.
            left = left if getattr(binary.left, "name", "") == "lower" else self._folded(left)
            right = self._folded(right)
        escape = escape or self.no_escape
        return f"{left} {operator} {right}" + (f" ESCAPE '{escape}'" if escape else "")

    # What surrounds it

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
        raise UnsupportedError("a construct of the record database's own")

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


def _is_item_date(arguments: list[Any]) -> bool:
    """Return whether what is coalesced are the dates of ``media``, or of an alias of it."""
    if [getattr(one, "name", "") for one in arguments] != ["file_created_at", "file_modified_at"]:
        return False
    tables = {getattr(one, "table", None) for one in arguments}
    origin: Any = next(iter(tables))
    origin = getattr(origin, "element", origin)
    return len(tables) == 1 and isinstance(origin, Table) and origin.name == MEDIA.name


class DuckdbDialect(DefaultDialect):
    """DuckDB with the record database's meaning; compiles only.

    Attributes:
        record: Name of the record database's dialect.
        relations: What a statement may name.
        dated: Whether items have a column for their date.
    """

    name = "duckdb"
    default_paramstyle = "numeric_dollar"
    statement_compiler = DuckdbCompiler
    supports_native_boolean = True
    supports_native_uuid = True
    supports_native_decimal = False
    supports_statement_cache = True

    def __init__(self, record: str, relations: frozenset[str] = NAMES, *, dated: bool = False) -> None:
        """Take whose meaning to keep, and what there is."""
        super().__init__()
        self.record = record
        self.relations = relations
        self.dated = dated


LIBRARY_DIALECTS = ("sqlite", "postgresql")
SNAPSHOT_DIALECTS: Mapping[str, DuckdbDialect] = {
    record: DuckdbDialect(record, dated=True) for record in LIBRARY_DIALECTS
}
"""Kind of the record database -> how its snapshot is asked."""
_CACHE: LRUCache[Any, Any] = LRUCache(500)
