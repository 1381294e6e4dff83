"""DuckDB connections that can only read, or only write, the files of one snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "512MB"
"""Memory limit of a query session. Larger intermediate data goes to disk."""
BUILD_MEMORY_LIMIT = "1GB"
LATE_MATERIALIZATION_ROWS = 1000
"""For a LIMIT up to this number of rows, DuckDB sorts by the needed columns and then fetches the others."""
# Level 3 made the file 1 % larger on a million items. Writing without compression took as long.
PARQUET_FORMAT = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""Format for files that other programs read: compatible and small."""
# Ten aggregates of a million items took a fifth less time with the encodings of version 2. Selective filters
# took a sixth less time with snappy than with zstd. A quarter of DuckDB's default row group size halves the
# time for a page of a table, because whole row groups are unpacked. Other queries take the same time at a
# million items, and a quarter more at ten million.
_SNAPSHOT_FORMAT = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2, ROW_GROUP_SIZE 30720"
_SETTINGS = {
    # Python variables are not tables, and nothing is loaded from the network.
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "ieee_floating_point_ops": "false",
}
_NULL_ORDER = {"sqlite": "NULLS_FIRST_ON_ASC_LAST_ON_DESC", "postgresql": "NULLS_LAST_ON_ASC_FIRST_ON_DESC"}


@dataclass(frozen=True)
class DuckFiles:
    """Files that never change, and the SQL that creates relations from them.

    Attributes:
        directory: The directory of the files.
        dialect: The library database's dialect, whose order of NULLs is kept.
        statements: SQL that creates the relations.
        files: Paths of the files, as in the statements.
    """

    directory: Path
    dialect: str
    statements: tuple[str, ...]
    files: tuple[str, ...]


def open_for_reading(source: DuckFiles) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection that can read some files, and cannot access or unlock any others.

    DuckDB cannot allow a file for reading only. But since no folder is allowed, no file can be created,
    deleted or replaced.

    Raises:
        duckdb.Error: A file is damaged.
    """
    connection = _connect(source.directory, MEMORY_LIMIT)
    try:
        connection.execute(f"SET default_null_order = '{_NULL_ORDER[source.dialect]}'")
        connection.execute("SET parquet_metadata_cache = true")
        connection.execute(f"SET late_materialization_max_rows = {LATE_MATERIALIZATION_ROWS}")
        for statement in source.statements:
            connection.execute(statement)
        connection.execute(f"SET allowed_paths = [{', '.join(map(quote, source.files))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_writing(directory: Path) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection that writes the files of a snapshot."""
    return _connect(directory, BUILD_MEMORY_LIMIT)


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> int:
    """Write the rows of a query to a file of a snapshot; return the number of rows."""
    written = connection.execute(f"COPY ({query}) TO {quote(str(file))} ({_SNAPSHOT_FORMAT})").fetchone()
    assert written is not None
    return int(written[0])


def parquet_rows(directory: Path, files: Iterable[str]) -> str:
    """Return SQL for the rows of some files in a directory."""
    return f"read_parquet([{', '.join(quote(str(directory / file)) for file in files)}])"


def quote(text: str) -> str:
    """Return text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _connect(directory: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    import duckdb  # takes 0.1 s, which a process without queries does not need

    connection = duckdb.connect(config={**_SETTINGS, "memory_limit": memory_limit})
    connection.execute(f"SET temp_directory = {quote(str(directory / 'spill'))}")
    connection.execute("SET TimeZone = 'UTC'")
    # NULL instead, as in SQLite. GLOBAL, because cursors do not inherit the settings of a connection.
    connection.execute("SET GLOBAL error_on_division_by_zero = false")
    connection.execute("SET enable_progress_bar = false")
    # lower() is faster than translate(), and returns the same if all characters are ASCII.
    connection.execute(
        "CREATE MACRO mfkit_fold(t) AS CASE WHEN strlen(t) = length(t) THEN lower(t) ELSE "
        "translate(t, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END"
    )
    return connection
