"""Compilation of SQLAlchemy statements for DuckDB and Spark, with their parameters."""

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
    """A statement for DuckDB or Spark.

    Attributes:
        sql: SQL text with parameters as ``$1`` (DuckDB) or ``:name`` (Spark).
        parameters: Names and values of the parameters, in the order of their numbers.
        names: Names of the columns.
        types: Declared types of the columns.
        relations: Relations that the statement reads.
    """

    sql: str
    parameters: dict[str, Any]
    names: list[str]
    types: list[TypeEngine[Any]]
    relations: frozenset[str]

    @property
    def values(self) -> list[Any]:
        """Values of the parameters, in the order of their numbers."""
        return list(self.parameters.values())


def translate(statement: Executable, dialect: DuckdbDialect) -> Translated:
    """Compile a statement for DuckDB or Spark.

    Args:
        statement: A select, or a union or CTE of selects.
        dialect: The target, and the library database whose semantics are kept.

    Raises:
        UnsupportedError: A part of the statement is not known to give the same result.
    """
    if not getattr(statement, "is_select", False):
        raise UnsupportedError(type(statement).__name__)
    columns = list(getattr(statement, "selected_columns", ()))
    compound = not isinstance(typing.cast(Any, statement), Select)
    if compound and any(isinstance(column.type, JSON) for column in columns):
        raise UnsupportedError("JSON in a union")
    try:
        # As when SQLAlchemy executes a statement: those that differ only in values are compiled once.
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
            # The values of an IN list have the name of the list and a number.
            bound: BindParameter[Any] | None = binds.get(name, binds.get(re.sub(r"_\d+$", "", name)))
            processed = process(value) if callable(process) else value
            text = bound is not None and isinstance(bound.type, String) and not isinstance(bound.type, Enum)
            if text:
                if processed is not None and not isinstance(processed, str):
                    raise UnsupportedError("a comparison of text with another type")
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
