"""Compilation of SQLAlchemy statements and their bind parameters for DuckDB and Spark."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import JSON, Enum, Executable, Select, String
from sqlalchemy.exc import CompileError, StatementError
from sqlalchemy.sql.elements import BindParameter, ClauseElement
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import LRUCache

from mfkit.sql.duckdb_sql import DuckdbCompiler, DuckdbDialect, UnsupportedError

_CACHE: LRUCache[Any, Any] = LRUCache(500)


@dataclass(frozen=True)
class Translated:
    """SQL text of a statement for DuckDB or Spark, with its bind parameters and result columns.

    Attributes:
        sql: SQL text with bind parameters written as ``$1`` (DuckDB) or ``:name`` (Spark).
        parameters: Name of a bind parameter -> its value, in the order of the placeholders (``$1``, ``$2``).
        names: Names of the result columns.
        types: Declared types of the result columns.
        relations: Names of the tables and views that the statement reads.
    """

    sql: str
    parameters: dict[str, Any]
    names: list[str]
    types: list[TypeEngine[Any]]
    relations: frozenset[str]

    @property
    def values(self) -> list[Any]:
        """Values for DuckDB's numbered placeholders (``$1``, ``$2``), in this order."""
        return list(self.parameters.values())


def translate(statement: Executable, dialect: DuckdbDialect) -> Translated:
    """Compile a SQLAlchemy statement to SQL for DuckDB or Spark.

    Args:
        statement: A SELECT statement, or a union or CTE of SELECT statements.
        dialect: Dialect of the target. Its ``library_dialect`` is the database whose results it must return.

    Raises:
        UnsupportedError: It is not certain that the target returns the same result as the library database.
    """
    if not getattr(statement, "is_select", False):
        raise UnsupportedError(type(statement).__name__)
    columns = list(getattr(statement, "selected_columns", ()))
    compound = not isinstance(typing.cast(Any, statement), Select)
    if compound and any(isinstance(column.type, JSON) for column in columns):
        raise UnsupportedError("a JSON column in a UNION or another compound SELECT")
    try:
        # SQLAlchemy's own cache is used, so that a statement is compiled only once and then reused with other
        # values.
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
            # The values of an IN list have numbered names (ids_1, ids_2). The number is removed to look up
            # the bind parameter of the list (ids).
            bound: BindParameter[Any] | None = binds.get(name, binds.get(re.sub(r"_\d+$", "", name)))
            processed = process(value) if callable(process) else value
            text = bound is not None and isinstance(bound.type, String) and not isinstance(bound.type, Enum)
            if text:
                if processed is not None and not isinstance(processed, str):
                    raise UnsupportedError("a comparison of a text column with a value of another type")
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
