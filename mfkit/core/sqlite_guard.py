"""Limits of free SQL on a SQLite connection: it may only read and compute, with limited memory.

This module imports only sqlite3, so that a process that runs free SQL starts quickly.
"""

from __future__ import annotations

import math
import sqlite3
from typing import Any

MAX_VALUE_BYTES = 16 * 2**20
"""Maximum size in bytes of a text, blob or row that a statement reads or creates."""
_MAX_STATEMENT_BYTES = 1_000_000
_MATH: dict[str, Any] = {"sin": math.sin, "cos": math.cos, "radians": math.radians}
# Actions of a read-only statement. The authorizer denies everything else (ATTACH, PRAGMA, writes,
# transactions, DDL). https://www.sqlite.org/c3ref/c_alter_table.html
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
# FTS5 uses the first one. None of them changes a setting.
_READING_PRAGMAS = frozenset(("data_version", "table_info", "table_xinfo", "table_list", "index_list"))
# Functions without side effects: https://www.sqlite.org/lang_corefunc.html and related pages. Excluded are
# load_extension, fts3_tokenizer (reads and returns memory addresses), sqlite_log and optimize.
_FUNCTIONS = frozenset(
    # Core
    "abs char coalesce concat concat_ws format glob hex if ifnull iif instr length like likelihood likely "
    "lower ltrim max min nullif octet_length printf quote random randomblob replace round rtrim sign "
    "soundex sqlite_version substr substring subtype trim typeof unhex unicode unistr unistr_quote unlikely "
    "upper zeroblob "
    # Aggregates and windows
    "avg count group_concat median percentile percentile_cont percentile_disc string_agg sum total "
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number "
    # Dates
    "current_date current_time current_timestamp date datetime julianday strftime time timediff unixepoch "
    # Math
    "acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi "
    "pow power radians sin sinh sqrt tan tanh trunc "
    # JSON
    "-> ->> json json_array json_array_insert json_array_length json_error_position json_extract json_insert "
    "json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid "
    "json_group_array json_group_object jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_insert "
    "jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set jsonb_group_array jsonb_group_object "
    # Full text
    "bm25 highlight match snippet".split()
)


def authorize(action: int, first: str | None, second: str | None, *_: Any) -> int:
    """Tell SQLite whether a statement may perform an action: only if the action is part of reading."""
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").lower() in _FUNCTIONS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first in _READING_PRAGMAS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        # A full-text index declares its columns to a new connection this way. SQLite itself refuses
        # every real change of this table.
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def add_missing_math(connection: Any) -> None:
    """Add math functions if SQLite was built without them."""
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT radians(1)")
    except sqlite3.OperationalError:
        for name, function in _MATH.items():
            connection.create_function(name, 1, _or_null(function), deterministic=True)
    cursor.close()


def open_for_free_sql(uri: str) -> sqlite3.Connection:
    """Open a library's file for SQL that a user wrote.

    Args:
        uri: A URI that opens the file read-only.
    """
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    try:
        connection.execute("PRAGMA cache_size = -24576")
        add_missing_math(connection)
        # SQLite loads the full-text table at its first use, and asks the authorizer as for a write.
        connection.execute("PRAGMA table_info(media_fts)").fetchall()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MAX_STATEMENT_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(authorize)
    except BaseException:
        connection.close()
        raise
    return connection


def _or_null(function: Any) -> Any:
    return lambda value: None if value is None else function(value)
