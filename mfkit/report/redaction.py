"""What a report that is handed on need not tell: names of files and folders, exact places."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Literal, get_args

import pandas as pd

from mfkit.errors import ReportError

RedactOption = Literal["names", "places", "map"]
"""``names``: aliases for files and folders. ``places``: coordinates rounded to 0.1 degrees, about 11 km.
``map``: no places at all."""

_FILES = ("file_path", "old_path")
_FOLDERS = ("folder", "parent", "root")
_NAMES = ("file_name",)


class Redaction:
    """Replaces what must not be told, in frames, before anything is drawn or written.

    An alias is the same wherever the name occurs, and in every report of the library: it is made from
    the name with a key that only the library knows, so that it cannot be found by trying names.
    """

    def __init__(self, what: Iterable[str], key: str) -> None:
        """Choose what is left out.

        Args:
            what: Of :data:`Redact`.
            key: The library's secret.

        Raises:
            ReportError: One of them is unknown.
        """
        self.what = frozenset([what] if isinstance(what, str) else what)
        unknown = sorted(self.what - set(get_args(RedactOption)))
        if unknown:
            raise ReportError(
                f"{unknown[0]!r} cannot be redacted; take of {', '.join(get_args(RedactOption))}."
            )
        self._key = key.encode()

    @property
    def names(self) -> bool:
        """Whether names of files and folders are replaced."""
        return "names" in self.what

    @property
    def map(self) -> bool:
        """Whether places are left out altogether."""
        return "map" in self.what

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame without what must not be told; columns are known by their names."""
        safe = frame.copy()
        if self.names:
            for names, alias in ((_FILES, self.path), (_FOLDERS, self.folder), (_NAMES, self._file)):
                for name in safe.columns.intersection(list(names)):
                    safe[name] = [alias(text) if isinstance(text, str) else text for text in safe[name]]
            if "error" in safe.columns:
                # An error may quote the name.
                safe["error"] = "(left out)"
        if "places" in self.what:
            for name in safe.columns.intersection(["latitude", "longitude"]):
                safe[name] = safe[name].astype("float64").round(1)
        return safe

    def path(self, path: str) -> str:
        """Return the alias of a file's path: one alias per folder, and the extension kept."""
        whole = PurePosixPath(path)
        return f"{self.folder(str(whole.parent)).rstrip('/')}/{self._file(whole.name)}"

    def folder(self, path: str) -> str:
        """Return the alias of a folder's path: one alias per part."""
        parts = PurePosixPath(path).parts
        return str(PurePosixPath(*(part if part == "/" else self._alias("folder", part) for part in parts)))

    def _file(self, name: str) -> str:
        suffix = PurePosixPath(name).suffix.lower()
        return self._alias("file", name) + (suffix if suffix[1:].isalnum() and len(suffix) <= 6 else "")

    def _alias(self, kind: str, name: str) -> str:
        digest = hmac.new(self._key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"{kind}-{digest[:8]}"
