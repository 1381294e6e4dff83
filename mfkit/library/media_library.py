"""The async face: all verbs on one library."""

from __future__ import annotations

import asyncio
import atexit
import functools
import html
import os
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, Self, TypeVar, Unpack, cast
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from mfkit.core.database import BUSY_TIMEOUT, Database
from mfkit.core.event_loop import run_on_library_loop, run_sync, start_cleanup, wait_for_cleanups
from mfkit.errors import MfkitError
from mfkit.filters.media_filter import FilterFields, FilterLike, MediaFilter, filter_keywords
from mfkit.library.analyse import AnalysisMethods
from mfkit.library.base import Engine, overview_of
from mfkit.library.curate import CurateMethods
from mfkit.library.details import DetailMethods
from mfkit.library.exchange import ExchangeMethods
from mfkit.library.read import FacetMethods
from mfkit.library.representation import Overview
from mfkit.library.write import TransferMethods, WriteMethods
from mfkit.text_safety import escape_control
from mfkit.upper_layers import load_presentation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from mfkit.widgets import Explorer


class AsyncMediaLibrary(
    WriteMethods,
    AnalysisMethods,
    FacetMethods,
    DetailMethods,
    CurateMethods,
    ExchangeMethods,
    TransferMethods,
):
    """A media library for async code; runs on the event loop that awaits it.

    Attributes:
        database: The record database.
    """


P = ParamSpec("P")
T = TypeVar("T")
_SHOWN_WITHIN = 2.0
"""Seconds that printing a library may take to count its items."""

_unclosed: weakref.WeakSet[Database] = weakref.WeakSet()


def _forget(database: Database) -> None:
    """Close the connections of a library that nobody holds any more."""
    start_cleanup(database.dispose())


@atexit.register
def _close_all() -> None:
    for database in list(_unclosed):
        start_cleanup(database.dispose())
    wait_for_cleanups()


