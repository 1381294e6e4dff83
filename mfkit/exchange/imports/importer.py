"""Import of rows into the library, in batches: rename columns, validate and clean values, and merge rows."""

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
from mfkit.exchange.imports.column_mapping import ColumnMapping, Extra, add_kept, import_error
from mfkit.exchange.imports.import_sources import Batches, read_batches
from mfkit.exchange.imports.merge_rows import Outcome, decide
from mfkit.exchange.imports.prepared_rows import NewRows, PreparedRows, convert_new, prepare_rows
from mfkit.exchange.imports.validation import BadRow, check_rows
from mfkit.filters.units import plural
from mfkit.progress import progress_bar

OnError = Literal["raise", "collect"]
_SHOWN = 5


@dataclass
class ImportResult:
    """Row counts of an import, and the reasons why rows were left out.

    Attributes:
        rows: Number of rows in the source.
        added: Number of new items.
        updated: Number of rows that changed an item.
        unchanged: Number of rows whose values are already in the library.
        copies: Number of rows that add a copy of an existing item.
        bad: Reasons why rows were left out; a row may have several.
        seconds: Duration of the import.
    """

    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    copies: int = 0
    bad: list[BadRow] = field(default_factory=list, repr=False)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Add a batch's row counts and its invalid rows to this result."""
        self.added, self.updated = self.added + outcome.added, self.updated + outcome.updated
        self.unchanged, self.copies = self.unchanged + outcome.unchanged, self.copies + outcome.copies
        self.bad += outcome.bad

    @property
    def known(self) -> int:
        """Number of rows that describe items that were already in the library."""
        return self.updated + self.unchanged + self.copies

    @property
    def left_out(self) -> int:
        """Number of rows that were left out."""
        return len({one.row for one in self.bad})

    @property
    def errors(self) -> pd.DataFrame:
        """DataFrame with the reasons why rows were left out, one reason per row.

        The columns are ``row`` (the number of the row in the source, from 1), ``file_path``, ``column`` and
        ``reason``.
        """
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
    extra: Extra,
    progress: bool | None,
) -> ImportResult:
    """Import rows into a library; see :meth:`mfkit.MediaLibrary.ingest`."""
    if on_error not in ("raise", "collect"):
        raise IngestError(f"on_error={on_error!r} is not supported. Use 'raise' or 'collect'.")
    if extra not in ("raise", "keep", "ignore"):
        raise import_error(
            lambda advice: f"{extra!r} is not supported. Use 'raise', 'keep' or 'ignore' ({advice.keep})."
        )
    started = time.monotonic()
    rows, names, expected = await asyncio.to_thread(read_batches, source)
    rename = ColumnMapping(columns, extra)
    if names is not None:
        rename.check(names)
    result = ImportResult()
    batches = _checked_batches(rows, rename, result, database.engine.dialect)
    with progress_bar(progress, getattr(source, "name", "frame"), expected, " rows") as bar:
        async with _ReadAhead(batches) as ahead:
            if on_error == "collect":
                async for batch in ahead.batches(result, bar):
                    async with database.transaction() as connection:
                        await _merge(connection, batch, ahead, result)
            else:
                async with database.transaction() as connection:
                    async for batch in ahead.batches(result, bar):
                        # After an invalid row, no batch is merged, but later batches are still validated, so
                        # that the error can list all invalid rows.
                        if not result.bad:
                            await _merge(connection, batch, ahead, result)
                    # For JSON, unknown columns are refused only here, because all objects must be read to
                    # know the columns.
                    rename.refuse_unknown()
                    if result.bad:
                        raise _bad_rows_error(result.bad)
    result.bad.sort(key=lambda one: one.row)
    result.seconds = time.monotonic() - started
    return result


async def _merge(
    connection: AsyncConnection, batch: _CheckedBatch, ahead: _ReadAhead, result: ImportResult
) -> None:
    batch_merge = await decide(connection, batch.rows, batch.expected)
    # Validation of the next batch starts only after decide(). A validating thread would hold the GIL, and
    # delay each of the many short queries of decide().
    ahead.begin()
    await batch_merge.write(connection)
    result.add(batch_merge.outcome)


class _ReadAhead:
    """Iterator over import batches. It validates the next batch in a thread while a batch is written."""

    def __init__(self, batches: Iterator[_CheckedBatch]) -> None:
        self._batches = batches
        self._next: asyncio.Future[_CheckedBatch | None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._next is not None:
            await asyncio.gather(self._next, return_exceptions=True)

    def begin(self) -> None:
        """Start to validate the next batch of rows in a thread."""
        if self._next is None:
            self._next = asyncio.ensure_future(asyncio.to_thread(next, self._batches, None))

    async def batches(self, result: ImportResult, bar: Any) -> AsyncIterator[_CheckedBatch]:
        """Yield the validated batches, and add their row counts and invalid rows to the result."""
        while True:
            self.begin()
            assert self._next is not None
            batch = await self._next
            self._next = None
            if batch is None:
                return
            result.rows += batch.count
            result.bad += batch.bad
            yield batch
            bar.update(batch.count)


@dataclass(frozen=True, slots=True)
class _CheckedBatch:
    """Batch of valid import rows, with the reasons why the batch's other rows are left out.

    Attributes:
        rows: The valid rows.
        expected: The valid rows, converted as new items; None if earlier batches had rows for existing items.
        bad: Reasons why the other rows are left out.
        count: Number of rows of the batch in the source, valid or not.
    """

    rows: PreparedRows
    expected: NewRows | None
    bad: list[BadRow]
    count: int


def _checked_batches(
    rows: Batches, rename: ColumnMapping, result: ImportResult, dialect: Dialect
) -> Iterator[_CheckedBatch]:
    first = 1
    for count, columns in rows(rename.unwanted):
        known, kept = rename(columns)
        found = check_rows(range(first, first + count), known)
        if kept:
            positions = [number - first for number in found.numbers]
            given = found.columns.get("extra_metadata", [None] * len(positions))
            found.columns["extra_metadata"] = add_kept(given, kept, positions)
        good = prepare_rows(found)
        # If all rows so far were new, the rows of this batch are probably new too. So this thread already
        # converts them to items while the previous batch is written.
        expected = convert_new(good, good.sized(), dialect) if not result.known else None
        yield _CheckedBatch(good, expected, found.bad, count)
        first += count


def _bad_rows_error(bad: list[BadRow]) -> IngestError:
    number = len({one.row for one in bad})
    shown = "; ".join(
        f"row {one.row} ({one.file_path}): {f'{one.column}: ' if one.column else ''}{one.reason}"
        for one in islice(bad, _SHOWN)
    )
    more = f"; and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    return import_error(
        lambda advice: (
            f"{plural(number, 'row')} cannot be imported: {shown}{more}. Nothing was written. Correct these "
            f"rows, or leave such rows out and list them with {advice.collect}."
        )
    )
