"""The verbs that take items out of a library into files of other programs, and bring such files in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from mfkit.analysis import item_list
from mfkit.errors import ExportError, FilterError, IngestError
from mfkit.filters.media_filter import FilterFields, FilterLike, MediaFilter, filter_keywords
from mfkit.library.base import LibraryBase
from mfkit.path_argument import checked_path
from mfkit.progress import progress_bar

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from mfkit.exchange.export.export_formats import ExportResult
    from mfkit.exchange.imports.importer import ImportResult, OnError


class ExchangeMethods(LibraryBase):
    """Exports and ingests."""

    @filter_keywords
    async def export(
        self,
        path: str | os.PathLike[str],
        /,
        filter: FilterLike = None,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | None = None,
        ascending: bool = True,
        limit: int | None = None,
        offset: int | None = None,
        overwrite: bool = False,
        progress: bool | None = None,
        **fields: Unpack[FilterFields],
    ) -> ExportResult:
        """Write items into a file, in the format that its suffix names.

        ``.csv``, ``.jsonl`` or ``.ndjson`` (JSON lines), ``.parquet``, ``.xlsx`` (extra ``xlsx``),
        ``.geojson`` (items with a place), ``.db`` or ``.sqlite`` (a library of its own, with the items'
        copies, tags and collections). docs/exchange.md tells what each makes of which column. Any number of
        rows takes the same memory, and the file is there whole or not at all.

        Args:
            path: The file.
            filter: A :class:`MediaFilter`; its fields can be given as keywords instead or besides.
            columns: Columns in the order wanted; all when not given. Not for a library.
            order_by: A column, nulls last; when not given the rows come in no order to rely on, or, with
                ``limit`` or ``offset``, as in :meth:`items`.
            ascending: False sorts descending.
            limit: At most so many rows.
            offset: Leave out so many rows first.
            overwrite: Replace a file that is there; else it is an error.
            progress: Whether to show a progress bar; when not given, where a person can see it.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``path``, ``rows``, ``bytes`` and ``seconds``.

        Raises:
            ExportError: The suffix names no format, the file is there already or cannot be written, or
                holds fewer rows (XLSX). Nothing of it is left behind.
            LibraryLockedError: The library to be replaced is open.
            FilterError: A field or column is unknown, or a value makes no sense.
        """
        from mfkit.exchange.export import atomic_file, export_formats, sublibrary, xlsx

        started = time.monotonic()
        file = Path(checked_path(path, "the export", ExportError)).expanduser()
        write = export_formats.writer_for(file)
        atomic_file.refuse_existing(file, overwrite=overwrite)
        chosen = MediaFilter.of(filter, **fields)
        if file.suffix.lower() == export_formats.GEOJSON_SUFFIX:
            if chosen.has_location is False:
                raise ExportError("GeoJSON holds files with a place; these are selected as those without.")
            chosen = chosen.replace(has_location=True)
            if columns is not None:
                columns = list(dict.fromkeys([*columns, "latitude", "longitude"]))
        if write is None:
            if columns is not None:
                raise FilterError("A library is written with all its columns; leave columns= out.")
            columns = ["id"]
        statement = item_list.items(
            chosen, columns=columns, order_by=order_by, ascending=ascending, limit=limit, offset=offset
        )
        cut = limit is not None or offset is not None
        if order_by is None and not cut:
            # Ordering a million rows that nobody asked to be ordered takes longer than writing them.
            statement = statement.order_by(None)
        await self.open()
        expected = await self._expected(chosen, limit, offset)
        if file.suffix.lower() == ".xlsx":
            xlsx.refuse_too_many_rows(expected)
        with progress_bar(progress, file.name, expected, " items") as bar:
            if write is None:
                rows = await sublibrary.write_sublibrary(
                    self.database, statement, file, overwrite=overwrite, bar=bar
                )
            else:
                with atomic_file.write_atomically(file, overwrite=overwrite) as unfinished:

                    def take(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
                        counted = _Counted(batches, bar)
                        write(unfinished, schema, iter(counted))
                        return counted.rows

                    rows = await self._engine.stream(statement, take)
        return export_formats.ExportResult(file, rows, file.stat().st_size, time.monotonic() - started)

    async def ingest(
        self,
        source: pd.DataFrame | str | os.PathLike[str],
        /,
        *,
        columns: Mapping[str, str | None] | None = None,
        on_error: OnError = "raise",
        progress: bool | None = None,
    ) -> ImportResult:
        """Bring rows from elsewhere into the library, each into the item of its path or content.

        A library that does not exist is created.

        A row whose path or hash is known updates what it states, and leaves the rest as it is; any other is a
        new item. Without ``file_hash`` an item bears a stand-in until a scan reads the file; docs/exchange.md
        says what scans make of such items, and what each column may hold.

        Args:
            source: A DataFrame, or a file: ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson``, ``.parquet``, or
                ``.json`` as a list of rows or as ``exiftool -json``, ``ffprobe -of json`` and
                ``mediainfo --Output=JSON`` write it.
            columns: Which column of the source is which of mfkit's, by name; None leaves one out. Those that
                bear mfkit's names already need not be given.
            on_error: ``"raise"`` writes all rows in one transaction, and none when one is bad; ``"collect"``
                leaves bad rows out and returns the reasons, in transactions of 5,000 rows.
            progress: Whether to show a progress bar; when not given, where a person can see it.

        Returns:
            ``rows``, ``added``, ``updated``, ``unchanged``, ``copies``, ``left_out``, ``errors`` (a frame
            with ``row``, counted from 1, ``file_path``, ``column`` and ``reason``) and ``seconds``.

        Raises:
            IngestError: The source cannot be read, a column means nothing, or a row is bad.
            ReadOnlyLibraryError: The library may only be read.
            LibraryLockedError: Another program holds the write lock.
        """
        import pandas as pd

        from mfkit.exchange.imports.import_sources import require_file
        from mfkit.exchange.imports.importer import import_rows

        given = (
            source
            if isinstance(source, pd.DataFrame)
            else (Path(checked_path(source, "the import", IngestError)).expanduser())
        )
        await self._open_or_create(lambda: require_file(given))  # a misspelt file creates no library
        return await import_rows(
            self.database, given, columns=columns or {}, on_error=on_error, progress=progress
        )

    async def _expected(self, chosen: MediaFilter, limit: int | None, offset: int | None) -> int:
        table = await self._engine.run(item_list.count(chosen))
        left = max(0, int(table["files"][0].as_py()) - (offset or 0))
        return left if limit is None else min(left, limit)


class _Counted:
    """Batches on their way, counted for the report and for the progress bar."""

    def __init__(self, batches: Iterator[pa.RecordBatch], bar: Any) -> None:
        self._batches, self._bar, self.rows = batches, bar, 0
        bar.reset()  # who has to begin anew counts from the first row

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            self._bar.update(batch.num_rows)
            yield batch