class _Bridge:
    """The async face of a :class:`MediaLibrary`: each call runs on mfkit's loop, awaited from any other."""

    def __init__(self, library: AsyncMediaLibrary) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._library, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        @functools.wraps(attribute)
        def call(*args: Any, **kwargs: Any) -> Awaitable[Any]:
            return run_on_library_loop(attribute(*args, **kwargs))

        # wraps() copies a signature that the function has set itself, with self.
        call.__dict__.pop("__signature__", None)
        return call

    def __dir__(self) -> list[str]:
        return dir(self._library)

    async def __aenter__(self) -> Self:
        await self._open_existing()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _blocking(
    method: Callable[Concatenate[AsyncMediaLibrary, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[MediaLibrary, P], T]:
    """Return the blocking twin of an async verb: same parameters, same docstring."""

    @functools.wraps(method)
    def call(self: MediaLibrary, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run_sync(method(self._library, *args, **kwargs))

    return call


class MediaLibrary:
    """A media library for scripts and notebooks: every verb of :class:`AsyncMediaLibrary`, blocking.

    Attributes:
        aio: The same verbs to be awaited, over the same database, from whatever event loop.
    """

    def __init__(
        self,
        library: str | os.PathLike[str],
        *,
        read_only: bool = False,
        busy_timeout: float = BUSY_TIMEOUT,
        engine: Engine = "snapshot",
    ) -> None:
        """Open a library and bring its schema up to date; the first scan or import creates it.

        Args:
            library: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL).
            read_only: Refuse to write; the library must exist.
            busy_timeout: Seconds to wait for another program's write to end (SQLite).
            engine: ``"snapshot"`` runs queries on a columnar copy in the user's cache, brought up to
                date before each; ``"record"`` runs them on the database itself.

        Raises:
            MfkitError: It is not a library, is locked, comes from a newer mfkit, or is only to be read and
                does not exist.
        """
        self._start(AsyncMediaLibrary(library, read_only=read_only, busy_timeout=busy_timeout, engine=engine))

    @classmethod
    def from_dataset(
        cls, dataset: str | os.PathLike[str], *, engine: SparkSession | Literal["duckdb"] = "duckdb"
    ) -> Self:
        """Open what :meth:`publish` wrote, to read: every analysis, on one machine or on a cluster.

        Before each query it is looked which version is the newest; a query sees one version whole. Verbs that
        write answer with :class:`mfkit.errors.ReadOnlyLibraryError`.

        Args:
            dataset: The folder or URL.
            engine: ``"duckdb"`` runs queries on this machine, for a dataset in a folder; a Spark session
                (extra ``spark``) runs them on its cluster, whose machines must see the dataset under the
                same name.

        Raises:
            DatasetError: The URL makes no sense, or DuckDB cannot read from there.
            QueryError: The engine is neither.
        """
        library = cls.__new__(cls)
        library._start(AsyncMediaLibrary.from_dataset(dataset, engine=engine))
        return library

    def _start(self, library: AsyncMediaLibrary) -> None:
        self._library = library
        # People seldom close a library; its connections must not outlive it all the same.
        weakref.finalize(self, _forget, self._library.database).atexit = False
        _unclosed.add(self._library.database)
        run_sync(self._library._open_existing())

    @property
    def database(self) -> Database:
        """The record database; its connections belong to mfkit's own loop."""
        return self._library.database

    @property
    def aio(self) -> AsyncMediaLibrary:
        """The same library for ``await``: ``await lib.aio.items(media_type="video")``."""
        return cast(AsyncMediaLibrary, _Bridge(self._library))

    def __repr__(self) -> str:
        """Show the path, or the URL without the password, and how much the library holds."""
        overview = self._overview()
        return f"MediaLibrary({self.database.name!r})" + (f" {overview.text()}" if overview else "")

    def _repr_html_(self) -> str:
        """Show the same as a table, for a notebook."""
        overview = self._overview()
        return overview.html() if overview else f"<code>{html.escape(escape_control(repr(self)))}</code>"

    def _overview(self) -> Overview | None:
        """Return how much the library holds; None if that cannot be told at once, whatever the reason."""

        async def within() -> Overview | None:
            async with asyncio.timeout(_SHOWN_WITHIN):
                return await overview_of(self._library)

        try:
            return run_sync(within())
        except (MfkitError, SQLAlchemyError, OSError):  # broken, locked or busy: it is printed all the same
            return None

    def __len__(self) -> int:
        """Return the number of items that the last scan found."""
        return self.count()

    def __bool__(self) -> bool:
        """Return True: an empty library is a library."""
        return True

    def __enter__(self) -> Self:
        """Return the open library."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the library."""
        self.close()

    close = _blocking(AsyncMediaLibrary.close)
    scan = _blocking(AsyncMediaLibrary.scan)
    items = _blocking(AsyncMediaLibrary.items)
    count = _blocking(AsyncMediaLibrary.count)
    search = _blocking(AsyncMediaLibrary.search)
    frame = _blocking(AsyncMediaLibrary.frame)
    sql = _blocking(AsyncMediaLibrary.sql)
    snapshot = _blocking(AsyncMediaLibrary.snapshot)
    refresh = _blocking(AsyncMediaLibrary.refresh)
    metadata = _blocking(AsyncMediaLibrary.metadata)
    thumbnail = _blocking(AsyncMediaLibrary.thumbnail)
    summary = _blocking(AsyncMediaLibrary.summary)
    crosstab = _blocking(AsyncMediaLibrary.crosstab)
    growth = _blocking(AsyncMediaLibrary.growth)
    folders = _blocking(AsyncMediaLibrary.folders)
    histogram = _blocking(AsyncMediaLibrary.histogram)
    facets = _blocking(AsyncMediaLibrary.facets)
    places = _blocking(AsyncMediaLibrary.places)
    largest = _blocking(AsyncMediaLibrary.largest)
    duplicates = _blocking(AsyncMediaLibrary.duplicates)
    completeness = _blocking(AsyncMediaLibrary.completeness)
    missing_metadata = _blocking(AsyncMediaLibrary.missing_metadata)
    savings = _blocking(AsyncMediaLibrary.savings)
    compare = _blocking(AsyncMediaLibrary.compare)
    totals = _blocking(AsyncMediaLibrary.totals)
    scans = _blocking(AsyncMediaLibrary.scans)
    failures = _blocking(AsyncMediaLibrary.failures)
    tags = _blocking(AsyncMediaLibrary.tags)
    tag = _blocking(AsyncMediaLibrary.tag)
    untag = _blocking(AsyncMediaLibrary.untag)
    collections = _blocking(AsyncMediaLibrary.collections)
    add_to = _blocking(AsyncMediaLibrary.add_to)
    remove_from = _blocking(AsyncMediaLibrary.remove_from)
    export = _blocking(AsyncMediaLibrary.export)
    ingest = _blocking(AsyncMediaLibrary.ingest)
    undo = _blocking(AsyncMediaLibrary.undo)
    saved_filters = _blocking(AsyncMediaLibrary.saved_filters)
    saved_filter = _blocking(AsyncMediaLibrary.saved_filter)
    save_filter = _blocking(AsyncMediaLibrary.save_filter)
    delete_filter = _blocking(AsyncMediaLibrary.delete_filter)
    copy_to = _blocking(AsyncMediaLibrary.copy_to)
    publish = _blocking(AsyncMediaLibrary.publish)

    @filter_keywords
    def explore(self, /, filter: FilterLike = None, **fields: Unpack[FilterFields]) -> Explorer:
        """Return the explorer: filters that drive charts, a map and a table, for a notebook cell.

        Args:
            filter: What is selected first; all files when not given.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
            LibraryNotFoundError: The library does not exist.
        """
        run_sync(self._library.open())
        explorer: Explorer = load_presentation("widgets").explore(self, MediaFilter.of(filter, **fields))
        return explorer

    @filter_keywords
    def report(
        self,
        path: str | os.PathLike[str],
        /,
        filter: FilterLike = None,
        *,
        title: str | None = None,
        sections: Sequence[str] | None = None,
        redact: str | Sequence[str] = (),
        compare_to: str | UUID | None = None,
        notebook: str | os.PathLike[str] | None = None,
        pictures: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        **fields: Unpack[FilterFields],
    ) -> Path:
        """Write a report as one file: HTML that opens anywhere without a server, or PDF.

        The file holds everything it shows and loads nothing. A report that is there is replaced, and
        the new one says what changed since; any other file is only replaced when asked for.

        Args:
            path: ``report.html``, or ``report.pdf`` where there is a Chromium, Chrome or Edge.
            filter: Which items; all when not given.
            title: Heading; the library's name when not given.
            sections: Which of :data:`mfkit.report.SECTIONS`; all when not given.
            redact: ``"names"`` replaces names of files and folders by aliases, ``"places"`` rounds
                places to 0.1 degrees (about 11 km), ``"map"`` leaves them out; or several of them.
            compare_to: Id of an earlier scan, as :meth:`scans` gives it: the report then lists what
                changed on disk since.
            notebook: A copy of ``library_report.ipynb`` that was changed; the shipped one when not given.
            pictures: A folder for the charts as PNG files too (extra ``pictures``, and a browser).
            overwrite: Replace a file that is not a report by mfkit too; else it is an error.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            The path that was written.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
            ReportError: The path, a section or a redaction makes no sense, the notebook failed, or the
                file cannot be written; an earlier report is then as it was.
        """
        path_written: Path = load_presentation("report").write_report(
            self,
            path,
            MediaFilter.of(filter, **fields),
            title=title,
            sections=sections,
            redact=redact,
            compare_to=compare_to,
            notebook=notebook,
            pictures=pictures,
            overwrite=overwrite,
        )
        return path_written
