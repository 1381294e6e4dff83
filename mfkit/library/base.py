"""Base class of media libraries, with the database, the query engines, and a printable overview."""

from __future__ import annotations

import asyncio
import html
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import pandas as pd
from sqlalchemy import Executable, Select

from mfkit.analysis import scan_history
from mfkit.core.database import BUSY_TIMEOUT, Database, NullDatabase
from mfkit.engines.base import QueryEngine
from mfkit.engines.library_engine import LibraryEngine
from mfkit.engines.snapshot.snapshot_engine import SnapshotEngine
from mfkit.errors import LibraryNotFoundError, QueryError
from mfkit.filters.units import format_size
from mfkit.frames import to_frame
from mfkit.lazy_layers import load_distributed
from mfkit.text_safety import escape_control

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Engine = Literal["snapshot", "database"]
_SHOWN_ROOTS = 5


class LibraryBase:
    """Base class of media libraries. A library opens when one of its methods is called for the first time.

    Attributes:
        database: The library database.
    """

    def __init__(
        self,
        library: str | os.PathLike[str],
        *,
        read_only: bool = False,
        busy_timeout: float = BUSY_TIMEOUT,
        engine: Engine = "snapshot",
    ) -> None:
        """Store the library's path or URL without opening it.

        The first method call opens the library. The first scan or import creates it if it does not exist.

        Args:
            library: Path of a SQLite file, or a SQLAlchemy URL (SQLite or PostgreSQL).
            read_only: Refuse to write.
            busy_timeout: Seconds to wait for another program's write to end (SQLite).
            engine: ``"snapshot"`` runs queries on a columnar copy in the user's cache, which is updated
                before each query. ``"database"`` runs them on the library database.

        Raises:
            NotALibraryError: The path is a directory, or the URL is invalid.
            QueryError: The engine's name is unknown.
        """
        self.database = Database(library, read_only=read_only, busy_timeout=busy_timeout)
        self._on_database = LibraryEngine(self.database)
        self._snapshot = SnapshotEngine(self.database, self._on_database)
        self._engine: QueryEngine = self._engine_named(engine)
        self._opening: asyncio.Task[None] | None = None
        self._warned: set[str] = set()

    @classmethod
    def from_dataset(
        cls, dataset: str | os.PathLike[str], *, engine: SparkSession | Literal["duckdb"] = "duckdb"
    ) -> Self:
        """Open a read-only library on a dataset that :meth:`publish` wrote, locally or on a Spark cluster.

        Each query reads the newest version at its start. Methods that write raise
        :class:`mfkit.errors.ReadOnlyLibraryError`.

        Args:
            dataset: Folder or URL of the dataset.
            engine: ``"duckdb"`` runs queries on this machine, for a dataset in a folder. A Spark session
                (extra ``spark``) runs queries on its cluster. All machines of the cluster must see the
                dataset at the same path or URL.

        Raises:
            DatasetError: The URL is invalid, or DuckDB cannot read from it.
            QueryError: The engine is neither ``"duckdb"`` nor a Spark session.
        """
        opened = load_distributed("dataset_engine").open_dataset(dataset, engine)
        library = cls.__new__(cls)
        library.database = NullDatabase(opened.dataset.name)
        library._on_database = LibraryEngine(library.database)
        library._snapshot = library._engine = opened
        library._opening = None
        library._warned = set()
        return library

    def _engine_named(self, name: str | None) -> QueryEngine:
        """Return the query engine with the given name. If the name is None, return the library's engine."""
        if name is None:
            return self._engine
        if name == "snapshot":
            return self._snapshot
        # The engine "database" is also accepted under its old name "record".
        if name in ("database", "record"):
            return self._on_database
        raise QueryError(f"{name!r} is not an engine. Use one of {', '.join(get_args(Engine))}.")

    def __repr__(self) -> str:
        """Show the library's path, or its URL without the password."""
        return f"{type(self).__name__}({self.database.name!r})"

    async def open(self) -> Self:
        """Open the library and update its schema. All other methods call this automatically.

        Raises:
            LibraryNotFoundError: The library does not exist. The first scan or import creates it.
            MfkitError: The library is invalid, locked, or from a newer version of mfkit.
        """
        return await self._open(create=False)

    async def _open(self, *, create: bool) -> Self:
        while create and self._opening is not None and not self._opening.done():
            # An earlier call may still be opening the library without permission to create it, so this call
            # waits until the earlier call ends.
            await asyncio.wait([self._opening])
        if self._opening is None or (self._opening.done() and _failed(self._opening)):
            self._opening = asyncio.ensure_future(self.database.upgrade(create=create))
        await asyncio.shield(self._opening)
        # Without this check, the snapshot would still answer queries after the library file was deleted.
        await self.database.check_file()
        return self

    async def _open_or_create(self, check: Callable[[], object]) -> None:
        """Open the library. If it does not exist, create it unless the function ``check`` raises an error."""
        try:
            await self.open()
        except LibraryNotFoundError:
            check()
            await self._open(create=True)

    async def _open_existing(self) -> Self:
        """Open the library if it exists. Raise an error if it does not exist and must be opened read-only."""
        try:
            return await self.open()
        except LibraryNotFoundError:
            if self.database.read_only:
                raise
            return self

    async def close(self) -> None:
        """Close all database connections. The next method call opens the library again."""
        self._opening = None
        self._snapshot.close()
        self._on_database.close()
        await self.database.dispose()

    async def __aenter__(self) -> Self:
        """Open the library if it exists."""
        return await self._open_existing()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the library."""
        await self.close()

    async def frame(self, select: Select[Any] | Executable) -> pd.DataFrame:
        """Run a SQLAlchemy select on mfkit's models or on ``mfkit.models.media``, and return a DataFrame.

        Returns:
            A DataFrame with the dtypes that the selected columns declare.

        Raises:
            QueryError: The database refuses the statement.
        """
        await self.open()
        return to_frame(await self._engine.run(select))


async def data_version(library: LibraryBase) -> object | None:
    """Return an object that identifies the library's current data, or None if changes cannot be detected.

    Each change of the library replaces the object, so cached results are valid while it is the same object.
    Keep only a weak reference to the object.
    """
    await library.open()
    return await library._engine.data_version()


@dataclass(frozen=True)
class Overview:
    """Key figures of a library, shown when the library is printed in a console or notebook.

    Attributes:
        name: Path of the library, or its URL without the password.
        items: Number of items that the last scan found.
        bytes: Total size of these items.
        failures: Number of files that could not be read or understood.
        roots: The scanned folders.
        last_scan: End of the last scan; None if no scan has finished.
    """

    name: str
    items: int
    bytes: int
    failures: int
    roots: tuple[str, ...]
    last_scan: pd.Timestamp | None

    def _parts(self) -> dict[str, str]:
        roots = ", ".join(map(escape_control, self.roots[:_SHOWN_ROOTS]))
        more = len(self.roots) - _SHOWN_ROOTS
        return {
            "Items": f"{self.items:,}",
            "Size": format_size(self.bytes),
            "Roots": (f"{roots} and {more:,} more" if more > 0 else roots) or "none",
            "Last scan": "never" if self.last_scan is None else f"{self.last_scan:%Y-%m-%d %H:%M} UTC",
            "Failures": f"{self.failures:,}",
        }

    def text(self) -> str:
        """Return the overview of the library as one line of text."""
        return ", ".join(f"{name.lower()}: {value}" for name, value in self._parts().items())

    def html(self) -> str:
        """Return the overview of the library as an HTML table."""
        left = 'style="text-align: left"'
        rows = "".join(
            f"<tr><th {left}>{name}</th><td {left}>{html.escape(value)}</td></tr>"
            for name, value in {"Library": escape_control(self.name), **self._parts()}.items()
        )
        return f"<table>{rows}</table>"


async def overview_of(library: LibraryBase) -> Overview | None:
    """Return a library's overview, or None if the library is closed, because printing must not open it."""
    if library._opening is None or not library._opening.done() or _failed(library._opening):
        return None
    totals = (await library.frame(scan_history.overview())).iloc[0]
    roots = await library.frame(scan_history.roots())
    last = roots["finished_at"].max()
    return Overview(
        library.database.name,
        int(totals["items"]),
        int(totals["bytes"]),
        int(totals["failures"]),
        tuple(roots["root"]),
        None if pd.isna(last) else last,
    )


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
