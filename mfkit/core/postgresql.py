"""PostgreSQL features that SQLAlchemy lacks: inserts with COPY, and a check that SQL only reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.errors import QueryError

_READING = re.compile(
    r"SHOW |(?:EXPLAIN (?:ANALYZE )?(?:VERBOSE )?(?:\( [^()]*\) )?)?(?:\( )*(?:SELECT|WITH|VALUES|TABLE) ",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?P<space>(?:\s|--[^\r\n]*)+)|(?P<comment>/\*)|(?P<text>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")*\")"
    r"|(?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)|(?P<name>[^\W\d][\w$]*)|(?P<other>.)",
    re.DOTALL,
)
# These functions are allowed, because they have no side effects. PostgreSQL declares them volatile only
# because their results vary.
_HARMLESS = (
    "random random_normal gen_random_uuid uuidv4 uuidv7 clock_timestamp timeofday statement_timestamp "
    "pg_sleep pg_sleep_for pg_sleep_until array_shuffle array_sample pg_relation_size pg_table_size "
    "pg_indexes_size pg_total_relation_size pg_database_size".split()
)
# These functions are rejected even if PostgreSQL does not declare them volatile. They run SQL text that this
# module has not checked, read whole tables, or assign a transaction id.
_REVEALING = (
    "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema "
    "txid_current pg_current_xact_id ts_stat ts_rewrite has_largeobject_privilege table_to_xml "
    "table_to_xml_and_xmlschema schema_to_xml schema_to_xml_and_xmlschema database_to_xml "
    "database_to_xml_and_xmlschema".split()
)
_FORBIDDEN = text(
    "SELECT proname FROM pg_catalog.pg_proc WHERE proname = ANY(CAST(:names AS text[])) AND "
    "(provolatile = 'v' AND NOT proname = ANY(CAST(:harmless AS text[])) "
    "OR proname = ANY(CAST(:revealing AS text[]))) ORDER BY 1 LIMIT 1"
)
_OF_SUPERUSERS = text(
    "SELECT rolsuper AND EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_read_all_data') "
    "FROM pg_catalog.pg_roles WHERE rolname = current_user"
)


async def require_read_only(connection: AsyncConnection, statement: TextClause) -> None:
    """Raise an error if SQL is not a single query, or if it calls a function with side effects.

    A read-only transaction is not enough: with the necessary rights, COPY can still write a file or run a
    program on the server, and functions can read files, end sessions or advance a sequence. Therefore the
    statement must begin with a reading keyword, the server's catalog must declare each called function free
    of side effects, and a superuser switches to the role pg_read_all_data for the transaction.

    Args:
        connection: A connection in a read-only transaction.
        statement: SQL with bind parameters.

    Raises:
        QueryError: The SQL is invalid, has several statements, or is not read-only.
    """
    # asyncpg is imported here, because only the extra "postgres" installs it.
    from asyncpg import InterfaceError, PostgresError

    sql = str(statement.compile(dialect=connection.dialect))
    names, outline = _called(sql)
    if not _READING.match(outline):
        raise QueryError("Only reading is allowed here. Use a SELECT, or EXPLAIN with a SELECT.")
    # standard_conforming_strings must be on, because _called() assumes that a backslash in a normal string is
    # not an escape character. The server's default may differ.
    await connection.exec_driver_sql("SET LOCAL standard_conforming_strings = on")
    values = {"names": names, "harmless": _HARMLESS, "revealing": _REVEALING}
    if (found := (await connection.execute(_FORBIDDEN, values)).scalar()) is not None:
        raise QueryError(
            f"The function {found}() is not allowed in sql(), because it may do more than compute a value."
        )
    if (await connection.execute(_OF_SUPERUSERS)).scalar():
        await connection.exec_driver_sql("SET LOCAL ROLE pg_read_all_data")
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        prepared = await raw.prepare(sql)
    except (PostgresError, InterfaceError) as error:
        raise QueryError(f"The database refused the query: {error}") from error
    if not prepared.get_attributes():
        raise QueryError(
            "The statement returns no rows. Use sql() only for statements that return rows, such as SELECT."
        )


def _called(sql: str) -> tuple[list[str], str]:
    """Return the functions that a SQL statement calls, and the statement without comments and strings.

    A name that is followed by an opening parenthesis counts as a function.

    Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html.

    Raises:
        QueryError: The statement uses syntax that this function does not support.
    """
    if re.search(r"\bU&", sql, re.I) or (re.search(r"\bE'", sql, re.I) and "\\'" in sql):
        raise QueryError(
            "sql() does not accept strings of the form U&'...', or \\' inside E'...'. Write characters "
            "directly, and a quotation mark as ''."
        )
    names: set[str] = set()
    outline: list[str] = []
    name, at = "", 0
    while match := _TOKEN.match(sql, at):
        kind, found, at = match.lastgroup, match[0], match.end()
        if kind == "comment":
            at = _end_of_comment(sql, at)
        if kind in ("space", "comment"):
            continue
        if found == "(" and name:
            names.update((name, name.lower()))
        name = found[1:-1].replace('""', '"') if kind == "quoted" else found if kind == "name" else ""
        outline.append(found if kind in ("name", "other") else "''")
    return sorted(names), f"{' '.join(outline)} "


def _end_of_comment(sql: str, at: int) -> int:
    """Return the index after the end of a block comment, which may contain nested comments."""
    depth = 1
    while depth:
        match = re.compile(r"/\*|\*/").search(sql, at)
        if match is None:
            raise QueryError("The statement has a comment without an end. Add */.")
        depth += 1 if match[0] == "/*" else -1
        at = match.end()
    return at


async def copy_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows with PostgreSQL's COPY in the transaction of a connection.

    Args:
        connection: A connection in a write transaction.
        table: Name of the table.
        columns: Names of the columns to fill.
        rows: Rows of values that the driver accepts, in the order of ``columns``.

    Raises:
        IntegrityError: A row violates a constraint.
        DBAPIError: The server rejects a row, or the connection is lost.
    """
    # asyncpg is imported here, because only the extra "postgres" installs it.
    from asyncpg import InterfaceError, PostgresError

    # The statement SELECT 1 makes SQLAlchemy begin the transaction. SQLAlchemy would not notice COPY, which
    # is sent directly to the driver.
    await connection.exec_driver_sql("SELECT 1")
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        await raw.copy_records_to_table(table, records=rows, columns=columns)
    except (PostgresError, InterfaceError, OSError) as error:
        code = getattr(error, "sqlstate", None) or ""
        kind = IntegrityError if code.startswith("23") else DBAPIError
        lost = raw.is_closed()
        if lost:
            await connection.invalidate()
        raise kind(f"COPY {table}", None, error, connection_invalidated=lost) from error
