"""What a report that is handed on need not tell: names of files and folders, exact places."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

import pandas as pd

from mfkit.errors import ReportError

Redact = Literal["names", "places", "map"]
"""``names``: aliases for files and folders. ``places``: coordinates rounded to 0.1 degrees, about 11 km.
``map``: no places at all."""

_PATHS = ("file_path", "folder", "root", "path", "keep_path")
_NAMES = ("file_name", "label")


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
        unknown = sorted(self.what - set(get_args(Redact)))
        if unknown:
            raise ReportError(f"{unknown[0]!r} cannot be redacted; take of {', '.join(get_args(Redact))}.")
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
            for name in safe.columns.intersection(list(_PATHS)):
                files = name in ("file_path", "path", "keep_path")
                safe[name] = [_if_text(path, lambda text, f=files: self.path(text, f)) for path in safe[name]]
            for name in safe.columns.intersection(list(_NAMES)):
                safe[name] = [_if_text(text, self._file) for text in safe[name]]
            if "error" in safe.columns:
                # An error may quote the name.
                safe["error"] = "(left out)"
        if "places" in self.what:
            for name in safe.columns.intersection(["latitude", "longitude"]):
                safe[name] = safe[name].astype("float64").round(1)
        return safe

    def path(self, path: str, is_file: bool) -> str:
        """Return the alias of a path: one alias per folder, and the file's extension kept."""
        parts = PurePosixPath(path).parts
        folders = [part if part == "/" else self._alias("folder", part) for part in parts]
        if is_file and parts:
            folders[-1] = self._file(parts[-1])
        return str(PurePosixPath(*folders)) if folders else ""

    def _file(self, name: str) -> str:
        suffix = PurePosixPath(name).suffix.lower()
        return self._alias("file", name) + (suffix if suffix[1:].isalnum() and len(suffix) <= 6 else "")

    def _alias(self, kind: str, name: str) -> str:
        digest = hmac.new(self._key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"{kind}-{digest[:8]}"


def _if_text(held: Any, change: Any) -> Any:
    return change(held) if isinstance(held, str) and held else held
