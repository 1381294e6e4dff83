"""A media library as a person uses it: every verb once, async, and its blocking twin in one line."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, Self, TypeVar, cast, get_args

import pandas as pd
from sqlalchemy import Executable, Select

from mfkit import curate
from mfkit.core.database import BUSY_TIMEOUT, Database
from mfkit.core.sync import clean_up, finish, run_elsewhere, run_sync
from mfkit.engines.record import RecordEngine
from mfkit.engines.snapshot import Snapshot, SnapshotEngine
from mfkit.errors import QueryError
from mfkit.frames import to_frame
from mfkit.models import utc_now
from mfkit.queries import duplicates, history, items, labels, places, summaries
from mfkit.queries.filters import FilterLike, MediaFilter
from mfkit.queries.periods import Freq

if TYPE_CHECKING:
    from mfkit.scan.report import ScanReport
    from mfkit.widgets import Explorer

P = ParamSpec("P")
T = TypeVar("T")
Engine = Literal["snapshot", "record"]


class AsyncMediaLibrary:
    """A media library for async code; runs on the event loop that awaits it.

    Attributes:
        database: The record database.
    """

    def __init__(
        self,
        library: str | os.PathLike[str],
        *,
        read_only: bool = False,
        busy_timeout: float = BUSY_TIMEOUT,
        engine: Engine = "snapshot",
    ) -> None:
        """Name the library; it is opened, made and upgraded by the first call.

        Args:
            library: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL).
            read_only: Refuse to write.
            busy_timeout: Seconds to wait for another program's write to end (SQLite).
            engine: ``"snapshot"`` runs queries on a columnar copy in the user's cache, brought up to
                date before each; ``"record"`` runs them on the database itself.

        Raises:
            NotALibraryError: The path is a directory, or the URL makes no sense.
        """
        self.database = Database(library, read_only=read_only, busy_timeout=busy_timeout)
        if engine not in get_args(Engine):
            raise QueryError(f"{engine!r} is no engine; take one of {', '.join(get_args(Engine))}.")
        self._record = RecordEngine(self.database)
        self._snapshot = SnapshotEngine(self.database, self._record)
        self._engine = self._snapshot if engine == "snapshot" else self._record
        self._opening: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        """Name the library by its path or its URL without the password."""
        return f"{type(self).__name__}({self.database.name!r})"

    async def open(self) -> Self:
        """Make sure that the library is there and its schema current; every verb does so by itself.

        Raises:
            MfkitError: It is not there, is no library, is locked, or comes from a newer mfkit.
        """
        if self._opening is None or (self._opening.done() and _failed(self._opening)):
            self._opening = asyncio.ensure_future(self.database.upgrade())
        await asyncio.shield(self._opening)
        return self

    async def close(self) -> None:
        """Close all connections; a later call opens the library again."""
        self._opening = None
        self._snapshot.close()
        await self.database.dispose()

    async def __aenter__(self) -> Self:
        """Open the library."""
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the library."""
        await self.close()

    # Fill

    async def scan(
        self,
        *roots: str | os.PathLike[str],
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        workers: int | None = None,
        time_limit: float = 60.0,
        people_as_tags: bool = False,
        progress: bool | None = None,
    ) -> ScanReport:
        """Read folders into the library.

        Files whose size and modification time are as they were are not opened again. What is no
        longer found is marked as missing; nothing is ever deleted.

        Args:
            roots: Folders; without any, those that were scanned before.
            include: Patterns, in gitignore's syntax, of what is read although it would be left out.
            exclude: Patterns of what is left out, besides the defaults (docs/scanning.md).
            workers: How many files to read at the same time, each in a process of its own; the number
                of processor cores when not given.
            time_limit: Seconds without a sign of life after which a file is given up as failed.
            people_as_tags: Tag what is read with the names of the people that sidecars and XMP state.
            progress: Whether to show a progress bar; when not given, where a person can see it.

        Returns:
            What was found, per root and in sum.

        Raises:
            FolderNotFoundError: A folder is not there or cannot be read; nothing was scanned.
            ReadOnlyLibraryError: The library may only be read.
            LibraryLockedError: Another program holds the write lock.
        """
        from mfkit.scan.scanner import scan  # brings PyAV and Pillow, which reading does not need

        await self.open()
        started = utc_now()
        report = await scan(
            self.database, roots, include=include, exclude=exclude,
            workers=workers, time_limit=time_limit, progress=progress,
        )
        if people_as_tags:
            await curate.tag_people(self.database, started)
        return report

    # Read

    async def items(
        self, /,
        filter: FilterLike = None,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        offset: int | None = None,
        **fields: Any,
    ) -> pd.DataFrame:
        """List items with all that is known of them.

        Args:
            filter: A :class:`MediaFilter`; its fields can be given as keywords instead or besides.
            columns: Columns in the order wanted; all when not given.
            order_by: A column, nulls last; when not given, what came into the library last is first.
            descending: Turn the order around.
            limit: At most so many rows.
            offset: Leave out so many rows first.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per item, columns as in the relation ``media`` (docs/schema.md).

        Raises:
            FilterError: A field or column is unknown, or a value makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self.frame(
            items.items(
                chosen, columns=columns, order_by=order_by, descending=descending, limit=limit, offset=offset
            )
        )

    async def count(self, /, filter: FilterLike = None, **fields: Any) -> int:
        """Count items.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        await self.open()
        table = await self._engine.run(items.count(MediaFilter.of(filter, **fields)))
        return int(table["files"][0].as_py())

    async def search(
        self, /, text: str, filter: FilterLike = None, *, limit: int | None = 100, **fields: Any
    ) -> pd.DataFrame:
        """Find items by words in their names, folders, titles, artists, albums, places, cameras and tags.

        Args:
            text: All its words must occur, each at the beginning of a word found.
            filter: Further conditions.
            limit: At most so many rows; None for all.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            As :meth:`items`, the best match first.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.frame(items.search(text, MediaFilter.of(filter, **fields), limit=limit))

    async def frame(self, select: Select[Any] | Executable) -> pd.DataFrame:
        """Run any SQLAlchemy select over the models or the relation ``mfkit.models.media``.

        Returns:
            A frame with the dtypes that the selected columns declare.

        Raises:
            QueryError: The database refuses the statement.
        """
        await self.open()
        return to_frame(await self._engine.run(select))

    async def sql(
        self, text: str, /, *, engine: Engine | None = None, timeout: float | None = None, **params: Any
    ) -> pd.DataFrame:
        """Run one statement of free SQL that reads.

        Args:
            text: SQL with parameters as ``:name``; the relation ``media`` holds everything. On the
                snapshot it is DuckDB's SQL (moments are UTC), on the record database that one's own.
            engine: Where to run it, when not where the library runs all its queries.
            timeout: Seconds after which to give up.
            params: Values of the parameters.

        Returns:
            A frame; columns that bear a name of ``media`` have its dtype, others what their values
            suggest.

        Raises:
            QueryError: The statement would write, is wrong, lacks a parameter, or took too long.
        """
        await self.open()
        chosen = {"snapshot": self._snapshot, "record": self._record, None: self._engine}[engine]
        try:
            async with asyncio.timeout(timeout):
                return to_frame(await chosen.sql(text, params))
        except TimeoutError as error:
            raise QueryError(f"The query was stopped after {timeout} s.") from error

    # The copy that answers queries

    async def snapshot(self) -> Snapshot | None:
        """Return where the snapshot is and what it holds, after bringing it up to date.

        Returns:
            ``path``, ``rows``, ``bytes``, ``made_at`` and ``age``; None when there can be none.
        """
        await self.open()
        return await self._snapshot.info()

    async def refresh(self) -> None:
        """Make the snapshot anew; for when something is doubted, as it is always current by itself."""
        await self.open()
        await self._snapshot.refresh()

    # Analyse

    async def summary(
        self, /, by: str | Sequence[str] = "media_type", filter: FilterLike = None, **fields: Any
    ) -> pd.DataFrame:
        """Sum items up by one or more facts.

        Args:
            by: For example ``"media_type"``, ``"video_codec"``, ``"camera"``, ``"resolution"``,
                ``"year"``, ``"folder"``, or several of them; an unknown name is answered with the list.
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per value, the most bytes first: the facts, ``files``, ``copies``, ``bytes``
            (each content once), ``bytes_with_copies``, ``share`` (of the bytes, 0 to 1) and
            ``duration`` (seconds).

        Raises:
            FilterError: A fact or field is unknown, or a value makes no sense.
        """
        return await self.frame(summaries.summary(by, MediaFilter.of(filter, **fields)))

    async def growth(
        self, /, freq: Freq = "month", filter: FilterLike = None, *, on: str = "date", **fields: Any
    ) -> pd.DataFrame:
        """Count items by period and media type, with running totals.

        Args:
            freq: ``"year"``, ``"month"`` or ``"day"``.
            filter: Which items.
            on: ``"date"`` (capture time, else modification time), ``"created_at"`` (when the item
                came into the library) or ``"file_modified_at"``.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``period`` (its first moment, UTC), ``media_type``, ``files``, ``bytes``, ``total_files``,
            ``total_bytes``.

        Raises:
            FilterError: The period, the date or a field is unknown, or a value makes no sense.
        """
        return await self.frame(summaries.growth(freq, MediaFilter.of(filter, **fields), on=on))

    async def places(
        self, /, filter: FilterLike = None, *, degrees: float | None = None, **fields: Any
    ) -> pd.DataFrame:
        """Sum located items up by the cells of a grid, for a map of any number of items.

        Args:
            filter: Which items; those without a place are left out.
            degrees: Side of a cell; when not given, as fine as keeps the cells below 5,000 in the
                filter's ``box``, or in the world (3.7 degrees).
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per cell that holds something, the most files first: ``latitude`` and
            ``longitude`` (the mean of its items, degrees), ``files``, ``bytes``, ``first_year``,
            ``last_year``.

        Raises:
            FilterError: The cell size or a field makes no sense.
        """
        return await self.frame(places.places(MediaFilter.of(filter, **fields), degrees))

    async def largest(self, /, n: int = 20, filter: FilterLike = None, **fields: Any) -> pd.DataFrame:
        """List the largest items, as :meth:`items`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.items(filter, order_by="file_size", descending=True, limit=n, **fields)

    async def duplicates(self, /, filter: FilterLike = None, **fields: Any) -> pd.DataFrame:
        """List every path of every content that is there more than once.

        Returns:
            One row per path, groups with the most bytes to win first: ``id``, ``file_path``,
            ``is_copy``, ``file_name``, ``media_type``, ``file_size``, ``paths``, ``bytes_to_win``.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.frame(duplicates.duplicates(MediaFilter.of(filter, **fields)))

    async def scans(self) -> pd.DataFrame:
        """List the scans, the newest first."""
        return await self.frame(history.scans())

    async def failures(self) -> pd.DataFrame:
        """List the files that could not be read or understood, with stage and error."""
        return await self.frame(history.failures())

    async def totals(self) -> pd.DataFrame:
        """Add up what lies on the disks that were scanned.

        Returns:
            One row: ``files`` and ``bytes``, as ``find`` and ``du`` count them, and what they are the
            sum of: ``items`` and ``item_bytes`` (each content once), ``copies`` and ``copy_bytes``
            (further paths of a content), ``unread`` and ``unread_bytes`` (empty or unreadable files).
        """
        return await self.frame(history.totals())

    # Curate

    async def tags(self) -> pd.DataFrame:
        """List the tags with how many items carry each."""
        return await self.frame(labels.tags())

    async def tag(self, items: curate.Items, *names: str) -> int:
        """Put tags on items; returns how many items changed.

        Args:
            items: A frame that came from mfkit, a :class:`MediaFilter`, an id, or several ids.
            names: Tags; those that are not there yet are made.

        Raises:
            FilterError: No name, an empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.tag(self.database, items, names)

    async def untag(self, items: curate.Items, *names: str) -> int:
        """Take tags off items; returns how many items changed.

        Raises:
            FilterError: No name, an empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.untag(self.database, items, names)

    async def collections(self) -> pd.DataFrame:
        """List the collections with how many items each holds."""
        return await self.frame(labels.collections())

    async def add_to(self, collection: str, items: curate.Items) -> int:
        """Put items into a collection, made when it is not there; returns how many were new in it.

        Raises:
            FilterError: An empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.add_to(self.database, collection, items)

    async def remove_from(self, collection: str, items: curate.Items) -> int:
        """Take items out of a collection; returns how many were in it.

        Raises:
            FilterError: An empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.remove_from(self.database, collection, items)


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None


_unclosed: weakref.WeakSet[Database] = weakref.WeakSet()


def _forget(database: Database) -> None:
    """Close the connections of a library that nobody holds any more."""
    clean_up(database.dispose())


@atexit.register
def _close_all() -> None:
    for database in list(_unclosed):
        clean_up(database.dispose())
    finish()


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
            return run_elsewhere(attribute(*args, **kwargs))

        return call

    def __dir__(self) -> list[str]:
        return dir(self._library)

    async def __aenter__(self) -> Self:
        await self.open()
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
        """Open a library; it is made when it is not there, and its schema brought up to date.

        Args:
            library: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL).
            read_only: Refuse to write; the library must be there.
            busy_timeout: Seconds to wait for another program's write to end (SQLite).
            engine: ``"snapshot"`` runs queries on a columnar copy in the user's cache, brought up to
                date before each; ``"record"`` runs them on the database itself.

        Raises:
            MfkitError: It is not there, is no library, is locked, or comes from a newer mfkit.
        """
        self._library = AsyncMediaLibrary(
            library, read_only=read_only, busy_timeout=busy_timeout, engine=engine
        )
        # People seldom close a library; its connections must not outlive it all the same.
        weakref.finalize(self, _forget, self._library.database).atexit = False
        _unclosed.add(self._library.database)
        run_sync(self._library.open())

    @property
    def database(self) -> Database:
        """The record database; its connections belong to mfkit's own loop."""
        return self._library.database

    @property
    def aio(self) -> AsyncMediaLibrary:
        """The same library for ``await``: ``await lib.aio.items(media_type="video")``."""
        return cast(AsyncMediaLibrary, _Bridge(self._library))

    @property
    def snapshot(self) -> Snapshot | None:
        """Where the snapshot is and what it holds (path, rows, bytes, age); None when there can be none."""
        return run_sync(self._library.snapshot())

    def __repr__(self) -> str:
        """Name the library by its path or its URL without the password."""
        return f"MediaLibrary({self.database.name!r})"

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
    refresh = _blocking(AsyncMediaLibrary.refresh)
    summary = _blocking(AsyncMediaLibrary.summary)
    growth = _blocking(AsyncMediaLibrary.growth)
    places = _blocking(AsyncMediaLibrary.places)
    largest = _blocking(AsyncMediaLibrary.largest)
    duplicates = _blocking(AsyncMediaLibrary.duplicates)
    totals = _blocking(AsyncMediaLibrary.totals)
    scans = _blocking(AsyncMediaLibrary.scans)
    failures = _blocking(AsyncMediaLibrary.failures)
    tags = _blocking(AsyncMediaLibrary.tags)
    tag = _blocking(AsyncMediaLibrary.tag)
    untag = _blocking(AsyncMediaLibrary.untag)
    collections = _blocking(AsyncMediaLibrary.collections)
    add_to = _blocking(AsyncMediaLibrary.add_to)
    remove_from = _blocking(AsyncMediaLibrary.remove_from)

    def explore(self, /, filter: FilterLike = None, **fields: Any) -> Explorer:
        """Return the explorer: filters that drive charts, a map and a table, for a notebook cell.

        Args:
            filter: What is selected first; all files when not given.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        from mfkit.widgets import explore  # brings ipywidgets and Plotly, which scripts do not need

        return explore(self, MediaFilter.of(filter, **fields))
