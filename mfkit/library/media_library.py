"""`AsyncMediaLibrary`, which combines all methods, and `MediaLibrary`, its sync version."""

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
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.lazy_layers import load_presentation
from mfkit.library.analyse import AnalysisMethods
from mfkit.library.base import Engine, Overview, overview_of
from mfkit.library.curate import CurateMethods
from mfkit.library.details import DetailMethods
from mfkit.library.exchange import ExchangeMethods
from mfkit.library.inspection_methods import InspectionMethods
from mfkit.library.scan_methods import ScanMethods
from mfkit.library.stream_methods import StreamMethods
from mfkit.text_safety import escape_control

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from mfkit.widgets import Explorer


class AsyncMediaLibrary(
    ScanMethods,
    AnalysisMethods,
    StreamMethods,
    InspectionMethods,
    DetailMethods,
    CurateMethods,
    ExchangeMethods,
):
    """Media library for async code. Its methods run on the caller's event loop.

    Attributes:
        database: The library database.
    """


P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_OVERVIEW_SECONDS = 2.0
"""Maximum time in seconds to compute the overview when a library is printed."""

_unclosed: weakref.WeakSet[Database] = weakref.WeakSet()


def _close_collected(database: Database) -> None:
    """Close the connections of a library that was garbage-collected."""
    start_cleanup(database.dispose())


@atexit.register
def _close_all() -> None:
    for database in list(_unclosed):
        start_cleanup(database.dispose())
    wait_for_cleanups()


