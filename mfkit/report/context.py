"""Scope of a report: a library, a filter and a redaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.report.redaction import Redaction


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Library, filter and redaction that all sections of a report use.

    Attributes:
        lib: The library.
        filter: Filter for the items of the report.
        redaction: Redaction applied to every frame.
    """

    lib: MediaLibrary
    filter: MediaFilter
    redaction: Redaction
    _results: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def query(self, method: Callable[..., pd.DataFrame], *args: Any, **options: Any) -> pd.DataFrame:
        """Call a method of the library with the report's filter and redact its frame. Results are cached.

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
        """Whether the report covers the whole library."""
        return self.filter == MediaFilter()
