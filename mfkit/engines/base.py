"""Protocol of all query engines: one interface for a database, a snapshot or a published dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from sqlalchemy import Executable, Select

from mfkit.frames import BatchConsumer

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """Information about a library's current snapshot.

    Attributes:
        path: Directory that contains the snapshot.
        rows: Number of items.
        bytes: Total size of its files.
        made_at: Time when a change was last written to the snapshot.
        files: Relation -> Parquet files, for other programs. Later changes are in further files in the
            directory. After ``lib.refresh()``, the files listed here contain all data.
    """

    path: Path
    rows: int
    bytes: int
    made_at: datetime
    files: Mapping[str, tuple[Path, ...]]

    @property
    def age(self) -> float:
        """Seconds since the snapshot was last written. An old snapshot can still be up to date."""
        return (datetime.now(UTC) - self.made_at).total_seconds()


class QueryEngine(Protocol):
    """Engine that runs queries on a library database, its snapshot or a published dataset.

    Every query sees the data as of a single point in time after the call. Implementations document only how
    they differ from the methods here.
    """

    async def run(self, select: Select[Any] | Executable) -> pa.Table:
        """Run a SELECT statement and return all its rows as an Arrow table.

        Args:
            select: A SQLAlchemy SELECT statement, or a union or CTE of SELECT statements.

        Returns:
            A table with the columns and types that the statement declares.

        Raises:
            QueryError: The engine cannot run the statement.
            DatasetError: The dataset does not exist or cannot be read.
        """
        ...

    async def stream(self, select: Select[Any] | Executable, consume: BatchConsumer[T]) -> T:
        """Run a statement and pass its rows to a function in batches, without loading all rows into memory.

        Args:
            select: As for :meth:`run`.
            consume: Function that is called on a thread with the schema and an iterator over the batches. It
                is called again with all rows if the engine must start over, for example because another
                process removed files.

        Returns:
            The return value of ``consume``.

        Raises:
            QueryError: The engine cannot run the statement.
            DatasetError: The dataset does not exist or cannot be read.
        """
        ...

    async def sql(self, statement: str, parameters: dict[str, Any]) -> pa.Table:
        """Run one read-only SQL statement from the user, written in the engine's own SQL dialect.

        Args:
            statement: SQL text with bind parameters written as ``:name``.
            parameters: Parameter name -> value.

        Raises:
            QueryError: The statement is not read-only, is invalid, or lacks a parameter.
            DatasetError: The dataset does not exist or cannot be read.
        """
        ...

    async def data_version(self) -> object | None:
        """Return an object that identifies the current version of the data.

        After a change the engine returns a different object. It returns None if it cannot detect changes.
        """
        return None

    async def refresh(self) -> None:
        """Rebuild or reopen the data that the engine reads, even if it seems up to date."""
        return None

    async def info(self) -> Snapshot | None:
        """Bring the snapshot up to date and describe it, or return None if the engine has no snapshot."""
        return None

    def close(self) -> None:
        """Close files, connections and processes. A later query opens them again."""
        ...
