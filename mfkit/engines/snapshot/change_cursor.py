"""How far a copy of the library has come, and what changed behind that point.

A position is text that only this module understands. It is taken in the same read transaction as the
rows that go with it; what changed later is exactly what the log of changes holds behind it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL

from mfkit.core.arrow_reader import (
    Reader,
    connect_postgresql,
    connect_sqlite,
    postgresql_reader,
    sqlite_reader,
)

_NEWEST = "SELECT revision, mark FROM media_changes ORDER BY revision DESC LIMIT 1"


@dataclass(frozen=True)
class Changes:
    """What changed behind a position.

    Attributes:
        counts: Relation -> how many rows of the log name it.
        where: Condition on the rows of the log.
    """

    counts: dict[str, int]
    where: str

    def items(self, *relations: str) -> str:
        """Return the query for the ids of the items whose rows in the relations changed."""
        names = ", ".join(f"'{name}'" for name in relations)
        return (
            f"SELECT media_item_id FROM media_changes WHERE {self.where} AND relation IN ({names}) "
            "AND media_item_id IS NOT NULL"
        )


class ChangeSource(Protocol):
    """A record database, seen from a copy of it; for one thread at a time."""

    dialect: str

    def moved(self, position: str) -> bool:
        """Return whether anything changed behind a position; cheap when nothing did."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """Open a read transaction."""
        ...

    def position(self, reader: Reader) -> str:
        """Return the position that goes with what the transaction reads."""
        ...

    def changes(self, reader: Reader, position: str) -> Changes | None:
        """Return what changed since; None when that cannot be told."""
        ...

    def close(self) -> None:
        """Close the standing connection."""
        ...


class SqliteChangeSource:
    """A SQLite file: position is the newest revision and its mark.

    Attributes:
        file: The file.
        newest: Query for both.
    """

    dialect = "sqlite"
    newest = _NEWEST

    def __init__(self, file: Path) -> None:
        """Take the file; nothing is opened yet."""
        self.file = file
        self._standing: sqlite3.Connection | None = None
        self._signature: tuple[Any, ...] = ()
        self._seen: tuple[int, str] | None = None

    def moved(self, position: str) -> bool:
        """Return whether anything changed: SQLite counts the commits of all others for a connection."""
        signature = self._sign()
        if self._standing is None or signature != self._signature:
            # Another file may lie under the name; the old connection would go on reading the old one.
            self.close()
            self._standing, self._signature, self._seen = connect_sqlite(self.file), signature, None
        version = self._standing.execute("PRAGMA data_version").fetchone()[0]
        if self._seen == (version, position):
            return False
        found = _spell(self._standing.execute(_NEWEST).fetchall())
        self._seen = (version, found)
        return found != position or not found

    def _sign(self) -> tuple[Any, ...]:
        now = os.stat(self.file)
        if os.access(self.file.parent, os.W_OK):
            return (now.st_dev, now.st_ino)
        # Where SQLite may take the file for unchanging, only the file itself tells.
        return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)

    def reader(self) -> AbstractContextManager[Reader]:
        """Open a read transaction."""
        return sqlite_reader(self.file)

    def position(self, reader: Reader) -> str:
        """Return revision and mark of the newest row."""
        return self.spell(reader.rows(self.newest))

    @staticmethod
    def spell(rows: Sequence[Sequence[Any]]) -> str:
        """Return the position that an answer to ``newest`` means."""
        return _spell(rows)

    def changes(self, reader: Reader, position: str) -> Changes | None:
        """Return what changed since, if the log still holds the row that the position names."""
        revision, mark = _parse(position)
        return _changes(reader, revision, mark, f"revision > {revision}")

    def close(self) -> None:
        """Close the standing connection."""
        if self._standing is not None:
            self._standing.close()
            self._standing = None


class PostgresqlChangeSource:
    """A PostgreSQL database: position is what transactions were visible, beside revision and mark.

    A transaction that got its revision first may commit last, so that a revision alone would skip it.
    """

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        """Take the URL; nothing is opened yet."""
        self.url = url
        self._standing: Any = None

    def moved(self, position: str) -> bool:
        """Return whether the log holds a row that the position could not see."""
        # Every piece is checked before it becomes SQL: the text comes from a file.
        snapshot, _, newest = _pieces(position)
        statement = (
            f"SELECT EXISTS (SELECT 1 FROM media_changes WHERE {_unseen(snapshot)}), "
            f"(SELECT revision || ':' || mark FROM media_changes WHERE revision = {newest[0]})"
        )
        for attempt in range(2):
            if self._standing is None:
                self._standing = connect_postgresql(self.url, autocommit=True)
            try:
                with self._standing.cursor() as cursor:
                    cursor.execute(statement)
                    unseen, found = cursor.fetchone()
                return bool(unseen) or found != f"{newest[0]}:{newest[1]}"
            except Exception:
                # The server may have closed a connection that stood idle; a second failure is real.
                self.close()
                if attempt:
                    raise
        return True

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Open a read transaction."""
        with postgresql_reader(self.url) as reader:
            yield reader

    def position(self, reader: Reader) -> str:
        """Return the visible transactions, the oldest row of the log, and the newest."""
        snapshot, oldest = reader.rows(f"SELECT CAST(pg_current_snapshot() AS text), ({_OLDEST})")[0]
        return f"{snapshot}|{oldest}|{_spell(reader.rows(_NEWEST))}"

    def changes(self, reader: Reader, position: str) -> Changes | None:
        """Return what changed since, if the log still holds all of it."""
        snapshot, oldest, (revision, mark) = _pieces(position)
        # A transaction that ran when the position was taken may have left its rows before those
        # that were pruned since.
        running = bool(snapshot.rsplit(":", 1)[1])
        if running and reader.rows(_OLDEST)[0][0] != oldest:
            return None
        return _changes(reader, revision, mark, _unseen(snapshot))

    def close(self) -> None:
        """Close the standing connection."""
        if self._standing is not None:
            with suppress(Exception):  # it may be broken already, which is why it is closed
                self._standing.close()
            self._standing = None


_OLDEST = "SELECT min(revision) FROM media_changes"


def _unseen(snapshot: str) -> str:
    return (
        f"transaction >= pg_snapshot_xmin('{snapshot}'::pg_snapshot) "
        f"AND NOT pg_visible_in_snapshot(transaction, '{snapshot}'::pg_snapshot)"
    )


def _changes(reader: Reader, revision: int, mark: int, where: str) -> Changes | None:
    known = f"SELECT 1 FROM media_changes WHERE revision = {revision} AND mark = {mark}"
    if not reader.rows(known):
        return None
    counts = dict(
        reader.rows(f"SELECT relation, count(*) FROM media_changes WHERE {where} GROUP BY relation")
    )
    return None if "everything" in counts else Changes(counts, where)


def _spell(rows: Sequence[Sequence[Any]]) -> str:
    return f"{rows[0][0]}:{rows[0][1]}" if rows else ""


def _parse(position: str) -> tuple[int, int]:
    revision, _, mark = position.partition(":")
    return (int(revision), int(mark)) if mark else (-1, 0)


def _pieces(position: str) -> tuple[str, int, tuple[int, int]]:
    snapshot, oldest, newest = position.split("|")
    low, high, running = snapshot.split(":")
    checked = ",".join(str(int(one)) for one in running.split(",") if one)
    return f"{int(low)}:{int(high)}:{checked}", int(oldest), _parse(newest)
