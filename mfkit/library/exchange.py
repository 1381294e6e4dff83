"""Methods that move data into and out of a library: export, import, publication and copies."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from mfkit.analysis import item_list, scan_history
from mfkit.core.database import Database
from mfkit.core.library_copy import copy_library, count_rows
from mfkit.engines.snapshot.snapshot_engine import SnapshotEngine
from mfkit.errors import ExportError, FilterError, IngestError, ReadOnlyLibraryError
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.lazy_layers import load_distributed
from mfkit.library.base import LibraryBase
from mfkit.path_argument import checked_path
from mfkit.progress import progress_bar

if TYPE_CHECKING:
    import pyarrow as pa

    from mfkit.exchange.export.export_formats import ExportResult
    from mfkit.exchange.export.paths_to_move import RemovalScript
    from mfkit.exchange.imports.column_mapping import Extra
    from mfkit.exchange.imports.importer import ImportResult, OnError


@dataclass(frozen=True)
class PublishResult:
    """Result of :meth:`mfkit.MediaLibrary.publish`.

    Attributes:
        path: Folder or URL of the dataset.
        version: Newest version of the dataset.
        items: Number of items in that version.
        files: Number of files in that version.
        bytes: Size of these files.
        written: Number of new files; 0 if nothing had changed, in which case no version was added.
        seconds: Duration of the call.
    """

    path: str
    version: int
    items: int
    files: int
    bytes: int
    written: int
    seconds: float


class ExchangeMethods(LibraryBase):
    """Methods that export items, import rows, publish datasets and copy libraries."""

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
        """Write items to a file, in the format of its suffix.

        The formats are ``.csv``, ``.jsonl`` or ``.ndjson`` (JSON lines), ``.parquet``, ``.xlsx`` (extra
        ``xlsx``), ``.geojson`` (items with a location), and ``.db`` or ``.sqlite`` (a library with the items'
        copies, tags and collections). docs/exchange.md describes their columns. Memory use does not depend on
        the number of rows. Writing is atomic: the file appears only when it is complete.

        Args:
            path: The file.
            filter: A :class:`MediaFilter`. Its fields can also be given as keywords.
            columns: Names of columns in the desired order; None for all. Not supported for a library.
            order_by: Name of a column; nulls are last. None writes rows in any order or, with ``limit`` or
                ``offset``, in the order of :meth:`items`.
            ascending: False sorts in descending order.
            limit: Maximum number of rows.
            offset: Number of rows to skip.
            overwrite: Replace an existing file.
            progress: Show a progress bar; None shows one in notebooks and terminals.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``path``, ``rows``, ``bytes``, ``seconds``, ``omitted`` (selected items that the format cannot
            contain: in GeoJSON, those without a location) and ``notes`` (sentences on what was left out).

        Raises:
            ExportError: The suffix is not one of these, or the file exists, cannot be written, or (XLSX) has
                too many rows. No partial file is left behind.
            LibraryLockedError: The library to be replaced is open.
            FilterError: A field or column is unknown, or a value is invalid.
        """
        from mfkit.exchange.export import atomic_file, export_formats, sublibrary, xlsx

        started = time.monotonic()
        file = Path(checked_path(path, "the export", ExportError)).expanduser()
        write = export_formats.writer_for(file)
        atomic_file.refuse_existing(file, overwrite=overwrite)
        chosen = MediaFilter.of(filter, **fields)
        without_location = None
        if file.suffix.lower() == export_formats.GEOJSON_SUFFIX:
            if chosen.has_location is False:
                raise ExportError(
                    "GeoJSON contains only items with a location, but has_location=False selects only items "
                    "without one. Remove that filter, or choose another format."
                )
            if chosen.has_location is None:
                without_location = chosen.replace(has_location=False)
            chosen = chosen.replace(has_location=True)
            if columns is not None:
                columns = list(dict.fromkeys([*columns, "latitude", "longitude"]))
        if write is None:
            if columns is not None:
                raise FilterError("An exported library always has all columns. Do not select columns.")
            columns = ["id"]
        statement = item_list.items(
            chosen, columns=columns, order_by=order_by, ascending=ascending, limit=limit, offset=offset
        )
        cut = limit is not None or offset is not None
        if order_by is None and not cut:
            # Rows are sorted only if the caller asks for an order or for a part of the rows, because sorting
            # many rows takes longer than writing them.
            statement = statement.order_by(None)
        await self.open()
        expected = await self._expected(chosen, limit, offset)
        if file.suffix.lower() == ".xlsx":
            xlsx.refuse_too_many_rows(expected)
        losses: tuple[str, ...] = ()
        with progress_bar(progress, file.name, expected, " items") as bar:
            if write is None:
                rows = await sublibrary.write_sublibrary(
                    self.database, statement, file, overwrite=overwrite, bar=bar
                )
            else:
                with atomic_file.write_atomically(file, overwrite=overwrite) as unfinished:

                    def take(
                        schema: pa.Schema, batches: Iterator[pa.RecordBatch]
                    ) -> tuple[int, tuple[str, ...]]:
                        counted = _Counted(batches, bar)
                        losses = write(unfinished, schema, iter(counted))
                        return counted.rows, losses

                    rows, losses = await self._engine.stream(statement, take)
        omitted = 0 if without_location is None else await self._expected(without_location, None, None)
        return export_formats.ExportResult(
            file,
            rows,
            file.stat().st_size,
            time.monotonic() - started,
            omitted,
            (*export_formats.notes(file, omitted), *losses),
        )

    async def write_removal_script(
        self, frame: pd.DataFrame, path: str | os.PathLike[str], /
    ) -> RemovalScript:
        """Write a POSIX shell script that moves the files without ``keep`` to a folder. Nothing is deleted.

        The script moves the files only when it is run. It replaces no file, and leaves a file where it is if
        one of the files that are kept in its group is missing. It compares exact copies byte by byte before
        it moves one, and leaves similar files where they are if the size of the file or of a kept one has
        changed. It refuses a target folder that the library scans. A file with an XMP sidecar stays if no
        kept file has one. All paths of a similar picture or
        video are moved, also those of its exact copies.

        Args:
            frame: A DataFrame of :meth:`similar` or :meth:`duplicates`, all rows of each group. Change its
                column ``keep`` to decide otherwise.
            path: The script to write, for example ``remove.sh``.

        Returns:
            ``path``, ``files`` (number of files that the script moves) and ``omitted`` (number of files that
            a script cannot move, such as objects in object storage).

        Raises:
            ExportError: The frame is another one, a group has no file to keep, or the file exists or cannot
                be written.
        """
        from mfkit.exchange.export import atomic_file, paths_to_move

        file = Path(checked_path(path, "the script", ExportError)).expanduser()
        atomic_file.refuse_existing(file, overwrite=False, can_overwrite=False)
        if not {"id", "file_path", "file_size", "keep"} <= set(frame.columns):
            raise ExportError("The frame must have the columns of lib.similar() or lib.duplicates().")
        is_similar = "group" in frame.columns
        removed = frame.loc[~frame["keep"].astype(bool), "id"].tolist() if is_similar else []
        files = paths_to_move.files_of_frame(frame, await paths_to_move.paths_of_items(removed, self.frame))
        roots = (await self.frame(scan_history.roots()))["root"]
        try:
            count = paths_to_move.write_move_script(file, files, roots)
        except OSError as error:
            raise ExportError(f"{file} cannot be written: {error.strerror or error}.") from error
        return paths_to_move.RemovalScript(file, count, len(files) - count)

    async def ingest(
        self,
        source: pd.DataFrame | str | os.PathLike[str],
        /,
        *,
        columns: Mapping[str, str | None] | None = None,
        on_error: OnError = "raise",
        extra: Extra = "raise",
        progress: bool | None = None,
    ) -> ImportResult:
        """Import rows into the library, which is created if it does not exist.

        If the library has an item with a row's path or hash, the values in the row replace those of the item,
        and empty values change nothing. Any other row adds an item. An item without ``file_hash`` has a
        placeholder until a scan reads its file. docs/exchange.md describes the columns, and how scans treat
        imported items.

        Args:
            source: A DataFrame, or a file: ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson``, ``.parquet``, or
                ``.json`` with a list of rows or the output of ``exiftool -json``, ``ffprobe -of json`` or
                ``mediainfo --Output=JSON``.
            columns: Mapping from columns of the source to mfkit's columns, or to None to ignore a column.
                Columns with mfkit's names need no entry.
            on_error: ``"raise"`` writes all rows in one transaction, or none if a row is invalid.
                ``"collect"`` leaves out invalid rows and returns the reasons, in transactions of 5,000 rows.
            extra: What happens to columns that mfkit does not know: ``"raise"`` names all of them in an
                error, ``"keep"`` stores their values in ``extra_metadata``, and ``"ignore"`` leaves them out.
            progress: Show a progress bar; None shows one in notebooks and terminals.

        Returns:
            ``rows``, ``added``, ``updated``, ``unchanged``, ``copies``, ``left_out``, ``errors`` (a DataFrame
            with ``row``, from 1, ``file_path``, ``column`` and ``reason``) and ``seconds``.

        Raises:
            IngestError: The source cannot be read, a column is unknown, or a row is invalid.
            ReadOnlyLibraryError: The library is read-only.
            LibraryLockedError: Another program holds the write lock.
        """
        import pandas as pd

        from mfkit.exchange.imports.import_sources import require_file
        from mfkit.exchange.imports.importer import import_rows

        given = source
        if not isinstance(given, pd.DataFrame):
            given = Path(checked_path(given, "the import", IngestError)).expanduser()
        # The path of the source is checked first, so that a misspelt path does not create a library.
        await self._open_or_create(lambda: require_file(given))
        return await import_rows(
            self.database, given, columns=columns or {}, on_error=on_error, extra=extra, progress=progress
        )

    async def _expected(self, chosen: MediaFilter, limit: int | None, offset: int | None) -> int:
        table = await self._engine.run(item_list.count(chosen))
        left = max(0, int(table["files"][0].as_py()) - (offset or 0))
        return left if limit is None else min(left, limit)

    async def publish(self, target: str | os.PathLike[str]) -> PublishResult:
        """Publish the library's current state as a new version of a dataset of Parquet files.

        The files are grouped in folders by media type and year, and are rarely larger than 256 MB. Only files
        whose rows changed since the last version are written. The files of the last three versions are kept,
        so that their readers are not interrupted. :meth:`from_dataset` and all programs that support Parquet
        can read a dataset (docs/howto/datasets.md).

        Args:
            target: A folder that is empty or contains a dataset, or a URL that PyArrow supports, such as
                ``s3://bucket/media``. Only one program at a time can publish to a bucket.

        Returns:
            ``path``, ``version``, ``items``, ``files``, ``bytes``, ``written`` (new files) and ``seconds``.

        Raises:
            DatasetError: The target cannot be written, has other files, or another program published at the
                same time. Earlier versions do not change.
        """
        started = time.monotonic()
        await self.open()
        if not isinstance(self._snapshot, SnapshotEngine):
            raise ReadOnlyLibraryError(
                f"{self.database.name} is a published dataset, which cannot be published again. "
                "Publish the library that it was published from."
            )
        dataset = load_distributed("dataset").Dataset(target)
        publish = load_distributed("publish_dataset").publish
        version, written = await self._snapshot.publish(partial(publish, dataset))
        items = sum(one.rows for one in version.relations["media"])
        files = len(list(version.files()))
        seconds = time.monotonic() - started
        return PublishResult(dataset.name, version.version, items, files, version.bytes, written, seconds)

    async def copy_to(self, target: str | os.PathLike[str], *, progress: bool | None = None) -> pd.DataFrame:
        """Copy the whole library into another database, and verify the copy.

        Ids, timestamps, tags, collections and scans do not change. If a copy is interrupted, call the method
        again to continue it. The target cannot be used as a library before it is complete.

        Args:
            target: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL). The database is empty
                or, with SQLite, does not exist.
            progress: Show a progress bar; None shows one in notebooks and terminals.

        Returns:
            One row per table: ``table``, ``rows``, ``checksum`` (SHA-256 of all values, equal in both
            databases) and ``replaced`` (number of rows in which a NUL character or an unpaired surrogate,
            which PostgreSQL cannot store, was replaced by U+FFFD).

        Raises:
            TransferError: The target has other data, refuses a row, or differs from the library.
            MfkitError: The target cannot be opened or written.
        """
        await self.open()
        other = Database(target)
        try:
            # The progress bar counts each row twice, because it is first copied and then verified.
            rows = 2 * await count_rows(self.database)
            with progress_bar(progress, f"to {other.name}", rows, " rows") as bar:
                copied = await copy_library(self.database, other, bar.update)
        finally:
            await other.dispose()
        return pd.DataFrame(copied)


class _Counted:
    """Iterable over the row batches of an export. It counts the rows for the result and the progress bar."""

    def __init__(self, batches: Iterator[pa.RecordBatch], bar: Any) -> None:
        self._batches, self._bar, self.rows = batches, bar, 0
        bar.reset()  # The count starts again at 0, because an engine may run the query again from the start.

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            self._bar.update(batch.num_rows)
            yield batch
