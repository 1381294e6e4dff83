"""A whole library from one database into another, row by row as it is: ids, moments, everything.

Rows travel in the order of their keys, a page a transaction, so that a copy that was killed goes on behind
the last row that arrived. Until the copy is verified the target states no revision of the schema but
:func:`mfkit.core.schema_version.unfinished`, which
names the state of the source: nobody takes half a copy for a
library, and a copy of another state, or of another library, is not mixed into it.

What the database derives by itself (search, the log of changes) is not copied: the target's triggers make it.
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
Progress = Callable[[str, int], object]
TABLES: tuple[Table, ...] = tuple(
    table for table in Base.metadata.sorted_tables if table not in (media_changes, media_search)
)
"""What is copied, in an order in which foreign keys hold."""
_PAGE = 2000


@dataclass(frozen=True)
class CopyResult:
    """One table, as it lies in both databases now.

    Attributes:
        table: Its name.
        rows: How many.
        checksum: SHA-256 over the values of all rows in the order of their keys, the same on every
            database.
        replaced: Rows with a character that PostgreSQL has no place for, which U+FFFD stands for now.
    """

    table: str
    rows: int
    checksum: str
    replaced: int


async def count_rows(database: Database) -> int:
    """Return how many rows a library has in all tables that are copied."""
    async with database.connect() as connection:
        return await _count(connection)


async def copy_library(
    source: Database, target: Database, progress: Progress = lambda doing, rows: None
) -> list[CopyResult]:
    """Copy a library into an empty database, or go on with a copy that was interrupted.

    Args:
        source: The library, of this mfkit's revision. It may be in use: one state of it is copied.
        target: A database that is empty or not there, or holds the beginning of this copy.
        progress: Called with ``"copy"`` or ``"verify"`` and the number of rows done since the last call.

    Returns:
        What was copied, by table.

    Raises:
        TransferError: The target holds something else, refuses a row, or is not what the source is;
            or the source changed since an interrupted copy began.
        MfkitError: One of them cannot be opened, read or written.
    """
    if source.url == target.url:
        raise TransferError(f"{source.name} cannot be copied onto itself; name another target.")
    async with _read_snapshot(source) as reader:
        await _claim(target, await _unfinished(reader))
        for table in TABLES:
            await _fill(reader, target, table, progress)
        async with _read_snapshot(target) as written:
            copied = [
                await _verify(reader, written, table, source.name, target.name, progress) for table in TABLES
            ]
        async with target.transaction() as connection:
            await connection.run_sync(schema_version.restamp, schema_version.HEAD)
    return copied


@asynccontextmanager
async def _read_snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """Open a read transaction that sees one moment throughout."""
    async with database.connect() as connection:
        if database.dialect == "postgresql":
            connection = await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


async def _unfinished(reader: AsyncConnection) -> str:
    """Return what the target is to state: the newest change of the source, and with it the source."""
    newest = select(media_changes.c.revision, media_changes.c.mark).order_by(media_changes.c.revision.desc())
    row = (await reader.execute(newest.limit(1))).one()
    return schema_version.unfinished(f"{row.revision}:{row.mark}")


async def _claim(target: Database, state: str) -> None:
    """Make the target ready to take rows, or refuse it."""
    async with target.connect() as connection:
        revision = await connection.run_sync(schema_version.current)
    if revision == state:
        return
    if schema_version.is_unfinished(revision):
        raise TransferError(
            f"{target.name} holds the beginning of a copy of another library, or of a state of this one that "
            "has changed since; empty it, or name another target."
        )
    await target.upgrade()
    async with target.transaction() as connection:
        held = await _count(connection)
        if held:
            raise TransferError(
                f"{target.name} holds a library already ({held:,} rows); name a database that is empty."
            )
        await connection.run_sync(schema_version.restamp, state)


async def _count(connection: AsyncConnection) -> int:
    counts = [await connection.scalar(select(func.count()).select_from(table)) for table in TABLES]
    return sum(count or 0 for count in counts)


async def _fill(reader: AsyncConnection, target: Database, table: Table, progress: Progress) -> None:
    """Copy the rows that lie behind the last one that is there."""
    key = tuple(table.primary_key.columns)
    async with target.connect() as connection:
        last = (
            await connection.execute(select(*key).order_by(*(one.desc() for one in key)).limit(1))
        ).first()
        progress("copy", await connection.scalar(select(func.count()).select_from(table)) or 0)
    async for page in _pages(reader, table, last):
        await _put(target, table, page if target.dialect == "sqlite" else [_storable(row) for row in page])
        progress("copy", len(page))
    number = table.autoincrement_column
    if number is not None and target.dialect == "postgresql":
        async with target.transaction() as connection:  # the next number is none that was copied
            sequence = func.pg_get_serial_sequence(table.name, number.name)
            await connection.execute(select(func.setval(sequence, func.max(number))))


async def _put(target: Database, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(column.name for column in table.columns)
    try:
        async with target.transaction(tries=10) as connection:
            await insert_rows(connection, table, columns, rows)
    except (StatementError, ValueError, TypeError, OverflowError) as error:  # the driver's own too
        if len(rows) > 1:
            for row in rows:  # one by one, to name the one at fault
                await _put(target, table, [row])
            return
        key = ", ".join(f"{one.name} {rows[0][columns.index(one.name)]}" for one in table.primary_key.columns)
        cause = error_text(error) if isinstance(error, StatementError) else error
        raise TransferError(
            f"{target.name} refuses the row of {table.name} with {key}: {cause}. Mend it in the source, then "
            "copy into an empty database."
        ) from error


async def _pages(reader: AsyncConnection, table: Table, last: Any) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows behind a key, in the order of keys, which is the same on every database."""
    key = tuple(table.primary_key.columns)
    places = [list(table.columns).index(one) for one in key]
    statement = select(table).order_by(*key).limit(_PAGE)
    while True:
        behind = statement
        if last is not None:
            given = (literal(value, one.type) for one, value in zip(key, last, strict=True))
            behind = statement.where(tuple_(*key) > tuple_(*given))
        try:
            page = [tuple(row) for row in await reader.execute(behind)]
        except (DBAPIError, ValueError, LookupError, TypeError) as error:
            cause = error_text(error) if isinstance(error, StatementError) else error
            raise TransferError(f"A row of {table.name} cannot be read: {cause}. Mend it first.") from error
        if page:
            yield page
            last = tuple(page[-1][place] for place in places)
        if len(page) < _PAGE:
            return


