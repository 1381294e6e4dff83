"""SQLAlchemy elements whose SQL differs by database, and the functions that build them.

Each dialect's module (`sqlite_sql`, `postgresql_sql`, `duckdb_sql`, `spark_sql`) compiles every element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    case,
    func,
    literal_column,
    null,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mfkit.models import media

media_words = Table("media_words", MetaData(), Column("media_item_id", Uuid()), Column("words", Text()))
"""Searchable text of each item, in lower case and without accents, one line per searched column.

Only datasets have this relation; a library database has a full-text index instead."""

Template = TypeVar("Template", bound=Callable[..., str])


def compiled_by(element: type[FunctionElement[Any]], *dialects: str) -> Callable[[Template], Template]:
    """Register a function that turns the SQL of an element's arguments into the SQL of the element.

    Args:
        element: Class of the element.
        dialects: Names of SQLAlchemy dialects. Without any, the function serves all dialects that have no
            function of their own.
    """

    def register(template: Template) -> Template:
        @compiles(element, *dialects)
        def _compile(found: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
            return template(*(compiler.process(clause, **kw) for clause in found.clauses))

        return template

    return register


class FirstWord(FunctionElement[str]):
    """Text before the first space, or all of it. Argument: the text."""

    inherit_cache = True
    type = Text()


class JsonText(FunctionElement[str]):
    """String in a JSON object. Arguments: the JSON column, the key as an SQL string."""

    inherit_cache = True
    type = Text()


class SearchHits(FunctionElement[Any]):
    """Derived table with the columns ``media_item_id`` and ``rank``.

    Arguments: the query for FTS5, the query for PostgreSQL, and regular expressions that must all match.
    """

    inherit_cache = True


class ClockPart(FunctionElement[int]):
    """Weekday or hour. Arguments: the part as an SQL string, the local time."""

    inherit_cache = True
    type = Integer()


class UtcClock(FunctionElement[datetime]):
    """Timestamp as a local time in UTC. Argument: the timestamp."""

    inherit_cache = True
    type = DateTime()


class PeriodStart(FunctionElement[datetime]):
    """Start of a period. Arguments: the unit as an SQL string, the local time."""

    inherit_cache = True
    type = DateTime()


class LeadingFolders(FunctionElement[str]):
    """Beginning of a path. Arguments: the path, the number of separators to keep as an SQL number."""

    inherit_cache = True
    type = Text()


class AfterLast(FunctionElement[str]):
    """Text after the last separator. Arguments: the text, the separator as an SQL string of one character."""

    inherit_cache = True
    type = Text()


class OrderedTexts(FunctionElement[str]):
    """Aggregate of texts: all of them in ascending order, separated by ", ". Argument: the text."""

    inherit_cache = True
    type = Text()


class CodePointOrder(FunctionElement[str]):
    """Text that compares by code point. Argument: the text."""

    inherit_cache = True
    type = Text()


@compiled_by(CodePointOrder)
def _code_point_order(text: str) -> str:
    return text


def json_text(key: str) -> ColumnElement[str]:
    """Return the string under a key of ``extra_metadata``; null if the key is missing or holds no string.

    Args:
        key: One of mfkit's own keys: letters, digits and underscores.
    """
    assert key.isidentifier()
    return JsonText(media.c.extra_metadata, literal_column(f"'{key}'"))


def capture_clock(part: Literal["weekday", "hour"]) -> ColumnElement[int]:
    """Return the weekday (Monday is 1, Sunday 7) or the hour (0 to 23) of the local capture time.

    Null without a capture time, and where it is not precise enough.
    """
    vague = ("year", "month", "day") if part == "hour" else ("year", "month")
    known = func.coalesce(media.c.captured_at, UtcClock(media.c.file_created_at))
    local = case((media.c.capture_precision.in_(vague), null()), else_=known)
    return ClockPart(literal_column(f"'{part}'"), local)


def folder_depth(folder: str | None) -> int:
    """Return the depth of a folder: 0 for ``/``, 1 for ``/media``, 2 for ``/media/films``."""
    return 0 if folder in (None, "/") else str(folder).count("/")


def ancestor(folder: ColumnElement[str], depth: int) -> ColumnElement[str]:
    """Return the ancestor of a folder at a depth; the folder itself if it is not that deep.

    Args:
        folder: A folder, as in the column ``folder`` of ``media``.
        depth: 0 for ``/``, 1 for ``/media``, and so on, as :func:`folder_depth` counts.
    """
    part = LeadingFolders(folder, literal_column(str(int(depth)), Integer()))
    # The part of "/media" before its first separator is empty, and stands for the root.
    return func.coalesce(func.nullif(part, "", type_=Text()), "/", type_=Text())


def after_last(text: ColumnElement[str], separator: Literal["/", ","]) -> ColumnElement[str]:
    """Return the text after the last separator; all of the text if it has none."""
    return AfterLast(text, literal_column(f"'{separator}'"))


def by_code_point(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a text that every database compares by code point, as SQLite and DuckDB do."""
    return CodePointOrder(text)


def ordered_by(columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return ORDER BY expressions that sort columns in the same order on every database."""
    return [
        by_code_point(column)
        if isinstance(column.type, String) and not isinstance(column.type, Enum)
        else column
        for column in columns
    ]
