"""The errors a user can act on: each says what was wrong and what to do next."""

from __future__ import annotations

from mfkit.credentials import hide_credentials
from mfkit.text_safety import escape_control


class MfkitError(Exception):
    """Base of every error that mfkit raises on purpose.

    The message shows no credentials. As text it is a single line with control characters escaped, wherever
    a traceback or a log shows it.
    """

    def __init__(self, *parts: object) -> None:
        """Hide credentials in the parts, which may quote a URL with a password."""
        super().__init__(*(hide_credentials(one) if isinstance(one, str) else one for one in parts))

    def __str__(self) -> str:
        """Return the message with control characters escaped."""
        return escape_control(super().__str__())


class LibraryNotFoundError(MfkitError):
    """The library, or the folder it should lie in, is not there."""


class NotALibraryError(MfkitError):
    """The path or URL leads to something that is no mfkit library."""


class LibraryLockedError(MfkitError):
    """Another program holds the library's write lock for longer than the timeout."""


class ReadOnlyLibraryError(MfkitError):
    """The library, or this connection to it, may only be read."""


class NewerLibraryError(MfkitError):
    """The library was written by a newer mfkit than this one."""


class DatabaseUnavailableError(MfkitError):
    """The database server cannot be reached, or refuses the login."""


class FolderNotFoundError(MfkitError):
    """A folder to scan is not there, is no folder, or cannot be read."""


class StorageUnavailableError(MfkitError):
    """Object storage cannot be reached, or refuses the login or what was asked."""


class ScanRunningError(MfkitError):
    """Another scan of the same library is under way."""


class FilterError(MfkitError, ValueError):
    """A filter has an unknown field or a value that makes no sense."""


class QueryError(MfkitError):
    """The database refused a query; the message carries its own words, in several lines as a rule."""

    def __str__(self) -> str:
        """Return the message with all control characters but line feeds escaped."""
        return escape_control(Exception.__str__(self), lines=True)


class TransferError(MfkitError):
    """A library cannot be copied into that database, or the copy is not what the library is."""


class NestedCallError(MfkitError, RuntimeError):
    """A blocking call was made on mfkit's own event loop, where it would wait for itself."""


class ThumbnailError(MfkitError):
    """No picture of a file can be made; the message says why."""


class DemoFolderError(MfkitError):
    """A demo library cannot be written there: the folder is not empty, or cannot be written to."""


class ReportError(MfkitError):
    """A report cannot be made or written as asked."""


class ExportError(MfkitError):
    """A file cannot be written there or in that format; nothing of it is left behind."""


class IngestError(MfkitError):
    """What should be brought in cannot be read, or has rows that make no sense."""


class DatasetError(MfkitError):
    """A dataset cannot be published or read there; what was published before is as it was."""
