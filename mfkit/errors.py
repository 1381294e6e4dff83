"""Exceptions raised by mfkit, and suggestions for misspelt names. Each message says what to do."""

from __future__ import annotations

from collections.abc import Iterable

from mfkit.credentials import hide_credentials
from mfkit.text_safety import escape_control


class MfkitError(Exception):
    """Base class of mfkit's exceptions.

    The message contains no credentials. ``str()`` returns a single line with control characters escaped.
    """

    def __init__(self, *parts: object) -> None:
        """Create an error, and replace passwords and other credentials in its message with ``***``."""
        super().__init__(*(hide_credentials(one) if isinstance(one, str) else one for one in parts))

    def __str__(self) -> str:
        """Return the message with control characters escaped."""
        return escape_control(super().__str__())


class LibraryNotFoundError(MfkitError):
    """The library, or the folder for a new library, does not exist."""


class NotALibraryError(MfkitError):
    """The path or URL is not a library of mfkit."""


class LibraryLockedError(MfkitError):
    """Another program kept the library locked until the timeout."""


class ReadOnlyLibraryError(MfkitError):
    """The library, or this connection to it, is read-only."""


class NewerLibraryError(MfkitError):
    """The library was written by a newer version of mfkit."""


class DatabaseUnavailableError(MfkitError):
    """The database server cannot be reached or rejects the login."""


class FolderNotFoundError(MfkitError):
    """A folder to scan does not exist, is not a folder, or cannot be read."""


class StorageUnavailableError(MfkitError):
    """Object storage cannot be reached, or rejects the login or the request."""


class ScanRunningError(MfkitError):
    """Another scan of the same library is running."""


class FilterError(MfkitError, ValueError):
    """A filter has an unknown field or an invalid value."""


class FilterWarning(UserWarning):
    """Warning that a filter selects nothing a method can use, for example because no item has its value."""


class QueryError(MfkitError):
    """The database rejected a query, or the query is invalid or took too long.

    The message quotes the database's message with its line breaks.
    """

    def __str__(self) -> str:
        """Return the message, in which control characters except line feeds are escaped."""
        return escape_control(Exception.__str__(self), lines=True)


class TransferError(MfkitError):
    """A library cannot be copied to a database, or the copy differs from the library."""


class NestedCallError(MfkitError, RuntimeError):
    """The sync API was called inside mfkit's own event loop. Such a call would wait for itself forever."""


class ThumbnailError(MfkitError):
    """A thumbnail of a file cannot be created."""


class DemoFolderError(MfkitError):
    """A demo library cannot be written to a folder that is not empty or not writable."""


class ReportError(MfkitError):
    """A report cannot be created or written."""


class ExportError(MfkitError):
    """An export cannot be written. No partial file is left behind."""


class IngestError(MfkitError):
    """A file or DataFrame cannot be imported, or has invalid rows.

    Attributes:
        for_command_line: The message with options of ``mfkit import`` instead of Python's arguments.
    """

    def __init__(self, message: str, *, for_command_line: str | None = None) -> None:
        """Create the error.

        Args:
            message: The message with arguments in Python.
            for_command_line: The message with options of the command line, if it is another one.
        """
        super().__init__(message)
        self.for_command_line = for_command_line or message


class DatasetError(MfkitError):
    """A dataset cannot be published or read.

    If publishing fails, the versions of the dataset that were published before are not changed.
    """


_MIN_PART = 3
"""Minimum length of a name that is looked for as a part of known names."""


def closest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Return up to ``n`` known names that contain the given name, or if none do, names that resemble it."""
    # difflib is imported here, because worker processes do not need it.
    from difflib import get_close_matches

    folded, wanted = {one.lower(): one for one in known}, str(name).lower()
    close = get_close_matches(wanted, folded, n)
    containing = [] if len(wanted) < _MIN_PART else [one for one in folded if wanted in one]
    if containing and wanted not in folded:
        close = sorted(containing, key=lambda one: not one.startswith(wanted))
    return [folded[one] for one in close[:n]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint such as ``"Did you mean 'media_type'? "``, or "" if no known name is similar."""
    found = closest(name, known)
    return f"Did you mean {' or '.join(map(repr, found))}? " if found else ""
