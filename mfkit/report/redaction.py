"""Library and filter that a report covers, and redaction of names and places in the report."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

import pandas as pd

from mfkit.errors import ReportError
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary

RedactOption = Literal["names", "places", "map"]
"""Redaction of a report. ``names``: names of files and folders are replaced by aliases. ``places``:
coordinates are rounded to 0.1 degrees (about 11 km). ``map``: places are left out."""

_FILE_PATH_COLUMNS = ("file_path", "old_path")
_FOLDER_COLUMNS = ("folder", "parent", "root")
_FILE_NAME_COLUMNS = ("file_name",)


def redactions(what: Iterable[str]) -> frozenset[RedactOption]:
    """Return the options of a redaction as a set. ``"all"`` stands for all options.

    Raises:
        ReportError: An option is unknown.
    """
    options = get_args(RedactOption)
    given = {what} if isinstance(what, str) else set(what)
    unknown = sorted(given - {*options, "all"})
    if unknown:
        raise ReportError(f"Unknown redaction {unknown[0]!r}. Use one of {', '.join(options)}, or all.")
    return frozenset(one for one in options if one in given or "all" in given)


class Redaction:
    """Redaction of names and places in DataFrames before they are drawn or written.

    A name has the same alias in all reports of a library. Aliases are keyed hashes (HMAC) with a secret of
    the library as the key, so that readers of a report cannot find names by hashing guesses.
    """

    def __init__(self, what: Iterable[str], key: str) -> None:
        """Create a redaction with the given options.

        Args:
            what: Any options of :data:`RedactOption`, or ``all``.
            key: Secret of the library.

        Raises:
            ReportError: An option is unknown.
        """
        self.what = redactions(what)
        self._key = key.encode()

    @property
    def names(self) -> bool:
        """Whether names of files and folders are replaced by aliases."""
        return "names" in self.what

    @property
    def map(self) -> bool:
        """Whether all places are left out of the report."""
        return "map" in self.what

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a redacted copy of a DataFrame. Columns are redacted according to their names."""
        safe = frame.copy()
        if self.names:
            for columns, alias in (
                (_FILE_PATH_COLUMNS, self.path),
                (_FOLDER_COLUMNS, self.folder),
                (_FILE_NAME_COLUMNS, self._file),
            ):
                for name in safe.columns.intersection(list(columns)):
                    safe[name] = [alias(text) if isinstance(text, str) else text for text in safe[name]]
            if "error" in safe.columns:
                # Error messages are redacted, because they can quote file names.
                safe["error"] = "(redacted)"
        if "places" in self.what:
            for name in safe.columns.intersection(["latitude", "longitude"]):
                safe[name] = safe[name].astype("float64").round(1)
        return safe

    def path(self, path: str) -> str:
        """Return a file path with each component replaced by its alias. The file extension is kept."""
        whole = PurePosixPath(path)
        return f"{self.folder(str(whole.parent)).rstrip('/')}/{self._file(whole.name)}"

    def folder(self, path: str) -> str:
        """Return a folder path with each component replaced by its alias."""
        parts = PurePosixPath(path).parts
        return str(PurePosixPath(*(part if part == "/" else self._alias("folder", part) for part in parts)))

    def _file(self, name: str) -> str:
        suffix = PurePosixPath(name).suffix.lower()
        return self._alias("file", name) + (suffix if suffix[1:].isalnum() and len(suffix) <= 6 else "")

    def _alias(self, kind: str, name: str) -> str:
        digest = hmac.new(self._key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"{kind}-{digest[:8]}"


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Library, filter and redaction that all sections of a report use.

    Attributes:
        lib: The library.
        filter: Filter for the items of the report.
        redaction: Redaction applied to every DataFrame.
    """

    lib: MediaLibrary
    filter: MediaFilter
    redaction: Redaction
    _results: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def query(self, method: Callable[..., pd.DataFrame], *args: Any, **options: Any) -> pd.DataFrame:
        """Call a method of the library with the report's filter, and redact the result. Results are cached.

        Args:
            method: Method of the library that takes ``filter=``.
            args: Positional arguments.
            options: Keyword arguments.
        """
        call = repr((method.__name__, args, options))
        if call not in self._results:
            self._results[call] = self.redaction.frame(method(*args, filter=self.filter, **options))
        return self._results[call].copy()

    @property
    def is_all(self) -> bool:
        """Whether the report covers the whole library, without a filter."""
        return self.filter == MediaFilter()
