"""The engine that runs queries on a columnar copy of the library, brought up to date before each.

Whatever keeps the copy from being used, the record database answers instead: slower, never wrong.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import Executable, Select

from mfkit.core.database import Database
from mfkit.credentials import hide_credentials
from mfkit.engines.arrow_types import BatchConsumer, conform, conform_free
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.library_engine import LibraryEngine
from mfkit.engines.query_threads import QueryCall, QueryThreads
from mfkit.engines.relations import EXTRA_RELATIONS, NAMES
from mfkit.engines.snapshot import catch_up
from mfkit.engines.snapshot.change_cursor import ChangeSource, PostgresqlChangeSource, SqliteChangeSource
from mfkit.engines.snapshot.parallel_build import build_in_process, is_large
from mfkit.engines.snapshot.snapshot_cache import (
    CacheUnavailableError,
    Manifest,
    SnapshotCache,
    cache_for,
    library_identity,
)
from mfkit.engines.snapshot.snapshot_session import SnapshotSession
from mfkit.errors import DatasetError, MfkitError, QueryError
from mfkit.sql.duckdb_sql import LIBRARY_DIALECTS, DuckdbDialect, UnsupportedError
from mfkit.sql.translate import Translated, translate
from mfkit.text_safety import escape_control

T = TypeVar("T")
_RETRY = 60.0
_DIALECTS = {name: DuckdbDialect(name, NAMES, has_item_date=True) for name in LIBRARY_DIALECTS}
"""Dialect of the library database -> dialect of its snapshot."""
_NAMED = re.compile(r"[\w.]+(Error|Exception|Invalid): ")
"""How the last line of a traceback begins."""


class SnapshotWarning(UserWarning):
    """The snapshot cannot be used, or not from where it is kept; queries are slower and still right."""


class _Unusable(Exception):
    """There is no snapshot to ask; the record database has to answer."""


@dataclass(frozen=True)
class Snapshot:
    """The snapshot of a library, as it is.

    Attributes:
        path: The directory that holds it.
        rows: Items in it.
        bytes: What its files take.
        made_at: When it was last brought up to date with a change.
        files: Relation -> its Parquet files, for other programs. What changed since they were written lies
            beside them in the directory: after ``lib.refresh()`` they hold everything.
    """

    path: Path
    rows: int
    bytes: int
    made_at: datetime
    files: Mapping[str, tuple[Path, ...]]

    @property
    def age(self) -> float:
        """Seconds since it was last brought up to date with a change; it is current however old."""
        return (datetime.now(UTC) - self.made_at).total_seconds()


class SnapshotEngine:
    """Runs statements on the snapshot, and what it cannot run on the record database.

    Attributes:
        record: The engine for the rest.
    """

    def __init__(self, database: Database, record: LibraryEngine) -> None:
        """Take the record database and its engine; nothing is read or written yet."""
        self.record = record
        self._database = database
        self._dialect = database.dialect
        self._cache = cache_for(database)
        self._name = library_identity(database)
        self._source: ChangeSource | None = None
        if database.file is not None:
            self._source = SqliteChangeSource(database.file.absolute())
        elif self._dialect == "postgresql":
            self._source = PostgresqlChangeSource(database.url)
        self._session: SnapshotSession | None = None
        self._mutex = threading.Lock()
        self._threads = QueryThreads("mfkit-snapshot")
        self._processes = SqlProcesses()
        self._off_until = 0.0
        self._warned: set[str] = set()

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        """Run a statement that yields rows.

        Args:
            select: A SQLAlchemy select, or a union or CTE of such.

        Returns:
            A table with the columns and types that the statement declares.

        Raises:
            QueryError: The database refuses the statement.
        """
        translated = self._translated(select)
        if translated is None:
            return await self.record.run(select)

        def ask(session: SnapshotSession, call: QueryCall) -> pa.Table:
            _refuse_torn(session, translated)
            table = session.run(translated.sql, translated.values, call)
            return _conformed(table, translated)

        try:
            return await self._answer(ask)
        except (_Unusable, _errors(), pa.ArrowException, KeyError):
            return await self.record.run(select)

    async def pour(self, select: Select[Any] | Executable, take: BatchConsumer[T]) -> T:
        """Run a statement and hand its rows on in batches, so that they are never all in memory.

        Args:
            select: As for :meth:`run`.
            take: Gets the schema and the batches, on a thread; what it returns is returned. Called anew
                from the first row where the snapshot fails in the middle and the record database answers.

        Raises:
            QueryError: The database refuses the statement.
        """
        translated = self._translated(select)
        if translated is None:
            return await self.record.pour(select, take)

        def ask(session: SnapshotSession, call: QueryCall) -> T:
            _refuse_torn(session, translated)
            return session.pour(
                translated.sql, translated.values, call, lambda table: _conformed(table, translated), take
            )

        try:
            return await self._answer(ask)
        except (_Unusable, _errors(), pa.ArrowException, KeyError):
            return await self.record.pour(select, take)

    def _translated(self, select: Select[Any] | Executable) -> Translated | None:
        """Return a statement in DuckDB's words; None where only the record database can run it."""
        if self._source is None:
            return None
        try:
            return translate(select, _DIALECTS[self._dialect])
        except UnsupportedError:
            return None

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        """Run one statement of free SQL on the snapshot, in DuckDB's words.

        Args:
            statement: SQL with parameters as ``:name``.
            parameters: Their values.

        Raises:
            QueryError: The statement would do more than read, is wrong, or lacks a parameter; or there
                is no snapshot to ask.
        """

        def ask(session: SnapshotSession, call: QueryCall) -> pa.Table:
            return conform_free(session.run_free(statement, parameters, call, self._processes))

        try:
            return await self._answer(ask, leave=True)
        except _Unusable as error:
            raise QueryError(
                'There is no snapshot to ask; with engine="record" sql() takes the database\'s own SQL.'
            ) from error
        except _errors() as error:
            raise QueryError(
                f"The snapshot refused the query: {error}\n(sql() speaks DuckDB's SQL; with "
                'engine="record" the database\'s own.)'
            ) from error

    async def publish(self, write: Callable[[SnapshotCache, Manifest, str, Mapping[str, pa.Table]], T]) -> T:
        """Call a function that writes the library's current state to a dataset, and return its result.

        Args:
            write: Takes the snapshot's cache and manifest, the dialect of the library database, and the rows
                of :data:`mfkit.engines.relations.EXTRA_RELATIONS`; called on a thread.

        Raises:
            DatasetError: The dataset cannot be written, or the library has no snapshot.
        """

        def ask(session: SnapshotSession, call: QueryCall) -> T:
            assert self._source is not None
            with self._source.reader() as reader:
                further = {
                    name: reader.table(relation.select(self._dialect), relation.raw()).read_all()
                    for name, relation in EXTRA_RELATIONS.items()
                }
            return write(self._cache, session.manifest, self._dialect, further)

        try:
            return await self._answer(ask)
        except _Unusable as error:
            raise DatasetError("There is no snapshot of this library to publish.") from error
        except _errors() as error:
            raise DatasetError(f"The snapshot cannot be published: {error}") from error

    async def refresh(self) -> None:
        """Make the snapshot anew from the record database, whatever state it is in."""
        self._off_until = 0.0
        await self._threads.run(lambda call: self._current(anew=True))

    async def state(self) -> SnapshotSession | None:
        """Return the session on the library's present state; None where the record database answers."""
        try:
            return await self._threads.run(lambda call: self._current())
        except _Unusable:
            return None

    async def info(self) -> Snapshot | None:
        """Return what there is, brought up to date; None when there can be none."""
        session = await self.state()
        if session is None:
            return None
        manifest = session.manifest
        size = sum(one for one, _ in manifest.signatures.values())
        made_at = datetime.fromisoformat(manifest.made_at)
        files = {name: tuple(self._cache.path / one for one in base) for name, base in manifest.base.items()}
        return Snapshot(self._cache.path, manifest.items, size, made_at, files)

    def close(self) -> None:
        """Let go of files and connections; a later query opens them again."""
        self._processes.close()
        with self._mutex:
            if self._session is not None:
                self._session.close()
                self._session = None
            if self._source is not None:
                self._source.close()

    async def _answer(self, ask: Callable[[SnapshotSession, QueryCall], T], *, leave: bool = False) -> T:
        def work(call: QueryCall) -> T:
            for last in (False, True):
                session = self._current()
                try:
                    return ask(session, call)
                except _errors():
                    # Another process may have swept the files away, or something damaged them.
                    if last or call.stopped.is_set() or self._cache.intact(session.manifest):
                        raise
            raise AssertionError("the second turn returns or raises")

        return await self._threads.run(work, leave=leave)

    # Below: on a thread.

    def _current(self, *, anew: bool = False) -> SnapshotSession:
        """Return a session whose state is the database's at a moment after this call began."""
        if self._source is None or time.monotonic() < self._off_until:
            raise _Unusable
        with self._mutex:
            try:
                session = self._session
                if session is not None and not anew and self._still(session.manifest):
                    return session
                self._load(anew=anew)
                assert self._session is not None
                return self._session
            except (_Unusable, QueryError):
                raise
            except (OSError, ValueError, MfkitError, pa.ArrowException, *_errors_and_readers()) as error:
                self._off_until = time.monotonic() + _RETRY
                reason = _reason(error)
                self._warn(f"The snapshot cannot be used ({reason}); queries run on the database itself.")
                raise _Unusable from error

    def _still(self, manifest: Manifest) -> bool:
        assert self._source is not None
        return not self._source.moved(manifest.position) and self._cache.intact(manifest)

    def _load(self, *, anew: bool) -> None:
        """Open the newest state, after making it when it is not there."""
        try:
            self._load_from_cache(anew=anew)
        except CacheUnavailableError as error:
            # One that is ours alone serves as well, but for as long as this process lives.
            private = Path(tempfile.mkdtemp(prefix="mfkit-"))
            weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
            self._cache = SnapshotCache(private)
            self._warn(f"The snapshot is kept in {private} for now: {error}.")
            self._load_from_cache(anew=anew)

    def _load_from_cache(self, *, anew: bool) -> None:
        with self._cache.lock():
            manifest = None if anew else self._cache.read()
            if manifest is None or not self._still(manifest):
                manifest = self._update(manifest)
            try:
                session = SnapshotSession(self._cache, manifest, self._dialect)
            except _errors():
                manifest = self._update(None)
                session = SnapshotSession(self._cache, manifest, self._dialect)
        # The one before is not closed: queries on other threads may be reading from it.
        self._session = session

    def _update(self, old: Manifest | None) -> Manifest:
        """Bring the files up to date and put the manifest in place; under the cache's lock."""
        assert self._source is not None
        new = None
        if old is not None:
            try:
                with self._source.reader() as reader:
                    new = catch_up.catch_up(self._source, reader, self._cache, old)
            except _errors():
                new = None  # a file of the old state is damaged
        new = new or self._build()
        if not new.position:
            raise CacheUnavailableError("the library's log of changes is empty")
        return self._cache.write(new)

    def _build(self) -> Manifest:
        assert self._source is not None
        self._cache.forget_others()
        with self._source.reader() as reader:
            made = None
            if isinstance(self._source, SqliteChangeSource) and is_large(reader):
                made = build_in_process(self._source, reader, self._cache, self._name)
            # Slower, and says what is wrong.
            return made or catch_up.build_snapshot(self._source, reader, self._cache, self._name)

    def _warn(self, message: str) -> None:
        message = hide_credentials(message)
        if message not in self._warned:
            self._warned.add(message)
            warnings.warn(escape_control(message), SnapshotWarning, stacklevel=2)


def _reason(error: Exception) -> str:
    """Return an error's words on one line; DuckDB's may hold a traceback of the code that gave it rows."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "Traceback" not in str(error):
        return lines[0] if lines else type(error).__name__
    return next((line for line in reversed(lines) if _NAMED.match(line)), type(error).__name__)


def _refuse_torn(session: SnapshotSession, translated: Translated) -> None:
    """Leave to the record database what the snapshot's join of items and metadata has lost."""
    if "media_metadata" in translated.relations and not session.manifest.whole_metadata:
        raise _Unusable


def _conformed(table: pa.Table, translated: Translated) -> pa.Table:
    return conform(table.rename_columns(translated.names), translated.types)


def _errors() -> type[Exception]:
    import duckdb

    return duckdb.Error


def _errors_and_readers() -> tuple[type[Exception], ...]:
    import sqlite3

    found: list[type[Exception]] = [_errors(), sqlite3.Error, ImportError]
    with suppress(ImportError):
        from adbc_driver_manager import Error

        found.append(Error)
    return tuple(found)
