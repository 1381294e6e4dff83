"""A SQLite library's file, which someone may delete, move or exchange while it is open.

A connection goes on reading and writing a file that has lost its name, and what it writes there is lost when
it closes; a new connection would make a new file. So the file is looked for whenever a connection is taken.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mfkit.core import schema_version
from mfkit.errors import LibraryNotFoundError


class SqliteFile:
    """The file that a database's connections lead to.

    Attributes:
        path: Where it lies, whatever folder the process changes to.
        opened: Whether a connection has been there; from then on none makes the file.
    """

    def __init__(self, file: Path) -> None:
        """Take the path; nothing is looked for yet."""
        self.path = file.absolute()
        self.opened = False
        self._identity: tuple[int, int] | None = None

    def identity(self) -> tuple[int, int] | None:
        """Return what another file under the name would differ in; None where that cannot be told.

        Raises:
            LibraryNotFoundError: The file was there, and is no more.
        """
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.opened:
                return None
            raise LibraryNotFoundError(
                f"There is no library at {self.path} any more; it was deleted or moved. "
                "Put it back, or open it where it lies now."
            ) from error
        except OSError:  # a share that does not answer, say: SQLite finds the words
            return self._identity
        return found.st_dev, found.st_ino

    def is_another(self) -> bool:
        """Return whether it may be another file than the one that was opened last.

        It need not be: a share that is mounted anew may number its files anew.

        Raises:
            LibraryNotFoundError: The file was there, and is no more.
        """
        return self._identity is not None and self.identity() != self._identity

    def refuse_stranger(self, connection: Any) -> None:
        """Let a new connection lead to another file only where that is a library, as one put back is.

        Raises:
            LibraryNotFoundError: It is none, or none that can be used as it is.
        """
        if not self.is_another():
            return
        try:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT version_num FROM alembic_version, sqlite_master WHERE name = 'media_items'"
            )
            revision, cause = cursor.fetchone(), None
            cursor.close()
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise
            revision, cause = None, error
        if revision != (schema_version.HEAD,):
            raise LibraryNotFoundError(
                f"There is no library at {self.path} any more; it was deleted or moved, and another file "
                "lies there by now. Put it back, or close this library and open the one that you want."
            ) from cause

    def remember(self) -> tuple[int, int] | None:
        """Remember the file that a connection was made to, if it can be found, and return its identity."""
        self._identity = self.identity()
        self.opened = self.opened or self._identity is not None
        return self._identity

    def forget(self) -> None:
        """Let the next connection lead to whatever library lies there; it still makes none."""
        self._identity = None

    def uri(self) -> str:
        """Return the URI by which SQLite opens the file to write, and makes none."""
        return f"file:{quote(os.fsencode(self.path), safe='')}?mode=rw"
