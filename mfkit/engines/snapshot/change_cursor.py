"""Positions in a library's change log, and the changes after a position.

A position is a text that only this module interprets. A snapshot stores the position that was read in the
same transaction as its rows, so the snapshot lacks exactly the changes after this position.
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
from mfkit.models.change_log import MAX_MARK_STEP

_NEWEST = "SELECT revision, mark FROM media_changes ORDER BY revision DESC LIMIT 1"


@dataclass(frozen=True)
class Changes:
    """Changes that were logged after a position in the change log.

    Attributes:
        counts: Relation -> number of log rows.
        where: SQL condition that selects these log rows.
    """

    counts: dict[str, int]
    where: str

    def items(self, *relations: str) -> str:
        """Return SQL that selects the ids of all items with changed rows in the given relations."""
        names = ", ".join(f"'{name}'" for name in relations)
        return (
            f"SELECT media_item_id FROM media_changes WHERE {self.where} AND relation IN ({names}) "
            "AND media_item_id IS NOT NULL"
        )


class ChangeSource(Protocol):
    """Reader of a library database's change log. Only one thread at a time may use the reader.

    Attributes:
        dialect: Name of the database's SQL dialect.
    """

    dialect: str

    def has_changed(self, position: str) -> bool:
        """Return whether the change log has changes after a position. The check is fast if there are none."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """Open a read transaction on the library database."""
        ...

    def position(self, reader: Reader) -> str:
        """Return the change-log position of the newest change that the transaction sees."""
        ...

    def changes(self, reader: Reader, position: str) -> Changes | None:
        """Return the changes after a position, or None if some of them were removed from the change log."""
        ...

    def close(self) -> None:
        """Close the connection that :meth:`has_changed` keeps open."""
        ...


class SqliteChangeSource(ChangeSource):
    """Reader of the change log in a SQLite file.

    A position consists of the newest revision and its mark, a random number that identifies the log row.

    Attributes:
        file: The SQLite file.
        position_query: SQL that reads the current position.
    """

    dialect = "sqlite"
    position_query = _NEWEST

    def __init__(self, file: Path) -> None:
        """Store the path of the file without opening it."""
        self.file = file
        self._connection: sqlite3.Connection | None = None
        self._signature: tuple[Any, ...] = ()
        self._seen: tuple[int, str] | None = None

    def has_changed(self, position: str) -> bool:
        """Return whether the change log has changes after a position.

        The change log is read only if PRAGMA data_version shows that another connection has committed.
        """
        signature = self._file_signature()
        if self._connection is None or signature != self._signature:
            # Open a new connection, because the file may have been replaced, and an open connection would
            # still read the old file.
            self.close()
            self._connection, self._signature, self._seen = connect_sqlite(self.file), signature, None
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if self._seen == (version, position):
            return False
        found = format_position(self._connection.execute(_NEWEST).fetchall())
        self._seen = (version, found)
        return found != position or not found

    def _file_signature(self) -> tuple[Any, ...]:
        now = os.stat(self.file)
        if os.access(self.file.parent, os.W_OK):
            return (now.st_dev, now.st_ino)
        # SQLite opens a file in a read-only folder as immutable (see read_only_url), so PRAGMA data_version
        # never changes. Size and modification time are compared instead.
        return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)

    def reader(self) -> AbstractContextManager[Reader]:
        return sqlite_reader(self.file)

    def position(self, reader: Reader) -> str:
        """Return the revision and the random ``mark`` of the newest change log row."""
        return format_position(reader.rows(self.position_query))

    def changes(self, reader: Reader, position: str) -> Changes | None:
        """Return the changes after a position, or None if the log row at the position was removed.

        If the mark of this row has increased, later changes of the same item were logged in it.
        """
        revision, mark = _parse(position)
        found = reader.rows(f"SELECT mark FROM media_changes WHERE revision = {revision}")
        if not found or not 0 <= found[0][0] - mark <= MAX_MARK_STEP:
            return None
        return _changes(reader, f"revision {'>' if found[0][0] == mark else '>='} {revision}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresqlChangeSource(ChangeSource):
    """Reader of the change log in a PostgreSQL database.

    A position contains the newest revision and the set of visible transactions (``pg_snapshot``). The
    revision alone is not enough: a transaction can get a lower revision than another transaction but commit
    later, and its changes would be skipped.
    """

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        """Store the URL of the database without connecting."""
        self.url = url
        self._connection: Any = None

    def has_changed(self, position: str) -> bool:
        """Return whether the change log has a row that was not yet visible when the position was read."""
        # The position comes from a file, so each part is checked before it becomes part of the SQL.
        snapshot, _, newest = _split(position)
        statement = (
            f"SELECT EXISTS (SELECT 1 FROM media_changes WHERE {_unseen(snapshot)}), "
            f"(SELECT revision || ':' || mark FROM media_changes WHERE revision = {newest[0]})"
        )
        for attempt in range(2):
            if self._connection is None:
                self._connection = connect_postgresql(self.url, autocommit=True)
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute(statement)
                    unseen, found = cursor.fetchone()
                return bool(unseen) or found != f"{newest[0]}:{newest[1]}"
            except Exception:
                # The server may have closed the idle connection, so the query is tried again once.
                self.close()
                if attempt:
                    raise
        return True

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with postgresql_reader(self.url) as reader:
            yield reader

    def position(self, reader: Reader) -> str:
        """Return the position: the transactions that the reader sees, and the oldest and newest log row."""
        snapshot, oldest = reader.rows(f"SELECT CAST(pg_current_snapshot() AS text), ({_OLDEST})")[0]
        return f"{snapshot}|{oldest}|{format_position(reader.rows(_NEWEST))}"

    def changes(self, reader: Reader, position: str) -> Changes | None:
        """Return the changes after a position, or None if some of them were removed from the change log."""
        snapshot, oldest, (revision, mark) = _split(position)
        # If a transaction was still running when the position was read, and the change log was pruned later,
        # some of the transaction's log rows may be lost. So None is returned.
        running = bool(snapshot.rsplit(":", 1)[1])
        if running and reader.rows(_OLDEST)[0][0] != oldest:
            return None
        if not reader.rows(f"SELECT 1 FROM media_changes WHERE revision = {revision} AND mark = {mark}"):
            return None
        return _changes(reader, _unseen(snapshot))

    def close(self) -> None:
        if self._connection is not None:
            with suppress(Exception):  # An error of close() is ignored: the connection may be broken.
                self._connection.close()
            self._connection = None


_OLDEST = "SELECT min(revision) FROM media_changes"


def _unseen(snapshot: str) -> str:
    return (
        f"transaction >= pg_snapshot_xmin('{snapshot}'::pg_snapshot) "
        f"AND NOT pg_visible_in_snapshot(transaction, '{snapshot}'::pg_snapshot)"
    )


def _changes(reader: Reader, where: str) -> Changes | None:
    counts = dict(
        reader.rows(f"SELECT relation, count(*) FROM media_changes WHERE {where} GROUP BY relation")
    )
    return None if "everything" in counts else Changes(counts, where)


def format_position(rows: Sequence[Sequence[Any]]) -> str:
    """Return ``revision:mark`` of the newest change log row, or an empty text if the log is empty."""
    return f"{rows[0][0]}:{rows[0][1]}" if rows else ""


def _parse(position: str) -> tuple[int, int]:
    revision, _, mark = position.partition(":")
    return (int(revision), int(mark)) if mark else (-1, 0)


def _split(position: str) -> tuple[str, int, tuple[int, int]]:
    snapshot, oldest, newest = position.split("|")
    low, high, running = snapshot.split(":")
    checked = ",".join(str(int(one)) for one in running.split(",") if one)
    return f"{int(low)}:{int(high)}:{checked}", int(oldest), _parse(newest)
