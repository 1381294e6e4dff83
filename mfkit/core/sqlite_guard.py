"""Safety limits for SQL from the user on a SQLite connection: read-only access and limited memory.

This module imports only sqlite3, so that the process that runs such SQL starts quickly.
"""

from __future__ import annotations

import math
import sqlite3
from typing import Any

MAX_VALUE_BYTES = 16 * 2**20
"""Maximum size in bytes of a text, blob or row that a statement can read or create."""
_MAX_STATEMENT_BYTES = 1_000_000
_MATH: dict[str, Any] = {"sin": math.sin, "cos": math.cos, "radians": math.radians}
# These are the authorizer action codes of read-only statements. All other actions are denied (ATTACH, PRAGMA,
# writes, transactions, DDL). Source: https://www.sqlite.org/c3ref/c_alter_table.html
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
# These pragmas are allowed, because they only return information and change no setting. SQLite's full-text
# search runs the pragma data_version itself.
_READING_PRAGMAS = frozenset(("data_version", "table_info", "table_xinfo", "table_list", "index_list"))
# These functions are allowed, because they have no side effects (https://www.sqlite.org/lang_corefunc.html
# and related pages). Not allowed are load_extension, fts3_tokenizer (reads and returns memory addresses),
# sqlite_log and optimize.
_FUNCTIONS = frozenset(
    # SQLite's core functions:
    "abs char coalesce concat concat_ws format glob hex if ifnull iif instr length like likelihood likely "
    "lower ltrim max min nullif octet_length printf quote random randomblob replace round rtrim sign "
    "soundex sqlite_version substr substring subtype trim typeof unhex unicode unistr unistr_quote unlikely "
    "upper zeroblob "
    # Aggregate and window functions
    "avg count group_concat median percentile percentile_cont percentile_disc string_agg sum total "
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number "
    # Date functions
    "current_date current_time current_timestamp date datetime julianday strftime time timediff unixepoch "
    # Math functions
    "acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi "
    "pow power radians sin sinh sqrt tan tanh trunc "
    # JSON functions
    "-> ->> json json_array json_array_insert json_array_length json_error_position json_extract json_insert "
    "json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid "
    "json_group_array json_group_object jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_insert "
    "jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set jsonb_group_array jsonb_group_object "
    # Full-text search functions
    "bm25 highlight match snippet".split()
)


def authorize(action: int, first: str | None, second: str | None, *_: Any) -> int:
    """Allow or deny an action of a statement (SQLite's authorizer callback). Only reading is allowed."""
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").lower() in _FUNCTIONS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first in _READING_PRAGMAS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        # SQLite asks the authorizer for permission to update sqlite_master when a connection uses a full-text
        # table for the first time. If the answer were no, full-text searches would fail. The permission does
        # no harm, because SQLite itself rejects statements that change sqlite_master.
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def add_missing_math(connection: Any) -> None:
    """Define sin, cos and radians on a connection if SQLite was built without its math functions."""
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT radians(1)")
    except sqlite3.OperationalError:
        for name, function in _MATH.items():
            connection.create_function(name, 1, _or_null(function), deterministic=True)
    cursor.close()


def open_for_free_sql(uri: str) -> sqlite3.Connection:
    """Open a connection to a library's file on which a user's SQL can run safely.

    Args:
        uri: URI that opens the file read-only.
    """
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    try:
        connection.execute("PRAGMA cache_size = -24576")
        add_missing_math(connection)
        # The full-text table is loaded before the authorizer is set, because SQLite reports the loading to
        # the authorizer as a write.
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
