"""Custom SQLAlchemy elements whose SQL differs between databases, and functions that build them.

Each dialect's module (`sqlite_sql`, `postgresql_sql`, `duckdb_sql`, `spark_sql`) compiles every element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Enum,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    Uuid,
    case,
    column,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias

from mfkit.models import media

media_words = Table("media_words", MetaData(), Column("media_item_id", Uuid()), Column("words", Text()))
"""Table of the searchable text of each item, in lower case without accents, one line per searched column.

Only published datasets have this table. A library database has a full-text index instead."""

Template = TypeVar("Template", bound=Callable[..., str])


def compiled_by(element: type[FunctionElement[Any]], *dialects: str) -> Callable[[Template], Template]:
    """Register a function that builds an element's SQL from the SQL of the element's arguments.

    Args:
        element: Class of the element.
        dialects: Names of SQLAlchemy dialects. If none are given, the function is the default for all
            dialects without a registered function.
    """

    def register(template: Template) -> Template:
        @compiles(element, *dialects)
        def _compile(found: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
            return template(*(compiler.process(clause, **kw) for clause in found.clauses))

        return template

    return register


class FirstWord(FunctionElement[str]):
    """First word of a text: the part before the first space, or the whole text. Argument: the text."""

    inherit_cache = True
    type = Text()


class JsonText(FunctionElement[str]):
    """String value of a key in a JSON object. Arguments: the JSON column, the key as a SQL string literal."""

    inherit_cache = True
    type = Text()


class SearchHits(FunctionElement[Any]):
    """Derived table of the items that match a full-text search: ``media_item_id`` and ``rank``.

    Arguments: the SQLite FTS5 query, the PostgreSQL tsquery, and regular expressions that must all match.
    """

    inherit_cache = True


class ClockPart(FunctionElement[int]):
    """Weekday or hour of a local time. Arguments: the part as a SQL string literal, the local time."""

    inherit_cache = True
    type = Integer()


class UtcClock(FunctionElement[datetime]):
    """Time-zone-aware timestamp converted to a UTC time without a time zone. Argument: the timestamp."""

    inherit_cache = True
    type = DateTime()


class PeriodStart(FunctionElement[datetime]):
    """Start of the period that contains a local time. Arguments: the unit as a SQL string, the local time."""

    inherit_cache = True
    type = DateTime()


class LeadingFolders(FunctionElement[str]):
    """First folders of a path. Arguments: the path, and how many separators to keep (a SQL number)."""

    inherit_cache = True
    type = Text()


class AfterLast(FunctionElement[str]):
    """Part of a text after the last separator. Arguments: the text, and the separator (a SQL string)."""

    inherit_cache = True
    type = Text()


class ListValues(FunctionElement[Any]):
    """Derived table with one row for each value in a text such as "a; b". Argument: the text.

    Its column is ``value``. A text that is null has one value, null.
    """

    inherit_cache = True


class ClassMedians(FunctionElement[Any]):
    """Derived table of the medians of each class of rows; see :func:`class_medians`.

    Argument: a scalar subquery with the columns of the classes, and the values with names ``value_...``.
    """

    inherit_cache = True


class OrderedTexts(FunctionElement[str]):
    """Aggregate that joins texts in ascending order, separated by ", ". Argument: the text."""

    inherit_cache = True
    type = Text()


class CodePointOrder(FunctionElement[str]):
    """Text that the database compares by Unicode code points, not by locale. Argument: the text."""

    inherit_cache = True
    type = Text()


@compiled_by(CodePointOrder)
def _code_point_order(text: str) -> str:
    return text


def json_text(key: str) -> ColumnElement[str]:
    """Return the SQL expression for a string in the JSON column ``extra_metadata``.

    It is null if the key is missing or its value is not a string.

    Args:
        key: One of mfkit's own keys, which consist of letters, digits and underscores.
    """
    assert key.isidentifier()
    return JsonText(media.c.extra_metadata, literal_column(f"'{key}'"))


def capture_clock(part: Literal["weekday", "hour"]) -> ColumnElement[int]:
    """Return the SQL expression for the weekday or the hour of the local capture time.

    Weekdays are numbered from 1 (Monday) to 7 (Sunday), hours from 0 to 23. The expression is null if the
    capture time is unknown or not precise enough.
    """
    vague = ("year", "month", "day") if part == "hour" else ("year", "month")
    known = func.coalesce(media.c.captured_at, UtcClock(media.c.file_created_at))
    local = case((media.c.capture_precision.in_(vague), null()), else_=known)
    return ClockPart(literal_column(f"'{part}'"), local)


def folder_depth(folder: str | None) -> int:
    """Return the depth of a folder: 0 for ``/``, 1 for ``/media``, 2 for ``/media/films``."""
    return 0 if folder in (None, "/") else str(folder).count("/")


def ancestor(folder: ColumnElement[str], depth: int) -> ColumnElement[str]:
    """Return the SQL expression for a folder's ancestor at a depth, or the folder itself if it is less deep.

    Args:
        folder: A folder, as in the column ``folder`` of ``media``.
        depth: 0 for ``/``, 1 for ``/media``, and so on, as in :func:`folder_depth`.
    """
    part = LeadingFolders(folder, literal_column(str(int(depth)), Integer()))
    # The part of an absolute path before the first separator is empty. It is replaced by the root folder.
    return func.coalesce(func.nullif(part, "", type_=Text()), "/", type_=Text())


def after_last(text: ColumnElement[str], separator: Literal["/", ",", "."]) -> ColumnElement[str]:
    """Return the SQL expression for the text after the last separator, or the whole text if it has none."""
    return AfterLast(text, literal_column(f"'{separator}'"))


def list_values(text: ColumnElement[Any]) -> TableValuedAlias:
    """Split a text that lists values into a derived table with one row per value, in the column ``value``.

    The values are separated by "; ". The text comes from another table of the same FROM clause, or of the
    query around it. A text that is null has one value, null.
    """
    return ListValues(text).table_valued(column("value", Text()), joins_implicitly=True)


def class_medians(rows: Select[Any], classes: Sequence[str]) -> Select[Any]:
    """Return a SELECT statement for the medians of whole numbers in each class of rows.

    Args:
        rows: Rows with the columns of the classes, and columns of whole numbers with names ``value_...``.
            None of them is null. A number has at most 52 bits.
        classes: Names of the columns that rows of the same class have in common.

    Returns:
        A statement with the columns of the classes, ``twice_...`` for each ``value_...``, and ``peers``, the
        number of rows. The doubled median is the sum of the two middle values, or twice the middle value.
    """
    columns = [column(name, rows.selected_columns[name].type) for name in classes]
    medians = [
        column(doubled_median_column(name), BigInteger()) for name in _values(rows.selected_columns.keys())
    ]
    source = ClassMedians(rows.correlate(None).scalar_subquery()).table_valued(
        *columns, *medians, column("peers", BigInteger()), name="class_medians"
    )
    return select(*source.c)


def columns_of_medians(element: ClassMedians) -> tuple[str, list[str]]:
    """Return the columns that define the classes of a :class:`ClassMedians`, and the names of the values.

    The columns are one text, separated by commas, for use in SQL.
    """
    (rows,) = element.clauses
    names = rows.element.selected_columns.keys()
    values = _values(names)
    return ", ".join(name for name in names if name not in values), values


def _values(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("value_")]


def aggregated_medians(twice: str, *dialects: str) -> None:
    """Let SQLAlchemy compile :class:`ClassMedians` for databases that have an aggregate function for medians.

    Args:
        twice: SQL expression for twice the median, with ``{}`` for the value.
        dialects: Names of SQLAlchemy dialects. Without names, the SQL is used for all dialects for which
            nothing else is registered.
    """

    @compiles(ClassMedians, *dialects)
    def _compile(element: ClassMedians, compiler: SQLCompiler, **kw: Any) -> str:
        classes, values = columns_of_medians(element)
        medians = [
            f"CAST({twice.format(value)} AS BIGINT) AS {doubled_median_column(value)}" for value in values
        ]
        (rows,) = element.clauses
        return (
            f"(SELECT {classes}, {', '.join(medians)}, count(*) AS peers "
            f"FROM {compiler.process(rows, **kw)} AS rows_of_classes GROUP BY {classes})"
        )


def doubled_median_column(value: str) -> str:
    """Return the name of the column in which :func:`class_medians` returns twice the median of a value."""
    return value.replace("value_", "twice_", 1)


def by_code_point(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Wrap a text so that every database compares it by code point, as SQLite and DuckDB always do."""
    return CodePointOrder(text)


def ordered_by(columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return ORDER BY expressions that sort columns in the same order on every database."""
    return [
        by_code_point(column)
        if isinstance(column.type, String) and not isinstance(column.type, Enum)
        else column
        for column in columns
    ]
