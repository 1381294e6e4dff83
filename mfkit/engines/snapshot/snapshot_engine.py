"""Query engine that runs queries on a snapshot of the library, and updates the snapshot before each query.

If the snapshot cannot be used, the library database runs the query. This is slower, but the result is the
same.
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import Executable, Select

from mfkit.core.database import Database
from mfkit.core.event_loop import CancelToken, QueryThreads
from mfkit.credentials import hide_credentials
from mfkit.engines.base import QueryEngine, Snapshot
from mfkit.engines.free_sql.sql_process import SqlProcesses
from mfkit.engines.relations import EXTRA_RELATIONS, NAMES, ON_DEMAND
from mfkit.engines.snapshot import catch_up
from mfkit.engines.snapshot.change_cursor import ChangeSource, PostgresqlChangeSource, SqliteChangeSource
from mfkit.engines.snapshot.parallel_build import add_in_process, build_in_process, is_large
from mfkit.engines.snapshot.snapshot_cache import (
    CacheUnavailableError,
    Manifest,
    SnapshotCache,
    cache_for,
    library_identity,
)
from mfkit.engines.snapshot.snapshot_session import SnapshotSession
from mfkit.errors import DatasetError, MfkitError, QueryError
from mfkit.frames import BatchConsumer, conform, conform_free
from mfkit.processes.temporary_folder import TemporaryFolder
from mfkit.sql.duckdb_sql import LIBRARY_DIALECTS, DuckdbDialect, UnsupportedError
from mfkit.sql.translate import Translated, translate
from mfkit.text_safety import escape_control

T = TypeVar("T")
_RETRY_SECONDS = 60.0
_DIALECTS = {name: DuckdbDialect(name, NAMES) for name in LIBRARY_DIALECTS}
"""Name of the library database's dialect -> dialect of its snapshot."""
_ERROR_LINE = re.compile(r"[\w.]+(Error|Exception|Invalid): ")
"""Regular expression for the beginning of a traceback's last line."""


class SnapshotWarning(UserWarning):
    """Warning that the snapshot or its folder cannot be used. Queries are slower but still correct."""


class _NoSnapshotError(Exception):
    """Raised internally if the snapshot cannot run a query, so that the library database runs it."""


