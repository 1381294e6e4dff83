"""DuckDB connections that read or write the files of one snapshot, with their settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "512MB"
"""Memory limit of a query session. DuckDB writes larger intermediate data to disk."""
BUILD_MEMORY_LIMIT = "1GB"
LATE_MATERIALIZATION_ROWS = 1000
"""Up to this LIMIT, DuckDB sorts only the ORDER BY columns and then fetches the other columns."""
# Level 1 was the best with a million items: level 3 made the file 1 % larger, and writing without compression
# was not faster.
PARQUET_FORMAT = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""COPY options for files that other programs read: widely supported and small."""
# Measured with a million items: With the encodings of Parquet version 2, ten aggregates took 20 % less time.
# With snappy, selective filters took 17 % less time than with zstd. Row groups of a quarter of DuckDB's
# default size halved the time to read one page of a table, because DuckDB decompresses whole row groups.
# These row groups made other queries slower only with ten million items (by 25 %).
_SNAPSHOT_FORMAT = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2, ROW_GROUP_SIZE 30720"
_SETTINGS = {
    # These settings prevent SQL from reading Python variables as tables, and DuckDB from loading extensions.
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "ieee_floating_point_ops": "false",
}
_idle: dict[int, duckdb.DuckDBPyConnection] = {}
"""Database of :func:`reuse_for_writing` that is not in use, by the id of the process that created it."""
_NULL_ORDER = {"sqlite": "NULLS_FIRST_ON_ASC_LAST_ON_DESC", "postgresql": "NULLS_LAST_ON_ASC_FIRST_ON_DESC"}


@dataclass(frozen=True)
class DuckFiles:
    """Immutable data files, and the SQL statements that create tables and views from these files.

    Attributes:
        directory: Directory that contains the files.
        dialect: Dialect of the library database. Queries sort nulls in the same order as this database.
        statements: SQL statements that create the tables and views.
        files: Paths of the files, exactly as in the statements.
    """

    directory: Path
    dialect: str
    statements: tuple[str, ...]
    files: tuple[str, ...]


def open_for_reading(source: DuckFiles) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection that can access only the given files; SQL cannot remove this restriction.

    DuckDB cannot restrict a file to reading. But a statement cannot create, delete or replace a file, because
    no folder is allowed.

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
    """Open a DuckDB connection that may write files, with more memory than a query session."""
    return _connect(directory, BUILD_MEMORY_LIMIT)


@contextmanager
def reuse_for_writing(directory: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB connection that may write files. Later callers in this process reuse its database.

    The caller must only create temporary tables, and must not change settings. The database is reused,
    because creating one takes 20 ms, a quarter of the time to update a small snapshot.
    """
    key = os.getpid()  # A forked process must not use its parent's database, whose threads it does not have.
    database = _idle.pop(key, None)
    if database is None:
        database = open_for_writing(directory)
    try:
        # Closing a cursor removes its temporary tables and the Arrow tables that are registered with it.
        with database.cursor() as connection:
            _set_options(connection, directory)
            yield connection
    except BaseException:
        database.close()
        raise
    # A database that wrote temporary files cannot change their folder, and removes it when it is closed.
    if _spill(directory).exists() or _idle.setdefault(key, database) is not database:
        database.close()


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> int:
    """Write the rows of a query to a Parquet file of a snapshot, and return the number of rows."""
    written = connection.execute(f"COPY ({query}) TO {quote(str(file))} ({_SNAPSHOT_FORMAT})").fetchone()
    assert written is not None
    return int(written[0])


def parquet_rows(directory: Path, files: Iterable[str]) -> str:
    """Return the SQL call of ``read_parquet`` for the given files in a directory."""
    return f"read_parquet([{', '.join(quote(str(directory / file)) for file in files)}])"


def quote(text: str) -> str:
    """Return text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _connect(directory: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    # DuckDB is imported here, because the import takes 0.1 s and processes without queries do not need it.
    import duckdb

    connection = duckdb.connect(config={**_SETTINGS, "memory_limit": memory_limit})
    # Division by zero returns NULL, as in SQLite. The setting is GLOBAL, because cursors do not inherit the
    # settings of a connection.
    connection.execute("SET GLOBAL error_on_division_by_zero = false")
    # ASCII text is folded with lower(), which is faster than translate() and returns the same result.
    connection.execute(
        "CREATE MACRO mfkit_fold(t) AS CASE WHEN strlen(t) = length(t) THEN lower(t) ELSE "
        "translate(t, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END"
    )
    _set_options(connection, directory)
    return connection


def _set_options(connection: duckdb.DuckDBPyConnection, directory: Path) -> None:
    connection.execute(f"SET temp_directory = {quote(str(_spill(directory)))}")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")


def _spill(directory: Path) -> Path:
    """Return the folder of DuckDB's temporary files."""
    return directory / "spill"
