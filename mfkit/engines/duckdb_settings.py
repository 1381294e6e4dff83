"""DuckDB connections that can do one thing: read the files of one snapshot, or write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "512MB"
"""Of a session that answers queries; what does not fit goes to disk, or to the record database."""
BUILD_MEMORY_LIMIT = "1GB"
LATE_MATERIALIZATION_ROWS = 1000
"""Rows; so many of an order are found by the columns that it needs, and the others fetched for them alone."""
# zstd 1: level 3 made the file 1 % larger on a million items; no compression at all took as long to write.
PARQUET_FORMAT = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""What every program reads, small enough to be sent about."""
# Ten aggregates of a million items took a fifth less time with the second version's encodings, and where a
# filter leaves few rows a sixth less with snappy than with zstd. A quarter of DuckDB's usual rows in a group
# halves what a page of a table takes, for which whole groups are unpacked; elsewhere it costs nothing at a
# million items, a quarter at ten million.
_SNAPSHOT_FORMAT = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2, ROW_GROUP_SIZE 30720"
_SETTINGS = {
    # Python variables are no tables, and nothing is fetched from the network.
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "ieee_floating_point_ops": "false",
}
_NULL_ORDER = {"sqlite": "NULLS_FIRST_ON_ASC_LAST_ON_DESC", "postgresql": "NULLS_LAST_ON_ASC_FIRST_ON_DESC"}


@dataclass(frozen=True)
class DuckFiles:
    """Files that do not change, and the relations that a DuckDB makes of them.

    Attributes:
        directory: Where the files lie.
        dialect: The record database's, whose order of nulls is the one to keep.
        statements: Make the relations.
        files: Paths of the files, as the statements name them.
    """

    directory: Path
    dialect: str
    statements: tuple[str, ...]
    files: tuple[str, ...]


def open_for_reading(source: DuckFiles) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB on some files, without access to any other and without the means to get it.

    DuckDB can allow no file to be read only. With no folder allowed, nothing can be created or deleted, and
    no file replaced.

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
    """Open a DuckDB that makes the files of a snapshot."""
    return _connect(directory, BUILD_MEMORY_LIMIT)


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> int:
    """Write the rows of a query into a file of a snapshot; returns how many."""
    written = connection.execute(f"COPY ({query}) TO {quote(str(file))} ({_SNAPSHOT_FORMAT})").fetchone()
    assert written is not None
    return int(written[0])


def parquet_rows(directory: Path, files: Iterable[str]) -> str:
    """Return the expression for the rows of files of a directory."""
    return f"read_parquet([{', '.join(quote(str(directory / file)) for file in files)}])"


def quote(text: str) -> str:
    """Return a text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _connect(directory: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    import duckdb  # 0.1 s that a process which asks nothing need not spend

    connection = duckdb.connect(config={**_SETTINGS, "memory_limit": memory_limit})
    connection.execute(f"SET temp_directory = {quote(str(directory / 'spill'))}")
    connection.execute("SET TimeZone = 'UTC'")
    # But null, as in SQLite; for all cursors, which do not inherit what is set for one connection.
    connection.execute("SET GLOBAL error_on_division_by_zero = false")
    connection.execute("SET enable_progress_bar = false")
    # lower() is faster than translate(), and the same where all letters are ASCII.
    connection.execute(
        "CREATE MACRO mfkit_fold(t) AS CASE WHEN strlen(t) = length(t) THEN lower(t) ELSE "
        "translate(t, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END"
    )
    return connection
