"""Translation of database driver errors to mfkit's errors, with advice for the user."""

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
"""Advice in the message about a damaged SQLite file (https://www.sqlite.org/recovery.html)."""
_DAMAGED = "{name} is damaged ({cause}). Run mfkit doctor for details. " + RECOVER
# The keys are parts of SQLite's error messages. The values are mfkit's error class and message. Source:
# https://www.sqlite.org/rescode.html
_SQLITE: tuple[tuple[str, type[MfkitError], str], ...] = (
    (
        "unable to open database file",
        LibraryNotFoundError,
        "{name} cannot be opened. Check that its folder exists and that you can write to it.",
    ),
    ("file is not a database", NotALibraryError, "{name} is not a SQLite database. Use another file."),
    ("database disk image is malformed", NotALibraryError, _DAMAGED),
    ("malformed database schema", NotALibraryError, _DAMAGED),
    ("vtable constructor failed", NotALibraryError, _DAMAGED),
    (
        "database is locked",
        LibraryLockedError,
        "Another program is writing to {name}. Wait until it ends, or close it, and try again.",
    ),
    (
        "database table is locked",
        LibraryLockedError,
        "Another part of this program is writing to {name}. Try again.",
    ),
    (
        "attempt to write a readonly database",
        ReadOnlyLibraryError,
        "{name} is read-only. Check the permissions of the file and its folder.",
    ),
    (
        # A read-only file also causes this message: its connections have trusted_schema = OFF, so SQLite
        # rejects the triggers of the search index before it reports that the file is read-only.
        "unsafe use of virtual table",
        ReadOnlyLibraryError,
        "{name} is read-only. Check the permissions of the file and its folder.",
    ),
    (
        "database or disk is full",
        MfkitError,
        "The disk with {name} is full, and the last step was undone. Free some space and try again.",
    ),
    (
        "disk I/O error",
        MfkitError,
        "The disk with {name} failed to read or write. Check the disk and try again.",
    ),
    ("not authorized", QueryError, "Only reading is allowed here: SQLite refused the statement."),
    ("prohibited", QueryError, "Only reading is allowed here: SQLite refused the statement ({cause})."),
    ("interrupted", QueryError, "The query was interrupted."),
)
# The keys are prefixes of PostgreSQL's error codes. The values are mfkit's error class and message. Source:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: tuple[tuple[str, type[MfkitError], str], ...] = (
    ("28", DatabaseUnavailableError, "{name} refuses the login: {cause}."),
    ("3D000", DatabaseUnavailableError, "{name} cannot be opened: {cause}. Create it with createdb."),
    ("53300", DatabaseUnavailableError, "{name} has no free connection: {cause}."),
    ("57P", DatabaseUnavailableError, "The connection to {name} was lost: {cause}."),
    ("57014", QueryError, "The query was interrupted: {cause}."),
)
_MISSING = re.compile(r"""no such table: (?:main\.)?(\w+)|relation "(?:\w+\.)?(\w+)" does not exist""")
_DRIVER_CLASS = re.compile(r"<class '[\w.]+'>: ")


def error_text(error: StatementError) -> str:
    """Return the database's own error message, without the text that SQLAlchemy and the driver add."""
    return _DRIVER_CLASS.sub("", str(error.orig or error))


@contextmanager
def translate_errors(name: str, *, writing: bool = False) -> Iterator[None]:
    """Inside a ``with`` block, raise mfkit's own errors instead of driver errors that a user can fix.

    Constraint violations and errors in the caller's code are raised unchanged.

    Args:
        name: Path of the database, or its URL without the password, for error messages.
        writing: True if the caller writes. A rejected write then raises :class:`ReadOnlyLibraryError`
            instead of :class:`QueryError`.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        cause = error_text(error)
        code = getattr(error.orig, "sqlstate", None) or ""
        for prefix, kind, message in _POSTGRESQL:
            if code.startswith(prefix):
                raise kind(message.format(name=name, cause=cause.rstrip("."))) from error
        for fragment, kind, message in _SQLITE:
            if fragment in cause:
                raise kind(message.format(name=name, cause=cause)) from error
        missing = _MISSING.search(cause)
        if missing and (table := missing[1] or missing[2]) in (*Base.metadata.tables, "media"):
            raise NotALibraryError(
                f"{name} is not a complete library: it has no {table}. Run mfkit doctor, then restore the "
                "library from a backup, or scan into a new one."
            ) from error
        if error.connection_invalidated or isinstance(error, InterfaceError):
            raise DatabaseUnavailableError(f"The connection to {name} was lost: {cause}") from error
        if "read-only transaction" in cause:
            if writing:
                raise ReadOnlyLibraryError(f"{name} is read-only.") from error
            raise QueryError("Only reading is allowed here: the server refused the statement.") from error
        raise
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(
            f"All connections of this program to {name} are in use. Run fewer queries at once."
        ) from error
    except OSError as error:
        raise DatabaseUnavailableError(
            f"{name} does not answer: {error.strerror or error}. Check the host, the port and the server."
        ) from error
