"""Parts of paths and of other texts with separators, as SQL on each database."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, Text, func, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Leading(FunctionElement[str]):
    """Arguments: a path, the number of separators to keep as an SQL number."""

    inherit_cache = True
    type = Text()


@compiles(_Leading, "sqlite")
def _leading_sqlite(element: _Leading, compiler: SQLCompiler, **kw: Any) -> str:
    path, slashes = (compiler.process(clause, **kw) for clause in element.clauses)
    # SQLite has no regular expressions. A path becomes a JSON array of its parts, which it can count.
    parts = f"'[' || replace(json_quote({path}), '/', '\",\"') || ']'"
    return (
        f"(SELECT group_concat(value, '/') FROM (SELECT value FROM json_each({parts}) "
        f"ORDER BY key LIMIT {slashes} + 1))"
    )


@compiles(_Leading)
def _leading_postgresql(element: _Leading, compiler: SQLCompiler, **kw: Any) -> str:
    path, slashes = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substring({path} from '^[^/]*(?:/[^/]*){{0,{slashes}}}')"


@compiles(_Leading, "duckdb")
def _leading_duckdb(element: _Leading, compiler: SQLCompiler, **kw: Any) -> str:
    path, slashes = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"regexp_extract({path}, '^[^/]*(?:/[^/]*){{0,{slashes}}}')"


@compiles(_Leading, "spark")
def _leading_spark(element: _Leading, compiler: SQLCompiler, **kw: Any) -> str:
    path, slashes = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"regexp_extract({path}, r'^[^/]*(?:/[^/]*){{0,{slashes}}}', 0)"


class _AfterLast(FunctionElement[str]):
    """Arguments: a text, the separator as an SQL string of one character."""

    inherit_cache = True
    type = Text()


@compiles(_AfterLast, "sqlite")
def _after_last_sqlite(element: _AfterLast, compiler: SQLCompiler, **kw: Any) -> str:
    text, separator = (compiler.process(clause, **kw) for clause in element.clauses)
    # As in mfkit.models.wide_view: without a search from the end, trim all that is no separator.
    return f"substr({text}, length(rtrim({text}, replace({text}, {separator}, ''))) + 1)"


@compiles(_AfterLast)
def _after_last_postgresql(element: _AfterLast, compiler: SQLCompiler, **kw: Any) -> str:
    text, separator = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substring({text} from '[^{separator[1]}]*$')"


@compiles(_AfterLast, "duckdb")
def _after_last_duckdb(element: _AfterLast, compiler: SQLCompiler, **kw: Any) -> str:
    text, separator = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"regexp_extract({text}, '[^{separator[1]}]*$')"


@compiles(_AfterLast, "spark")
def _after_last_spark(element: _AfterLast, compiler: SQLCompiler, **kw: Any) -> str:
    text, separator = (compiler.process(clause, **kw) for clause in element.clauses)
    # Not $, which Java finds before a last line break too.
    return rf"regexp_extract({text}, r'[^{separator[1]}]*\z', 0)"


def level(folder: str | None) -> int:
    """Return how deep a folder lies: 0 for ``/``, 1 for ``/media``, 2 for ``/media/films``."""
    return 0 if folder in (None, "/") else str(folder).count("/")


def ancestor(folder: ColumnElement[str], depth: int) -> ColumnElement[str]:
    """Return the folder of a certain depth that a folder lies in; itself where it is not that deep.

    Args:
        folder: As the column ``folder`` of ``media``.
        depth: 0 for ``/``, 1 for ``/media``, and so on, as :func:`level` counts.
    """
    part = _Leading(folder, literal_column(str(int(depth)), Integer()))
    # Of "/media" nothing stands before the first separator, which is the root itself.
    return func.coalesce(func.nullif(part, "", type_=Text()), "/", type_=Text())


def after_last(text: ColumnElement[str], separator: Literal["/", ","]) -> ColumnElement[str]:
    """Return what follows the last separator of a text; all of it where there is none."""
    return _AfterLast(text, literal_column(f"'{separator}'"))
