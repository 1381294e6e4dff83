"""Rows from elsewhere into the library: named, checked, cleaned, merged, batch by batch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.database import Database
from mfkit.errors import IngestError
from mfkit.exchange.imports.import_row import COLUMNS, NOT_GIVEN
from mfkit.exchange.imports.import_sources import Batches, read_batches
from mfkit.exchange.imports.merge_rows import Outcome, decide
from mfkit.exchange.imports.new_rows import NewRows, new_items
from mfkit.exchange.imports.prepared_rows import PreparedRows, prepare_rows
from mfkit.exchange.imports.validation import BadRow, Columns, check_rows
from mfkit.progress import progress_bar

OnError = Literal["raise", "collect"]
_SHOWN = 5


@dataclass
class ImportResult:
    """What an ingest did.

    Attributes:
        rows: How many rows there were.
        added: Items that were not in the library.
        updated: Rows that changed an item.
        unchanged: Rows that say what the library says.
        copies: Rows that are a further path of a known content.
        bad: The rows that were left out, each with its reasons.
        seconds: How long it took.
    """

    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    copies: int = 0
    bad: list[BadRow] = field(default_factory=list, repr=False)
    seconds: float = 0.0

    def merged(self, outcome: Outcome) -> None:
        """Add what became of a batch."""
        self.added, self.updated = self.added + outcome.added, self.updated + outcome.updated
        self.unchanged, self.copies = self.unchanged + outcome.unchanged, self.copies + outcome.copies
        self.bad += outcome.bad

    @property
    def known(self) -> int:
        """How many rows told of what the library has."""
        return self.updated + self.unchanged + self.copies

    @property
    def left_out(self) -> int:
        """How many rows were left out."""
        return len({one.row for one in self.bad})

    @property
    def errors(self) -> pd.DataFrame:
        """Why rows were left out: ``row`` (counted from 1), ``file_path``, ``column`` and ``reason``."""
        columns = {
            "row": pd.array([one.row for one in self.bad], "int64"),
            **{
                name: pd.array([getattr(one, name) for one in self.bad], "str")
                for name in ("file_path", "column", "reason")
            },
        }
        return pd.DataFrame(columns)


async def import_rows(
    database: Database,
    source: pd.DataFrame | Path,
    *,
    columns: Mapping[str, str | None],
    on_error: OnError,
    progress: bool | None,
) -> ImportResult:
    """Bring rows into a library; see :meth:`mfkit.MediaLibrary.ingest`."""
    if on_error not in ("raise", "collect"):
        raise IngestError(f"on_error is 'raise' or 'collect', not {on_error!r}.")
    started = time.monotonic()
    rows, names, expected = await asyncio.to_thread(read_batches, source)
    rename = _Renaming(columns)
    if names is not None:
        rename.check(names)
    done = ImportResult()
    batches = _batches(rows, rename, done, database.engine.dialect)
    with progress_bar(progress, getattr(source, "name", "frame"), expected, " rows") as bar:
        async with _ReadAhead(batches) as ahead:
            if on_error == "collect":
                async for batch in ahead.account(done, bar):
                    async with database.transaction() as connection:
                        await _merge(connection, batch, ahead, done)
            else:
                async with database.transaction() as connection:
                    async for batch in ahead.account(done, bar):
                        # Once a row is bad nothing will stay; the rest is checked to name all such rows.
                        if not done.bad:
                            await _merge(connection, batch, ahead, done)
                    if done.bad:
                        raise _refused(done.bad)
    done.bad.sort(key=lambda one: one.row)
    done.seconds = time.monotonic() - started
    return done


async def _merge(connection: AsyncConnection, batch: _Batch, ahead: _ReadAhead, done: ImportResult) -> None:
    merging = await decide(connection, batch.rows, batch.expected)
    # Not before: a thread that computes makes the many short turns of the lookups wait for Python's lock.
    ahead.begin()
    await merging.write(connection)
    done.merged(merging.outcome)


class _ReadAhead:
    """Batches, each checked on another thread while the database writes the one before it."""

    def __init__(self, batches: Iterator[_Batch]) -> None:
        self._batches = batches
        self._next: asyncio.Future[_Batch | None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._next is not None:
            await asyncio.gather(self._next, return_exceptions=True)

    def begin(self) -> None:
        """Let the next batch be checked."""
        if self._next is None:
            self._next = asyncio.ensure_future(asyncio.to_thread(next, self._batches, None))

    async def account(self, done: ImportResult, bar: Any) -> AsyncIterator[_Batch]:
        """Yield the batches, and keep the account of their rows."""
        while True:
            self.begin()
            assert self._next is not None
            batch = await self._next
            self._next = None
            if batch is None:
                return
            done.rows += batch.count
            done.bad += batch.bad
            yield batch
            bar.update(batch.count)


class _Renaming:
    """Which column of the source is which of mfkit's."""

    def __init__(self, columns: Mapping[str, str | None]) -> None:
        unknown = [name for name in columns.values() if name is not None and name not in COLUMNS]
        if unknown:
            raise IngestError(f"There is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}.")
        self._columns = columns

    def check(self, names: list[str]) -> None:
        """Refuse columns that mean nothing, and rename those that mean something."""
        absent = [name for name in self._columns if name not in names]
        if absent:
            raise IngestError(f"The source has no column {absent[0]!r}; it has {', '.join(names)}.")
        meant = [self._columns.get(name, name) for name in names]
        for name, other in zip(names, meant, strict=True):
            if other is not None and other not in COLUMNS and other not in NOT_GIVEN:
                raise IngestError(
                    f"The column {name!r} means nothing to mfkit. Rename it, or leave it out with None: "
                    f"columns={{{name!r}: None}}. There are {', '.join(COLUMNS)}."
                )
        said = [name for name in meant if name is not None]
        twice = [name for name in said if said.count(name) > 1]
        if twice:
            raise IngestError(f"Two columns are {twice[0]!r}; leave one out with columns={{...: None}}.")
        if "file_path" not in said:
            raise IngestError(
                "No column says where the files are; name it: columns={'the column': 'file_path'}."
            )

    @property
    def unwanted(self) -> set[str]:
        """Columns of the source that are passed over."""
        kept = {name for name, meant in self._columns.items() if meant is not None and meant not in NOT_GIVEN}
        return {*NOT_GIVEN, *self._columns} - kept

    def __call__(self, columns: Columns) -> Columns:
        """Return columns under mfkit's names."""
        renamed: Columns = {}
        for name, values in columns.items():
            meant = self._columns.get(name) or name
            if meant in renamed:  # objects need not all have the same names
                values = [
                    one if other is None else other for one, other in zip(renamed[meant], values, strict=True)
                ]
            renamed[meant] = values
        return renamed


@dataclass(frozen=True, slots=True)
class _Batch:
    """A transaction's worth of rows: the good ones, what they are if all are new, and the bad ones."""

    rows: PreparedRows
    expected: NewRows | None
    bad: list[BadRow]
    count: int


def _batches(rows: Batches, rename: _Renaming, done: ImportResult, dialect: Dialect) -> Iterator[_Batch]:
    first = 1
    for count, columns in rows(rename.unwanted):
        found = check_rows(range(first, first + count), rename(columns))
        good = prepare_rows(found)
        # Made ready here, while the database writes the rows before: as long as those were new, too.
        expected = new_items(good, good.sized(), dialect) if not done.known else None
        yield _Batch(good, expected, found.bad, count)
        first += count


def _refused(bad: list[BadRow]) -> IngestError:
    number = len({one.row for one in bad})
    shown = "; ".join(
        f"row {one.row} ({one.file_path}): {f'{one.column}: ' if one.column else ''}{one.reason}"
        for one in islice(bad, _SHOWN)
    )
    more = f"; and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    return IngestError(
        f"{number:,} row{'s' if number > 1 else ''} cannot be taken: {shown}{more}. Nothing was written; "
        "on_error='collect' (--collect) leaves such rows out and lists them."
    )
