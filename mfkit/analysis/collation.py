"""Texts in one order on every database: by code point, as SQLite and the snapshot have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Enum, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _ByCodePoint(FunctionElement[str]):
    """Argument: the text."""

    inherit_cache = True
    type = Text()


@compiles(_ByCodePoint)
def _plain(element: _ByCodePoint, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(_ByCodePoint, "postgresql")
def _postgresql(element: _ByCodePoint, compiler: SQLCompiler, **kw: Any) -> str:
    return f'{compiler.process(element.clauses, **kw)} COLLATE "C"'


def by_code_point(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a text as it is, whose least and greatest are the same on every database."""
    return _ByCodePoint(text)


def ordered_by(columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return what to order by so that the columns' values come in the same order on every database."""
    return [
        by_code_point(column)
        if isinstance(column.type, String) and not isinstance(column.type, Enum)
        else column
        for column in columns
    ]
