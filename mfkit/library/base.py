"""What every verb stands on: the database, the engines that answer, and how a library opens and closes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import pandas as pd
from sqlalchemy import Executable, Select

from mfkit.analysis import scan_history
from mfkit.core.database import BUSY_TIMEOUT, Database
from mfkit.core.null_database import NullDatabase
from mfkit.engines.base import QueryEngine
from mfkit.engines.library_engine import LibraryEngine
from mfkit.engines.snapshot.snapshot_engine import SnapshotEngine
from mfkit.errors import LibraryNotFoundError, QueryError
from mfkit.frames import to_frame
from mfkit.library.representation import Overview
from mfkit.upper_layers import load_distributed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Engine = Literal["snapshot", "record"]


class LibraryBase:
    """A library that opens itself at the first call.

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
        """Name the library; the first call opens it, and the first scan or import creates it.

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
        self._record = LibraryEngine(self.database)
        self._snapshot = SnapshotEngine(self.database, self._record)
        self._engine: QueryEngine = self._snapshot if engine == "snapshot" else self._record
        self._opening: asyncio.Task[None] | None = None
        self._warned: set[str] = set()

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
        opened = load_distributed("dataset_engine").open_dataset(dataset, engine)
        library = cls.__new__(cls)
        library.database = NullDatabase(opened.dataset.name)
        library._record = LibraryEngine(library.database)
        library._snapshot = library._engine = opened
        library._opening = None
        library._warned = set()
        return library

    def __repr__(self) -> str:
        """Name the library by its path or its URL without the password."""
        return f"{type(self).__name__}({self.database.name!r})"

    async def open(self) -> Self:
        """Open the library and bring its schema up to date; every method does so by itself.

        Raises:
            LibraryNotFoundError: The library does not exist; the first scan or import creates it.
            MfkitError: It is not a library, is locked, or comes from a newer mfkit.
        """
        return await self._open(create=False)

    async def _open(self, *, create: bool) -> Self:
        while create and self._opening is not None and not self._opening.done():
            await asyncio.wait([self._opening])  # it may have been started by a method that creates nothing
        if self._opening is None or (self._opening.done() and _failed(self._opening)):
            self._opening = asyncio.ensure_future(self.database.upgrade(create=create))
        await asyncio.shield(self._opening)
        await self.database.check_file()  # the snapshot would be asked for what it holds
        return self

    async def _open_or_create(self, check: Callable[[], object]) -> None:
        """Open the library; create one that does not exist, after a check that may refuse to."""
        try:
            await self.open()
        except LibraryNotFoundError:
            check()
            await self._open(create=True)

    async def _open_existing(self) -> Self:
        """Open the library, unless it is still to be created by a first scan or import.

        Raises:
            MfkitError: It is not a library, is locked, comes from a newer mfkit, or is only to be read and
                does not exist.
        """
        try:
            return await self.open()
        except LibraryNotFoundError:
            if self.database.read_only:
                raise
            return self

    async def close(self) -> None:
        """Close all connections; a later call opens the library again."""
        self._opening = None
        self._snapshot.close()
        self._record.close()
        await self.database.dispose()

    async def __aenter__(self) -> Self:
        """Open the library, if it exists already."""
        return await self._open_existing()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the library."""
        await self.close()

    async def frame(self, select: Select[Any] | Executable) -> pd.DataFrame:
        """Run any SQLAlchemy select over the models or the relation ``mfkit.models.media``.

        Returns:
            A frame with the dtypes that the selected columns declare.

        Raises:
            QueryError: The database refuses the statement.
        """
        await self.open()
        return to_frame(await self._engine.run(select))


async def library_state(library: LibraryBase) -> object | None:
    """Return what is another object in each state of a library; None where nothing tells them apart.

    As long as it is the same, so are all answers. To be kept by a weak reference.
    """
    await library.open()
    return await library._engine.state()


async def overview_of(library: LibraryBase) -> Overview | None:
    """Return how much a library holds; None if it is not open: printing it opens nothing."""
    if library._opening is None or not library._opening.done() or _failed(library._opening):
        return None
    sums = (await library.frame(scan_history.overview())).iloc[0]
    roots = await library.frame(scan_history.roots())
    last = roots["finished_at"].max()
    return Overview(
        library.database.name,
        int(sums["items"]),
        int(sums["bytes"]),
        int(sums["failures"]),
        tuple(roots["root"]),
        None if pd.isna(last) else last,
    )


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
