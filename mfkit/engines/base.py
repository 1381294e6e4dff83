"""The protocol of all engines: how a library runs queries, whatever holds its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from sqlalchemy import Executable, Select

from mfkit.engines.arrow_types import BatchConsumer

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """The current snapshot of a library.

    Attributes:
        path: The directory that contains it.
        rows: Number of items.
        bytes: Size of its files.
        made_at: When it was last updated with a change.
        files: Parquet files of each relation, for other programs. The directory also has files with later
            changes. After ``lib.refresh()`` the files listed here contain everything.
    """

    path: Path
    rows: int
    bytes: int
    made_at: datetime
    files: Mapping[str, tuple[Path, ...]]

    @property
    def age(self) -> float:
        """Seconds since the last update with a change. An old snapshot is still up to date."""
        return (datetime.now(UTC) - self.made_at).total_seconds()


class QueryEngine(Protocol):
    """An engine that runs queries on the library database, its snapshot or a published dataset.

    Every answer is the state of the data at one point in time after the call. Implementations document only
    what differs from the methods here.
    """

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        """Run a statement that returns rows.

        Args:
            select: A SQLAlchemy select, or a union or CTE of selects.

        Returns:
            A table with the columns and types that the statement declares.

        Raises:
            QueryError: The engine cannot run the statement.
            DatasetError: The dataset does not exist or cannot be read.
        """
        ...

    async def stream(self, select: Select[Any] | Executable, consume: BatchConsumer[T]) -> T:
        """Run a statement and pass its rows to a function in batches, without loading all into memory.

        Args:
            select: As for :meth:`run`.
            consume: Gets the schema and an iterator over the batches, on a thread. It is called again, with
                all rows, if the engine has to start over, for example because another process removed files.

        Returns:
            What ``consume`` returns.

        Raises:
            QueryError: The engine cannot run the statement.
            DatasetError: The dataset does not exist or cannot be read.
        """
        ...

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        """Run one read-only statement of free SQL, in the engine's own dialect.

        Args:
            statement: SQL with parameters as ``:name``.
            parameters: The parameters' values.

        Raises:
            QueryError: The statement is not read-only, is invalid, or lacks a parameter.
            DatasetError: The dataset does not exist or cannot be read.
        """
        ...

    async def state(self) -> object | None:
        """Return an object that is replaced when the data changes; None if the engine cannot tell."""
        return None

    async def refresh(self) -> None:
        """Rebuild or reopen what the engine reads, whatever state it is in."""
        return None

    async def info(self) -> Snapshot | None:
        """Return the snapshot after bringing it up to date; None if the engine has no snapshot."""
        return None

    def close(self) -> None:
        """Close files, connections and processes. A later query opens them again."""
        ...
