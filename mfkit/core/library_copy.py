"""Copy of a whole library from one database into another, including ids and timestamps.

Rows are copied in primary key order, one page per transaction, so that an interrupted copy can continue after
the last copied row. Until the copy is verified, the target has a marker from
:func:`mfkit.core.schema_version.unfinished` instead of a schema revision. The marker identifies the source
and the version of its data. So an incomplete copy is not used as a library, and copies of different libraries
or versions are not mixed.

Derived data (search index, change log) is not copied, because the triggers of the target create it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, literal, select, tuple_
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core import schema_version
from mfkit.core.bulk_write import insert_rows
from mfkit.core.database import Database
from mfkit.core.error_mapping import error_text
from mfkit.errors import TransferError
from mfkit.models import Base, media_changes, media_search

Row = tuple[Any, ...]
Progress = Callable[[int], object]
TABLES: tuple[Table, ...] = tuple(
    table for table in Base.metadata.sorted_tables if table not in (media_changes, media_search)
)
"""Tables to copy, in an order that satisfies the foreign keys."""
PAGE_SIZE = 2000
"""Number of rows that are copied in one transaction."""


@dataclass(frozen=True)
class CopyResult:
    """Result of copying one table, whose rows are now equal in both databases.

    Attributes:
        table: Name of the table.
        rows: Number of rows.
        checksum: SHA-256 of all rows in primary key order. It does not depend on the kind of database.
        replaced: Number of rows in which U+FFFD replaced a character that PostgreSQL cannot store.
    """

    table: str
    rows: int
    checksum: str
    replaced: int


async def count_rows(database: Database) -> int:
    """Return the total number of rows in all tables that :func:`copy_library` copies."""
    async with database.connect() as connection:
        return await _count(connection)


async def copy_library(
    source: Database, target: Database, progress: Progress = lambda rows: None
) -> list[CopyResult]:
    """Copy a library into an empty database, or continue a copy that was interrupted.

    Args:
        source: The library, with the newest schema revision. Other programs may use it during the copy,
            which reads in a single transaction.
        target: A database that is empty, does not exist, or contains the interrupted copy.
        progress: Function that is called with the number of rows copied or verified since the last call.

    Returns:
        One result per table.

    Raises:
        TransferError: The target contains other data, rejects a row, or differs from the source after the
            copy. Or the source has changed since the interrupted copy began.
        MfkitError: A database cannot be opened, read or written.
    """
    if source.url == target.url:
        raise TransferError(f"{source.name} cannot be copied onto itself. Use another target.")
    async with _read_snapshot(source) as reader:
        await _claim(target, await _unfinished(reader))
        for table in TABLES:
            await _fill(reader, target, table, progress)
        async with _read_snapshot(target) as written:
            copied = [
                await verify_table(reader, written, table, source.name, target.name, progress)
                for table in TABLES
            ]
        async with target.transaction() as connection:
            await connection.run_sync(schema_version.restamp, schema_version.HEAD)
    return copied


@asynccontextmanager
async def _read_snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """Open a read transaction in which all queries see the same data."""
    async with database.connect() as connection:
        if database.dialect == "postgresql":
            connection = await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


async def _unfinished(reader: AsyncConnection) -> str:
    """Return the marker of an unfinished copy. It is computed from the source's newest logged change.

    So the source can be identified when the copy is continued.
    """
    newest = select(media_changes.c.revision, media_changes.c.mark).order_by(media_changes.c.revision.desc())
    row = (await reader.execute(newest.limit(1))).one()
    return schema_version.unfinished(f"{row.revision}:{row.mark}")


async def _claim(target: Database, state: str) -> None:
    """Mark the target database as an unfinished copy, or raise an error if it contains other data.

    Args:
        target: Database to copy to.
        state: Marker of this copy.
    """
    async with target.connect() as connection:
        revision = await connection.run_sync(schema_version.current)
    if revision == state:
        return
    if schema_version.is_unfinished(revision):
        raise TransferError(
            f"{target.name} contains an unfinished copy of another library, or of an older version of this "
            "library. Empty the database, or use another target."
        )
    await target.upgrade()
    async with target.transaction() as connection:
        held = await _count(connection)
        if held:
            raise TransferError(
                f"{target.name} already has a library ({held:,} rows). Use an empty database."
            )
        await connection.run_sync(schema_version.restamp, state)


async def _count(connection: AsyncConnection) -> int:
    counts = [await connection.scalar(select(func.count()).select_from(table)) for table in TABLES]
    return sum(count or 0 for count in counts)


async def _fill(reader: AsyncConnection, target: Database, table: Table, progress: Progress) -> None:
    """Copy a table's source rows that have larger primary keys than all rows in the target."""
    key = tuple(table.primary_key.columns)
    async with target.connect() as connection:
        last = (
            await connection.execute(select(*key).order_by(*(one.desc() for one in key)).limit(1))
        ).first()
        progress(await connection.scalar(select(func.count()).select_from(table)) or 0)
    async for page in _pages(reader, table, last):
        await _put(target, table, page if target.dialect == "sqlite" else [_storable(row) for row in page])
        progress(len(page))
    number = table.autoincrement_column
    if number is not None and target.dialect == "postgresql":
        async with target.transaction() as connection:
            # PostgreSQL's sequence must continue after the copied numbers, so that new numbers are higher.
            sequence = func.pg_get_serial_sequence(table.name, number.name)
            await connection.execute(select(func.setval(sequence, func.max(number))))