class SnapshotEngine(QueryEngine):
    """Engine that runs queries on the snapshot, or on the library database if the snapshot cannot be used.

    Attributes:
        fallback: Engine that queries the library database.
        cache: Cache directory of the snapshot.
    """

    def __init__(self, database: Database, fallback: QueryEngine) -> None:
        """Create the engine without reading or writing anything.

        Args:
            database: The library database.
            fallback: Engine that queries the library database.
        """
        self.fallback = fallback
        self.cache = cache_for(database)
        self._dialect = database.dialect
        self._name = library_identity(database)
        self._source: ChangeSource | None = None
        if database.file is not None:
            self._source = SqliteChangeSource(database.file.absolute())
        elif self._dialect == "postgresql":
            self._source = PostgresqlChangeSource(database.url)
        self._session: SnapshotSession | None = None
        self._private_folder: TemporaryFolder | None = None
        self._mutex = threading.Lock()
        self._threads = QueryThreads("mfkit-snapshot")
        self._processes = SqlProcesses()
        self._disabled_until = 0.0
        self._warned: set[str] = set()

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        def query(session: SnapshotSession, translated: Translated, token: CancelToken) -> pa.Table:
            return conform(translated, session.run(translated, token))

        try:
            return await self._query(select, query)
        except _NoSnapshotError:
            return await self.fallback.run(select)

    async def stream(self, select: Select[Any] | Executable, consume: BatchConsumer[T]) -> T:
        def query(session: SnapshotSession, translated: Translated, token: CancelToken) -> T:
            return session.stream(translated, token, consume)

        try:
            return await self._query(select, query)
        except _NoSnapshotError:
            return await self.fallback.stream(select, consume)

    async def _query(
        self, select: Select[Any] | Executable, query: Callable[[SnapshotSession, Translated, CancelToken], T]
    ) -> T:
        """Translate an SQL statement for DuckDB, and pass it to a function that runs it on the snapshot.

        Raises:
            _NoSnapshotError: Only the library database can run the statement.
        """
        if self._source is None:
            raise _NoSnapshotError
        try:
            translated = translate(select, _DIALECTS[self._dialect])
        except UnsupportedError as error:
            raise _NoSnapshotError from error

        def work(session: SnapshotSession, token: CancelToken) -> T:
            # The snapshot joins metadata with items, so it lacks metadata rows without an item. If there are
            # such rows, the library database runs queries on `media_metadata`.
            if "media_metadata" in translated.relations and not session.manifest.whole_metadata:
                raise _NoSnapshotError
            return query(session, translated, token)

        try:
            return await self._with_session(work, needed=translated.relations & ON_DEMAND)
        except (_duckdb_error(), pa.ArrowException, KeyError) as error:
            raise _NoSnapshotError from error

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        def query(session: SnapshotSession, token: CancelToken) -> pa.Table:
            return conform_free(session.run_user_sql(statement, parameters, token))

        named = statement.lower()
        try:
            needed = frozenset(name for name in ON_DEMAND if name in named)
            return await self._with_session(query, abandon=True, needed=needed)
        except _NoSnapshotError as error:
            raise QueryError(
                'This library has no snapshot. Use sql(..., engine="database") with the database\'s own SQL.'
            ) from error
        except _duckdb_error() as error:
            raise QueryError(
                f"The snapshot refused the query: {error}\n(sql() uses DuckDB's SQL, or with "
                'engine="database" the SQL of the database itself.)'
            ) from error

    async def publish(self, write: Callable[[SnapshotCache, Manifest, str, Mapping[str, pa.Table]], T]) -> T:
        """Call a function that writes the library's current data to a dataset; return the function's result.

        Args:
            write: Function that is called on a thread with the snapshot's cache and manifest, the dialect of
                the library database, and the rows of :data:`mfkit.engines.relations.EXTRA_RELATIONS`.

        Raises:
            DatasetError: The dataset cannot be written, or the library has no snapshot.
        """

        def work(session: SnapshotSession, token: CancelToken) -> T:
            assert self._source is not None
            with self._source.reader() as reader:
                extra = {
                    name: reader.table(relation.select(self._dialect), relation.raw()).read_all()
                    for name, relation in EXTRA_RELATIONS.items()
                }
            return write(self.cache, session.manifest, self._dialect, extra)

        try:
            return await self._with_session(work, needed=ON_DEMAND)
        except _NoSnapshotError as error:
            if self._source is None:
                raise DatasetError(
                    "A library in memory cannot be published, because it has no snapshot (columnar copy). "
                    "Copy it to a file with copy_to(), and publish the copy."
                ) from error
            raise DatasetError(
                "The library cannot be published, because its snapshot (columnar copy) cannot be used now. "
                "Correct the cause if a warning states one, and publish again."
            ) from error
        except _duckdb_error() as error:
            raise DatasetError(f"The snapshot cannot be published: {error}") from error

    async def refresh(self) -> None:
        """Rebuild the snapshot from the library database, even if it is up to date."""
        self._disabled_until = 0.0
        await self._threads.run(lambda token: self._current_session(rebuild=True))

    async def data_version(self) -> SnapshotSession | None:
        """Return the session that queries the up-to-date snapshot, or None if there is no snapshot."""
        try:
            return await self._threads.run(lambda token: self._current_session())
        except _NoSnapshotError:
            return None

    async def info(self) -> Snapshot | None:
        session = await self.data_version()
        if session is None:
            return None
        manifest = session.manifest
        size = sum(one for one, _ in manifest.signatures.values())
        made_at = datetime.fromisoformat(manifest.made_at)
        files = {name: tuple(self.cache.path / one for one in base) for name, base in manifest.base.items()}
        return Snapshot(self.cache.path, manifest.items, size, made_at, files)

    def close(self) -> None:
        self._processes.close()
        with self._mutex:
            if self._session is not None:
                self._session.close()
                self._session = None
            if self._source is not None:
                self._source.close()

    async def _with_session(
        self,
        work: Callable[[SnapshotSession, CancelToken], T],
        *,
        abandon: bool = False,
        needed: frozenset[str] = frozenset(),
    ) -> T:
        """Call a function with the current session, and retry once if snapshot files were damaged or removed.

        Args:
            work: The function.
            abandon: Whether the thread is left alone if the caller is cancelled.
            needed: Names of relations that the session must have besides those of every snapshot.
        """

        def attempt(token: CancelToken) -> T:
            session = self._current_session(needed=needed)
            try:
                return work(session, token)
            except _duckdb_error():
                # The query is retried only if another process removed or damaged files of the snapshot.
                if token.stopped.is_set() or self.cache.intact(session.manifest):
                    raise
            return work(self._current_session(needed=needed), token)

        return await self._threads.run(attempt, abandon=abandon)

    # The methods below run on a worker thread, not on the event loop.

    def _current_session(
        self, *, rebuild: bool = False, needed: frozenset[str] = frozenset()
    ) -> SnapshotSession:
        """Return a session whose data includes all changes that were committed before this call."""
        if self._source is None or time.monotonic() < self._disabled_until:
            raise _NoSnapshotError
        with self._mutex:
            try:
                session = self._session
                if (
                    session is None
                    or rebuild
                    or not self._is_current(session.manifest)
                    or not needed <= session.manifest.base.keys()
                ):
                    # The previous session is not closed, because other threads may be reading from it.
                    self._session = session = self._open_session(rebuild=rebuild, needed=needed)
                return session
            except (_NoSnapshotError, QueryError):
                raise
            except (OSError, ValueError, MfkitError, pa.ArrowException, *_reading_errors()) as error:
                self._disabled_until = time.monotonic() + _RETRY_SECONDS
                reason = _reason(error)
                self._warn(f"The snapshot cannot be used ({reason}); queries run on the database itself.")
                raise _NoSnapshotError from error

    def _is_current(self, manifest: Manifest) -> bool:
        assert self._source is not None
        return not self._source.has_changed(manifest.position) and self.cache.intact(manifest)

    def _open_session(self, *, rebuild: bool, needed: frozenset[str]) -> SnapshotSession:
        """Open an up-to-date session; use a temporary folder if the user's cache folder is not writable."""
        try:
            return self._open_cached(rebuild=rebuild, needed=needed)
        except CacheUnavailableError as error:
            self._private_folder = TemporaryFolder("snapshot")
            self.cache = SnapshotCache(self._private_folder.path)
            self._warn(f"The snapshot is kept in {self.cache.path} for now: {error}.")
            return self._open_cached(rebuild=rebuild, needed=needed)

    def _open_cached(self, *, rebuild: bool, needed: frozenset[str]) -> SnapshotSession:
        with self.cache.lock():
            manifest = None if rebuild else self.cache.read()
            manifest = self._current_manifest(manifest, needed)
            try:
                return SnapshotSession(self.cache, manifest, self._dialect, self._processes)
            except _duckdb_error():
                manifest = self._current_manifest(None, needed)
                return SnapshotSession(self.cache, manifest, self._dialect, self._processes)

    def _current_manifest(self, old: Manifest | None, needed: frozenset[str]) -> Manifest:
        """Return the manifest of an up-to-date snapshot that contains all relations that a query needs.

        The caller must hold the lock of the cache.
        """
        if old is None or not self._is_current(old):
            old = self._catch_up_or_build(old)
        if needed <= old.base.keys():
            return old
        assert self._source is not None
        for _ in range(2):
            new = self._add_relations(old, needed - old.base.keys())
            if not self._source.has_changed(new.position):
                return self.cache.write(new)
            # The library has changed since the other files were written, so all files are updated to the same
            # state.
            with self._source.reader() as reader:
                caught_up = catch_up.catch_up(self._source, reader, self.cache, new)
            if caught_up is not None:
                return self.cache.write(caught_up)
            old = self._catch_up_or_build(old)
        # Even in the second attempt, too much had changed for an update of the snapshot's files. So the
        # library database runs the query.
        raise _NoSnapshotError

    def _catch_up_or_build(self, old: Manifest | None) -> Manifest:
        """Update or rebuild the files, and write the manifest. The caller must hold the lock of the cache."""
        assert self._source is not None
        new = None
        if old is not None:
            with suppress(_duckdb_error()):
                # If a file of the old snapshot is damaged, all files are written again below.
                with self._source.reader() as reader:
                    new = catch_up.catch_up(self._source, reader, self.cache, old)
        new = new or self._build()
        if not new.position:
            raise CacheUnavailableError("the library's change log is empty")
        return self.cache.write(new)

    def _add_relations(self, old: Manifest, names: Collection[str]) -> Manifest:
        """Write files for further relations, and return the old manifest with these files added."""
        assert self._source is not None
        with self._source.reader() as reader:
            added = None
            if isinstance(self._source, SqliteChangeSource) and is_large(reader):
                added = add_in_process(self._source, reader, self.cache, old, names)
            return added or catch_up.add_relations(self._source, reader, self.cache, old, names)

    def _build(self) -> Manifest:
        assert self._source is not None
        self.cache.remove_unused_snapshots()
        with self._source.reader() as reader:
            built = None
            if isinstance(self._source, SqliteChangeSource) and is_large(reader):
                built = build_in_process(self._source, reader, self.cache, self._name)
            # If the build in the separate process fails, it is repeated in this process, where its error is
            # raised.
            return built or catch_up.build_snapshot(self._source, reader, self.cache, self._name)

    def _warn(self, message: str) -> None:
        message = hide_credentials(message)
        if message not in self._warned:
            self._warned.add(message)
            warnings.warn(escape_control(message), SnapshotWarning, stacklevel=2)


def _reason(error: Exception) -> str:
    """Return an error's message on one line, without the Python traceback that it may contain."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "Traceback" not in str(error):
        return lines[0] if lines else type(error).__name__
    return next((line for line in reversed(lines) if _ERROR_LINE.match(line)), type(error).__name__)


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error


def _reading_errors() -> tuple[type[Exception], ...]:
    import sqlite3

    found: list[type[Exception]] = [_duckdb_error(), sqlite3.Error, ImportError]
    with suppress(ImportError):
        from adbc_driver_manager import Error

        found.append(Error)
    return tuple(found)
