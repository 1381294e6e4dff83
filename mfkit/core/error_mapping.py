"""Database errors that a user can act on, in mfkit's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from mfkit.errors import (
    DatabaseUnavailableError,
    LibraryLockedError,
    LibraryNotFoundError,
    MfkitError,
    NotALibraryError,
    QueryError,
    ReadOnlyLibraryError,
)
from mfkit.models import Base

RECOVER = (
    "Restore it from a backup, scan into a new library, or save what can be read: "
    "sqlite3 {name} .recover | sqlite3 recovered.db"
)
"""What to do with a damaged SQLite file (https://www.sqlite.org/recovery.html)."""
_DAMAGED = "{name} is damaged ({cause}). mfkit doctor says more. " + RECOVER
# SQLite's own messages: https://www.sqlite.org/rescode.html
_SQLITE: tuple[tuple[str, type[MfkitError], str], ...] = (
    (
        "unable to open database file",
        LibraryNotFoundError,
        "{name} cannot be opened; check that its folder is there and may be written.",
    ),
    ("file is not a database", NotALibraryError, "{name} is no SQLite database; name another file."),
    ("database disk image is malformed", NotALibraryError, _DAMAGED),
    ("malformed database schema", NotALibraryError, _DAMAGED),
    ("vtable constructor failed", NotALibraryError, _DAMAGED),
    (
        "database is locked",
        LibraryLockedError,
        "{name} is being written by another program; wait for it to end, or close it, and try again.",
    ),
    (
        "database table is locked",
        LibraryLockedError,
        "{name} is being written by another part of this program; try again.",
    ),
    (
        "attempt to write a readonly database",
        ReadOnlyLibraryError,
        "{name} may only be read; check the file's and its folder's permissions.",
    ),
    (
        "database or disk is full",
        MfkitError,
        "The disk that holds {name} is full; nothing of the last step was kept. Make room and try again.",
    ),
    (
        "disk I/O error",
        MfkitError,
        "The disk that holds {name} failed to read or write; check it and try again.",
    ),
    (
        # A connection that only reads distrusts the schema, so SQLite refuses the search index's triggers
        # before it gets to the write itself.
        "unsafe use of virtual table",
        ReadOnlyLibraryError,
        "{name} may only be read; check the file's and its folder's permissions.",
    ),
    ("not authorized", QueryError, "Only reading is allowed here: SQLite refused the statement."),
    ("prohibited", QueryError, "Only reading is allowed here: SQLite refused the statement ({cause})."),
    ("interrupted", QueryError, "The query was interrupted."),
)
# PostgreSQL's codes, by their beginnings: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: tuple[tuple[str, type[MfkitError], str], ...] = (
    ("28", DatabaseUnavailableError, "{name} refuses the login: {cause}."),
    ("3D000", DatabaseUnavailableError, "{name} cannot be opened: {cause}; make it with createdb."),
    ("53300", DatabaseUnavailableError, "{name} has no connection to spare: {cause}."),
    ("57P", DatabaseUnavailableError, "The connection to {name} was lost: {cause}."),
    ("57014", QueryError, "The query was interrupted: {cause}."),
)
_MISSING = re.compile(r"""no such table: (?:main\.)?(\w+)|relation "(?:\w+\.)?(\w+)" does not exist""")
_DRIVER_CLASS = re.compile(r"<class '[\w.]+'>: ")


def error_text(error: StatementError) -> str:
    """Return the database's own words, without those of SQLAlchemy and the driver around them."""
    return _DRIVER_CLASS.sub("", str(error.orig or error))


@contextmanager
def translate_errors(name: str, *, writing: bool = False) -> Iterator[None]:
    """Turn what the driver raises into mfkit's errors where a user can act on it.

    Violated constraints and what is a fault of the caller's code pass unchanged.

    Args:
        name: What to call the database: its path, or its URL without the password.
        writing: Whether writing was meant: a refusal is then the library's and not the query's fault.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        cause = error_text(error)
        code = getattr(error.orig, "sqlstate", None) or ""
        for beginning, kind, message in _POSTGRESQL:
            if code.startswith(beginning):
                raise kind(message.format(name=name, cause=cause.rstrip("."))) from error
        for words, kind, message in _SQLITE:
            if words in cause:
                raise kind(message.format(name=name, cause=cause)) from error
        missing = _MISSING.search(cause)
        if missing and (table := missing[1] or missing[2]) in (*Base.metadata.tables, "media"):
            raise NotALibraryError(
                f"{name} is not a whole library: it has no {table}. Run mfkit doctor, then restore the "
                "library from a backup, or scan into a new one."
            ) from error
        if error.connection_invalidated or isinstance(error, InterfaceError):
            raise DatabaseUnavailableError(f"The connection to {name} was lost: {cause}") from error
        if "read-only transaction" in cause:
            if writing:
                raise ReadOnlyLibraryError(f"{name} may only be read.") from error
            raise QueryError("Only reading is allowed here: the server refused the statement.") from error
        raise
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(
            f"All connections of this program to {name} have been in use for too long; ask less at once."
        ) from error
    except OSError as error:
        raise DatabaseUnavailableError(
            f"{name} does not answer: {error.strerror or error}. Check the host, the port and the server."
        ) from error