class _AsyncMethods:
    """Async methods of a :class:`MediaLibrary`. Any event loop can await them."""

    def __init__(self, library: AsyncMediaLibrary) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._library, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        @functools.wraps(attribute)
        def call(*args: Any, **kwargs: Any) -> Awaitable[Any]:
            return run_on_library_loop(attribute(*args, **kwargs))

        # functools.wraps() copied a signature with the parameter self. It is removed, because call() has no
        # such parameter.
        call.__dict__.pop("__signature__", None)
        return call

    def __dir__(self) -> list[str]:
        return dir(self._library)

    async def __aenter__(self) -> Self:
        await self._open_existing()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _sync(
    method: Callable[Concatenate[AsyncMediaLibrary, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[MediaLibrary, P], T]:
    """Return the sync version of an async method, with the same parameters and docstring."""

    @functools.wraps(method)
    def call(self: MediaLibrary, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run_sync(method(self._library, *args, **kwargs))

    return call


def _documented_as(other: Callable[..., Any]) -> Callable[[F], F]:
    """Return a decorator that copies the docstring of another function."""

    def decorate(function: F) -> F:
        function.__doc__ = other.__doc__
        return function

    return decorate


class MediaLibrary:
    """Media library for scripts and notebooks, with sync versions of all async methods.

    Attributes:
        aio: The async methods for the same database, for use on any event loop.
    """

    def __init__(
        self,
        library: str | os.PathLike[str],
        *,
        read_only: bool = False,
        busy_timeout: float = BUSY_TIMEOUT,
        engine: Engine = "snapshot",
    ) -> None:
        """Open a library and update its schema. A new library is created by the first scan or import.

        Args:
            library: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL).
            read_only: Refuse to write. The library must exist.
            busy_timeout: Seconds to wait for another program's write to end (SQLite).
            engine: ``"snapshot"`` runs queries on a columnar copy in the user's cache, which is updated
                before each query. ``"database"`` runs them on the library database.

        Raises:
            MfkitError: The library is invalid, locked, or from a newer version of mfkit; or it is read-only
                and does not exist.
        """
        self._start(AsyncMediaLibrary(library, read_only=read_only, busy_timeout=busy_timeout, engine=engine))

    @classmethod
    @_documented_as(AsyncMediaLibrary.from_dataset)
    def from_dataset(
        cls, dataset: str | os.PathLike[str], *, engine: SparkSession | Literal["duckdb"] = "duckdb"
    ) -> Self:
        library = cls.__new__(cls)
        library._start(AsyncMediaLibrary.from_dataset(dataset, engine=engine))
        return library

    def _start(self, library: AsyncMediaLibrary) -> None:
        self._library = library
        # Users seldom close a library, so its connections are closed when it is garbage-collected.
        weakref.finalize(self, _close_collected, library.database).atexit = False
        _unclosed.add(library.database)
        run_sync(library._open_existing())

    @property
    def database(self) -> Database:
        """The library database. Its connections belong to mfkit's event loop."""
        return self._library.database

    @property
    def aio(self) -> AsyncMediaLibrary:
        """The async version of this library: ``await lib.aio.items(media_type="video")``."""
        return cast(AsyncMediaLibrary, _AsyncMethods(self._library))

    def __repr__(self) -> str:
        """Show the library's path, or its URL without the password, and the overview."""
        overview = self._overview()
        return f"MediaLibrary({self.database.name!r})" + (f" {overview.text()}" if overview else "")

    def _repr_html_(self) -> str:
        """Show the library's overview as a table in a notebook."""
        overview = self._overview()
        return overview.html() if overview else f"<code>{html.escape(escape_control(repr(self)))}</code>"

    def _overview(self) -> Overview | None:
        """Return the overview, or None if it is late or cannot be read: printing must not fail."""

        async def within_limit() -> Overview | None:
            async with asyncio.timeout(_OVERVIEW_SECONDS):
                return await overview_of(self._library)

        try:
            return run_sync(within_limit())
        except (MfkitError, SQLAlchemyError, OSError):
            return None

    def __len__(self) -> int:
        """Return the number of items that the last scan found."""
        return self.count()

    def __bool__(self) -> bool:
        """Return True even for an empty library, whose length is 0."""
        return True

    def __enter__(self) -> Self:
        """Return this library, which is open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the library."""
        self.close()

    close = _sync(AsyncMediaLibrary.close)
    scan = _sync(AsyncMediaLibrary.scan)
    items = _sync(AsyncMediaLibrary.items)
    count = _sync(AsyncMediaLibrary.count)
    search = _sync(AsyncMediaLibrary.search)
    frame = _sync(AsyncMediaLibrary.frame)
    sql = _sync(AsyncMediaLibrary.sql)
    snapshot = _sync(AsyncMediaLibrary.snapshot)
    refresh = _sync(AsyncMediaLibrary.refresh)
    metadata = _sync(AsyncMediaLibrary.metadata)
    streams = _sync(AsyncMediaLibrary.streams)
    efficiency = _sync(AsyncMediaLibrary.efficiency)
    playable = _sync(AsyncMediaLibrary.playable)
    thumbnail = _sync(AsyncMediaLibrary.thumbnail)
    summary = _sync(AsyncMediaLibrary.summary)
    crosstab = _sync(AsyncMediaLibrary.crosstab)
    growth = _sync(AsyncMediaLibrary.growth)
    folders = _sync(AsyncMediaLibrary.folders)
    histogram = _sync(AsyncMediaLibrary.histogram)
    facets = _sync(AsyncMediaLibrary.facets)
    places = _sync(AsyncMediaLibrary.places)
    largest = _sync(AsyncMediaLibrary.largest)
    duplicates = _sync(AsyncMediaLibrary.duplicates)
    inspect = _sync(AsyncMediaLibrary.inspect)
    similar = _sync(AsyncMediaLibrary.similar)
    quality = _sync(AsyncMediaLibrary.quality)
    verify = _sync(AsyncMediaLibrary.verify)
    damaged = _sync(AsyncMediaLibrary.damaged)
    verified = _sync(AsyncMediaLibrary.verified)
    completeness = _sync(AsyncMediaLibrary.completeness)
    missing_metadata = _sync(AsyncMediaLibrary.missing_metadata)
    savings = _sync(AsyncMediaLibrary.savings)
    compare = _sync(AsyncMediaLibrary.compare)
    totals = _sync(AsyncMediaLibrary.totals)
    scans = _sync(AsyncMediaLibrary.scans)
    failures = _sync(AsyncMediaLibrary.failures)
    tags = _sync(AsyncMediaLibrary.tags)
    tag = _sync(AsyncMediaLibrary.tag)
    untag = _sync(AsyncMediaLibrary.untag)
    delete_tag = _sync(AsyncMediaLibrary.delete_tag)
    collections = _sync(AsyncMediaLibrary.collections)
    add_to = _sync(AsyncMediaLibrary.add_to)
    remove_from = _sync(AsyncMediaLibrary.remove_from)
    export = _sync(AsyncMediaLibrary.export)
    write_removal_script = _sync(AsyncMediaLibrary.write_removal_script)
    ingest = _sync(AsyncMediaLibrary.ingest)
    undo = _sync(AsyncMediaLibrary.undo)
    saved_filters = _sync(AsyncMediaLibrary.saved_filters)
    saved_filter = _sync(AsyncMediaLibrary.saved_filter)
    save_filter = _sync(AsyncMediaLibrary.save_filter)
    delete_filter = _sync(AsyncMediaLibrary.delete_filter)
    copy_to = _sync(AsyncMediaLibrary.copy_to)
    publish = _sync(AsyncMediaLibrary.publish)

    @filter_keywords
    def explore(self, /, filter: FilterLike = None, **fields: Unpack[FilterFields]) -> Explorer:
        """Return the explorer for a notebook cell: charts, a map and a table of the selected items.

        Args:
            filter: The initial selection; None for all items.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
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
        paper: str | None = None,
        overwrite: bool = False,
        progress: bool | None = None,
        **fields: Unpack[FilterFields],
    ) -> Path:
        """Write a report to one HTML or PDF file.

        The HTML file is self-contained and needs no server. An existing report at the path is replaced, and
        the new report lists the changes since the old one. A redacted report is only replaced by one that
        redacts at least as much.

        Args:
            path: ``report.html``, or ``report.pdf`` if Chromium, Chrome or Edge is installed.
            filter: Filter of the items.
            title: Heading; None for the library's name.
            sections: Names in :data:`mfkit.report.SECTIONS`; None for all.
            redact: ``"names"`` replaces names of files and folders by aliases, ``"places"`` rounds locations
                to 0.1 degrees (about 11 km), ``"map"`` leaves locations out; or several of these, or
                ``"all"``. A redacted report has no pictures.
            compare_to: Id of an earlier scan, from :meth:`scans`, to list the changes of files since then.
            notebook: Your copy of ``library_report.ipynb``; None for the included one.
            pictures: Folder for the charts as PNG files (extra ``pictures``, and a browser).
            paper: Paper size for printing: ``"A4"`` or ``"letter"``; None for that of the locale.
            overwrite: Also replace a file that is not a report, or a report that redacts more.
            progress: Show a progress bar; None shows one in notebooks and terminals.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            The path of the report.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
            ReportError: An argument is invalid, the notebook failed, or the file cannot be written. An
                earlier report does not change.
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
            paper=paper,
            overwrite=overwrite,
            progress=progress,
        )
        return path_written