async def _verify(
    reader: AsyncConnection,
    written: AsyncConnection,
    table: Table,
    source: str,
    target: str,
    progress: Progress,
) -> CopyResult:
    """Hold all rows of a table against each other.

    Raises:
        TransferError: They differ.
    """
    checksums, rows, replaced = (sha256(), sha256()), 0, 0
    there, nothing = _pages(written, table, None), list[Row]()
    async for page in _pages(reader, table, None):
        stored = [_storable(row) for row in page] if written.dialect.name == "postgresql" else page
        replaced += sum(_spell(row) != _spell(one) for row, one in zip(page, stored, strict=True))
        found: Sequence[Row] = await anext(there, nothing)
        for checksum, side in zip(checksums, (stored, found), strict=True):
            checksum.update(b"".join(_spell(row) for row in side))
        if len(found) != len(page) or checksums[0].digest() != checksums[1].digest():
            break
        rows += len(page)
        progress("verify", len(page))
    else:
        if not await anext(there, nothing):
            return CopyResult(table.name, rows, checksums[0].hexdigest(), replaced)
    raise TransferError(
        f"{target} is not what {source} is: {table.name} differs behind row {rows:,}. Somebody else wrote "
        "into it; copy into an empty database."
    )


def _storable(row: Row) -> Row:
    """Return a row as PostgreSQL can hold it: its text has no NUL, its JSON no half characters either."""
    return tuple(_clean(value) for value in row)


def _clean(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        if "\0" not in value and value.isascii():
            return value
        return "".join("\ufffd" if one == "\0" or "\ud800" <= one <= "\udfff" else one for one in value)
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _spell(row: Row) -> bytes:
    """Return a row as bytes that are the same for the same values, whatever database they come from."""
    return json.dumps([_plain(value) for value in row], sort_keys=True).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return _json(value) if isinstance(value, dict | list) else value


def _json(value: Any) -> Any:
    """Return JSON whose whole numbers are integers: PostgreSQL keeps 1e22 as 10000000000000000000000."""
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_json(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
