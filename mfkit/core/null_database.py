"""What stands in a published dataset's place for the record database: it has none, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from mfkit.core.database import Database
from mfkit.errors import ReadOnlyLibraryError


class NullDatabase(Database):
    """The record database of a dataset: nothing can be opened, so that no verb can write.

    Attributes:
        file: None.
        read_only: True.
    """

    def __init__(self, name: str) -> None:
        """Take the dataset's name; nothing is opened, not even an engine."""
        self._name = name
        self.file = None
        self.read_only = True

    @property
    def name(self) -> str:
        """The dataset's path or URL."""
        return self._name

    @property
    def dialect(self) -> str:
        """Refuse: who asks means to write, or to ask the database.

        Raises:
            ReadOnlyLibraryError: Always.
        """
        self._refuse()

    @property
    def engine(self) -> NoReturn:  # type: ignore[override]
        """Refuse, as :attr:`dialect` does."""
        self._refuse()

    def __repr__(self) -> str:
        """Name the dataset."""
        return f"AbsentDatabase({self._name!r})"

    async def upgrade(self) -> None:
        """Do nothing: a dataset bears the schema it was published with."""

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
        """Do nothing: there are no connections."""

    def _refuse(self) -> NoReturn:
        raise ReadOnlyLibraryError(
            f"{self._name} is a published dataset and may only be read; do this with the library it was "
            "published from, and publish it anew."
        )
