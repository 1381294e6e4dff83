"""Stand-in for the library database of a published dataset, which has none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from mfkit.core.database import Database
from mfkit.errors import ReadOnlyLibraryError


class NullDatabase(Database):
    """Database of a published dataset. It opens nothing, so no method can write.

    Attributes:
        file: None.
        read_only: True.
    """

    def __init__(self, name: str) -> None:
        """Name the dataset without opening anything."""
        self._name = name
        self.file = None
        self.read_only = True

    @property
    def name(self) -> str:
        """The dataset's path or URL."""
        return self._name

    @property
    def dialect(self) -> str:
        """Refuse, because the caller wants to write or to query the database.

        Raises:
            ReadOnlyLibraryError: Always.
        """
        self._refuse()

    @property
    def engine(self) -> NoReturn:  # type: ignore[override]
        """Refuse, as :attr:`dialect` does."""
        self._refuse()

    def __repr__(self) -> str:
        """Return the class and the dataset's name."""
        return f"NullDatabase({self._name!r})"

    async def upgrade(self, *, create: bool = True) -> None:
        """Do nothing, because a dataset keeps the schema it was published with."""

    @asynccontextmanager
    async def session(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """Refuse.

        Raises:
            ReadOnlyLibraryError: Always.
        """
        self._refuse()
        yield

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Refuse.

        Raises:
            ReadOnlyLibraryError: Always.
        """
        self._refuse()
        yield

    @asynccontextmanager
    async def transaction(self, *, tries: int = 1) -> AsyncIterator[AsyncConnection]:
        """Refuse.

        Raises:
            ReadOnlyLibraryError: Always.
        """
        self._refuse()
        yield

    async def dispose(self) -> None:
        """Do nothing, because there are no connections."""

    def _refuse(self) -> NoReturn:
        raise ReadOnlyLibraryError(
            f"{self._name} is a published dataset, which is read-only. Change the library that it was "
            "published from, then publish it again."
        )