async def _put(target: Database, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(column.name for column in table.columns)
    try:
        async with target.transaction(tries=10) as connection:
            await insert_rows(connection, table, columns, rows)
    except (StatementError, ValueError, TypeError, OverflowError) as error:
        # An invalid value can raise any of these errors, depending on the database driver.
        if len(rows) > 1:
            for row in rows:  # The rows are inserted again one by one to find the row with the invalid value.
                await _put(target, table, [row])
            return
        key = ", ".join(f"{one.name} {rows[0][columns.index(one.name)]}" for one in table.primary_key.columns)
        cause = error_text(error) if isinstance(error, StatementError) else error
        raise TransferError(
            f"{target.name} refuses the row of {table.name} with {key}: {cause}. Correct the row in the "
            "source, then copy into an empty database."
        ) from error


async def _pages(reader: AsyncConnection, table: Table, last: Any) -> AsyncIterator[Sequence[Row]]:
    """Yield a table's rows in pages, sorted by primary key, starting after the given key."""
    key = tuple(table.primary_key.columns)
    positions = [list(table.columns).index(one) for one in key]
    statement = select(table).order_by(*key).limit(PAGE_SIZE)
    while True:
        following = statement
        if last is not None:
            given = (literal(value, one.type) for one, value in zip(key, last, strict=True))
            following = statement.where(tuple_(*key) > tuple_(*given))
        try:
            page = [tuple(row) for row in await reader.execute(following)]
        except (DBAPIError, ValueError, LookupError, TypeError, RecursionError) as error:
            cause = error_text(error) if isinstance(error, StatementError) else error
            raise TransferError(
                f"A row of {table.name} cannot be read: {cause}. Correct the row (mfkit doctor finds values "
                "of the wrong type), then copy again."
            ) from error
        if page:
            yield page
            last = tuple(page[-1][position] for position in positions)
        if len(page) < PAGE_SIZE:
            return


async def verify_table(
    reader: AsyncConnection,
    written: AsyncConnection,
    table: Table,
    source: str,
    target: str,
    progress: Progress,
) -> CopyResult:
    """Compare all rows of a table in two databases.

    Raises:
        TransferError: The rows differ.
    """
    checksums, rows, replaced = (sha256(), sha256()), 0, 0
    written_pages, no_rows = _pages(written, table, None), list[Row]()
    async for page in _pages(reader, table, None):
        stored = [_storable(row) for row in page] if written.dialect.name == "postgresql" else page
        replaced += sum(
            _canonical_bytes(row) != _canonical_bytes(one) for row, one in zip(page, stored, strict=True)
        )
        found: Sequence[Row] = await anext(written_pages, no_rows)
        for checksum, side in zip(checksums, (stored, found), strict=True):
            checksum.update(b"".join(_canonical_bytes(row) for row in side))
        if len(found) != len(page) or checksums[0].digest() != checksums[1].digest():
            break
        rows += len(page)
        progress(len(page))
    else:
        if not await anext(written_pages, no_rows):
            return CopyResult(table.name, rows, checksums[0].hexdigest(), replaced)
    raise TransferError(
        f"{target} differs from {source}: the first {rows:,} rows of {table.name} are equal, but later rows "
        "differ. Another program wrote to one of the databases during the copy. Copy again into an empty "
        "database."
    )


def _storable(row: Row) -> Row:
    """Replace NUL characters and unpaired surrogates in a row, because PostgreSQL cannot store them."""
    return tuple(_storable_value(value) for value in row)


def _storable_value(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        if "\0" not in value and value.isascii():
            return value
        return "".join("\ufffd" if one == "\0" or "\ud800" <= one <= "\udfff" else one for one in value)
    if isinstance(value, dict):
        return {_storable_value(name): _storable_value(one) for name, one in value.items()}
    return [_storable_value(one) for one in value] if isinstance(value, list) else value


def _canonical_bytes(row: Row) -> bytes:
    """Serialize a row to bytes that are identical for equal values from any database."""
    return json.dumps([_canonical_value(value) for value in row], sort_keys=True).encode() + b"\n"


def _canonical_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | bytes):
        return value.hex if isinstance(value, UUID) else value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return _canonical_json(value) if isinstance(value, dict | list) else value


def _canonical_json(value: Any) -> Any:
    """Convert whole floats in JSON to integers, because PostgreSQL returns 1e22 as an integer."""
    if isinstance(value, dict):
        return {name: _canonical_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_canonical_json(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
