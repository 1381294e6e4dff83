"""Check that a SQLite library's file still exists and is the same while the library is open.

A connection continues to read and write a file that was deleted, and the written data is lost when it closes.
A new connection would create a new file. Therefore the file is checked whenever a connection is opened or
reused.
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
    """The file of a SQLite library.

    Attributes:
        path: Absolute path of the file.
        opened: Whether a connection has opened the file. From then on no connection creates it.
    """

    def __init__(self, file: Path) -> None:
        """Name the file without checking it."""
        self.path = file.absolute()
        self.opened = False
        self._identity: tuple[int, int] | None = None

    def identity(self) -> tuple[int, int] | None:
        """Return the file's device and inode, which identify it; None if they are unknown.

        Raises:
            LibraryNotFoundError: The file does not exist any more.
        """
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self.opened:
                return None
            raise LibraryNotFoundError(
                f"The library at {self.path} was deleted or moved. Restore it, or open it at its new path."
            ) from error
        except OSError:  # such as a share that does not respond; SQLite will report it
            return self._identity
        return found.st_dev, found.st_ino

    def is_another(self) -> bool:
        """Return whether the path may have another file than the one opened last.

        It may also be the same file, because a share that is mounted again may have new inodes.

        Raises:
            LibraryNotFoundError: The file does not exist any more.
        """
        return self._identity is not None and self.identity() != self._identity

    def refuse_other_file(self, connection: Any) -> None:
        """Refuse a new connection to another file, unless it is a library, such as a restored one.

        Raises:
            LibraryNotFoundError: The other file is not a library of this mfkit's schema revision.
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
                f"The library at {self.path} was deleted or moved, and another file has its path now. "
                "Restore it, or close this library and open the one that you want."
            ) from cause

    def remember(self) -> tuple[int, int] | None:
        """Store the identity of the file that a connection opened, and return it."""
        self._identity = self.identity()
        self.opened = self.opened or self._identity is not None
        return self._identity

    def forget(self) -> None:
        """Let the next connection open any library at the path. It still creates no file."""
        self._identity = None

    def uri(self) -> str:
        """Return the URI with which SQLite opens the file for writing without creating it."""
        return f"file:{quote(os.fsencode(self.path), safe='')}?mode=rw"
